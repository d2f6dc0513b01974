// jax-js's side of train and infer: KIND MODEL SIDE BATCH THREADS BACKEND, where BACKEND is wasm; in Node it has one
// thread. Install: npm install --prefix bench/peers
import { countParameters } from "../../src/nn/network.ts";
import { stream } from "../../src/rng.ts";
import { benchModel, benchNetworks } from "../networks.ts";
import { compete, refuse } from "./answer.ts";
import { buildWith } from "./layers.mjs";

const [kind, model, ...rest] = process.argv.slice(2);
const [side, batch] = rest.map(Number);
const backend = rest[3];
let jax;
try {
  jax = await import("@jax-js/jax");
} catch (error) {
  refuse(`jax-js is not installed (${error.code ?? error.message})`, true);
}
const { numpy: np, nn, lax, init, defaultDevice, jit, valueAndGrad } = jax;
const { createRequire } = await import("node:module");
const { readFileSync } = await import("node:fs");
const main = createRequire(import.meta.url).resolve("@jax-js/jax");
const { version } = JSON.parse(readFileSync(new URL("../package.json", `file://${main}`), "utf8"));

const network = benchNetworks[benchModel(model)].build();
const { numClasses } = network;

/** Images lie as N, C, H, W. Every operator takes its arguments away: `.ref` keeps one for another use. */
const perChannel = (values) => np.array(values).reshape([values.length, 1, 1]);
const engine = {
  parameter: (_name, shape, data) => np.array(data).reshape([...shape]),
  channels: (scale, shift) => [perChannel(scale), perChannel(shift)],
  conv: (x, weight, stride, [top, left, bottom, right]) =>
    lax.convGeneralDilated(
      x,
      weight,
      [...stride],
      [
        [top, bottom],
        [left, right],
      ],
    ),
  addBias: (x, bias) => np.add(x, bias.reshape([-1, 1, 1])),
  scaleAndShift: (x, [scale, shift]) => np.add(np.multiply(x, scale.ref), shift.ref),
  relu: (x) => nn.relu(x),
  maxPool: (x, kernel, stride) => lax.reduceWindow(x, np.max, [...kernel], [...stride]),
  globalMax: (x) => np.max(x, [2, 3]),
  globalMean: (x) => np.mean(x, [2, 3]),
  flatten: (x) => (x.shape.length === 4 ? x.reshape([x.shape[0], -1]) : x),
  linear: (x, weight, bias) => np.add(np.matmul(x, np.transpose(weight)), bias),
  scale: (x, factor) => np.multiply(x, factor),
  add: (x, y) => np.add(x, y),
  keep: (x) => x.ref,
};

await compete({
  version: `jax-js ${version} ${backend}`,
  parameters: countParameters(network),
  images: batch,
  async prepare() {
    await init(backend);
    defaultDevice(backend);
    const { parameters, apply } = buildWith(engine, network);
    let values = Object.fromEntries(parameters);
    const rng = stream(0, "bench");
    const pixels = Float32Array.from({ length: batch * 3 * side * side }, () => rng.normal());
    const images = np.array(pixels).reshape([batch, 3, side, side]);
    const keep = (tree) => Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, value.ref]));
    if (kind === "infer") {
      const predict = jit((weights, x) => nn.softmax(apply(weights, x)));
      return async () => {
        const probabilities = predict(keep(values), images.ref);
        await probabilities.data();
      };
    }
    const targets = new Float32Array(batch * numClasses);
    for (let image = 0; image < batch; image++) targets[image * numClasses + rng.integer(numClasses)] = 1;
    const labels = np.array(targets).reshape([batch, numClasses]);
    const loss = (weights, x, y) =>
      np.multiply(np.sum(np.multiply(nn.logSoftmax(apply(weights, x)), y)), -1 / batch);
    // SGD with Nesterov's momentum and weight decay, as the others have it.
    const update = jit((weights, velocities, x, y) => {
      const [value, gradients] = valueAndGrad(loss)(keep(weights), x, y);
      const next = {};
      const nextVelocities = {};
      for (const name of Object.keys(weights)) {
        const gradient = np.add(gradients[name], np.multiply(weights[name].ref, 5e-4));
        const velocity = np.add(np.multiply(velocities[name], 0.9), gradient.ref);
        nextVelocities[name] = velocity.ref;
        next[name] = np.subtract(
          weights[name],
          np.multiply(np.add(gradient, np.multiply(velocity, 0.9)), 0.01),
        );
      }
      return [value, next, nextVelocities];
    });
    let velocities = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, np.zeros(value.shape)]),
    );
    return async () => {
      const [value, next, nextVelocities] = update(values, velocities, images.ref, labels.ref);
      [values, velocities] = [next, nextVelocities];
      await value.data();
    };
  },
});
