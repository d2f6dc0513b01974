// Random numbers of the gamma and beta distributions, for the weights of Mixup and CutMix.
import type { Rng } from "../../rng.ts";

/**
 * The logarithm of a gamma variate with scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma
 * variables"). A shape below 1 is raised by one and corrected with U^(1/shape); as a logarithm, for with small
 * shapes the variate itself falls below the smallest double.
 * @param shape > 0
 */
function logGammaVariate(rng: Rng, shape: number): number {
  if (shape < 1) return logGammaVariate(rng, shape + 1) + Math.log(1 - rng.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/**
 * A number of the distribution Beta(alpha, beta): X / (X + Y) of two gamma variates.
 * @param alpha > 0
 * @param beta > 0
 * @returns 0 to 1; with small parameters the ends themselves occur
 */
export function betaVariate(rng: Rng, alpha: number, beta: number): number {
  const first = logGammaVariate(rng, alpha);
  const second = logGammaVariate(rng, beta);
  return 1 / (1 + Math.exp(second - first));
}

/** Lanczos's coefficients for g = 7, n = 9. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Gamma(x), x > 0, to about 1e-13. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  let sum = lanczos[0]!;
  for (let index = 1; index < lanczos.length; index++) sum += lanczos[index]! / (x - 1 + index);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** E[X^power] of X ~ Beta(alpha, beta): Gamma(alpha + power) Gamma(alpha + beta) / (Gamma(alpha) Gamma(alpha + beta + power)). */
export function betaMoment(alpha: number, beta: number, power: number): number {
  return Math.exp(
    logGamma(alpha + power) + logGamma(alpha + beta) - logGamma(alpha) - logGamma(alpha + beta + power),
  );
}
