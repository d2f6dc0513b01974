// The config's part `augment.cutout`: holes told one by one, or what another implementation does. What comes out is what
// `cutout()` takes, checked by Cutout itself.
import { z } from "zod";
import {
  type CutoutGiven,
  type CutoutOptions,
  type CutoutPreset,
  cutoutOptions,
  type Length,
  presetNames,
  type Range,
  type Shape,
  type SizedCutoutOptions,
} from "../augment/index.ts";
import { CutoutError } from "../error.ts";
import { countFrom, fillFrom, fillNames, lengthFrom, presetFrom, shapeFrom } from "./cutout-text.ts";
import { attempt, show } from "./fields.ts";

/** Holes of one length, complete but for the length, which may follow from the image's size; or a preset. */
export type CutoutSettings =
  | (Omit<SizedCutoutOptions, "length"> & { readonly length?: Length })
  | CutoutPreset;

/** The same with the length told or settled. */
export type CompleteCutout = SizedCutoutOptions | CutoutPreset;

/** Holes as a config file or a program may tell them: data, or short texts. */
export interface HoleInput {
  /** Pixels, or `8-24`, `50%`, `area 2%-33%`, `0:4,1:16`; half of the image's side when left out. */
  readonly length?: Length | string;
  /** `square`, `circle`, `rectangle`, or the corners of a polygon. */
  readonly shape?: Shape | string;
  /** Of the text `rectangle`: the longer side is at most so many times the shorter. */
  readonly aspect?: number;
  /** A number, or `1-3`. */
  readonly nHoles?: number | Range | string;
  readonly placement?: CutoutOptions["placement"];
  /** A name, a colour `#rrggbb`, or a fill as data. */
  readonly fill?: CutoutOptions["fill"] | string;
  readonly probability?: number;
  readonly per?: "image" | "batch";
  readonly like?: never;
}
export type CutoutInput = HoleInput | CutoutPreset | { readonly like: string };

/** When nothing is told: rectangles are at most three times as long as wide. */
const usualAspect = 3;

/** A field whose value Cutout itself checks; `seen` only says in the help what it looks like. */
const checkedLater = (description: string, seen: z.ZodType) =>
  z.union([seen, z.unknown()]).optional().describe(description);

const fields = {
  length: checkedLater(
    "side of a hole: pixels (16), drawn from a range (8-24), a share of the side (50%) or of the area (area 2%-33%), or following the training (0:4,1:16); by default half the image's side",
    z.number(),
  ),
  shape: checkedLater(
    "square, circle, rectangle, or the corners of a polygon from 0 to 1 (0.5,0 1,1 0,1); by default square",
    z.string(),
  ),
  aspect: checkedLater(
    `longest side of a rectangle over the shortest, at most; by default ${usualAspect}`,
    z.number(),
  ),
  nHoles: checkedLater("holes in one image, or drawn from a range (1-3); by default 1", z.number()),
  placement: checkedLater(
    "where the centre may lie: anywhere, holes clipped at the border (paper, the default), or fully inside; what the network responds to is hidden by --targeted",
    z.enum(["anywhere", "inside"]),
  ),
  fill: checkedLater(
    `zero after normalization (paper, the default), the image's own mean, noise, a colour (#808080) ...: ${fillNames.join(", ")}`,
    z.string(),
  ),
  probability: checkedLater("share of the images that get holes; by default all", z.number()),
  per: checkedLater(
    "whether each image has its own holes (the default), or all of a batch the same",
    z.enum(["image", "batch"]),
  ),
  like: checkedLater(
    `holes as another implementation cuts them, by its own options, as torchvision:p=1: ${presetNames.join(", ")}`,
    z.string(),
  ),
};
type Given = { readonly [Name in keyof typeof fields]?: unknown };

const must = (option: string, what: string, got: unknown) =>
  new CutoutError({ where: "cutout", option, what, got: show(got) });

/** The options of a preset stand after its name in the short form, or beside it; which there are, the preset knows. */
function presetOf({ like, ...options }: Given): CutoutPreset {
  if (typeof like !== "string") throw must("like", "must be NAME or NAME:key=value,...", like);
  const preset = { ...presetFrom(like), ...options } as CutoutPreset;
  cutoutOptions(preset);
  return preset;
}

function aspectOf(aspect: unknown): number {
  if (aspect === undefined) return usualAspect;
  if (typeof aspect === "number" && aspect >= 1) return aspect;
  throw must("aspect", "must be a number >= 1", aspect);
}

/** A rectangle that is told with an aspect has it, whether it comes as a text or from a stored config. */
function shapeOf(shape: unknown, aspect: unknown): unknown {
  const ratio = aspectOf(aspect);
  if (typeof shape === "string") return shapeFrom(shape, ratio);
  const isRectangle = (shape as { kind?: unknown } | undefined)?.kind === "rectangle";
  return isRectangle && aspect !== undefined ? shapeFrom("rectangle", ratio) : shape;
}

function holesOf({ length, shape, aspect, nHoles, fill, ...others }: Given): CutoutSettings {
  const told = {
    // What stands for it where it is left out, until the image's size is known.
    length: length === undefined ? { share: 0.5 } : typeof length === "string" ? lengthFrom(length) : length,
    shape: shape === undefined ? "square" : shapeOf(shape, aspect),
    ...(nHoles !== undefined && { nHoles: typeof nHoles === "string" ? countFrom(nHoles) : nHoles }),
    ...(fill !== undefined && { fill: typeof fill === "string" ? fillFrom(fill) : fill }),
    ...others,
  };
  if (shape === undefined) aspectOf(aspect);
  const { length: complete, ...rest } = cutoutOptions(told as CutoutGiven);
  return (length === undefined ? rest : { length: complete, ...rest }) as CutoutSettings;
}

function cutoutField<Output extends CutoutSettings>(complete: boolean) {
  const field: unknown = z
    .looseObject(fields, { error: () => "must be an object with the fields of augment.cutout" })
    .transform((given, context) => {
      const unknown = Object.keys(given).filter((name) => !(name in fields));
      // A preset has options of its own.
      if (given.like === undefined && unknown.length > 0) {
        context.addIssue({ code: "unrecognized_keys", keys: unknown, input: given });
        return z.NEVER;
      }
      return attempt(
        context,
        () => {
          if (given.like !== undefined) return presetOf(given);
          if (complete && given.length === undefined) throw must("length", "must be there", undefined);
          return holesOf(given);
        },
        ({ where, option = "" }) => (where === "cutout" && option in fields ? [option] : []),
      );
    });
  return (field as z.ZodType<Output, CutoutInput>).nullable().default(null);
}

/** As settings have it: the length may follow from the image's size. */
export const cutoutOfSettings = cutoutField<CutoutSettings>(false);
/** As the config of a run has it: complete. */
export const cutoutOfConfig = cutoutField<CompleteCutout>(true);
