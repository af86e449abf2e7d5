#!/usr/bin/python3
"""The arithmetic of gate B against scipy's and against what the design promises: evidence_test.py ROOT"""

import math
import sys
import unittest

ROOT = sys.argv.pop(1)
sys.path.insert(0, ROOT + "/benches/regression")

try:
    import numpy
    from scipy import stats
except ImportError as error:
    print(f"evidence_test: {error.name} is not installed, so nothing was tested")
    sys.exit(77)

import evidence  # noqa: E402


def normal(shape, seed, spread=1.0, change=0.0):
    return numpy.random.default_rng(seed).normal(math.log1p(change), spread, shape)


class SignedRank(unittest.TestCase):
    def test_agrees_with_scipys_exact_test(self):
        for count in (3, 8, 14, 25):
            samples = normal(count, count, 0.03, 0.02)
            expected = stats.wilcoxon(samples - math.log(1.02), alternative="greater", mode="exact").pvalue
            self.assertAlmostEqual(evidence.slower_p(samples), expected, places=12)

    def test_of_a_matrix_is_that_of_its_rows(self):
        rows = normal((5, 14), 1, 0.03, 0.03)
        for row, p in zip(rows, evidence.slower_p(rows)):
            self.assertEqual(evidence.slower_p(row), p)

    def test_ties_never_make_p_smaller_than_the_exact_one(self):
        samples = [0.05, 0.05, 0.05, -0.05 + 2 * math.log1p(0.02)]
        self.assertGreater(evidence.slower_p(samples), 0.1)

    def test_a_bound_is_beyond_the_limit_just_when_the_test_rejects(self):
        for seed in range(200):
            samples = normal(14, seed, 0.03, 0.05)
            for level in (0.01, 0.00025):
                rejected = evidence.slower_p(samples) <= level
                self.assertEqual(evidence.bounds(samples, level)[0] > math.log1p(0.02), rejected)

    def test_bounds_are_exceeded_as_rarely_as_they_say(self):
        samples = normal((4000, 14), 7, 0.03)
        beyond = [evidence.bounds(row, 0.05) for row in samples]
        for misses in (sum(low > 0 for low, _ in beyond), sum(high < 0 for _, high in beyond)):
            self.assertLess(stats.binomtest(misses, 4000, 0.05).pvalue if misses > 200 else 1.0, 1.1)
            self.assertLess(misses / 4000, 0.06)
            self.assertGreater(misses / 4000, 0.035)

    def test_too_few_samples_bound_nothing(self):
        self.assertEqual(evidence.bounds([0.1, 0.2], 0.01), (-math.inf, math.inf))

    def test_centre_is_the_median_of_the_means_of_two(self):
        self.assertAlmostEqual(evidence.centre([1.0, 2.0, 6.0]), 2.75)


class Spread(unittest.TestCase):
    def test_is_that_of_normal_data(self):
        for count in (14, 42):
            self.assertAlmostEqual(float(evidence.spread(normal((1500, count), 3, 0.03)).mean()), 0.03, delta=0.003)

    def test_does_not_see_the_change(self):
        samples = normal(14, 5, 0.03)
        self.assertAlmostEqual(evidence.spread(samples), evidence.spread(samples + 0.7), places=12)

    def test_is_hardly_moved_by_one_wild_pair(self):
        samples = normal(42, 5, 0.03)
        wild = samples.copy()
        wild[0] = 2.0
        self.assertLess(evidence.spread(wild), 1.3 * evidence.spread(samples))


class Plan(unittest.TestCase):
    def test_pairs_for_twenty_benches(self):
        self.assertEqual([evidence.pairs_needed(spread, 20) for spread in (0.02, 0.03, 0.05)], [20, 36, 88])

    def test_never_fewer_than_can_be_significant(self):
        needed = evidence.pairs_needed(1e-6, 20)
        self.assertLessEqual(evidence.upper_tail(needed)[needed * (needed + 1) // 2], 0.005 / 20)

    def test_that_many_pairs_find_five_percent(self):
        for spread in (0.02, 0.03, 0.05):
            rows = normal((2000, evidence.pairs_needed(spread, 20)), 11, spread, 0.05)
            found = numpy.mean(evidence.slower_p(rows) <= 0.005 / 20)
            self.assertGreater(found, 0.93)

    def test_the_first_time_alone_alarms_below_one_in_a_hundred_suites_at_the_limit_itself(self):
        # Every one of twenty benches is slower by just what is tolerated: the hardest case that is no regression.
        rows = normal((20 * 2000, 14), 13, 0.02, 0.02)
        alarms = (evidence.slower_p(rows) <= 0.005 / 20).reshape(2000, 20).any(axis=1)
        self.assertLess(alarms.mean(), 0.01)


class Holm(unittest.TestCase):
    def test_steps(self):
        answers = evidence.holm([0.01, 0.04, 0.03, 0.005], 0.05)
        self.assertEqual([rejected for _, rejected in answers], [True, False, False, True])
        self.assertEqual([level for level, _ in answers], [0.05 / 3, 0.025, 0.025, 0.0125])

    def test_none_and_all(self):
        self.assertEqual(evidence.holm([], 0.05), [])
        self.assertTrue(all(rejected for _, rejected in evidence.holm([0.01] * 3, 0.05)))


class Others(unittest.TestCase):
    def test_rate_below_is_the_rule_of_three(self):
        self.assertAlmostEqual(evidence.rate_below(0, 299), 0.00997, places=4)
        self.assertAlmostEqual(evidence.rate_below(0, 20), 0.139, places=3)
        self.assertEqual(evidence.rate_below(3, 3), 1.0)

    def test_mann_whitney_marks_the_slower_only(self):
        base, slow = list(normal(30, 1, 0.01, 0.0)), list(normal(30, 2, 0.01, 0.05))
        self.assertTrue(evidence.mann_whitney_slower(base, slow))
        self.assertFalse(evidence.mann_whitney_slower(slow, base))


if __name__ == "__main__":
    unittest.main()
