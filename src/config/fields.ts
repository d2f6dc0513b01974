// Building blocks of the config schema: each says what must hold in the words a person reads; what was got is added where
// the error is told.
import { z } from "zod";
import { CutoutError } from "../error.ts";

/** The value as a person would write it, for the end of an error. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const must = (what: string) => ({ error: () => `must be ${what}` });

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** The minimum itself is not allowed. */
  readonly above?: boolean;
  /** The maximum itself is not allowed. */
  readonly below?: boolean;
}

function phrase(kind: string, range: NumberRange): string {
  const { min, max, above = false, below = false } = range;
  if (min === undefined) return max === undefined ? kind : `${kind} ${below ? "<" : "<="} ${max}`;
  if (max === undefined) return `${kind} ${above ? ">" : ">="} ${min}`;
  if (!above && !below) return `${kind} from ${min} to ${max}`;
  return `${kind} ${above ? ">" : ">="} ${min} and ${below ? "<" : "<="} ${max}`;
}

function bounded(schema: z.ZodNumber, range: NumberRange, error: ReturnType<typeof must>): z.ZodNumber {
  const { min, max, above = false, below = false } = range;
  const lower = min === undefined ? schema : above ? schema.gt(min, error) : schema.min(min, error);
  return max === undefined ? lower : below ? lower.lt(max, error) : lower.max(max, error);
}

export function number(description: string, range: NumberRange = {}): z.ZodNumber {
  const error = must(phrase("a number", range));
  return bounded(z.number(error), range, error).describe(description);
}

export function integer(description: string, range: NumberRange = {}): z.ZodNumber {
  const error = must(phrase("an integer", range));
  return bounded(z.number(error).int(error), range, error).describe(description);
}

/** A part of the images: below 1 a share of them, from 2 on their number; 0 where there may be none. */
export function part(description: string, { none = false } = {}): z.ZodNumber {
  const error = must(
    `a share between 0 and 1, or a number of images from 2 on${none ? ", or 0 for none" : ""}`,
  );
  return z
    .number(error)
    .refine(
      (value) => (value > 0 && value < 1) || (Number.isInteger(value) && value >= 2) || (none && value === 0),
      error,
    )
    .describe(`${description}: share from 0 to 1, or a number of images`);
}

export function boolean(description: string): z.ZodBoolean {
  return z.boolean(must("true or false")).describe(description);
}

export function text(description: string, what = "a text that is not empty"): z.ZodString {
  const error = must(what);
  return z.string(error).min(1, error).describe(description);
}

export function choice<const Values extends readonly [string, ...string[]]>(
  description: string,
  values: Values,
) {
  const listed = values.length === 1 ? values[0] : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  return z.enum(values, must(listed)).describe(description);
}

export function risingIntegers(description: string) {
  const error = must("rising whole numbers >= 1");
  return z
    .array(z.number(error).int(error).min(1, error), error)
    .min(1, error)
    .refine((values) => values.every((value, index) => index === 0 || value > values[index - 1]!), error)
    .describe(description);
}

/** Fields that belong together; `name` is what a person calls them. */
export function group<Shape extends z.ZodRawShape>(name: string, shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "invalid_type" ? `must be an object with the fields of ${name}` : undefined,
  });
}

/**
 * The part of a transform that may find a mistake: a `CutoutError` becomes an issue, and nothing comes out.
 * @param pathOf where below the transform's own place
 */
export function attempt<T>(
  context: z.RefinementCtx,
  work: () => T,
  pathOf: (error: CutoutError) => readonly string[] = () => [],
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    context.addIssue({ code: "custom", path: [...pathOf(error)], message: error.what, params: { error } });
    return z.NEVER;
  }
}

/**
 * Data that a person may also tell as a text in a short form. The data themselves are checked by `read` or by whoever
 * they belong to, not by the schema.
 * @param form how the text looks, for errors
 * @param read gives the data of a text, and of data the same, or throws a `CutoutError`
 */
export function told<Output, Input, Text extends string = string>(
  description: string,
  form: string,
  read: (given: Input | string) => Output,
) {
  const error = must(form);
  return z
    .union([z.string(error), z.record(z.string(), z.unknown(), error)], error)
    .transform((given, context) => attempt(context, () => read(given as Input | string)))
    .describe(description) as unknown as z.ZodType<Output, Input | Text>;
}
