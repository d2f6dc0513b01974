// Collects ONNX nodes with unique names, and the constants they need.
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType } from "./proto.ts";

export class NodeList {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  readonly #known = new Map<string, string>();

  /** Adds a node with one output and returns the output's name. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: OnnxNode["domain"] = "",
  ): string {
    return this.addNamed(`v${this.nodes.length}`, op, inputs, attributes, domain);
  }

  /** `add`, with the output's name given. */
  addNamed(
    output: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: OnnxNode["domain"] = "",
  ): string {
    this.nodes.push({
      op,
      name: `${op}_${this.nodes.length}`,
      domain,
      inputs,
      outputs: [output],
      attributes,
    });
    return output;
  }

  constant(dtype: OnnxType, shape: readonly number[], data: OnnxTensor["data"]): string {
    const name = `k${this.constants.length}`;
    this.constants.push({ name, dtype, shape, data });
    return name;
  }

  /** A vector of int64, as shapes and axes are given. Equal vectors are one constant. */
  integers(values: readonly number[]): string {
    return this.#once(`i${values}`, () =>
      this.constant("int64", [values.length], BigInt64Array.from(values, BigInt)),
    );
  }

  /** A float32 scalar. */
  number(value: number): string {
    return this.#once(`f${value}`, () => this.constant("float32", [], Float32Array.of(value)));
  }

  #once(key: string, make: () => string): string {
    const name = this.#known.get(key) ?? make();
    this.#known.set(key, name);
    return name;
  }
}
