// The words of --on, and the place that each leads to.
import { expect, test } from "vitest";
import { executorOn } from "./places.ts";

test.each([
  ["local", "processes on this machine"],
  ["redis://:secret@somewhere:6380/2", "workers of redis://somewhere:6380/2"],
  ["rediss://somewhere", "workers of rediss://somewhere"],
  ["slurm", "tasks of Slurm"],
  ["slurm:gpu", "tasks of Slurm's partition gpu"],
])("--on %s", async (words, name) => {
  const executor = await executorOn(words, { parallel: 2 });
  expect(executor.name).toBe(name);
  await executor.close();
});

test.each(["", "Local", "slurm:", "http://somewhere", "kubernetes"])("--on %s is none", async (words) => {
  await expect(executorOn(words, { parallel: null })).rejects.toThrow(
    "--on: must be local, redis://host:port, slurm[:partition], got",
  );
});
