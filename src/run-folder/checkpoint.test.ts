// Checkpoints: round trip, broken files, another version, a full disk.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { failingAt } from "../../test/helpers/failing-disk.ts";
import { type Tensor, tensor } from "../tensor.ts";
import type { TrainingState } from "../train/network-session.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { encodeTensors, readTensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-checkpoint-"));
const path = join(folder, "last.safetensors");
afterAll(() => rmSync(folder, { recursive: true }));

const anyValue = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 8 })
  .map((numbers): Tensor => tensor("float32", [numbers.length, 1], Float32Array.from(numbers)));
const anyGroup = (prefix: string) =>
  fc
    .uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 4 })
    .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(prefix + name), anyValue))))
    .map((entries) => new Map<string, Tensor>(entries));
const anyState: fc.Arbitrary<TrainingState> = fc.record({
  parameters: anyGroup("weight "),
  buffers: anyGroup("running "),
  optimizer: anyGroup(""),
});

test("a state and its position come back as they were", () => {
  fc.assert(
    fc.property(anyState, fc.jsonValue(), (state, position) => {
      saveCheckpoint(path, state, position);
      const back = loadCheckpoint(path);
      for (const group of ["parameters", "buffers", "optimizer"] as const) {
        expect(new Map([...back.state[group]].sort())).toEqual(new Map([...state[group]].sort()));
      }
      expect(JSON.stringify(back.position)).toBe(JSON.stringify(position));
    }),
  );
});

const small: TrainingState = {
  parameters: new Map([["conv1.weight", tensor("float32", [2], Float32Array.of(1, 2))]]),
  buffers: new Map([["bn1.running_mean", tensor("float32", [1], Float32Array.of(3))]]),
  optimizer: new Map([["conv1.weight.momentum", tensor("float32", [2], Float32Array.of(4, 5))]]),
};

test("parameters and buffers keep their names in the file, optimizer entries get a prefix", () => {
  saveCheckpoint(path, small, null);
  const { tensors, metadata } = readTensors(path);
  expect([...tensors.keys()]).toEqual([
    "conv1.weight",
    "bn1.running_mean",
    "optimizer.conv1.weight.momentum",
  ]);
  expect(metadata.format).toBe("pt");
});

test("a file cut short at any byte gives an error that names it", () => {
  saveCheckpoint(path, small, { epoch: 3 });
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    expect(() => loadCheckpoint(path), `${length} bytes`).toThrow(
      /last\.safetensors: not a whole safetensors file/,
    );
  }
});

test("names that would be mixed up are refused", () => {
  const one = small.parameters.get("conv1.weight")!;
  expect(() => saveCheckpoint(path, { ...small, buffers: new Map([["conv1.weight", one]]) }, null)).toThrow(
    /names must be different, got conv1.weight twice/,
  );
  expect(() => saveCheckpoint(path, { ...small, parameters: new Map([["optimizer.a", one]]) }, null)).toThrow(
    /must not begin with optimizer\., got optimizer.a/,
  );
});

test("a full disk at any call leaves the checkpoint of before", () => {
  saveCheckpoint(path, small, "old");
  let count = 0;
  saveCheckpoint(
    join(folder, "other"),
    small,
    "old",
    failingAt(-1, "ENOSPC", () => count++),
  );
  // The last three calls flush the folder, after the new file is in its place.
  for (let place = 0; place < count - 3; place++) {
    expect(() => saveCheckpoint(path, small, "new", failingAt(place, "ENOSPC"))).toThrow(
      /last\.safetensors: could not be written, the disk is full/,
    );
    expect(loadCheckpoint(path).position).toBe("old");
  }
  expect(count).toBeGreaterThan(6);
});

const meta = { "cutout.version": "1", "cutout.buffers": "[]", "cutout.position": "{}" };
test.each([
  ["no checkpoint of Cutout", {}, /must be a checkpoint written by Cutout, got another safetensors file/],
  [
    "another version",
    { ...meta, "cutout.version": "3" },
    /must be a checkpoint of version 1 to 2, got version 3; use/,
  ],
  ["no position", { "cutout.version": "1", "cutout.buffers": "[]" }, /position and buffers must be JSON/],
  [
    "buffers that are no list",
    { ...meta, "cutout.buffers": "{}" },
    /buffers' names must be a list of strings/,
  ],
  ["a buffer that is missing", { ...meta, "cutout.buffers": '["bn"]' }, /must hold the buffer bn/],
])("%s", (_name, metadata, message) => {
  writeFileSync(path, Buffer.concat(encodeTensors({ tensors: new Map(), metadata })));
  expect(() => loadCheckpoint(path)).toThrow(message);
});
