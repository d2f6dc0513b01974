// Matrix products, with an optional batch axis on either side.
import { sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, show, sumTo } from "../shape.ts";
import type { PrimitiveRules, Value, ValueType } from "../types.ts";

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const rowsAndColumns = ({ shape }: ValueType, transposed: boolean): readonly [number, number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
};

const batchOf = ({ shape }: ValueType) => (shape.length === 3 ? shape[0]! : null);

const product = (g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean) =>
  g.apply("matmul", [a, b], { transposeA, transposeB });

export const matmulRules: Pick<PrimitiveRules, "matmul"> = {
  matmul: {
    infer(inputs, { transposeA, transposeB }: Transposes) {
      expectOperands("matmul", inputs, 2);
      const [a, b] = inputs as [ValueType, ValueType];
      const fail = () =>
        new Error(`matmul: inner extents and batches must agree, got ${show(a.shape)} and ${show(b.shape)}`);
      if ([a, b].some(({ shape }) => shape.length !== 2 && shape.length !== 3)) throw fail();
      const [rows, inner] = rowsAndColumns(a, transposeA);
      const [innerB, columns] = rowsAndColumns(b, transposeB);
      const [batchA, batchB] = [batchOf(a), batchOf(b)];
      if (inner !== innerB || (batchA !== null && batchB !== null && batchA !== batchB)) throw fail();
      const batch = batchA ?? batchB;
      return { dtype: a.dtype, shape: batch === null ? [rows, columns] : [batch, rows, columns] };
    },
    // C = A B: dA = dC B^T, dB = A^T dC; with transposed operands the factors change places.
    gradient({ g, inputs, attrs: { transposeA, transposeB }, dy }) {
      const [a, b] = inputs as [Value, Value];
      const da = transposeA ? product(g, b, dy, transposeB, true) : product(g, dy, b, false, !transposeB);
      const db = transposeB ? product(g, dy, a, true, transposeA) : product(g, a, dy, !transposeA, false);
      return [sumTo(g, da, a.shape), sumTo(g, db, b.shape)];
    },
    reference([a, b], { transposeA, transposeB }, output) {
      const [rows, columns] = output.shape.slice(-2) as [number, number];
      const inner = a!.shape.at(transposeA ? -2 : -1)!;
      const result = new Float64Array(sizeOf(output.shape));
      const batches = result.length / (rows * columns);
      for (let batch = 0; batch < batches; batch++) {
        const aStart = a!.shape.length === 3 ? batch * rows * inner : 0;
        const bStart = b!.shape.length === 3 ? batch * inner * columns : 0;
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            let sum = 0;
            for (let k = 0; k < inner; k++) {
              const x = a!.data[aStart + (transposeA ? k * rows + row : row * inner + k)]!;
              const y = b!.data[bStart + (transposeB ? column * inner + k : k * columns + column)]!;
              sum += x * y;
            }
            result[(batch * rows + row) * columns + column] = sum;
          }
        }
      }
      return result;
    },
  },
};
