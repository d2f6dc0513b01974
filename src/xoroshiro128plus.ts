// The generator behind every stream: xoroshiro128+ (Blackman and Vigna 2016) in 32-bit halves.

/**
 * State of 128 bits, period 2^128 - 1. The 64-bit words of the published algorithm,
 *
 *     result = s0 + s1;  s1 ^= s0;  s0 = rotl(s0, 24) ^ s1 ^ (s1 << 16);  s1 = rotl(s1, 37)
 *
 * are kept as halves (high, low), because 32 bits is what JavaScript's integers have. Only the low half of the
 * result is given out.
 */
export class Xoroshiro128plus {
  private high0 = 0;
  private low0 = 0;
  private high1 = 0;
  private low1 = 0;

  /** Sets the state; it must not be all zeros. */
  setState(high0: number, low0: number, high1: number, low1: number): void {
    this.high0 = high0 | 0;
    this.low0 = low0 | 0;
    this.high1 = high1 | 0;
    this.low1 = low1 | 0;
  }

  /** The next 32 bits, as a signed integer. */
  next(): number {
    const { high0, low0 } = this;
    const result = (low0 + this.low1) | 0;
    const low = this.low1 ^ low0;
    const high = this.high1 ^ high0;
    this.low0 = (low0 << 24) ^ (high0 >>> 8) ^ low ^ (low << 16);
    this.high0 = (high0 << 24) ^ (low0 >>> 8) ^ high ^ ((high << 16) | (low >>> 16));
    // rotl 37 is an exchange of the halves and rotl 5.
    this.low1 = (high << 5) ^ (low >>> 27);
    this.high1 = (low << 5) ^ (high >>> 27);
    return result;
  }
}
