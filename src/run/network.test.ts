// The network of a run whose settings name a person's file.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CutoutError } from "../error.ts";
import { buildNetwork } from "../nn/build.ts";
import { resnet9 } from "../nn/networks/resnet9.ts";
import { storedDefinition } from "../nn/stored-network.ts";
import { networkJson } from "../run-folder/index.ts";
import { networkOf, networkOfRun, networkToKeep } from "./network.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-run-network-"));
afterAll(() => rmSync(folder, { recursive: true }));
const args = { input: { height: 32, width: 32, channels: 3 }, numClasses: 2 };
const built = buildNetwork(resnet9, args);

test("is kept in its folder and comes back without running the file", async () => {
  const model = { name: join(folder, "mine.js"), options: {} };
  writeFileSync(model.name, "throw new Error('run');");
  expect(networkToKeep({ model: { name: "resnet9", options: {} } }, resnet9, built)).toBeNull();
  networkJson.write(folder, networkToKeep({ model }, resnet9, built)!);
  expect(buildNetwork(networkOfRun(folder, { model }), args)).toEqual(built);
  await expect(networkOf({ model })).rejects.toThrow("mine.js: cannot be loaded (line 1: run)");
});

test("is kept without what is dropped inside it, which the config says", () => {
  const model = { name: join(folder, "mine.js"), options: {} };
  const regularize = [
    { name: "dropblock", options: { probability: 0.1, blockSize: 3 }, at: "last" },
  ] as const;
  const dropping = buildNetwork(resnet9, { ...args, regularize });
  expect(networkToKeep({ model }, resnet9, dropping)).toEqual(built);
  networkJson.write(folder, networkToKeep({ model }, resnet9, dropping)!);
  expect(buildNetwork(networkOfRun(folder, { model }), { ...args, regularize })).toEqual(dropping);
});

test("has the options that it was built with, whatever they are", () => {
  const model = { name: join(folder, "wide.js"), options: { width: 8, names: ["a", "b"] } };
  const wide = storedDefinition(built, "wide.js", model.options);
  networkJson.write(folder, networkToKeep({ model }, wide, built)!);
  const { options } = model;
  expect(buildNetwork(networkOfRun(folder, { model }), { ...args, options })).toEqual(built);
});

test("that is missing or broken is one line", () => {
  const model = { name: "mine.js", options: {} };
  const line = (text: string | null) => {
    if (text === null) rmSync(join(folder, "network.json"), { force: true });
    else writeFileSync(join(folder, "network.json"), text);
    try {
      networkOfRun(folder, { model });
    } catch (error) {
      expect(error).toBeInstanceOf(CutoutError);
      return (error as Error).message.replace(folder, "");
    }
    return "";
  };
  expect(line(null)).toMatch("/network.json: is missing");
  expect(line("{")).toMatch("/network.json: is not valid JSON");
  expect(line('{"name": "a/b"}')).toMatch("/network.json: name must be a name of at most 100 letters");
});

test("that is shipped needs no file", () => {
  expect(networkOfRun(folder, { model: { name: "resnet9", options: {} } })).toBe(resnet9);
});
