// Regularizers put into a network by the names of its layers: other layers with the same parameters.
import { CutoutError } from "../error.ts";
import type { FeatureShape } from "./layer.ts";
import { type Layer, sequential } from "./layers/index.ts";
import type { Network } from "./network.ts";
import { refusal } from "./options.ts";
import {
  type Regularizer,
  type RegularizerSpec,
  readRegularizer,
  regularizers,
  type Stand,
} from "./regularizers.ts";
import { inferLayer, parametersOf } from "./tree.ts";
import { unitsOf } from "./units.ts";

/** A layer of the sequence that the whole network is. */
interface Step {
  readonly layer: Layer;
  /** Shape of what it gets. */
  readonly input: FeatureShape;
  /** Which unit it belongs to, by its place among them; of what follows the last unit their number. */
  readonly unit: number;
  /** Whether a unit has its weights here. */
  readonly weighted: boolean;
}

interface Place {
  readonly name: string;
  /** The step that a regularizer follows, is put into, or takes the place of. */
  readonly step: number;
}

/**
 * The layers of a network with regularizers among them, one after the other where several stand at one place.
 * @throws CutoutError about the field `regularize` where there is no such layer, or one cannot stand there
 */
export function regularized(network: Network, list: readonly RegularizerSpec[]): Layer {
  const steps = stepsOf(network);
  const layers = steps.map(({ layer }): readonly Layer[] => [layer]);
  const taken = new Set<string>();
  for (const spec of list) {
    const { make, stand } = regularizerOf(spec);
    const places = placesOf(network, steps, spec);
    for (const [index, { name, step }] of places.entries()) {
      if (taken.has(`${spec.name} ${step}`)) throw wrong(spec, `stands at ${name} already`);
      taken.add(`${spec.name} ${step}`);
      const place = { position: index + 1, count: places.length, layer: steps[step]!.layer };
      layers[step] = put[stand](layers[step]!, make(spec.options, place));
    }
  }
  return sequential(...layers.flat());
}

const regularizerOf = ({ name }: RegularizerSpec): Regularizer => regularizers[name];

const wrong = ({ name, at }: RegularizerSpec, what: string, got?: string): CutoutError =>
  refusal({ field: "regularize", where: `${name}@${at}`, what, got });

/** What becomes of a step, of which others may have made several layers: those that stand in it are put in first. */
const put: { readonly [S in Stand]: (before: readonly Layer[], made: Layer) => readonly Layer[] } = {
  after: (before, made) => [...before, made],
  branch: ([first, ...others], made) => {
    if (first?.kind !== "residual") throw new Error("internal: only a residual has a branch");
    return [{ ...first, body: sequential(...leaves(first.body), made) }, ...others];
  },
  pool: ([, ...others], made) => [made, ...others],
};

const leaves = (layer: Layer): readonly Layer[] =>
  layer.kind === "sequential" ? layer.layers.flatMap(leaves) : [layer];

function stepsOf(network: Network): readonly Step[] {
  const { units, rest } = unitsOf(network);
  const { channels, height, width } = network.input;
  let shape: FeatureShape = [channels, height, width];
  return [...units.map(({ layer }) => layer), rest].flatMap((whole, unit) =>
    leaves(whole).map((layer): Step => {
      const input = shape;
      shape = inferLayer(layer, input);
      const weighted = parametersOf(layer, input).some(({ role }) => role === "weight");
      return { layer, input, unit, weighted };
    }),
  );
}

/** For each way to stand: at which steps it is at a unit, and what a unit lacks that has none. */
const sites: {
  readonly [S in Stand]: {
    of(steps: readonly Step[], unit: number): readonly number[];
    readonly lacking: string;
  };
} = {
  after: {
    of(steps, unit) {
      const last = steps.findLastIndex((step) => step.unit === unit);
      return last === steps.length - 1 ? [] : [last];
    },
    lacking: "what comes out of it is the network's answer",
  },
  branch: {
    of: (steps, unit) =>
      [...steps.keys()].filter((at) => steps[at]!.unit === unit && steps[at]!.layer.kind === "residual"),
    lacking: "it has no branch beside a shortcut",
  },
  pool: {
    // Up to the next weights: pooling counts as a part of the unit that it leads to.
    of(steps, unit) {
      const from = steps.findIndex((step) => step.unit === unit && step.weighted);
      const next = steps.findIndex((step, at) => at > from && step.weighted);
      const gap = [...steps.keys()].slice(from + 1, next < 0 ? undefined : next);
      return gap.filter((at) => steps[at]!.layer.kind === "maxPool");
    },
    lacking: "no max pool follows it",
  },
};

/** What the layer that a regularizer becomes has against a step; null for nothing. */
function objection({ name, options }: RegularizerSpec, { layer, input }: Step): string | null {
  const { make, stand }: Regularizer = regularizers[name];
  try {
    const made = make(options, { position: 1, count: 1, layer });
    inferLayer(made, stand === "pool" ? input : inferLayer(layer, input));
    return null;
  } catch (error) {
    if (error instanceof CutoutError) return error.message;
    throw error;
  }
}

/** Where a regularizer of this name, with its usual options, would stand at each unit; or why it cannot. */
function answersOf(
  steps: readonly Step[],
  count: number,
  { name, at }: RegularizerSpec,
): readonly (readonly number[] | string)[] {
  const usual = readRegularizer({ name, at });
  const { of, lacking } = sites[regularizerOf(usual).stand];
  return Array.from({ length: count }, (_, unit) => {
    const found = of(steps, unit);
    if (found.length === 0) return lacking;
    return found.map((at) => objection(usual, steps[at]!)).find((reason) => reason !== null) ?? found;
  });
}

/** The steps at which a setting puts its regularizer. */
function placesOf(network: Network, steps: readonly Step[], spec: RegularizerSpec): readonly Place[] {
  const names = unitsOf(network).units.map(({ name }) => name);
  const answers = answersOf(steps, names.length, spec);
  const places = unitsAt(network.name, names, answers, spec).flatMap((unit) =>
    (answers[unit] as readonly number[]).map((step) => ({ name: names[unit]!, step })),
  );
  for (const { name, step } of places) {
    const reason = objection(spec, steps[step]!);
    if (reason !== null) throw wrong(spec, `cannot stand at ${name}: ${reason}`);
  }
  return places;
}

/** The units that a setting names, of those at which its regularizer can stand. */
function unitsAt(
  network: string,
  names: readonly string[],
  answers: readonly (readonly number[] | string)[],
  spec: RegularizerSpec,
): readonly number[] {
  const all = [...names.keys()];
  const possible = (units: readonly number[]) => units.filter((unit) => typeof answers[unit] !== "string");
  const words: Readonly<Record<string, readonly number[]>> = {
    all: possible(all),
    last: possible(all).slice(-1),
  };
  const word = Object.hasOwn(words, spec.at) ? words[spec.at]! : null;
  if (word?.length === 0) throw wrong(spec, `cannot stand in ${network}: ${answers[0]}`);
  if (word !== null) return word;
  const exact = all.filter((unit) => names[unit] === spec.at);
  const named = exact.length > 0 ? exact : all.filter((unit) => names[unit]!.startsWith(`${spec.at}.`));
  if (named.length === 0) {
    const known = [...names, ...stagesOf(names)].join(", ");
    throw wrong(spec, `must stand at a layer of ${network}: ${known}, last or all`, spec.at);
  }
  if (possible(named).length > 0) return possible(named);
  const others = possible(all).map((unit) => names[unit]);
  const elsewhere = others.length === 0 ? "" : `; it can at ${others.join(", ")}`;
  throw wrong(spec, `cannot stand at ${names[named[0]!]}: ${answers[named[0]!]}${elsewhere}`);
}

/** What the names of several layers begin with, such as `layer1` of `layer1.0` and `layer1.1`. */
function stagesOf(names: readonly string[]): readonly string[] {
  const beginnings = names.flatMap((name) => {
    const words = name.split(".");
    return words.slice(1).map((_, last) => words.slice(0, last + 1).join("."));
  });
  return [...new Set(beginnings)].filter((beginning) => !names.includes(beginning));
}
