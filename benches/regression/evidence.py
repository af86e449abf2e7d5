# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What pairs of base and head say: the arithmetic of gate B, without clocks and processes.

A sample is the log of head over base, of one pair. All tests are Wilcoxon's signed-rank test (Wilcoxon 1945) with its exact
distribution, and all bounds are its inversion: order statistics of the means of two samples (Walsh averages; Hodges and
Lehmann 1963). So a bound lies beyond a value just when the test rejects it, and no normal distribution is assumed; what is
assumed is symmetry, which the random order within a pair gives to code that has not changed.
"""

import functools
import math

import numpy
from scipy import special, stats

TOLERATED = 0.02  # a slowdown up to this is none
FOUND = 0.05  # a slowdown that is to be found with POWER
POWER = 0.95
SUITE_ALPHA = 0.005  # over all benches of a suite, by Holm 1979
CONFIRMATION_ALPHA = 0.05  # over those that are looked at once more
PASS_ALPHA = 0.05  # a bench passes if a slowdown of FOUND is excluded at this level
MANN_WHITNEY_ALPHA = 0.05  # Google Benchmark's compare.py

# Of the signed-rank test against Student's on normal data.
EFFICIENCY = 3 / math.pi


@functools.lru_cache(maxsize=None)
def upper_tail(count):
    """P(W >= w) for w = 0 ... count (count + 1) / 2, and 0 behind: W is the sum of the ranks of positive samples."""
    mass = numpy.ones(1)
    for rank in range(1, count + 1):
        longer = numpy.zeros(len(mass) + rank)
        longer[:len(mass)] = mass / 2
        longer[rank:] += mass / 2
        mass = longer
    return numpy.append(numpy.cumsum(mass[::-1])[::-1], 0.0)


def slower_p(samples, by=TOLERATED):
    """One-sided p of 'the slowdown is `by` or less'. Samples may be a matrix: then one p a row."""
    above = numpy.asarray(samples, dtype=float) - math.log1p(by)
    ranks = stats.rankdata(numpy.abs(above), axis=-1 if above.ndim == 2 else None)
    sums = numpy.where(above > 0, ranks, 0).sum(axis=-1)
    # Ties leave halves: rounded down, which makes the p larger.
    return upper_tail(above.shape[-1])[numpy.floor(sums + 1e-9).astype(int)]


@functools.lru_cache(maxsize=None)
def pairs_of_places(count):
    return numpy.triu_indices(count)


def walsh_averages(samples):
    """Means of all pairs of samples, each with itself too, in rising order."""
    values = numpy.asarray(samples, dtype=float)
    rows, columns = pairs_of_places(values.shape[-1])
    return numpy.sort((values[..., rows] + values[..., columns]) / 2, axis=-1)


def bounds(samples, level):
    """(lower, upper): each is beyond the true centre with probability `level` at most. Infinite where there are too few."""
    averages = walsh_averages(samples)
    tail = upper_tail(len(samples))
    # The test rejects v when at least `least` of the averages lie above v.
    least = int(numpy.argmax(tail <= level))
    if least > len(averages):
        return -math.inf, math.inf
    return float(averages[len(averages) - least]), float(averages[least - 1])


def centre(samples):
    """Hodges and Lehmann's estimate: the median of the Walsh averages."""
    return float(numpy.median(walsh_averages(samples)))


def spread(samples):
    """Standard deviation of one sample, of such normal data as would give the centre so wide an interval; a matrix gives one
    a row.

    Moving all samples alike does not change it, so that who decides by it how many pairs to take has not looked at the
    change. One wild pair of thirty changes it little."""
    averages = walsh_averages(samples)
    count = numpy.shape(samples)[-1]
    tail = upper_tail(count)
    least = int(numpy.argmax(tail <= 0.1))
    width = averages[..., averages.shape[-1] - least] - averages[..., least - 1]
    # The interval ends where the test begins to reject, which it does at this level exactly.
    half_widths = -special.ndtri((tail[least] + tail[least - 1]) / 2)
    return numpy.abs(width) / 2 / half_widths * math.sqrt(count * EFFICIENCY)


def pairs_needed(deviation, benches, alpha=SUITE_ALPHA, power=POWER):
    """Pairs with which a slowdown of FOUND is found with probability `power` at this spread: as Noether (1987) counts them,
    and as many more as small samples of so strict a test want (Guenther 1981)."""
    distance = math.log1p(FOUND) - math.log1p(TOLERATED)
    strict = -special.ndtri(alpha / benches)
    wanted = ((strict + special.ndtri(power)) * deviation / distance) ** 2 / EFFICIENCY + strict**2 / 2
    fewest = math.log2(benches / alpha)  # with fewer not even the clearest result is significant
    return int(math.ceil(max(wanted, fewest)))


def holm(ps, alpha):
    """(level, rejected) for each p, by Holm's steps. From the first p that is not rejected on, all keep its level."""
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    answers = [None] * len(ps)
    going = True
    level = alpha
    for place, index in enumerate(order):
        if going:
            level = alpha / (len(ps) - place)
            going = ps[index] <= level
        answers[index] = (level, going)
    return answers


def mann_whitney_slower(base, head):
    """Whether compare.py would mark this bench, and head is the slower: two-sided, at 0.05, on the times themselves."""
    p = stats.mannwhitneyu(base, head, alternative="two-sided").pvalue
    return bool(p < MANN_WHITNEY_ALPHA and numpy.mean(head) > numpy.mean(base))


def rate_below(alarms, runs, confidence=0.95):
    """The rate that `alarms` in `runs` shows, at this confidence, not to be exceeded (Clopper and Pearson 1934)."""
    return 1.0 if alarms >= runs else float(stats.beta.ppf(confidence, alarms + 1, runs - alarms))
