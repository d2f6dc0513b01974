// Student's t looked at again and again, for normal differences: what naive looks risk, and bounds that hold at all looks.
import { studentQuantile95, withinAngle } from "./student.ts";

/** |u| is taken apart into so many cells, each as if it all lay in the middle. */
const cells = 200;

/** The probability that |u| lies in each cell of `middles`, and has crossed no bound yet. */
interface Cells {
  readonly pairs: number;
  readonly middles: Float64Array;
  readonly shares: Float64Array;
}

/**
 * u_n = (x_1 + ... + x_n) / sqrt(x_1^2 + ... + x_n^2), from which t is sqrt(n - 1) u / sqrt(n - u^2). Of normal differences
 * without an effect, the direction of (x_1 ... x_n) is uniform and does not depend on its length, so that u is a
 * Markov chain: u_(n+1) = u_n cos a + sin a with an angle a of its own, and sqrt(n) tan a is Student's t with n degrees of
 * freedom. So |t| at many looks is one integral a pair, over one number.
 * @returns `upTo(u)`: the probability of |u_(n+1)| <= u together with no crossing so far
 */
function nextPair({ pairs, middles, shares }: Cells): (u: number) => number {
  const below = (angle: number) =>
    0.5 + 0.5 * Math.sign(angle) * withinAngle(Math.min(Math.abs(angle), Math.PI / 2), pairs);
  /** P(u_(n+1) <= v | u_n = u), as u cos a + sin a = sqrt(1 + u^2) sin(a + atan u). */
  const chance = (v: number, u: number) => {
    const sine = v / Math.hypot(1, u);
    if (sine >= 1) return 1;
    if (sine <= -1) return 0;
    const turn = Math.atan(u);
    const angle = Math.asin(sine);
    return below(angle - turn) + 1 - below(Math.PI - angle - turn);
  };
  return (u) =>
    middles.reduce((sum, middle, at) => sum + shares[at]! * (chance(u, middle) - chance(-u, middle)), 0);
}

function inCells(pairs: number, most: number, upTo: (u: number) => number): Cells {
  const middles = new Float64Array(cells);
  const shares = new Float64Array(cells);
  let before = 0;
  for (let at = 0; at < cells; at++) {
    const now = upTo((most * (at + 1)) / cells);
    middles[at] = (most * (at + 0.5)) / cells;
    shares[at] = now - before;
    before = now;
  }
  return { pairs, middles, shares };
}

const toU = (t: number, pairs: number) => t * Math.sqrt(pairs / (pairs - 1 + t * t));
const toT = (u: number, pairs: number) => u * Math.sqrt((pairs - 1) / (pairs - u * u));

/** Goes through the looks; at each `bound` says up to which |u| it goes on. @returns probability of crossing none */
function throughLooks(
  looks: readonly number[],
  bound: (at: number, upTo: (u: number) => number, pairs: number) => number,
): number {
  const [first] = looks;
  // At the first look t has Student's distribution with n - 1 degrees of freedom.
  let upTo = (u: number) => withinAngle(Math.atan(u / Math.sqrt(first! - u * u)), first! - 1);
  let kept = 1;
  for (let pairs = first!, at = 0; ; pairs++) {
    let most = Math.sqrt(pairs);
    if (pairs === looks[at]) {
      most = bound(at, upTo, pairs);
      kept = upTo(most);
      at++;
    }
    if (at === looks.length) return kept;
    upTo = nextPair(inCells(pairs, most, upTo));
  }
}

/**
 * The probability that p <= 0.05 in the paired t test is met at one of the looks at least, without an effect.
 * @param looks numbers of pairs, rising integers >= 2
 */
export function naiveRisk(looks: readonly number[]): number {
  return 1 - throughLooks(looks, (_at, _upTo, pairs) => toU(studentQuantile95(pairs - 1), pairs));
}

/**
 * The t of each look with which mean +- t s / sqrt(n) holds the true mean at all looks together, but for `error`, which is
 * spent as error (n / N)^2 on normal differences.
 * @param looks numbers of pairs, rising integers >= 2
 * @see Jennison and Turnbull, Group Sequential Methods (2000), chapters 9 (repeated intervals) and 11 (t tests)
 */
export function repeatedT(looks: readonly number[], error: number): number[] {
  const last = looks.at(-1)!;
  const bounds: number[] = [];
  throughLooks(looks, (at, upTo, pairs) => {
    const wanted = 1 - error * (looks[at]! / last) ** 2;
    let low = 0;
    let high = Math.sqrt(pairs);
    for (let round = 0; round < 40; round++) {
      const middle = (low + high) / 2;
      if (upTo(middle) < wanted) low = middle;
      else high = middle;
    }
    bounds.push(toT(high, pairs));
    return high;
  });
  return bounds;
}
