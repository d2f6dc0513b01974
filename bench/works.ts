// The works of the benchmark by name. A new one: a file with a `Work`, and a line here.
import { augment } from "./augment.ts";
import { augmentMemory } from "./augment-memory.ts";
import { layers } from "./layers.ts";
import { loader } from "./loader.ts";
import { infer, train } from "./network-engines.ts";
import { profile } from "./profile.ts";
import type { Work } from "./work.ts";

export const works: Readonly<Record<string, Work>> = {
  train,
  infer,
  augment,
  "augment-memory": augmentMemory,
  loader,
  layers,
  profile,
};
