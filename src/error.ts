// The one error of the house: a mistake of a person or of the world, told as data. Anything else that is thrown is our own fault.

/** What an error says, part by part. */
export interface ErrorFields {
  /** Where the mistake is: a flag, a file, or whose option it is. `--length`, `photos/cat`, `cutout` */
  readonly where?: string | undefined;
  /** Path of the field of the config that it is about; whoever knows where that was told names it so. `augment.flip` */
  readonly field?: string | undefined;
  /** Which option or field of it, where that is a name by itself. `length` */
  readonly option?: string | undefined;
  /** What must hold, or what is the matter. `must be an even integer >= 2` */
  readonly what: string;
  /** What was there instead, as a person would write it. `7` */
  readonly got?: string | undefined;
  /** What to do about it. `lower --batch-size` */
  readonly remedy?: string | undefined;
  /** `settings`: something was asked for that cannot be; `world`: files, data, machines are not as they must be. */
  readonly kind?: "settings" | "world";
}

/**
 * An error for people. The message is one line, `where: option what, got X; remedy`; whoever decides on an error looks
 * at its fields.
 */
export class CutoutError extends Error implements ErrorFields {
  override readonly name = "CutoutError";
  readonly where: string | undefined;
  readonly field: string | undefined;
  readonly option: string | undefined;
  readonly what: string;
  readonly got: string | undefined;
  readonly remedy: string | undefined;
  readonly kind: "settings" | "world";

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    super(lineOf(fields), options);
    this.where = fields.where;
    this.field = fields.field;
    this.option = fields.option;
    this.what = fields.what;
    this.got = fields.got;
    this.remedy = fields.remedy;
    this.kind = fields.kind ?? "world";
  }

  /** The same error with some fields told anew, by a room that knows the flag or the file. */
  with(fields: Partial<ErrorFields>): CutoutError {
    return new CutoutError({ ...this.fields(), ...fields }, { cause: this });
  }

  /** The same error by where its field was told: by a flag, or in a file. One that is about no field stays as it is. */
  named(nameOf: (field: string) => string): CutoutError {
    const { field, where } = this;
    return field === undefined ? this : this.with({ field: undefined, where: joined(nameOf(field), where) });
  }

  /** Plain data, which another thread can be sent; `new CutoutError(fields)` is the same error again. */
  fields(): ErrorFields {
    const { where, field, option, what, got, remedy, kind } = this;
    return { where, field, option, what, got, remedy, kind };
  }
}

const joined = (...parts: readonly (string | undefined)[]) =>
  parts.filter((part) => part !== undefined).join(": ");

function lineOf({ where, field, option, what, got, remedy }: ErrorFields): string {
  const subject = option === undefined ? "" : `${option} `;
  return `${joined(field, where, `${subject}${what}`)}${got === undefined ? "" : `, got ${got}`}${remedy === undefined ? "" : `; ${remedy}`}`;
}

/** What a refusal of the system means, and what helps. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: "that is not permitted: check the permissions of it and of the folders above it",
  EPERM: "that is not permitted: check the permissions of it and of the folders above it",
  ENOSPC: "the disk is full: free some space, then try again",
  EDQUOT: "the disk quota is used up: free some space, then try again",
  EFBIG: "the disk does not take files of this size: choose another place",
  EROFS: "the disk is read-only: choose another place",
  ENOENT: "it does not exist",
  ENOTDIR: "a part of the path is no folder: choose another one",
  EISDIR: "it is a folder, and must be a file",
  EEXIST: "it exists already, or a file is in the place of a folder: take it away, or choose another name",
  ENOTEMPTY: "it is a folder that is not empty: take it away, or choose another name",
  ENAMETOOLONG: "the name is too long: choose a shorter one",
  ELOOP: "the path leads round in links: choose another one",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine: end other programs",
  EBUSY: "it is in use: end what uses it",
  EIO: "the disk fails: look at it before anything else is written",
  ENXIO: "it is no file: take it away",
  ENODEV: "it is no file: take it away",
  ESTALE: "the network disk has lost it: look at the disk",
};

/** What a refusal of the system means, for a message: `the name is too long: choose a shorter one (ENAMETOOLONG)`. */
export function refusalText(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  if (code === undefined) return message ?? String(error);
  const known = refusals[code];
  return known === undefined ? code : `${known} (${code})`;
}

/**
 * The refusal of the system as one line for people; any other error stays what it is.
 * @param where the file it is about, where the system does not tell
 */
export function systemError(error: unknown, where?: string): unknown {
  if (error instanceof CutoutError || !(error instanceof Error)) return error;
  const { code = "", path } = error as { readonly code?: string; readonly path?: unknown };
  const what = refusals[code];
  if (what === undefined) return error;
  const place = where ?? (typeof path === "string" ? path : undefined);
  return new CutoutError({ where: place, what: `${what} (${code})` }, { cause: error });
}

/** What `work` gives; refusals of the system are told. */
export function telling<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemError(error, where);
  }
}
