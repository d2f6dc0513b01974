"""Makes sequential.json: reference values for the sequential tests of src/stats from NumPy and SciPy.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6
    venv/bin/python test/golden/sequential_scipy.py > test/golden/sequential.json
"""
import json

import numpy as np
import scipy
from scipy.stats import permutation_test, t, ttest_1samp, ttest_rel, wilcoxon

rng = np.random.default_rng(20)
N = 12
SIGNS = ((np.arange(2**N)[:, None] >> np.arange(N)) & 1) * 2 - 1
POWERS = 1 << np.arange(N)
LOOKS = [6, 8, 10, 12]
SPENT = [0.03125, 0.0391, 0.0449, 0.05]


def stopped_at(x):
    """The exact sequential sign-flip test by all 2^12 patterns of signs; 0 where it never rejects."""
    sums = np.abs(np.cumsum(SIGNS * np.abs(x), 1))
    rejected = np.zeros(2**N, bool)
    observed = int(((x > 0) * POWERS).sum())
    for pairs, spent in zip(LOOKS, SPENT):
        budget = int(np.floor(spent * 2**N + 1e-9)) - int(rejected.sum())
        if budget > 0:
            size = np.where(rejected, -1, np.round(sums[:, pairs - 1], 12))
            bound = np.sort(size)[::-1][budget]
            rejected |= size > bound
        if rejected[observed]:
            return pairs
    return 0


def studies():
    draws = {
        "normal": lambda: rng.standard_normal(N),
        "normal, d = 0.8": lambda: rng.standard_normal(N) + 0.8,
        "uniform, d = -1": lambda: rng.uniform(-1.7, 1.7, N) - 1,
        "t3, d = 0.5": lambda: rng.standard_t(3, N) + 0.5,
        # Accuracies on 1,000 images: ties.
        "images": lambda: np.round(rng.standard_normal(N) * 4 + 3) / 1000,
    }
    return [
        {"of": name, "differences": [float(v) for v in x], "stopped": stopped_at(np.array(x))}
        for name, draw in draws.items()
        for x in (draw() for _ in range(40))
    ]


def published(source, first, second):
    first, second = np.array(first, float), np.array(second, float)
    differences = second - first
    flip = permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
    student = ttest_rel(second, first)
    interval = student.confidence_interval(0.95)
    kept = differences[differences != 0]
    ranks = scipy.stats.rankdata(np.abs(kept)) * np.sign(kept)
    # Wilcoxon's test is the sign-flip test of the signed ranks. SciPy's exact one takes no ties; with ties all patterns.
    tied = len(set(np.abs(ranks))) < len(ranks)
    method = scipy.stats.PermutationMethod(n_resamples=np.inf) if tied else "exact"
    return {
        "source": source,
        "differences": differences.tolist(),
        "signFlip": float(flip.pvalue),
        "t": float(student.statistic),
        "p": float(student.pvalue),
        "lower": float(interval.low),
        "upper": float(interval.high),
        "signedRanks": ranks.tolist(),
        "wilcoxon": float(wilcoxon(kept, method=method).pvalue),
    }


def simulated(looks, bounds, studies=2_000_000):
    """Share of studies of normal differences in which |t| passes its bound at a look for the first time."""
    crossed = np.zeros(len(looks))
    for _ in range(studies // 100_000):
        x = rng.standard_normal((100_000, max(looks)))
        sums, squares = np.cumsum(x, 1), np.cumsum(x**2, 1)
        alive = np.ones(len(x), bool)
        for at, (pairs, bound) in enumerate(zip(looks, bounds)):
            mean = sums[:, pairs - 1] / pairs
            error = np.sqrt((squares[:, pairs - 1] - pairs * mean**2) / (pairs - 1) / pairs)
            hit = alive & (np.abs(mean / error) >= bound)
            crossed[at] += hit.sum()
            alive &= ~hit
    return {"looks": looks, "bounds": bounds, "studies": studies, "crossed": (crossed / studies).tolist()}


naive_looks = [LOOKS, list(range(3, 13)), [6], [5, 9]]
print(
    json.dumps(
        {
            "madeWith": {"scipy": scipy.__version__, "numpy": np.__version__},
            "studies": studies(),
            "published": [
                published(
                    "Darwin's maize (Fisher, The Design of Experiments, 1935, 17 and 21): eighths of an inch, crossed less self-fertilized",
                    [139, 163, 160, 160, 147, 149, 149, 122, 132, 144, 130, 144, 102, 124, 144],
                    [188, 96, 168, 176, 153, 172, 177, 163, 146, 173, 186, 168, 177, 184, 96],
                ),
                published(
                    "Student's sleep data (Biometrika 6, 1908): hours gained by ten patients with two drugs",
                    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
                    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
                ),
            ],
            "naive": [simulated(looks, [float(t.ppf(0.975, n - 1)) for n in looks]) for looks in naive_looks],
            # The bounds to be checked: what is crossed must be .05 (n / N)^2, look by look.
            "repeated": [
                simulated(LOOKS, [3.810, 3.2296, 2.7947, 2.4977]),
                simulated([5, 7, 12], [4.7949, 3.6311, 2.3549]),
            ],
        },
        indent=1,
    )
)
