// A real little training session for tests: softmax regression with dropout on its inputs, a running mean, momentum.
import { setTimeout } from "node:timers/promises";
import { stream } from "../../src/rng.ts";
import { sameShape, type Tensor, zeros } from "../../src/tensor.ts";
import type { DirectSession, TrainingState } from "../../src/train/network-session.ts";

export interface SoftmaxSessionOptions {
  readonly batchSize: number;
  readonly numClasses: number;
  /** Numbers of an image: channels * height * width. */
  readonly inputSize: number;
  readonly seed: number;
  readonly momentum: number;
  /** Share of inputs set to zero in a training step. */
  readonly dropout: number;
  /** Milliseconds that each step waits, for tests that kill it. */
  readonly delay?: number;
}

/** Arithmetic in double precision; the state is rounded to 32 bits after each step, as it is kept in checkpoints. */
export function softmaxSession(options: SoftmaxSessionOptions): DirectSession {
  const { batchSize, numClasses, inputSize, momentum, dropout } = options;
  const weight = zeros("float32", [numClasses, inputSize]);
  const bias = zeros("float32", [numClasses]);
  const mean = zeros("float32", [inputSize]);
  const slots = {
    "linear.weight": zeros("float32", weight.shape),
    "linear.bias": zeros("float32", bias.shape),
  };
  const random = stream(options.seed, "init");
  for (let index = 0; index < weight.data.length; index++) weight.data[index] = 0.05 * random.normal();

  const logitsOf = (inputs: Float64Array, count: number) => {
    const logits = new Float64Array(count * numClasses);
    for (let image = 0; image < count; image++) {
      for (let label = 0; label < numClasses; label++) {
        let sum = bias.data[label]!;
        for (let place = 0; place < inputSize; place++) {
          sum += weight.data[label * inputSize + place]! * inputs[image * inputSize + place]!;
        }
        logits[image * numClasses + label] = sum;
      }
    }
    return logits;
  };
  const live = (): TrainingState => ({
    parameters: new Map([
      ["linear.weight", weight],
      ["linear.bias", bias],
    ]),
    buffers: new Map([["center.running_mean", mean]]),
    optimizer: new Map(Object.entries(slots).map(([name, slot]) => [`${name}.momentum`, slot])),
  });

  return {
    batchSize,
    outputSize: numClasses,
    async step(images, targets, { learningRate, seed }) {
      if (options.delay !== undefined) await setTimeout(options.delay);
      const mask = stream(seed, "mask");
      const inputs = new Float64Array(images.length);
      for (let place = 0; place < inputSize; place++) {
        let sum = 0;
        for (let image = 0; image < batchSize; image++) sum += images[image * inputSize + place]!;
        mean.data[place] = 0.9 * mean.data[place]! + (0.1 * sum) / batchSize;
      }
      for (let index = 0; index < images.length; index++) {
        const kept = mask.uniform() >= dropout;
        inputs[index] = kept ? (images[index]! - mean.data[index % inputSize]!) / (1 - dropout) : 0;
      }
      const logits = logitsOf(inputs, batchSize);
      let loss = 0;
      const gradient = new Float64Array(batchSize * numClasses);
      for (let image = 0; image < batchSize; image++) {
        const row = logits.subarray(image * numClasses, (image + 1) * numClasses);
        const wanted = targets.subarray(image * numClasses, (image + 1) * numClasses);
        const largest = Math.max(...row);
        const total = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
        const mass = wanted.reduce((sum, share) => sum + share, 0);
        row.forEach((logit, label) => {
          const log = logit - largest - Math.log(total);
          loss -= (wanted[label]! * log) / batchSize;
          gradient[image * numClasses + label] = (mass * Math.exp(log) - wanted[label]!) / batchSize;
        });
      }
      const update = (value: Float32Array, slot: Float32Array, index: number, slope: number) => {
        slot[index] = momentum * slot[index]! + slope;
        value[index] = value[index]! - learningRate * slot[index]!;
      };
      for (let label = 0; label < numClasses; label++) {
        let biasSlope = 0;
        for (let image = 0; image < batchSize; image++) biasSlope += gradient[image * numClasses + label]!;
        for (let place = 0; place < inputSize; place++) {
          let slope = 0;
          for (let image = 0; image < batchSize; image++) {
            slope += gradient[image * numClasses + label]! * inputs[image * inputSize + place]!;
          }
          update(weight.data, slots["linear.weight"].data, label * inputSize + place, slope);
        }
        update(bias.data, slots["linear.bias"].data, label, biasSlope);
      }
      return { loss, output: Float32Array.from(logits) };
    },
    async predict(images, count) {
      const centred = Float64Array.from(
        images.subarray(0, count * inputSize),
        (value, index) => value - mean.data[index % inputSize]!,
      );
      return Float32Array.from(logitsOf(centred, count));
    },
    renew: async () => false,
    state() {
      const { parameters, buffers, optimizer } = live();
      return { parameters: copy(parameters), buffers: copy(buffers), optimizer: copy(optimizer) };
    },
    load(state) {
      const own = live();
      for (const group of ["parameters", "buffers", "optimizer"] as const) {
        if (state[group].size !== own[group].size)
          throw new Error(`softmax session: ${group} must be as many`);
        for (const [name, target] of own[group]) {
          const source = state[group].get(name);
          if (source === undefined || !sameShape(source.shape, target.shape)) {
            throw new Error(`softmax session: ${name} must be there with its shape`);
          }
          target.data.set(source.data);
        }
      }
    },
    async close() {},
  };
}

function copy(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  return new Map(
    [...tensors].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );
}
