// The rounds of a study: trials that can run side by side, after those whose results call for them; and what they cost.
import type { Conducted, Study } from "../study-folder/index.ts";
import { ask } from "./questions/index.ts";

/**
 * The trials that are planned, round by round: asked anew with the results of the rounds before, the question tells which
 * trials it needs next.
 */
export function roundsOf<One extends Conducted>(
  study: Study,
  conducted: readonly One[],
): readonly (readonly One[])[] {
  const rounds: (readonly One[])[] = [];
  for (let begin = 0; begin < conducted.length; ) {
    const { trials } = ask(study, conducted.slice(0, begin));
    // What is planned counts, whatever the results of now would call for.
    const end = trials.length > begin ? Math.min(trials.length, conducted.length) : conducted.length;
    rounds.push(conducted.slice(begin, end));
    begin = end;
  }
  return rounds;
}

/**
 * Seconds until the last round has ended when so many machines take the trials of each in their order, one at a time, and
 * no round begins before the one before has ended.
 * @param rounds seconds of each trial
 */
export function secondsOn(machines: number, rounds: readonly (readonly number[])[]): number {
  return rounds.reduce((total, round) => total + secondsAfter([], round, machines), 0);
}

/**
 * Seconds until all have ended when `running` still take so long, and each machine takes the next of those that wait, in
 * their order, as soon as it is free.
 */
export function secondsAfter(
  running: readonly number[],
  waiting: readonly number[],
  machines: number,
): number {
  const free = [...running, ...new Array<number>(Math.max(0, machines - running.length)).fill(0)];
  for (const seconds of waiting) free[free.indexOf(Math.min(...free))]! += seconds;
  return Math.max(0, ...free);
}
