// The split that comes with data: what the names of files and folders say of it.
import { type Part, partOrder } from "../dataset.ts";

const partWords: readonly (readonly [string, Part])[] = [
  ["train(ing)?", "train"],
  ["val(id(ation)?)?|dev|eval(uation)?", "validation"],
  ["tests?|testing|hold[-_]?out", "test"],
];

type PartPattern = readonly [RegExp, Part];
const patterns = (around: (words: string) => string) =>
  partWords.map(([words, part]): PartPattern => [new RegExp(around(`(${words})`), "i"), part]);
const partAmong = (name: string, among: readonly PartPattern[]) =>
  among.find(([pattern]) => pattern.test(name))?.[1] ?? null;

const inNames = patterns((words) => `(^|[^a-z])${words}([^a-z]|$)`);
const wholeNames = patterns((words) => `^${words}([-_ ]?(set|data|images|split))?\\d*$`);

/** What the name of a file says (`test-00000-of-00001.parquet`); null when it says nothing. */
export const partInName = (name: string): Part | null => partAmong(name, inNames);

/** Which part a folder of this name is (`train`, `val2017`, `test_set`); null for any other name, which may be a class. */
export const partOfFolder = (name: string): Part | null => partAmong(name, wholeNames);

/** The split that comes with the data. */
export interface OfficialSplit {
  /** Its parts in this order: training, perhaps validation, test; none where the data are not split. */
  readonly parts: readonly Part[];
  /** The part of images whose file or folder is called so; null where the data are not split. */
  partOf(named: Part | null): Part | null;
}

/**
 * What the names of files or folders make of a split. `test` is the test part, or `validation` where there is no
 * `test` (as with ImageNet); with a test part and others to train on, `validation` is the validation part. Names that
 * say nothing are for training. Where everything would be one part, the data are not split.
 */
export function officialSplit(named: readonly (Part | null)[]): OfficialSplit {
  const test = named.includes("test") ? "test" : "validation";
  const others = named.filter((part) => part !== test);
  if (others.length === named.length || others.length === 0) return { parts: [], partOf: () => null };
  const validation = others.some((part) => part !== "validation") ? "validation" : null;
  const partOf = (part: Part | null): Part =>
    part === test ? "test" : part !== null && part === validation ? "validation" : "train";
  const found = new Set(named.map(partOf));
  return { parts: partOrder.filter((part) => found.has(part)), partOf };
}
