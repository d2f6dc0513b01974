// How weights start.
import { type Rng, stream } from "../rng.ts";
import { type Shape, sizeOf, type Tensor, tensor } from "../tensor.ts";
import { isObject, type Kind, number } from "./options.ts";

export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  /** Uniform around 0 with this deviation. */
  | { readonly kind: "uniform"; readonly std: number }
  /** He et al. (2015), section 2.2: normal, variance 2 / fan. For weights that a ReLU follows. */
  | { readonly kind: "he"; readonly fan: "in" | "out" }
  /** LeCun et al. (1998), section 4.6: normal, variance 1 / fan-in. For the last layer. */
  | { readonly kind: "lecun" }
  /**
   * Of convolutions: as many filters as there are inputs hand on a channel each, from the middle of the kernel
   * (Zagoruyko and Komodakis 2017, "DiracNets"); those that are left are uniform with variance 1 / (3 fan-in), as
   * PyTorch's convolutions start.
   */
  | { readonly kind: "dirac" };

/** Inputs (or outputs) that meet at one unit: channels times the kernel's area. Weights are [out, in, ...]. */
function fanOf(shape: Shape, side: "in" | "out"): number {
  return shape[side === "in" ? 1 : 0]! * sizeOf(shape.slice(2));
}

type Of<K extends Initializer["kind"]> = Extract<Initializer, { kind: K }>;

interface InitializerRule<I> {
  /** The same from anything, for example out of a file; undefined when it is none. */
  read(given: Readonly<Record<string, unknown>>): I | undefined;
  fill(init: I, shape: Shape, rng: Rng): Float32Array;
}

const finite = number();
const positive = number({ min: 0 });

/** Box and Muller (1958): two uniform numbers give two normal ones. */
function normal(std: number, shape: Shape, rng: Rng): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  for (let index = 0; index < data.length; index += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - rng.uniform()));
    const angle = 2 * Math.PI * rng.uniform();
    data[index] = radius * Math.cos(angle);
    if (index + 1 < data.length) data[index + 1] = radius * Math.sin(angle);
  }
  return data;
}

function uniform(std: number, shape: Shape, rng: Rng): Float32Array {
  const bound = Math.sqrt(3) * std;
  return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * rng.uniform() - 1));
}

const withStd = <K extends "normal" | "uniform">(
  kind: K,
  { std: given }: Readonly<Record<string, unknown>>,
) => {
  const std = positive.read(given);
  return std === undefined ? undefined : { kind, std };
};

const rules: { readonly [K in Initializer["kind"]]: InitializerRule<Of<K>> } = {
  constant: {
    read: ({ value }) => {
      const read = finite.read(value);
      return read === undefined ? undefined : { kind: "constant", value: read };
    },
    fill: ({ value }, shape) => new Float32Array(sizeOf(shape)).fill(value),
  },
  normal: {
    read: (given) => withStd("normal", given),
    fill: ({ std }, shape, rng) => normal(std, shape, rng),
  },
  uniform: {
    read: (given) => withStd("uniform", given),
    fill: ({ std }, shape, rng) => uniform(std, shape, rng),
  },
  he: {
    read: ({ fan }) => (fan === "in" || fan === "out" ? { kind: "he", fan } : undefined),
    fill: ({ fan }, shape, rng) => normal(Math.sqrt(2 / fanOf(shape, fan)), shape, rng),
  },
  lecun: {
    read: () => ({ kind: "lecun" }),
    fill: (_, shape, rng) => normal(Math.sqrt(1 / fanOf(shape, "in")), shape, rng),
  },
  dirac: {
    read: () => ({ kind: "dirac" }),
    fill(_, shape, rng) {
      const data = uniform(Math.sqrt(1 / (3 * fanOf(shape, "in"))), shape, rng);
      const [out, inner] = shape as readonly [number, number];
      const kernel = shape.slice(2);
      const area = sizeOf(kernel);
      const middle = kernel.reduce((at, extent) => at * extent + Math.floor(extent / 2), 0);
      const count = Math.min(out, inner);
      data.fill(0, 0, count * inner * area);
      for (let channel = 0; channel < count; channel++) data[(channel * inner + channel) * area + middle] = 1;
      return data;
    },
  },
};

export const initializer: Kind<Initializer> = {
  must: '{ kind: "he", fan: "in" or "out" }, { kind: "lecun" }, { kind: "dirac" }, { kind: "normal", std }, { kind: "uniform", std } or { kind: "constant", value }',
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
    { kind: "dirac" },
    { kind: "normal", std: 0.5 },
    { kind: "uniform", std: 0.5 },
    { kind: "constant", value: 0.25 },
  ],
};

/** Starting tensor of a parameter: depends on the seed and its name only. */
export function initialize(name: string, shape: Shape, init: Initializer, seed: number): Tensor<"float32"> {
  return tensor("float32", shape, rules[init.kind].fill(init as never, shape, stream(seed, `init ${name}`)));
}
