// What is done to whole batches of a training run, by name, so that a config file can tell it.
import type { BatchAugmentation, BatchFactory } from "../augmentation.ts";
import { type Fields, integer, readOptions } from "../options.ts";
import { readSpec } from "../registry.ts";
import { cutmix } from "./cutmix.ts";
import { mixup } from "./mixup.ts";

/** Those in which images meet. */
const meetings = { cutmix, mixup } satisfies { readonly [name: string]: BatchFactory };

/** As JSON data: `{ "name": "mixup", "options": { "alpha": 0.2 } }`. */
export type MixSpec =
  | {
      [N in keyof typeof meetings]: {
        readonly name: N;
        readonly options?: Parameters<(typeof meetings)[N]>[0];
      };
    }[keyof typeof meetings]
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

const names: readonly MixSpec["name"][] = [
  ...(Object.keys(meetings) as (keyof typeof meetings)[]),
  "batch-augmentation",
];

/**
 * What a config names.
 * @throws CutoutError when the name is unknown, or an option is wrong or unknown
 */
export function createMix(spec: MixSpec): Mix {
  const { name, options } = readSpec("mix", names, spec);
  if (name === "batch-augmentation") return { ...readOptions(name, copies, options), augmentation: null };
  const factory: BatchFactory = meetings[name];
  return { copies: 1, augmentation: factory(options as never) };
}
