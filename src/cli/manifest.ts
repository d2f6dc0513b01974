// `cutout study manifest`: the trials of a study as a job of a cluster that this program does not talk to.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import { version } from "../version.ts";
import { wholeNumber } from "./model-options.ts";

interface ManifestFlags {
  readonly kubernetes?: true;
  readonly image: string;
  readonly claim: string;
  readonly mount: string;
  readonly folder?: string;
  readonly data?: string;
  readonly parallel?: number;
  readonly threads: number;
  readonly memory: string;
  readonly namespace?: string;
}

export function addManifest(study: Command): void {
  study
    .command("manifest")
    .description(
      "Prints a job of a cluster whose tasks are the open trials of a study; they need the study's folder on a shared volume.",
    )
    .argument("<study>", "study folder")
    .option("--kubernetes", "as an Indexed Job of Kubernetes (YAML, for kubectl apply -f -)")
    .option("--image <name>", "container image with this program", `cutout:${version}`)
    .option("--claim <name>", "persistent volume claim with the study's folder and the images", "cutout")
    .option("--mount <path>", "where pods see it", "/studies")
    .option("--folder <path>", "the study's folder on it (default: its own name)")
    .option("--data <path>", "the images on it, if not where they were when the study was made")
    .option("--parallel <number>", "pods at a time (default: all)", wholeNumber)
    .option("--threads <number>", "processors of a pod", wholeNumber, 1)
    .option("--memory <quantity>", "memory of a pod", "2Gi")
    .option("--namespace <name>", "of the job")
    .action(printManifest);
}

async function printManifest(path: string, flags: ManifestFlags): Promise<void> {
  const { kubernetes, folder = null, data = null, parallel = null, namespace = null, ...others } = flags;
  if (kubernetes !== true) {
    throw settingsError({
      where: "study manifest",
      what: "must be told for what",
      remedy: "add --kubernetes",
    });
  }
  const { openStudy } = await import("../study-folder/index.ts");
  const { manifestOf } = await import("../execute/kubernetes.ts");
  process.stdout.write(manifestOf(openStudy(path), { ...others, folder, data, parallel, namespace }));
}
