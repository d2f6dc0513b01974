"""Makes statistics.json: reference values for src/stats from SciPy and statsmodels.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
    venv/bin/python test/golden/statistics_scipy.py > test/golden/statistics.json
"""
import json

import numpy as np
import scipy
import statsmodels
from scipy.optimize import brentq
from scipy.stats import binom, norm, permutation_test, t, ttest_1samp
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

Z = norm.ppf(0.975)


def wilson(successes, count):
    lower, upper = proportion_confint(successes, count, alpha=0.05, method="wilson")
    return {"successes": successes, "count": count, "lower": float(lower), "upper": float(upper)}


def mcnemar_exact(first, second):
    result = mcnemar([[0, first], [second, 0]], exact=True)
    return {"onlyFirstRight": first, "onlySecondRight": second, "p": float(result.pvalue)}


def restricted_likelihood_score(gained, lost, count, difference):
    """Score statistic with the share of "lost" found by maximizing the likelihood numerically.

    Not the closed form of the paper: an independent way to the same number.
    The derivative of gained*log(q + d) + lost*log(q) + rest*log(1 - 2q - d) falls in q.
    """
    rest = count - gained - lost
    low = max(0.0, -difference)
    high = (1 - difference) / 2

    width = high - low

    def derivative(s):  # q = low + s; the small terms are written without cancellation
        value = 0.0
        if gained:
            value += gained / (s if difference < 0 else s + difference)
        if lost:
            value += lost / (s - difference if difference < 0 else s)
        if rest:
            value -= rest / (width - s)
        return value

    a, b = 1e-15 * width, (1 - 1e-15) * width
    if derivative(a) <= 0:
        q = low
    elif derivative(b) >= 0:
        q = high
    else:
        q = low + brentq(derivative, a, b, xtol=1e-18, rtol=1e-15)
    variance = count * (2 * q + difference - difference**2)
    return (gained - lost - count * difference) / np.sqrt(variance)


def tango(both, first, second, neither):
    count = both + first + second + neither
    observed = (second - first) / count
    edge = 1e-12

    def score(difference):
        return restricted_likelihood_score(second, first, count, difference)

    lower = -1.0 if observed == -1 else brentq(lambda d: score(d) - Z, -1 + edge, observed - edge, xtol=1e-14)
    upper = 1.0 if observed == 1 else brentq(lambda d: score(d) + Z, observed + edge, 1 - edge, xtol=1e-14)
    return {
        "bothRight": both,
        "onlyFirstRight": first,
        "onlySecondRight": second,
        "bothWrong": neither,
        "lower": float(lower),
        "upper": float(upper),
    }


def paired(differences):
    """The sign-flip test by SciPy's enumeration, and the t test."""
    flip = permutation_test(
        (np.array(differences),), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    student = ttest_1samp(differences, 0)
    interval = student.confidence_interval(0.95)
    return {
        "differences": differences,
        "signFlip": float(flip.pvalue),
        "p": float(student.pvalue),
        "lower": float(interval.low),
        "upper": float(interval.high),
    }


print(
    json.dumps(
        {
            "madeWith": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__},
            "wilson": [
                wilson(*pair)
                for pair in [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (5, 10), (81, 263), (4470, 5000),
                             (11596, 12500), (11763, 12500), (999999, 1000000)]
            ],
            "mcnemar": [
                mcnemar_exact(*pair)
                for pair in [(0, 0), (1, 0), (0, 5), (0, 6), (3, 3), (5, 12), (1, 7), (101, 59), (59, 101),
                             (240, 300), (434, 600), (2000, 2100), (5000, 5000), (5000, 5400), (0, 900)]
            ],
            "pairedDifference": [
                tango(*cells)
                # The second is the airway hyper-responsiveness example of Fagerland et al. (2014), table II.
                for cells in [(8, 3, 5, 4), (1, 7, 1, 12), (44, 0, 0, 6), (50, 0, 0, 0), (0, 0, 0, 1), (0, 0, 12, 0),
                              (0, 12, 0, 0), (40, 5, 0, 5), (40, 0, 5, 5), (11162, 434, 600, 304), (4300, 240, 300, 160),
                              (9000, 500, 500, 0)]
            ],
            "holm": [
                {"pValues": p, "adjusted": [float(v) for v in multipletests(p, method="holm")[1]]}
                for p in [[0.04], [0.01, 0.04, 0.03], [0.2, 0.001, 0.001, 0.9], [1.0, 1.0]]
            ],
            "binomial": [
                {"successes": k, "count": n, "share": p, "tail": float(binom.cdf(k, n, p))}
                for k, n, p in [(0, 1, 0.97), (3, 4, 0.97), (17, 20, 0.97), (42, 60, 0.97), (950, 1000, 0.97),
                                (9660, 10000, 0.97), (5, 5, 0.5), (300, 1000, 0.31)]
            ],
            "student": [
                {"freedom": freedom, "t": x, "p": float(2 * t.sf(x, freedom)), "quantile": float(t.ppf(0.975, freedom))}
                for freedom, x in [(1, 0.5), (1, 12.7), (2, 1.0), (3, 4.2), (5, 2.5), (6, 2.5), (11, 0.01), (30, 3.3),
                                   (100, 1.9), (999, 2.0)]
            ],
            "paired": [
                paired(differences)
                for differences in [
                    [0.01, 0.02],
                    [0.004, 0.012, 0.009, 0.007, 0.011, 0.003],
                    [-0.01, -0.02, -0.005, -0.015, -0.01, -0.02, -0.03],
                    [0.5, -0.25, 0.125, 0.75, -0.5, 0.25, 0.375, 0.0],
                    [0.01, 0.01, 0.01, -0.01, 0.01, 0.01, -0.01, 0.01, 0.01],
                    [0.0031, -0.0012, 0.0054, 0.0022, 0.0009, 0.0041, -0.0003, 0.0038, 0.0017, 0.0026, 0.0045, 0.0008],
                ]
            ],
        },
        indent=1,
    )
)
