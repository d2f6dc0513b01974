// The estimate of memory against graphs whose worst moment can be told by hand.
import { expect, it } from "vitest";
import { Graph } from "./graph.ts";
import { bytesOf, peakBytes } from "./memory.ts";

const kilobyte = [256];

it("a chain needs its input, and two values at a time", () => {
  const g = new Graph();
  let x = g.input("x", "float32", kilobyte);
  for (let step = 0; step < 10; step++) x = g.apply("exp", [x]);
  g.output("y", x);
  // The input is kept, the result of one step and the next are alive together.
  expect(peakBytes(g)).toBe(3 * 1024);
});

it("a value that is used late is alive until then", () => {
  const g = new Graph();
  const x = g.input("x", "float32", kilobyte);
  const early = g.apply("exp", [x]);
  let y = early;
  for (let step = 0; step < 5; step++) y = g.apply("tanh", [y]);
  g.output("y", g.apply("add", [y, early]));
  expect(peakBytes(g)).toBe(4 * 1024);
});

it("a reshape costs nothing, and keeps its operand alive", () => {
  const g = new Graph();
  const x = g.input("x", "float32", kilobyte);
  const view = g.apply("reshape", [g.apply("exp", [x])], { shape: [16, 16] });
  g.output("y", g.apply("tanh", [view]));
  expect(peakBytes(g)).toBe(3 * 1024);
});

it("counts every input and output, and elements by their size", () => {
  const g = new Graph();
  const flags = g.input("unused", "bool", [4096]);
  g.output("a", g.apply("exp", [g.input("x", "float32", kilobyte)]));
  expect(bytesOf(flags)).toBe(4096);
  expect(peakBytes(g)).toBe(4096 + 2 * 1024);
});
