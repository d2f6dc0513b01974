// Soft targets of a batch: one-hot labels, with class weights multiplied in.

/**
 * Targets whose plain batch mean of the cross-entropy is PyTorch's weighted one:
 * mean_n(sum_k t[n,k] * -log p[n,k]) = sum_n(w[y_n] * -log p[n,y_n]) / sum_n(w[y_n]),
 * so t[n] = onehot(y_n) * w[y_n] * N / sum(w[y]). Without weights t is one-hot.
 * A batch whose weights are all 0 has targets of 0: nothing is learnt from it.
 * @param labels [N]
 * @param weights [numClasses] or null
 * @param target [N, numClasses], overwritten
 */
export function softTargets(
  labels: Int32Array,
  numClasses: number,
  weights: readonly number[] | null,
  target: Float32Array,
): void {
  target.fill(0);
  let total = 0;
  for (const label of labels) total += weights?.[label] ?? 1;
  const scale = total > 0 ? labels.length / total : 0;
  labels.forEach((label, index) => {
    target[index * numClasses + label] = (weights?.[label] ?? 1) * scale;
  });
}

/** Throws when there is not one finite weight >= 0 for each class, or all are 0. */
export function checkClassWeights(weights: readonly number[] | null, classes: readonly string[]): void {
  if (weights === null) return;
  if (weights.length !== classes.length) {
    throw new Error(
      `class weights: there must be one for each of the ${classes.length} classes, got ${weights.length}`,
    );
  }
  weights.forEach((weight, index) => {
    if (!Number.isFinite(weight) || weight < 0) {
      throw new Error(`class weights: the weight of ${classes[index]} must be a number >= 0, got ${weight}`);
    }
  });
  if (weights.every((weight) => weight === 0))
    throw new Error("class weights: one must be greater than 0, got only 0");
}
