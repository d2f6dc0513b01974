// Nearest neighbours: features enlarged to a size, for decoders.
import { nearest } from "../../graph/ops/upsample.ts";
import { show } from "../../graph/shape.ts";
import { image, type LayerRule } from "../layer.ts";
import { integer, type Kind, refusal, tuple } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Upsample {
  /** Height and width of what comes out. */
  readonly size: readonly [number, number];
}

const size: Kind<Upsample["size"]> = {
  ...tuple<Upsample["size"]>(integer({ min: 1, max: 4096 }), 2),
  examples: [
    [9, 8],
    [18, 24],
    [11, 19],
  ],
};

export const upsampleRule: LayerRule<Upsample> = {
  fields: { size },
  infer({ size }, input) {
    const [channels, height, width] = image("upsampling", input);
    if (size[0] >= height && size[1] >= width) return [channels, ...size];
    throw refusal({
      where: "upsampling",
      what: `must not make features of ${show([height, width])} smaller`,
      got: show(size),
    });
  },
  forward: ({ g }, { size }, x) => g.apply("upsample2d", [x], { size }),
  export(exporter, { size }, x, input) {
    const [, ...from] = image("upsampling", input);
    // Gather and not Resize: every runtime rounds places alike here.
    return from.reduce((y, extent, axis) => exporter.gather(y, nearest(extent, size[axis]!), axis + 2), x);
  },
};

/** Nearest neighbours: [C, h, w] to [C, height, width], the place i of an axis showing floor(i from / to). */
export const upsample = (height: number, width = height): Layer => ({
  kind: "upsample",
  size: [height, width],
});
