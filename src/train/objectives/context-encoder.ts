// A context encoder (Pathak et al. 2016): what lies in a region that is painted over, out of what lies around it. Its
// reconstruction alone: without the adversarial term, which needs a second network and optimizer.
import type { ImageShape } from "../../augment/index.ts";
import type { Rng } from "../../rng.ts";
import type { ReconstructionScores } from "../evaluation.ts";
import type { Objective } from "../objective.ts";
import { type Corrupted, reconstruction } from "./reconstruct.ts";

export interface ContextEncoderOptions {
  /** The middle of the image, half as high and wide; or blobs anywhere, a quarter of the area. */
  readonly region: "center" | "random";
  /**
   * Weight of the squared errors in the overlap of the middle region, a border of 4 of 128 pixels that is shown and
   * predicted too, where the hidden part has 1; 10 in the authors' programs. Blobs have no overlap.
   */
  readonly overlapWeight: number;
}

/** The authors' programs, for images of 128 pixels. */
const authors = { side: 128, overlap: 4, blobs: { share: 0.25, spacing: 1 / 0.06 } } as const;

export function contextEncoder(options: ContextEncoderOptions): Objective<ReconstructionScores> {
  const { region, overlapWeight } = options;
  const told = { region, overlapWeight };
  return reconstruction(
    { name: "context-encoder", options: told },
    { name: "context-encoder", ...told },
    (shape) =>
      region === "center"
        ? (_, images, offset) => hideMiddle(images, offset, shape, overlapWeight)
        : (rng, images, offset) => hideBlobs(rng, images, offset, shape),
  );
}

/** 0 is the mean colour of the normalized images. */
const meanColour = 0;

function hideMiddle(
  images: Float32Array,
  offset: number,
  { channels, height, width }: ImageShape,
  overlapWeight: number,
): Corrupted {
  const overlap = Math.max(1, Math.round((Math.min(height, width) * authors.overlap) / authors.side));
  /** How far inside the middle half a place of an axis lies; negative outside. */
  const inside = (place: number, extent: number) => {
    const start = Math.floor(extent / 4);
    return Math.min(place - start, start + Math.floor(extent / 2) - 1 - place);
  };
  const touched = new Uint8Array(channels * height * width);
  const weights = new Float32Array(touched.length);
  for (let at = 0; at < touched.length; at++) {
    const [y, x] = [Math.floor(at / width) % height, at % width];
    const depth = Math.min(inside(y, height), inside(x, width));
    if (depth < 0) continue;
    weights[at] = depth < overlap ? overlapWeight : 1;
    if (depth < overlap) continue;
    touched[at] = 1;
    images[offset + at] = meanColour;
  }
  return { touched, weights };
}

/**
 * Noise on a coarse grid, enlarged; its lowest quarter is hidden. The authors cut such regions out of one large pattern
 * (bicubic, where this is bilinear) until about a quarter of the image was covered.
 */
function hideBlobs(
  rng: Rng,
  images: Float32Array,
  offset: number,
  { channels, height, width }: ImageShape,
): Corrupted {
  const spacing = (Math.min(height, width) * authors.blobs.spacing) / authors.side;
  const [rows, columns] = [height, width].map((extent) => Math.ceil(extent / spacing) + 2) as [
    number,
    number,
  ];
  const [shiftY, shiftX] = [rng.uniform(), rng.uniform()];
  const noise = Float64Array.from({ length: rows * columns }, () => rng.uniform());
  const area = height * width;
  const values = Float64Array.from({ length: area }, (_, at) => {
    const [y, x] = [Math.floor(at / width) / spacing + shiftY, (at % width) / spacing + shiftX];
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const node = (row: number, column: number) => noise[(top + row) * columns + left + column]!;
    const along = (row: number) => node(row, 0) + (x - left) * (node(row, 1) - node(row, 0));
    return along(0) + (y - top) * (along(1) - along(0));
  });
  const order = Uint32Array.from({ length: area }, (_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const touched = new Uint8Array(channels * area);
  for (const at of order.subarray(0, Math.round(authors.blobs.share * area))) {
    for (let channel = 0; channel < channels; channel++) {
      touched[channel * area + at] = 1;
      images[offset + channel * area + at] = meanColour;
    }
  }
  return { touched, weights: Float32Array.from(touched) };
}
