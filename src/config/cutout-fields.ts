// The config's part `augment.cutout`: holes told one by one, or what another implementation does.
import { z } from "zod";
import { trainingCutout } from "../augment/cutout/given.ts";
import { presetNames } from "../augment/cutout/presets.ts";
import { readableBy, settingDefaults } from "./cutout-settings.ts";
import {
  countFrom,
  countHelp,
  fillFrom,
  fillHelp,
  fillNames,
  presetFrom,
  shapeFrom,
  shapeHelp,
} from "./cutout-text.ts";
import { choice, integer, number, numberOrText, readableText, textReadBy } from "./fields.ts";

const preset = z.strictObject({
  like: textReadBy(
    `holes as another implementation cuts them, by its own options, as torchvision:p=1: ${presetNames.join(", ")}`,
    "NAME or NAME:key=value,...",
    (text) => trainingCutout(presetFrom(text)),
  ),
});

function holes<Length extends z.ZodType>(length: Length) {
  return z.strictObject({
    length,
    shape: readableText(
      "square, circle, rectangle, or the corners of a polygon from 0 to 1 (0.5,0 1,1 0,1)",
      shapeHelp,
      readableBy((text) => shapeFrom(text, 1)),
    ).default(settingDefaults.shape),
    aspect: number("longest side of a rectangle over the shortest, at most", { min: 1 }).default(
      settingDefaults.aspect,
    ),
    nHoles: numberOrText(
      integer("holes in one image, or drawn from a range (1-3)", { min: 1, max: 1024 }),
      countHelp,
      readableBy(countFrom),
    ).default(settingDefaults.nHoles),
    placement: choice(
      "where the centre may lie: anywhere, holes clipped at the border (paper), or fully inside",
      ["anywhere", "inside"],
    ).default("anywhere"),
    fill: readableText(
      `zero after normalization (paper), the image's own mean, noise, a colour (#808080) ...: ${fillNames.join(", ")}`,
      fillHelp,
      readableBy(fillFrom),
    ).default(settingDefaults.fill),
    probability: number("share of the images that get holes", { min: 0, max: 1 }).default(1),
    per: choice("whether each image has its own holes, or all of a batch the same", [
      "image",
      "batch",
    ]).default(settingDefaults.per),
  });
}

/** @param length the field of the length, which a complete config must have and settings may leave out */
export function cutoutField<Length extends z.ZodType>(length: Length) {
  return z
    .union([holes(length), preset])
    .nullable()
    .default(null);
}
