// The regularizers that a setting can put into any network: what each takes, where it stands, and the layer it becomes.
import {
  dropBlock,
  dropout,
  type Layer,
  layerRules,
  maxDrop,
  spatialDropout,
  stochasticDepth,
} from "./layers/index.ts";
import { choice, type Option, type Options, readOptions, refusal } from "./options.ts";

/** One of the places that a setting names. */
export interface RegularizerPlace {
  /** From 1, in the order of the network. */
  readonly position: number;
  /** How many places the setting names. */
  readonly count: number;
  /** The layer that it follows, that it is put into, or whose place it takes. */
  readonly layer: Layer;
}

/**
 * `after` a layer, whose values it takes; at the end of the `branch` of a residual, before it is added to the shortcut;
 * or in the place of a `pool`, a max pool.
 */
export type Stand = "after" | "branch" | "pool";

export interface Regularizer<O extends object = Readonly<Record<string, unknown>>> {
  /** One line for people. */
  readonly summary: string;
  readonly options: Options<O>;
  readonly stand: Stand;
  make(options: O, place: RegularizerPlace): Layer;
}

/** The options are checked by it before `make` sees them. */
const defined = <O extends object>(regularizer: Regularizer<O>) => regularizer as unknown as Regularizer;

const chance = (otherwise: number, help: string, kind = layerRules.dropout.fields.probability) =>
  ({ kind, otherwise, help }) satisfies Option<number>;

export const regularizers = {
  dropout: defined<{ readonly probability: number }>({
    summary: "each value is dropped by itself (Srivastava et al. 2014)",
    options: { probability: chance(0.1, "that a value is dropped") },
    stand: "after",
    make: ({ probability }) => dropout(probability),
  }),
  "spatial-dropout": defined<{ readonly probability: number }>({
    summary: "whole feature maps are dropped (Tompson et al. 2015)",
    options: { probability: chance(0.1, "that a map of an image is dropped") },
    stand: "after",
    make: ({ probability }) => spatialDropout(probability),
  }),
  dropblock: defined<{ readonly probability: number; readonly blockSize: number | null }>({
    summary: "square blocks of feature maps are dropped (Ghiasi et al. 2018)",
    options: {
      probability: chance(0.1, "share of the values that is dropped"),
      blockSize: {
        kind: layerRules.dropBlock.fields.blockSize,
        otherwise: null,
        help: "side of a block, odd; null: 7, or the largest odd side that fits the map",
      },
    },
    stand: "after",
    make: ({ probability, blockSize }) => dropBlock(probability, blockSize),
  }),
  "max-drop": defined<{ readonly probability: number; readonly over: "map" | "channels" }>({
    summary: "the largest values are dropped (Park and Kwak 2016)",
    options: {
      probability: chance(0.1, "that a largest value is dropped", layerRules.maxDrop.fields.probability),
      over: {
        kind: layerRules.maxDrop.fields.over,
        otherwise: "map",
        help: "the largest of each map, or of the channels at each position",
      },
    },
    stand: "after",
    make: ({ probability, over }) => maxDrop(probability, over),
  }),
  "max-pooling-dropout": defined<{ readonly probability: number }>({
    summary: "values are dropped before the largest of a window is taken (Wu and Gu 2015)",
    options: { probability: chance(0.1, "that a value is dropped") },
    stand: "pool",
    make({ probability }, { layer }) {
      if (layer.kind !== "maxPool") throw new Error(`internal: a max pool is replaced, not ${layer.kind}`);
      return { ...layer, kind: "maxPoolDropout", probability };
    },
  }),
  "stochastic-depth": defined<{
    readonly probability: number;
    readonly per: "image" | "batch";
    readonly decay: "none" | "linear";
  }>({
    summary: "branches of residuals are left out (Huang et al. 2016)",
    options: {
      probability: chance(0.1, "that a branch is left out"),
      per: {
        kind: layerRules.stochasticDepth.fields.per,
        otherwise: "image",
        help: "whether each image has a draw of its own, or the whole batch has one",
      },
      decay: {
        kind: choice(["none", "linear"]),
        otherwise: "none",
        help: "linear: the chance rises to the last place, as in the paper",
      },
    },
    stand: "branch",
    make: ({ probability, per, decay }, { position, count }) =>
      stochasticDepth(decay === "linear" ? (probability * position) / count : probability, per),
  }),
} satisfies Readonly<Record<string, Regularizer>>;

export type RegularizerName = keyof typeof regularizers;

export const regularizerNames = Object.keys(regularizers) as readonly RegularizerName[];

/** A regularizer with its options, and where it stands, as plain JSON. */
export interface RegularizerSpec {
  readonly name: RegularizerName;
  /** Complete: nothing is left to a default. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Name of a layer as `cutout activations` has it, the beginning of several (`layer3`), `last` or `all`. */
  readonly at: string;
}

/** What people give: options may be left out. */
export interface RegularizerInput extends Pick<RegularizerSpec, "name" | "at"> {
  readonly options?: RegularizerSpec["options"] | undefined;
}

/** @throws CutoutError that names what is wrong */
export function readRegularizer(
  given: { readonly [Field in keyof RegularizerSpec]?: unknown },
): RegularizerSpec {
  const stranger = Object.keys(given).find((key) => !["name", "options", "at"].includes(key));
  if (stranger !== undefined) throw refusal({ what: "must be name, options and at", got: stranger });
  const { name, options = {}, at } = given;
  const known = regularizerNames.find((each) => each === name);
  if (known === undefined) {
    throw refusal({ what: `must be one of ${regularizerNames.join(", ")}`, got: String(name) });
  }
  if (typeof at !== "string" || at === "") {
    throw refusal({
      where: known,
      what: "must say where it stands",
      got: "nothing",
      remedy: `write ${known}@last, @all or the name of a layer`,
    });
  }
  return { name: known, options: { ...readOptions(known, regularizers[known].options, options) }, at };
}
