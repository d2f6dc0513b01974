// Runs a command line in this process, and keeps what it prints.
import { vi } from "vitest";
import { main } from "../../src/cli/program.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Spies that the test has set before are restored too. */
export async function cutout(...words: readonly string[]): Promise<Outcome> {
  let out = "";
  let err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  try {
    await main(words);
    return { code: Number(process.exitCode ?? 0), out, err };
  } finally {
    process.exitCode = undefined;
    vi.restoreAllMocks();
  }
}
