import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveConfig, resolveSizes } from "./resolve.ts";
import { readSettings } from "./settings.ts";

const folder = new URL("../../examples/", import.meta.url);
const plain = (path: string) => path;
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));

test("there are examples", () => expect(files.length).toBeGreaterThan(0));

test.each(files)("%s is a config that can be run", (file) => {
  const settings = readSettings({ file: fileURLToPath(new URL(file, folder)) });
  const config = resolveConfig(settings, resolveSizes(settings, null, plain), 10_000, plain);
  expect(config).toMatchObject({
    model: settings.model,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
  });
});
