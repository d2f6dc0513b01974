// Options of augmentations: what each may be, what it is when left out, and the error when it is wrong.

/** One kind of value: what must hold in words, and how it is read. `undefined` says that it does not hold. */
export interface Kind<T> {
  readonly must: string;
  read(value: unknown): T | undefined;
}

/** A kind with what stands for it when it is left out; without `otherwise` it must be given. */
export interface Field<T> {
  readonly kind: Kind<T>;
  readonly otherwise?: T;
}

/** One field for each option of `T`. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** [smallest, largest] */
export type Range = readonly [min: number, max: number];

interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** Larger than this, not equal. */
  readonly above?: number;
}

/**
 * Complete options out of what a caller or a JSON file gives.
 * @throws Error that names the augmentation, the option, what must hold, and what it got
 */
export function readOptions<T>(name: string, fields: Fields<T>, given: unknown): T {
  return readFields(name, "options", fields, given ?? {});
}

/** The same for drawn parameters, which may come from a file too: none may be missing. */
export function readParameters<T>(name: string, fields: Fields<T>, given: unknown): T {
  return readFields(name, "parameters", fields, given);
}

function readFields<T>(name: string, noun: string, fields: Fields<T>, given: unknown): T {
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    throw new Error(`${name}: ${noun} must be an object, got ${show(given)}`);
  }
  const values: { readonly [option: string]: unknown } = { ...given };
  const known = Object.keys(fields) as (keyof T & string)[];
  for (const option of Object.keys(values)) {
    if (!Object.hasOwn(fields, option)) {
      const names = known.length > 0 ? `among ${known.join(", ")}` : "left out";
      throw new Error(`${name}: ${noun} must be ${names}, got ${JSON.stringify(option)}`);
    }
  }
  const complete: Partial<T> = {};
  for (const option of known)
    complete[option] = readField(`${name}: ${option}`, fields[option], values[option]);
  return complete as T;
}

function readField<T>(where: string, field: Field<T>, value: unknown): T {
  if (value === undefined && "otherwise" in field) return field.otherwise as T;
  const read = field.kind.read(value);
  if (read === undefined) {
    throw new Error(
      `${where} must be ${field.kind.must}, got ${value === undefined ? "nothing" : show(value)}`,
    );
  }
  return read;
}

/** A finite number. */
export function number(limits: Limits = {}): Kind<number> {
  return { must: `a number${inWords(limits)}`, read: (value) => (within(value, limits) ? value : undefined) };
}

export function integer(limits: Limits = {}): Kind<number> {
  return {
    must: `an integer${inWords(limits)}`,
    read: (value) => (within(value, limits) && Number.isInteger(value) ? value : undefined),
  };
}

/** A chance, 0 to 1. */
export const probability: Kind<number> = number({ min: 0, max: 1 });

export const boolean: Kind<boolean> = {
  must: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    must: values.map((value) => JSON.stringify(value)).join(" or "),
    read: (value) => values.find((known) => known === value),
  };
}

/** [min, max], min at most max. */
export function range(limits: Limits = {}): Kind<Range> {
  return {
    must: `[min, max] with min <= max, both numbers${inWords(limits)}`,
    read: (value) => (isPair(value, limits) && value[0] <= value[1] ? value : undefined),
  };
}

/** A range, or one number that `widen` makes one of: 15 degrees are -15 to 15. */
export function rangeOr(single: Limits, widen: (value: number) => Range, limits: Limits): Kind<Range> {
  return {
    must: `a number${inWords(single)} or ${range(limits).must}`,
    read: (value) => (within(value, single) ? widen(value) : range(limits).read(value)),
  };
}

/** Degrees: d for -d to d, or from and to. */
export const degreesKind = rangeOr({ min: 0 }, (most) => [-most, most], {});

/** Two numbers in any order, for example one an axis. */
export function pair(limits: Limits = {}): Kind<readonly [number, number]> {
  return {
    must: `two numbers${inWords(limits)}`,
    read: (value) => (isPair(value, limits) ? value : undefined),
  };
}

/** One number for every channel, or a list with one for each. */
export const fill: Kind<number | readonly number[]> = {
  must: "a number, or a list with one number a channel",
  read(value) {
    if (within(value, {})) return value;
    const list = Array.isArray(value) && value.length > 0 && value.every((entry) => within(entry, {}));
    return list ? (value as number[]) : undefined;
  },
};

export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return { must: `${kind.must}, or null`, read: (value) => (value === null ? null : kind.read(value)) };
}

function within(
  value: unknown,
  { min = -Infinity, max = Infinity, above = -Infinity }: Limits,
): value is number {
  return (
    Number.isFinite(value) &&
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

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
