# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What the detector finds and what it does not: gate B run on code beside itself, and beside itself made slower by a known share.

Live suites are such runs. Resampled suites are the same procedure fed with blocks of consecutive pairs drawn from the live ones
(Künsch 1989): many more of them, but none that holds a disturbance which no live suite met. Both are counted apart. On the same
data stands what Google Benchmark's compare.py would have marked.
"""

import contextlib
import datetime
import json
import os
import random
import shutil

import disturbance
import evidence
import mutations
import programs
import trees
import wall_clock
from options import EXIT
from problem import Problem

SLOWDOWNS = {"null": (0,), "power": (0, 1, 2, 3, 5, 8, 10)}  # percent
LIVE = {"null": 20, "power": 12}
RESAMPLED = {"null": 299, "power": 59}
BLOCK = 8  # pairs: as long as what disturbs several pairs in a row
VARIABLE = "DROVER_REGRESS_SLOWER"


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


class Count:
    """Suites of one kind at one slowdown."""

    def __init__(self, slower, benches):
        self.slower = slower
        self.suites = 0
        self.alarms = 0  # suites with a bench that failed
        self.inconclusive = 0  # suites without one, and with a bench that is inconclusive
        self.compare_py = 0  # suites with a bench that compare.py marks
        self.benches = {bench: {"pass": 0, "fail": 0, "inconclusive": 0, "compare_py": 0} for bench in benches}

    def add(self, answers, pairs):
        verdict = wall_clock.verdict_of([], answers)
        theirs = marked(pairs)
        self.suites += 1
        self.alarms += verdict == "fail"
        self.inconclusive += verdict == "inconclusive"
        self.compare_py += bool(theirs)
        for answer in answers:
            self.benches[answer.bench][answer.verdict] += 1
        for bench in theirs:
            self.benches[bench]["compare_py"] += 1

    def as_json(self):
        return {"slower": self.slower, "suites": self.suites, "alarms": self.alarms, "inconclusive": self.inconclusive,
                "compare_py": self.compare_py, "benches": self.benches}


def suite_of(names, take, again, budget, chance, above, progress=lambda text: None):
    """(answers, {bench: pairs}) of one run of gate B; the second time through is no part of the pairs."""
    first = Recording(take)
    answers = wall_clock.judge(names, first.take, lambda suspects: again, budget, chance, above, progress)
    return answers, first.pairs


def sides_of(program, copy, slower):
    """Base as it is, head in another file and so much slower."""
    return (programs.Side("base", program), programs.Side("head", copy, ((VARIABLE, str(slower)),)))


class Subject:
    """The program that is compared with itself."""

    def __init__(self, options, root, say):
        if options.base_binary:
            self.lock = None
            self.program = self.copy = os.path.abspath(options.base_binary)
            self.commit = trees.git(root, "rev-parse", "HEAD")[1]
        else:
            trees.refuse_dirty(root, "commit or stash them")
            self.commit = trees.commit_of(root, "HEAD", "HEAD")
            self.lock = trees.claim(root)
            tree = trees.Tree(root, "head", self.commit, options.jobs)
            tree.check_out()
            say(f"regress: building {self.commit[:12]}")
            self.program = tree.knob()
            # Another file, as head's always is: it lies elsewhere in the page cache.
            self.copy = self.program + ".copy"
            shutil.copy2(self.program, self.copy)

    def close(self):
        if self.lock:
            self.lock.close()


def live_suites(subject, names, slower, runs, options, chance, progress):
    """(count, [{bench: pairs}])"""
    sides = dict.fromkeys(names, sides_of(subject.program, subject.copy, slower))
    take = programs.Processes(sides, options.patience, chance).take
    count, suites = Count(slower, names), []
    for number in range(runs):
        def tell(text, number=number):
            progress(f"+{slower} %, suite {number + 1} of {runs}, {text}")

        answers, pairs = suite_of(names, take, take, options.budget * 60, chance, options.tolerate, tell)
        count.add(answers, pairs)
        suites.append(pairs)
    return count, suites


def resampled_suites(suites, names, slower, many, options, chance, progress):
    count = Count(slower, names)
    # Only a bench that was measured at all can be drawn.
    names = [name for name in names if any(suite.get(name) for suite in suites)]
    for number in range(many if names else 0):
        progress(f"+{slower} %, resampled suite {number + 1} of {many}")
        take = Blocks(suites, chance).take
        count.add(*suite_of(names, take, take, options.budget * 60, chance, options.tolerate))
    return count


def as_lists(suites):
    """Of Pairs, for a file."""
    return [{bench: [[pair.base, pair.head, round(pair.base_taken, 4), round(pair.head_taken, 4), round(pair.seconds, 4)]
                     for pair in pairs] for bench, pairs in suite.items()} for suite in suites]


def share(slower):
    return f"+{slower:g} %"


def sentence(kind, count):
    """What one row of the ledger shows, for people."""
    if count["suites"] == 0:
        return f"  {kind:<10} {share(count['slower']):>6}: none"
    return (f"  {kind:<10} {share(count['slower']):>6}: {count['suites']:>4} suites, {count['alarms']:>4} with a failure, "
            f"{count['inconclusive']:>4} inconclusive; compare.py marks {count['compare_py']:>4}")


def totals(path):
    """Live and resampled suites in the whole ledger: {(kind, slower): (suites, alarms, compare.py's)}."""
    sums = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            for kind in ("live", "resampled"):
                for count in entry[kind]:
                    key = (kind, count["slower"])
                    before = sums.get(key, (0, 0, 0))
                    sums[key] = tuple(map(sum, zip(before, (count["suites"], count["alarms"], count["compare_py"]))))
    return sums


def report(entry, path):
    print(f"{entry['kind']} at {entry['commit'][:12]}, {entry['program']}, {entry['budget_minutes']:g} minutes a suite; "
          f"others had {entry['others']:.0%} of the processors.")
    for kind in ("live", "resampled"):
        for count in entry[kind]:
            print(sentence(kind, count))
            for bench, words in count["benches"].items():
                print(f"             {bench}: " + ", ".join(f"{value} {word}" for word, value in words.items()))
    print(f"In all of {os.path.basename(path)}:")
    for (kind, slower), (suites, alarms, theirs) in sorted(totals(path).items()):
        shown = ""
        if suites and slower == 0:
            shown = f", which shows a rate below {evidence.rate_below(alarms, suites):.1%} at 95 % confidence"
        print(f"  {kind:<10} {share(slower):>6}: {alarms} of {suites} suites failed, compare.py {theirs}{shown}")


def written(entry, root):
    """Adds a line to the ledger; its path."""
    path = os.path.join(root, "benches", "regression", "ledger", entry["kind"] + ".jsonl")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    return path


def where_and_when(kind, commit):
    return {"kind": kind, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M"), "commit": commit,
            "machine": disturbance.machine(), "compiler": trees.compiler_version(), "flags": trees.FLAGS}


def prove_mutations(options, root, compare, say):
    """1 if one was missed."""
    commit, found = mutations.prove(options, root, compare, say)
    written({**where_and_when("mutations", commit), "mutations": found}, root)
    missed = sum(one["verdict"] != "fail" for one in found)
    print(f"mutations of {commit[:12]}:", *mutations.as_text(found), sep="\n")
    print(f"{len(found) - missed} of {len(found)} were found.")
    return EXIT["fail"] if missed else EXIT["pass"]


def prove(options, root, progress, say):
    """Runs the suites of a proof, appends a line to the ledger, and prints it."""
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    chance = random.Random(seed)
    with contextlib.closing(Subject(options, root, say)) as subject:
        return proved(subject, options, root, chance, seed, progress)


def proved(subject, options, root, chance, seed, progress):
    wanted = options.filter.search if options.filter else (lambda name: True)
    sides = sides_of(subject.program, subject.copy, 0)
    names = programs.benches_in_both(sides, wanted, options.patience)
    if not names:
        raise Problem(f"{subject.program} has no bench that is asked for; look at --filter.")
    runs = options.runs or LIVE[options.prove]
    window = disturbance.Window()
    live, resampled, kept = [], [], {}
    for slower in SLOWDOWNS[options.prove]:
        count, suites = live_suites(subject, names, slower, runs, options, chance, progress)
        live.append(count.as_json())
        kept[slower] = as_lists(suites)
        resampled.append(resampled_suites(suites, names, slower, RESAMPLED[options.prove], options, chance,
                                          progress).as_json())
    progress("")
    entry = {**where_and_when(options.prove, subject.commit), "program": os.path.basename(subject.program),
             "budget_minutes": options.budget, "tolerate": options.tolerate, "seed": seed, "others": round(window.taken(), 3),
             "stolen": round(window.stolen_share(), 4), "block": BLOCK, "live": live, "resampled": resampled}
    path = written(entry, root)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"entry": entry, "pairs": kept}, file)
            file.write("\n")
    report(entry, path)
    return 0
