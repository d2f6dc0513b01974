// `augment`: Cutout alone, the fused pass, and JPEGs to batches, on one core and on two.
import { compete } from "./contest.ts";
import type { Entrant } from "./contestant.ts";
import { nodeCommand, pip, pythonCommand } from "./peer-programs.ts";
import { makePictures, type Pictures } from "./pictures.ts";
import type { BenchOptions, Row, Work } from "./work.ts";

interface AugmentEngine {
  readonly name: string;
  /** What `--peers` calls it; null for ours. */
  readonly peer: string | null;
  /** What its program calls it. */
  readonly engine: string;
  readonly program: "cutout_augment.ts" | "augment_peer.py" | "ffcv_peer.py";
  readonly install: string;
  /** Spreads over cores by itself, instead of being started once a core. */
  readonly ownWorkers: boolean;
  /** Bytes that must be read and written for one image of so many numbers; null where something else takes the time. */
  readonly bytes: ((numbers: number) => number) | null;
}

interface Case {
  readonly name: string;
  readonly task: "erase" | "fused" | "jpeg" | "training";
  readonly side: number;
  readonly engines: readonly AugmentEngine[];
  path(pictures: Pictures, options: BenchOptions): string | Promise<string>;
}

/** A float batch read and written. */
const copied = (numbers: number) => 8 * numbers;
/** A quarter of the numbers written. */
const painted = (numbers: number) => numbers;

const ours = (
  name: string,
  engine: string,
  bytes: AugmentEngine["bytes"],
  ownWorkers = false,
): AugmentEngine => ({
  name,
  peer: null,
  engine,
  program: "cutout_augment.ts",
  install: "npm ci",
  ownWorkers,
  bytes,
});

const python = (
  name: string,
  peer: string,
  engine: string,
  bytes: AugmentEngine["bytes"],
  ownWorkers = false,
): AugmentEngine => ({
  name,
  peer,
  engine,
  program: "augment_peer.py",
  install: pip(peer),
  ownWorkers,
  bytes,
});

/** The mean needs all numbers, too. */
const readAndPainted = (numbers: number) => 5 * numbers;

const erasing: readonly Pick<Case, "name" | "engines">[] = [
  {
    name: "Cutout alone, zero",
    engines: [
      ours("cutout, new batch", "zero-new", copied),
      ours("cutout, into a kept batch", "zero-into", copied),
      python("the authors' PyTorch module", "torch", "module", copied),
      python("torchvision v2 RandomErasing", "torchvision", "torchvision", copied),
      python("Albumentations CoarseDropout", "albumentations", "albumentations", copied),
      python("kornia RandomErasing", "kornia", "kornia", copied),
    ],
  },
  {
    name: "Cutout alone, zero, in place",
    engines: [
      ours("cutout, in place", "zero-in-place", painted),
      python("torchvision v2 RandomErasing", "torchvision", "torchvision-in-place", painted),
    ],
  },
  {
    name: "Cutout alone, image mean, in place",
    engines: [
      ours("cutout, in place", "mean-in-place", readAndPainted),
      python("the reviewed numpy loop", "numpy", "numpy", readAndPainted),
    ],
  },
];

const eraseCases = [32, 224].flatMap((side) =>
  erasing.map(
    ({ name, engines }): Case => ({
      name: `${name}, ${side}x${side}`,
      task: "erase",
      side,
      engines,
      path: (pictures, { batch }) => pictures.raw(side, Math.max(...batch)),
    }),
  ),
);

/** A byte read, a float written. */
const widened = (numbers: number) => 5 * numbers;

const cases: readonly Case[] = [
  ...eraseCases,
  {
    name: "crop, flip, normalize and Cutout from 8 bits, 32x32",
    task: "fused",
    side: 32,
    engines: [
      ours("cutout, loader", "loader", widened, true),
      python("torchvision v2, DataLoader", "torchvision", "torchvision", widened, true),
      {
        ...python("FFCV", "ffcv", "ffcv", widened, true),
        program: "ffcv_peer.py",
      },
    ],
    path: (pictures) => pictures.raw(32, 50_000),
  },
  {
    name: "JPEGs to batches, each epoch decoded, 224x224",
    task: "jpeg",
    side: 224,
    engines: [
      ours("cutout, decoded again", "sharp", null, true),
      python("torchvision v2, PIL, DataLoader", "torchvision", "torchvision", null, true),
      python("the same, PIL's draft mode", "torchvision", "torchvision-draft", null, true),
    ],
    path: (pictures, { photos }) => photos ?? pictures.jpegs(256),
  },
  {
    name: "JPEGs to the batches of ten epochs, 224x224",
    task: "training",
    side: 224,
    engines: [
      ours("cutout, decoded once", "cache", null, true),
      python("torchvision v2, PIL, DataLoader", "torchvision", "torchvision", null, true),
      python("the same, PIL's draft mode", "torchvision", "torchvision-draft", null, true),
    ],
    path: (pictures, { photos }) => photos ?? pictures.jpegs(256),
  },
];

export const augmentPeers = [
  ...new Set(cases.flatMap(({ engines }) => engines.flatMap(({ peer }) => peer ?? []))),
];

function entrant(
  found: AugmentEngine,
  { task, side }: Case,
  batch: number,
  cores: number,
  path: string,
): Entrant {
  const { name, peer, engine, program, install, ownWorkers, bytes } = found;
  const words = [task, engine, side, batch, cores, path];
  return {
    name,
    ours: peer === null,
    install,
    unfit: null,
    command: program.endsWith(".ts") ? nodeCommand(program, ...words) : pythonCommand(program, ...words),
    processes: ownWorkers ? null : cores,
    cores: ownWorkers ? cores : null,
    bytesPerImage: bytes === null ? null : bytes(3 * side * side),
  };
}

export const augment: Work = {
  about: "Cutout alone, the fused pass, JPEGs to batches; on one core and on --threads",
  async run(options) {
    const pictures = makePictures();
    const rows: Row[] = [];
    const wanted = ({ name }: Case) =>
      options.cases.length === 0 || options.cases.some((word) => name.includes(word));
    try {
      for (const each of cases.filter(wanted)) {
        const path = await each.path(pictures, options);
        const chosen = each.engines.filter(({ peer }) => peer === null || options.peers.includes(peer));
        for (const batch of options.batch) {
          for (const cores of new Set([1, options.threads])) {
            const entrants = chosen.map((found) => entrant(found, each, batch, cores, path));
            const contest = { work: `augment: ${each.name}`, model: null, batch, threads: cores, entrants };
            rows.push(...(await compete(contest, options)));
          }
        }
      }
      return rows;
    } finally {
      pictures.remove();
    }
  },
};
