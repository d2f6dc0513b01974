// What a run is made with: versions, machine, command.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import type { Environment } from "../run-folder/index.ts";
import { version } from "../version.ts";

const deciding = ["onnxruntime-node", "sharp"];
const require = createRequire(import.meta.url);

/** @param adapter name of the graphics adapter that is used, if any */
export function describeEnvironment(command: readonly string[], adapter: string | null = null): Environment {
  const versions: Record<string, string> = { cutout: version, node: process.versions.node };
  for (const name of deciding) versions[name] = versionOf(name);
  return {
    started: new Date().toISOString(),
    command,
    versions,
    platform: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? "unknown",
    adapter,
    cores: availableParallelism(),
    memory: totalmem(),
  };
}

/** Version of an installed package: package.json beside the folder its entry lies in. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as {
        version: string;
      };
      return version;
    } catch {
      // Not in this folder: look in the next one up.
    }
  }
  return "unknown";
}
