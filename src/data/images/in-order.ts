// Several things at once, answers in the order of the questions.

/**
 * Runs `work` over the items with at most `ahead` of them under way, and yields the results in the order of
 * the items. The first failure is thrown where its result would have come.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
  ahead: number,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    result.catch(() => {}); // a reader that stops early must not leave an unhandled rejection behind
    pending.push(result);
    if (pending.length >= ahead) yield await pending.shift()!;
  }
  while (pending.length > 0) yield await pending.shift()!;
}
