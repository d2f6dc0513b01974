// Building blocks of the config schema: each says what must hold in the words a person reads.
import { z } from "zod";

/** The value as a person would write it, for the end of an error. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const must = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${show(issue.input)}`,
});

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

export function evenInteger(description: string, range: NumberRange = {}): z.ZodNumber {
  const error = must(phrase("an even integer", range));
  return bounded(z.number(error).int(error).multipleOf(2, error), range, error).describe(description);
}

/** A number, or a short text that says more; `good` tells whether it can be read. */
export function numberOrText(schema: z.ZodNumber, help: string, good: (text: string) => boolean) {
  const error = must(help);
  const text = z.string(error).refine(good, error);
  const union = z.union([schema, text], {
    error: (issue) =>
      typeof issue.input === "number"
        ? schema.safeParse(issue.input).error?.issues[0]?.message
        : error.error(issue),
  });
  return union.describe(schema.description ?? "");
}

/** A text that can be read, as `good` tells. */
export function readableText(description: string, help: string, good: (text: string) => boolean) {
  const error = must(help);
  return z.string(error).refine(good, error).describe(description);
}

/** A text in a short form. `read` throws what is wrong with it. */
export function textReadBy(description: string, form: string, read: (text: string) => unknown) {
  return z
    .string(must(form))
    .superRefine((value, context) => {
      try {
        read(value);
      } catch (error) {
        // A whole sentence that names its part: it is told as it is.
        context.addIssue({ code: "custom", message: (error as Error).message, params: { whole: true } });
      }
    })
    .describe(description);
}

/** A list of such texts. */
export function textsReadBy(description: string, form: string, read: (text: string) => unknown) {
  return z.array(textReadBy("", form, read), must(`a list of texts, each ${form}`)).describe(description);
}

/** A part of the images: below 1 a share of them, from 2 on their number. */
export function part(description: string): z.ZodNumber {
  const error = must("a share between 0 and 1, or a number of images from 2 on");
  return z
    .number(error)
    .refine((value) => (value > 0 && value < 1) || (Number.isInteger(value) && value >= 2), error)
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
