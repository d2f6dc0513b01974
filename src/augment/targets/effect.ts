// What an augmentation does to positions: it moves them, or it hides them. Masks, boxes and key points follow it.
import type { Matrix } from "../geometry/matrix.ts";

/**
 * `move`: what was at (x, y) is at `matrix` (x, y) afterwards, in an image of height x width; the rest is new.
 * `hide`: the pixels whose number in `covered` is not 0 show something else; [height, width], row by row.
 */
export type Effect =
  | { readonly kind: "move"; readonly matrix: Matrix; readonly height: number; readonly width: number }
  | { readonly kind: "hide"; readonly covered: Uint8Array };
