import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { paint } from "../../test/helpers/data.ts";
import { serve, startFileServer } from "../../test/helpers/file-server.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { readSettings } from "../config/settings.ts";
import { describeModel } from "../onnx/proto.ts";
import { loadCheckpoint, saveCheckpoint } from "../run-folder/checkpoint.ts";
import {
  type Classification,
  type Classified,
  type Classifier,
  type ClassifierEvent,
  type ClassifyOptions,
  exportRun,
  type ImageInput,
  openClassifier,
} from "./classifier.ts";
import { runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-classifier-"));
const at = (...names: string[]) => join(root, ...names);
const data = at("photos");
const settings = readSettings({
  data,
  imageSize: 28,
  cacheSize: 36,
  epochs: 2,
  batchSize: 8,
  threads: 1,
  loaderWorkers: 0,
  crops: "ten",
  split: { validation: 8, test: 12 },
  cacheDir: at("cache"),
  runsDir: at("runs"),
});

let runDir: string;
let classifier: Classifier;
let photo: Buffer;
beforeAll(async () => {
  await paintPhotos(data, 26);
  ({ runDir } = await runTrial(settings));
  classifier = await openClassifier(runDir);
  photo = readFileSync(join(data, "red", "0.png"));
});
afterAll(async () => {
  await classifier.close();
  rmSync(root, { recursive: true });
});

async function answers(
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  options?: ClassifyOptions,
  by = classifier,
): Promise<Classified[]> {
  const all: Classified[] = [];
  for await (const answer of by.classify(images, options)) all.push(answer);
  return all;
}

async function one(image: ImageInput, options?: ClassifyOptions, by = classifier): Promise<Classification> {
  const [answer] = await answers([image], options, by);
  if (answer === undefined || "reason" in answer) throw new Error(`no answer: ${answer?.reason}`);
  return answer;
}

describe("the answer for an image", () => {
  test("is the run's own crops, likeliest class first, and topK of them", async () => {
    const usual = await one(photo);
    expect(usual).toMatchObject({ index: 0, file: null });
    expect(usual.classes.map(({ name }) => name).sort()).toEqual(["blue", "red"]);
    expect(usual.classes[0]!.probability).toBeGreaterThan(usual.classes[1]!.probability);
    expect(classifier.crops).toBe("ten");
    expect(await one(photo, { crops: "ten" })).toEqual(usual);
    expect(await one(photo, { crops: "center" })).not.toEqual(usual);
    expect((await one(photo, { topK: 1 })).classes).toEqual(usual.classes.slice(0, 1));
    expect((await one(photo, { topK: 9 })).classes).toEqual(usual.classes);
  });

  test("does not depend on the images beside it, nor on the threads", async () => {
    const alone = await one(photo);
    const among = await answers(Array.from({ length: 70 }, () => photo));
    expect(among.map(({ index }) => index)).toEqual(Array.from({ length: 70 }, (_, index) => index));
    const two = await openClassifier(runDir, { threads: 2 });
    for (const answer of [...among, await one(photo, {}, two)]) {
      if ("reason" in answer) throw new Error(answer.reason);
      answer.classes.forEach(({ name, probability }, place) => {
        expect(name).toBe(alone.classes[place]!.name);
        expect(probability).toBeCloseTo(alone.classes[place]!.probability, 5);
      });
    }
    await two.close();
  });

  test("is the same from whatever the image is in", async () => {
    const file = join(data, "red", "0.png");
    const { data: pixels, info } = await sharp(photo)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const withAlpha = await sharp(photo).ensureAlpha().raw().toBuffer();
    const server = await startFileServer();
    server.answers = [serve(photo)];
    const pipe = at("pipe");
    execFileSync("mkfifo", [pipe]);
    execFile("sh", ["-c", `cat '${file}' > '${pipe}'`]);
    const inputs: ImageInput[] = [
      file,
      pathToFileURL(file),
      pathToFileURL(file).href,
      photo,
      new Uint8Array(photo),
      new Uint8Array(photo).buffer,
      new Blob([new Uint8Array(photo)]),
      { data: pixels, width, height },
      { data: pixels, width, height, channels: 3 },
      { data: new Uint8ClampedArray(withAlpha), width, height },
      sharp(photo),
      sharp(pixels, { raw: { width, height, channels: 3 } }),
      `${server.address}a.png`,
      new URL(`${server.address}a.png`),
      pipe,
    ];
    const { classes } = await one(photo);
    for (const [place, answer] of (await answers(inputs)).entries()) {
      expect(answer, `input ${place}`).toMatchObject({ index: place, classes });
    }
    expect((await one(file)).file).toBe(file);
    expect((await one(pathToFileURL(file))).file).toBe(pathToFileURL(file).href);
    await server.close();
  });

  test("comes before a stream has ended", async () => {
    const given: string[] = [];
    async function* slow() {
      for (const name of ["red", "blue", "red"]) {
        given.push(name);
        yield join(data, name, "1.png");
        await new Promise((wake) => setTimeout(wake, 200));
      }
    }
    const seen: number[] = [];
    for await (const { index } of classifier.classify(slow())) {
      seen.push(index);
      expect(given.length).toBeLessThanOrEqual(index + 1);
    }
    expect(seen).toEqual([0, 1, 2]);
  });

  test("ends the stream of a reader that stops early", async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield photo;
      } finally {
        ended = true;
      }
    }
    for await (const { index } of classifier.classify(endless())) if (index === 3) break;
    expect(ended).toBe(true);
  });

  test("of one image costs what one costs, not what 64 do", async () => {
    const took = async (count: number) => {
      const images = Array.from({ length: count }, () => photo);
      const start = performance.now();
      await answers(images, { crops: "center" });
      return performance.now() - start;
    };
    const fastest = async (count: number) =>
      Math.min(
        ...(await [1, 2, 3, 4, 5].reduce<Promise<number[]>>(
          async (all) => [...(await all), await took(count)],
          Promise.resolve([]),
        )),
      );
    await took(1);
    expect(await fastest(1)).toBeLessThan((await fastest(64)) / 4);
  });
});

describe("an image without an answer", () => {
  test("hides no other, and says why", async () => {
    const server = await startFileServer();
    server.answers = [(_, response) => response.writeHead(404).end()];
    const [width, height] = [2, 2];
    const bad: [unknown, string | RegExp][] = [
      [at("nowhere.png"), "cannot be opened (ENOENT)"],
      [data, "must be an image, got a folder"],
      ["/dev/zero", "must be an image, got a device"],
      [Buffer.alloc(0), "empty file (0 bytes)"],
      [photo.subarray(0, 60), /^truncated or damaged/],
      [Buffer.from("hello"), /^no image in a known format/],
      [null, /^must be a path, a URL, bytes, .* got null$/],
      [7, /got number$/],
      [
        { data: new Uint8Array(5), width, height },
        "data must hold 2 x 2 pixels of 1, 3 or 4 bytes, got 5 bytes",
      ],
      [
        { data: new Float32Array(12), width, height },
        "data must be a Uint8Array of 8-bit pixels, got object",
      ],
      [{ data: new Uint8Array(0), width: 0, height }, "width must be an integer >= 1, got 0"],
      [new URL("ftp://example.org/a.png"), "must be an http, https or file address, got ftp:"],
      [`${server.address}a.png`, "cannot be fetched (status 404)"],
      [sharp(Buffer.from("hello")), /unsupported image format/],
    ];
    const all = await answers(bad.flatMap(([image]) => [image as ImageInput, photo]));
    await server.close();
    const { classes } = await one(photo);
    for (const [place, [, reason]] of bad.entries()) {
      const said = all[2 * place] as { readonly reason: string };
      if (typeof reason === "string") expect(said.reason).toBe(reason);
      else expect(said.reason).toMatch(reason);
      expect(all[2 * place + 1]).toMatchObject({ classes });
    }
  });

  test("is one whose numbers are NaN or infinite, in a data set too", async () => {
    const damaged = at("damaged");
    cpSync(runDir, damaged, { recursive: true });
    const path = join(damaged, "last.safetensors");
    const { state, position } = loadCheckpoint(path);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      [...state.parameters.values()].at(-1)!.data[0] = value;
      saveCheckpoint(path, state, position);
      const broken = await openClassifier(damaged).catch((error: Error) => error);
      // Weights may be looked at when they are read.
      if (broken instanceof Error) {
        expect(broken.message).toMatch(/last\.safetensors/);
        continue;
      }
      expect(await answers([photo], {}, broken)).toEqual([
        { index: 0, file: null, reason: "the network gives NaN or infinite numbers for it" },
      ]);
      await expect(broken.evaluateData(data)).rejects.toThrow(
        "blue/0.png: the network gives NaN or infinite numbers for it",
      );
      await broken.close();
    }
  });
});

describe("what is asked for is done or refused by name", () => {
  const told = <T>(value: T) => value as never;
  test.each<[string, () => unknown, string]>([
    [
      "a single path",
      () => classifier.classify(told("a.png")),
      'classify: images must be a list, got the text "a.png"; put a single image into brackets: classify([image])',
    ],
    [
      "a single buffer",
      () => classifier.classify(told(Buffer.of(1))),
      "classify: images must be a list, got one image",
    ],
    [
      "no images",
      () => classifier.classify(told(undefined)),
      "classify: images must be a list, got undefined",
    ],
    [
      "crops",
      () => classifier.classify([], { crops: told("five") }),
      'classify: crops must be center, ten or six, got "five"',
    ],
    [
      "the crops by themselves",
      () => classifier.classify([], told("center")),
      "classify: options must be an object of signal, onEvent, crops, topK, got center",
    ],
    ["topK", () => classifier.classify([], { topK: 0 }), "classify: topK must be an integer >= 1, got 0"],
    ["topK that is no number", () => classifier.classify([], { topK: Number.NaN }), "got NaN"],
    [
      "a misspelt option",
      () => classifier.classify([], told({ topk: 1 })),
      "classify: topk is no option; there are",
    ],
  ])("%s", (_, call, message) => expect(call).toThrow(message));

  test.each<[string, object, string]>([
    ["weights", { weights: "worst" }, 'openClassifier: weights must be best or last, got "worst"'],
    ["threads", { threads: 1.5 }, "openClassifier: threads must be an integer >= 1, got 1.5"],
    ["device", { device: "gpu" }, 'openClassifier: device must be cpu, webgpu or auto, got "gpu"'],
    ["an old option", { tell: () => {} }, "openClassifier: tell is no option"],
  ])("%s of a classifier", async (_, options, message) => {
    await expect(openClassifier(runDir, options)).rejects.toThrow(message);
  });

  test("after close()", async () => {
    const closed = await openClassifier(runDir);
    const waiting = closed.classify([photo]);
    await closed.close();
    await closed.close();
    const message = `${runDir}: the classifier is closed; open it again`;
    expect(() => closed.classify([])).toThrow(message);
    await expect(waiting.next()).rejects.toThrow(message);
    await expect(closed.evaluateTest()).rejects.toThrow(message);
    await expect(closed.evaluateData(data)).rejects.toThrow(message);
  });

  test("a signal", async () => {
    const { signal } = new AbortController();
    expect((await answers([photo], { signal })).length).toBe(1);
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(answers([photo], { signal: aborted })).rejects.toThrow("enough");
    await expect(classifier.evaluateTest({ signal: aborted })).rejects.toThrow("enough");
  });

  test("the types say what there is", () => {
    expectTypeOf<Classified>().toEqualTypeOf<
      Classification | { readonly index: number; readonly file: string | null; readonly reason: string }
    >();
    expectTypeOf(sharp("a.png")).toExtend<ImageInput>();
    expectTypeOf<{ data: Uint8Array; width: number; height: number }>().toExtend<ImageInput>();
    // @ts-expect-error one image is no list
    expect(() => classifier.classify(new URL("file:///a.png"))).toThrow("must be a list");
    // @ts-expect-error five crops are none
    expect(() => classifier.classify([], { crops: "five" })).toThrow("crops");
  });
});

describe("a bare model.onnx", () => {
  test("answers as its run, with the classes, sizes and crops that it tells", async () => {
    const file = at("moved.onnx");
    cpSync(join(runDir, "model.onnx"), file);
    const { metadata } = describeModel(readFileSync(file));
    expect(metadata).toMatchObject({ fit: "squash", cacheSize: "36", crops: "ten", height: "28" });
    const events: ClassifierEvent[] = [];
    const bare = await openClassifier(file, { onEvent: (event) => events.push(event) });
    expect(bare).toMatchObject({ classes: ["blue", "red"], crops: "ten", config: null, path: file });
    expect((await one(photo, {}, bare)).classes).toEqual((await one(photo)).classes);
    expect(await bare.evaluateData(data)).toMatchObject({ epoch: null, score: { count: 52 } });
    await expect(bare.evaluateTest()).rejects.toThrow(
      "an exported model does not know its test images; say which",
    );
    await bare.close();
    expect(events.filter(({ type }) => type === "message")).toEqual([]);
    await expect(openClassifier(file, { weights: "last" })).rejects.toThrow(
      "weights: are chosen of a run folder",
    );
  });

  test("of an earlier version gets the defaults, and says so", async () => {
    const older = at("older.onnx");
    // As a file of before: the names of the new fields are others.
    const bytes = readFileSync(join(runDir, "model.onnx"));
    for (const name of ["cacheSize", "crops"]) {
      const place = bytes.lastIndexOf(name);
      bytes.write("x".repeat(name.length), place);
    }
    writeFileSync(older, bytes);
    const told: string[] = [];
    const bare = await openClassifier(older, {
      onEvent: (event) => event.type === "message" && told.push(event.text),
    });
    expect(told).toEqual([
      expect.stringMatching(/earlier version .* squashed to 32 x 32 pixels, the centre of 28 x 28/),
    ]);
    expect(bare.crops).toBe("center");
    await bare.close();
  });

  test.each([
    ["a photo", () => photo, "got a file that is no ONNX model"],
    [
      "weights",
      () => readFileSync(join(runDir, "best.safetensors")),
      "must be a run folder, or a model.onnx",
    ],
  ])("is not %s", async (_, bytes, message) => {
    const file = at("strange");
    writeFileSync(file, bytes());
    await expect(openClassifier(file)).rejects.toThrow(message);
  });

  test("that has lost its classes' number is refused", async () => {
    const file = at("classes.onnx");
    const bytes = readFileSync(join(runDir, "model.onnx"));
    bytes.write('["a,e","red"]', bytes.lastIndexOf('["blue","red"]'));
    bytes.write('["b","e","r"] ', bytes.lastIndexOf('["a,e","red"]'));
    writeFileSync(file, bytes);
    const wrong = await openClassifier(file);
    expect(wrong.classes.length).toBe(3);
    await expect(answers([photo], {}, wrong)).rejects.toThrow(
      "the network must give a probability for each of the 3 classes, got 2",
    );
    await wrong.close();
  });
});

describe("a run put to use", () => {
  test("by the weights that it keeps, or by those of its best epoch", async () => {
    const last = await openClassifier(runDir);
    const { epoch } = await last.evaluateTest();
    expect(epoch).toBe(2);
    await last.close();
    const file = (name: string) => readFileSync(join(runDir, name));
    const tensors = ["best", "last"].map((name) => {
      const [first] = loadCheckpoint(join(runDir, `${name}.safetensors`)).state.parameters.values();
      return Buffer.from(new Uint8Array(first!.data.buffer));
    });
    const best = Buffer.from(exportRun(runDir, { weights: "best" }));
    expect(best.equals(file("model.onnx"))).toBe(tensors[0]!.equals(tensors[1]!));
    for (const weights of ["last", undefined] as const) {
      expect(Buffer.from(exportRun(runDir, { weights })).equals(file("model.onnx"))).toBe(true);
    }
  });

  test("when it has not ended an epoch says how to go on; its last state is one", async () => {
    const controller = new AbortController();
    const cut = await runTrial(settings, {
      signal: controller.signal,
      onEvent: (event) => event.type === "step" && controller.abort(new Error("stop")),
    });
    const none = `${cut.runDir}: no epoch of the run has ended yet (0 of 2 epochs), so there is no best one; go on with it: cutout train --resume`;
    await expect(openClassifier(cut.runDir)).rejects.toThrow(none);
    expect(() => exportRun(cut.runDir)).toThrow(none);
    const told: string[] = [];
    const last = await openClassifier(cut.runDir, {
      weights: "last",
      onEvent: (event) => event.type === "message" && told.push(event.text),
    });
    expect(told).toEqual([expect.stringContaining("its state after 0 epochs and 1 step is used")]);
    expect((await one(photo, {}, last)).classes.length).toBe(2);
    await last.close();
  });

  test("on a machine with fewer cores takes those that are there, and another cache", async () => {
    const moved = at("from elsewhere");
    cpSync(runDir, moved, { recursive: true });
    const path = join(moved, "config.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    const elsewhere = {
      ...config,
      threads: 64,
      cacheDir: "/nowhere/of/another/machine",
      data: "/nowhere/photos",
      checksum: undefined,
    };
    writeFileSync(path, JSON.stringify(elsewhere));
    const threads = () => Number(/Threads:\t(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0);
    const before = threads();
    const there = await openClassifier(moved, { cacheDir: at("cache") });
    if (before > 0) expect(threads() - before).toBeLessThanOrEqual(availableParallelism());
    expect(await there.evaluateData(data)).toMatchObject({ score: { count: 52 } });
    await expect(there.evaluateTest()).rejects.toThrow(
      `/nowhere/photos: the images of the run are not here; say where they are: cutout eval '${moved}' FOLDER --test-part`,
    );
    const { score } = await there.evaluateTest({ data });
    expect(score).toEqual((await classifier.evaluateTest()).score);
    await there.close();
  });

  test("needs nothing that can be written", async () => {
    const locked = at("a file");
    writeFileSync(locked, "");
    const reads = await openClassifier(runDir, { cacheDir: join(locked, "cache") });
    chmodSync(runDir, 0o555);
    try {
      const { score } = await reads.evaluateTest();
      expect(score).toEqual((await classifier.evaluateTest()).score);
    } finally {
      chmodSync(runDir, 0o755);
      await reads.close();
    }
  });

  test("takes data of one class, with empty ones and mostly broken ones", async () => {
    const few = at("few");
    await paint(join(few, "red", "0.png"), [200, 30, 30], 32);
    const count = async () => (await classifier.evaluateData(few)).score.count;
    expect(await count()).toBe(1);
    mkdirSync(join(few, "blue"));
    expect(await count()).toBe(1);
    writeFileSync(join(few, "blue", "0.png"), "");
    const { score, broken, classes } = await classifier.evaluateData(few);
    expect(score.count).toBe(1);
    expect(broken).toEqual([{ name: "blue/0.png", reason: "empty file (0 bytes)" }]);
    expect(classes).toMatchObject([
      { name: "blue", support: 0, recall: null },
      { name: "red", support: 1 },
    ]);
    const table = at("few.csv");
    writeFileSync(table, "image,label\nfew/red/0.png,red\n");
    expect((await classifier.evaluateData(table)).score.count).toBe(1);
    rmSync(join(few, "red"), { recursive: true });
    await expect(classifier.evaluateData(few)).rejects.toThrow(
      /must have an image that can be read|must hold images/,
    );
    const training = runTrial({ ...settings, data: table } as typeof settings);
    await expect(training).rejects.toThrow("at least two classes");
  });

  test.each([
    [
      "-",
      "-: must be a folder, a file or the address of shards, got standard input; write it to a file first",
    ],
    ["/dev/zero", "got a device"],
  ])("refuses %s as data", async (given, message) => {
    await expect(classifier.evaluateData(given)).rejects.toThrow(message);
  });

  test("refuses a pipe as data", async () => {
    const pipe = at("data pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(classifier.evaluateData(pipe)).rejects.toThrow("got a pipe");
  });
});
