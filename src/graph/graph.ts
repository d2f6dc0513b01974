// The training graph: a builder of values that never makes the same value twice.
import { CutoutError } from "../error.ts";
import { type DataOf, type DType, type Shape, sameShape, sizeOf, type Tensor } from "../tensor.ts";
import type { ConvAlgorithmName, ConvChoice } from "./conv/algorithms.ts";
import type { ConvSpec } from "./conv/spec.ts";
import { fused } from "./fuse.ts";
import { compositeRules, isComposite, ruleOf } from "./rules.ts";
import type { Attrs, None, OpName, Source, Value, ValueType } from "./types.ts";

/** How composite operators are written in terms of primitive ones. */
export interface Expansion {
  /** The algorithm of each convolution. */
  readonly convolution: ConvChoice;
}

export class Graph {
  readonly values: Value[] = [];
  readonly inputs = new Map<string, Value>();
  readonly outputs = new Map<string, Value>();
  readonly #known = new Map<string, Value>();
  readonly #constants = new Map<number, Value[]>();
  readonly #expansion: Expansion | null;

  /** With an expansion, composite operators become primitive ones as they are applied. */
  constructor(expansion: Expansion | null = null) {
    this.#expansion = expansion;
  }

  /** The algorithm for a convolution that is being expanded. */
  chooseConvolution(spec: ConvSpec): ConvAlgorithmName {
    if (!this.#expansion) throw new Error("internal: only an expanding graph chooses algorithms");
    return this.#expansion.convolution(spec);
  }

  /** A value that is given at each run. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.inputs.has(name))
      throw new CutoutError({ where: "graph", what: "input names must differ", got: `${name} twice` });
    const value = this.#append({ dtype, shape }, { kind: "input", name });
    this.inputs.set(name, value);
    return value;
  }

  /** A value known now. Equal constants are one value. */
  constant<D extends DType>(dtype: D, shape: Shape, data: DataOf[D]): Value {
    if (data.length !== sizeOf(shape)) {
      throw new CutoutError({
        where: "graph",
        what: `a constant [${shape.join(", ")}] needs ${sizeOf(shape)} numbers`,
        got: String(data.length),
      });
    }
    const hash = hashOf(data);
    const alike = this.#constants.get(hash) ?? [];
    const same = alike.find(
      (value) =>
        value.dtype === dtype &&
        sameShape(value.shape, shape) &&
        value.source.kind === "constant" &&
        value.source.data.every((x, index) => Object.is(x, data[index])),
    );
    if (same) return same;
    const value = this.#append({ dtype, shape }, { kind: "constant", data });
    this.#constants.set(hash, [...alike, value]);
    return value;
  }

  /** A float32 constant of shape [1]: it broadcasts with everything. */
  scalar(x: number): Value {
    return this.constant("float32", [1], Float32Array.of(x));
  }

  tensor(x: Tensor): Value {
    return this.constant(x.dtype, x.shape, x.data);
  }

  /** The result of an operator. The same operator on the same operands is the same value. */
  apply<Op extends OpName>(
    op: Op,
    inputs: readonly Value[],
    ...rest: Attrs[Op] extends None ? [] : [attrs: Attrs[Op]]
  ): Value {
    return this.applyWith(op, inputs, (rest[0] ?? {}) as Attrs[Op]);
  }

  /** `apply` for callers that hold the attributes of an operator known only at run time. */
  applyWith<Op extends OpName>(op: Op, inputs: readonly Value[], attrs: Attrs[Op]): Value {
    const key = `${op}(${inputs.map((value) => value.id).join()})${JSON.stringify(attrs)}`;
    const known = this.#known.get(key);
    if (known) return known;
    const type = ruleOf(op).infer(inputs, attrs);
    const value =
      (this.#expansion && this.#expanded(op, inputs, attrs)) ??
      this.#append(type, { kind: "operation", op, inputs, attrs } as Source);
    if (!sameShape(value.shape, type.shape)) {
      throw new Error(`internal: ${op} expands to [${value.shape}], its rule says [${type.shape}]`);
    }
    this.#known.set(key, value);
    return value;
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name))
      throw new CutoutError({ where: "graph", what: "output names must differ", got: `${name} twice` });
    this.outputs.set(name, value);
  }

  /** The operator in terms of others, or as one with its operands; null where it stays as it is. */
  #expanded<Op extends OpName>(op: Op, inputs: readonly Value[], attrs: Attrs[Op]): Value | null {
    return isComposite(op)
      ? compositeRules[op].expand(this, inputs, attrs as never)
      : fused(this, op, inputs);
  }

  #append(type: ValueType, source: Source): Value {
    const value = { id: this.values.length, dtype: type.dtype, shape: type.shape, source };
    this.values.push(value);
    return value;
  }
}

/** Operands of a value, empty for inputs and constants. */
export function operandsOf(value: Value): readonly Value[] {
  return value.source.kind === "operation" ? value.source.inputs : [];
}

/** Everything the given values are made from, themselves included, operands first. */
export function reachable(values: Iterable<Value>): Value[] {
  const seen = new Map<number, Value>();
  const waiting = [...values];
  for (let value = waiting.pop(); value; value = waiting.pop()) {
    if (seen.has(value.id)) continue;
    seen.set(value.id, value);
    waiting.push(...operandsOf(value));
  }
  return [...seen.values()].sort((a, b) => a.id - b.id);
}

function hashOf(data: DataOf[DType]): number {
  let hash = data.length | 0;
  for (let index = 0; index < data.length; index++) {
    const x = data[index]!;
    hash = (Math.imul(hash, 0x01000193) ^ (x | 0) ^ ((x * 65536) | 0)) | 0;
  }
  return hash;
}
