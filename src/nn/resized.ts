// A network for images of another size: the same layers with the same weights.
import { sameShape } from "../tensor.ts";
import { type Network, network } from "./network.ts";
import { refusal, show } from "./options.ts";

/**
 * The layers of a network on images of this size.
 * @throws CutoutError when its weights depend on the size, what comes out does, or the images are too small
 */
export function resized(full: Network, size: { readonly height: number; readonly width: number }): Network {
  const { name, input, output, layer } = full;
  const { height, width } = size;
  const sized = network(name, { ...input, height, width }, null, layer);
  const pixels = `${height}x${width} pixels`;
  if (!sameShape(sized.output, output)) {
    throw refusal({
      where: name,
      what: `must give the same for images of ${pixels} as for ${input.height}x${input.width}`,
      got: `${show(sized.output)} and ${show(output)}`,
    });
  }
  const weights = (of: Network) => [...of.parameters, ...of.buffers];
  const before = weights(full);
  const other = weights(sized).find(({ shape }, index) => !sameShape(shape, before[index]!.shape));
  if (other === undefined) return sized;
  throw refusal({
    where: name,
    what: `its weights must not depend on the size of the images (${other.name} is another for ${pixels})`,
  });
}
