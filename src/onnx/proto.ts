// Writes ONNX files: the only file that knows the protobuf library.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_SequenceSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";

/** Element types that a model may hold. int64 is for shapes and axes only. */
export type OnnxType = "float32" | "int32" | "int64" | "uint8" | "bool";

export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  /** Empty for the standard operators; `com.microsoft` for ONNX Runtime's own. */
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers are integers; floats stand as `{ float }`. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxType;
  /** A string names an extent that may vary. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Name of an output that is a sequence of float32 tensors; it stands before the others. */
  readonly sequence?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of the program that writes it. */
  readonly version?: string;
}

const opset = 18;
/** IR version 9 goes with opset 18 to 20 and is read by every runtime since 2023. */
const irVersion = 9n;

const dataTypes: { readonly [T in OnnxType]: TensorProto_DataType } = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

export function encodeModel(model: OnnxModel): Uint8Array {
  const domains = new Set(["", ...model.nodes.map((node) => node.domain)]);
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion,
      producerName: "cutout",
      producerVersion: model.version ?? "",
      modelVersion: 1n,
      opsetImport: [...domains].map((domain) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(domain === "" ? opset : 1) }),
      ),
      metadataProps: Object.entries(model.metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
      graph: create(GraphProtoSchema, {
        name: model.name,
        node: model.nodes.map((node) =>
          create(NodeProtoSchema, {
            opType: node.op,
            name: node.name,
            domain: node.domain,
            input: [...node.inputs],
            output: [...node.outputs],
            attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
          }),
        ),
        initializer: model.constants.map(({ name, dtype, shape, data }) =>
          create(TensorProtoSchema, {
            name,
            dataType: dataTypes[dtype],
            dims: shape.map(BigInt),
            rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
          }),
        ),
        input: model.inputs.map(encodeValueInfo),
        output: [
          ...(model.sequence ? [encodeSequenceInfo(model.sequence)] : []),
          ...model.outputs.map(encodeValueInfo),
        ],
      }),
    }),
  );
}

/** What a model says about itself. */
export interface ModelDescription {
  /** Who wrote it, and with which version. */
  readonly producer: string;
  readonly version: string;
  /** Of its nodes, in their order. */
  readonly operators: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws when the bytes are no ONNX file */
export function describeModel(bytes: Uint8Array): ModelDescription {
  const { producerName, producerVersion, graph, metadataProps } = fromBinary(ModelProtoSchema, bytes);
  return {
    producer: producerName,
    version: producerVersion,
    operators: (graph?.node ?? []).map(({ opType }) => opType),
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
  };
}

function encodeAttribute(name: string, value: OnnxAttribute) {
  if (typeof value === "number") {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === "string") {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.STRING, s });
  }
  if ("float" in value) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  }
  if ("floats" in value) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.FLOATS,
      floats: [...value.floats],
    });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.INTS,
    ints: value.map(BigInt),
  });
}

function encodeSequenceInfo(name: string) {
  const elemType = create(TypeProtoSchema, {
    value: { case: "tensorType", value: create(TypeProto_TensorSchema, { elemType: dataTypes.float32 }) },
  });
  const sequence = create(TypeProto_SequenceSchema, { elemType });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "sequenceType", value: sequence } }),
  });
}

function encodeValueInfo({ name, dtype, shape }: OnnxValueInfo) {
  const dim = shape.map((extent) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof extent === "number"
          ? { case: "dimValue", value: BigInt(extent) }
          : { case: "dimParam", value: extent },
    }),
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: dataTypes[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } }),
  });
}
