// A campaign against run folders with the real program: kills, pairs of processes, flipped bits. Each finds what is lost.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CutoutError } from "../../src/error.ts";
import { stream } from "../../src/rng.ts";
import { loadCheckpoint, openFinishedRun, showRun } from "../../src/run-folder/index.ts";
import { paintPhotos } from "./photos.ts";
import { metricsOf } from "./small-run.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const dying = fileURLToPath(new URL("./dying-program.ts", import.meta.url));
const settings =
  "--size 12 --cache-size 12 --epochs 2 --batch-size 8 --validation 8 --test 12 --threads 1 --seed 4".split(
    " ",
  );

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

export interface Kill {
  /** So many milliseconds, or a file that must be there. */
  readonly after: number | string;
  readonly signal?: NodeJS.Signals;
}

export interface Campaign {
  readonly root: string;
  /** A finished run that nobody has disturbed. */
  readonly alone: string;
  /** How often a whole run makes each call. */
  readonly calls: Readonly<Record<string, number>>;
  /** Runs the program, and ends it with a signal if told. */
  run(words: readonly string[], kill?: Kill): Promise<Ended>;
  train(out: string): readonly string[];
  /** Kills a new run at a call, goes on with it, and says what is not as in the run left alone; null when nothing is. */
  killAt(call: string, number: number, when: "before" | "after"): Promise<string | null>;
  killAfter(milliseconds: number): Promise<string | null>;
  /** Two processes on one folder at once; says what is wrong. */
  pair(kind: "new" | "resume" | "killed"): Promise<string | null>;
  /** Flips one bit of one file; what the readers said, and whether they believed it. */
  flip(file: string, random: number): { readonly believed: boolean; readonly said: string };
  readonly files: readonly string[];
  /** Milliseconds of the run left alone. */
  readonly duration: number;
  close(): void;
}

export async function openCampaign(): Promise<Campaign> {
  const root = mkdtempSync(join(tmpdir(), "cutout-campaign-"));
  const photos = join(root, "photos");
  await paintPhotos(photos, 26, 12);
  const alone = join(root, "alone");
  let number = 0;
  const fresh = () => join(root, `run${number++}`);

  const start = async (words: readonly string[], kill?: Kill): Promise<Ended> => {
    const command = ["--import", import.meta.resolve("tsx"), ...words];
    const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.on("data", (text) => {
      errors += text;
    });
    const timer = kill && killing(child, kill);
    const [code, signal] = await once(child, "close");
    clearInterval(timer);
    return { code, signal, output, errors };
  };
  const run: Campaign["run"] = (words, kill) => start([main, ...words], kill);
  // Each run makes a cache of its own, so that all make the same calls, and kills come while it is made too.
  const cacheOf = (out: string) => `${out}-cache`;
  const train = (out: string) => ["train", photos, "--out", out, "--cache-dir", cacheOf(out), ...settings];
  const remove = (out: string) => {
    for (const folder of [out, cacheOf(out)]) rmSync(folder, { recursive: true, force: true });
  };

  const began = performance.now();
  const whole = await start([dying, "renameSync", "0", "before", ...train(alone)]);
  if (whole.code !== 0) throw new Error(whole.errors);
  const duration = performance.now() - began;
  const calls = JSON.parse(whole.errors.trim().split("\n").at(-1)!) as Record<string, number>;

  const kept = ["best.safetensors", "last.safetensors", "evaluation.json", "model.onnx", "augmented.png"];

  /** What differs from the run left alone. */
  const differences = (out: string): string | null => {
    const wrong = kept.filter((file) => {
      return (
        !existsSync(join(out, file)) || !readFileSync(join(out, file)).equals(readFileSync(join(alone, file)))
      );
    });
    if (JSON.stringify(metricsOf(out)) !== JSON.stringify(metricsOf(alone))) wrong.push("metrics.jsonl");
    const [files, expected] = [out, alone].map((each) => readdirSync(each).sort().join(" "));
    if (files !== expected) wrong.push(`files ${files}`);
    return wrong.length === 0 ? null : wrong.join(", ");
  };

  /** Goes on with whatever a kill has left: the same command again where it never began. */
  const goOn = async (out: string): Promise<string | null> => {
    const begun = existsSync(join(out, "config.json"));
    const again = await run(begun ? ["train", "--resume", out] : train(out));
    if (again.code !== 0) return `${begun ? "resume" : "again"}: ${again.errors.trim().split("\n").at(-1)}`;
    const wrong = differences(out);
    remove(out);
    return wrong;
  };

  return {
    root,
    alone,
    calls,
    duration,
    run,
    train,
    async killAt(call, at, when) {
      const out = fresh();
      const killed = await start([dying, call, `${at}`, when, ...train(out)]);
      if (killed.signal !== "SIGKILL") return `not killed: ${killed.code} ${killed.errors}`;
      return goOn(out);
    },
    async killAfter(milliseconds) {
      const out = fresh();
      await run(train(out), { after: milliseconds });
      return goOn(out);
    },
    async pair(kind) {
      const out = fresh();
      if (kind === "resume") {
        await run(train(out), { after: 0.75 * duration });
      } else if (kind === "killed") {
        await start([dying, "renameSync", "7", "after", ...train(out)]);
      }
      const begun = existsSync(join(out, "config.json"));
      const words = begun ? ["train", "--resume", out] : train(out);
      const both = await Promise.all([run(words), run(words)]);
      const done = both.filter(({ code }) => code === 0);
      const refused = both.filter(({ code }) => code !== 0);
      const told = refused.find(({ errors }) => !/held by process \d+ on |exists already/.test(errors));
      if (done.length === 0) return `nobody ended it: ${both.map(({ errors }) => errors).join(" | ")}`;
      if (told !== undefined) return told.errors.trim().split("\n").at(-1)!;
      const wrong = differences(out);
      remove(out);
      return wrong;
    },
    files: readdirSync(alone)
      .filter((file) => /\.(json|jsonl|safetensors|png)$/.test(file))
      .sort(),
    flip(file, random) {
      const out = fresh();
      cpSync(alone, out, { recursive: true });
      const bytes = readFileSync(join(out, file));
      const bit = Math.floor(random * bytes.length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(join(out, file), bytes);
      const said = whatIsSaid(out, file);
      rmSync(out, { recursive: true, force: true });
      // A last line without its end is one that a kill has cut: the run then is not finished.
      const told = said.includes(file) || (file === "metrics.jsonl" && said.includes("is not finished"));
      return { believed: !told, said: `bit ${bit}: ${said}` };
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

function killing(child: ChildProcess, { after, signal = "SIGKILL" }: Kill): NodeJS.Timeout {
  const began = performance.now();
  const timer = setInterval(() => {
    if (typeof after === "string" ? !existsSync(after) : performance.now() - began < after) return;
    clearInterval(timer);
    child.kill(signal);
  }, 10);
  return timer;
}

/** What the readers of a run folder say of a damaged file. */
function whatIsSaid(folder: string, file: string): string {
  if (file === "environment.json" || file === "augmented.png" || file === "evaluation.json") {
    return showRun(folder).problems.join(" ");
  }
  try {
    openFinishedRun(folder);
    if (file.endsWith(".safetensors")) loadCheckpoint(join(folder, file));
    return "";
  } catch (error) {
    return error instanceof CutoutError ? error.message : "";
  }
}

export const randomOf = (seed: number) => stream(seed, "campaign");
