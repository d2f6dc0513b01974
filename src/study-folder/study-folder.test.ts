// A study's folder: decided once, appended to, and refused where it is not what was written.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { formatVersion } from "../config/config.ts";
import { settingFlags } from "../config/flags.ts";
import { readSettings } from "../config/settings.ts";
import {
  appendTrials,
  checkGoesOn,
  conductedOf,
  createStudyFolder,
  type NewTrial,
  openStudy,
  resultRows,
  resultsCsv,
  type StudyContent,
  studyFrom,
  trialLog,
  trialLogEnd,
} from "./index.ts";

const study = studyFrom({
  question: "compare",
  plan: { part: "test" },
  arms: [
    { name: "baseline", settings: readSettings({ data: "photos" }) },
    {
      name: "--cutout area 2%-33% --augment random-erasing --mix mixup",
      settings: readSettings({
        data: "photos",
        model: "wrn-16-4:dropout=0.3",
        augment: {
          cutout: { length: "area 2%-33%" },
          augmentations: ["random-erasing:probability=1"],
          mix: "mixup",
        },
      }),
    },
  ],
  data: "/photos",
  command: ["compare", "photos"],
  version: "0.1.0",
  formatVersion,
  created: "2026-11-29T00:00:00.000Z",
} satisfies StudyContent);
const trial: NewTrial = { task: "train", arm: 0, seed: 0, stage: "look 6", epochs: null, test: true };

let folder: string;
beforeEach(() => {
  folder = join(temporaryFolder(), "study");
  createStudyFolder(folder, study);
});
const edit = (file: string, from: string | RegExp, to: string) => {
  const path = join(folder, file);
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
};

test("what was decided is read as it was written, settings of any form too", () => {
  expect(openStudy(folder)).toEqual({ path: folder, study, trials: [] });
  const trials = appendTrials(folder, study, [], [trial, { ...trial, arm: 1 }]);
  expect(openStudy(folder).trials).toEqual(trials);
  expect(trials.map(({ index }) => index)).toEqual([0, 1]);
});

test("a study is never overwritten", () => {
  expect(() => createStudyFolder(folder, study)).toThrow(
    `--out: ${folder} exists already and is not overwritten; choose another name, or go on with it: cutout study resume`,
  );
});

test("a study that was killed before it began is begun again; runs without their question are left alone", () => {
  rmSync(join(folder, "study.json"));
  writeFileSync(join(folder, "study.json.partial"), '{"question":');
  createStudyFolder(folder, study);
  expect(openStudy(folder).study).toEqual(study);
  rmSync(join(folder, "study.json"));
  mkdirSync(join(folder, "trials", "0000"));
  expect(() => createStudyFolder(folder, study)).toThrow("exists already and is not overwritten");
});

test("an edit of study.json is refused, with its checksum and without", () => {
  appendTrials(folder, study, [], [trial]);
  edit("study.json", '"part": "test"', '"part": "validation"');
  expect(() => openStudy(folder)).toThrow(
    "study.json: has changed since it was written, its checksum does not fit; put it back as it was",
  );
  edit("study.json", / *"checksum".*\n/, "");
  expect(() => openStudy(folder)).toThrow(
    "line 1 was planned for another question than study.json asks now: the study has been changed after its first run",
  );
});

test("trials are added to those that are there; a damaged line is named", () => {
  const first = appendTrials(folder, study, [], [trial]);
  const trials = appendTrials(folder, study, first, [{ ...trial, arm: 1 }]);
  expect(openStudy(folder).trials).toEqual(trials);
  edit("trials.jsonl", '"seed":0', '"seed":7');
  expect(() => openStudy(folder)).toThrow("trials.jsonl: line 1 is damaged");
});

describe("a study of another version", () => {
  const ofVersion = (made: number) => {
    const path = join(folder, "study.json");
    const { checksum, ...written } = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...written, version: "0.0.9", formatVersion: made }));
  };

  test("is looked at, with what its settings meant then, but not gone on with", () => {
    appendTrials(folder, study, [], [trial]);
    ofVersion(4);
    const opened = openStudy(folder);
    // Up to version 4 the best epoch was kept.
    expect(opened.study.arms.map(({ settings }) => settings.keep)).toEqual(["best", "best"]);
    expect(opened.trials).toHaveLength(1);
    expect(() => checkGoesOn(folder, opened.study)).toThrow(
      "study: was made by cutout 0.0.9, and this is another version, to which settings mean something else; go on with it by that version",
    );
    expect(() => checkGoesOn(folder, study)).not.toThrow();
  });

  test.each([1, formatVersion + 1])("%i is refused: its settings are not read", (made) => {
    ofVersion(made);
    expect(() => openStudy(folder)).toThrow(
      "was made by cutout 0.0.9, whose settings this version does not read",
    );
  });
});

test("results are a table by RFC 4180: CR LF, quotes doubled, whatever the names hold", () => {
  const row = {
    trial: 0,
    arm: 'a "hole",\r\n<script>',
    settings: { cutout: "off", mix: "mixup:alpha=0.2,b" },
    seed: 1,
    stage: "look 6",
    state: "open",
    epoch: null,
    validation: 0.5,
    test: null,
    seconds: null,
    folder: "trials/0000",
  } as const;
  expect(resultsCsv([row])).toBe(
    "trial,arm,seed,stage,state,cutout,mix,epoch,validation,test,seconds,folder\r\n" +
      '0,"a ""hole"",\r\n<script>",1,look 6,open,off,"mixup:alpha=0.2,b",,0.5,,,trials/0000\r\n',
  );
});

test("a row tells the settings that vary: not what all share, nor what comes unasked with what others lack", () => {
  const trials = appendTrials(folder, study, [], [trial, { ...trial, arm: 1 }]);
  const rows = resultRows({ path: folder, study, trials }, conductedOf({ path: folder, study, trials }));
  expect(rows.map(({ settings }) => settings)).toEqual([
    { model: "resnet9", cutout: "off", augment: "auto", mix: "off" },
    {
      model: "wrn-16-4:dropout=0.3",
      cutout: "area 2%-33%",
      augment: "random-erasing:probability=1",
      mix: "mixup",
    },
  ]);
  // A trial with a length of its own makes the length vary.
  const short = appendTrials(folder, study, trials, [{ ...trial, epochs: 2 }]);
  const all = resultRows(
    { path: folder, study, trials: short },
    conductedOf({ path: folder, study, trials: short }),
  );
  expect(all.map(({ settings }) => settings.epochs)).toEqual([null, null, "2"]);
});

test("no setting that may vary has the name of another column", () => {
  const fixed = ["trial", "arm", "stage", "state", "epoch", "seconds", "folder"];
  const flags = settingFlags().map(({ name }) => name.slice(2));
  expect(flags.filter((name) => fixed.includes(name))).toEqual([]);
});

test("the end of a trial's log is read from a plain file alone: no pipe is waited for, no link is followed", () => {
  mkdirSync(join(folder, "trials"), { recursive: true });
  const log = trialLog(folder, 0);
  writeFileSync(log, "one\ntwo\n");
  expect(trialLogEnd(folder, 0, 1)).toEqual(["two"]);
  rmSync(log);
  writeFileSync(join(folder, "secret"), "secret\n");
  symlinkSync(join(folder, "secret"), log);
  expect(trialLogEnd(folder, 0)).toEqual([]);
  rmSync(log);
  if (spawnSync("mkfifo", [log]).status === 0) expect(trialLogEnd(folder, 0)).toEqual([]);
});
