// Trials as tasks of a real Slurm of one machine, against what every place must do; no Slurm, and a task that always dies.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conduct, executorContract, holderOf } from "../../test/helpers/executor-contract.ts";
import { hasSlurm, openSlurm, type Slurm } from "../../test/helpers/slurm.ts";
import { openSmallStudies, training } from "../../test/helpers/studies.ts";
import { trialFolder } from "../study-folder/index.ts";
import { slurmArray } from "./slurm.ts";

const program = [
  process.execPath,
  "--import",
  import.meta.resolve("tsx"),
  fileURLToPath(new URL("../cli/main.ts", import.meta.url)),
];
const open = () => slurmArray({ program, every: 200 });

/** Jobs that Slurm has been given, as far as it remembers. */
const submitted = () =>
  execFileSync("squeue", ["--noheader", "--states=all", "--format=%A"], { encoding: "utf8" })
    .trim()
    .split("\n").length;

describe.skipIf(!hasSlurm)("slurm-wlm", () => {
  let slurm: Slurm;
  beforeAll(async () => {
    slurm = await openSlurm(2);
    process.env.SLURM_CONF = slurm.config;
  });
  afterAll(async () => {
    await slurm?.close();
    delete process.env.SLURM_CONF;
  });

  executorContract("tasks of Slurm", async () => ({
    open,
    async kill(study, trial) {
      process.kill(holderOf(trialFolder(study.path, trial.index))!, "SIGKILL");
    },
    async close() {},
  }));

  test("tasks of a coordinator that was killed are found again, not submitted twice", async () => {
    const studies = await openSmallStudies(4);
    try {
      const study = studies.study([training(1)]);
      const before = submitted();
      const first = open().run(study, study.trials, new AbortController().signal)[Symbol.asyncIterator]();
      expect((await first.next()).value).toMatchObject({ type: "begin" });
      // Nobody listens to the first any more.
      const events = await conduct({ open }, study, study.trials);
      expect(events.filter(({ type }) => type === "end")).toMatchObject([{ outcome: { state: "finished" } }]);
      expect(submitted() - before).toBe(1);
    } finally {
      studies.close();
    }
  });
});

test("without Slurm it is said in a line", async () => {
  const studies = await openSmallStudies(1);
  const { PATH } = process.env;
  process.env.PATH = studies.root;
  try {
    const study = studies.study([training(1)]);
    await expect(conduct({ open }, study, study.trials)).rejects.toThrow(
      "--on slurm: there is no squeue on this machine",
    );
  } finally {
    process.env.PATH = PATH;
    studies.close();
  }
});
