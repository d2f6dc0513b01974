// Reading the name of a graphics adapter from what drivers write.
import { describe, expect, it, vi } from "vitest";
import { findAdapter, readAdapter } from "./adapter.ts";

const card = (fields: string) => `[I:onnxruntime:] Discovered OrtHardwareDevice {${fields}}`;
const processor = card("vendor_id:0x8086, device_id:0x0, vendor:Intel, type:0, metadata: []");

describe("the adapter of a log", () => {
  it("is the device that Vulkan's loader opens, whatever cards there are", () => {
    const loader = (name: string) => `DRIVER | LAYER: Using "${name}" with driver: "/usr/lib/driver.so"`;
    const nvidia = card("vendor_id:0x10de, device_id:0x2335, vendor:NVIDIA, type:1, metadata: []");
    expect(readAdapter([processor, nvidia, loader("NVIDIA H200")].join("\n"))).toEqual({
      name: "NVIDIA H200",
      software: false,
    });
    for (const name of ["SwiftShader Device (Subzero)", "llvmpipe (LLVM 15.0.6, 256 bits)"]) {
      expect(readAdapter([processor, nvidia, loader(name)].join("\n"))).toEqual({ name, software: true });
    }
  });

  it("is a listed graphics card elsewhere, a real one before the one that Windows paints itself", () => {
    const warp = card(
      "vendor_id:0x1414, device_id:0x8c, vendor:Microsoft, type:1, metadata: [Description=Microsoft Basic Render Driver]",
    );
    const arc = card(
      "vendor_id:0x8086, device_id:0x56a0, vendor:Intel, type:1, metadata: [Description=Intel(R) Arc(TM) A770, Discrete=1]",
    );
    const plain = card("vendor_id:0x106b, device_id:0x0, vendor:Apple, type:1, metadata: []");
    expect(readAdapter([processor, warp, arc].join("\n"))).toEqual({
      name: "Intel(R) Arc(TM) A770",
      software: false,
    });
    expect(readAdapter([processor, warp].join("\n")).software).toBe(true);
    expect(readAdapter(plain)).toEqual({ name: "Apple 0x0", software: false });
  });

  it("is not taken for a graphics card when nothing says so", () => {
    expect(readAdapter(processor).software).toBe(true);
  });
});

it("a machine without a driver gives a reason of one line", async () => {
  // The newer name of the variable wins over the older one.
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) vi.stubEnv(name, "/no such driver.json");
  try {
    const result = await findAdapter();
    // Where graphics do not go through Vulkan the variables say nothing.
    if (process.platform !== "linux") return;
    expect(result).toMatchObject({ found: false, reason: expect.stringMatching(/^\S.+$/) });
  } finally {
    vi.unstubAllEnvs();
  }
});
