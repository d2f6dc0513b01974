// Which graphics adapter WebGPU gets here, if any. Looked for in a process of its own: drivers write to the terminal,
// and a broken one takes the whole process with it.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { Graph } from "../graph/graph.ts";
import { lower } from "../onnx/lower.ts";
import "./no-telemetry.ts";

export interface Adapter {
  /** As the driver calls it: `NVIDIA H200`, `SwiftShader Device (Subzero)`. */
  readonly name: string;
  /** Whether it computes on the processor: for tests, slower than the cpu device. */
  readonly software: boolean;
}

export type AdapterSearch =
  | { readonly found: true; readonly adapter: Adapter }
  /** `reason` is for people: what the driver or the runtime said. */
  | { readonly found: false; readonly reason: string };

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i;
/** Vendor of the Direct3D adapter that Windows has without a graphics card. */
const microsoft = 0x1414;

/** Longer than any driver takes to start. */
const patience = 60_000;

/** One ReLU, for the adapter to show that it computes. */
const script = `
const ort = require(process.argv[1]);
ort.env.logLevel = "info";
const say = (result) => process.stdout.write(JSON.stringify(result));
async function main() {
  if (!ort.listSupportedBackends().some(({ name }) => name === "webgpu"))
    return "onnxruntime-node has no WebGPU for " + process.platform + " " + process.arch;
  const options = { executionProviders: ["webgpu"], extra: { "session.disable_cpu_ep_fallback": "1" } };
  const session = await ort.InferenceSession.create(Buffer.from(process.argv[2], "base64"), options);
  const x = new ort.Tensor("float32", Float32Array.of(-1, 2), [2]);
  const [y] = Object.values(await session.run({ x }));
  return y.data[0] === 0 && y.data[1] === 2 ? null : "it computes wrong numbers";
}
main().then(say, (error) => say(String(error.message)));
`;

function probeModel(): string {
  const g = new Graph();
  g.output("y", g.apply("relu", [g.input("x", "float32", [2])]));
  return Buffer.from(lower(g, "probe")).toString("base64");
}

/** Looks for the adapter that WebGPU would use now; takes about half a second. */
export function findAdapter(): Promise<AdapterSearch> {
  const runtime = createRequire(import.meta.url).resolve("onnxruntime-node");
  const options = {
    // Vulkan's loader then says which device is opened.
    env: { ...process.env, VK_LOADER_DEBUG: "all" },
    timeout: patience,
    maxBuffer: 2 ** 26,
  };
  return new Promise((resolve) => {
    const args = ["-e", script, runtime, probeModel()];
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout === "null") resolve({ found: true, adapter: readAdapter(stderr) });
      else if (stdout !== "") resolve({ found: false, reason: readReason(JSON.parse(stdout), stderr) });
      else if (error?.killed) resolve({ found: false, reason: `no answer within ${patience / 1000} s` });
      else resolve({ found: false, reason: `the driver ended with ${error?.signal ?? error?.code}` });
    });
  });
}

/**
 * The adapter, from what the probe wrote: Vulkan's loader names the device it opens; elsewhere ONNX Runtime lists the
 * machine's graphics cards.
 */
export function readAdapter(log: string): Adapter {
  const opened = /Using "(.+?)" with driver/.exec(log)?.[1];
  if (opened !== undefined) return { name: opened, software: softwareNames.test(opened) };
  const cards = [
    ...log.matchAll(
      /OrtHardwareDevice \{vendor_id:0x(\w+), device_id:0x(\w+), vendor:(.*?), type:1, metadata: \[(.*?)\]/g,
    ),
  ].map(([, vendorId, deviceId, vendor, metadata]) => {
    const name = /Description=([^,\]]+)/.exec(metadata!)?.[1] ?? `${vendor} 0x${deviceId}`.trim();
    return { name, software: Number.parseInt(vendorId!, 16) === microsoft || softwareNames.test(name) };
  });
  // Of several cards WebGPU takes a real one; when none is listed, nothing speaks for one.
  return cards.find(({ software }) => !software) ?? cards[0] ?? { name: "unknown adapter", software: true };
}

/** Why there is none: the driver's own words say more than the error. */
function readReason(message: string, log: string): string {
  const warning = /^Warning: (.+)$/m.exec(log)?.[1];
  const short = /Failed to get a WebGPU adapter:? *(.+)/.exec(message)?.[1] ?? message.split("\n")[0]!;
  return warning ?? short;
}
