// The trials of a study as an Indexed Job of Kubernetes: a manifest, to be applied by whoever has a cluster. Pods fill the run
// folders on a shared volume, and "cutout study resume" reads them.
import { basename, posix, resolve } from "node:path";
import { stringify } from "yaml";
import { CutoutError } from "../error.ts";
import { conductedOf, type OpenStudy } from "../study-folder/index.ts";
import { shellWord } from "../text.ts";

export interface ManifestOptions {
  /** Container image with the program `cutout`. */
  readonly image: string;
  /** Persistent volume claim that holds the study's folder (access mode ReadWriteMany, where several nodes work). */
  readonly claim: string;
  /** Where the volume is mounted. */
  readonly mount: string;
  /** The study's folder on the volume; null for its own name. */
  readonly folder: string | null;
  /** The images on the volume; null for where they were when the study was made. */
  readonly data: string | null;
  /** Pods at a time; null for all at once. */
  readonly parallel: number | null;
  /** Processors of a pod. */
  readonly threads: number;
  /** Of a pod, as Kubernetes writes it: `2Gi`. */
  readonly memory: string;
  readonly namespace: string | null;
}

/** Seconds in which a pod that has to go saves its run. */
const graceSeconds = 120;

/** The manifest as YAML, by {@link jobOf}. */
export const manifestOf = (study: OpenStudy, options: ManifestOptions): string =>
  stringify(jobOf(study, options), { lineWidth: 0 });

/**
 * The Job of all trials that are planned and not finished.
 * @throws CutoutError when there are none
 */
export function jobOf(study: OpenStudy, options: ManifestOptions) {
  const { image, claim, mount, folder, data, parallel, threads, memory, namespace } = options;
  const trials = conductedOf(study)
    .filter(({ outcome }) => outcome.state !== "finished")
    .map(({ trial }) => trial.index);
  if (trials.length === 0) {
    throw new CutoutError({
      where: study.path,
      what: "no planned trial is open",
      remedy: `"cutout study resume ${shellWord(study.path)}" plans further ones where the question needs them`,
    });
  }
  const place = posix.join(mount, folder ?? basename(resolve(study.path)));
  const run = ["cutout", "trial", "run", place, "--threads", `${threads}`];
  if (data !== null) run.push("--data", posix.resolve(mount, data));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `cutout-${study.study.hash.slice(0, 12)}-${trials[0]}`,
      ...(namespace !== null && { namespace }),
      labels: { "app.kubernetes.io/name": "cutout" },
    },
    spec: {
      completionMode: "Indexed",
      completions: trials.length,
      parallelism: Math.min(parallel ?? trials.length, trials.length),
      // One trial that fails is tried again, and does not end the others.
      backoffLimitPerIndex: 3,
      maxFailedIndexes: trials.length,
      podFailurePolicy: {
        // A pod that its node had to give up has not failed.
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: graceSeconds,
          containers: [
            {
              name: "trial",
              image,
              // The index of a pod is a place in this list of trials.
              command: [
                "/bin/sh",
                "-c",
                `set -- ${trials.join(" ")}; shift "$JOB_COMPLETION_INDEX"; exec ${run.map(shellWord).join(" ")} --index "$1"`,
              ],
              workingDir: mount,
              resources: {
                requests: { cpu: `${threads}`, memory },
                limits: { memory },
              },
              volumeMounts: [{ name: "work", mountPath: mount }],
            },
          ],
          volumes: [{ name: "work", persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
}
