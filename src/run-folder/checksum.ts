// Checksums of JSON: SHA-256 of the content, kept in the object itself under the key `checksum`.
// The content counts, not its text: whoever only indents a file anew has changed nothing. An object whose key or digits
// are damaged still shows that it has one; older objects have none and are believed.
import { createHash } from "node:crypto";

const key = "checksum";
const looksLikeOne = /^sha256:[0-9a-f]{64}$/;

/** The content with its checksum; the line can be taken out of an indented file without breaking it. */
export function sealed(content: object): object {
  const plain = JSON.parse(JSON.stringify(content)) as object;
  return { [key]: checksumOf(plain), ...plain };
}

/** Whether the content is what was written: not `broken`, or `absent` where it never had a checksum. */
export function sealOf(json: unknown): "whole" | "broken" | "absent" {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return "absent";
  const { [key]: found, ...content } = json as Readonly<Record<string, unknown>>;
  if (found === undefined) {
    const stray = Object.values(content).some(
      (value) => typeof value === "string" && looksLikeOne.test(value),
    );
    return stray ? "broken" : "absent";
  }
  return found === checksumOf(content) ? "whole" : "broken";
}

function checksumOf(content: object): string {
  return `sha256:${createHash("sha256").update(JSON.stringify(content)).digest("hex")}`;
}
