import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cutout, type Outcome } from "../../test/helpers/command-line.ts";
import { paint } from "../../test/helpers/data.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { CutoutError } from "../error.ts";
import { writeReport } from "../report/html.ts";
import { describeFailure } from "./console.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-cli-"));
const at = (...names: string[]) => join(root, ...names);
/** Settings of a run that takes a second, kept in the test's folder. */
const quick = ["--size", "28", "--cache-size", "32", "--epochs", "1", "--batch-size", "8", "--threads", "1"];
const folders = ["--cache-dir", at("cache"), "--runs-dir", at("runs")];

/** Starts a command line as a process of its own. */
function start(...words: readonly string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", resolve("src/cli/main.ts"), ...words]);
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    err += text;
  });
  const ended = new Promise<Outcome>((done) => {
    child.on("close", (code) => done({ code: code ?? -1, out, err }));
  });
  const seen = async (pattern: RegExp) => {
    while (!pattern.test(err)) {
      if (child.exitCode !== null) throw new Error(`ended before ${pattern}: ${err}`);
      await new Promise((wake) => setTimeout(wake, 10));
    }
  };
  return { child, ended, seen };
}

beforeAll(async () => {
  await paintPhotos(at("photos"), 30);
  writeFileSync(at("photos", "red", "empty.png"), "");
  await Promise.all([
    paint(at("one-class", "red", "0.png"), [200, 0, 0]),
    paint(at("empty-class", "red", "0.png"), [200, 0, 0]),
    paint(at("twins", "Cat", "0.png"), [200, 0, 0]),
    paint(at("twins", "cat", "0.png"), [0, 0, 200]),
    paint(at("broken", "blue", "0.png"), [0, 0, 200]),
    paint(at("broken", "red", "0.png"), [200, 0, 0]),
  ]);
  mkdirSync(at("empty-class", "blue"));
  mkdirSync(at("texts", "a"), { recursive: true });
  writeFileSync(at("texts", "a", "notes.txt"), "hello");
  writeFileSync(at("broken", "red", "1.png"), readFileSync(at("broken", "red", "0.png")).subarray(0, 60));
  writeFileSync(at("settings.json"), JSON.stringify({ data: at("photos"), epoch: 3 }));
  const bomb = await sharp({ create: { width: 200, height: 200, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  for (const name of ["red", "blue"]) {
    mkdirSync(at("bombs", name), { recursive: true });
    writeFileSync(at("bombs", name, "0.png"), bomb);
  }
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a mistake gives one line that names it, no stack, and an exit code", () => {
  const mistakes: readonly (readonly [what: string, code: number, text: RegExp, words: readonly string[]])[] =
    [
      ["no data", 2, /^cutout: DATA: must be a folder of images, or fashion-mnist, got nothing$/, ["train"]],
      [
        "missing folder",
        1,
        /nowhere does not exist; give the folder that holds the images$/,
        ["train", at("nowhere")],
      ],
      ["empty class", 1, /class folder .*blue must hold images, got none/, ["train", at("empty-class")]],
      ["one class only", 1, /must hold at least two classes, got one \("red"\)/, ["train", at("one-class")]],
      ["a folder of text files", 1, /must hold images .*, got 1 other file, .txt: 1/, ["train", at("texts")]],
      ["class names twice", 1, /class names of .* must differ, got "Cat" and "cat"/, ["train", at("twins")]],
      ["too many broken images", 1, /red\/1\.png/, ["train", at("broken")]],
      ["a decompression bomb", 1, /more than 10000 pixels/, ["train", at("bombs"), "--max-pixels", "10000"]],
      [
        "odd length",
        2,
        /^cutout: --length: must be an even integer >= 2, got 7; an odd side is told as .* 7-7$/,
        ["train", "x", "--cutout", "--length", "7"],
      ],
      [
        "negative length",
        2,
        /^cutout: --length: must be an even integer >= 2, got -4$/,
        ["train", "x", "--cutout", "--length=-4"],
      ],
      [
        "length too large",
        2,
        /^cutout: --cutout: must be at most the image's longer side, 64, got 80$/,
        ["train", at("photos"), "--cutout", "80"],
      ],
      [
        "unknown model",
        2,
        /^cutout: --model: must be one of alexnet, .*, wrn-DEPTH-WIDEN or the path of a .js, .mjs or .ts file, got "vgg"$/,
        ["train", "x", "--model", "vgg"],
      ],
      [
        "a batch larger than the data",
        2,
        /^cutout: --batch-size: must be at most the number of training images \(39\), got 500$/,
        ["train", at("photos"), "--batch-size", "500"],
      ],
      [
        "more training images than there are",
        2,
        /^cutout: --train-images: must be at most the 39 images/,
        ["train", at("photos"), "--train-images", "40"],
      ],
      [
        "images too small for the network",
        2,
        /^cutout: --size: must be at least 67 for alexnet, got 32$/,
        ["train", at("photos"), "--model", "alexnet", "--size", "32"],
      ],
      [
        "more padding than image",
        2,
        /^cutout: --padding: must be less than the image size \(32\), got 40$/,
        ["train", at("photos"), "--size", "32", "--padding", "40"],
      ],
      [
        "unknown flag",
        2,
        /unknown option '--epoch'\n\(Did you mean --epochs\?\)/,
        ["train", "x", "--epoch", "3"],
      ],
      ["unknown command", 2, /unknown command 'trian'\n\(Did you mean one of train, trial\?\)/, ["trian"]],
      [
        "unknown key of a config file",
        2,
        /settings\.json: epoch: unknown key \(did you mean epochs\?\)$/,
        ["train", "--config", at("settings.json")],
      ],
      [
        "missing config file",
        2,
        /--config: no such file: .*nowhere\.json$/,
        ["train", "--config", at("nowhere.json")],
      ],
      [
        "missing groups file",
        1,
        /^cutout: groups: .*nowhere\.tsv cannot be read, it does not exist \(ENOENT\)/,
        ["train", at("photos"), "--groups", at("nowhere.tsv")],
      ],
      [
        "other settings with --resume",
        2,
        /--resume: goes on with the settings of the run; leave out --seed/,
        ["train", "--resume", "x", "--seed", "3"],
      ],
      ["missing run", 1, /nowhere: no such run folder/, ["eval", at("nowhere")]],
      ["no run folder", 1, /photos: must be a run folder made by "cutout train"/, ["eval", at("photos")]],
      ["no run folder to resume", 1, /photos: must be a run folder/, ["train", "--resume", at("photos")]],
      ["one run to compare", 2, /compare: needs two or more run folders, got 1/, ["compare", at("photos")]],
      ["no images to predict", 2, /^cutout: IMAGES: must be image files, .* got nothing$/, ["predict", "x"]],
      [
        "no run folder to predict with, whatever the images",
        1,
        /photos: must be a run folder/,
        ["predict", at("photos"), at("nowhere.jpg")],
      ],
      [
        "one run compared with itself",
        2,
        /^cutout: compare: must be different run folders, got .*photos\/ twice$/,
        ["compare", at("photos"), `${at("photos")}/`],
      ],
      [
        "a known data set that is not here",
        1,
        /^cutout: data: svhn does not exist; get it with: cutout data get svhn$/,
        ["train", "svhn"],
      ],
      [
        "a preview by the name of another format",
        2,
        /^cutout: --out: must end in \.png, got a\.jpg$/,
        ["preview", at("photos"), "--out", "a.jpg"],
      ],
      [
        "a preview among the photos",
        2,
        /^cutout: --out: must lie outside of .*photos, where the next training would take it for a photo, got .*; name another place, as --out \.\.\/preview\.png$/,
        ["preview", at("photos"), "--out", at("photos", "preview.png")],
      ],
      [
        "a model by the name of another format",
        2,
        /^cutout: --out: must end in \.onnx, got m\.txt$/,
        ["export", at("photos"), "--out", "m.txt"],
      ],
      [
        "a missing model",
        1,
        /^cutout: nowhere\.onnx: .*does not exist/,
        ["predict", "nowhere.onnx", "y.jpg"],
      ],
      [
        "a folder where a file is to be written",
        2,
        /^cutout: --out: must be the name of a file, got the folder .*photos$/,
        ["export", at("photos"), "--out", at("photos")],
      ],
      [
        "an unknown augmentation",
        2,
        /^cutout: --augment: augmentations: name must be one of affine, .*, got "gridmask"$/,
        ["train", "x", "--augment", "gridmask"],
      ],
      [
        "a wrong number of classes to show",
        2,
        /--top.*must be an integer >= 1, got many/,
        ["predict", "x", "y", "--top", "many"],
      ],
    ];

  const mistaken = ["--cache-dir", at("cache"), "--runs-dir", at("no runs")];
  test.each(mistakes)("%s", async (_, code, text, words) => {
    const { err, out, ...outcome } = await cutout(
      ...words,
      ...(/^(train|preview)$/.test(words[0]!) && !words.includes("--resume") ? mistaken : []),
    );
    const said = err.replace("\n(--help lists the options)", "").trimEnd();
    expect(said.split("\n").find((line) => line.startsWith("cutout: ")) ?? "").not.toContain("unexpected");
    const last = said.slice(said.indexOf("cutout: "));
    expect(last).toMatch(text);
    expect(last.split("\n").length).toBeLessThanOrEqual(2);
    expect(err).not.toMatch(/\n\s+at /);
    expect(out).toBe("");
    expect(outcome.code).toBe(code);
    expect(existsSync(at("no runs"))).toBe(false);
  });
});

test("errors of ours say so, and show the stack only when asked", () => {
  const ours = new TypeError("x is not a function");
  expect(describeFailure(ours, false)).toEqual({
    text: "cutout: unexpected: x is not a function (add --debug to see where)",
    exitCode: 1,
  });
  expect(describeFailure(ours, true).text).toContain("program.test.ts");
  expect(describeFailure(new CutoutError({ where: "data", what: "two\nlines" }), false).text).toBe(
    "cutout: data: two lines",
  );
  expect(describeFailure(new CutoutError({ where: "data", what: "\x1b[2Jcat" }), false).text).toBe(
    "cutout: data: \uFFFD[2Jcat",
  );
  expect(describeFailure(new Error("internal: a slip"), false).text).toMatch(/^cutout: unexpected: internal/);
});

describe("from photos to predictions", () => {
  const runs = { without: at("runs", "without"), with: at("runs", "with") };

  test("train, eval, predict, export and compare", async () => {
    const train = await cutout("train", at("photos"), ...quick, ...folders, "--out", runs.without);
    expect(train.err).toContain("red/empty.png (empty file (0 bytes))");
    expect(train.err).toMatch(/epoch 1\/1 {2}loss/);
    expect(train.out).toMatch(/^test accuracy [\d.]+ % on 15 images/);
    expect(train.out).toContain(`report  ${join(runs.without, "report.html")}`);
    expect(train.code).toBe(0);
    const other = await cutout(
      "train",
      at("photos"),
      ...quick,
      ...folders,
      "--out",
      runs.with,
      "--cutout",
      "8",
    );
    expect(other.err).toContain("with trivial-augment, Cutout (length 8, ");

    const evaluated = await cutout("eval", runs.without);
    expect(evaluated.out.split("\n")[0]).toMatch(/^accuracy [\d.]+ %, loss [\d.]+ on 15 images$/);
    expect(train.out).toContain(evaluated.out.match(/accuracy [\d.]+ %/)![0]);
    const full = JSON.parse((await cutout("eval", runs.without, "--json", "--crops", "ten")).out);
    expect(full).toMatchObject({ crops: "ten", score: { count: 15 } });
    expect(full.predictions.length).toBe(15);

    const own = await cutout("eval", runs.without, at("photos"));
    expect(own.err).toMatch(/holds the run's own images, of which 39 were trained on/);
    expect(own.out).toMatch(/^accuracy .* on 60 images; 1 not read\n/);
    await Promise.all(["red", "blue"].map((name) => paint(at("new", name, "0.png"), [90, 90, 90])));
    expect((await cutout("eval", runs.without, at("new"))).err).toBe("");

    const missing = await cutout("predict", runs.without, at("nowhere.jpg"));
    expect(missing).toMatchObject({ code: 1, out: "" });
    expect(missing.err).toMatch(/nowhere\.jpg: not read: no such image or folder/);

    const files = [
      at("photos", "red", "0.png"),
      at("photos", "red", "empty.png"),
      at("photos", "blue", "0.png"),
    ];
    const table = await cutout("predict", runs.without, ...files, "--top", "1");
    expect(
      table.out
        .trimEnd()
        .split("\n")
        .map((line) => files.find((file) => line.startsWith(`${file}  `))),
    ).toEqual([files[0], files[2]]);
    expect(table.err).toBe(`cutout: ${files[1]}: not read: empty file (0 bytes)\n`);
    expect(table.code).toBe(1);
    const lines = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    const listed = lines((await cutout("predict", runs.without, at("photos", "*", "?.png"), "--json")).out);
    expect(listed.length).toBe(20);
    for (const { classes } of listed) {
      expect(classes[0].probability + classes[1].probability).toBeCloseTo(1, 5);
      expect(classes[0].probability).toBeGreaterThanOrEqual(classes[1].probability);
    }
    const mixed = await cutout("predict", runs.without, ...files, "--json");
    expect(lines(mixed.out)).toMatchObject([
      { file: files[0] },
      { file: files[1], error: "empty file (0 bytes)" },
      { file: files[2] },
    ]);
    const strange = at("strange\n\x1b[31m.png");
    writeFileSync(strange, readFileSync(files[0]!));
    const printed = await cutout("predict", runs.without, strange);
    expect(printed.out).toMatch(/^.*strange\uFFFD\uFFFD\[31m\.png {2}\w+ +[\d.]+ % .*\n$/);
    expect(lines((await cutout("predict", runs.without, strange, "--json")).out)[0].file).toBe(strange);
    const none = await cutout("predict", runs.without, files[1]!);
    expect(none).toMatchObject({ code: 1, out: "" });

    const exported = await cutout("export", runs.without, "--out", at("models", "photos.onnx"));
    expect(exported.out).toMatch(/photos\.onnx {2}[\d.]+ MB\n$/);
    expect(readFileSync(at("models", "photos.onnx")).length).toBeGreaterThan(1e6);

    const compared = await cutout("compare", runs.without, runs.with);
    expect(compared.out).toMatch(
      /^Cutout off against 8\nwithout {2}--no-cutout {2}seed 0 +[\d.]+ % {2}without Cutout, with trivial-augment\nwith {5}--cutout 8 {3}seed 0 +[\d.]+ % {2}with trivial-augment, Cutout \(length 8, [\d.]+ % masked on average\)/,
    );
    expect(compared.out).toMatch(/[\d.]+ percentage points of 15 test images \(95 % interval /);
    expect(compared.out).toContain("Too few seeds for a verdict: 1 pair.");
    expect(existsSync(at("runs", "without--with.html"))).toBe(true);

    const again = await cutout("train", at("photos"), ...quick, ...folders, "--out", runs.with);
    expect(again.err).toContain("exists already and is not overwritten");
    const config = JSON.parse(readFileSync(join(runs.with, "config.json"), "utf8"));
    writeFileSync(join(runs.with, "config.json"), JSON.stringify({ ...config, formatVersion: 9 }));
    const version = await cutout("eval", runs.with);
    expect(version).toMatchObject({ code: 1 });
    expect(version.err).toMatch(
      /^cutout: .*config\.json: must have format version 2 to 7, got 9; use the version/,
    );
  });

  test("preview", async () => {
    const out = at("pictures", "preview.png");
    const preview = await cutout("preview", at("photos"), ...folders, "--cutout", "--out", out);
    expect(preview).toMatchObject({
      code: 0,
      out: `${out}  with trivial-augment, Cutout (length 32, 19.1 % masked on average)\nin this order: trivial-augment, crop, flip, normalization, Cutout\n`,
    });
    expect((await sharp(out).metadata()).format).toBe("png");
  });

  test("eval and preview say what of the data is not read, as train does", async () => {
    const photos = at("photos, and more");
    await paintPhotos(photos, 12);
    writeFileSync(join(photos, "red", "x.ppm"), "P6");
    const trained = await cutout("train", photos, ...quick, ...folders, "--out", at("runs", "notes"));
    const told = "not read: .ppm: 1 (convert them to PNG or JPEG)";
    expect(trained.err).toContain(`${told}; dataset.json names some of each\n`);
    for (const words of [
      ["eval", at("runs", "notes")],
      ["eval", at("runs", "notes"), photos],
      ["preview", photos, ...quick.slice(0, 4), ...folders, "--out", at("notes.png")],
    ]) {
      const { code, err } = await cutout(...words);
      expect([code, err]).toEqual([
        0,
        expect.stringContaining(`${told}; cutout data stats names some of each\n`),
      ]);
    }
  });

  test("a preview of images that are mixed shows them mixed", async () => {
    const picture = async (...words: readonly string[]) => {
      const out = at("pictures", "mixed.png");
      expect((await cutout("preview", at("photos"), ...folders, "--out", out, ...words)).code).toBe(0);
      // Without the title, which tells them apart anyway.
      const { width, height } = await sharp(out).metadata();
      const grid = { left: 0, top: 80, width, height: height - 80 };
      return sharp(out).extract(grid).raw().toBuffer();
    };
    const plain = await picture();
    expect((await picture("--no-mix")).equals(plain)).toBe(true);
    expect((await picture("--mix", "mixup")).equals(plain)).toBe(false);
    expect((await picture("--mix", "batch-augmentation")).equals(plain)).toBe(true);
  });

  test("a learning rate that makes the loss NaN ends the run, and what was written is kept", async () => {
    const out = at("runs", "diverged");
    const { err, code } = await cutout(
      "train",
      at("photos"),
      ...quick,
      ...folders,
      "--learning-rate",
      "1e12",
      "--out",
      out,
    );
    expect(err).toMatch(
      /what was written before is kept in .*diverged\ncutout: training: .* at step \d+ of 4 in epoch 1/,
    );
    expect(code).toBe(1);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("The training ended by an error");
    expect(existsSync(join(out, "last.safetensors"))).toBe(true);
    // The folder knows it too: a report that is made again says the same.
    const reason = err
      .trim()
      .split("\n")
      .at(-1)!
      .replace(/^cutout: /, "");
    expect(JSON.parse(readFileSync(join(out, "failure.json"), "utf8")).reason).toBe(reason);
    const again = readFileSync(await writeReport(out), "utf8");
    expect(again).toContain(
      "The training ended by an error before the first epoch had ended: training: the loss must",
    );
    expect(again).not.toContain("Go on with it");
  });
});

describe("as a process of its own", () => {
  test("a mistake is one line on standard error, and --debug adds the stack", async () => {
    const [plain, debug] = await Promise.all([
      start("train", at("nowhere")).ended,
      start("train", at("nowhere"), "--debug").ended,
    ]);
    expect(plain).toMatchObject({ code: 1, out: "" });
    expect(plain.err).toMatch(/^cutout: data: .*\n$/);
    expect(debug.err).toMatch(/\n\s+at /);
  });

  test("Ctrl-C ends after the step, saves, and says how to go on", async () => {
    const out = at("runs", "is interrupted");
    const { child, ended, seen } = start(
      "train",
      at("photos"),
      ...quick,
      ...folders,
      "--epochs",
      "500",
      "--out",
      out,
    );
    await seen(/epoch +1\/500/);
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toMatch(/the training was interrupted by Ctrl-C \(SIGINT\) after epoch \d+ of 500\n/);
    expect(err).toMatch(/interrupted and saved; go on with: cutout train --resume '.*is interrupted'\n$/);
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toContain('"epoch":1,');
    expect(err).toContain(`report  ${join(out, "report.html")}\n`);
    expect(existsSync(join(out, "report.html"))).toBe(true);
    for (const words of [["eval"], ["export"], ["predict", at("photos", "red", "0.png")]]) {
      const [command, ...rest] = words as [string, ...string[]];
      const told = await cutout(command, out, ...rest);
      expect(told.err).toMatch(
        /^the run is not finished \(\d+ of 500 epochs\): its best epoch so far, \d+, is used; to go on with it: cutout train --resume '.*is interrupted'\n$/,
      );
      expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/accuracy|model\.onnx|0\.png/) });
    }
  });

  test("a run goes on when nobody reads its progress any more", async () => {
    const out = at("runs", "unread");
    const { child, ended } = start("train", at("photos"), ...quick, ...folders, "--out", out);
    child.stderr.destroy();
    expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining("test accuracy") });
    expect(existsSync(join(out, "report.html"))).toBe(true);
  });

  test("a reader that goes away is no error", async () => {
    const { child, ended } = start("train", "--help");
    child.stdout.destroy();
    const { code, err } = await ended;
    expect(err).toBe("");
    expect(code).toBe(0);
  });
});
