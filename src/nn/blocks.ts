// Short names for layers: what networks are written in.
export { avgPool } from "./layers/avg-pool.ts";
export { batchNorm } from "./layers/batch-norm.ts";
export { conv } from "./layers/conv.ts";
export { dropout } from "./layers/dropout.ts";
export { flatten } from "./layers/flatten.ts";
export { globalAvgPool } from "./layers/global-avg-pool.ts";
export { globalMaxPool } from "./layers/global-max-pool.ts";
export { linear } from "./layers/linear.ts";
export { maxPool } from "./layers/max-pool.ts";
export { relu } from "./layers/relu.ts";
export { residual } from "./layers/residual.ts";
export { scale } from "./layers/scale.ts";
export { identity, sequential } from "./layers/sequential.ts";
