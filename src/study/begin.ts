// Begins a study: what it is to find out is decided and written down before the first run.
import { formatVersion, type Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";
import { type Arm, createStudyFolder, nextStudyFolder, type Study } from "../study-folder/index.ts";
import { settingAt } from "../text.ts";
import { version } from "../version.ts";

export interface NewStudy extends Pick<Study, "question" | "plan" | "command"> {
  readonly arms: readonly [Arm, ...Arm[]];
  /** Folder to make; null for one with a number in the settings' `runsDir`. */
  readonly out: string | null;
}

/** Where the arms must be equal: otherwise they are trained and tested on different images, and no pair is one. */
const ofTheImages = [
  "data",
  "format",
  "columns",
  "split.validation",
  "split.test",
  "split.train",
  "split.groups",
  "split.seed",
] as const;

/**
 * Makes a study folder that holds the question, its rule and its arms.
 * @returns the folder
 * @throws CutoutError when the arms cannot be set against each other, or the folder is there already
 */
export function beginStudy({ question, plan, command, arms, out }: NewStudy): string {
  for (const [index, arm] of arms.entries()) checkComparable(arms, arm, index);
  const { data, runsDir } = arms[0].settings;
  const path = out ?? nextStudyFolder(runsDir, data, question);
  createStudyFolder(path, {
    question,
    plan,
    arms,
    data,
    command,
    version,
    formatVersion,
    created: new Date().toISOString(),
  });
  return path;
}

function checkComparable(arms: readonly [Arm, ...Arm[]], { name, settings }: Arm, index: number): void {
  const told = (of: Settings, path: string) => JSON.stringify(settingAt(of, path));
  const other = ofTheImages.find((path) => told(settings, path) !== told(arms[0].settings, path));
  if (other !== undefined) {
    throw settingsError({
      field: other,
      what: `must be the same for all that is set against each other, so that all see the same images; “${name}” has another than “${arms[0].name}”`,
      remedy: "give it once, for all",
    });
  }
  const twin = arms.slice(0, index).find((before) => sameSettings(before.settings, settings));
  if (twin === undefined) return;
  throw settingsError({
    where: "study",
    what: `“${twin.name}” and “${name}” are the same settings: there is nothing to compare`,
  });
}

const sameSettings = (first: Settings, second: Settings) => JSON.stringify(first) === JSON.stringify(second);
