// Augmentations as a flag or a config file tells them: `grid-mask`, `random-erasing:probability=1,area=[0.02,0.2]`.
import { type CutMixOptions, cutmix } from "./batch/cutmix.ts";
import { type MixupOptions, mixup } from "./batch/mixup.ts";
import { integer, readOptions } from "./options.ts";
import { type AugmentationSpec, createAugmentation } from "./registry.ts";

/** What happens to whole batches of a training run. */
export type MixSpec =
  | { readonly name: "cutmix"; readonly options: Partial<CutMixOptions> }
  | { readonly name: "mixup"; readonly options: Partial<MixupOptions> }
  /** A batch holds `copies` of each of its images, each augmented on its own (Hoffer et al. 2019). */
  | { readonly name: "batch-augmentation"; readonly options: { readonly copies: number } };

/** What the short form says: a name, and options by their names. */
export interface Named {
  readonly name: string;
  readonly options: { readonly [option: string]: unknown };
}

/**
 * One augmentation of one image: its name and, after a colon, options with commas between them. Values are JSON
 * (numbers, true, lists in brackets, objects in braces); what is no JSON is taken as a text.
 * @throws Error when the text cannot be read, the name is unknown, or an option is wrong
 */
export function parseAugmentation(text: string): AugmentationSpec {
  const spec = parseNamed(text) as AugmentationSpec;
  createAugmentation(spec);
  return spec;
}

/** How each way to mix checks its options. */
const mixes: {
  readonly [N in MixSpec["name"]]: (options: Named["options"]) => Extract<MixSpec, { name: N }>;
} = {
  cutmix(options) {
    cutmix(options);
    return { name: "cutmix", options };
  },
  mixup(options) {
    mixup(options);
    return { name: "mixup", options };
  },
  "batch-augmentation": (options) => ({
    name: "batch-augmentation",
    options: readOptions(
      "batch-augmentation",
      { copies: { kind: integer({ min: 2 }), otherwise: 2 } },
      options,
    ),
  }),
};

/**
 * What is done to whole batches, in the same short form.
 * @throws Error when the text cannot be read, the name is unknown, or an option is wrong
 */
export function parseMix(text: string): MixSpec {
  const { name, options } = parseNamed(text);
  if (!Object.hasOwn(mixes, name)) {
    throw new Error(`mix: name must be one of ${Object.keys(mixes).join(", ")}, got ${JSON.stringify(name)}`);
  }
  return mixes[name as MixSpec["name"]](options);
}

/**
 * Reads the short form, whatever the name.
 * @throws Error when an option is not `key=value`
 */
export function parseNamed(text: string): Named {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (colon < 0) return { name, options: {} };
  const options = splitAtCommas(text.slice(colon + 1)).map((part): [string, unknown] => {
    const equals = part.indexOf("=");
    if (equals < 1) {
      throw new Error(
        `${name}: options must be key=value with commas between them, got ${JSON.stringify(part)}`,
      );
    }
    return [part.slice(0, equals).trim(), valueIn(part.slice(equals + 1).trim())];
  });
  return { name, options: Object.fromEntries(options) };
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
