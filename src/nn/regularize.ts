// Regularizers put into a network by the names of its layers: other layers with the same parameters.
import { CutoutError } from "../error.ts";
import type { FeatureShape } from "./layer.ts";
import { type Layer, sequential } from "./layers/index.ts";
import type { Network } from "./network.ts";
import { refusal } from "./options.ts";
import { type Regularizer, type RegularizerSpec, regularizers, type Stand } from "./regularizers.ts";
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

/** Where a regularizer would stand at each unit, or why it cannot. */
function answersOf(
  steps: readonly Step[],
  count: number,
  spec: RegularizerSpec,
): readonly (readonly number[] | string)[] {
  const { make, stand } = regularizerOf(spec);
  return Array.from({ length: count }, (_, unit) => {
    const found = sites[stand].of(steps, unit);
    if (found.length === 0) return sites[stand].lacking;
    for (const at of found) {
      const { layer, input } = steps[at]!;
      try {
        inferLayer(
          make(spec.options, { position: 1, count: 1, layer }),
          stand === "pool" ? input : inferLayer(layer, input),
        );
      } catch (error) {
        if (error instanceof CutoutError) return error.message;
        throw error;
      }
    }
    return found;
  });
}

/** The steps at which a setting puts its regularizer. */
function placesOf(network: Network, steps: readonly Step[], spec: RegularizerSpec): readonly Place[] {
  const names = unitsOf(network).units.map(({ name }) => name);
  const answers = answersOf(steps, names.length, spec);
  const at = (units: readonly number[]): readonly Place[] =>
    units.flatMap((unit) => {
      const answer = answers[unit]!;
      return typeof answer === "string" ? [] : answer.map((step) => ({ name: names[unit]!, step }));
    });
  const possible = [...names.keys()].filter((unit) => typeof answers[unit] !== "string");
  const others = possible.length === 0 ? "" : `; it can at ${possible.map((unit) => names[unit]).join(", ")}`;
  if (spec.at === "all" || spec.at === "last") {
    const places = at(spec.at === "all" ? possible : possible.slice(-1));
    if (places.length > 0) return places;
    throw wrong(spec, `cannot stand in ${network.name}: ${sites[regularizerOf(spec).stand].lacking}`);
  }
  const named = [...names.keys()].filter((unit) => names[unit] === spec.at);
  const units =
    named.length > 0 ? named : [...names.keys()].filter((unit) => names[unit]!.startsWith(`${spec.at}.`));
  if (units.length === 0) {
    const known = [...names, ...stagesOf(names)].join(", ");
    throw wrong(spec, `must stand at a layer of ${network.name}: ${known}, last or all`, spec.at);
  }
  const places = at(units);
  if (places.length > 0) return places;
  throw wrong(spec, `cannot stand there: ${answers[units[0]!]}${others}`);
}

/** What the names of several layers begin with, such as `layer1` of `layer1.0` and `layer1.1`. */
function stagesOf(names: readonly string[]): readonly string[] {
  const beginnings = names.flatMap((name) => {
    const words = name.split(".");
    return words.slice(1).map((_, last) => words.slice(0, last + 1).join("."));
  });
  return [...new Set(beginnings)].filter((beginning) => !names.includes(beginning));
}
