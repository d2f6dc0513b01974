// What matrix products are computed in: float32, or bfloat16 where ONNX Runtime has it.
import { CutoutError } from "../error.ts";

export const arithmetics = ["float32", "bfloat16"] as const;
/** `bfloat16`: factors of matrix products are rounded to 8 significant bits; sums, and all else, stay float32. */
export type Arithmetic = (typeof arithmetics)[number];

/** ONNX Runtime's builds for Arm alone have such products; for x86 it has none. */
export const hasBfloat16 = (architecture: string = process.arch): boolean => architecture === "arm64";

/** @throws CutoutError where the device or its processor cannot */
export function checkArithmetic(
  arithmetic: Arithmetic,
  device: string,
  architecture: string = process.arch,
): void {
  if (arithmetic === "float32") return;
  if (device !== "cpu") {
    throw new CutoutError({
      field: "arithmetic",
      what: "bfloat16 is of the processor, and not of a graphics card",
      got: device,
      remedy: "leave it out, or use the cpu",
      kind: "settings",
    });
  }
  if (hasBfloat16(architecture)) return;
  throw new CutoutError({
    field: "arithmetic",
    what: "bfloat16 needs an Arm processor: ONNX Runtime has such products on no other",
    got: architecture,
    remedy: "leave it out",
    kind: "settings",
  });
}

/** Entries of ONNX Runtime's session options. */
export const arithmeticEntries = (arithmetic: Arithmetic) =>
  arithmetic === "bfloat16" ? { "mlas.enable_gemm_fastmath_arm64_bfloat16": "1" } : {};
