import { expect, test } from "vitest";
import { configFor, sizesFor } from "../../test/helpers/config.ts";
import { settingsFrom } from "./flags.ts";
import { aboutRecipe, recipeFile, recipeNames } from "./recipes.ts";
import { readSettings } from "./settings.ts";

const names = recipeNames();

/** Of the images of a recipe's data; null for photos. */
const sideOf = (name: string) => (name.startsWith("asirra") ? null : name.includes("stl10") ? 96 : 32);

test("the paper's table is there, and the reviewed experiment", () => {
  expect(names).toContain("asirra-alexnet");
  expect(names).toContain("cifar10-fast");
  // Two networks on two data sets, each with and without crops and with and without Cutout; Shake-Shake; SVHN; STL-10.
  expect(names.filter((name) => name.startsWith("devries2017/"))).toHaveLength(2 * 2 * 4 + 2 + 2 + 4);
});

test.each(names)("%s says what it is, and is a config that can be run", (name) => {
  expect(aboutRecipe(name)).not.toBe("");
  const settings = readSettings({}, recipeFile(name));
  const config = configFor(settings, sizesFor(settings, sideOf(name)), 10_000);
  expect(config).toMatchObject({
    model: { name: settings.model.name },
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    optimizer: settings.optimizer,
    schedule: settings.schedule,
    augment: settings.augment,
    keep: settings.keep,
  });
});

test.each(names.filter((name) => name.startsWith("devries2017/")))(
  "%s follows the paper's protocol: its name says the holes, all images train, the last epoch is tested",
  (name) => {
    const { augment, split, keep } = readSettings({}, recipeFile(name));
    const stl10 = name.includes("-noaug") ? 24 : 32;
    const length = { cifar10: 16, cifar100: 8, svhn: 20, stl10 }[/(cifar100?|svhn|stl10)/.exec(name)![0]];
    expect(augment.cutout).toEqual(name.endsWith("-cutout") ? expect.objectContaining({ length }) : null);
    expect([augment.flip !== 0, augment.padding! > 0]).toEqual(
      Array(2).fill(!name.includes("-noaug") && !name.includes("svhn")),
    );
    expect([split.validation, keep]).toEqual([0, "last"]);
  },
);

test("flags win over a recipe, and errors name it", () => {
  const { settings } = settingsFrom("photos", { recipe: "devries2017/cifar10-resnet18", epochs: "3" });
  expect(settings).toMatchObject({ data: "photos", epochs: 3, batchSize: 128 });
});

test("the format of a recipe is of its own data: that of others is found out", () => {
  const recipe = "devries2017/cifar10-resnet18";
  expect(settingsFrom(undefined, { recipe }).settings.format).toBe("cifar10");
  expect(settingsFrom("photos", { recipe }).settings.format).toBe("auto");
  expect(settingsFrom("photos", { recipe, format: "csv" }).settings.format).toBe("csv");
});

test("an unknown recipe names those like it; a recipe and a config file are one too many", () => {
  expect(() => recipeFile("devries2017/cifar10-resnet81")).toThrow(
    "--recipe: there is no such recipe, got devries2017/cifar10-resnet81; names like it: devries2017/cifar10-resnet18",
  );
  expect(() => recipeFile("cifar10-resnet18")).toThrow("names like it: devries2017/cifar10-resnet18");
  expect(() => recipeFile("../package")).toThrow("cutout recipes lists all of them");
  expect(() => settingsFrom(undefined, { recipe: "asirra-alexnet", config: "mine.json" })).toThrow(
    "--recipe: must not be given together with --config",
  );
});
