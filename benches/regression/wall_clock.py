# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Gate B: how many pairs of base and head are taken of which bench, and what they say.

Who decides whether a bench gets more pairs knows its spread, how many of its pairs were set aside, and what a pair costs, and
never whether head was slower: all three stay what they are if all samples are moved alike. The change is looked at once, when no
more pairs are taken. So looking often costs no false alarms, as in Stein's two-stage procedure (Stein 1945).
"""

import dataclasses
import math

from scipy import special

import evidence

# When spreads are looked at: by a third more pairs each time, and whole ABBA fours. Not before 24, although 14 are enough where
# the noise is normal: in one pair of twenty something else happens, and the test is so strict that one such pair of 14 hides a
# slowdown of 5 %; `--prove power` shows what 24 find.
LOOKS = (24, 32, 42, 56, 74, 98, 130, 172, 228, 300)
SET_ASIDE_ABOVE = 0.1


@dataclasses.dataclass(frozen=True)
class Pair:
    """One process of base and one of head, one right after the other."""

    base: float  # median time
    head: float
    base_taken: float  # the part of all processors that others had, or the hypervisor, while it ran
    head_taken: float
    seconds: float  # what the pair cost

    def sample(self):
        return math.log(self.head / self.base)

    def disturbed(self, above):
        # The worse of both sides, whichever it is: a rule that asked which would choose who wins.
        return max(self.base_taken, self.head_taken) > above


@dataclasses.dataclass
class Measured:
    """The pairs of one bench."""

    bench: str
    pairs: list = dataclasses.field(default_factory=list)
    above: float = SET_ASIDE_ABOVE
    ended: bool = False  # gets no more pairs
    why: str = ""

    undisturbed: list = dataclasses.field(default_factory=list)

    def add(self, pairs):
        self.pairs += pairs
        self.undisturbed += [pair for pair in pairs if not pair.disturbed(self.above)]

    def kept(self):
        return self.undisturbed

    def samples(self):
        return [pair.sample() for pair in self.kept()]

    def set_aside(self):
        return len(self.pairs) - len(self.kept())

    def needed(self, benches, alpha):
        """Pairs for the power promised, at a spread that is, with probability 0.8, not below the true one."""
        samples = self.samples()
        freedom = len(samples) - 1
        above = math.sqrt(freedom / special.chdtri(freedom, 0.8))
        return evidence.pairs_needed(evidence.spread(samples) * above, benches, alpha)

    def cost(self):
        """Seconds for one pair that is kept, to be expected."""
        return sum(pair.seconds for pair in self.pairs) / max(1, len(self.kept()))


@dataclasses.dataclass
class Answer:
    """What gate B says of one bench. `first` is what was measured first, where it was looked at once more."""

    bench: str
    pairs: int
    change: float
    low: float
    high: float
    verdict: str
    why: str
    measured: Measured
    first: Measured = None


def next_look(count, needed):
    """The look after `count` pairs, and the one at which `needed` will be there; None beyond the last."""
    return (next((look for look in LOOKS if look > count), None), next((look for look in LOOKS if look >= needed), None))


class Sampling:
    """Takes pairs of benches until each can be answered or the budget is used up.

    take(bench) runs an ABBA four and returns its two pairs; random is a random.Random; budget is in the seconds that pairs
    say they cost."""

    def __init__(self, take, budget, random, benches, alpha, above=SET_ASIDE_ABOVE, progress=lambda text: None):
        self.take = take
        self.left = budget
        self.random = random
        self.benches = benches  # over how many the error is shared
        self.alpha = alpha
        self.above = above
        self.progress = progress

    def four(self, one):
        if self.left <= 0:
            return
        self.progress(f"{one.bench}: pair {len(one.pairs) + 1}, {max(0.0, self.left) / 60:.1f} minutes left")
        pairs = self.take(one.bench)
        one.add(pairs)
        self.left -= sum(pair.seconds for pair in pairs)

    def reach(self, goals):
        """Takes pairs of all these benches in turns, in an order drawn anew each time, until each has its goal of kept pairs
        or twice as many tries."""
        while self.left > 0:
            open_ones = [one for one, goal in goals if len(one.kept()) < goal and len(one.pairs) < 2 * goal]
            if not open_ones:
                return
            self.random.shuffle(open_ones)
            for one in open_ones:
                self.four(one)

    def plan(self, measured):
        """[(bench, its next goal)]. Where the budget is short, it goes to the benches that are answered for the least of it,
        because that answers most of them."""
        wanted = []
        for one in measured:
            if one.ended:
                continue
            kept = len(one.kept())
            if kept < LOOKS[0]:
                one.ended, one.why = True, "disturbed" if one.set_aside() > kept else "the budget was used up"
                continue
            if one.set_aside() > kept:
                one.ended, one.why = True, "disturbed"
                continue
            needed = one.needed(self.benches, self.alpha)
            if needed <= kept:
                one.ended = True
                continue
            soon, enough = next_look(kept, needed)
            if enough is None or soon is None:
                one.ended, one.why = True, f"its spread asks for {needed} pairs, and the most is {LOOKS[-1]}"
                continue
            wanted.append(((enough - kept) * one.cost(), one, soon, needed))
        wanted.sort(key=lambda entry: entry[0])
        goals, promised = [], 0.0
        for cost, one, soon, needed in wanted:
            one.why = f"its spread asks for {needed} pairs, and the budget for fewer"
            promised += cost
            if promised <= self.left:
                goals.append((one, soon))
        return goals

    def run(self, names):
        measured = [Measured(name, above=self.above) for name in names]
        self.reach([(one, LOOKS[0]) for one in measured])
        while goals := self.plan(measured):
            self.reach(goals)
        return measured


def percent(sample):
    return math.expm1(sample) if math.isfinite(sample) else None


def answer_of(one, level, rejected, benches, alpha):
    """pass, fail (which is still to be confirmed) or inconclusive."""
    samples = one.samples()
    if len(samples) < 2:
        return Answer(one.bench, len(samples), None, None, None, "inconclusive", one.why, one)
    low = evidence.bounds(samples, level)[0]
    high = evidence.bounds(samples, evidence.PASS_ALPHA)[1]
    enough = (len(samples) >= LOOKS[0] and one.set_aside() <= len(samples)
              and one.needed(benches, alpha) <= len(samples))
    why = ""
    if one.set_aside() > len(samples):
        # What is left of a disturbed hour is no fair sample of it.
        verdict, why = "inconclusive", "disturbed"
    elif rejected:
        verdict = "fail"
    elif enough and high < math.log1p(evidence.FOUND):
        verdict = "pass"
    else:
        verdict = "inconclusive"
        why = one.why if not enough else "too slow to pass, and not clearly enough to fail"
    return Answer(one.bench, len(samples), percent(evidence.centre(samples)), percent(low), percent(high), verdict, why, one)


def answers_of(measured, benches, alpha):
    """Holm over all of them: a bench with no pairs counts, with a p of 1."""
    ps = [evidence.slower_p(one.samples()) if one.samples() else 1.0 for one in measured]
    return [answer_of(one, level, rejected, benches, alpha)
            for one, (level, rejected) in zip(measured, evidence.holm(ps, alpha))]


def judge(names, take, confirming, budget, random, above=SET_ASIDE_ABOVE, progress=lambda text: None):
    """An Answer for each bench. What looks slower is measured once more, from nothing, with confirming(names), which is a
    `take` for another layout of the code; what both times call slower fails. The second time has a budget of its own."""
    first = Sampling(take, budget, random, len(names), evidence.SUITE_ALPHA, above, progress)
    answers = answers_of(first.run(names), len(names), evidence.SUITE_ALPHA)
    suspects = [answer.bench for answer in answers if answer.verdict == "fail"]
    if not suspects:
        return answers
    progress(f"{len(suspects)} look slower and are measured once more")
    # As many pairs as the first time asked for, which at the milder level finds again what is there.
    again = Sampling(confirming(suspects), budget, random, len(names), evidence.SUITE_ALPHA, above, progress)
    confirmed = {answer.bench: answer
                 for answer in answers_of(again.run(suspects), len(suspects), evidence.CONFIRMATION_ALPHA)}
    return [joined(answer, confirmed.get(answer.bench)) for answer in answers]


def joined(first, second):
    """The figures are those of the second time: that the first looked slow is why there was one, so it looks slower than it
    is."""
    if second is None:
        return first
    second.first = first.measured
    if second.verdict != "fail":
        second.why = second.why or "looked slower once, and not when it was measured once more"
    return second


def verdict_of(instructions, answers):
    """Of the whole comparison: fail if anything fails, else inconclusive if anything is, else pass."""
    verdicts = {answer.verdict for answer in answers} | {"fail" for row in instructions if row.failed}
    return next((word for word in ("fail", "inconclusive") if word in verdicts), "pass")
