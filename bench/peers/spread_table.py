"""The rows of bench/spread.ts as a table, and every two sides against each other: means by Welch's test, spreads by
Brown and Forsythe's (Levene's with medians) and by the ratio of the variances; then seed by seed, what a seed has in
common on both sides. FILE. Install: pip install scipy
"""
import itertools
import json
import statistics
import sys

from scipy import stats

sides = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    sides.setdefault(row["side"], {})[row["seed"]] = 100 * row["testTop1"]
print("| side | n | test accuracy, % | deviation | least | greatest |\n|---|---|---|---|---|---|")
for side, runs in sides.items():
    values = list(runs.values())
    spread = statistics.stdev(values) if len(values) > 1 else float("nan")
    print(f"| {side} | {len(values)} | {statistics.mean(values):.2f} | {spread:.2f} | {min(values):.2f} | {max(values):.2f} |")
print("\n| first | second | second - first (95 %) | p of means | F | p of spreads |\n|---|---|---|---|---|---|")
for first, second in itertools.combinations(sides, 2):
    a, b = (list(sides[side].values()) for side in (first, second))
    if min(len(a), len(b)) < 2:
        continue
    welch = stats.ttest_ind(b, a, equal_var=False)
    low, high = welch.confidence_interval()
    ratio = statistics.variance(b) / statistics.variance(a)
    brown = stats.levene(a, b, center="median").pvalue
    print(f"| {first} | {second} | {statistics.mean(b) - statistics.mean(a):+.2f} ({low:+.2f} to {high:+.2f}) | {welch.pvalue:.3f} | {ratio:.2f} | {brown:.3f} |")
print("\n| first | second | seeds | correlation (p) | deviation of second - first |\n|---|---|---|---|---|")
for first, second in itertools.combinations(sides, 2):
    seeds = sorted(sides[first].keys() & sides[second].keys())
    a, b = ([sides[side][seed] for seed in seeds] for side in (first, second))
    if len(seeds) < 3:
        continue
    correlation, p = stats.pearsonr(a, b)
    apart = statistics.stdev(after - before for before, after in zip(a, b))
    print(f"| {first} | {second} | {len(seeds)} | {correlation:.2f} ({p:.3f}) | {apart:.2f} |")
