// The programs of the peers, and how to get what they need.
import { fileURLToPath } from "node:url";

/** A file of the peers' side. */
export const peerFile = (file: string): string => fileURLToPath(new URL(`peers/${file}`, import.meta.url));

/** The Python that has the peers; a virtual environment's, for example. */
export const python = process.env.CUTOUT_BENCH_PYTHON ?? "python3";

export const pip = (packages: string): string =>
  `Install it with \`pip install ${packages}\`, and name that Python in CUTOUT_BENCH_PYTHON`;

/** They have a folder of their own: nothing of them is in this package. */
export const npmPeers = "Install it with `npm install --prefix bench/peers`";

export const pythonCommand = (file: string, ...words: readonly (string | number)[]): readonly string[] => [
  python,
  "-P",
  peerFile(file),
  ...words.map(String),
];

/** A program of TypeScript or JavaScript that may import this project's sources. */
export const nodeCommand = (file: string, ...words: readonly (string | number)[]): readonly string[] => [
  process.execPath,
  "--import",
  "tsx",
  peerFile(file),
  ...words.map(String),
];
