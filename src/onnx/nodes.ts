// Collects ONNX nodes with unique names, and the constants they need.
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType } from "./proto.ts";

export class NodeList {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  readonly #known = new Map<string, readonly string[]>();

  /** Adds a node with one output and returns the output's name. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: OnnxNode["domain"] = "",
  ): string {
    return this.addMany(op, inputs, 1, attributes, domain)[0]!;
  }

  /** Adds a node with several outputs and returns their names. */
  addMany(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: OnnxNode["domain"] = "",
  ): string[] {
    const id = this.nodes.length;
    const outputs = Array.from({ length: count }, (_, index) => (count === 1 ? `v${id}` : `v${id}.${index}`));
    this.nodes.push({ op, name: `${op}_${id}`, domain, inputs, outputs, attributes });
    return outputs;
  }

  /** Adds a node whose output has the given name. */
  addNamed(
    output: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push({
      op,
      name: `${op}_${this.nodes.length}`,
      domain: "",
      inputs,
      outputs: [output],
      attributes,
    });
  }

  constant(dtype: OnnxType, shape: readonly number[], data: OnnxTensor["data"]): string {
    const name = `k${this.constants.length}`;
    this.constants.push({ name, dtype, shape, data });
    return name;
  }

  /** A vector of int64, as shapes and axes are given. Equal vectors are one constant. */
  integers(values: readonly number[]): string {
    const make = () => [this.constant("int64", [values.length], BigInt64Array.from(values, BigInt))];
    return this.once(`integers ${values}`, make)[0]!;
  }

  /** A float32 scalar. */
  number(value: number): string {
    return this.once(`number ${value}`, () => [this.constant("float32", [], Float32Array.of(value))])[0]!;
  }

  /** Names that are made the first time their key is asked for, and known from then on. */
  once(key: string, make: () => readonly string[]): readonly string[] {
    const names = this.#known.get(key) ?? make();
    this.#known.set(key, names);
    return names;
  }
}
