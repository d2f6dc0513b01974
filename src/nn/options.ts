// Values that a person may set in a network or a layer: what each may be, and the error when it is something else.
import { CutoutError } from "../error.ts";

/** One kind of value: what must hold in words, and how it is read. `undefined` says that it does not hold. */
export interface Kind<T> {
  readonly must: string;
  read(value: unknown): T | undefined;
  /** Some values that it takes, plain ones first. */
  readonly examples: readonly T[];
}

/** A setting that may be left out. */
export interface Option<T> {
  readonly kind: Kind<T>;
  /** What it is when left out. */
  readonly otherwise: T;
  /** One line for people, without the range. */
  readonly help: string;
}

/** One option for each field of `T`. */
export type Options<T> = { readonly [K in keyof T]-?: Option<T[K]> };

interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** Larger than this, not equal. */
  readonly above?: number;
  /** Smaller than this, not equal. */
  readonly below?: number;
}

/** A finite number. */
export function number(limits: Limits = {}): Kind<number> {
  const { min, max, above, below } = limits;
  const low = min ?? (above === undefined ? 0 : above + 0.25);
  return {
    must: `a number${inWords(limits)}`,
    read: (value) => (within(value, limits) ? value : undefined),
    examples: [low, Math.min(low + 0.25, max ?? Infinity, below ?? Infinity)],
  };
}

export function integer(limits: Limits = {}): Kind<number> {
  const low = limits.min ?? 1;
  return {
    must: `an integer${inWords(limits)}`,
    read: (value) => (within(value, limits) && Number.isInteger(value) ? value : undefined),
    examples: [low, low + 1, low + 2].filter((value) => within(value, limits)),
  };
}

export const boolean: Kind<boolean> = {
  must: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
  examples: [false, true],
};

export function choice<const T extends string | number>(values: readonly T[]): Kind<T> {
  return {
    must: values.map((value) => JSON.stringify(value)).join(" or "),
    read: (value) => values.find((known) => known === value),
    examples: values,
  };
}

/** A list of `length` values of one kind: `T` says which tuple. */
export function tuple<T extends readonly unknown[]>(kind: Kind<T[number]>, length: T["length"]): Kind<T> {
  return {
    must: `a list of ${length}, each ${kind.must}`,
    read(value) {
      if (!Array.isArray(value) || value.length !== length) return undefined;
      const read = Array.from(value, (entry) => kind.read(entry));
      return read.includes(undefined) ? undefined : (read as readonly unknown[] as T);
    },
    examples: [
      ...kind.examples.map((example) => Array.from({ length }, () => example)),
      Array.from({ length }, (_, index) => kind.examples[(index + 1) % kind.examples.length]!),
    ] as readonly (readonly unknown[])[] as readonly T[],
  };
}

export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return {
    must: `${kind.must}, or null`,
    read: (value) => (value === null ? null : kind.read(value)),
    examples: [null, ...kind.examples],
  };
}

/** A setting that was added later: in older files it is missing, and is what it then was. */
export function since<T>(kind: Kind<T>, before: T): Kind<T> {
  return { ...kind, read: (value) => (value === undefined ? before : kind.read(value)) };
}

/**
 * Complete values out of what a caller or a file gives.
 * @param where whose options they are: the name of a network, or its file
 * @throws CutoutError that names the option, what must hold, and what it got
 */
export function readOptions<T>(where: string, options: Options<T>, given: unknown): T {
  if (!isObject(given)) throw refusal({ where, what: "options must be an object", got: show(given) });
  const names = Object.keys(options) as (keyof T & string)[];
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(options, name));
  if (unknown !== undefined) {
    const what = names.length > 0 ? `options must be among ${names.join(", ")}` : "takes no options";
    throw refusal({ where, what, got: show(unknown) });
  }
  const complete: Partial<T> = {};
  for (const name of names) {
    const { kind, otherwise } = options[name];
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const read = value === undefined ? otherwise : kind.read(value);
    if (read === undefined) {
      throw refusal({ where, option: name, what: `must be ${kind.must}`, got: show(value) });
    }
    complete[name] = read;
  }
  return complete as T;
}

type Refusal = ConstructorParameters<typeof CutoutError>[0];

/** A mistake in what was asked for. */
export const refusal = (fields: Refusal): CutoutError => new CutoutError({ kind: "settings", ...fields });

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as a person would write it, for the end of an error; of what is large only that it is there. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) {
    const plain = value.length <= 8 && value.every((entry) => typeof entry === "number");
    return plain ? `[${value.join(", ")}]` : `a list of ${value.length}`;
  }
  if (isObject(value)) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What an error in a person's code says, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return show(error);
  // "Transform failed with 1 error:" goes on in the next line.
  return error.message.replace(/:\n/, ": ").split("\n")[0]!.trim() || error.name;
}

function within(
  value: unknown,
  { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity }: Limits,
): value is number {
  const x = value as number;
  return Number.isFinite(value) && x >= min && x <= max && x > above && x < below;
}

function inWords({ min, max, above, below }: Limits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const words = [
    ...(min === undefined ? [] : [`>= ${min}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(max === undefined ? [] : [`<= ${max}`]),
    ...(below === undefined ? [] : [`< ${below}`]),
  ];
  return words.length === 0 ? "" : ` ${words.join(" and ")}`;
}
