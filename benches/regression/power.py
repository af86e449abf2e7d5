# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Gate B fed with pairs that were measured before: resampled suites, and the power curve.

The curve's pairs are those of code beside itself, `--prove null`'s. A slowdown is put into them by arithmetic, head's time times
1.05, so its rows are called simulated; what a bench that truly does more work gives, `--prove injected` measures.
"""

import json
import os
import random

import evidence
import wall_clock
from problem import Problem

BLOCK = 8  # pairs: as long as what disturbs several pairs in a row
SLOWDOWNS = (0, 1, 2, 3, 5, 8, 10)  # percent
BENCHES = 20  # in a suite, of which one is slower
SUITES = 200
PAIRS = os.path.join("benches", "regression", "ledger", "null-pairs.json")
INJECTED = os.path.join("benches", "regression", "ledger", "injected.jsonl")
FIGURES = os.path.join("docs", "pictures", "regression-power.json")
ORIGIN = ("date", "commit", "program", "machine", "compiler", "flags", "others", "stolen", "tolerate")


class Recording:
    """A `take` that keeps what it took, in order: {bench: [pair, ...]}."""

    def __init__(self, take):
        self.inner = take
        self.pairs = {}

    def take(self, bench):
        taken = self.inner(bench)
        self.pairs.setdefault(bench, []).extend(taken)
        return taken


class Blocks:
    """A `take` that draws blocks of consecutive pairs from the suites that were measured."""

    def __init__(self, suites, chance):
        self.suites = suites  # [{bench: [pair, ...]}]
        self.chance = chance
        self.rest = {}

    def take(self, bench):
        rest = self.rest.get(bench, [])
        if len(rest) < 2:
            pairs = self.chance.choice([suite[bench] for suite in self.suites if suite.get(bench)])
            start = 2 * self.chance.randrange(max(1, (len(pairs) - BLOCK) // 2 + 1))
            rest = pairs[start:start + BLOCK]
        self.rest[bench] = rest[2:]
        return rest[:2]


def marked(pairs):
    """The benches that compare.py would call slower, of {bench: [pair, ...]}."""
    return [bench for bench, all_of in pairs.items()
            if evidence.mann_whitney_slower([pair.base for pair in all_of], [pair.head for pair in all_of])]


def suite_of(names, take, again, budget, chance, above, progress=lambda text: None):
    """(answers, {bench: pairs}) of one run of gate B; the second time through is no part of the pairs."""
    first = Recording(take)
    answers = wall_clock.judge(names, first.take, lambda suspects: again, budget, chance, above, progress)
    return answers, first.pairs


class Slower:
    """A `take` in which one bench is slower. Benches are drawn from those that were measured, in turn."""

    def __init__(self, suites, chance, recorded, slow, slower):
        self.blocks = {}
        self.suites, self.chance, self.recorded = suites, chance, recorded
        self.slow = slow
        self.factor = 1 + slower / 100

    def take(self, bench):
        blocks = self.blocks.setdefault(bench, Blocks(self.suites, self.chance))
        pairs = blocks.take(self.recorded[bench % len(self.recorded)])
        if bench != self.slow:
            return pairs
        return [wall_clock.Pair(pair.base, pair.head * self.factor, pair.base_taken, pair.head_taken, pair.seconds)
                for pair in pairs]


def row_of(suites, recorded, slower, many, options, chance, progress):
    """How the slower bench fared in `many` suites, and the others of them."""
    row = {"slower": slower, "suites": many, "fail": 0, "pass": 0, "inconclusive": 0, "others_failed": 0, "compare_py": 0,
           "compare_py_others": 0}
    for number in range(many):
        progress(f"+{slower} %, simulated suite {number + 1} of {many}")
        slow = number % BENCHES
        take = Slower(suites, chance, recorded, slow, slower).take
        answers, pairs = suite_of(list(range(BENCHES)), take, take, options.budget * 60, chance, options.tolerate)
        theirs = marked(pairs)
        row[answers[slow].verdict] += 1
        row["others_failed"] += any(answer.verdict == "fail" for answer in answers if answer.bench != slow)
        row["compare_py"] += slow in theirs
        row["compare_py_others"] += any(bench != slow for bench in theirs)
    return row


def as_lines(origin, suites):
    """The file of pairs: a line a suite."""
    lines = ",\n".join(json.dumps(suite) for suite in suites)
    return json.dumps({"origin": origin})[:-1] + f', "suites": [\n{lines}\n]}}\n'


def read_pairs(root):
    """(where they are from, [{bench: [Pair]}])"""
    try:
        with open(os.path.join(root, PAIRS), encoding="utf-8") as file:
            found = json.load(file)
        suites = [{bench: [wall_clock.Pair(*pair) for pair in pairs] for bench, pairs in suite.items()}
                  for suite in found["suites"]]
        return found["origin"], suites
    except FileNotFoundError:
        raise Problem(f"{PAIRS} is not there, and the curve is drawn from its pairs; run --prove null first.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Problem(f"{PAIRS} does not hold pairs; run --prove null again.") from None


def injected(root):
    """[{slower, benches, fail}] of all live runs with a true slowdown: what the curve is held against."""
    found = {}
    try:
        with open(os.path.join(root, INJECTED), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
    except FileNotFoundError:
        return []
    for entry in lines:
        for count in entry["live"]:
            row = found.setdefault(count["slower"], {"slower": count["slower"], "benches": 0, "fail": 0})
            for words in count["benches"].values():
                row["benches"] += words["pass"] + words["fail"] + words["inconclusive"]
                row["fail"] += words["fail"]
    return sorted(found.values(), key=lambda row: row["slower"])


def sentence(row):
    shown = ""
    if row["slower"] == 0:
        alarms = row["fail"] + row["others_failed"]
        shown = f"; below {evidence.rate_below(min(alarms, row['suites']), row['suites']):.1%} of suites at 95 % confidence"
    return (f"  simulated +{row['slower']:>2} %: {row['fail']:>4} of {row['suites']} found, {row['inconclusive']:>4} inconclusive, "
            f"{row['pass']:>4} passed; {row['others_failed']} suites with another failure{shown}; compare.py marks "
            f"{row['compare_py']}, and another in {row['compare_py_others']}")


def prove(options, root, progress):
    """Writes the curve's figures. The same pairs and the same seed give the same ones."""
    origin, suites = read_pairs(root)
    recorded = sorted({bench for suite in suites for bench, pairs in suite.items() if len(pairs) >= 2})
    if not recorded:
        raise Problem(f"{PAIRS} holds no pair; run --prove null again.")
    seed = 1 if options.seed is None else options.seed
    chance = random.Random(seed)
    rows = [row_of(suites, recorded, slower, options.runs or SUITES, options, chance, progress) for slower in SLOWDOWNS]
    progress("")
    figures = {"origin": origin, "measured": {"suites": len(suites), "benches": recorded,
                                              "pairs": sum(len(pairs) for suite in suites for pairs in suite.values())},
               "budget_minutes": options.budget, "seed": seed, "block": BLOCK, "benches": BENCHES, "simulated": rows,
               "injected": injected(root)}
    path = options.json or os.path.join(root, FIGURES)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
    print(f"A suite of {BENCHES} benches, one of them slower; pairs of {origin['program']}, {origin['date']}, "
          f"others had {origin['others']:.0%} of the processors.", *map(sentence, rows), sep="\n")
    print(f"{path} is written; ./cmake/dev.sh pictures draws it.")
    return 0
