// What a data set needs to be found and opened: each file of this folder that is one exports it, open.ts lists it.
import type { Size } from "../images/image.ts";
import type { Columns } from "./columns.ts";
import type { Source } from "./source.ts";

/** A kind of data: a known data set, or a format that anybody may keep data in. */
export interface DatasetKind<Name extends string = string> {
  /** For `--format`, config and run folders. */
  readonly name: Name;
  /** Looks whether data are there; null when they are of another kind. Reads names and first bytes at most. */
  find(data: string): FoundData | null;
  /** Only when it is asked for: another kind reads the same files in the usual way. */
  readonly onRequest?: true;
}

/**
 * What data are opened for. To `evaluate` a network that there is, one class will do, and class folders may be empty. To
 * `pretrain`, any images will do: classes that are there divide them into the same parts as a training, and count for
 * nothing else.
 */
export type Purpose = "train" | "evaluate" | "pretrain";

/** Data of one kind that have been found. */
export interface FoundData {
  /** What to remember them by: the absolute path, an address, or the name. */
  readonly data: string;
  /** Size of the images where all have one, to be used when no other is asked for; null for photos. */
  size(columns: Columns | null): Size | null | Promise<Size | null>;
  open(columns: Columns | null, purpose: Purpose): Source | Promise<Source>;
}
