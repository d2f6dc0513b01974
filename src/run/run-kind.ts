// What runs of one kind do that others do not: classifiers, and pretrainings without labels.
import type { Dataset, OpenDatasetOptions } from "../data/index.ts";
import type { Network } from "../nn/network.ts";
import type { OpenRun } from "../run-folder/index.ts";
import type { Objective, Scores } from "../train/objective.ts";
import type { RunStorage } from "../train/storage.ts";
import type { Prepared } from "./prepare.ts";

export interface RunKind<S extends Scores> {
  /** The command that begins such a run, and goes on with it. */
  readonly command: "train" | "pretrain";
  readonly purpose: NonNullable<OpenDatasetOptions["purpose"]>;
  /** Opens a run of this kind. @throws CutoutError when it is of another */
  open(runDir: string): OpenRun<S>;
  /** Outputs that the classifier is built with. */
  numClasses(dataset: Pick<Dataset, "classes">): number;
  /** What is trained, out of the classifier that the settings name. */
  network(classifier: Network): Network;
  /** Names of the weights that it takes of another run, of the classifier's. @param pretrained whether that is a pretraining */
  taken(classifier: Network, pretrained: boolean): ReadonlySet<string>;
  /** What the network learns. */
  objective(prepared: Prepared): Objective<S>;
  /** The data, what is learnt of them, and for how long: a line each. */
  describe(prepared: Prepared, network: Network): readonly string[];
  /** A storage that keeps pictures too. */
  withPictures(storage: RunStorage<S>, runDir: string, prepared: Prepared): RunStorage<S>;
  /** Writes what is made of a run that has ended. @returns path of report.html */
  writeProducts(runDir: string, prepared: Prepared, network: Network): Promise<string>;
}
