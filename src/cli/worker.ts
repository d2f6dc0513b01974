// `cutout worker`: trains the trials of studies that are conducted elsewhere, until it is ended.
import type { Command } from "commander";
import { onInterrupt, tell } from "./console.ts";
import { wholeNumber } from "./model-options.ts";

export function addWorker(program: Command): void {
  program
    .command("worker")
    .summary("train trials of studies from other machines (Redis)")
    .description(
      "Takes trials of studies that are conducted with --on redis://..., trains them on this machine, and sends the run folders back. " +
        "Workers join and leave at any time: Ctrl-C saves what runs and gives it to others.",
    )
    .requiredOption("--redis <address>", "redis://:password@host:port, or rediss:// for TLS")
    .option(
      "--data <folder>",
      "where the images are on this machine, if not where they were when the study was made",
    )
    .option("--threads <n>", "processor threads of a trial", wholeNumber, 1)
    .option(
      "--parallel <n>",
      "trials at a time (default: as many as processors and memory allow)",
      wholeNumber,
    )
    .option(
      "--work <folder>",
      "folder for decoded images and the runs that are going on",
      ".cache/cutout-worker",
    )
    .action(workerAction);
}

async function workerAction(options: {
  readonly redis: string;
  readonly data?: string;
  readonly threads: number;
  readonly parallel?: number;
  readonly work: string;
}): Promise<void> {
  const { work } = await import("../execute/redis/worker.ts");
  const interruption = onInterrupt(() => {});
  interruption.arm();
  try {
    await work({
      url: options.redis,
      data: options.data ?? null,
      threads: options.threads,
      parallel: options.parallel ?? null,
      work: options.work,
      signal: interruption.signal,
      tell,
    });
  } finally {
    interruption.release();
  }
}
