import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { configFor, sizesFor } from "../../test/helpers/config.ts";
import { readSettings } from "./settings.ts";

const folder = new URL("../../examples/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));

test("there are examples", () => expect(files.length).toBeGreaterThan(0));

test.each(files)("%s is a config that can be run", (file) => {
  const settings = readSettings({}, fileURLToPath(new URL(file, folder)));
  const config = configFor(settings, sizesFor(settings, null), 10_000);
  expect(config).toMatchObject({
    model: settings.model,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
  });
});
