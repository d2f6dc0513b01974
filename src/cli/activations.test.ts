import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cutout } from "../../test/helpers/command-line.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { hiddenShares } from "../run/activations/hiding.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-activations-"));
const at = (...names: string[]) => join(root, ...names);
const quick = ["--size", "28", "--cache-size", "32", "--epochs", "2", "--batch-size", "8", "--threads", "1"];
const kept = ["--cache-dir", at("cache")];
const parts = ["--validation", "10", "--test", "16"];

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));

beforeAll(async () => {
  await paintPhotos(at("photos"), 26);
  const train = async (name: string, ...flags: readonly string[]) => {
    const all = ["train", at("photos"), ...quick, ...kept, ...parts, "--out", at(name), ...flags];
    expect((await cutout(...all)).err).not.toContain("cutout:");
  };
  await train("plain");
  await train("holes", "--cutout", "14");
  await train("other-parts", "--seed", "5", "--epochs", "1");
  const example = readFileSync("examples/my-network.js", "utf8");
  const here = JSON.stringify(pathToFileURL(resolve("src/index.ts")).href);
  writeFileSync(at("own.mjs"), example.replace('"cutout"', here));
  await train("own", "--model", at("own.mjs"), "--epochs", "1");
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

describe("cutout activations", () => {
  test("two runs: a page, its numbers, and a few lines; with nothing hidden they are the runs' own results", async () => {
    const { code, out } = await cutout(
      "activations",
      at("plain"),
      at("holes"),
      "--out",
      at("look", "two.html"),
    );
    expect(code).toBe(0);
    expect(out).toContain("16 images (test)\n");
    expect(out).toContain(`report  ${at("look", "two.html")}\nnumbers ${at("look", "two.json")}\n`);
    const found = json(at("look", "two.json"));
    expect(found).toMatchObject({
      formatVersion: 1,
      images: 16,
      part: "test",
      classes: ["blue", "red"],
      seed: 0,
    });
    expect(found.runs.map(({ label }: { label: string }) => label)).toEqual(["--no-cutout", "--cutout 14"]);
    for (const [index, name] of ["plain", "holes"].entries()) {
      const { predictions, score } = json(at(name, "evaluation.json"));
      const [whole] = found.hidden;
      expect(whole.runs[index].accuracy).toBeCloseTo(score.top1, 10);
      for (const { name: image, label, runs } of found.maps) {
        const expected = predictions.find((one: { name: string }) => one.name === image);
        expect(label).toBe(expected.label);
        expect(runs[index].predicted).toBe(expected.predicted);
        expect(runs[index].confidence).toBeCloseTo(expected.confidence, 4);
      }
      const { layers } = found.runs[index];
      expect(layers.map((layer: { name: string }) => layer.name)).toEqual([
        "layer1",
        "layer2",
        "layer3",
        "layer3.residual",
      ]);
      for (const { shape, sortedThenAveraged, averagedThenSorted } of layers) {
        expect([sortedThenAveraged.length, averagedThenSorted.length]).toEqual([shape[0], shape[0]]);
      }
    }
    expect(found.hidden.map(({ share }: { share: number }) => share)).toEqual(hiddenShares);
    expect(found.maps).toHaveLength(6);
    const page = readFileSync(at("look", "two.html"), "utf8");
    for (const text of ["layer3.residual: 256 feature maps of 3 x 3", "Grad-CAM", "When a part is hidden"]) {
      expect(page).toContain(text);
    }
    expect(page).not.toMatch(/https?:\/\//);
    expect(page.match(/<img /g)).toHaveLength(6 * 5);
  });

  test("one run, its own layers and images; everything on standard output; the page beside the run", async () => {
    const { predictions } = json(at("plain", "evaluation.json"));
    const name: string = predictions[3].name;
    const asked = ["--layers", "prep,linear", "--images", name, "--weights", "last", "--json"];
    const { code, out, err } = await cutout("activations", at("plain"), ...asked);
    expect(code).toBe(0);
    expect(err).toBe(`report  ${at("activations-plain.html")}\nnumbers ${at("activations-plain.json")}\n`);
    const found = JSON.parse(out);
    expect(found).toEqual(json(at("activations-plain.json")));
    expect(found.runs[0]).toMatchObject({ label: "plain", network: "resnet9", weights: "last", epoch: 2 });
    expect(found.runs[0].layers.map(({ shape }: { shape: readonly number[] }) => shape)).toEqual([
      [32, 28, 28],
      [2],
    ]);
    expect(found.maps).toMatchObject([{ name, why: "asked for" }]);
    expect(found.maps[0].runs[0].gradCam).toMatchObject({ layer: "prep", height: 28, width: 28 });
    expect(found.hidden[0].paired).toBeNull();
  });

  test("the validation part, other images, and a network of a person's own", async () => {
    const own = await cutout("activations", at("own"), "--split", "validation", "--images", "1", "--json");
    const found = JSON.parse(own.out);
    expect(found).toMatchObject({ images: 10, part: "validation" });
    expect(found.runs[0].layers.length).toBeGreaterThan(0);
    await paintPhotos(at("others"), 4);
    const two = [at("plain"), at("other-parts")];
    const others = await cutout(
      "activations",
      ...two,
      "--data",
      at("others"),
      "--images",
      "0",
      "--json",
      ...kept,
    );
    expect(JSON.parse(others.out)).toMatchObject({ images: 8, part: "others", maps: [] });
    // The run's own images, moved: the part, not those that were trained on.
    cpSync(at("photos"), at("moved"), { recursive: true });
    const moved = await cutout(
      "activations",
      at("plain"),
      "--data",
      at("moved"),
      "--images",
      "0",
      "--json",
      ...kept,
    );
    expect(JSON.parse(moved.out)).toMatchObject({ images: 16, part: "test" });
  });

  test("a run that was stopped is looked into as far as it has come", async () => {
    cpSync(at("plain"), at("stopped"), { recursive: true });
    rmSync(at("stopped", "evaluation.json"));
    const lines = readFileSync(at("plain", "metrics.jsonl"), "utf8").split("\n");
    writeFileSync(at("stopped", "metrics.jsonl"), `${lines[0]}\n`);
    const { code, out, err } = await cutout("activations", at("stopped"), at("holes"), "--images", "0");
    expect(err).toMatch(/the run is not finished \(1 of 2 epochs\): its best epoch so far, \d, is used/);
    expect(code).toBe(0);
    expect(out).toContain("16 images (test)");
  });

  const refused: readonly (readonly [what: string, code: number, text: RegExp, words: readonly string[]])[] =
    [
      [
        "no such layer",
        2,
        /^cutout: --layers: must be among the layers of resnet9: prep, layer1, layer1\.residual, .*linear, got conv9\n$/,
        ["plain", "--layers", "conv9"],
      ],
      [
        "different test images",
        1,
        /^cutout: .*plain and .*other-parts: cannot be laid over each other: the runs were tested on different images; split/,
        ["plain", "other-parts"],
      ],
      [
        "the same run twice",
        2,
        /^cutout: activations: must be different run folders, got .*plain twice\n$/,
        ["plain", "plain"],
      ],
      [
        "no such image",
        2,
        /^cutout: --images: must be among the 16 images .*, as .*\.png, got nowhere\.png\n$/,
        ["plain", "--images", "nowhere.png"],
      ],
      [
        "too many images",
        2,
        /^cutout: --images: must be an integer from 0 to 100, got 101\n$/,
        ["plain", "--images", "101"],
      ],
      ["no run", 1, /^cutout: .*photos: must be a run folder made by "cutout train"/, ["photos"]],
      [
        "a page with another ending",
        2,
        /^cutout: --out: must end in \.html, got .*look\.png\n$/,
        ["plain", "--out", at("look.png")],
      ],
      ["other classes", 1, /classes must be among those of the run/, ["plain", "--data", root]],
    ];
  test.each(refused)("%s: one line, and no page", async (_, code, text, words) => {
    const runs = words.map((word) => (["plain", "other-parts", "photos"].includes(word) ? at(word) : word));
    const told = await cutout("activations", ...runs, ...(words.includes("--data") ? kept : []));
    expect(told.err).toMatch(text);
    expect(told).toMatchObject({ code, out: "" });
  });
});
