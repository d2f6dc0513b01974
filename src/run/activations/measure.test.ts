import { expect, test } from "vitest";
import { memoryDataset } from "../../../test/helpers/data.ts";
import { trainingPipeline } from "../../augment/index.ts";
import { conv, flatten, linear, relu, sequential } from "../../nn/layers/index.ts";
import { network } from "../../nn/network.ts";
import { unitsOf } from "../../nn/units.ts";
import { stream } from "../../rng.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { tensor } from "../../tensor.ts";
import { hiddenShares, placeOf, sideFor, slidingSquare, squareAt } from "./hiding.ts";
import { imageMaps } from "./maps.ts";
import { measure } from "./measure.ts";
import { innerNetwork } from "./networks.ts";

const side = 8;
const numClasses = 3;
const labels = Array.from({ length: 23 }, (_, at) => (at * 7) % numClasses);
const dataset = memoryDataset(
  labels,
  { height: side, width: side, channels: 1 },
  (image, at) => (image * 37 + at * 101 + ((image * at) % 17) * 11) % 256,
);
const normalization = { mean: [0.5], std: [0.25] };
const pipeline = trainingPipeline({
  input: { height: side, width: side, channels: 1 },
  crop: { height: side, width: side, padding: 0 },
  flip: 0.5,
  normalization,
  cutout: null,
});
const layers = sequential(conv("c", 1, 1, 1, 0), relu, flatten, linear("l", numClasses));
const model = network("one", { height: side, width: side, channels: 1 }, numClasses, layers);
const random = stream(4, "weights");
const parameters = new Map(
  model.parameters.map(({ name, shape }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [
      name,
      tensor(
        "float32",
        shape,
        Float32Array.from({ length: size }, () => 0.3 * random.normal()),
      ),
    ];
  }),
);
const weightsOf = (name: string) => parameters.get(name)!.data;

/** The image as the network has it, in double precision. */
const normalized = (image: number) => {
  const bytes = new Uint8Array(side * side);
  dataset.read([image], bytes);
  return Array.from(bytes, (byte) => (byte / 255 - 0.5) / 0.25);
};

/** relu(w x) at each place, and the probabilities: by hand. */
function answerByHand(pixels: readonly number[], label: number) {
  const [w] = weightsOf("c.weight");
  const features = pixels.map((x) => Math.max(0, w! * x));
  const logits = Array.from({ length: numClasses }, (_, k) =>
    features.reduce(
      (sum, value, at) => sum + value * weightsOf("l.weight")[k * side * side + at]!,
      weightsOf("l.bias")[k]!,
    ),
  );
  const exponentials = logits.map(Math.exp);
  const sum = exponentials.reduce((total, each) => total + each, 0);
  return {
    magnitude: features.reduce((total, value) => total + value, 0) / features.length,
    predicted: logits.indexOf(Math.max(...logits)),
    probability: exponentials[label]! / sum,
  };
}

const without = (
  pixels: readonly number[],
  { top, bottom, left, right }: ReturnType<typeof squareAt>,
): number[] =>
  pixels.map((value, at) => {
    const [y, x] = [Math.floor(at / side), at % side];
    return y >= top && y < bottom && x >= left && x < right ? 0 : value;
  });

// Not the first images, and not in order: places are places in the part.
const indices = Int32Array.from([5, 3, 9, 22, 0, 14, 17, 1, 2, 20, 11]);

async function opened(batchSize: number) {
  const { units } = unitsOf(model);
  const runtime = nodeRuntime({ threads: 1 });
  const weights = { parameters, buffers: new Map() };
  const inner = await innerNetwork({ network: model, weights, layers: units, batchSize, runtime });
  const images = { dataset, indices };
  const onProgress = () => {};
  const signal = undefined;
  const gradCam = { network: model, weights, layers: units, batchSize: 2, runtime };
  return { inner, layers: units, images, pipeline, batchSize, seed: 6, signal, onProgress, gradCam };
}

test.each([4, 64])(
  "answers behind growing squares and magnitudes are those by hand, in batches of %i",
  async (batchSize) => {
    const options = await opened(batchSize);
    const done: number[] = [];
    const measured = await measure({ ...options, onProgress: (at) => done.push(at) });
    expect(measured.hidden.map(({ share }) => share)).toEqual(hiddenShares);
    let mean = 0;
    for (const [position, index] of indices.entries()) {
      const pixels = normalized(index);
      const label = labels[index]!;
      const whole = answerByHand(pixels, label);
      mean += whole.magnitude / indices.length;
      expect(measured.answers[position]!.predicted).toBe(whole.predicted);
      expect(measured.answers[position]!.probability).toBeCloseTo(whole.probability, 5);
      for (const { share, side: length, area, right } of measured.hidden) {
        expect(length).toBe(sideFor({ height: side, width: side }, share));
        expect(area).toBe(length ** 2 / side ** 2);
        const hole = squareAt({ height: side, width: side }, length, placeOf(6, position));
        const { predicted } = answerByHand(without(pixels, hole), label);
        expect(right[position]).toBe(Number(predicted === label));
      }
    }
    expect(measured.layers.map(({ name, shape }) => [name, shape])).toEqual([
      ["c", [1, side, side]],
      ["l", [numClasses]],
    ]);
    expect(measured.layers[0]!.mean).toBeCloseTo(mean, 5);
    expect(done.at(-1)).toBe(indices.length * hiddenShares.length);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
    await options.inner.close();
  },
);

test("an occlusion map is the fall of the true class's probability under each place of the square", async () => {
  const options = await opened(8);
  const positions = [3, 0];
  const maps = await imageMaps({ ...options, positions });
  expect(maps).toHaveLength(2);
  const { holes, length, rows, columns } = slidingSquare({ height: side, width: side });
  for (const [at, position] of positions.entries()) {
    const index = indices[position]!;
    const pixels = normalized(index);
    const label = labels[index]!;
    const { occlusion, probability, predicted, pixels: bytes, gradCam } = maps[at]!;
    const whole = answerByHand(pixels, label);
    expect(probability).toBeCloseTo(whole.probability, 5);
    expect(predicted).toBe(whole.predicted);
    expect(occlusion).toMatchObject({ length, height: rows, width: columns });
    for (const [place, hole] of holes.entries()) {
      const fall = whole.probability - answerByHand(without(pixels, hole), label).probability;
      expect(occlusion.values[place]).toBeCloseTo(fall, 5);
    }
    const shown = new Uint8Array(side * side);
    dataset.read([index], shown);
    expect(bytes).toEqual(shown);
    expect(gradCam).toMatchObject({ layer: "c", height: side, width: side });
  }
  await options.inner.close();
});

test("a logit that is no number names the image", async () => {
  const options = await opened(8);
  const inner = {
    ...options.inner,
    activations: async (images: Float32Array, count: number) => {
      const found = await options.inner.activations(images, count);
      return { ...found, logits: found.logits.map((value, at) => (at === numClasses ? Number.NaN : value)) };
    },
  };
  await expect(measure({ ...options, inner })).rejects.toThrow(
    `${dataset.names[indices[1]!]}: the network gives NaN or infinite numbers for it`,
  );
  await options.inner.close();
});
