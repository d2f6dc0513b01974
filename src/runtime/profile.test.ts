// Reading the profiles of ONNX Runtime.
import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { readProfile, withProfile } from "./profile.ts";

const shapes = { input_type_shape: [{ float: [2, 3] }, { int64: [1] }], output_type_shape: [{ float: [6] }] };
const text = JSON.stringify([
  { cat: "Session", name: "model_run", dur: 9, args: {} },
  { cat: "Node", name: "Neg_0", dur: 4, args: { op_name: "Neg", provider: "WebGpuExecutionProvider" } },
  {
    cat: "Node",
    name: "Reshape_1",
    dur: 5,
    args: { op_name: "Reshape", provider: "CPUExecutionProvider", ...shapes },
  },
  { cat: "Api", name: "Neg_0&Neg&Neg", dur: 1, args: { shapes: "" } },
]);
const nodes = [
  { operator: "Neg", provider: "WebGpuExecutionProvider", microseconds: 4, inputs: [], outputs: [] },
  {
    operator: "Reshape",
    provider: "CPUExecutionProvider",
    microseconds: 5,
    inputs: [
      { type: "float", shape: [2, 3] },
      { type: "int64", shape: [1] },
    ],
    outputs: [{ type: "float", shape: [6] }],
  },
];

it("a profile is read as the nodes that ran, where, for how long and on what", () =>
  expect(readProfile(text)).toEqual(nodes));

it("the place of a profile is gone afterwards, also after an error", async () => {
  let folder = "";
  await withProfile(async (prefix, read) => {
    folder = dirname(prefix);
    writeFileSync(`${prefix}_2026.json`, text);
    expect(read()).toEqual(nodes);
  });
  expect(existsSync(folder)).toBe(false);
  const failing = withProfile(async (prefix) => {
    folder = dirname(prefix);
    throw new Error("no run");
  });
  await expect(failing).rejects.toThrow("no run");
  expect(existsSync(folder)).toBe(false);
});
