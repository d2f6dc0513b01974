// Divides a dataset into training, validation and test: seeded, stratified by class, groups kept together.
import { CutoutError } from "../../error.ts";
import { permutation, stream } from "../../rng.ts";
import { type Dataset, type Part, partOrder, type Split } from "../dataset.ts";
import { UnionFind } from "../union-find.ts";

export interface SplitOptions {
  readonly seed: number;
  /**
   * Below 1 a share of the images, from 2 on a number of images, 0 for none; the share is ignored where the data have a
   * validation part.
   */
  readonly validation: number;
  /** As `validation`; ignored where the data have a test part. */
  readonly test: number;
  /** Names of images (as in `Dataset.names`) that must stay on one side, for example near-duplicates. */
  readonly groups: readonly (readonly string[])[];
}

/** Images that stay together; most have one. */
type Unit = readonly number[];

/**
 * Test, validation and training images, each sorted. The images of a class are divided among the parts as all
 * images are (largest remainders), so each part has the class shares of the whole; sizes are exact unless groups
 * make that impossible. Groups that share an image are one group. The test part does not depend on `validation`.
 *
 * Where the data have official parts, they are kept, and their share is ignored; without a validation part among them,
 * `validation` is a share of the images that are not for the test. Images grouped with an official test image are then
 * left out of training and validation, those grouped with an official validation image out of training.
 *
 * @throws Error when a share or number is out of range, a name in a group is unknown (broken images are not), a
 *   part would be empty, or a class would have no training image
 */
export function splitDataset(dataset: Dataset, options: SplitOptions): Split {
  const units = unite(dataset, options.groups);
  const official = dataset.officialParts;
  const take = (part: "test" | "validation", from: readonly Unit[], base: number): Taken => {
    // An official split has a test part, even if none of its images could be read.
    if (official !== null && (part === "test" || official.includes(part))) {
      if (part === "validation" && options.validation === 0) throw hasOfficialValidation();
      return takeOfficial(official, from, part);
    }
    if (part === "validation" && options.validation === 0) return { part: [], rest: from };
    const wanted = imagesWanted(part, options[part], base);
    return takePart(dataset, from, wanted, (...key) => stream(options.seed, `split ${part}`, ...key));
  };
  const { part: test, rest } = take("test", units, dataset.count);
  const base = official === null ? dataset.count : rest.flat().length;
  const { part: validation, rest: train } = take("validation", rest, base);
  const sorted = (images: readonly number[]) => Int32Array.from(images).sort();
  const split = { train: sorted(train.flat()), validation: sorted(validation), test: sorted(test) };
  check(dataset, split, options.validation === 0);
  return split;
}

/** Images of a part, and what is left for others. */
interface Taken {
  readonly part: readonly number[];
  readonly rest: readonly Unit[];
}

/** The official images of a part; what is grouped with them is for no other part. */
function takeOfficial(official: readonly Part[], units: readonly Unit[], part: Part): Taken {
  return {
    part: units.flat().filter((image) => official[image] === part),
    rest: units.filter((unit) => unit.every((image) => official[image] !== part)),
  };
}

function imagesWanted(part: "validation" | "test", value: number, count: number): number {
  const share = value > 0 && value < 1;
  if (!share && !(Number.isInteger(value) && value >= 2)) {
    throw new CutoutError({
      where: "split",
      what: `${part} must be a share between 0 and 1 or a number of images from 2 on`,
      got: String(value),
    });
  }
  const wanted = share ? Math.round(value * count) : value;
  if (wanted === 0) {
    throw new CutoutError({
      where: "split",
      what: `${part} must get at least one image`,
      got: `${value} of ${count} images`,
      remedy: `add images, or raise ${part} to ${Math.ceil(50 / count) / 100}`,
    });
  }
  if (wanted >= count) {
    throw new CutoutError({
      where: "split",
      what: `${part} must leave images for training`,
      got: `${value} with ${count} images`,
      remedy: `lower ${part}`,
    });
  }
  return wanted;
}

/** Takes about `wanted` images out of the units, of each class its share. */
function takePart(
  dataset: Dataset,
  units: readonly Unit[],
  wanted: number,
  rngOf: (...key: number[]) => ReturnType<typeof stream>,
): Taken {
  const { labels } = dataset;
  const available = new Array<number>(dataset.classes.length).fill(0);
  for (const unit of units) for (const image of unit) available[labels[image]!]!++;
  const needed = apportion(available, wanted);
  const chance = wanted / available.reduce((sum, count) => sum + count, 0);

  const chosen = new Set<Unit>();
  const fits = (unit: Unit) => {
    const count = new Map<number, number>();
    for (const image of unit) count.set(labels[image]!, (count.get(labels[image]!) ?? 0) + 1);
    return [...count].every(([label, images]) => images <= needed[label]!);
  };
  const choose = (unit: Unit) => {
    chosen.add(unit);
    for (const image of unit) needed[labels[image]!]!--;
  };

  // Groups first, by chance, so that single images can make the numbers exact afterwards.
  const groups = units.filter((unit) => unit.length > 1);
  const rng = rngOf();
  const order = Array.from(permutation(rng, groups.length), (at) => groups[at]!);
  for (const group of order) if (rng.uniform() < chance && fits(group)) choose(group);
  const singlesOf = dataset.classes.map((): Unit[] => []);
  for (const unit of units) if (unit.length === 1) singlesOf[labels[unit[0]!]!]!.push(unit);
  for (const [label, singles] of singlesOf.entries()) {
    const shuffled = permutation(rngOf(label), singles.length);
    for (let at = 0; needed[label]! > 0 && at < singles.length; at++) choose(singles[shuffled[at]!]!);
  }
  for (const group of order) if (!chosen.has(group) && fits(group)) choose(group); // only where singles ran out
  return { part: [...chosen].flat(), rest: units.filter((unit) => !chosen.has(unit)) };
}

/** Divides `wanted` in proportion to `available`, in integers that sum to it (largest remainders, first wins a tie). */
export function apportion(available: readonly number[], wanted: number): number[] {
  const total = available.reduce((sum, count) => sum + count, 0);
  const whole = available.map((count) => Math.floor((count * wanted) / total));
  const remainder = available.map((count) => (count * wanted) % total);
  const order = available.map((_, at) => at).sort((a, b) => remainder[b]! - remainder[a]! || a - b);
  const missing = wanted - whole.reduce((sum, count) => sum + count, 0);
  for (const at of order.slice(0, missing)) whole[at]!++;
  return whole;
}

/** The images as units: groups that share an image are united, all others stay alone. */
function unite(dataset: Dataset, groups: SplitOptions["groups"]): Unit[] {
  const indices = new Map(dataset.names.map((name, index) => [name, index]));
  const broken = new Set(dataset.broken.map(({ name }) => name));
  const isKnown = (name: string) => indices.has(name) || broken.has(name);
  const composed = new Map([...broken, ...indices.keys()].map((name) => [name.normalize("NFC"), name]));
  const known = (name: string) => {
    if (isKnown(name)) return name;
    // A list made on Windows has its own separators, one made on another disk its own way to write accents.
    const plain = name.replaceAll("\\", "/");
    return isKnown(plain) ? plain : (composed.get(plain.normalize("NFC")) ?? plain);
  };
  const named = groups.map((group) => group.map(known));
  const unknown = new Set(named.flat().filter((name) => !indices.has(name) && !broken.has(name)));
  if (unknown.size > 0) {
    const some = [...unknown].slice(0, 5).join(", ");
    throw new CutoutError({
      where: "split",
      what: `names in groups must be names of images (as ${dataset.names[0]})`,
      got: `${unknown.size} unknown: ${some}`,
    });
  }
  const union = new UnionFind(dataset.count);
  for (const group of named) {
    const images = group.flatMap((name) => indices.get(name) ?? []);
    for (const image of images.slice(1)) union.unite(images[0]!, image);
  }
  return union.groups();
}

/** A class that has no image in some parts of a split. */
export interface MissingClass {
  readonly class: string;
  readonly images: number;
  /** The parts without it. */
  readonly parts: readonly string[];
}

/** The classes that would not be in every part if images were divided in these shares (below 1), without groups. */
export function missingInShares(
  classes: readonly string[],
  counts: readonly number[],
  { validation, test }: Pick<SplitOptions, "validation" | "test">,
): readonly MissingClass[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const tested = apportion(counts, Math.round(test * all));
  const rest = counts.map((count, label) => count - tested[label]!);
  const validated = apportion(rest, Math.round(validation * all));
  const left = rest.map((count, label) => count - validated[label]!);
  return missingIn(classes, { train: left, validation: validated, test: tested });
}

/** The classes that are not in every one of some parts. @param counts part -> images of each class */
export function missingIn(
  classes: readonly string[],
  counts: { readonly [part: string]: ArrayLike<number> },
): readonly MissingClass[] {
  return classes.flatMap((name, label) => {
    const parts = Object.keys(counts).filter((part) => counts[part]![label] === 0);
    const images = Object.values(counts).reduce((sum, part) => sum + part[label]!, 0);
    return parts.length === 0 ? [] : [{ class: name, images, parts }];
  });
}

/** The classes that are not in every part that there is: what is said of the others says nothing of these classes. */
export function missingClasses(
  { classes, labels }: Pick<Dataset, "classes" | "labels">,
  split: Split,
): readonly MissingClass[] {
  const counts = partOrder.flatMap((part): [Part, Float64Array][] => {
    // A part that was not asked for, as with `--validation 0`, lacks nothing.
    if (split[part].length === 0) return [];
    const count = new Float64Array(classes.length);
    for (const image of split[part]) count[labels[image]!]!++;
    return [[part, count]];
  });
  return missingIn(classes, Object.fromEntries(counts));
}

function hasOfficialValidation(): CutoutError {
  return new CutoutError({
    where: "split",
    what: "validation must not be 0, because the data come with a validation part",
    remedy: "move its images to the training part, or leave --validation out",
  });
}

function check(dataset: Dataset, split: Split, unvalidated: boolean): void {
  for (const [part, images] of Object.entries(split)) {
    if (images.length === 0 && !(unvalidated && part === "validation")) {
      throw new CutoutError({
        where: "split",
        what: `the ${part} part must have images`,
        got: `none of ${dataset.count}`,
        remedy: "add images, or change the shares",
      });
    }
  }
  const present = new Set(Array.from(split.train, (image) => dataset.labels[image]!));
  const lost = dataset.classes.find((_, label) => !present.has(label));
  if (lost === undefined) return;
  throw new CutoutError({
    where: "split",
    what: "every class must have a training image",
    got: `none of "${lost}"`,
    remedy: "add images of it, or lower validation and test",
  });
}
