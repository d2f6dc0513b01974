// How weights start.
import { type Rng, stream } from "../rng.ts";
import { type Shape, sizeOf, type Tensor, tensor } from "../tensor.ts";
import { isObject, type Kind, number } from "./options.ts";

export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  /** He et al. (2015), section 2.2: normal, variance 2 / fan. For weights that a ReLU follows. */
  | { readonly kind: "he"; readonly fan: "in" | "out" }
  /** LeCun et al. (1998), section 4.6: normal, variance 1 / fan-in. For the last layer. */
  | { readonly kind: "lecun" };

/** Inputs (or outputs) that meet at one unit: channels times the kernel's area. Weights are [out, in, ...]. */
function fanOf(shape: Shape, side: "in" | "out"): number {
  return shape[side === "in" ? 1 : 0]! * sizeOf(shape.slice(2));
}

type Of<K extends Initializer["kind"]> = Extract<Initializer, { kind: K }>;

interface InitializerRule<I> {
  /** The same from anything, for example out of a file; undefined when it is none. */
  read(given: Readonly<Record<string, unknown>>): I | undefined;
  deviation(init: I, shape: Shape): number;
}

const finite = number();
const positive = number({ min: 0 });

const rules: { readonly [K in Initializer["kind"]]: InitializerRule<Of<K>> } = {
  constant: {
    read: ({ value }) => {
      const read = finite.read(value);
      return read === undefined ? undefined : { kind: "constant", value: read };
    },
    deviation: () => 0,
  },
  normal: {
    read: ({ std }) => {
      const read = positive.read(std);
      return read === undefined ? undefined : { kind: "normal", std: read };
    },
    deviation: ({ std }) => std,
  },
  he: {
    read: ({ fan }) => (fan === "in" || fan === "out" ? { kind: "he", fan } : undefined),
    deviation: ({ fan }, shape) => Math.sqrt(2 / fanOf(shape, fan)),
  },
  lecun: {
    read: () => ({ kind: "lecun" }),
    deviation: (_, shape) => Math.sqrt(1 / fanOf(shape, "in")),
  },
};

export const initializer: Kind<Initializer> = {
  must: '{ kind: "he", fan: "in" or "out" }, { kind: "lecun" }, { kind: "normal", std } or { kind: "constant", value }',
  read(value) {
    if (!isObject(value) || typeof value.kind !== "string" || !Object.hasOwn(rules, value.kind))
      return undefined;
    const read = rules[value.kind as Initializer["kind"]].read(value);
    const known = read !== undefined && Object.keys(value).every((key) => Object.hasOwn(read, key));
    return known ? read : undefined;
  },
  examples: [
    { kind: "he", fan: "out" },
    { kind: "he", fan: "in" },
    { kind: "lecun" },
    { kind: "normal", std: 0.5 },
    { kind: "constant", value: 0.25 },
  ],
};

function fill(init: Initializer, shape: Shape, rng: Rng): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  if (init.kind === "constant") return data.fill(init.value);
  const std = rules[init.kind].deviation(init as never, shape);
  // Box and Muller (1958): two uniform numbers give two normal ones.
  for (let index = 0; index < data.length; index += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - rng.uniform()));
    const angle = 2 * Math.PI * rng.uniform();
    data[index] = radius * Math.cos(angle);
    if (index + 1 < data.length) data[index + 1] = radius * Math.sin(angle);
  }
  return data;
}

/** Starting tensor of a parameter: depends on the seed and its name only. */
export function initialize(name: string, shape: Shape, init: Initializer, seed: number): Tensor<"float32"> {
  return tensor("float32", shape, fill(init, shape, stream(seed, `init ${name}`)));
}
