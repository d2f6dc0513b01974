// Short names for layers that the network families share.
import type { Initializer } from "./init.ts";
import type { Layer } from "./layers.ts";

const heOut: Initializer = { kind: "he", fan: "out" };

export const relu: Layer = { kind: "relu" };
export const flatten: Layer = { kind: "flatten" };

export const sequential = (...layers: Layer[]): Layer => ({ kind: "sequential", layers });

export const identity: Layer = sequential();

export const residual = (body: Layer, shortcut: Layer = identity): Layer => ({
  kind: "residual",
  body,
  shortcut,
});

/** A square convolution without bias, as batch normalization wants it. */
export function conv(
  name: string,
  outChannels: number,
  size: number,
  stride: number,
  padding: number,
): Layer {
  return {
    kind: "conv",
    name,
    outChannels,
    kernel: [size, size],
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
    weightInit: heOut,
    bias: null,
  };
}

export const batchNorm = (name: string): Layer => ({ kind: "batchNorm", name, epsilon: 1e-5, momentum: 0.1 });

export const maxPool = (size: number, stride: number): Layer => ({
  kind: "maxPool",
  kernel: [size, size],
  stride: [stride, stride],
  padding: [0, 0, 0, 0],
});

/** The layer that gives one logit a class. */
export const classifier = (name: string, numClasses: number): Layer => ({
  kind: "linear",
  name,
  outFeatures: numClasses,
  weightInit: { kind: "lecun" },
  bias: 0,
});
