// The events of a run: all of them, in their order, its end or its error last.
import { expect, test } from "vitest";
import { eventsOf } from "./as-events.ts";
import type { RunEvent } from "./events.ts";
import type { TrialResult } from "./trial.ts";

const result: TrialResult = { runDir: "r", status: "finished", keptEpoch: 1, test: null, report: "r.html" };
const never = new AbortController().signal;
const message = (text: string): RunEvent => ({ type: "message", text });

test("events come in their order, whether they are told at once or later; the result ends them", async () => {
  const events = eventsOf(async ({ onEvent }) => {
    onEvent!(message("1"));
    onEvent!(message("2"));
    await new Promise((wake) => setTimeout(wake, 5));
    onEvent!(message("3"));
    return result;
  }, never);
  const seen = [];
  for await (const event of events) seen.push(event);
  expect(seen).toEqual([message("1"), message("2"), message("3"), { type: "end", result }]);
});

test("what ends a run by itself is thrown after what was told before; the signal reaches the run", async () => {
  const { signal } = new AbortController();
  const seen: unknown[] = [];
  const listen = async () => {
    const events = eventsOf(async (options) => {
      expect(options.signal).toBe(signal);
      options.onEvent!(message("1"));
      throw new Error("no disk");
    }, signal);
    for await (const event of events) seen.push(event);
  };
  await expect(listen()).rejects.toThrow("no disk");
  expect(seen).toEqual([message("1")]);
});
