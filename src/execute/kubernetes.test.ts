// The manifest against the official schema of batch/v1 Job, and what its pods would run.
import { execFileSync } from "node:child_process";
import { type IJob, Job } from "kubernetes-models/batch/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { openSmallStudies, type SmallStudies, training } from "../../test/helpers/studies.ts";
import { jobOf, type ManifestOptions, manifestOf } from "./kubernetes.ts";
import { runStudyTrial, sameMachine } from "./run-trial.ts";

/** The schema allows fields that it does not know; the types name those that there are. */
type Known<T, S> = T extends readonly (infer I)[]
  ? S extends readonly (infer J)[]
    ? readonly Known<I, J>[]
    : never
  : T extends object
    ? { readonly [K in keyof T]: K extends keyof S ? Known<T[K], NonNullable<S[K]>> : never }
    : T;

const options: ManifestOptions = {
  image: "registry.example/cutout:1",
  claim: "photos",
  mount: "/studies",
  folder: null,
  data: "asirra",
  parallel: 2,
  threads: 4,
  memory: "2Gi",
  namespace: "lab",
};

let studies: SmallStudies;
beforeAll(async () => {
  studies = await openSmallStudies(1);
});
afterAll(() => studies?.close());

test("it is a Job by the official schema, of the trials that are open", async () => {
  const study = studies.study([training(1), training(2), training(3), training(4)]);
  await runStudyTrial(study, study.trials[1]!, { ...sameMachine, threads: 1 });
  const made = jobOf(study, options);
  const known: Known<typeof made, IJob> = made;
  const read = parse(manifestOf(study, options)) as IJob;
  expect(read).toEqual(JSON.parse(JSON.stringify(known)));
  new Job(read).validate();
  expect(() => new Job({ ...read, spec: { ...read.spec!, completions: "3" as never } }).validate()).toThrow();
  expect(read.spec).toMatchObject({ completions: 3, parallelism: 2, completionMode: "Indexed" });

  // What each pod would run, by a shell of this machine.
  const [container] = read.spec!.template.spec!.containers;
  const [shell, flag, script] = container!.command!;
  const runs = [0, 1, 2].map((index) =>
    execFileSync(shell!, [flag!, script!.replace("exec ", "echo ")], {
      env: { JOB_COMPLETION_INDEX: `${index}` },
      encoding: "utf8",
    }).trim(),
  );
  const folder = `/studies/${study.path.split("/").at(-1)}`;
  expect(runs).toEqual(
    [0, 2, 3].map(
      (trial) => `cutout trial run ${folder} --threads 4 --data /studies/asirra --index ${trial}`,
    ),
  );
});

test("a study of which nothing is open has no manifest", () => {
  expect(() => manifestOf(studies.study([]), options)).toThrow("no planned trial is open; ");
});
