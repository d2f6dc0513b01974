import fc from "fast-check";
import { expect, it } from "vitest";
import { UnionFind } from "./union-find.ts";

it("puts together what a chain of pairs connects, as a search from each image finds it", () => {
  const image = fc.integer({ min: 0, max: 11 });
  fc.assert(
    fc.property(fc.array(fc.tuple(image, image), { maxLength: 14 }), (pairs) => {
      const union = new UnionFind(12);
      for (const [one, other] of pairs) union.unite(one, other);
      const reached = (start: number) => {
        const found = new Set([start]);
        for (const from of found) {
          for (const [one, other] of pairs) {
            if (one === from) found.add(other);
            if (other === from) found.add(one);
          }
        }
        return [...found].sort((a, b) => a - b);
      };
      const groups = union.groups();
      for (const group of groups) for (const member of group) expect(reached(member)).toEqual(group);
      const firsts = groups.map(([first]) => first!);
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      for (const group of groups) for (const member of group) expect(union.rootOf(member)).toBe(group[0]);
      expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
    }),
  );
});
