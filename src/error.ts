// The one error of the house: a mistake of a person or of the world, told as data. Anything else that is thrown is our own fault.

/** What an error says, part by part. */
export interface ErrorFields {
  /** Where the mistake is: a flag, a file, a field, the option of an augmentation. `--length`, `photos/cat` */
  readonly where: string;
  /** What must hold, or what is the matter. `must be an even integer >= 2` */
  readonly what: string;
  /** What was there instead, as a person would write it. `7` */
  readonly got?: string;
  /** What to do about it. `lower --batch-size` */
  readonly remedy?: string;
  /** `settings`: something was asked for that cannot be; `world`: files, data, machines are not as they must be. */
  readonly kind?: "settings" | "world";
}

/**
 * An error for people. The message is one line, `where: what, got X; remedy`; whoever decides on an error looks at its
 * fields.
 */
export class CutoutError extends Error implements ErrorFields {
  override readonly name = "CutoutError";
  readonly where: string;
  readonly what: string;
  readonly got?: string;
  readonly remedy?: string;
  readonly kind: "settings" | "world";

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    const { where, what, got, remedy, kind = "world" } = fields;
    super(
      `${where}: ${what}${got === undefined ? "" : `, got ${got}`}${remedy === undefined ? "" : `; ${remedy}`}`,
      options,
    );
    this.where = where;
    this.what = what;
    if (got !== undefined) this.got = got;
    if (remedy !== undefined) this.remedy = remedy;
    this.kind = kind;
  }

  /** The same error with some fields told anew: by a room that knows the flag or the file. */
  with(fields: Partial<ErrorFields>): CutoutError {
    return new CutoutError({ ...this.fields(), ...fields }, { cause: this });
  }

  /** Plain data, which another thread can be sent; `new CutoutError(fields)` is the same error again. */
  fields(): ErrorFields {
    const { where, what, got, remedy, kind } = this;
    return {
      where,
      what,
      kind,
      ...(got !== undefined && { got }),
      ...(remedy !== undefined && { remedy }),
    };
  }
}
