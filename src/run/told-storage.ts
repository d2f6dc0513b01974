// A run's storage that tells where the training stands, by what is read and written.
import type { Scores } from "../train/objective.ts";
import type { RunStorage } from "../train/storage.ts";

/** The last checkpoint is written after all that it goes with. */
export function toldWhenSaved<S extends Scores>(storage: RunStorage<S>, onSaved: () => void): RunStorage<S> {
  return {
    ...storage,
    async writeCheckpoint(name, state, position) {
      await storage.writeCheckpoint(name, state, position);
      if (name === "last") onSaved();
    },
  };
}

/** A run has begun when its first checkpoint is about to be written, or when its last one has been read and is its own. */
export function toldWhenBegun<S extends Scores>(storage: RunStorage<S>, onBegun: () => void): RunStorage<S> {
  let begun = false;
  const begin = () => {
    if (!begun) onBegun();
    begun = true;
  };
  return {
    ...storage,
    writeCheckpoint(...checkpoint) {
      begin();
      return storage.writeCheckpoint(...checkpoint);
    },
    cutRecords(epochs) {
      begin();
      return storage.cutRecords(epochs);
    },
  };
}
