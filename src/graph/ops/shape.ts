// Operators that move numbers without changing them.
import { CutoutError } from "../../error.ts";
import { sizeOf, stridesOf } from "../../tensor.ts";
import { expectOperands, forEachPosition, offsetOf, reshape, show, sumTo } from "../shape.ts";
import type { PrimitiveRules, Value, ValueType } from "../types.ts";
import { scatterSum } from "./gather.ts";

type ShapeRules = Pick<
  PrimitiveRules,
  "reshape" | "transpose" | "broadcast" | "slice" | "pad" | "concat" | "gather"
>;

/** Number of elements that a slice takes along one axis. Steps may be negative. */
const taken = (start: number, end: number, step: number) => Math.max(0, Math.ceil((end - start) / step));

const constantIndices = (indices: Value): Int32Array => {
  if (indices.source.kind !== "constant")
    throw new CutoutError({ where: "gather", what: "the gradient needs constant indices" });
  return indices.source.data as Int32Array;
};

export const shapeRules: ShapeRules = {
  reshape: {
    infer(inputs, { shape }) {
      expectOperands("reshape", inputs, 1);
      const [x] = inputs as [ValueType];
      if (sizeOf(x.shape) !== sizeOf(shape)) {
        throw new CutoutError({
          where: "reshape",
          what: "must keep the number of elements",
          got: `${show(x.shape)} to ${show(shape)}`,
        });
      }
      return { dtype: x.dtype, shape };
    },
    gradient: ({ g, inputs, dy }) => [reshape(g, dy, inputs[0]!.shape)],
    reference: ([x]) => x!.data.slice(),
  },

  transpose: {
    infer(inputs, { permutation }) {
      expectOperands("transpose", inputs, 1);
      const [x] = inputs as [ValueType];
      const sorted = [...permutation].sort((a, b) => a - b);
      if (sorted.length !== x.shape.length || sorted.some((axis, index) => axis !== index)) {
        throw new CutoutError({
          where: "transpose",
          what: `must name each axis of ${show(x.shape)} once`,
          got: show(permutation),
        });
      }
      return { dtype: x.dtype, shape: permutation.map((axis) => x.shape[axis]!) };
    },
    gradient: ({ g, attrs, dy }) => [
      g.apply("transpose", [dy], {
        permutation: attrs.permutation.map((_, axis) => attrs.permutation.indexOf(axis)),
      }),
    ],
    reference([x], { permutation }, output) {
      const result = new Float64Array(x!.data.length);
      const strides = permutation.map((axis) => stridesOf(x!.shape)[axis]!);
      forEachPosition(output.shape, (position, flat) => {
        result[flat] = x!.data[offsetOf(position, strides)]!;
      });
      return result;
    },
  },

  broadcast: {
    infer(inputs, { shape }) {
      expectOperands("broadcast", inputs, 1);
      const [x] = inputs as [ValueType];
      const lead = shape.length - x.shape.length;
      if (lead < 0 || x.shape.some((extent, axis) => extent !== 1 && extent !== shape[axis + lead])) {
        throw new CutoutError({
          where: "broadcast",
          option: show(x.shape),
          what: `must repeat to ${show(shape)}`,
        });
      }
      return { dtype: x.dtype, shape };
    },
    gradient: ({ g, inputs, dy }) => [sumTo(g, dy, inputs[0]!.shape)],
    reference([x], _, output) {
      const lead = output.shape.length - x!.shape.length;
      const own = stridesOf(x!.shape);
      const strides = output.shape.map((_extent, axis) =>
        axis < lead || x!.shape[axis - lead] === 1 ? 0 : own[axis - lead]!,
      );
      const result = new Float64Array(sizeOf(output.shape));
      forEachPosition(output.shape, (position, flat) => {
        result[flat] = x!.data[offsetOf(position, strides)]!;
      });
      return result;
    },
  },

  slice: {
    infer(inputs, { starts, ends, steps }) {
      expectOperands("slice", inputs, 1);
      const [x] = inputs as [ValueType];
      const fits = x.shape.every((extent, axis) => {
        const [start, end, step] = [starts[axis], ends[axis], steps[axis]];
        if (start === undefined || end === undefined || step === undefined || !(step >= 1)) return false;
        return start >= 0 && start < end && end <= extent;
      });
      if (!fits || starts.length !== x.shape.length) {
        throw new CutoutError({
          where: "slice",
          what: `must lie in ${show(x.shape)} with steps >= 1`,
          got: `${show(starts)} to ${show(ends)} by ${show(steps)}`,
        });
      }
      return { dtype: x.dtype, shape: starts.map((start, axis) => taken(start, ends[axis]!, steps[axis]!)) };
    },
    gradient({ g, inputs, attrs, dy }) {
      // One axis after the other: spread by the step (as gather with a zero row), then pad.
      const extents = inputs[0]!.shape;
      let result = dy;
      extents.forEach((extent, axis) => {
        const [start, end, step] = [attrs.starts[axis]!, attrs.ends[axis]!, attrs.steps[axis]!];
        if (start === 0 && end === extent && step === 1) return;
        const sources = Int32Array.from(
          { length: taken(start, end, step) },
          (_, index) => start + index * step,
        );
        result = scatterSum(g, result, axis, sources, extent);
      });
      return [result];
    },
    reference([x], { starts, steps }, output) {
      const strides = stridesOf(x!.shape);
      const result = new Float64Array(sizeOf(output.shape));
      forEachPosition(output.shape, (position, flat) => {
        const source = position.map((at, axis) => starts[axis]! + at * steps[axis]!);
        result[flat] = x!.data[offsetOf(source, strides)]!;
      });
      return result;
    },
  },

  pad: {
    infer(inputs, { before, after }) {
      expectOperands("pad", inputs, 1);
      const [x] = inputs as [ValueType];
      if (
        [before, after].some((sides) => sides.length !== x.shape.length || sides.some((side) => !(side >= 0)))
      ) {
        throw new CutoutError({
          where: "pad",
          what: `needs a width >= 0 for each axis of ${show(x.shape)}`,
          got: `${show(before)}, ${show(after)}`,
        });
      }
      return { dtype: x.dtype, shape: x.shape.map((extent, axis) => before[axis]! + extent + after[axis]!) };
    },
    gradient: ({ g, inputs, attrs, dy }) => [
      g.apply("slice", [dy], {
        starts: attrs.before,
        ends: attrs.before.map((width, axis) => width + inputs[0]!.shape[axis]!),
        steps: attrs.before.map(() => 1),
      }),
    ],
    reference([x], { before, value }, output) {
      const result = new Float64Array(sizeOf(output.shape)).fill(value);
      const strides = stridesOf(output.shape);
      forEachPosition(x!.shape, (position, flat) => {
        result[
          offsetOf(
            position.map((at, axis) => at + before[axis]!),
            strides,
          )
        ] = x!.data[flat]!;
      });
      return result;
    },
  },

  concat: {
    infer(inputs, { axis }) {
      if (inputs.length === 0)
        throw new CutoutError({ where: "concat", what: "takes one operand or more", got: "none" });
      const [first] = inputs as [ValueType];
      const fits = inputs.every(
        ({ dtype, shape }) =>
          dtype === first.dtype &&
          shape.length === first.shape.length &&
          shape.every((extent, index) => index === axis || extent === first.shape[index]),
      );
      if (!fits || !(axis >= 0 && axis < first.shape.length)) {
        throw new CutoutError({
          where: "concat",
          option: "shapes",
          what: `must agree but for axis ${axis}`,
          got: String(inputs.map((x) => show(x.shape))),
        });
      }
      const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
      return {
        dtype: first.dtype,
        shape: first.shape.map((extent, index) => (index === axis ? total : extent)),
      };
    },
    gradient({ g, inputs, attrs, dy }) {
      let start = 0;
      return inputs.map(({ shape }) => {
        const starts = shape.map((_, axis) => (axis === attrs.axis ? start : 0));
        start += shape[attrs.axis]!;
        const ends = shape.map((extent, axis) => (axis === attrs.axis ? start : extent));
        return g.apply("slice", [dy], { starts, ends, steps: shape.map(() => 1) });
      });
    },
    reference(inputs, { axis }, output) {
      const result = new Float64Array(sizeOf(output.shape));
      const strides = stridesOf(output.shape);
      let start = 0;
      for (const { shape, data } of inputs) {
        forEachPosition(shape, (position, flat) => {
          result[offsetOf(position, strides) + start * strides[axis]!] = data[flat]!;
        });
        start += shape[axis]!;
      }
      return result;
    },
  },

  gather: {
    infer(inputs, { axis }) {
      expectOperands("gather", inputs, 2);
      const [x, indices] = inputs as [ValueType, ValueType];
      if (indices.dtype !== "int32" || indices.shape.length !== 1) {
        throw new CutoutError({
          where: "gather",
          option: "indices",
          what: "must be an int32 vector",
          got: `${indices.dtype} ${show(indices.shape)}`,
        });
      }
      if (!(axis >= 0 && axis < x.shape.length))
        throw new CutoutError({ where: "gather", what: `axis ${axis} is not in ${show(x.shape)}` });
      return {
        dtype: x.dtype,
        shape: x.shape.map((extent, index) => (index === axis ? indices.shape[0]! : extent)),
      };
    },
    gradient: ({ g, inputs, attrs, dy }) => [
      scatterSum(g, dy, attrs.axis, constantIndices(inputs[1]!), inputs[0]!.shape[attrs.axis]!),
      null,
    ],
    reference([x, indices], { axis }, output) {
      const result = new Float64Array(sizeOf(output.shape));
      const strides = stridesOf(x!.shape);
      forEachPosition(output.shape, (position, flat) => {
        const source = position.map((at, index) => (index === axis ? indices!.data[at]! : at));
        result[flat] = x!.data[offsetOf(source, strides)]!;
      });
      return result;
    },
  },
};
