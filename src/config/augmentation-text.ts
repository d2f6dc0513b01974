// Augmentations as a flag or a config file tells them: `grid-mask`, `random-erasing:probability=1,area=[0.02,0.2]`.
import type { MixSpec } from "../augment/batch/registry.ts";
import type { AugmentationSpec } from "../augment/registry.ts";
import { CutoutError } from "../error.ts";

/** What the short form says: a name, and options by their names. */
export interface Named {
  readonly name: string;
  readonly options: { readonly [option: string]: unknown };
}

/** How such a text looks. */
export const namedForm = "NAME or NAME:key=value,...";

/**
 * Reads a name and, after a colon, options with commas between them. Values are JSON (numbers, true, lists in brackets,
 * objects in braces); what is no JSON is taken as a text.
 * @throws CutoutError when an option is not `key=value`
 */
export function parseNamed(text: string): Named {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (colon < 0) return { name, options: {} };
  const options = splitAtCommas(text.slice(colon + 1)).map((part): [string, unknown] => {
    const equals = part.indexOf("=");
    if (equals < 1) {
      throw new CutoutError({
        where: name,
        option: "options",
        what: "must be key=value with commas between them",
        got: JSON.stringify(part),
        kind: "settings",
      });
    }
    return [part.slice(0, equals).trim(), valueIn(part.slice(equals + 1).trim())];
  });
  return { name, options: Object.fromEntries(options) };
}

/**
 * One augmentation of one image as data. Whether there is one of this name, and takes these options, `createAugmentation`
 * tells.
 * @throws CutoutError when the text cannot be read
 */
export function augmentationFrom(text: string): AugmentationSpec {
  return parseNamed(text) as AugmentationSpec;
}

/**
 * What is done to whole batches, in the same short form. Whether there is such a thing, `createMix` tells.
 * @throws CutoutError when the text cannot be read
 */
export function mixFrom(text: string): MixSpec {
  return parseNamed(text) as MixSpec;
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Commas inside brackets and braces do not separate. */
function splitAtCommas(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "{") depth++;
    if (letter === "]" || letter === "}") depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}
