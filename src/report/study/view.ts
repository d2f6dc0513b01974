// What the parts of a study's page need of it.
import type { StudySummary } from "../../study/summary.ts";
import { runColors } from "../charts.ts";
import { shortened } from "../svg-text.ts";

export interface StudyView extends StudySummary {
  /** Folder that the page will lie in, for links. */
  readonly pageFolder: string;
}

/** One colour an arm, in their order. */
export const armColor = (arm: number): string => runColors[arm % runColors.length]!;

/** Pixels of a name in a figure. */
const nameWidth = 170;

/** A name as a figure has room for it; the tables have it whole. */
export const shortName = (name: string, width = nameWidth): string => shortened(name, width, 12);
