// Images made smaller: each pixel is the mean over the area that it covers.
import type { Graph } from "../graph/graph.ts";
import { reshape } from "../graph/shape.ts";
import type { Value } from "../graph/types.ts";

/**
 * Share of each of `from` pixels in each of `to` larger ones, [to, from]. Where `to` is no divisor of `from` a pixel on a
 * border counts in both as far as it lies in them, so that all pixels count alike.
 */
function shares(from: number, to: number): Float32Array {
  const side = from / to;
  return Float32Array.from({ length: to * from }, (_, at) => {
    const [large, small] = [Math.floor(at / from), at % from];
    const overlap = Math.min((large + 1) * side, small + 1) - Math.max(large * side, small);
    return Math.max(0, overlap) / side;
  });
}

/**
 * Area means, as OpenCV's INTER_AREA.
 * @param images [N, C, H, W]
 * @returns [N, C, height, width]; the same images where they have that size
 */
export function areaMean(
  g: Graph,
  images: Value,
  { height, width }: { readonly height: number; readonly width: number },
): Value {
  const [count, channels, fromHeight, fromWidth] = images.shape as readonly [number, number, number, number];
  if (fromHeight === height && fromWidth === width) return images;
  const matrix = (to: number, from: number) => g.constant("float32", [to, from], shares(from, to));
  const rows = reshape(g, images, [count * channels * fromHeight, fromWidth]);
  const narrow = g.apply("matmul", [rows, matrix(width, fromWidth)], { transposeA: false, transposeB: true });
  const columns = reshape(g, narrow, [count * channels, fromHeight, width]);
  const small = g.apply("matmul", [matrix(height, fromHeight), columns], {
    transposeA: false,
    transposeB: false,
  });
  return reshape(g, small, [count, channels, height, width]);
}
