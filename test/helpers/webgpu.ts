// WebGPU for tests: the machine's graphics card, or SwiftShader, the software adapter of Chromium.
import { existsSync } from "node:fs";
import { Graph } from "../../src/graph/graph.ts";
import { type AdapterSearch, findAdapter } from "../../src/runtime/adapter.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Executable } from "../../src/runtime/runtime.ts";

/** Where packages of Chromium and Chrome put its description for Vulkan's loader. */
const swiftShaders = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
];

async function search(): Promise<AdapterSearch> {
  const own = await findAdapter();
  const driver = swiftShaders.find((path) => existsSync(path));
  const { VK_DRIVER_FILES: chosen = process.env.VK_ICD_FILENAMES } = process.env;
  if (own.found || driver === undefined || chosen !== undefined) return own;
  // Read by Vulkan's loader, in the probe and later in this process.
  process.env.VK_ICD_FILENAMES = driver;
  return findAdapter();
}

export const webgpu = await search();

/** Something that lives on the device: as long as it is open, the next session finds the device ready. */
export async function holdDevice(): Promise<Executable | null> {
  if (!webgpu.found) return null;
  const g = new Graph();
  g.output("y", g.apply("neg", [g.input("x", "float32", [1])]));
  return nodeRuntime({ threads: 1, device: "webgpu" }).compile(g);
}

/** Stands in the name of skipped tests. */
export const webgpuTitle = webgpu.found
  ? `webgpu (${webgpu.adapter.name})`
  : `webgpu: skipped, no adapter (${webgpu.reason}); Debian's packages chromium and libvulkan1 bring one`;
