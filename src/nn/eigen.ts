// Eigenvalues and eigenvectors of small symmetric matrices.

interface Eigen {
  readonly value: number;
  /** Of length 1; which of its two directions is left open. */
  readonly vector: Float64Array;
}

/**
 * Jacobi's method: turns in the planes of two axes until nothing is left beside the diagonal.
 * @param matrix symmetric, [size, size]
 * @returns the smallest eigenvalue first
 */
export function symmetricEigen(matrix: ArrayLike<number>, size: number): readonly Eigen[] {
  const a = Float64Array.from(matrix);
  const vectors = Float64Array.from({ length: size * size }, (_, at) =>
    at % size === Math.floor(at / size) ? 1 : 0,
  );
  const norm = Math.hypot(...a);
  for (let sweep = 0; sweep < 100; sweep++) {
    let beside = 0;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        beside += a[p * size + q]! ** 2;
        turn(a, vectors, size, p, q);
      }
    if (Math.sqrt(beside) <= 1e-15 * norm) break;
  }
  return Array.from({ length: size }, (_, index) => ({
    value: a[index * size + index]!,
    vector: Float64Array.from({ length: size }, (_, row) => vectors[row * size + index]!),
  })).sort((one, other) => one.value - other.value);
}

/** Turns axes p and q so that a[p, q] becomes 0 (Golub and Van Loan, section 8.5). */
function turn(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const off = a[p * size + q]!;
  if (off === 0) return;
  const tau = (a[q * size + q]! - a[p * size + p]!) / (2 * off);
  const tangent = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  const rotate = (data: Float64Array, i: number, j: number) => {
    const [x, y] = [data[i]!, data[j]!];
    data[i] = cosine * x - sine * y;
    data[j] = sine * x + cosine * y;
  };
  for (let k = 0; k < size; k++) rotate(a, k * size + p, k * size + q);
  for (let k = 0; k < size; k++) rotate(a, p * size + k, q * size + k);
  for (let k = 0; k < size; k++) rotate(vectors, k * size + p, k * size + q);
}
