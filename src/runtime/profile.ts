// The profiles that ONNX Runtime writes: which node ran where, for how long, on what.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Shape } from "../tensor.ts";

export interface ProfiledNode {
  /** Type of the operator: Conv, Sign. */
  readonly operator: string;
  /** CPUExecutionProvider, WebGpuExecutionProvider. */
  readonly provider: string;
  readonly microseconds: number;
  readonly inputs: readonly TypedShape[];
  readonly outputs: readonly TypedShape[];
}

export interface TypedShape {
  /** As C++ calls it: float, int64. */
  readonly type: string;
  readonly shape: Shape;
}

/** [{ float: [2, 3] }] */
type RecordedShapes = readonly Readonly<Record<string, Shape>>[];

interface ProfileEvent {
  readonly cat: string;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly provider?: string;
    readonly input_type_shape?: RecordedShapes;
    readonly output_type_shape?: RecordedShapes;
  };
}

const shapesOf = (recorded: RecordedShapes = []): TypedShape[] =>
  recorded.flatMap((entry) => Object.entries(entry).map(([type, shape]) => ({ type, shape })));

/** Nodes in the order they ran. Copies between devices count as nodes of the device. */
export function readProfile(text: string): ProfiledNode[] {
  return (JSON.parse(text) as readonly ProfileEvent[]).flatMap(({ cat, dur, args }) =>
    cat === "Node" && args?.op_name !== undefined && args.provider !== undefined
      ? [
          {
            operator: args.op_name,
            provider: args.provider,
            microseconds: dur,
            inputs: shapesOf(args.input_type_shape),
            outputs: shapesOf(args.output_type_shape),
          },
        ]
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
