// Options of augmentations: what each may be, what it is when left out, and the error when it is wrong.
import { CutoutError } from "../error.ts";
import type { Rng } from "../rng.ts";

/** One kind of value: what must hold in words, and how it is read. `undefined` says that it does not hold. */
export interface Kind<T> {
  readonly must: string;
  /** @param at whose option it is: an object with parts tells itself which part is wrong, and throws */
  read(value: unknown, at?: Place): T | undefined;
}

/** Whose option a value is, and which: `cutout` and `length.share`. */
export interface Place {
  readonly where: string;
  readonly option: string;
}

/** A kind with what stands for it when it is left out; without `otherwise` it must be given. */
export interface Field<T> {
  readonly kind: Kind<T>;
  /** `undefined`: it stays left out. */
  readonly otherwise?: T | undefined;
}

/** One field for each option of `T`. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The fields of some object or other. */
type AnyFields = { readonly [name: string]: Field<unknown> };

/** [smallest, largest] */
export type Range = readonly [min: number, max: number];

interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** Larger than this, not equal. */
  readonly above?: number;
  /** Integers only. */
  readonly whole?: boolean;
}

/**
 * Complete options out of what a caller or a JSON file gives.
 * @throws CutoutError that names the augmentation, the option, what must hold, and what it got
 */
export function readOptions<T>(name: string, fields: Fields<T>, given: unknown): T {
  return readFields({ where: name, option: "" }, "options", fields, given ?? {});
}

/** The same for drawn parameters, which may come from a file too: none may be missing. */
export function readParameters<T>(name: string, fields: Fields<T>, given: unknown): T {
  return readFields({ where: name, option: "" }, "parameters", fields, given);
}

/**
 * One value, an option or an argument of a function.
 * @throws CutoutError unless it is of the kind
 */
export function readValue<T>(where: string, option: string, kind: Kind<T>, value: unknown): T {
  const read = kind.read(value, { where, option });
  if (read === undefined) throw wrong(where, option, `must be ${kind.must}`, shown(value));
  return read;
}

export function isRng(value: unknown): value is Rng {
  return typeof (value as Rng | null | undefined)?.uniform === "function";
}

/** @throws CutoutError unless random numbers can be drawn from it (not so from `Math.random`) */
export function checkRng(where: string, rng: unknown): void {
  if (!isRng(rng)) throw wrong(where, "rng", "must be an Rng, as stream() makes it", shown(rng));
}

/** @param what what must hold, `must be 3 numbers` */
export function wrong(where: string, option: string, what: string, got: string): CutoutError {
  return new CutoutError({ where, option, what, got, kind: "settings" });
}

/** @param at where the object is: an option of its own, or nothing for all options together */
function readFields<T>({ where, option }: Place, noun: string, fields: Fields<T>, given: unknown): T {
  const values = readValue(where, noun, object, given);
  const known = Object.keys(fields) as (keyof T & string)[];
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(fields, name)) {
      const names = known.length > 0 ? `among ${known.join(", ")}` : "left out";
      throw wrong(where, option === "" ? noun : `options of ${noun}`, `must be ${names}`, shown(name));
    }
  }
  const complete: Partial<T> = {};
  for (const name of known) {
    const read = readField(where, option === "" ? name : `${option}.${name}`, fields[name], values[name]);
    if (read !== undefined) complete[name] = read;
  }
  return complete as T;
}

function readField<T>(where: string, option: string, field: Field<T>, value: unknown): T | undefined {
  if (value === undefined && "otherwise" in field) return field.otherwise;
  if (value === undefined) throw wrong(where, option, `must be ${field.kind.must}`, "nothing");
  return readValue(where, option, field.kind, value);
}

/** Any object that is no list. */
export const object: Kind<{ readonly [name: string]: unknown }> = {
  must: "an object",
  read: (value) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as { readonly [name: string]: unknown })
      : undefined,
};

export const list: Kind<readonly unknown[]> = {
  must: "a list",
  read: (value) => (Array.isArray(value) ? value : undefined),
};

/** A finite number. */
export function number(limits: Limits = {}): Kind<number> {
  const noun = limits.whole ? "an integer" : "a number";
  return {
    must: `${noun}${inWords(limits)}`,
    read: (value) => (within(value, limits) ? value : undefined),
  };
}

export function integer(limits: Limits = {}): Kind<number> {
  return number({ ...limits, whole: true });
}

export function evenInteger(min: number): Kind<number> {
  const { read } = integer({ min });
  return {
    must: `an even integer >= ${min}`,
    read: (value) => ((read(value) ?? 1) % 2 === 0 ? (value as number) : undefined),
  };
}

/** A chance, 0 to 1. */
export const probability: Kind<number> = number({ min: 0, max: 1 });

/** Share of the training that is done. */
export const progress: Kind<number> = number({ min: 0, max: 1 });

export const boolean: Kind<boolean> = {
  must: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    must: listed(values.map((value) => JSON.stringify(value))),
    read: (value) => values.find((known) => known === value),
  };
}

/** [min, max], min at most max. */
export function range(limits: Limits = {}): Kind<Range> {
  const noun = limits.whole ? "integers" : "numbers";
  return {
    must: `[min, max] with min <= max, both ${noun}${inWords(limits)}`,
    read: (value) => (isPair(value, limits) && value[0] <= value[1] ? value : undefined),
  };
}

/** A range, or one number that `widen` makes one of: 15 degrees are -15 to 15. */
export function rangeOr(single: Limits, widen: (value: number) => Range, limits: Limits): Kind<Range> {
  return {
    must: `${number(single).must} or ${range(limits).must}`,
    read: (value) => (within(value, single) ? widen(value) : range(limits).read(value)),
  };
}

/** One number, or two that it is drawn from. */
export function numberOrRange(limits: Limits): Kind<number | Range> {
  const single = number(limits);
  const both = range(limits);
  return {
    must: `${single.must} or ${both.must}`,
    read: (value) => single.read(value) ?? both.read(value),
  };
}

/** Degrees: d for -d to d, or from and to. */
export const degreesKind = /* @__PURE__ */ rangeOr({ min: 0 }, (most) => [-most, most], {});

/** Two numbers in any order, for example one an axis. */
export function pair(limits: Limits = {}): Kind<readonly [number, number]> {
  return {
    must: `two numbers${inWords(limits)}`,
    read: (value) => (isPair(value, limits) ? value : undefined),
  };
}

/** A list of numbers, not empty. */
export function numbers(limits: Limits = {}): Kind<readonly number[]> {
  return {
    must: `a list of ${limits.whole ? "integers" : "numbers"}${inWords(limits)}, not empty`,
    read: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((entry) => within(entry, limits))
        ? value
        : undefined,
  };
}

/** One number for every channel, or a list with one for each. */
export type PerChannel = number | readonly number[];

export function perChannel(limits: Limits = {}): Kind<PerChannel> {
  return {
    must: `a number${inWords(limits)}, or a list with one number a channel`,
    read: (value) => number(limits).read(value) ?? numbers(limits).read(value),
  };
}

export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return {
    must: `${kind.must}, or null`,
    read: (value, at) => (value === null ? null : kind.read(value, at)),
  };
}

/**
 * What `plain` reads, or an object of one of several forms.
 * @param formOf the fields of an object's form; undefined when it has none of them
 */
function formed<T>(
  must: string,
  plain: Kind<T> | null,
  formOf: (value: object) => AnyFields | undefined,
): Kind<T> {
  return {
    must,
    read(value, { where, option } = { where: "options", option: "" }) {
      const plainly = plain?.read(value);
      if (plainly !== undefined) return plainly;
      const given = object.read(value);
      const fields = given && formOf(given);
      return (
        fields && readFields<T>({ where, option }, option, fields as Fields<unknown> as Fields<T>, given)
      );
    },
  };
}

/** Forms that are told apart by the key which only they have: `{ share, of }`. */
export function byKey<T>(
  must: string,
  plain: Kind<T> | null,
  forms: { readonly [key: string]: AnyFields },
): Kind<T> {
  return formed(must, plain, (value) => {
    const key = Object.keys(forms).find((name) => name in value);
    return key === undefined ? undefined : forms[key];
  });
}

/** Forms that are told apart by their `kind`. */
export function byKind<T>(
  must: string,
  plain: Kind<T> | null,
  forms: { readonly [kind: string]: AnyFields },
): Kind<T> {
  return formed(must, plain, (value) => {
    const { kind } = value as { readonly kind?: unknown };
    if (typeof kind !== "string" || !Object.hasOwn(forms, kind)) return undefined;
    return { kind: { kind: choice([kind]) }, ...forms[kind] };
  });
}

function within(
  value: unknown,
  { min = -Infinity, max = Infinity, above = -Infinity, whole = false }: Limits,
): value is number {
  return (
    (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (value as number) >= min &&
    (value as number) <= max &&
    (value as number) > above
  );
}

function isPair(value: unknown, limits: Limits): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((entry) => within(entry, limits));
}

function inWords({ min, max, above }: Limits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const words = [
    ...(min === undefined ? [] : [`>= ${min}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(max === undefined ? [] : [`<= ${max}`]),
  ];
  return words.length === 0 ? "" : ` ${words.join(" and ")}`;
}

/** `a, b or c` */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** The value as it ends an error; JSON has no NaN and no Infinity. */
export function shown(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return JSON.stringify(value) ?? String(value);
}
