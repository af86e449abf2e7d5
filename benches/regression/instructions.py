# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Gate A: instructions of single-threaded paths, counted by callgrind. The same binary gives the same count on a busy machine.

Each path runs twice, so many times and twice so many, and the difference counts: start-up and set-up are in both.
"""

import concurrent.futures
import dataclasses
import os
import re
import shutil
import tempfile

from problem import Problem, how_it_ended, last_line, run

TOLERATED = 0.02
FEW, MANY = 20_000, 40_000
ENTRY = re.compile(r"^- `([^`]+)`, up to ([0-9]+(?:\.[0-9]+)?) %(?: since (\S+))?: (\S.*)$")


@dataclasses.dataclass
class Row:
    bench: str
    base: float  # instructions of one operation
    head: float
    accepted: str = ""  # the reason
    limit: float = TOLERATED

    @property
    def change(self):
        return self.head / self.base - 1

    @property
    def failed(self):
        return self.change > self.limit


@dataclasses.dataclass(frozen=True)
class Accepted:
    """An entry of accepted.md."""

    bench: str
    limit: float
    since: str  # the tag; empty: since base, and since the tag as well
    reason: str


def accepted_in(path):
    """[Accepted] of accepted.md: entries of the forms

    - `pick/round_robin`, up to 4 %: it reads weights now.
    - `pick/round_robin`, up to 4 % since v0.1.0: it reads weights now.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return []
    entries, fenced = [], False
    for number, line in enumerate(lines, 1):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("- "):
            continue
        match = ENTRY.match(line)
        if not match:
            raise Problem(f"accepted.md, line {number}, is no entry: {line!r}; write - `bench`, up to N %: the reason.")
        bench, limit, since, reason = match.groups()
        entries.append(Accepted(bench, float(limit) / 100, since or "", reason))
    return entries


def entry_for(row, entries, tag=""):
    """The entry that speaks of this path, since base or since this tag; the widest of several."""
    return max((entry for entry in entries if entry.bench == row.bench and entry.since in ("", tag)),
               key=lambda entry: entry.limit, default=None)


def need_valgrind(can_do_without):
    if shutil.which("valgrind") is None:
        raise Problem("valgrind is not installed, and gate A counts instructions with it; install it (Debian: apt-get install "
                      "valgrind)" + (", or leave gate A out with --gate b." if can_do_without else "."))


def instructions(program, case, times, patience):
    """Of the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, case, str(times)]
        # The same surroundings each time: the loader looks at all of them.
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
        try:
            done = run(command, patience, environment, folder)
        except TimeoutError:
            raise Problem(f"{case} did not end within {patience:g} s under callgrind ({program}); give it longer with "
                          "--patience.") from None
    if done.status != 0:
        raise Problem(f"{case} {how_it_ended(done.status)} under callgrind ({program}): {last_line(done.errors)}; run it by "
                      "hand.")
    match = re.search(r"Collected\s*:\s*(\d+)", done.errors)
    if not match:
        raise Problem(f"callgrind said no count for {case} ({program}): {last_line(done.errors)}")
    return int(match.group(1))


def per_operation(program, case, patience):
    return (instructions(program, case, MANY, patience) - instructions(program, case, FEW, patience)) / (MANY - FEW)


def cases_of(program, patience):
    try:
        done = run([program], patience)
    except TimeoutError:
        raise Problem(f"{program} did not list its paths within {patience:g} s.") from None
    if done.status != 0:
        raise Problem(f"{program} {how_it_ended(done.status)} when it was to list its paths: {last_line(done.errors)}")
    return done.output.split()


class Counts:
    """Instructions of one operation, each counted once however often it is asked for."""

    def __init__(self, patience, jobs=1, progress=lambda text: None):
        self.patience = patience
        self.jobs = jobs
        self.progress = progress
        self.known = {}

    def count(self, wanted):
        """Counts all (program, case) that are not known, side by side: who else is busy does not change a count."""
        missing = [one for one in dict.fromkeys(wanted) if one not in self.known]

        def one_of(place):
            program, case = missing[place]
            self.progress(f"instructions of {case}, {place + 1} of {len(missing)}")
            return per_operation(program, case, self.patience)

        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            self.known.update(zip(missing, pool.map(one_of, range(len(missing)))))


def gate(programs, wanted, accepted, counts, tag=""):
    """A Row for each path that both have and that the pattern finds, of [(base program, head program)]."""
    found = []
    for base, head in programs:
        in_base = set(cases_of(base, counts.patience))
        found += [(case, base, head) for case in cases_of(head, counts.patience) if case in in_base and wanted(case)]
    counts.count([(program, case) for case, *both in found for program in both])
    rows = []
    for case, base, head in found:
        row = Row(case, counts.known[base, case], counts.known[head, case])
        if row.base <= 0 or row.head <= 0:
            raise Problem(f"{case} has {row.base:g} instructions in base and {row.head:g} in head; a path must do more the more "
                          "often it is run.")
        entry = entry_for(row, accepted, tag)
        if row.change > TOLERATED and entry:
            row.limit, row.accepted = entry.limit, entry.reason
        rows.append(row)
    return rows


def not_needed(accepted, rows, drift, tag):
    """Sentences about entries that allow what nobody does."""
    for entry in accepted:
        of_base = [row for row in rows if row.bench == entry.bench] if not entry.since else []
        of_tag = [row for row in drift if row.bench == entry.bench] if entry.since in ("", tag) else []
        if not any(row.change > TOLERATED for row in of_base + of_tag):
            since = f" since {entry.since}" if entry.since else ""
            yield f"accepted.md allows `{entry.bench}` {entry.limit:.1%}{since}, which it does not need; remove the entry."
