import { describe, expect, it } from "vitest";
import type { AdapterSearch } from "../runtime/adapter.ts";
import { chooseDevice } from "./device.ts";

const card: AdapterSearch = { found: true, adapter: { name: "NVIDIA H200", software: false } };
const software: AdapterSearch = { found: true, adapter: { name: "SwiftShader", software: true } };
const none: AdapterSearch = { found: false, reason: "Found no drivers!" };
const finding = (result: AdapterSearch) => async () => result;

describe("a device", () => {
  it("is the CPU without a look around when that is asked for", async () => {
    const search = () => Promise.reject(new Error("looked"));
    expect(await chooseDevice("cpu", search)).toEqual({
      device: "cpu",
      adapter: null,
      messages: [],
    });
  });

  it.each([
    [card, "webgpu", "NVIDIA H200"],
    [software, "cpu", undefined],
    [none, "cpu", undefined],
  ] as const)("is a graphics card, if there is one, with auto: %o", async (found, device, name) => {
    const chosen = await chooseDevice("auto", finding(found));
    expect(chosen.device).toBe(device);
    expect(chosen.adapter?.name).toBe(name);
    expect(chosen.messages).toHaveLength(1);
  });

  it("is whatever adapter there is with webgpu, and an error without one", async () => {
    expect(await chooseDevice("webgpu", finding(card))).toMatchObject({ device: "webgpu" });
    const chosen = await chooseDevice("webgpu", finding(software));
    expect(chosen.messages[0]).toMatch(/SwiftShader, which is software: slower/);
    await expect(chooseDevice("webgpu", finding(none))).rejects.toThrow(
      "device: webgpu needs a graphics card with its driver, got none (Found no drivers!); use cpu",
    );
  });
});
