// Union-find: which images belong together, when pairs are told one after the other.

export class UnionFind {
  readonly #parent: Int32Array;

  /** @param count of images, each alone at first */
  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, image) => image);
  }

  /** The first image of those that belong together with this one. */
  rootOf(image: number): number {
    const parent = this.#parent;
    let root = image;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  }

  /** Puts the two together, with all that belong to them. */
  unite(one: number, other: number): void {
    const [first, second] = [this.rootOf(one), this.rootOf(other)];
    this.#parent[Math.max(first, second)] = Math.min(first, second);
  }

  /** All images by what belongs together, each ascending, by their first image. */
  groups(): number[][] {
    const members = new Map<number, number[]>();
    for (const image of this.#parent.keys()) {
      const root = this.rootOf(image);
      const group = members.get(root);
      if (group === undefined) members.set(root, [image]);
      else group.push(image);
    }
    return [...members.values()];
  }
}
