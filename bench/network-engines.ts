// Who trains and who infers: this engine and its peers, each by the command that starts it.
import { type Contest, compete } from "./contest.ts";
import type { Entrant } from "./contestant.ts";
import { type BenchModel, benchModel, benchNetworks } from "./networks.ts";
import { nodeCommand, npmPeers, pip, pythonCommand } from "./peer-programs.ts";
import type { Row, Work } from "./work.ts";

type Kind = "train" | "infer";

interface NetworkEngine {
  readonly name: string;
  /** What `--peers` calls it; null for ours, which always takes part. */
  readonly peer: string | null;
  readonly install: string;
  readonly kinds: readonly Kind[];
  /** Networks that whose first step takes seconds, not minutes; null for all. */
  readonly models: { readonly [K in Kind]?: readonly BenchModel[] } | null;
  readonly command: (...words: readonly (string | number)[]) => readonly string[];
}

const both = ["train", "infer"] as const;

const ours = (name: string, form: string, kinds: readonly Kind[]): NetworkEngine => ({
  name,
  peer: null,
  install: "npm ci",
  kinds,
  models: null,
  command: (...words) => nodeCommand("cutout.ts", ...words, form),
});

const torch = (name: string, peer: string, form: string, kinds: readonly Kind[] = both): NetworkEngine => ({
  name,
  peer,
  install: pip("torch"),
  kinds,
  models: null,
  command: (...words) => pythonCommand("torch_peer.py", ...words, form),
});

const node = (
  name: string,
  peer: string,
  file: string,
  backend: string,
  models: NetworkEngine["models"],
): NetworkEngine => ({
  name,
  peer,
  install: npmPeers,
  kinds: both,
  models,
  command: (...words) => nodeCommand(file, ...words, backend),
});

const engines: readonly NetworkEngine[] = [
  ours("cutout", "step", ["train"]),
  ours("cutout, model.onnx", "exported", ["infer"]),
  ours("cutout, eval and predict", "predictor", ["infer"]),
  torch("torch, contiguous", "torch", "contiguous"),
  torch("torch, channels-last", "torch", "channels-last"),
  torch("torch, bfloat16", "torch-bfloat16", "bfloat16"),
  torch("torch.compile", "torch-compile", "compile"),
  torch("torch.jit.freeze", "torch-freeze", "freeze", ["infer"]),
  node("tfjs, plain JS", "tfjs", "tfjs_peer.mjs", "cpu", { train: ["tiny"], infer: ["tiny"] }),
  node("tfjs, WASM", "tfjs-wasm", "tfjs_peer.mjs", "wasm", { train: ["tiny"] }),
  node("jax-js, WASM", "jax-js", "jax_peer.mjs", "wasm", { train: ["tiny"], infer: ["tiny"] }),
];

export const networkPeers = [...new Set(engines.flatMap(({ peer }) => peer ?? []))];

function entrant(
  { name, peer, install, models, command }: NetworkEngine,
  kind: Kind,
  contest: Place,
): Entrant {
  const { model, batch, threads } = contest;
  const fit = models?.[kind];
  return {
    name,
    ours: peer === null,
    install,
    unfit:
      fit === undefined || fit.includes(model)
        ? null
        : `a step would take a minute or more: it takes part with --models ${fit.join(",")}`,
    command: command(kind, model, benchNetworks[model].side, batch, threads),
    processes: null,
    cores: null,
    bytesPerImage: null,
  };
}

interface Place {
  readonly model: BenchModel;
  readonly batch: number;
  readonly threads: number;
}

const work = (kind: Kind, about: string): Work => ({
  about,
  async run(options) {
    const models = options.models.map(benchModel);
    const rows: Row[] = [];
    for (const model of models) {
      for (const batch of options.batch) {
        const place: Place = { model, batch, threads: options.threads };
        const chosen = engines.filter(
          ({ peer, kinds }) => kinds.includes(kind) && (peer === null || options.peers.includes(peer)),
        );
        const { side } = benchNetworks[model];
        const contest: Contest = {
          ...place,
          work: kind,
          model: `${model} ${side}x${side}`,
          entrants: chosen.map((engine) => entrant(engine, kind, place)),
        };
        rows.push(...(await compete(contest, options)));
      }
    }
    return rows;
  },
});

export const train = work("train", "training steps of whole networks");
export const infer = work(
  "infer",
  "the exported models, and what eval and predict run, against the peers' networks in evaluation mode",
);
