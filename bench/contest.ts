// Engines against each other at one work: rounds alternate between them, a figure is the median of the rounds.
import { type Contestant, EngineError, type Entrant, start } from "./contestant.ts";
import { copyBandwidth } from "./machine.ts";
import { type BenchOptions, median, type Row } from "./work.ts";

export interface Contest {
  readonly work: string;
  readonly model: string | null;
  readonly batch: number;
  readonly threads: number;
  readonly entrants: readonly Entrant[];
}

interface Started {
  readonly entrant: Entrant;
  readonly contestant: Contestant;
  readonly rounds: number[];
}

const say = (text: string) => console.log(`  ${text}`);

/** Rows of all entrants in their order; one that cannot take part gets a row with the reason. */
export async function compete(
  contest: Contest,
  { seconds, rounds }: Pick<BenchOptions, "seconds" | "rounds">,
): Promise<readonly Row[]> {
  const { work, model, batch, threads, entrants } = contest;
  console.log([work, model, `batch ${batch}`, `${threads} threads`].filter(Boolean).join(", "));
  const out = new Map<Entrant, string>();
  const leave = (entrant: Entrant, reason: string) => {
    out.set(entrant, reason);
    say(`${entrant.name}: left out, ${reason}`);
  };
  const started: Started[] = [];
  try {
    for (const entrant of entrants) {
      const reason = entrant.unfit ?? (await enter(entrant, started));
      if (reason !== null) leave(entrant, reason);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { entrant, contestant, rounds: rates } of started) {
        if (out.has(entrant)) continue;
        try {
          const rate = await contestant.run(seconds);
          rates.push(rate);
          say(`round ${round}  ${entrant.name.padEnd(32)} ${show(rate)} images/s`);
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
          leave(entrant, error.message);
        }
      }
    }
    const lasting = started.filter(({ entrant }) => !out.has(entrant));
    const peers = lasting.filter(({ entrant }) => !entrant.ours).map(({ rounds: rates }) => median(rates));
    const own = lasting.filter(({ entrant }) => entrant.ours).map(({ rounds: rates }) => median(rates));
    const best = peers.length > 0 ? Math.max(...peers) : null;
    const common = { work, model, batch, threads };
    const bandwidth = await copyBandwidth(threads);
    return entrants.map((entrant): Row => {
      const found = lasting.find((each) => each.entrant === entrant);
      if (found === undefined)
        return { ...common, ...nothing, engine: entrant.name, note: out.get(entrant)! };
      const rate = median(found.rounds);
      return {
        ...common,
        engine: entrant.name,
        version: found.contestant.version,
        imagesPerSecond: rate,
        spread: [Math.min(...found.rounds), Math.max(...found.rounds)],
        peakMemoryMB: found.contestant.peakMemoryMB(),
        ratioToBestPeer: best === null ? null : rate / best,
        oursToThis: own.length > 0 ? Math.max(...own) / rate : null,
        copyShare: entrant.bytesPerImage === null ? null : (rate * entrant.bytesPerImage) / bandwidth,
        timeToFirstStep: found.contestant.timeToFirstStep,
        rounds: found.rounds,
        note: null,
      };
    });
  } finally {
    for (const { contestant } of started) contestant.stop();
  }
}

const nothing = {
  version: null,
  imagesPerSecond: null,
  spread: null,
  peakMemoryMB: null,
  ratioToBestPeer: null,
  oursToThis: null,
  copyShare: null,
  timeToFirstStep: null,
  rounds: [],
} as const;

/** Starts an engine; the reason when it cannot take part. All must have a network of the same size. */
async function enter(entrant: Entrant, started: Started[]): Promise<string | null> {
  try {
    const contestant = await start(entrant);
    const first = started[0]?.contestant.parameters ?? null;
    if (first !== null && contestant.parameters !== first) {
      contestant.stop();
      return `its network has ${contestant.parameters} parameters, the first engine's ${first}`;
    }
    started.push({ entrant, contestant, rounds: [] });
    const { load, compile, step } = contestant.timeToFirstStep;
    const times = [load, compile, step].map((time) => time.toFixed(1));
    say(`${entrant.name}: ready (load ${times[0]} s, compile ${times[1]} s, first step ${times[2]} s)`);
    return null;
  } catch (error) {
    if (error instanceof EngineError)
      return error.missing ? `${error.message}. ${entrant.install}` : error.message;
    throw error;
  }
}

/** Four digits or so. */
export const show = (rate: number): string => (rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3));
