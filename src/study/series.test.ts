import { expect, test } from "vitest";
import { readSettings } from "../config/settings.ts";
import type { Executor } from "../execute/executor.ts";
import type { TrialResult } from "../run/trial.ts";
import { series } from "./series.ts";

const arms = ["first", "second", "third"].map((title, seed) => ({
  title,
  config: readSettings({ data: "photos", seed }),
}));
const never = new AbortController().signal;

/** Ends the run of this seed as interrupted, all others as finished. */
const executor = (interrupted: number): Executor =>
  async function* (config) {
    const status = config.seed === interrupted ? "interrupted" : "finished";
    const result: TrialResult = { runDir: `${config.seed}`, status, keptEpoch: 1, test: null, report: "" };
    yield { type: "end", result };
  };

async function told(execute: Executor): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of series(arms, execute, never)) {
    if (event.type === "arm") seen.push(event.arm.title);
    if (event.type === "end") seen.push(event.result.status);
  }
  return seen;
}

test("arms are trained in their order; after one that was interrupted none begins", async () => {
  expect(await told(executor(-1))).toEqual(["first", "finished", "second", "finished", "third", "finished"]);
  expect(await told(executor(1))).toEqual(["first", "finished", "second", "interrupted"]);
});
