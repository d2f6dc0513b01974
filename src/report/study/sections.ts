// The parts of a study's page below the answer and its figures: runs, failures, cost, rule, settings, notes.
import { relative, sep } from "node:path";
import type { Cost } from "../../study/summary.ts";
import {
  commonSettings,
  type ShownTrial,
  trialLog,
  trialLogEnd,
  varyingSettings,
} from "../../study-folder/index.ts";
import { counted, duration, percent, printable, shellWord } from "../../text.ts";
import { type Content, type Html, html } from "../markup.ts";
import { flagged, section, settingsList, table } from "../page.ts";
import { questionPage } from "./questions.ts";
import type { StudyView } from "./view.ts";

/** An address of a file from the page, each part of it escaped. */
function hrefOf(pageFolder: string, path: string): string {
  const parts = relative(pageFolder, path)
    .split(sep)
    .map(encodeURIComponent)
    .map((part) => part.replace(/^%2E%2E$/, ".."));
  return parts.join("/");
}

const stateText = { open: "not finished", failed: "failed", finished: "finished" } as const;

export function runsSection(view: StudyView): Html {
  const { shown, rows } = view;
  const settings = Object.keys(rows[0]?.settings ?? {});
  const body = shown.map((one, index) => runRow(view, one, index, settings));
  const head = [
    "Run",
    "Settings",
    ...settings.map((name) => name.replaceAll("-", " ")),
    "Seed",
    "For",
    "State",
    "Epoch",
    "Validation",
    "Test",
    "Time",
  ];
  return section(
    "runs",
    "All runs",
    html`${table(head, body)}
<p class="dim">Accuracies are those of the epoch whose weights were kept; where it was chosen on validation, that part’s own is a little too good. Time is that of training and validation.</p>`,
  );
}

function runRow(
  { rows, pageFolder }: StudyView,
  { trial, outcome, report, epochs, images }: ShownTrial,
  index: number,
  settings: readonly string[],
): readonly Content[] {
  const row = rows[index]!;
  const begun = outcome.state === "open" && epochs.length > 0;
  return [
    report === null ? trial.index : html`<a href="${hrefOf(pageFolder, report)}">${trial.index}</a>`,
    html`<span class="name">${flagged(row.arm)}</span>`,
    ...settings.map((name) => row.settings[name] ?? "–"),
    row.seed,
    row.stage,
    begun ? `after epoch ${epochs.length}` : stateText[outcome.state],
    row.epoch ?? "–",
    percent(row.validation, images?.validation),
    percent(row.test, images?.test),
    row.seconds === null ? "–" : duration(row.seconds),
  ];
}

export function failuresSection({ path, shown, study, pageFolder }: StudyView): Html | null {
  const failed = shown.filter(({ outcome }) => outcome.state === "failed");
  if (failed.length === 0) return null;
  return section(
    "failed",
    `${counted(failed.length, "trial")} failed`,
    html`<p>The others went on without. Try again what has failed:</p>
<pre><code>cutout study resume ${shellWord(printable(path))}</code></pre>
${failed.map(({ trial, outcome }) => {
  const log = trialLogEnd(path, trial.index);
  return html`<h3>Trial ${trial.index}: ${flagged(study.arms[trial.arm]!.name)}, seed ${trial.seed}</h3>
<p>${outcome.state === "failed" && outcome.message}</p>
${
  log.length > 0 &&
  html`<details><summary>The end of its log</summary><pre><code>${log.map(
    (line) => html`${line}
`,
  )}</code></pre><p><a href="${hrefOf(pageFolder, trialLog(path, trial.index))}">The whole log</a></p></details>`
}`;
})}`,
    "notice",
  );
}

export function costSection({ cost, shown }: StudyView): Html | null {
  if (cost.machines.length === 0) return null;
  const one = cost.seconds;
  return section(
    "cost",
    "What it cost, and what it would cost on more machines",
    html`<p>${hours(cost.seconds)} in ${counted(shown.length, "trial")}${roundsText(cost)}.</p>
${table(
  ["Machines side by side", "Until the last round ends", "Times faster"],
  cost.machines.map(({ machines, seconds }) => [
    machines,
    hours(seconds),
    seconds > 0 ? (one / seconds).toFixed(1) : "–",
  ]),
)}
<p class="dim">Each machine runs one trial at a time, as fast as the runs here went, and takes the next as soon as it is free. Each trial counts as a whole where the study has kept that, otherwise its training and validation; the way of the files is not counted.${cost.estimated > 0 && ` ${counted(cost.estimated, "trial")} not finished: taken with the mean seconds of an epoch so far.`}</p>`,
  );
}

function roundsText({ rounds }: Cost): string {
  if (rounds.length === 1) return ", all in one round: none waits for another’s result";
  return `, in ${counted(rounds.length, "round")} of ${rounds.join(", ")}: a round waits for all results of the one before`;
}

/** `0.15 hours (9 min 2 s)` */
const hours = (seconds: number) => `${Number((seconds / 3600).toPrecision(3))} hours (${duration(seconds)})`;

export function ruleSection({ asked, study }: StudyView): Html {
  const plan = asked === null ? [] : questionPage(study.question).rule(asked.plan as never);
  return section(
    "rule",
    "The rule",
    html`<p>Written ${when(study.created)}, before the first run. Each planned trial carries its hash: a study whose rule was changed since is refused.</p>
${settingsList([...plan, ["hash (SHA-256)", study.hash], ["made by", `cutout ${study.version}`]])}`,
  );
}

/** `2026-11-29 19:45:31 UTC` */
const when = (iso: string) => iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");

export function settingsSection({ study }: StudyView): Html {
  const varying = varyingSettings(study.arms);
  return section(
    "settings",
    "Settings",
    html`<h3>In which runs differ</h3>
${table(
  ["Setting", ...study.arms.map(({ name }) => name)],
  varying.map(({ name, values }) => [name.replaceAll("-", " "), ...values.map((value) => value ?? "–")]),
)}
<p class="dim">And the seed: each has its own column in the table of runs.</p>
<details><summary>Common to all</summary>
${settingsList([["data", study.data], ...commonSettings(study.arms).map(([name, value]) => [name.replaceAll("-", " "), value] as const)])}</details>`,
  );
}

export function notesSection({ shown }: StudyView): Html | null {
  const notes = shown.flatMap(({ trial, problems }) =>
    problems.map((problem) => `Trial ${trial.index}: ${problem}`),
  );
  if (notes.length === 0) return null;
  return section(
    "notes",
    "Some parts are missing",
    html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`,
    "notice",
  );
}

export function againSection({ study, path, state }: StudyView): Html {
  const made = ["cutout", ...study.command].map(printable).map(shellWord).join(" ");
  const resume = `cutout study resume ${shellWord(printable(path))}`;
  return section(
    "again",
    state === "answered" ? "How to run this again" : "How to go on",
    html`<pre><code>${
      state !== "answered" &&
      html`${resume}
`
    }${made}</code></pre>`,
  );
}
