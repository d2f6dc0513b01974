// Soft targets of a batch: labels as shares of the classes, with class weights multiplied in.

/** Labels as shares of the classes: 1 for the label, 0 for the others. [N, numClasses] */
export function oneHot(labels: Int32Array, numClasses: number): Float32Array {
  const shares = new Float32Array(labels.length * numClasses);
  labels.forEach((label, index) => {
    shares[index * numClasses + label] = 1;
  });
  return shares;
}

/**
 * Targets whose plain batch mean of the cross-entropy is PyTorch's weighted one:
 * mean_n(sum_k t[n,k] * -log p[n,k]) = sum_n(w[y_n] * -log p[n,y_n]) / sum_n(w[y_n]),
 * so t[n] = onehot(y_n) * w[y_n] * N / sum(w[y]). Without weights t is one-hot.
 *
 * Of labels that are mixed, s_n = lambda onehot(y_n) + (1 - lambda) onehot(y_m), t[n,k] = s[n,k] w[k] N / sum(s w):
 * with m a permutation of n that is lambda times the weighted loss for y_n plus (1 - lambda) times that for y_m.
 *
 * A batch whose weights are all 0 has targets of 0: nothing is learnt from it.
 * @param shares of the classes in each image, [N, numClasses]: rows sum to 1
 * @param weights [numClasses] or null
 * @param target [N, numClasses], overwritten
 */
export function softTargets(
  shares: Float32Array,
  numClasses: number,
  weights: readonly number[] | null,
  target: Float32Array,
): void {
  target.set(shares);
  if (weights === null) return;
  let total = 0;
  for (let index = 0; index < shares.length; index++) total += shares[index]! * weights[index % numClasses]!;
  const scale = total > 0 ? shares.length / numClasses / total : 0;
  for (let index = 0; index < shares.length; index++) {
    target[index] = shares[index]! * weights[index % numClasses]! * scale;
  }
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
