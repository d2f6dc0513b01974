import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { CutoutError } from "./error.ts";
import { packError, unpackError } from "./thread.ts";

/** What arrives of a message at another thread. */
function sent(message: unknown): unknown {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(message);
  const received = receiveMessageOnPort(port2) as { message: unknown };
  port1.close();
  return received.message;
}

describe("an error for people", () => {
  it("arrives as one, with its fields and its causes", () => {
    const fields = {
      where: "--length",
      option: "length",
      what: "must be even",
      got: "7",
      remedy: "take 8",
      kind: "settings" as const,
    };
    const cause = new CutoutError({ where: "data", what: "must be there" }, { cause: new RangeError("5") });
    const error = unpackError(sent(packError(new CutoutError(fields, { cause })))) as CutoutError;
    expect(error).toBeInstanceOf(CutoutError);
    expect(error.fields()).toEqual(fields);
    expect(error.message).toBe("--length: length must be even, got 7; take 8");
    expect(error.cause).toBeInstanceOf(CutoutError);
    expect((error.cause as Error).message).toBe("data: must be there");
    expect((error.cause as CutoutError).cause).toBeInstanceOf(RangeError);
  });

  it("has no cause where there was none", () => {
    const error = unpackError(sent(packError(new CutoutError({ where: "data", what: "must be there" }))));
    expect(Object.hasOwn(error as object, "cause")).toBe(false);
  });
});

it("any other error arrives as messages bring it", () => {
  const error = unpackError(sent(packError(new RangeError("internal: 5"))));
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).message).toBe("internal: 5");
  expect(unpackError(sent(packError("thrown")))).toBe("thrown");
});
