// The update half of a training step: gradients to the next parameters, by optimizer, clipping, Lookahead and averages.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import type { Network } from "../nn/network.ts";
import { type AverageShares, averaged } from "../optim/average.ts";
import { clipped } from "../optim/clip.ts";
import { checkLookahead, type LookaheadOptions, lookaheadScalars, lookedAhead } from "../optim/lookahead.ts";
import { type OptimizerOptions, optimizerOf } from "../optim/optimizers.ts";
import { type Tensor, tensor, zeros } from "../tensor.ts";

export interface UpdateOptions {
  readonly optimizer: OptimizerOptions;
  /** The gradients of a step, all together, are cut to this length; null or left out: they are not. */
  readonly clipNorm?: number | null;
  readonly lookahead?: LookaheadOptions | null;
  /** Whether averages of parameters and buffers are kept, which are then what is used: see `AverageShares`. */
  readonly average?: boolean;
}

type Tensors = ReadonlyMap<string, Tensor>;
type Values = ReadonlyMap<string, Value>;

/** Steps taken, as a tensor of the state: kept where an update depends on it. */
const stepSlot = "step";
const slowSlot = "slow";

export interface UpdateRule {
  readonly averages: boolean;
  /** What is kept besides the weights, at the start of a training with these. */
  slots(parameters: Tensors): Map<string, Tensor>;
  /** One-element inputs of the graph in the step that follows on these slots. */
  scalars(slots: (name: string) => Tensor, shares: AverageShares): Readonly<Record<string, Tensor>>;
  /** Adds the update to a graph. */
  apply(g: Graph, given: UpdateInputs): UpdateOutputs;
}

export interface UpdateInputs {
  readonly parameters: Values;
  /** As the forward pass left them. */
  readonly buffers: Values;
  /** In the order of the network's parameters. */
  readonly gradients: readonly Value[];
  readonly slots: Values;
  /** Averages of parameters and buffers; empty where none are kept. */
  readonly averages: Values;
  readonly learningRate: Value;
}

interface UpdateOutputs {
  readonly parameters: Values;
  readonly slots: Values;
  readonly averages: Values;
}

/** @throws CutoutError when an option is outside its range */
export function updateRule(
  { parameters: specs }: Pick<Network, "parameters">,
  options: UpdateOptions,
): UpdateRule {
  const { clipNorm = null, lookahead = null, average = false } = options;
  const optimizer = optimizerOf(options.optimizer);
  if (lookahead !== null) checkLookahead(lookahead);
  if (clipNorm !== null && !(clipNorm > 0)) {
    throw new CutoutError({
      where: "training",
      option: "clipNorm",
      what: "must be above 0",
      got: String(clipNorm),
    });
  }
  const scalarsAt = [optimizer.scalars, lookahead && lookaheadScalars(lookahead)].filter(
    (each) => each !== null,
  );
  const counts = scalarsAt.length > 0;
  const shares = { averageParameters: "parameters", averageBuffers: "buffers" } as const;

  return {
    averages: average,
    slots(parameters) {
      const own = specs.flatMap((spec): [string, Tensor][] => {
        const { name, shape } = spec;
        const rules = optimizer
          .slots(spec)
          .map((slot): [string, Tensor] => [`${name}.${slot}`, zeros("float32", shape)]);
        const start = parameters.get(name)!;
        const slow: [string, Tensor] = [
          `${name}.${slowSlot}`,
          tensor("float32", shape, start.data.slice() as Float32Array),
        ];
        return lookahead === null ? rules : [...rules, slow];
      });
      return new Map(counts ? [...own, [stepSlot, zeros("float32", [1])]] : own);
    },
    scalars(slots, given) {
      const step = counts ? slots(stepSlot).data[0]! + 1 : 0;
      const numbers: Record<string, number> = Object.assign({}, ...scalarsAt.map((at) => at(step)));
      if (average) for (const [name, part] of Object.entries(shares)) numbers[name] = given[part];
      return Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [
          scalarName(name),
          tensor("float32", [1], Float32Array.of(value)),
        ]),
      );
    },
    apply(g, { parameters, buffers, gradients, slots, averages, learningRate }) {
      const scalars = scalarInputs(g, [
        ...scalarsAt.flatMap((at) => Object.keys(at(1))),
        ...(average ? Object.keys(shares) : []),
      ]);
      const cut = clipNorm === null ? gradients : clipped(g, gradients, clipNorm);
      const next = { parameters: new Map<string, Value>(), slots: new Map<string, Value>() };
      specs.forEach((spec, index) => {
        const { name } = spec;
        const names = optimizer.slots(spec);
        const moved = optimizer.update(g, {
          of: spec,
          parameter: parameters.get(name)!,
          gradient: cut[index]!,
          slots: Object.fromEntries(names.map((slot) => [slot, slots.get(`${name}.${slot}`)!])),
          learningRate,
          scalars,
        });
        for (const slot of names) next.slots.set(`${name}.${slot}`, moved.slots[slot]!);
        if (lookahead === null) next.parameters.set(name, moved.parameter);
        else {
          const ahead = { fast: moved.parameter, slow: slots.get(`${name}.${slowSlot}`)! };
          const { fast, slow } = lookedAhead(g, ahead, scalars.lookahead!, lookahead);
          next.parameters.set(name, fast);
          next.slots.set(`${name}.${slowSlot}`, slow);
        }
      });
      if (counts) next.slots.set(stepSlot, g.apply("add", [slots.get(stepSlot)!, g.scalar(1)]));
      const mean = (values: Values, share: Value | undefined) =>
        [...values].map(([name, value]): [string, Value] => [
          name,
          averaged(g, averages.get(name)!, value, share!),
        ]);
      return {
        ...next,
        averages: new Map(
          average
            ? [...mean(next.parameters, scalars.averageParameters), ...mean(buffers, scalars.averageBuffers)]
            : [],
        ),
      };
    },
  };
}

const scalarName = (name: string) => `scalar ${name}`;

const scalarInputs = (g: Graph, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, g.input(scalarName(name), "float32", [1])]));
