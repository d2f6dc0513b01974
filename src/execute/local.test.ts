// Trials as processes of this machine, against what every place must do; a coordinator that is killed; a trial that always dies.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  conduct,
  executorContract,
  expectUndisturbed,
  holderOf,
  openTrials,
} from "../../test/helpers/executor-contract.ts";
import { openSmallStudies, type SmallStudies, training } from "../../test/helpers/studies.ts";
import { trialFolder } from "../study-folder/index.ts";
import { localProcesses } from "./local.ts";
import { sameMachine } from "./run-trial.ts";

const local = { open: () => localProcesses({ parallel: 2, machine: { ...sameMachine, threads: 1 } }) };

executorContract("processes of this machine", async () => ({
  ...local,
  async kill(study, trial) {
    process.kill(holderOf(trialFolder(study.path, trial.index))!, "SIGKILL");
  },
  async close() {},
}));

let studies: SmallStudies;
beforeAll(async () => {
  studies = await openSmallStudies(4);
});
afterAll(() => studies?.close());

test("of a coordinator that is killed the trials save and end; another one waits for that, and goes on", async () => {
  const study = studies.study([training(1), training(1, { arm: 0 })]);
  const coordinator = spawn(process.execPath, [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "-e",
    `
    const { localProcesses } = await import(${JSON.stringify(import.meta.resolve("./local.ts"))});
    const { openStudy } = await import(${JSON.stringify(import.meta.resolve("../study-folder/index.ts"))});
    const study = openStudy(${JSON.stringify(study.path)});
    const machine = { threads: 1, data: null, cacheDir: null };
    const events = localProcesses({ parallel: 2, machine }).run(study, study.trials, new AbortController().signal);
    for await (const event of events) {
      if (event.type === "run" && event.event.type === "epoch") process.kill(process.pid, "SIGKILL");
    }
  `,
  ]);
  expect((await once(coordinator, "exit"))[1]).toBe("SIGKILL");
  // At once: the processes of the first are still there.
  const events = await conduct(local, study, openTrials(study));
  expect(events.filter(({ type }) => type === "end")).toHaveLength(2);
  await expectUndisturbed(studies, study);
});

test("where nobody listens any longer, as the disk is full, the trials have ended before that is over", async () => {
  const study = studies.study([training(1), training(1, { arm: 0 })]);
  const stopped = conduct(local, study, study.trials, (event) => {
    if (event.type === "run" && event.event.type === "epoch") throw new Error("no room");
  });
  await expect(stopped).rejects.toThrow("no room");
  expect(study.trials.map(({ index }) => holderOf(trialFolder(study.path, index)))).toEqual([null, null]);
});

test("data that are gone are told of each trial; a process that dies again and again is given up", async () => {
  const gone = studies.study([training(1), training(2)], join(studies.root, "nowhere"));
  const events = await conduct(local, gone, gone.trials);
  expect(events.filter(({ type }) => type === "end")).toMatchObject([
    { outcome: { state: "failed", message: expect.stringContaining("not on this machine") } },
    { outcome: { state: "failed" } },
  ]);

  const study = studies.study([training(1)]);
  let kills = 0;
  const folder = trialFolder(study.path, 0);
  const killing = setInterval(() => {
    const pid = holderOf(folder);
    if (pid === null) return;
    process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
    kills++;
  }, 5);
  const [end] = (await conduct(local, study, study.trials)).slice(-1);
  clearInterval(killing);
  expect(kills).toBe(3);
  expect(end).toMatchObject({
    outcome: { state: "failed", message: expect.stringContaining("SIGKILL, 3 times") },
  });
});

test("a run folder that is damaged is a trial that has failed", async () => {
  const study = studies.study([training(1)]);
  mkdirSync(join(trialFolder(study.path, 0), "config.json"), { recursive: true });
  const [end] = (await conduct(local, study, study.trials)).slice(-1);
  expect(end).toMatchObject({
    type: "end",
    outcome: { state: "failed", message: expect.stringContaining("config.json") },
  });
  expect(readdirSync(trialFolder(study.path, 0))).toEqual(["config.json"]);
});
