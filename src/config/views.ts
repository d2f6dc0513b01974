// The views of an image that evaluation averages: their names, and how they are told.
import type { Crops } from "../augment/index.ts";

export const viewsText: { readonly [Name in Crops]: { readonly seen: string; readonly aside: string } } = {
  center: { seen: "the centre of each image", aside: "" },
  ten: { seen: "ten crops of each image", aside: ", ten crops" },
  six: { seen: "six views of each image", aside: ", six views" },
};

export const viewsNames = Object.keys(viewsText) as [Crops, ...Crops[]];
