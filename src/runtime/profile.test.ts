// Reading the profiles of ONNX Runtime.
import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { readProfile, withProfile } from "./profile.ts";

const text = JSON.stringify([
  { cat: "Session", name: "model_run", args: {} },
  { cat: "Node", name: "Neg_0_kernel_time", args: { op_name: "Neg", provider: "WebGpuExecutionProvider" } },
  { cat: "Node", name: "Sign_1_kernel_time", args: { op_name: "Sign", provider: "CPUExecutionProvider" } },
  { cat: "Api", name: "Neg_0&Neg&Neg", args: { shapes: "" } },
]);
const nodes = [
  { operator: "Neg", provider: "WebGpuExecutionProvider" },
  { operator: "Sign", provider: "CPUExecutionProvider" },
];

it("a profile is read as the nodes that ran and where", () => expect(readProfile(text)).toEqual(nodes));

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
