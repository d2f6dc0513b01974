import { afterEach, expect, test, vi } from "vitest";
import { onInterrupt } from "./console.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sends a signal to the listeners; returns the code with which they would have ended the process, if they would. */
function send(name: "SIGINT" | "SIGTERM"): number | null {
  let code: number | null = null;
  vi.spyOn(process, "exit").mockImplementation((given) => {
    code ??= Number(given);
    return undefined as never;
  });
  process.emit(name);
  return code;
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s: at once before there is something to save; then save first, and at once the second time",
  (name, code) => {
    const clear = vi.fn();
    const early = onInterrupt(clear);
    expect(send(name)).toBe(code);
    early.release();

    const interruption = onInterrupt(clear);
    interruption.arm();
    expect(interruption.exitCode()).toBeNull();
    expect(send(name)).toBeNull();
    expect(interruption.signal.aborted).toBe(true);
    expect(interruption.exitCode()).toBe(code);
    expect(send(name)).toBe(code);
    expect(clear).toHaveBeenCalledTimes(3);
    interruption.release();
    expect(process.listeners(name)).toHaveLength(0);
  },
);
