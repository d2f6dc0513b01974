// The column of a table that says which part an image is of: used where all it says is understood, otherwise told.
import type { Part } from "../dataset.ts";
import { type OfficialSplit, officialSplit, partOfFolder } from "./official-split.ts";

const names = ["split", "set", "subset", "part", "partition", "dataset", "phase", "usage", "mode"];
/** Columns of yes or no: the part of a yes, and of a no. */
const yesOrNo: readonly (readonly [RegExp, Part | null, Part | null])[] = [
  [/^is_?(train(ing)?)(_image)?$/, "train", "test"],
  [/^is_?(test(ing)?)(_image)?$/, "test", null],
  [/^is_?(val(id(ation)?)?)(_image)?$/, "validation", null],
];
const yes = /^(1(\.0)?|true|yes|y|t)$/i;
const no = /^(0(\.0)?|false|no|n|f)?$/i;

/** Where the column is: the first that is called so; -1 when there is none. */
export function splitColumnIn(header: readonly string[]): number {
  const lower = header.map((name) => name.trim().toLowerCase());
  const named = names.map((name) => lower.indexOf(name)).find((at) => at >= 0);
  return named ?? lower.findIndex((name) => yesOrNo.some(([pattern]) => pattern.test(name)));
}

/** What a column says of a row: null when it says nothing, undefined when that is not understood. */
function partIn(column: string, value: string): Part | null | undefined {
  const rule = yesOrNo.find(([pattern]) => pattern.test(column.trim().toLowerCase()));
  if (rule === undefined) return value === "" ? null : (partOfFolder(value) ?? undefined);
  return yes.test(value) ? rule[1] : no.test(value) ? rule[2] : undefined;
}

/** Whether a field of this name tells a part. */
export function tellsPart(field: string, value: string): boolean {
  return partIn(field, value.trim()) !== undefined;
}

/** What a column says of each row. */
export interface ColumnSplit {
  readonly split: OfficialSplit;
  /** What it says of the rows; null where it says nothing. */
  readonly named: readonly (Part | null)[];
  /** What people should know of it, a line. */
  readonly note: string;
}

/** @param values what stands in the column, a row each */
export function splitByColumn(column: string, values: readonly string[]): ColumnSplit {
  const none = values.map(() => null);
  const unused = (why: string): ColumnSplit => ({
    split: officialSplit([]),
    named: none,
    note: `the column "${column}" is not used to divide the images: ${why}`,
  });
  const named: (Part | null)[] = [];
  for (const value of values) {
    const part = partIn(column, value.trim());
    if (part === undefined) {
      return unused(`it says ${JSON.stringify(value.slice(0, 40))}, not train, validation or test`);
    }
    named.push(part);
  }
  const split = officialSplit(named);
  if (split.parts.length === 0) return unused("it has one part alone");
  return { split, named, note: `the column "${column}" tells the parts ${split.parts.join(", ")}` };
}
