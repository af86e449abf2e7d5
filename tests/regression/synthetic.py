"""Pairs from a seed, with changes and spreads that are known: what gate B is tested with."""

import math
import random

import wall_clock

SECONDS = 1.0  # a pair's cost


class Bench:
    """Log ratios around log(1 + change). `hog` is the probability that somebody else has the machine during a pair, which
    then is slower on one side or the other."""

    def __init__(self, spread=0.03, change=0.0, hog=0.0, wild=0.0, drift=0.0, calm=0):
        self.spread = spread
        self.change = change
        self.hog = hog
        self.wild = wild
        self.drift = drift  # of the machine, by pair: both sides become slower
        self.calm = calm  # pairs before the hog comes
        self.taken = 0

    def pair(self, chance, base_first):
        self.taken += 1
        times = {}
        for side in (True, False) if base_first else (False, True):
            times[side] = math.exp(chance.gauss(0, self.spread / math.sqrt(2)))
            if self.wild and chance.random() < self.wild:
                times[side] *= 1.5
            times[side] *= 1 + self.drift * self.taken
        hog = {True: 0.0, False: 0.0}
        if self.taken > self.calm and chance.random() < self.hog:
            side = chance.random() < 0.5
            hog[side] = 0.4
            times[side] *= 1.4
        return wall_clock.Pair(times[True], times[False] * (1 + self.change), hog[True], hog[False], SECONDS)


class Machine:
    def __init__(self, benches, seed):
        self.benches = benches
        self.chance = random.Random(seed)

    def take(self, bench):
        base_first = self.chance.random() < 0.5
        one = self.benches[bench]
        return [one.pair(self.chance, base_first), one.pair(self.chance, not base_first)]

    def judge(self, budget=1e9, above=wall_clock.SET_ASIDE_ABOVE):
        answers = wall_clock.judge(list(self.benches), self.take, lambda suspects: self.take, budget, self.chance, above)
        return {answer.bench: answer for answer in answers}
