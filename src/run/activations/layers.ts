// Which layers of a network are looked into: those that a person names, or the last one of each stage.
import { settingsError } from "../../config/settings.ts";
import type { Network } from "../../nn/network.ts";
import { type Unit, unitsOf } from "../../nn/units.ts";

/** More stages than these are thinned out, from the first to the last. */
const mostStages = 4;

/**
 * The layers of these names, in the order of the network. By default the last one of each stage (features of one size
 * in pixels), as the paper's Figure 4 shows one residual block of each; without any such, the layers before the last.
 * @throws CutoutError that lists the layers there are
 */
export function chosenLayers(network: Network, names: readonly string[] | undefined): readonly Unit[] {
  const { units } = unitsOf(network);
  if (names === undefined) return usualLayers(units);
  const unknown = names.find((name) => !units.some((unit) => unit.name === name));
  if (unknown !== undefined || names.length === 0) {
    throw settingsError({
      where: "--layers",
      what: `must be among the layers of ${network.name}: ${units.map(({ name }) => name).join(", ")}`,
      got: unknown ?? "none",
    });
  }
  return units.filter(({ name }) => names.includes(name));
}

export const hasPositions = ({ output }: Pick<Unit, "output">): boolean => output.length === 3;

function usualLayers(units: readonly Unit[]): readonly Unit[] {
  const sizeOf = ({ output }: Unit) => output.slice(1).join();
  const spatial = units.filter(hasPositions);
  const stages = spatial.filter((unit, at) => sizeOf(unit) !== (spatial[at + 1] && sizeOf(spatial[at + 1]!)));
  if (stages.length === 0) return units.length === 1 ? units : units.slice(0, -1);
  if (stages.length <= mostStages) return stages;
  return Array.from(
    { length: mostStages },
    (_, at) => stages[Math.round((at * (stages.length - 1)) / (mostStages - 1))]!,
  );
}
