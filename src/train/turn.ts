// Work that blocks the event loop lets others have their turn.

/** Lets signals and timers through. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    // A browser has no setImmediate.
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
