// TensorFlow.js's side of train and infer: KIND MODEL SIDE BATCH THREADS BACKEND, where BACKEND is cpu (plain
// JavaScript) or wasm. Install: npm install --prefix bench/peers
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { countParameters } from "../../src/nn/network.ts";
import { stream } from "../../src/rng.ts";
import { benchModel, benchNetworks } from "../networks.ts";
import { compete, refuse } from "./answer.ts";
import { buildWith } from "./layers.mjs";

const [kind, model, ...rest] = process.argv.slice(2);
const [side, batch, threads] = rest.map(Number);
const backend = rest[3];
const require = createRequire(import.meta.url);
let tf;
try {
  tf = require("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
    wasm.setThreadsCount(threads);
  }
} catch (error) {
  refuse(`TensorFlow.js is not installed (${error.code ?? error.message})`, true);
}
tf.env().set("IS_TEST", false);

const network = benchNetworks[benchModel(model)].build();
const { numClasses } = network;

/** Images lie as N, H, W, C: its own order. */
const engine = {
  parameter(name, shape, data) {
    const value = tf.tensor(data, shape);
    const own =
      shape.length === 4
        ? tf.transpose(value, [2, 3, 1, 0])
        : shape.length === 2
          ? tf.transpose(value)
          : value;
    return tf.variable(own, true, name.replaceAll(".", "_"));
  },
  channels: (scale, shift) => [tf.keep(tf.tensor1d(scale)), tf.keep(tf.tensor1d(shift))],
  conv(x, weight, stride, [top, left, bottom, right]) {
    const padding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    const same = weight.shape[0] === 2 * top + 1 && stride[0] === 1;
    return tf.conv2d(x, weight, stride, same ? "same" : padding);
  },
  addBias: (x, bias) => tf.add(x, bias),
  scaleAndShift: (x, [scale, shift]) => tf.add(tf.mul(x, scale), shift),
  relu: (x) => tf.relu(x),
  maxPool: (x, kernel, stride) => tf.maxPool(x, kernel, stride, "valid"),
  globalMax: (x) => tf.max(x, [1, 2]),
  globalMean: (x) => tf.mean(x, [1, 2]),
  flatten: (x) => (x.shape.length === 4 ? tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]) : x),
  linear: (x, weight, bias) => tf.add(tf.matMul(x, weight), bias),
  scale: (x, factor) => tf.mul(x, factor),
  add: (x, y) => tf.add(x, y),
  keep: (x) => x,
};

await compete({
  version: `tfjs ${tf.version.tfjs} ${backend}`,
  parameters: countParameters(network),
  images: batch,
  async prepare() {
    if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start here`);
    await tf.ready();
    const { parameters, apply } = buildWith(engine, network);
    const values = Object.fromEntries(parameters);
    const rng = stream(0, "bench");
    const pixels = Float32Array.from({ length: batch * side * side * 3 }, () => rng.normal());
    const images = tf.tensor4d(pixels, [batch, side, side, 3]);
    const labels = tf.oneHot(
      tf.tensor1d(
        Int32Array.from({ length: batch }, () => rng.integer(numClasses)),
        "int32",
      ),
      numClasses,
    );
    if (kind === "infer") {
      return async () => {
        const probabilities = tf.tidy(() => tf.softmax(apply(values, images)));
        await probabilities.data();
        probabilities.dispose();
      };
    }
    // It has no weight decay.
    const optimizer = tf.train.momentum(0.01, 0.9, true);
    return async () => {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, apply(values, images)),
        true,
      );
      await loss.data();
      loss.dispose();
    };
  },
});
