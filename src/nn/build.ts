// Networks for images of one size, out of their definitions.
import { CutoutError } from "../error.ts";
import { nearNames } from "../text.ts";
import { checkLayer } from "./check-layer.ts";
import { type NetworkDefinition, networkOptions } from "./definition.ts";
import { WindowTooLarge } from "./layer.ts";
import type { Layer } from "./layers/index.ts";
import { type Network, network, outputOf } from "./network.ts";
import { families, type NetworkName, networkNames, networks } from "./networks/index.ts";
import { reasonOf, refusal, show } from "./options.ts";
import { regularized } from "./regularize.ts";
import type { RegularizerSpec } from "./regularizers.ts";
import { inferLayer } from "./tree.ts";

/** What a shipped network may be called, in words. */
export const networkForms = [...networkNames, ...families.map(({ form }) => form)].join(", ");

/**
 * A shipped network.
 * @param form what the caller takes, in words
 * @throws CutoutError when there is none of this name; it tells those with names like it, or all
 */
export function findNetwork(name: string, form = networkForms): NetworkDefinition {
  const listed = networks.find((definition) => definition.name === name);
  if (listed !== undefined) return listed;
  for (const { member } of families) {
    const found = member(name);
    if (found !== undefined) return found;
  }
  const near = nearNames(name, networkNames);
  const what = `must be one of ${form}`;
  if (near.length === 0) throw refusal({ where: "model", what, got: show(name) });
  throw refusal({
    where: "model",
    what: "there is no such network",
    got: show(name),
    remedy: `names like it: ${near.join(", ")}`,
  });
}

export interface NetworkArguments {
  readonly input: Network["input"];
  /** 2 or more. */
  readonly numClasses: number;
  /** The network's own options; what is left out is what it says itself. */
  readonly options?: object | undefined;
  /** What is put among its layers. */
  readonly regularize?: readonly RegularizerSpec[];
}

/**
 * @throws CutoutError when the name is unknown, an option is not the network's or out of its range, there are fewer than
 * two classes, the images are too small, its file gives no layers that end in a logit a class, or a regularizer cannot stand
 * where it shall
 */
export function buildNetwork(which: NetworkName | NetworkDefinition, args: NetworkArguments): Network {
  const definition = typeof which === "string" ? findNetwork(which) : which;
  const { name, where } = definition;
  const { input, numClasses, regularize = [] } = args;
  const plain = network(name, input, numClasses, layersOf(definition, args), where);
  if (regularize.length === 0) return plain;
  return network(name, input, numClasses, regularized(plain, regularize), where);
}

/**
 * Whether images of this size are large enough.
 * @throws CutoutError when something else is the matter with the network
 */
export function takesImages(definition: NetworkDefinition, args: NetworkArguments): boolean {
  const layers = layersOf(definition, args);
  const { channels, height, width } = args.input;
  try {
    inferLayer(layers, [channels, height, width]);
  } catch (error) {
    if (error instanceof WindowTooLarge) return false;
    outputOf(layers, args.input, definition.where);
  }
  return true;
}

function layersOf(definition: NetworkDefinition, { input, numClasses, options }: NetworkArguments): Layer {
  const { where } = definition;
  if (!Number.isInteger(numClasses) || numClasses < 2) {
    throw refusal({ where, what: "needs two classes or more", got: String(numClasses) });
  }
  const complete = networkOptions(definition, options);
  let built: unknown;
  try {
    built = definition.build({ ...complete, input, numClasses });
  } catch (error) {
    if (error instanceof CutoutError) throw refusal({ where: `${where}: build`, what: error.message });
    throw new CutoutError(
      {
        where,
        what: "build must return layers",
        got: `an error: ${reasonOf(error)}`,
        kind: "settings",
      },
      { cause: error },
    );
  }
  return checkLayer(built, `${where}: build`);
}
