// `npm run bench -- train|infer`: images per second of this engine and its peers, in one run, rounds alternating.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { type Contestant, start } from "./contestant.ts";
import { type Engine, engines } from "./engines.ts";
import { machineCeilings } from "./machine.ts";

/** A line of the result. */
interface Row {
  readonly work: string;
  readonly engine: string;
  readonly version: string;
  readonly batch: number;
  /** Median over the rounds. */
  readonly imagesPerSecond: number;
  /** Largest resident memory of the engine's process; null where the system does not tell. */
  readonly peakMemoryMB: number | null;
  /** Against the best engine that is not ours, in the same run; null without one. */
  readonly ratioToBestPeer: number | null;
  readonly firstStepSeconds: number;
  /** Images per second of each round. */
  readonly rounds: readonly number[];
}

const kinds = ["train", "infer"] as const;
const list = (text: string) => text.split(",").filter((word) => word !== "");

const median = (numbers: readonly number[]) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Side of the images that each network is measured on. */
const sides: Readonly<Record<string, number>> = { resnet9: 32, resnet18: 32, alexnet: 227 };

async function measure(
  kind: (typeof kinds)[number],
  model: string,
  batch: number,
  chosen: readonly Engine[],
  options: { threads: number; seconds: number; rounds: number },
): Promise<Row[]> {
  const side = sides[model];
  if (side === undefined)
    throw new Error(`--models: must be among ${Object.keys(sides).join(", ")}, got ${model}`);
  const contestants: Contestant[] = [];
  try {
    for (const engine of chosen) {
      const command = engine.command({ kind, model, side, batch, threads: options.threads });
      const contestant = await start(engine.name, command);
      if ("reason" in contestant)
        console.log(`  ${engine.name}: left out, ${contestant.reason}. ${engine.install}`);
      else contestants.push(contestant);
    }
    const rounds = new Map(contestants.map((contestant) => [contestant, [] as number[]]));
    for (let round = 0; round < options.rounds; round++) {
      for (const contestant of contestants) {
        const rate = await contestant.run(options.seconds);
        rounds.get(contestant)!.push(rate);
        console.log(`  round ${round + 1}  ${contestant.name.padEnd(24)} ${rate.toFixed(1)} images/s`);
      }
    }
    const rates = contestants.map((contestant) => median(rounds.get(contestant)!));
    const best = Math.max(...contestants.map(({ name }, index) => (name === "cutout" ? 0 : rates[index]!)));
    return contestants.map((contestant, index) => ({
      work: `${kind} ${model} ${side}x${side}`,
      engine: contestant.name,
      version: contestant.version,
      batch,
      imagesPerSecond: rates[index]!,
      peakMemoryMB: contestant.peakMemoryMB(),
      ratioToBestPeer: best > 0 ? rates[index]! / best : null,
      firstStepSeconds: contestant.firstStepSeconds,
      rounds: rounds.get(contestant)!,
    }));
  } finally {
    for (const contestant of contestants) contestant.stop();
  }
}

function print(rows: readonly Row[]): void {
  console.table(
    rows.map(
      ({
        work,
        engine,
        version,
        batch,
        imagesPerSecond,
        ratioToBestPeer,
        peakMemoryMB,
        firstStepSeconds,
      }) => ({
        work,
        engine,
        version,
        batch,
        "images/s": Number(imagesPerSecond.toFixed(1)),
        "to best peer": ratioToBestPeer === null ? "-" : Number(ratioToBestPeer.toFixed(2)),
        "peak MB": peakMemoryMB === null ? "-" : Math.round(peakMemoryMB),
        "first step s": Number(firstStepSeconds.toFixed(1)),
      }),
    ),
  );
}

const program = new Command("bench")
  .argument("<kind>", kinds.join(" or "))
  .option("--models <names>", "networks, comma between", list, ["resnet18"])
  .option("--batch <sizes>", "batch sizes, comma between", (text) => list(text).map(Number), [128])
  .option("--peers <names>", `among ${engines.map(({ name }) => name).join(", ")}`, list, ["torch"])
  .option("--seconds <s>", "length of a round", Number, 10)
  .option("--rounds <n>", "rounds of each engine", Number, 5)
  .option("--threads <n>", "threads of each engine", Number, Math.min(2, availableParallelism()))
  .option("--out <file>", "JSON rows")
  .action(async (kind: string, options) => {
    const known = kinds.find((name) => name === kind);
    if (!known) program.error(`kind: must be one of ${kinds.join(", ")}, got ${kind}`);
    const chosen = engines.filter(
      ({ name }) => name === "cutout" || options.peers.some((peer: string) => name.startsWith(peer)),
    );
    const ceilings = await machineCeilings(options.threads);
    console.log(
      `this machine, ${options.threads} threads: matrix product ${ceilings.matmulGflops.toFixed(0)} GFLOP/s, ` +
        `copy ${ceilings.copyGBs.toFixed(1)} GB/s`,
    );
    const rows: Row[] = [];
    for (const model of options.models) {
      for (const batch of options.batch) {
        console.log(`${known} ${model}, batch ${batch}`);
        rows.push(...(await measure(known!, model, batch, chosen, options)));
      }
    }
    print(rows);
    if (options.out) writeFileSync(options.out, `${JSON.stringify({ machine: ceilings, rows }, null, 2)}\n`);
  });

await program.parseAsync();
