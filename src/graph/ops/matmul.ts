// Matrix products, with an optional batch axis on either side.
import { CutoutError } from "../../error.ts";
import { type Shape, sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, show, sumTo } from "../shape.ts";
import type { PrimitiveRules, ReferenceArray, Value, ValueType } from "../types.ts";

/** Shape with the batch first. */
const unswapped = (shape: Shape, swapped: boolean): Shape =>
  swapped ? [shape[1]!, shape[0]!, ...shape.slice(2)] : shape;

const rowsAndColumns = (shape: Shape, transposed: boolean): readonly [number, number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
};

const batchOf = (shape: Shape) => (shape.length === 3 ? shape[0]! : null);

const product = (g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean) =>
  g.apply("matmul", [a, b], { transposeA, transposeB });

const swap = (g: Graph, x: Value, swapped: boolean): Value =>
  swapped ? g.apply("transpose", [x], { permutation: [1, 0, 2] }) : x;

/** Where element (row, column) of one matrix of an operand lies: start + row * down + column * right. */
function strides({ shape }: ReferenceArray, swapped: boolean, transposed: boolean, batch: number) {
  const [rows, columns] = unswapped(shape, swapped).slice(-2) as [number, number];
  const step = shape.length === 3 ? (swapped ? columns : rows * columns) : 0;
  const down = swapped ? shape[1]! * columns : columns;
  return transposed ? { start: batch * step, down: 1, right: down } : { start: batch * step, down, right: 1 };
}

export const matmulRules: Pick<PrimitiveRules, "matmul"> = {
  matmul: {
    infer(inputs, { transposeA, transposeB, swapA = false, swapB = false }) {
      expectOperands("matmul", inputs, 2);
      const [a, b] = inputs as [ValueType, ValueType];
      const fail = () =>
        new CutoutError({
          where: "matmul",
          what: "inner extents and batches must agree",
          got: `${show(a.shape)} and ${show(b.shape)}`,
        });
      const ranksFit = ({ shape }: ValueType, swapped: boolean) =>
        shape.length === 3 || (shape.length === 2 && !swapped);
      if (!ranksFit(a, swapA) || !ranksFit(b, swapB)) throw fail();
      const [shapeA, shapeB] = [unswapped(a.shape, swapA), unswapped(b.shape, swapB)];
      const [rows, inner] = rowsAndColumns(shapeA, transposeA);
      const [innerB, columns] = rowsAndColumns(shapeB, transposeB);
      const [batchA, batchB] = [batchOf(shapeA), batchOf(shapeB)];
      if (inner !== innerB || (batchA !== null && batchB !== null && batchA !== batchB)) throw fail();
      const batch = batchA ?? batchB;
      return { dtype: a.dtype, shape: batch === null ? [rows, columns] : [batch, rows, columns] };
    },
    // C = A B: dA = dC B^T, dB = A^T dC; with transposed operands the factors change places.
    gradient({ g, inputs, attrs: { transposeA, transposeB, swapA = false, swapB = false }, dy }) {
      const a = swap(g, inputs[0]!, swapA);
      const b = swap(g, inputs[1]!, swapB);
      const da = transposeA ? product(g, b, dy, transposeB, true) : product(g, dy, b, false, !transposeB);
      const db = transposeB ? product(g, dy, a, true, transposeA) : product(g, a, dy, !transposeA, false);
      return [swap(g, sumTo(g, da, a.shape), swapA), swap(g, sumTo(g, db, b.shape), swapB)];
    },
    reference([a, b], { transposeA, transposeB, swapA = false, swapB = false }, output) {
      const [rows, columns] = output.shape.slice(-2) as [number, number];
      const inner = unswapped(a!.shape, swapA).at(transposeA ? -2 : -1)!;
      const result = new Float64Array(sizeOf(output.shape));
      const batches = result.length / (rows * columns);
      for (let batch = 0; batch < batches; batch++) {
        const x = strides(a!, swapA, transposeA, batch);
        const y = strides(b!, swapB, transposeB, batch);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            let sum = 0;
            for (let k = 0; k < inner; k++) {
              sum +=
                a!.data[x.start + row * x.down + k * x.right]! *
                b!.data[y.start + k * y.down + column * y.right]!;
            }
            result[(batch * rows + row) * columns + column] = sum;
          }
        }
      }
      return result;
    },
  },
};
