// How many trials there is memory for: what the largest one has taken so far is what the next one may need.
import { freemem } from "node:os";

/** What a trial may need more than the largest one has needed so far. */
const reserve = 1.25;

export class MemoryNeed {
  /** Bytes that a trial has taken so far, at most. */
  #peak = 0;
  #measured = () => {};
  /** Once the first trial has done a step, or has ended. */
  readonly measured = new Promise<void>((resolve) => {
    this.#measured = resolve;
  });

  readonly taken = (bytes: number): void => {
    this.#peak = Math.max(this.#peak, bytes);
    this.#measured();
  };

  hasRoom(): boolean {
    return freeMemory() >= reserve * this.#peak;
  }
}

/** Memory that processes can still get, bytes. */
function freeMemory(): number {
  // From Node 20.13 on; freemem leaves out what the system would give up (file caches).
  return process.availableMemory?.() ?? freemem();
}
