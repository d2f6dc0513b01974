// Where a network runs: what was asked for against what the machine has.

import type { Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";
import { type Adapter, type AdapterSearch, findAdapter } from "../runtime/adapter.ts";
import type { Device } from "../runtime/runtime.ts";

export type DeviceChoice = Settings["device"];

export interface ChosenDevice {
  readonly device: Device;
  /** What WebGPU computes on; null on the CPU. */
  readonly adapter: Adapter | null;
  /** For the person who asked. */
  readonly messages: readonly string[];
}

const onCpu: ChosenDevice = { device: "cpu", adapter: null, messages: [] };

/**
 * Settles a choice. `auto` takes a graphics card where there is one; an adapter that computes on the processor is for
 * tests, and taken only when asked for.
 * @param search finds the machine's adapter
 * @throws CutoutError when webgpu is asked for and there is no adapter
 */
export async function chooseDevice(
  choice: DeviceChoice,
  search: () => Promise<AdapterSearch> = findAdapter,
): Promise<ChosenDevice> {
  if (choice === "cpu") return onCpu;
  const result = await search();
  if (!result.found) {
    if (choice === "auto") return { ...onCpu, messages: [`no graphics card (${result.reason}): on the CPU`] };
    throw settingsError({
      field: "device",
      what: "webgpu needs a graphics card with its driver",
      got: `none (${result.reason})`,
      remedy: "use cpu",
    });
  }
  const { adapter } = result;
  const used = { device: "webgpu", adapter } as const;
  if (!adapter.software) return { ...used, messages: [`WebGPU on ${adapter.name}`] };
  if (choice === "auto") return { ...onCpu, messages: [`no graphics card (${adapter.name}): on the CPU`] };
  return { ...used, messages: [`WebGPU on ${adapter.name}, which is software: slower than the CPU device`] };
}

export function describeFallbacks(device: Device, operators: readonly string[]): string {
  return `${device} leaves operators to the CPU, which costs time: ${operators.join(", ")}`;
}
