#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""The regression detector: whether head is slower than base. `regress.py --help`; the guide is
docs/guides/catching-regressions.md.

  options.py        what it can be told
  trees.py          commits, checked out and built
  instructions.py   gate A, and drift since the last tag
  programs.py       programs of Google Benchmark's, one process at a time
  wall_clock.py     gate B: how many pairs, and what they say
  evidence.py       its arithmetic
  reports.py page.py
  proofs.py power.py mutations.py   what the detector finds and what it does not
"""

import contextlib
import os
import random
import re
import sys

from options import EXIT, EXIT_PROBLEM, parsed
from problem import Problem

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def progress(text):
    """What goes on, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_suite(source):
    """{program: pattern of its benches}, of head's suite.txt."""
    path = os.path.join(source, "benches", "regression", "suite.txt")
    suite = {}
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        raise Problem("head has no benches/regression/suite.txt, so it is not known which benches to judge; name them with "
                      "--filter.") from None
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            program, benches = words
            suite[program] = re.compile(benches)
        except (ValueError, re.error):
            raise Problem(f"suite.txt, line {number}, is no program with a regular expression: {line!r}.") from None
    return suite


class Commits:
    """Base and head as commits."""

    def __init__(self, options):
        import trees
        trees.need_repository(ROOT)
        if options.guard:
            trees.refuse_dirty(ROOT, "commit or stash them")
            base, head = trees.base_of(ROOT), trees.commit_of(ROOT, "HEAD", "HEAD")
        elif not options.head:
            # In this order a mistyped --base is heard of first.
            base = trees.commit_of(ROOT, options.base, "--base")
            trees.refuse_dirty(ROOT, "commit or stash them, or name the commit with --head")
            head = trees.commit_of(ROOT, "HEAD", "--head")
        else:
            base = trees.commit_of(ROOT, options.base, "--base")
            head = trees.commit_of(ROOT, options.head, "--head")
        self.options = options
        self.trees = trees
        self.base = trees.Tree(ROOT, "base", base, options.jobs)
        self.head = trees.Tree(ROOT, "head", head, options.jobs)
        self.names = (base, head)
        self.notes = []
        self.lock = None
        # What drift is measured from.
        self.tag = trees.last_tag(ROOT, head) if options.guard else None
        self.tagged = trees.Tree(ROOT, self.tag, trees.commit_of(ROOT, self.tag, "tag"), options.jobs) if self.tag else None

    def check_out(self):
        self.lock = self.trees.claim(ROOT)
        wanted = {tree.commit: tree for tree in (*self.sides(), *([self.tagged] if self.tagged else []))}
        self.trees.forget_others(ROOT, wanted)
        for tree in wanted.values():
            progress(f"checking out {tree.commit[:12]}")
            tree.check_out()

    def close(self):
        if self.lock:
            self.lock.close()

    def sides(self):
        # A commit beside itself is one tree.
        return (self.base,) if self.base.commit == self.head.commit else (self.base, self.head)

    def facts(self):
        return {"compiler": self.trees.compiler_version(), "flags": self.trees.FLAGS}

    def path_programs(self, base):
        """Gate A's, compiled: [(base program, head program)]."""
        paths = self.trees.Paths(base, self.head)
        found = paths.programs(self.options.programs.search if self.options.programs else (lambda name: True), progress)
        if paths.left_out:
            self.notes.append(f"{base.name} cannot compile the paths of {', '.join(paths.left_out)}: they are new, and were not "
                              "compared.")
        return found

    def count(self):
        """(rows of gate A, rows of drift since the last tag)"""
        import instructions
        options = self.options
        wanted = options.filter.search if options.filter else (lambda name: True)
        accepted = instructions.accepted_in(os.path.join(self.head.source, "benches", "regression", "accepted.md"))
        counts = instructions.Counts(options.patience, options.jobs, progress)
        rows = instructions.gate(self.path_programs(self.base), wanted, accepted, counts)
        drift = []
        if self.tagged:
            drift = instructions.gate(self.path_programs(self.tagged), wanted, accepted, counts, self.tag)
        elif options.guard:
            self.notes.append("no tag is in this history, so there is no drift to report.")
        if options.guard and not options.filter and not options.programs:
            self.notes += instructions.not_needed(accepted, rows, drift, self.tag)
        return rows, drift

    def benches(self):
        """{bench: (base side, head side)}, built."""
        import programs
        options = self.options
        suite = None if options.filter or options.programs else read_suite(self.head.source)
        chosen = options.programs.search if options.programs else (lambda name: suite is None or name in suite)
        built = {}
        for tree in self.sides():
            say(f"regress: building {tree.name}, {tree.commit[:12]}")
            built[tree.commit] = tree.programs(chosen)
        in_base, in_head = built[self.base.commit], built[self.head.commit]
        found = {}
        self.program_of = {}
        for name in sorted(in_head.keys() & in_base.keys()):
            wanted = suite[name] if suite else options.filter or re.compile("")
            sides = (programs.Side("base", in_base[name]), programs.Side("head", in_head[name]))
            names = programs.benches_in_both(sides, wanted.search, options.patience)
            found.update(dict.fromkeys(names, sides))
            self.program_of.update(dict.fromkeys(names, name))
        missing = sorted(in_head.keys() ^ in_base.keys())
        if missing:
            self.notes.append(f"base or head lacks the programs {', '.join(missing)}; they were not compared.")
        return found

    def other_layout(self, suspects):
        """The same benches in programs whose code lies elsewhere."""
        import programs
        wanted = {self.program_of[bench] for bench in suspects}
        built = {}
        for tree in self.sides():
            say(f"regress: building {tree.name} once more, with another layout of the code")
            built[tree.commit] = tree.programs(wanted.__contains__, self.trees.OTHER_LAYOUT)
        return {bench: (programs.Side("base", built[self.base.commit][self.program_of[bench]]),
                        programs.Side("head", built[self.head.commit][self.program_of[bench]])) for bench in suspects}


class Binaries:
    """Base and head as programs of the user's."""

    def __init__(self, options):
        self.options = options
        self.names = (options.base_binary, options.head_binary)
        self.notes = []
        self.tag = None

    def check_out(self):
        pass

    def close(self):
        pass

    def facts(self):
        return {}

    def benches(self):
        import programs
        sides = tuple(programs.Side(name, os.path.abspath(path)) for name, path in zip(("base", "head"), self.names))
        wanted = self.options.filter or re.compile("")
        names = programs.benches_in_both(sides, wanted.search, self.options.patience)
        self.sides = dict.fromkeys(names, sides)
        return self.sides

    def other_layout(self, suspects):
        # Nothing here can build them anew: the stack begins elsewhere for each pair, and the code lies where it lay.
        self.notes.append("what looked slower was measured once more with the same programs, so that a layout of the code that "
                          "happens to be bad is not told from slower code.")
        return {bench: self.sides[bench] for bench in suspects}


def compare(options):
    """A reports.Comparison."""
    with contextlib.closing(Binaries(options) if options.base_binary else Commits(options)) as subject:
        return compared(subject, options)


def compared(subject, options):
    import disturbance
    import instructions
    import programs
    import reports
    import wall_clock

    gate_a = "a" in options.gate and isinstance(subject, Commits)
    if gate_a:
        instructions.need_valgrind(can_do_without=not options.guard)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    chance = random.Random(seed)
    subject.check_out()
    counts, drift = subject.count() if gate_a else ([], [])
    answers = []
    whole = disturbance.Window()
    if "b" in options.gate:
        sides = subject.benches()
        if not sides and not counts:
            raise Problem(f"{subject.names[0]} and {subject.names[1]} have no bench in common that is asked for; look at --filter, and "
                          "at their names with --benchmark_list_tests.")
        whole = disturbance.Window()

        def confirming(suspects):
            return programs.Processes(subject.other_layout(suspects), options.patience, chance).take

        answers = wall_clock.judge(list(sides), programs.Processes(sides, options.patience, chance).take, confirming,
                                   options.budget * 60, chance, options.tolerate, progress)
    elif not counts:
        raise Problem("base and head have no path in common that is asked for; look at --filter.")
    progress("")
    machine = disturbance.machine()
    facts = {"machine": f"{machine['processors']} processors, {machine['processor']}{', virtual' if machine['virtual'] else ''}, "
                        f"Linux {machine['kernel']}", **subject.facts()}
    if answers:
        facts["others"] = f"had {whole.taken():.0%} of the processors meanwhile, the hypervisor {whole.stolen_share():.0%}"
        facts["seed"] = seed
    return reports.Comparison(wall_clock.verdict_of(counts + drift, answers), *subject.names, counts, answers, facts,
                              subject.notes, subject.tag, drift)


def main(arguments):
    options = parsed(arguments)
    try:
        import evidence  # noqa: F401  # numpy and scipy stand behind it
    except ImportError as error:
        raise Problem(f"{error.name} is not installed for {sys.executable}; install python3-numpy and python3-scipy (Debian), or use "
                      "./cmake/dev.sh regress, which does.") from None
    if options.prove:
        import power
        import proofs
        if options.prove == "power":
            return power.prove(options, ROOT, progress)
        if options.prove == "mutations":
            return proofs.prove_mutations(options, ROOT, compare, say)
        return proofs.prove(options, ROOT, read_suite, progress, say)
    import page
    import reports
    found = compare(options)
    print(reports.as_text(found))
    if options.json:
        reports.write_json(found, options.json)
    if options.html:
        page.write_html(found, options.html)
    if options.advance:
        advance(found)
    return EXIT[found.verdict]


def advance(found):
    """Head becomes what the next commits are compared with, if it passed."""
    import trees
    if found.verdict != "pass":
        say(f"regress: {trees.FILE_OF_BASE} still names {found.base[:12]}, because head did not pass.")
        return
    with open(os.path.join(ROOT, trees.FILE_OF_BASE), "w", encoding="ascii") as file:
        file.write(found.head + "\n")
    say(f"regress: {trees.FILE_OF_BASE} names {found.head[:12]} now; commit it, once CI has passed that commit.")


def run(arguments):
    """The exit status."""
    try:
        return main(arguments)
    except Problem as problem:
        progress("")
        say(f"regress: {problem}")
        return EXIT_PROBLEM
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
