// The report page: what it says comes from the run folder, nothing in it is live but our own script, nothing is fetched.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../test/fixtures/page.ts";
import { epochsOf, makeRunFolder, prediction, temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { completeConfig } from "../../test/helpers/config.ts";
import type { CutoutInput } from "../config/cutout-fields.ts";
import { wilsonInterval } from "../stats/proportion.ts";
import { shellWord } from "../text.ts";
import type { ImagePrediction } from "../train/evaluation.ts";
import { cutoutText } from "./describe.ts";
import { writeReport } from "./html.ts";
import { breakable, flagged } from "./page.ts";

const classes = ["cat", "dog", "bird"];
/** 5 cats (1 taken for a dog), 4 dogs (2 taken for birds), 1 bird. */
const answers: readonly ImagePrediction[] = [
  ...[0, 0, 0, 0, 1].map((predicted, index) => prediction(`cat/${index}.jpg`, 0, predicted)),
  ...[1, 1, 2, 2].map((predicted, index) => prediction(`dog/${index}.jpg`, 1, predicted)),
  prediction("bird/0.jpg", 2),
];

test("a finished run: result, classes, data, settings and commands stand as in the files", async () => {
  const folder = makeRunFolder({ classes, predictions: answers, cutout: { length: 16, nHoles: 2 } });
  const path = await writeReport(folder);
  expect(path).toBe(join(folder, "report.html"));
  const page = readFileSync(path, "utf8");
  checkOffline(page);
  const result = textOf(partOf(page, "result"));
  expect(result).toContain("70.0 % of 10 test images classified right");
  expect(result).toContain("7 right and 3 wrong");
  const { lower, upper } = wilsonInterval(7, 10);
  expect(result).toContain(`between ${(100 * lower).toFixed(1)} % and ${(100 * upper).toFixed(1)} %`);
  expect(result).toContain("most frequent class would give 50.0 %");
  // Weakest F1 first: dog 2*2/(4+3), bird 2*1/(1+3), cat 2*4/(5+4).
  expect(rowsOf(partOf(page, "classes"))).toEqual([
    ["Class", "Found (recall)", "Trusted (precision)", "Balance (F1)", "Test images (support)"],
    ["bird", "100.0 %", "33.3 %", "50.0 %", "1"],
    ["dog", "50.0 %", "66.7 %", "57.1 %", "4"],
    ["cat", "80.0 %", "100.0 %", "88.9 %", "5"],
  ]);
  const data = textOf(partOf(page, "data"));
  for (const text of ["4,321 images of 3 classes", "80 × 72", "3,456", "250", "0123456789abcdef", "0.4877"]) {
    expect(data).toContain(text);
  }
  expect(data).toContain("1 image could not be read");
  expect(data).toContain("cat/broken.jpg: premature end");
  const again = textOf(partOf(page, "again"));
  expect(again).toContain(`cutout train --config ${shellWord(join(folder, "config.json"))}`);
  expect(again).toContain("cutout train './my photos'");
  for (const text of [
    "--cutout16",
    "--n-holes2",
    "--flip0.5",
    "--early-stoppingoff",
    "--augmentoff",
    "versions.node20.1.2",
    "16.0 GiB",
  ]) {
    expect(again).toContain(text);
  }
  expect(again).not.toMatch(/\[\]|\{\}|[{[]"/);
  expect(textOf(page)).toContain(
    "with Cutout (length 16, 2 holes, 10.7 % masked on average) · seed 7 · started 2026-01-02 03:04 UTC",
  );
  expect(page).not.toContain("problems");
  expect(readdirSync(folder).filter((file) => file.endsWith(".partial"))).toEqual([]);
  for (const chart of ["learning-curves.svg", "confusion.svg"]) {
    const { width } = await sharp(readFileSync(join(folder, chart))).metadata();
    expect(width).toBeGreaterThan(200);
  }
});

test("beside a length stands the masked area it gives", () => {
  const text = (cutout: CutoutInput, imageSize: number) =>
    cutoutText(completeConfig({ imageSize, augment: { cutout } }));
  const paper = { length: 16 };
  expect(text(paper, 32)).toBe("with Cutout (length 16, 19.1 % masked on average)");
  expect(text({ ...paper, nHoles: 2, probability: 0.5 }, 32)).toBe(
    "with Cutout (length 16, 2 holes, in 50 % of the images, 17.2 % masked on average)",
  );
  expect(text({ ...paper, placement: "inside", fill: "imageMean", probability: 0.5 }, 32)).toBe(
    "with Cutout (length 16, holes fully inside, filled with the image's mean, in 50 % of the images, 12.5 % masked on average)",
  );
  expect(text({ ...paper, nHoles: 2, length: 8 }, 32)).toBe(
    "with Cutout (length 8, 2 holes, 10.7 % masked on average)",
  );
  expect(cutoutText(completeConfig({}))).toBe("without Cutout");
  expect(cutoutText(null)).toBe("");
});

test("for any answers: counts in the matrix, the cells behind it and the result agree with the list of answers", async () => {
  const run = fc.integer({ min: 2, max: 4 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      pairs: fc.array(fc.tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 })), {
        minLength: 1,
        maxLength: 40,
      }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(run, async ({ size, pairs }) => {
      const names = Array.from({ length: size }, (_, index) => `class ${index}`);
      const predictions = pairs.map(([label, predicted], index) =>
        prediction(`${index}.png`, label, predicted),
      );
      const page = readFileSync(
        await writeReport(makeRunFolder({ classes: names, predictions, epochs: [] })),
        "utf8",
      );
      const right = pairs.filter(([label, predicted]) => label === predicted).length;
      expect(textOf(partOf(page, "result"))).toContain(`${right} right and ${pairs.length - right} wrong`);
      const matrix = partOf(page, "matrix");
      for (let label = 0; label < size; label++) {
        for (let predicted = 0; predicted < size; predicted++) {
          const inCell = predictions.filter((one) => one.label === label && one.predicted === predicted);
          const id = `cell-${label}-${predicted}`;
          const link = `href="#${id}"><path aria-label="class ${label} predicted as class ${predicted}: ${inCell.length}"`;
          expect(matrix.includes(link)).toBe(inCell.length > 0);
          expect(matrix.includes(`id="${id}"`)).toBe(inCell.length > 0);
          if (inCell.length === 0) continue;
          const cell = matrix.slice(matrix.indexOf(`id="${id}"`)).split('class="cell"')[0]!;
          for (const { name } of inCell) expect(cell).toContain(`<li>${name} `);
          expect(cell.split("<li>").length - 1).toBe(inCell.length);
        }
      }
    }),
    { numRuns: 10 },
  );
});

test("what was not read is listed; an older run that does not tell is shown without", async () => {
  const leftOut = [
    { what: ".ppm", count: 20, names: ["cat/1.ppm", "cat/2.ppm"], remedy: "convert them to PNG or JPEG" },
    { what: "hidden files", count: 1, names: ["cat/.x"] },
  ];
  const folder = makeRunFolder({ classes, predictions: answers, epochs: [], dataset: { leftOut } });
  const data = partOf(readFileSync(await writeReport(folder), "utf8"), "data");
  expect(rowsOf(data)).toEqual([
    ["What", "How many", "Such as", "What would have it read"],
    [".ppm", "20", "cat/1.ppm, cat/2.ppm", "convert them to PNG or JPEG"],
    ["hidden files", "1", "cat/.x", ""],
  ]);
  const old = makeRunFolder({ classes, predictions: answers, epochs: [] });
  expect(partOf(readFileSync(await writeReport(old), "utf8"), "data")).not.toContain("Not read");
});

const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</style></svg><b>&amp;",
  "https://example.com/x.png",
  "a\u0000b\u001f\ud800\u202egpj.exe",
  "]]><!-- \n $" + "{alert(1)} {{x}} `",
  "datum.value",
  "__proto__",
];

test("hostile class and file names stay text, in the page and in the SVG files", async () => {
  const predictions = hostile.map((name, index) =>
    prediction(`${name}/${name}`, index, (index * 5 + 1) % hostile.length),
  );
  const folder = makeRunFolder({
    classes: hostile,
    predictions,
    config: { data: hostile[0]!, cacheDir: hostile[1]!, runsDir: hostile[2]! },
    environment: { platform: hostile[0], command: hostile },
    dataset: {
      name: hostile[1],
      fingerprint: hostile[2],
      broken: hostile.map((name) => ({ name, reason: name })),
      leftOut: hostile.map((name) => ({ what: name, count: 1, names: [name], remedy: name })),
    },
  });
  const page = readFileSync(await writeReport(folder), "utf8");
  checkOffline(page);
  expect(page.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
  expect(textOf(page)).toContain('<script>alert(1)</script>, taken for "><img src=x onerror=alert(1)>');
  // librsvg reads XML strictly: a name that broke out would not parse.
  expect((await sharp(readFileSync(join(folder, "confusion.svg"))).metadata()).format).toBe("svg");
});

test("any text as a class name gives a page of the same tags", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), async (name) => {
      const folder = makeRunFolder({
        classes: [name, "other"],
        predictions: [prediction(name, 0, 1)],
        epochs: [],
      });
      checkOffline(readFileSync(await writeReport(folder), "utf8"));
      await sharp(readFileSync(join(folder, "confusion.svg"))).metadata();
    }),
    { numRuns: 8 },
  );
});

const parts: readonly (readonly [string, string])[] = [
  ["config.json", "the settings are not known"],
  ["environment.json", "the machine is not known"],
  ["dataset.json", "nothing can be said about the data"],
  ["metrics.jsonl", "there are no learning curves"],
  ["evaluation.json", "there is no test result"],
  ["augmented.png", "no augmented images"],
];

test("each missing part is said, and the rest is shown", async () => {
  for (const [file, words] of parts) {
    const folder = makeRunFolder({ classes, predictions: answers, epochs: [] });
    rmSync(join(folder, file));
    const page = readFileSync(await writeReport(folder), "utf8");
    checkOffline(page);
    const problems = textOf(partOf(page, "problems"));
    expect(problems).toContain(`${file} is missing`);
    expect(problems).toContain(words);
    expect(partOf(page, "problems").split("<li>").length - 1).toBe(1);
    expect(textOf(partOf(page, "result"))).toContain("70.0 % of 10 test images");
  }
});

test("damaged files are named with the reason, and treated as missing", async () => {
  const damages: readonly (readonly [string, string, string])[] = [
    ["config.json", '{"model": "res', "is not valid JSON"],
    ["config.json", "[1, 2]", "damaged"],
    ["dataset.json", '{"name": 5}', "name:"],
    ["evaluation.json", JSON.stringify({ score: 1 }), "crops:"],
    ["evaluation.json", "", "is not valid JSON"],
  ];
  for (const [file, content, reason] of damages) {
    const folder = makeRunFolder({ classes, predictions: answers, epochs: [] });
    writeFileSync(join(folder, file), content);
    const problems = textOf(partOf(readFileSync(await writeReport(folder), "utf8"), "problems"));
    expect(problems).toContain(`${file} is damaged`);
    expect(problems).toContain(reason);
  }
});

test("an evaluation that names a class it does not have, or disagrees with itself, is said", async () => {
  const folder = makeRunFolder({ classes, predictions: answers, epochs: [] });
  const file = join(folder, "evaluation.json");
  const evaluation = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...evaluation, predictions: [prediction("x", 3)] }));
  expect(readFileSync(await writeReport(folder), "utf8")).toContain("must name classes below 3");
  writeFileSync(file, JSON.stringify({ ...evaluation, confusion: [[1]] }));
  expect(readFileSync(await writeReport(folder), "utf8")).toContain("must be 3 by 3");
  writeFileSync(file, JSON.stringify({ ...evaluation, score: { ...evaluation.score, top1: 0.9 } }));
  expect(readFileSync(await writeReport(folder), "utf8")).toContain("disagrees with itself");
});

test("an interrupted run: a half line is left out, the best epoch so far and the way to go on are named", async () => {
  const folder = makeRunFolder({ classes, predictions: answers, config: { epochs: 30 } });
  rmSync(join(folder, "evaluation.json"));
  const lines = epochsOf(4, 3).map((record) => JSON.stringify(record));
  writeFileSync(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n${lines[3]!.slice(0, 40)}`);
  const page = readFileSync(await writeReport(folder), "utf8");
  expect(textOf(page)).toContain("This run is not finished");
  expect(textOf(page)).toContain("line 5 is damaged and left out");
  const result = textOf(partOf(page, "result"));
  expect(result).toContain("There is no test result yet");
  expect(result).toContain(
    `${(100 * (0.5 + 0.4 * (2 / 3) - 0.02)).toFixed(1)} % of 250 validation images right, at epoch 3`,
  );
  expect(result).toContain("4 epochs of 30 finished");
  expect(result).toContain(`cutout train --resume ${shellWord(folder)}`);
});

test("a run without a validation part: no such curve, no best epoch, the last one tested", async () => {
  const folder = makeRunFolder({ classes, predictions: answers, config: { epochs: 4 } });
  const lines = epochsOf(4).map((record) => JSON.stringify({ ...record, validation: null }));
  writeFileSync(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n`);
  const page = readFileSync(await writeReport(folder), "utf8");
  const curves = textOf(partOf(page, "curves"));
  expect(curves).toContain("there is no validation part");
  expect(curves).not.toMatch(/\(best\)|validation \(red\)|NaN|best:/);
  expect(textOf(partOf(page, "result"))).not.toContain("on the validation images");
  rmSync(join(folder, "evaluation.json"));
  const untested = readFileSync(await writeReport(folder), "utf8");
  expect(textOf(partOf(untested, "result"))).toContain(
    "there are no validation images. 4 epochs of 4 finished.",
  );
});

test.each([
  ["best", 4, "The weights are those of epoch 2 of 4, the best one on the validation images.", "2 (best)"],
  [
    "last",
    4,
    "The weights are those of epoch 4 of 4, the last one (the best one on the validation images was epoch 2).",
    "4 (kept)",
  ],
  ["last", 2, "The weights are those of epoch 2 of 2, the last one.", "2 (best)"],
] as const)("why the weights are kept is said: %s of %i epochs", async (keep, count, text, marked) => {
  const epochs = epochsOf(count, 2);
  const folder = makeRunFolder({ classes, predictions: answers, epochs, config: { keep } });
  const path = join(folder, "evaluation.json");
  const epoch = keep === "best" ? 2 : count;
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), epoch }));
  const page = readFileSync(await writeReport(folder), "utf8");
  expect(textOf(partOf(page, "result"))).toContain(text);
  expect(textOf(partOf(page, "curves"))).toContain(marked);
  expect(textOf(partOf(page, "curves"))).toContain("2 (best)");
});

test("an empty folder gives a page that says so; no folder is an error that names it", async () => {
  const page = readFileSync(await writeReport(temporaryFolder()), "utf8");
  checkOffline(page);
  expect(partOf(page, "problems").split("<li>").length - 1).toBe(parts.length);
  expect(textOf(partOf(page, "result"))).toContain("No epoch was finished");
  const missing = join(temporaryFolder(), "nothing");
  await expect(writeReport(missing)).rejects.toThrow(`${missing}: must be a run folder, found none there`);
});

test("a loss that is no number is said, not drawn", async () => {
  const epochs = epochsOf(3, 2);
  const broken = {
    ...epochs[2]!,
    train: { loss: Number.NaN, top1: 0.5 },
    validation: { ...epochs[2]!.validation!, loss: Number.NaN },
  };
  const folder = makeRunFolder({ classes, predictions: answers, epochs: [epochs[0]!, epochs[1]!, broken] });
  const page = readFileSync(await writeReport(folder), "utf8");
  expect(rowsOf(partOf(page, "curves"))[3]).toEqual([
    "3",
    "no number",
    "50.00 %",
    "no number",
    "74.7 %",
    "0.1",
    "1,234",
    "13 s",
  ]);
  expect(page).not.toContain("NaN");
});

test("after a resume the later record of an epoch counts", async () => {
  const folder = makeRunFolder({ classes, predictions: answers });
  const first = epochsOf(2);
  const again = { ...first[1]!, imagesPerSecond: 999 };
  writeFileSync(
    join(folder, "metrics.jsonl"),
    [...first, again].map((one) => JSON.stringify(one)).join("\n"),
  );
  const rows = rowsOf(partOf(readFileSync(await writeReport(folder), "utf8"), "curves"));
  expect(rows.length).toBe(3);
  expect(rows[2]![6]).toBe("999");
});

test("pictures are put into the page; those outside the images folder never are", async () => {
  const outside = temporaryFolder();
  writeFileSync(join(outside, "secret.png"), "SECRET");
  const wrong = (name: string, picture: string) => ({ ...prediction(name, 0, 1), picture });
  const folder = makeRunFolder({
    classes,
    predictions: [
      wrong("kept", "images/000001.webp"),
      wrong("up", "images/../augmented.png"),
      wrong("absolute", join(outside, "secret.png")),
      wrong("link", "images/link/secret.png"),
      wrong("gone", "images/gone.png"),
      wrong("type", "images/notes.txt"),
    ],
  });
  rmSync(join(folder, "images", "gone.png"));
  symlinkSync(outside, join(folder, "images", "link"));
  writeFileSync(join(folder, "images", "notes.txt"), "SECRET");
  const page = readFileSync(await writeReport(folder), "utf8");
  const wrongPart = partOf(page, "wrong");
  expect(wrongPart.match(/<img /g)?.length).toBe(1);
  expect(wrongPart).toMatch(/<img src="data:image\/webp;base64,[\w+/=]+" alt="kept"/);
  expect(wrongPart.match(/picture not kept/g)?.length).toBe(5);
  expect(page).not.toContain(Buffer.from("SECRET").toString("base64"));
});

test("the most wrong come first", async () => {
  const predictions = [3, 9, 1, 7].map((loss) => ({ ...prediction(`loss-${loss}.jpg`, 0, 1), loss }));
  const page = readFileSync(await writeReport(makeRunFolder({ classes, predictions })), "utf8");
  expect(
    [
      ...partOf(page, "wrong")
        .replaceAll("<wbr>", "")
        .matchAll(/loss-(\d)\.jpg<\/small>/g),
    ].map((match) => match[1]),
  ).toEqual(["9", "7", "3", "1"]);
});

test("names of files may break where people would, flags nowhere, and nothing else is added", () => {
  const broken = (name: string) => breakable(name).text.split("<wbr>");
  expect(broken("cat/a_photo_of_1234.jpg")).toEqual(["cat/", "a_", "photo_", "of_", "1234", ".jpg"]);
  expect(broken("dog.12.jpg")).toEqual(["dog.12", ".jpg"]);
  expect(broken("DSC20341.jpeg")).toEqual(["DSC", "20341", ".jpeg"]);
  expect(broken("a<b>/c&.png")).toEqual(["a&lt;b&gt;/", "c&amp;", ".png"]);
  expect(flagged("“--learning-rate 0.1” on <x>").text).toBe(
    '<span class="flag">“--learning-rate</span> 0.1” on &lt;x&gt;',
  );
});

test("the matrix of ten classes with long names fits a page of 500 pixels", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `a class with a rather long name ${index}`);
  const predictions = names.map((name, index) => prediction(name, index));
  const page = readFileSync(await writeReport(makeRunFolder({ classes: names, predictions })), "utf8");
  // 500 less the page's and the section's padding, and its border.
  expect(Number(/--least:(\d+)px/.exec(page)![1])).toBeLessThanOrEqual(500 - 2 * (9.6 + 12.8 + 1));
});

test("a run that learnt by heart, or ended early, says so in its result", async () => {
  const epochs = epochsOf(6, 2).map((one) => ({ ...one, train: { loss: 0.01, top1: 0.999 } }));
  const config = { epochs: 40, earlyStopping: { patience: 4 } };
  const folder = makeRunFolder({ classes, predictions: answers, epochs, config });
  const result = textOf(partOf(readFileSync(await writeReport(folder), "utf8"), "result"));
  expect(result).toContain(
    "The training ended after epoch 6 of 40: no better validation accuracy than that of epoch 2 for 4 epochs (early stopping).",
  );
  expect(result).toContain("It knows its training images by heart: training 99.9 %, validation 81.3 %");
  const failed = await writeReport(folder, { failure: "the loss must be a finite number" });
  expect(textOf(partOf(readFileSync(failed, "utf8"), "result"))).toContain(
    "The training ended by an error after epoch 6 of 40: the loss must be a finite number.",
  );
});

test("a report that cannot be written names the file, and leaves nothing half done", async () => {
  const folder = makeRunFolder({ classes, predictions: answers });
  mkdirSync(join(folder, "report.html"));
  await expect(writeReport(folder)).rejects.toThrow(/report\.html: could not be written, .*\(E/);
  expect(readdirSync(folder).filter((file) => file.endsWith(".partial"))).toEqual([]);
});
