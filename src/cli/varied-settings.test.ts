// Lists on the command line: which settings they make, and what is refused.
import { Command } from "commander";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { seedsFrom } from "./seeds.ts";
import { addSetOptions } from "./sweep.ts";
import { variedFrom } from "./varied-settings.ts";

const data = temporaryFolder();

function varied(...words: readonly string[]) {
  const command = addSetOptions(new Command().exitOverride());
  command.parse([...words], { from: "user" });
  return variedFrom(data, command.opts());
}
const cutouts = async (...words: readonly string[]) =>
  (await varied(...words)).arms.map(({ settings }) => settings.augment.cutout);

test("a list of lengths is an arm a value; 0 is without Cutout, and the baseline", async () => {
  const { arms, axes, points, baseline, common } = await varied("--length", "0,8,16", "--epochs", "3");
  expect(arms.map(({ name }) => name)).toEqual(["--no-cutout", "--cutout 8", "--cutout 16"]);
  expect(arms.map(({ settings }) => settings.augment.cutout)).toMatchObject([
    null,
    { length: 8 },
    { length: 16 },
  ]);
  expect(arms.every(({ settings }) => settings.epochs === 3)).toBe(true);
  expect(axes).toEqual([{ flag: "--length", values: ["0", "8", "16"] }]);
  expect(points).toEqual([["0"], ["8"], ["16"]]);
  expect([baseline, common]).toEqual([0, ["--epochs", "3"]]);
  expect(await cutouts("--cutout", "0,8,16")).toEqual(await cutouts("--cutout", "--length", "0,8,16"));
});

test("several lists are a grid, without Cutout once", async () => {
  const { arms, points } = await varied("--length", "0,8,16", "--cutout-shape", "square,circle");
  expect(arms.map(({ name }) => name)).toEqual([
    "--no-cutout",
    "--cutout 8 --cutout-shape square",
    "--cutout 8 --cutout-shape circle",
    "--cutout 16 --cutout-shape square",
    "--cutout 16 --cutout-shape circle",
  ]);
  expect(points[0]).toEqual(["0", null]);
  const mixed = await varied("--length", "0,8", "--learning-rate", "0.1,0.2");
  expect(mixed.arms).toHaveLength(4);
  expect(mixed.baseline).toBeNull();
});

test("what is given for all holes is for none without Cutout", async () => {
  expect(await cutouts("--length", "0,8", "--cutout-shape", "circle")).toMatchObject([
    null,
    { length: 8, shape: "circle" },
  ]);
  const { arms, common } = await varied("--length", "0,8", "--cutout-shape", "circle", "--epochs", "3");
  expect(arms.map(({ name }) => name)).toEqual(["--no-cutout", "--cutout 8 --cutout-shape circle"]);
  expect(common).toEqual(["--epochs", "3"]);
});

test("commas that belong to a value do not part it", async () => {
  const likes = await cutouts("--cutout-like", "timm,torchvision:p=1,value=random,keras");
  expect(likes).toMatchObject([{ like: "timm" }, { like: "torchvision", p: 1 }, { like: "keras" }]);
  expect(await cutouts("--cutout", "--length", "0:4,1:16", "--placement", "anywhere,inside")).toMatchObject([
    {
      length: {
        schedule: [
          [0, 4],
          [1, 16],
        ],
      },
      placement: "anywhere",
    },
    { placement: "inside" },
  ]);
  const nets = await varied("--model", "resnet9,wrn-16-4:dropout=0.3");
  expect(nets.arms.map(({ settings }) => settings.model.name)).toEqual(["resnet9", "wrn-16-4"]);
});

test("what is dropped inside the network is varied like any other setting", async () => {
  const { arms } = await varied(
    "--vary",
    "--regularize none spatial-dropout:0.2@last stochastic-depth:0.1,per=batch@all",
    "--model",
    "resnet9,wrn-16-4",
    "--size",
    "32",
  );
  expect(
    arms.map(({ settings: { model, regularize } }) => [model.name, ...regularize.map(({ name }) => name)]),
  ).toEqual(
    ["resnet9", "wrn-16-4"].flatMap((model) => [
      [model],
      [model, "spatial-dropout"],
      [model, "stochastic-depth"],
    ]),
  );
  await expect(varied("--vary", "--regularize none dropblock@layer9")).rejects.toThrow(
    "--regularize: dropblock@layer9: must stand at a layer of resnet9: prep, layer1",
  );
});

test("--vary takes any flag; switches are on or off", async () => {
  const { arms } = await varied(
    "--vary",
    "--augment none grid-mask 'random-erasing:probability=1'",
    "--vary",
    "--nesterov on off",
  );
  expect(arms.map(({ name }) => name)).toEqual([
    "--no-augment --nesterov",
    "--no-augment --no-nesterov",
    "--augment grid-mask --nesterov",
    "--augment grid-mask --no-nesterov",
    "--augment random-erasing:probability=1 --nesterov",
    "--augment random-erasing:probability=1 --no-nesterov",
  ]);
  expect(arms[4]!.settings.augment.augmentations).toMatchObject([{ name: "random-erasing" }]);
});

test("--arm takes whole settings: square against circle, with an empty one as the baseline", async () => {
  const { arms, baseline } = await varied(
    "--arm",
    "",
    "--arm",
    "--cutout 16",
    "--arm",
    "--cutout 18 --cutout-shape circle",
  );
  expect(baseline).toBe(0);
  expect(arms.map(({ settings }) => settings.augment.cutout)).toMatchObject([
    null,
    { length: 16, shape: "square" },
    { length: 18, shape: "circle" },
  ]);
});

test.each([
  [["--length", "0,8,400"], "--length: must be at most the image's longer side"],
  [["--length", "0,7"], "--length: must be an even integer >= 2, got 7"],
  [["--length", "-4,4"], "--length: must be an even integer >= 2, got -4"],
  [["--cutout", "0,7"], "--cutout: must be an even integer >= 2, got 7"],
  [["--length", "0,,8"], '--length: must be values with commas between, got "0,,8"'],
  [["--length", ""], '--length: must be values with commas between, got ""'],
  [["--vary", "--length"], '--length: must be values with commas between, got ""'],
  [["--length", "8,8"], "--length: must be different values, got 8 twice"],
  [["--length", "0,8", "--vary", "--length 2 4"], "--length: must be varied once"],
  [["--length", "8"], "--length: needs two values or more of a setting"],
  [["--arm", "--cutout 8"], "--arm: must be from 2 to 200 settings in all, got 1"],
  [["--arm", "cats", "--arm", ""], "--arm: must hold flags alone, got cats"],
  [["--vary", "--nope 1 2"], "--vary: must be a flag of cutout train and its values"],
  [["--seed", "0,1", "--length", "0,8"], "--seed: must be one number, the first seed"],
  [["--epochs", "1,two"], "--epochs: must be an integer"],
  [["--cutout-shape", "square,circle"], "--cutout-shape: Cutout is off; turn it on with --cutout"],
])("%j is refused", async (words, message) => {
  await expect(varied(...words)).rejects.toThrow(message);
});

test("images that are not there are told before anything runs", async () => {
  await expect(variedFrom("/no/such/folder", { length: "0,8" })).rejects.toThrow(
    "data: /no/such/folder does not exist",
  );
});

test("seeds are a number of them, a range or a list", () => {
  expect(seedsFrom("--seeds", "3", 5)).toEqual([5, 6, 7]);
  expect(seedsFrom("--seeds", "2-4", 0)).toEqual([2, 3, 4]);
  expect(seedsFrom("--seeds", "7, 1", 0)).toEqual([7, 1]);
  for (const wrong of [
    "0",
    "",
    "-1",
    "1.5",
    "4-2",
    "many",
    "1,",
    "2000",
    "0-1000",
    "99999999999-99999999999",
  ]) {
    expect(() => seedsFrom("--seeds", wrong, 0)).toThrow("--seeds: must be a number of seeds from 1 to 1000");
  }
  expect(() => seedsFrom("--seeds", "1,1", 0)).toThrow("--seeds: must be different seeds, got 1 twice");
});
