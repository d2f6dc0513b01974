// Random numbers inside the graph, and dropout (Srivastava et al. 2014) made from them.
import { CutoutError } from "../../error.ts";
import { type Shape, sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { broadcastStrides, expectOperands, forEachPosition, offsetOf, show } from "../shape.ts";
import type { CompositeRules, PrimitiveRules, ReferenceArray, Value, ValueType } from "../types.ts";

/**
 * Counter-based: 32 bits from (seed, salt, position), by wrapping multiplications and additions that every
 * runtime computes alike on int32 (exclusive or and shifts are not to be had everywhere).
 *
 *     h = position * stride + salt + seed * spread
 *     three times:  h = h (2 h + 1)  (a permutation; the quadratic step of RC6),  then the halves change places:
 *                   h = h * 2^16 + h / 2^16 + addend  (the division truncates towards zero)
 */
export const uniformHash = {
  stride: 0x9e3779b1 | 0,
  spread: 0x85ebca6b | 0,
  addends: [0x7feb352d | 0, 0x846ca68b | 0, 0x2c1b3c6d | 0],
  half: 65536,
} as const;

/** The 32-bit hash of one position, as every runtime computes it. */
export function hashPosition(seed: number, salt: number, position: number): number {
  let hash = (Math.imul(position, uniformHash.stride) + salt + Math.imul(seed, uniformHash.spread)) | 0;
  for (const addend of uniformHash.addends) {
    hash = Math.imul(hash, (hash + hash + 1) | 0);
    hash = (Math.imul(hash, uniformHash.half) + Math.trunc(hash / uniformHash.half) + addend) | 0;
  }
  return hash;
}

/** The number in [0, 1) at one position: 24 bits, so that the sum is exact in float32 and never reaches 1. */
const uniformAt = (seed: number, salt: number, position: number): number =>
  Math.trunc(hashPosition(seed, salt, position) / 256) / 2 ** 24 + 0.5;

/** Random numbers as the reference computes them. */
export const referenceUniform = (
  { data: [seed] }: ReferenceArray,
  salt: number,
  shape: Shape,
): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, (_, position) => uniformAt(seed!, salt, position));

/** Whether each of independent draws falls below a probability, as true or false. */
export function bernoulli(
  g: Graph,
  seed: Value,
  {
    shape,
    probability,
    salt,
  }: { readonly shape: Shape; readonly probability: number; readonly salt: number },
): Value {
  return g.apply("greater", [g.scalar(probability), g.apply("uniform", [seed], { shape, salt })]);
}

/** The shape of draws that are shared along some axes. */
export const sharedShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));

export function expectProbability(where: string, probability: number): void {
  if (probability >= 0 && probability < 1) return;
  throw new CutoutError({
    where,
    option: "probability",
    what: "must be in [0, 1)",
    got: String(probability),
  });
}

export const dropoutRules: {
  readonly primitive: Pick<PrimitiveRules, "uniform">;
  readonly composite: Pick<CompositeRules, "dropout">;
} = {
  primitive: {
    uniform: {
      infer(inputs, { shape }) {
        expectOperands("uniform", inputs, 1);
        const [seed] = inputs as [ValueType];
        if (seed.dtype !== "int32" || sizeOf(seed.shape) !== 1) {
          throw new CutoutError({
            where: "uniform",
            what: "the seed must be one int32",
            got: `${seed.dtype} ${show(seed.shape)}`,
          });
        }
        return { dtype: "float32", shape };
      },
      gradient: "zero",
      reference: ([seed], { shape, salt }) => referenceUniform(seed!, salt, shape),
    },
  },
  composite: {
    dropout: {
      infer(inputs, { probability }) {
        expectOperands("dropout", inputs, 2);
        expectProbability("dropout", probability);
        return { dtype: inputs[0]!.dtype, shape: inputs[0]!.shape };
      },
      // Linear in x with the same mask.
      gradient: ({ g, inputs, attrs, dy }) => [g.apply("dropout", [dy, inputs[1]!], attrs), null],
      expand(g, inputs, { probability, salt, shared }) {
        const [x, seed] = inputs as [Value, Value];
        const dropped = bernoulli(g, seed, { shape: sharedShape(x.shape, shared), probability, salt });
        const factor = g.apply("where", [dropped, g.scalar(0), g.scalar(1 / (1 - probability))]);
        return g.apply("mul", [x, factor]);
      },
      reference([x, seed], { probability, salt, shared }) {
        const drawn = sharedShape(x!.shape, shared);
        const draws = referenceUniform(seed!, salt, drawn);
        const strides = broadcastStrides(drawn, x!.shape);
        const result = new Float64Array(x!.data.length);
        forEachPosition(x!.shape, (position, flat) => {
          const dropped = draws[offsetOf(position, strides)]! < Math.fround(probability);
          result[flat] = dropped ? 0 : x!.data[flat]! * Math.fround(1 / (1 - probability));
        });
        return result;
      },
    },
  },
};
