// The one error of the house: a mistake of a person or of the world, told as data. Anything else that is thrown is our own fault.

/** What an error says, part by part. */
export interface ErrorFields {
  /** Where the mistake is: a flag, a file, a field, or whose option it is. `--length`, `photos/cat`, `cutout` */
  readonly where: string;
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
  readonly where: string;
  readonly option: string | undefined;
  readonly what: string;
  readonly got: string | undefined;
  readonly remedy: string | undefined;
  readonly kind: "settings" | "world";

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    super(lineOf(fields), options);
    this.where = fields.where;
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

  /** Plain data, which another thread can be sent; `new CutoutError(fields)` is the same error again. */
  fields(): ErrorFields {
    const { where, option, what, got, remedy, kind } = this;
    return { where, option, what, got, remedy, kind };
  }
}

function lineOf({ where, option, what, got, remedy }: ErrorFields): string {
  const subject = option === undefined ? "" : `${option} `;
  return `${where}: ${subject}${what}${got === undefined ? "" : `, got ${got}`}${remedy === undefined ? "" : `; ${remedy}`}`;
}
