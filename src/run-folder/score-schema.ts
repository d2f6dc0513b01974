// What the schemas of metrics and evaluations share.
import { z } from "zod";
import { viewsNames } from "../config/views.ts";

export const share = z.number().min(0).max(1);
export const count = z.int().min(0);
/** A loss that has become infinite or NaN is null in JSON. */
export const lossValue = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
export const score = z.object({ loss: lossValue, top1: share, top5: share, count });
export const crops = z.enum(viewsNames);
/** Of images that were rebuilt: in squared units of the normalized image. */
export const reconstructionScore = z.object({ loss: lossValue, corrupted: lossValue, count });
