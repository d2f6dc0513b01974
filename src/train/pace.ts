// Speed and time left, smoothed; what happens once (compiling in the first step) is not counted.

/** How much of the smoothed step time stays at each new step. */
const memory = 0.95;
/** Until the first evaluation was timed: one view of an image costs about a third of training on it. */
const guessedShare = 1 / 3;

export interface Work {
  /** Steps on images of the full size; one on smaller images counts by its share of their pixels. */
  readonly steps: number;
  /** Images times views still to be evaluated. */
  readonly views: number;
}

/** @param clock seconds from any start */
export class Pace {
  readonly #clock: () => number;
  readonly #batchSize: number;
  #mark: number;
  #smoothed = 0;
  #weight = 0;
  #firstStep: number | null = null;
  #secondsPerView: number | null = null;
  #pixelShare = 1;

  constructor(clock: () => number, batchSize: number) {
    this.#clock = clock;
    this.#batchSize = batchSize;
    this.#mark = clock();
  }

  /** Starts the next step's time now: what came before (validation, a checkpoint) was no training. */
  restart(): void {
    this.#mark = this.#clock();
  }

  /** Ends a step's time, the loading of its batch counted in. Returns its seconds, or null for the first step of all. */
  stepDone(): number | null {
    const now = this.#clock();
    const seconds = now - this.#mark;
    this.#mark = now;
    if (this.#firstStep === null) {
      this.#firstStep = seconds;
      return null;
    }
    this.#smoothed = memory * this.#smoothed + (1 - memory) * seconds;
    this.#weight = memory * this.#weight + (1 - memory);
    return seconds;
  }

  /**
   * Images of another size come next: until they are timed a step's time goes with their pixels.
   * @param pixelShare share of a full image's pixels
   */
  resized(pixelShare: number): void {
    this.#smoothed *= pixelShare / this.#pixelShare;
    this.#pixelShare = pixelShare;
    // It compiles.
    this.#firstStep = null;
  }

  evaluated(views: number, seconds: number): void {
    if (views > 0) this.#secondsPerView = seconds / views;
  }

  /** The first step stands in until there is a second. */
  get secondsPerStep(): number {
    return this.#weight > 0 ? this.#smoothed / this.#weight : (this.#firstStep ?? 0);
  }

  get imagesPerSecond(): number {
    return this.secondsPerStep > 0 ? this.#batchSize / this.secondsPerStep : 0;
  }

  secondsLeft(work: Work): number {
    const step = this.secondsPerStep / this.#pixelShare;
    const view = this.#secondsPerView ?? (step / this.#batchSize) * guessedShare;
    return work.steps * step + work.views * view;
  }
}
