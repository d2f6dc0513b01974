// The fixed views of an image that evaluation looks at.
import { type CropPosition, centerCrop, fiveCrops } from "../geometry/crop.ts";
import type { ImageShape } from "../image/layout.ts";
import type { ImageParameters } from "./pipeline.ts";

/** A fixed view of evaluation. */
export interface EvaluationView extends ImageParameters {
  /** Share of it in the mean over all views, of 1. */
  readonly weight: number;
}

type Size = Pick<ImageShape, "height" | "width">;
type Weighted = CropPosition & Pick<EvaluationView, "weight">;

/** Each view as it is and flipped, which halves its weight. */
const alsoFlipped = (views: readonly Weighted[]) =>
  [false, true].flatMap((flip) => views.map((view) => ({ ...view, flip, weight: view.weight / 2 })));

const viewsOf = {
  center: (input: ImageShape, crop: Size) => [{ ...centerCrop(input, crop), flip: false, weight: 1 }],
  ten(input: ImageShape, crop: Size) {
    // Without room to crop the five are one; the average over it and its mirror image is the same.
    const whole = crop.height === input.height && crop.width === input.width;
    const views = fiveCrops(input, crop).slice(0, whole ? 1 : 5);
    return alsoFlipped(views.map((view) => ({ ...view, weight: 1 / views.length })));
  },
  six(input: ImageShape, crop: Size) {
    const { top, left } = centerCrop(input, crop);
    const aside = Math.max(1, Math.round(Math.min(crop.height, crop.width) / 32));
    return alsoFlipped([
      { top, left, weight: 0.5 },
      { top: top - aside, left: left - aside, weight: 0.25 },
      { top: top + aside, left: left + aside, weight: 0.25 },
    ]).map((view) => ({ ...view, border: "reflect" as const }));
  },
};

/**
 * Which views of an image are averaged in evaluation: the centre crop; ten crops (four corners and the centre, each also
 * flipped; only two where the crop is the whole image); or six, the centre and one moved aside to the top left and one to
 * the bottom right by a 32nd of the side, each also flipped (Jordan 2024, section 3.5).
 */
export type Crops = keyof typeof viewsOf;

/**
 * Parameters of the fixed views of evaluation. No holes; a view over the border shows the mirror image there.
 * @throws Error when the crop is larger than the image
 */
export function evaluationViews(crops: Crops, input: ImageShape, crop: Size): readonly EvaluationView[] {
  return viewsOf[crops](input, crop).map((view) => ({ ...view, holes: [] }));
}
