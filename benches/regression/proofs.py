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
import re
import shutil

import disturbance
import evidence
import mutations
import power
import programs
import trees
import wall_clock
from options import EXIT
from problem import Problem

# {per cent: live suites}: most where something is promised.
LIVE = {"null": {0: 20}, "injected": {0: 3, 1: 3, 2: 3, 3: 3, 5: 12, 8: 3, 10: 12}}
RESAMPLED = {"null": 299, "injected": 59}
VARIABLE = "DROVER_REGRESS_SLOWER"


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
        theirs = power.marked(pairs)
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


class Subject:
    """The programs that are compared with themselves: {program: pattern of its benches}."""

    def __init__(self, options, root, suite, say):
        self.lock = None
        self.options = options
        self.everything = re.compile("")
        if options.base_binary:
            path = os.path.abspath(options.base_binary)
            self.programs, self.name = {path: (path, self.everything)}, os.path.basename(path)
            self.commit = trees.git(root, "rev-parse", "HEAD")[1]
        else:
            trees.refuse_dirty(root, "commit or stash them")
            self.commit = trees.commit_of(root, "HEAD", "HEAD")
            self.lock = trees.claim(root)
            tree = trees.Tree(root, "head", self.commit, options.jobs)
            tree.check_out()
            say(f"regress: building {self.commit[:12]}")
            if options.programs:
                judged = suite(tree.source)
                built = tree.programs(lambda name: name in judged and options.programs.search(name))
                patterns = {path: judged[name] for name, path in built.items()}
            else:
                patterns = {tree.knob(): self.everything}
            self.programs = {path: (self.copied(path), pattern) for path, pattern in patterns.items()}
            self.name = ", ".join(os.path.basename(path) for path in self.programs)

    @staticmethod
    def copied(path):
        """Another file, as head's always is: it lies elsewhere in the page cache."""
        shutil.copy2(path, path + ".copy")
        return path + ".copy"

    def sides(self, slower):
        """{bench: (base as it is, head so much slower)}"""
        wanted = self.options.filter or self.everything
        found = {}
        for path, (copy, pattern) in self.programs.items():
            both = (programs.Side("base", path), programs.Side("head", copy, ((VARIABLE, str(slower)),)))
            names = programs.benches_in_both(both, lambda name, of=pattern: wanted.search(name) and of.search(name),
                                             self.options.patience)
            found.update(dict.fromkeys(names, both))
        return found

    def close(self):
        if self.lock:
            self.lock.close()


def live_suites(subject, names, slower, runs, options, chance, progress):
    """(count, [{bench: pairs}])"""
    sides = subject.sides(slower)
    take = programs.Processes(sides, options.patience, chance).take
    count, suites = Count(slower, names), []
    for number in range(runs):
        def tell(text, number=number):
            progress(f"+{slower} %, suite {number + 1} of {runs}, {text}")

        answers, pairs = power.suite_of(names, take, take, options.budget * 60, chance, options.tolerate, tell)
        count.add(answers, pairs)
        suites.append(pairs)
    return count, suites


def resampled_suites(suites, names, slower, many, options, chance, progress):
    count = Count(slower, names)
    # Only a bench that was measured at all can be drawn.
    names = [name for name in names if any(suite.get(name) for suite in suites)]
    for number in range(many if names else 0):
        progress(f"+{slower} %, resampled suite {number + 1} of {many}")
        take = power.Blocks(suites, chance).take
        count.add(*power.suite_of(names, take, take, options.budget * 60, chance, options.tolerate))
    return count


def as_lists(suites):
    """Of Pairs, for a file."""
    return [{bench: [[float(f"{pair.base:.6g}"), float(f"{pair.head:.6g}"), round(pair.base_taken, 3),
                      round(pair.head_taken, 3), round(pair.seconds, 3)]
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


def prove(options, root, suite, progress, say):
    """Runs the suites of a proof, appends a line to the ledger, and prints it. suite(source): what suite.txt says."""
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    chance = random.Random(seed)
    with contextlib.closing(Subject(options, root, suite, say)) as subject:
        return proved(subject, options, root, chance, seed, progress)


def proved(subject, options, root, chance, seed, progress):
    names = list(subject.sides(0))
    if not names:
        raise Problem(f"{subject.name or 'head'} has no bench that is asked for; look at --filter and --programs.")
    window = disturbance.Window()
    live, resampled, kept = [], [], {}
    for slower, runs in LIVE[options.prove].items():
        count, suites = live_suites(subject, names, slower, options.runs or runs, options, chance, progress)
        live.append(count.as_json())
        kept[slower] = as_lists(suites)
        resampled.append(resampled_suites(suites, names, slower, RESAMPLED[options.prove], options, chance,
                                          progress).as_json())
    progress("")
    entry = {**where_and_when(options.prove, subject.commit), "program": subject.name,
             "budget_minutes": options.budget, "tolerate": options.tolerate, "seed": seed, "others": round(window.taken(), 3),
             "stolen": round(window.stolen_share(), 4), "block": power.BLOCK, "live": live, "resampled": resampled}
    path = written(entry, root)
    if options.prove == "null":
        # What `--prove power` draws from: those of the last run.
        with open(os.path.join(root, power.PAIRS), "w", encoding="utf-8") as file:
            file.write(power.as_lines({key: entry[key] for key in power.ORIGIN}, kept[0]))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"entry": entry, "pairs": kept}, file)
            file.write("\n")
    report(entry, path)
    return 0
