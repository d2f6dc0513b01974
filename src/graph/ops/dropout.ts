// Random numbers inside the graph, and dropout (Srivastava et al. 2014) made from them.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import { expectOperands, show } from "../shape.ts";
import type { CompositeRules, PrimitiveRules, ValueType } from "../types.ts";

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
      reference: ([seed], { shape, salt }) =>
        Float64Array.from(
          { length: sizeOf(shape) },
          (_, position) =>
            // 24 bits, so that the sum below is exact in float32 and never reaches 1
            Math.trunc(hashPosition(seed!.data[0]!, salt, position) / 256) / 2 ** 24 + 0.5,
        ),
    },
  },
  composite: {
    dropout: {
      infer(inputs, { probability }) {
        expectOperands("dropout", inputs, 2);
        if (!(probability >= 0 && probability < 1)) {
          throw new CutoutError({
            where: "dropout",
            option: "probability",
            what: "must be in [0, 1)",
            got: String(probability),
          });
        }
        return { dtype: inputs[0]!.dtype, shape: inputs[0]!.shape };
      },
      // Linear in x with the same mask.
      gradient: ({ g, inputs, attrs, dy }) => [g.apply("dropout", [dy, inputs[1]!], attrs), null],
      expand(g, inputs, { probability, salt }) {
        const [x, seed] = inputs as [(typeof inputs)[0] & object, (typeof inputs)[0] & object];
        const draw = g.apply("uniform", [seed], { shape: x.shape, salt });
        const dropped = g.apply("greater", [g.scalar(probability), draw]);
        const factor = g.apply("where", [dropped, g.scalar(0), g.scalar(1 / (1 - probability))]);
        return g.apply("mul", [x, factor]);
      },
      reference: ([x, seed], { probability, salt }) =>
        x!.data.map((value, position) => {
          const draw = Math.trunc(hashPosition(seed!.data[0]!, salt, position) / 256) / 2 ** 24 + 0.5;
          return draw < Math.fround(probability) ? 0 : value * Math.fround(1 / (1 - probability));
        }),
    },
  },
};
