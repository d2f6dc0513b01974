// A job that a worker holds: its lock is extended for as long as it is trained, and it is said when that should end.
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import type { Bench } from "./bench.ts";
import type { TrialJob, TrialResult } from "./notice.ts";

export interface HeldJob {
  /** Its training is to save and end: the worker ends, or the job is lost or no longer wanted. */
  readonly signal: AbortSignal;
  /** Whether it is another's by now, or nobody's. */
  isLost(): boolean;
  /** Whether all trials of its study are to end. */
  isStopped(): boolean;
  release(): void;
}

interface Holding {
  readonly token: string;
  /** Milliseconds that an extension is good for. */
  readonly lock: number;
  readonly bench: Bench;
  readonly redis: Redis;
  /** Of the worker. */
  readonly signal: AbortSignal;
}

export function holdJob(
  job: Job<TrialJob, TrialResult>,
  { token, lock, bench, redis, signal }: Holding,
): HeldJob {
  const ending = new AbortController();
  let lost = false;
  let stopped = false;
  const end = () => ending.abort(new Error("interrupted"));
  const enders = [signal, bench.left.signal];
  for (const ender of enders) ender.addEventListener("abort", end);
  if (enders.some(({ aborted }) => aborted)) end();
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const [extended, stop] = await Promise.all([
        job.extendLock(token, lock),
        redis.exists(bench.keys.stop),
      ]);
      lost ||= extended !== 1;
      stopped ||= stop === 1;
      if (lost || stopped) end();
    } catch {
      // Redis is away; asked again.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(ask, Math.min(lock / 6, 2000));
  return {
    signal: ending.signal,
    isLost: () => lost || bench.left.signal.aborted,
    isStopped: () => stopped,
    release: () => {
      clearInterval(timer);
      for (const ender of enders) ender.removeEventListener("abort", end);
    },
  };
}
