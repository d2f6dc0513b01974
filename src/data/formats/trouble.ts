// What a file that cannot be read becomes: one error for people that names the reader and the file.
import { CutoutError } from "../../error.ts";

/** How errors of one reader begin, and which file they are about. */
export interface Where {
  /** `idx`, `parquet`, ... */
  readonly reader: string;
  /** Path or address, as the user would write it. */
  readonly file: string;
}

/** `idx: FILE must MUST, got GOT; do this`. */
export function trouble(
  where: Where,
  must: string,
  got: string,
  remedy = "download it again or make it anew",
  options: ErrorOptions = {},
): CutoutError {
  return new CutoutError({ where: where.reader, what: `${where.file} must ${must}`, got, remedy }, options);
}

/** Runs `read`; whatever is thrown becomes an error of this reader, if it is not one yet. */
export function guarded<T>(where: Where, kind: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw explained(where, kind, error);
  }
}

/** As {@link guarded}, for what is read piece by piece. */
export async function* guardedStream<T>(
  where: Where,
  kind: string,
  items: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw explained(where, kind, error);
  }
}

/**
 * The error of this reader for whatever went wrong: a library's complaint, an index out of bounds, a damaged
 * compressed stream, a file that cannot be opened.
 *
 * @param kind what the file should have been: "a Parquet file"
 */
export function explained(where: Where, kind: string, error: unknown): CutoutError {
  if (error instanceof CutoutError) return error;
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  if (code !== undefined && systemCode.test(code)) {
    const what = `${where.file} cannot be read (${code})`;
    return new CutoutError({ where: where.reader, what, remedy: "check that it is there" }, { cause: error });
  }
  const said = (message.split("\n")[0] ?? "").slice(0, 160);
  return trouble(where, `be ${kind}`, `a damaged or foreign one (${said})`, undefined, { cause: error });
}

/** ENOENT and its kin; Z_DATA_ERROR and ERR_... are no trouble of the disk. */
const systemCode = /^E[A-Z]+$/;
