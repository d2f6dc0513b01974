// A study in a few lines and a table, in Markdown, for a README.
import { spreadOf } from "../../stats/spread.ts";
import type { StudySummary } from "../../study/summary.ts";
import type { ResultRow } from "../../study-folder/index.ts";
import { counted, duration, percent, printable, shellWord } from "../../text.ts";

/** Signs that mean something to Markdown or HTML stand for themselves. */
const plain = (text: string) => printable(text).replace(/[\\`*_{}[\]<>#|~&]/g, (sign) => `\\${sign}`);
/** Flags keep their dashes as they are: typographic programs would join them. */
const line = (text: string) => plain(text).replace(/(^|[\s“(])(--?[a-z][\w-]*)/g, "$1`$2`");

export function studyMarkdown(summary: StudySummary): string {
  const { words, study, rows } = summary;
  const command = ["cutout", ...study.command].map(printable).map(shellWord).join(" ");
  const finished = rows.filter(({ state }) => state === "finished").length;
  return [
    `**${line(words.headline)}**`,
    ...words.sentences.map(line),
    ...words.cautions.map(line),
    tableOf(summary),
    `${finished} of ${counted(rows.length, "trial")} finished, ${duration(summary.cost.seconds)} of training. Made with:`,
    fenced(command),
  ]
    .map((paragraph) => `${paragraph}\n`)
    .join("\n");
}

/** A fence longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${text}\n${fence}`;
}

interface Group {
  readonly name: string;
  readonly stage: string | null;
  readonly rows: readonly ResultRow[];
}

/** A row for the finished runs of each of the settings; apart by stage where stages have lengths of their own. */
function groupsOf({ study, rows }: StudySummary): readonly Group[] {
  const byStage = rows.some(({ settings }) => settings.epochs !== undefined);
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const stage = byStage ? row.stage : null;
    const key = JSON.stringify([row.arm, stage]);
    groups.set(key, { name: row.arm, stage, rows: [...(groups.get(key)?.rows ?? []), row] });
  }
  const order = study.arms.map(({ name }) => name);
  return [...groups.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function tableOf(summary: StudySummary): string {
  const groups = groupsOf(summary);
  const parts = (["validation", "test"] as const).filter((part) =>
    summary.rows.some((row) => row[part] !== null),
  );
  const byStage = groups.some(({ stage }) => stage !== null);
  const head = [
    "Settings",
    ...(byStage ? ["For"] : []),
    "Runs",
    ...parts.map((part) => `${part} accuracy, mean (deviation)`),
  ];
  const cells = groups.map(({ name, stage, rows }) => {
    const finished = rows.filter(({ state }) => state === "finished");
    const runs = new Set(finished.map(({ folder }) => folder)).size;
    return [
      line(name),
      ...(byStage ? [plain(stage ?? "")] : []),
      String(runs),
      ...parts.map((part) => meanText(finished.flatMap((row) => row[part] ?? []))),
    ];
  });
  const ruler = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, ruler, ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function meanText(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const { mean, deviation } = spreadOf(values);
  return deviation === null ? percent(mean) : `${percent(mean)} (${(100 * deviation).toFixed(2)})`;
}
