// Who takes part: this engine and its peers, each by the command that starts it.
import { fileURLToPath } from "node:url";

export interface Work {
  readonly kind: "train" | "infer";
  readonly model: string;
  readonly side: number;
  readonly batch: number;
  readonly threads: number;
}

export interface Engine {
  readonly name: string;
  /** How to get it. */
  readonly install: string;
  command(work: Work): readonly string[];
}

const peer = (file: string) => fileURLToPath(new URL(`peers/${file}`, import.meta.url));
const words = ({ kind, model, side, batch, threads }: Work) => [
  kind,
  model,
  ...[side, batch, threads].map(String),
];
/** The Python that has the peers; a virtual environment's, for example. */
const python = process.env.CUTOUT_BENCH_PYTHON ?? "python3";
const torch = "Install it with `pip install torch`, and name that Python in CUTOUT_BENCH_PYTHON";

const torchWith = (name: string, layout: string): Engine => ({
  name,
  install: torch,
  command: (work) => [python, "-P", peer("torch_peer.py"), ...words(work), layout],
});

export const engines: readonly Engine[] = [
  {
    name: "cutout",
    install: "npm ci",
    command: (work) => [process.execPath, "--import", "tsx", peer("cutout.ts"), ...words(work)],
  },
  torchWith("torch, contiguous", "contiguous"),
  torchWith("torch, channels-last", "channels-last"),
];
