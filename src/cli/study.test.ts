// What a person can do wrong with studies: one clear line each, and nothing is lost.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeTinyStudy, tinyWords } from "../../test/fixtures/tiny-study.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { conductedOf, holdStudy, openStudy } from "../study-folder/index.ts";
import { main } from "./program.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-study-"));
const at = (...names: string[]) => join(root, ...names);
const folders = ["--cache-dir", at("cache"), "--runs-dir", at("runs")];

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. */
async function cutout(...words: readonly string[]): Promise<Ended> {
  const told = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      told[name] += text;
      return true;
    });
  }
  try {
    await main(words);
    return { code: Number(process.exitCode ?? 0), out: told.stdout, err: told.stderr };
  } finally {
    process.exitCode = undefined;
    vi.restoreAllMocks();
  }
}

/** One line of error, and nothing else. */
async function refused(words: readonly string[], code: number, line: RegExp): Promise<void> {
  const ended = await cutout(...words);
  expect(ended.err).toMatch(line);
  expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
  expect(ended.code).toBe(code);
  expect(ended.out).toBe("");
}

let study: string;
beforeAll(async () => {
  await paintPhotos(at("photos"), 30, 16);
  study = makeTinyStudy(root, "study", 1);
});
afterAll(() => rmSync(root, { recursive: true }));

const begin = (command: string, ...words: readonly string[]) => [
  command,
  at("photos"),
  ...tinyWords,
  ...folders,
  ...words,
];
const compare = (...words: readonly string[]) => begin("compare", "--a", "", "--b", "--cutout 8", ...words);

describe("a study that cannot be begun", () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "settings that differ in the split",
      begin("compare", "--a", "", "--b", "--validation 0.2"),
      /^cutout: --validation: .*must be the same/,
    ],
    [
      "settings that differ in the seed of the split",
      begin("compare", "--a", "--split-seed 1", "--b", ""),
      /--split-seed: .*must be the same/,
    ],
    ["settings that are the same", begin("compare", "--a", "", "--b", "--flip 0.5"), /are the same settings/],
    ["one setting", begin("compare", "--a", ""), /needs both, --a and --b/],
    ["no process at a time", compare("--parallel", "0"), /--parallel: must be an integer >= 1, got 0/],
    ["half a process", compare("--parallel", "1.5"), /--parallel: must be an integer >= 1, got 1.5/],
    ["another part", compare("--by", "train"), /--by: must be test or validation, got train/],
    [
      "a part that is not there",
      compare("--by", "validation", "--validation", "0"),
      /--validation: must be above 0: the comparison goes by the validation part/,
    ],
    ["nothing that matters", compare("--smallest", "0"), /--smallest: must be above 0/],
    ["a hole outside the image", compare("--b", "--cutout 99"), /must be/],
    ["no time", begin("doctor", "--budget", "0"), /--budget: must be a time above 0.*got 0/],
    ["no time with a unit", begin("doctor", "--budget", "0m"), /--budget: must be a time above 0.*got 0m/],
    [
      "a time without sense",
      begin("doctor", "--budget", "soon"),
      /--budget: must be a time above 0.*got soon/,
    ],
    [
      "an unknown treatment",
      begin("doctor", "--arms", "cutuot"),
      /--arms: must be names of cutout, .*got cutuot/,
    ],
    [
      "a treatment that changes nothing",
      begin("doctor", "--arm", "--flip 0.5"),
      /--arm: changes nothing, or the same as one before/,
    ],
    [
      "a budget where nobody knows how many runs go at a time",
      begin("doctor", "--on", "redis://127.0.0.1:1"),
      /--parallel: must say how many runs go at a time there, .*got nothing, with --on redis/,
    ],
    [
      "no images to screen by",
      begin("doctor", "--validation", "0"),
      /--validation: must be above 0: the screening goes by the validation part/,
    ],
    ["no process for a doctor", begin("doctor", "--parallel", "0"), /--parallel: must be an integer >= 1/],
  ];
  test.each(wrong)("%s", async (_, words, line) => {
    await refused(words, 2, line);
    expect(existsSync(at("runs"))).toBe(false);
  });

  test("no images", async () => {
    const words = ["doctor", at("nowhere"), ...folders];
    await refused(words, 1, /nowhere/);
  });

  test("a folder that is there already", async () => {
    await refused(compare("--out", study), 1, /--out: .*exists already.*cutout study resume/);
  });
});

describe("a trial", () => {
  test.each(["2", "-1", "1.5", "abc", "", " 0", "0x0"])(
    "that there is none of: --index %j",
    async (index) => {
      await refused(
        ["trial", "run", study, `--index=${index}`],
        2,
        /--index: must be an integer from 0 to 1, /,
      );
    },
  );

  test("of a study that has planned none", async () => {
    const empty = makeTinyStudy(root, "empty", 0);
    await refused(
      ["trial", "run", empty, "--index", "0"],
      2,
      /--index: no trial is planned yet.*study resume/,
    );
  });

  test.each(["0", "many", "-2"])("with --threads %s", async (threads) => {
    await refused(
      ["trial", "run", study, "--index", "0", "--threads", threads],
      2,
      /--threads: must be an integer >= 1/,
    );
  });

  test("runs once, is left as it is the second time, and is finished whatever a later try comes to", async () => {
    const path = makeTinyStudy(root, "once", 1);
    const first = await cutout("trial", "run", path, "--index", "0");
    expect(first.out).toMatch(/^trial 0 finished, accuracy /);
    const [before] = conductedOf(openStudy(path));
    expect(before?.outcome).toMatchObject({ state: "finished", validation: expect.any(Number) });
    const again = await cutout("trial", "run", path, "--index", "0", "--data", at("nowhere"));
    expect(again.out).toBe(first.out);
    expect(conductedOf(openStudy(path))[0]).toEqual(before);
  });

  test("whose images are missing has failed, says why, and runs when they are there again", async () => {
    const path = makeTinyStudy(root, "moved", 1);
    const missing = await cutout("trial", "run", path, "--index", "0", "--data", at("nowhere"));
    expect(missing.err).toMatch(/nowhere: the images of the study are not on this machine; .*--data/);
    expect(missing.code).toBe(1);
    expect(conductedOf(openStudy(path))[0]?.outcome.state).toBe("failed");
    cpSync(at("photos"), at("elsewhere"), { recursive: true });
    const found = await cutout("trial", "run", path, "--index", "0", "--data", at("elsewhere"));
    expect(found.out).toMatch(/^trial 0 finished/);
  });

  test("of a run of another seed, or of a test that no epoch has, has failed, and nothing else ends", async () => {
    const path = makeTinyStudy(root, "mixed-up", 1);
    await cutout("trial", "run", path, "--index", "0");
    const run = join(path, "trials", "0000");
    const told = () => {
      const outcome = conductedOf(openStudy(path))[0]!.outcome;
      return outcome.state === "failed" ? outcome.message : outcome.state;
    };
    expect(told()).toBe("finished");
    const config = readFileSync(join(run, "config.json"), "utf8");
    const { checksum, ...content } = JSON.parse(config);
    writeFileSync(join(run, "config.json"), JSON.stringify({ ...content, seed: 99 }));
    expect(told()).toMatch(/must be of seed 0, got 99/);
    writeFileSync(join(run, "config.json"), config);
    const metrics = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    const score = { count: 8, loss: 1, top1: 0.5, top5: 1 };
    const test = { type: "test", epoch: 7, crops: "center", test: score };
    writeFileSync(join(run, "metrics.jsonl"), [...metrics, JSON.stringify(test), ""].join("\n"));
    expect(told()).toMatch(/has a test of epoch 7, which is not there/);
  });

  test("whose folder was moved aside when all was killed is put back before anything is asked", async () => {
    const path = makeTinyStudy(root, "aside", 1);
    await cutout("trial", "run", path, "--index", "0");
    const run = join(path, "trials", "0000");
    renameSync(run, `${run}.before`);
    expect((await cutout("study", "resume", path)).code).toBe(0);
    expect(existsSync(`${run}.before`)).toBe(false);
    expect(conductedOf(openStudy(path))[0]!.outcome.state).toBe("finished");
  });

  test("with a damaged run folder has failed, and the others are as they were", async () => {
    const path = makeTinyStudy(root, "damaged", 1);
    mkdirSync(join(path, "trials", "0000"));
    writeFileSync(join(path, "trials", "0000", "config.json"), "{");
    const states = conductedOf(openStudy(path)).map(({ outcome }) => outcome.state);
    expect(states).toEqual(["failed", "open"]);
    const ended = await cutout("trial", "run", path, "--index", "0");
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/config\.json/);
  });
});

describe("a study's folder", () => {
  test("that is none", async () => {
    for (const words of [
      ["study", "resume"],
      ["study", "show"],
      ["trial", "run", "--index", "0"],
    ]) {
      await refused([...words, at("photos")], 1, /photos: must be a study folder, with a study\.json/);
    }
  });

  test("is not a run to compare", async () => {
    await refused(["compare", study], 2, /is a study, and finished runs are compared; .*cutout study show/);
    await refused(["compare", at("photos"), study], 2, /is a study/);
  });

  test("whose question was edited", async () => {
    const path = makeTinyStudy(root, "edited", 1);
    const file = join(path, "study.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"validation"', '"test"'));
    await refused(["study", "resume", path], 1, /study\.json: has changed since it was written/);
    // Without its seal it is another question than the one for which the trials were planned.
    const { checksum, ...content } = JSON.parse(text.replace('"validation"', '"test"'));
    writeFileSync(file, JSON.stringify(content));
    await refused(["study", "resume", path], 1, /was planned for another question/);
    writeFileSync(file, text);
    expect(openStudy(path).trials).toHaveLength(2);
  });

  test.each([
    ["a character less", (text: string) => text.slice(1)],
    ["another seed", (text: string) => text.replace('"seed":0', '"seed":7')],
    ["a line twice", (text: string) => text + text],
    ["a line taken out", (text: string) => text.slice(text.indexOf("\n") + 1)],
  ])("with damaged trials: %s", async (name, damage) => {
    const path = makeTinyStudy(root, name.replaceAll(" ", "-"), 1);
    const file = join(path, "trials.jsonl");
    writeFileSync(file, damage(readFileSync(file, "utf8")));
    const line = /trials\.jsonl: line \d is damaged; put the file back from a copy/;
    await refused(["study", "show", path], 1, line);
    await refused(["trial", "run", path, "--index", "0"], 1, line);
  });

  test("that another process conducts", async () => {
    const hold = await holdStudy(study);
    await refused(
      ["study", "resume", study],
      1,
      new RegExp(`the study is held by process ${process.pid} on .*, since`),
    );
    hold.release();
  });
});
