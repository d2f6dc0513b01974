// The profiles that ONNX Runtime writes: which node ran where.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ProfiledNode {
  /** Type of the operator: Conv, Sign. */
  readonly operator: string;
  /** CPUExecutionProvider, WebGpuExecutionProvider. */
  readonly provider: string;
}

interface ProfileEvent {
  readonly cat: string;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** Nodes in the order they ran. Copies between devices count as nodes of the device. */
export function readProfile(text: string): ProfiledNode[] {
  return (JSON.parse(text) as readonly ProfileEvent[]).flatMap(({ cat, args }) =>
    cat === "Node" && args?.op_name !== undefined && args.provider !== undefined
      ? [{ operator: args.op_name, provider: args.provider }]
      : [],
  );
}

/**
 * Hands out a place for a profile and takes it away in the end.
 * @param use takes the profile's prefix, and what reads it once it is written
 */
export async function withProfile<T>(
  use: (prefix: string, read: () => ProfiledNode[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "cutout-profile-"));
  try {
    return await use(join(folder, "profile"), () =>
      readdirSync(folder).flatMap((name) => readProfile(readFileSync(join(folder, name), "utf8"))),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
