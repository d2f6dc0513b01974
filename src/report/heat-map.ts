// A map of numbers laid over an image: warm where they are positive, cold where they are negative.

/** Numbers of a coarse grid over an image, row by row. */
export interface NumberMap {
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}

/** Bytes [height, width, channels], grey or red-green-blue. */
export interface PixelImage {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** As CSS has them too. */
export const heatColors = { warm: [235, 60, 20], cold: [30, 105, 235] } as const;

/** How much of the image the strongest colour hides. */
const strongest = 0.8;

/** Larger by a whole factor, red-green-blue; every pixel becomes a square. */
export function enlarge({ pixels, height, width, channels }: PixelImage, factor: number): PixelImage {
  const result = new Uint8Array(height * width * 3 * factor ** 2);
  let next = 0;
  for (let y = 0; y < height * factor; y++) {
    for (let x = 0; x < width * factor; x++) {
      const source = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      for (let c = 0; c < 3; c++) result[next++] = pixels[source + (channels === 1 ? 0 : c)]!;
    }
  }
  return { pixels: result, height: height * factor, width: width * factor, channels: 3 };
}

/** The image in grey, with the map over it. @param most the number that has the full colour, above 0 */
export function overlay(image: PixelImage, map: NumberMap, most: number): PixelImage {
  const { height, width, channels } = image;
  const result = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const grey = luma(image.pixels, at * channels, channels);
      const value = valueAt(
        map,
        ((y + 0.5) / height) * map.height - 0.5,
        ((x + 0.5) / width) * map.width - 0.5,
      );
      const weight = strongest * Math.min(1, Math.abs(value) / most);
      const colour = value > 0 ? heatColors.warm : heatColors.cold;
      for (let c = 0; c < 3; c++) result[at * 3 + c] = Math.round((1 - weight) * grey + weight * colour[c]!);
    }
  }
  return { pixels: result, height, width, channels: 3 };
}

/** Bilinear between the middles of the cells; beyond them the border goes on. */
function valueAt({ height, width, values }: NumberMap, y: number, x: number): number {
  const [row, rowShare] = cell(y, height);
  const [column, columnShare] = cell(x, width);
  const nextRow = Math.min(row + 1, height - 1);
  const nextColumn = Math.min(column + 1, width - 1);
  const along = (line: number) =>
    (1 - columnShare) * values[line * width + column]! + columnShare * values[line * width + nextColumn]!;
  return (1 - rowShare) * along(row) + rowShare * along(nextRow);
}

function cell(place: number, extent: number): readonly [first: number, share: number] {
  const inside = Math.max(0, Math.min(extent - 1, place));
  const first = Math.floor(inside);
  return [first, inside - first];
}

/** ITU-R BT.601. */
function luma(pixels: Uint8Array, at: number, channels: number): number {
  if (channels === 1) return pixels[at]!;
  return 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
}
