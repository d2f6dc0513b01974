// What is done to whole batches of a training run, by name, so that a config file can tell it.
import type { BatchAugmentation } from "../augmentation.ts";
import { type Fields, integer, readOptions } from "../options.ts";
import { readSpec } from "../registry.ts";
import { type CutMixOptions, cutmix } from "./cutmix.ts";
import { type MixupOptions, mixup } from "./mixup.ts";

/** As JSON data: `{ "name": "mixup", "options": { "alpha": 0.2 } }`. */
export type MixSpec =
  | { readonly name: "cutmix"; readonly options?: Partial<CutMixOptions> }
  | { readonly name: "mixup"; readonly options?: Partial<MixupOptions> }
  /** A batch holds `copies` of each of its images, each augmented on its own (Hoffer et al. 2019). */
  | { readonly name: "batch-augmentation"; readonly options?: { readonly copies?: number } };

/** What becomes of a batch. */
export interface Mix {
  /** Images of a batch that are copies of one. Whoever draws a batch makes them, and augments each on its own. */
  readonly copies: number;
  /** How the images meet; null where they do not. */
  readonly augmentation: BatchAugmentation<unknown> | null;
}

const copies: Fields<{ copies: number }> = { copies: { kind: integer({ min: 2 }), otherwise: 2 } };

const factories: { readonly [N in MixSpec["name"]]: (options: unknown) => Mix } = {
  cutmix: (options) => ({ copies: 1, augmentation: cutmix(options as Partial<CutMixOptions>) }),
  mixup: (options) => ({ copies: 1, augmentation: mixup(options as Partial<MixupOptions>) }),
  "batch-augmentation": (options) => ({
    ...readOptions("batch-augmentation", copies, options),
    augmentation: null,
  }),
};

const mixNames = Object.keys(factories) as readonly MixSpec["name"][];

/**
 * What a config names.
 * @throws CutoutError when the name is unknown, or an option is wrong or unknown
 */
export function createMix(spec: MixSpec): Mix {
  const { name, options } = readSpec("mix", mixNames, spec);
  return factories[name](options);
}
