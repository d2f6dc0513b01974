// What every place where trials run must do: real trainings, in processes that are killed.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Executor, TrialEvent } from "../../src/execute/executor.ts";
import {
  conductedOf,
  type OpenStudy,
  outcomeOf,
  type Trial,
  trialFolder,
} from "../../src/study-folder/index.ts";
import { differences, openSmallStudies, type SmallStudies, training } from "./studies.ts";

export interface Place {
  /** A new coordinator's. */
  open(): Executor;
  /** Kills a process that works on the trial with kill -9; whatever is needed to go on is there afterwards. */
  kill(study: OpenStudy, trial: Trial): Promise<void>;
  close(): Promise<void>;
}

/** Enough for a kill in the middle. */
const epochs = 4;

/** Runs trials as a coordinator does; the study must hold what is told when it is told. */
export async function conduct(
  place: Pick<Place, "open">,
  study: OpenStudy,
  trials: readonly Trial[],
  onEvent: (event: TrialEvent) => void = () => {},
  signal = new AbortController().signal,
): Promise<TrialEvent[]> {
  const executor = place.open();
  const events: TrialEvent[] = [];
  try {
    for await (const event of executor.run(study, trials, signal)) {
      events.push(event);
      if (event.type === "end") {
        expect(event.outcome).toEqual(outcomeOf(study.path, study.trials[event.trial]!));
      }
      onEvent(event);
    }
  } finally {
    await executor.close();
  }
  return events;
}

const ends = (events: readonly TrialEvent[]) =>
  events.flatMap((event) => (event.type === "end" ? [{ trial: event.trial, ...event.outcome }] : []));

/** Trials that are not finished. */
export const openTrials = (study: OpenStudy): Trial[] =>
  conductedOf(study).flatMap(({ trial, outcome }) => (outcome.state === "open" ? [trial] : []));

/** Every trial is finished, and its run is that of one left alone. */
export async function expectUndisturbed(studies: SmallStudies, { path, trials }: OpenStudy): Promise<void> {
  for (const trial of trials) {
    const folder = trialFolder(path, trial.index);
    const outcome = outcomeOf(path, trial);
    if (outcome.state !== "finished") throw new Error(`trial ${trial.index}: ${JSON.stringify(outcome)}`);
    if (trial.task === "train") expect(differences(folder, await studies.alone(trial))).toEqual([]);
  }
}

export const inTheMiddle = (event: TrialEvent): boolean =>
  event.type === "run" && event.event.type === "epoch" && event.event.epoch === 2;

export function executorContract(name: string, openPlace: () => Promise<Place>): void {
  describe(name, () => {
    let studies: SmallStudies;
    let place: Place;
    beforeAll(async () => {
      studies = await openSmallStudies(epochs);
      place = await openPlace();
    });
    afterAll(async () => {
      await place?.close();
      studies?.close();
    });

    test("all trials end, their runs whole in the study's folder; what is finished is not run again", async () => {
      const study = studies.study([
        training(1),
        training(1, { arm: 0 }),
        training(2, { test: false, epochs: 2 }),
        { task: "test", of: 2, arm: 1, seed: 2, stage: "confirm" },
      ]);
      const [first, second, third, tested] = study.trials as [Trial, Trial, Trial, Trial];
      const events = await conduct(place, study, [first, second, third]);
      for (const { index } of [first, second, third]) {
        const own = events.filter(({ trial }) => trial === index);
        expect(own[0]!.type).toBe("begin");
        expect(own.filter(({ type }) => type === "end")).toEqual([own.at(-1)]);
        expect(own.some((event) => event.type === "run" && event.event.type === "epoch")).toBe(true);
      }
      const [, , untested] = ends(events).sort((a, b) => a.trial - b.trial);
      expect(untested).toMatchObject({ state: "finished", test: null });
      expect(differences(trialFolder(study.path, 0), await studies.alone(first))).toEqual([]);
      expect(differences(trialFolder(study.path, 1), await studies.alone(second))).toEqual([]);
      expect(differences(trialFolder(study.path, 2), await studies.alone(third))).toEqual([]);

      const metrics = join(trialFolder(study.path, 0), "metrics.jsonl");
      const before = statSync(metrics).mtimeMs;
      const again = await conduct(place, study, [first, tested]);
      expect(ends(again).sort((a, b) => a.trial - b.trial)).toMatchObject([
        { trial: 0, state: "finished" },
        { trial: 3, state: "finished", test: expect.any(Number) },
      ]);
      expect(statSync(metrics).mtimeMs).toBe(before);
      const whole = await studies.alone({ ...third, test: true } as Trial);
      expect(differences(trialFolder(study.path, 2), whole)).toEqual([]);
    });

    test("a trial that fails is told with its reason, and the others go on", async () => {
      const study = studies.study([training(1, { arm: 2 }), training(1, { arm: 0 }), training(2)]);
      const damaged = trialFolder(study.path, 2);
      mkdirSync(damaged, { recursive: true });
      writeFileSync(join(damaged, "config.json"), "{");
      const ended = ends(await conduct(place, study, study.trials)).sort((a, b) => a.trial - b.trial);
      expect(ended).toMatchObject([
        { trial: 0, state: "failed", message: expect.stringContaining("length") },
        { trial: 1, state: "finished" },
        { trial: 2, state: "failed", message: expect.stringContaining("config.json") },
      ]);
      expect(ended).toHaveLength(3);
    });

    test("once aborted, each has saved what it has; gone on with, the runs are those of ones left alone", async () => {
      // Long enough that the first two are not at their ends when the abort has come to it.
      const long = { epochs: 8 };
      const study = studies.study([
        training(1, long),
        training(1, { ...long, arm: 0 }),
        training(2, { epochs: 2 }),
      ]);
      const abort = new AbortController();
      const events = await conduct(
        place,
        study,
        study.trials,
        (event) => {
          if (inTheMiddle(event)) abort.abort(new Error("interrupted"));
        },
        abort.signal,
      );
      const begun = new Set(events.flatMap(({ type, trial }) => (type === "begin" ? [trial] : [])));
      expect(new Set(ends(events).map(({ trial }) => trial))).toEqual(begun);
      const open = openTrials(study);
      expect(open.length).toBeGreaterThan(0);
      expect(conductedOf(study).some(({ outcome }) => outcome.state === "open" && outcome.epochs > 0)).toBe(
        true,
      );
      await conduct(place, study, open);
      await expectUndisturbed(studies, study);
    });

    test("a process that is killed loses nothing, and its trial is counted once", async () => {
      const study = studies.study([training(1), training(1, { arm: 0 })]);
      let killed: Promise<void> | null = null;
      const events = await conduct(place, study, study.trials, (event) => {
        if (inTheMiddle(event)) killed ??= place.kill(study, study.trials[event.trial]!);
      });
      expect(killed).not.toBeNull();
      await killed;
      expect(
        ends(events)
          .map(({ trial, state }) => `${trial} ${state}`)
          .sort(),
      ).toEqual(["0 finished", "1 finished"]);
      await expectUndisturbed(studies, study);
    });
  });
}

/** The process that holds a run folder; null when none does. */
export function holderOf(folder: string): number | null {
  const lock = join(folder, "run.lock");
  try {
    return existsSync(lock) ? (JSON.parse(readFileSync(lock, "utf8")) as { pid: number }).pid : null;
  } catch {
    return null;
  }
}

export async function until(what: string, holds: () => boolean, seconds = 60): Promise<void> {
  for (const end = performance.now() + 1000 * seconds; !holds(); ) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s until ${what}`);
    await sleep(20);
  }
}

export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true });
