// Begins a study: what it is to find out is decided and written down before the first run.
import { formatVersion, type Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";
import { type Arm, createStudyFolder } from "../study-folder/index.ts";
import { settingAt } from "../text.ts";
import { version } from "../version.ts";
import { checkPlan, type Planned } from "./questions/index.ts";

export interface Beginning {
  /** The first one's `data`, an absolute path or an address, is where the images are. */
  readonly arms: readonly [Arm, ...Arm[]];
  /** The command line, for people. */
  readonly command: readonly string[];
  /** Folder to make; null for one with a number in the settings' `runsDir`. */
  readonly out: string | null;
}

export type NewStudy = Planned & Beginning;

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
 * @throws CutoutError when the plan is none, the arms cannot be set against each other, or the folder is there already
 */
export function beginStudy({ question, plan, command, arms, out }: NewStudy): string {
  for (const [index, arm] of arms.entries()) checkComparable(arms, arm, index);
  checkPlan(question, plan, arms);
  const { data } = arms[0].settings;
  return createStudyFolder(out, {
    question,
    plan,
    arms,
    data,
    command,
    version,
    formatVersion,
    created: new Date().toISOString(),
  });
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
