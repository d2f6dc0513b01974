// `cutout predict`: the likeliest classes of images.
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { type Command, Option } from "commander";
import { settingsError } from "../config/settings.ts";
import { CutoutError, refusalText } from "../error.ts";
import type { Classified, RankedClass } from "../run/classifier.ts";
import type { ImageInput } from "../run/image-input.ts";
import { tell, tellBroken } from "./console.ts";
import { type FoundImage, imageFiles } from "./image-files.ts";
import { addModelOptions, classifierOptions, type ModelOptions, wholeNumber } from "./model-options.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

interface PredictOptions extends ModelOptions {
  readonly json?: boolean;
  readonly top?: number;
  readonly filesFrom?: string;
}

export function addPredict(program: Command): void {
  const command = program
    .command("predict")
    .summary("classify images")
    .description(
      "Tells the likeliest classes of images. Images that cannot be read are listed on standard error, and the others have " +
        "their answers. Exit code: 0 when all have been classified, 1 when some or all have not.",
    )
    .argument("<run>", "run folder, finished or not, or a model.onnx exported from one")
    .argument(
      "[images...]",
      "image files, folders, patterns in quotes, http(s) addresses, or - for one image on standard input",
    )
    .option(
      "--files-from <file>",
      "file of more of them, a line each (or separated by zero bytes); - is standard input",
    )
    .addOption(
      new Option("--top <number>", "classes to tell of each image (default: 3, with --json all)").argParser(
        wholeNumber,
      ),
    );
  addModelOptions(command)
    .option(
      "--json",
      "a line of JSON for each image, in the order given, as soon as it is there: its classes, or why it could not be read",
    )
    .action(predictAction);
}

async function predictAction(run: string, images: readonly string[], options: PredictOptions): Promise<void> {
  checkGiven(images, options.filesFrom);
  const { openClassifier } = await import("../run/classifier.ts");
  const progress = createProgress(process.stderr);
  const classifier = await openClassifier(run, classifierOptions(options, progress));
  const top = options.top ?? (options.json ? classifier.classes.length : 3);
  const output = options.json ? jsonLines() : table(Math.min(top, classifier.classes.length));
  let failures = 0;
  const add = async (name: string, answer: Answer) => {
    if ("reason" in answer) {
      failures++;
      progress.clear();
      tellBroken([{ name, reason: answer.reason }]);
    }
    await output.add(name, answer);
  };
  // Answers come for images alone; what could not even be found has its place among them.
  const waiting: FoundImage[] = [];
  try {
    const inputs = withImages(foundImages(images, options.filesFrom), waiting);
    for await (const answer of classifier.classify(inputs, { crops: options.crops, topK: top })) {
      for (let found = waiting.shift()!; ; found = waiting.shift()!) {
        if ("image" in found) {
          await add(found.image, answer);
          break;
        }
        await add(found.name, found);
      }
    }
    for (const found of waiting) if ("reason" in found) await add(found.name, found);
    progress.clear();
    await output.end();
    if (failures > 0) process.exitCode = 1;
  } finally {
    progress.clear();
    await classifier.close();
  }
}

function checkGiven(images: readonly string[], filesFrom: string | undefined): void {
  if (images.length === 0 && filesFrom === undefined) {
    throw settingsError({
      where: "IMAGES",
      what: "must be image files, folders, patterns in quotes, addresses, or - for standard input",
      got: "nothing",
    });
  }
  const uses = [...images, filesFrom].filter((word) => word === "-").length;
  if (uses > 1) {
    throw settingsError({
      where: "-",
      what: "standard input can be read once",
      got: `${uses} uses of it`,
      remedy: "leave one out",
    });
  }
}

async function* foundImages(
  images: readonly string[],
  filesFrom: string | undefined,
): AsyncGenerator<FoundImage> {
  const leftOut = (folder: string, files: readonly string[]) =>
    tell(`${folder}: ${files.length} other files left out (${endings(files)})`);
  const named = images.flatMap((word) => (word === "-" ? [word] : []));
  if (named.length === 0) yield* imageFiles(images, leftOut);
  else for (const word of images) yield* word === "-" ? [{ image: word }] : imageFiles([word], leftOut);
  if (filesFrom === undefined) return;
  for await (const name of namesIn(filesFrom)) yield* imageFiles([name], leftOut);
}

const endingsTold = 5;

/** `.txt 12, .ppm 3` */
function endings(files: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const file of files) {
    const ending = /[^/\\.](\.[^/\\.]+)$/.exec(file)?.[1]?.toLowerCase() ?? "no ending";
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const told = [...counts].sort(([, a], [, b]) => b - a).map(([ending, count]) => `${ending} ${count}`);
  return [...told.slice(0, endingsTold), ...(told.length > endingsTold ? ["..."] : [])].join(", ");
}

/** The names that a file lists. Those that a program writes bit by bit come as they are written. */
async function* namesIn(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let separator: string | null = null;
  try {
    for await (const chunk of file === "-" ? process.stdin : createReadStream(file)) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      separator ??= rest.includes("\0") ? "\0" : rest.includes("\n") ? "\n" : null;
      if (separator === null) continue;
      const names = rest.split(separator);
      rest = names.pop()!;
      yield* names.map(trimmed).filter((name) => name !== "");
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw settingsError({ where: "--files-from", what: `${file} cannot be read, ${refusalText(error)}` });
  }
  if (trimmed(rest) !== "") yield trimmed(rest);
}

const trimmed = (name: string) => name.replace(/\r$/, "");

/** What can be shown to the classifier; all of it is noted in `waiting`. */
async function* withImages(
  found: AsyncIterable<FoundImage>,
  waiting: FoundImage[],
): AsyncGenerator<ImageInput> {
  for await (const each of found) {
    if ("reason" in each || each.image !== "-") {
      waiting.push(each);
      if ("image" in each) yield each.image;
      continue;
    }
    const bytes = await standardInput();
    waiting.push(typeof bytes === "string" ? { name: "-", reason: bytes } : each);
    if (typeof bytes !== "string") yield bytes;
  }
}

/** The image on standard input, or why there is none. */
async function standardInput(): Promise<Uint8Array | string> {
  if (process.stdin.isTTY) return "standard input is a terminal: pipe an image into it";
  const { wholeOf } = await import("../run/image-input.ts");
  try {
    return await wholeOf(process.stdin);
  } catch (error) {
    if (error instanceof CutoutError) return error.message;
    throw error;
  }
}

type Answer = { readonly classes: readonly RankedClass[] } | { readonly reason: string };

interface Output {
  add(name: string, answer: Answer | Classified): Promise<void>;
  end(): Promise<void>;
}

/** Waits until the reader has taken what was written: answers do not pile up. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

function jsonLines(): Output {
  return {
    async add(file, answer) {
      const told = "reason" in answer ? { error: answer.reason } : { classes: answer.classes };
      await write(`${JSON.stringify({ file, ...told })}\n`);
    },
    end: async () => {},
  };
}

/** Lines whose columns stand below each other. */
const linesAtOnce = 1000;

/** A line for each image: the `shown` likeliest classes. */
function table(shown: number): Output {
  let rows: string[][] = [];
  const alignments = Array.from({ length: shown }, () => ["left", "right"] as const).flat();
  const flush = async () => {
    if (rows.length > 0) await write(`${formatTable(rows, ["left", ...alignments])}\n`);
    rows = [];
  };
  return {
    async add(name, answer) {
      if ("reason" in answer) return;
      rows.push([
        name,
        ...answer.classes.flatMap(({ name, probability }) => [name, formatPercent(probability)]),
      ]);
      if (rows.length === linesAtOnce) await flush();
    },
    end: flush,
  };
}
