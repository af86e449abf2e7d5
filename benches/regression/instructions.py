# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Gate A: instructions of single-threaded paths, counted by callgrind. The same binary gives the same count on a busy machine.

Each path runs twice, so many times and twice so many, and the difference counts: start-up and set-up are in both.
"""

import dataclasses
import os
import re
import shutil
import tempfile

from problem import Problem, how_it_ended, last_line, run

TOLERATED = 0.02
FEW, MANY = 20_000, 40_000
ENTRY = re.compile(r"^- `([^`]+)`, up to ([0-9.]+) %: (\S.*)$")


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


def accepted_in(path):
    """{bench: (limit, reason)} of accepted.md: entries of the form

    - `pick/round_robin`, up to 4 %: it reads weights now.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}
    entries, fenced = {}, False
    for number, line in enumerate(lines, 1):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("- "):
            continue
        match = ENTRY.match(line)
        if not match:
            raise Problem(f"accepted.md, line {number}, is no entry: {line!r}; write - `bench`, up to N %: the reason.")
        entries[match.group(1)] = (float(match.group(2)) / 100, match.group(3))
    return entries


def need_valgrind():
    if shutil.which("valgrind") is None:
        raise Problem("valgrind is not installed, and gate A counts instructions with it; install it (Debian: apt-get install "
                      "valgrind), or leave gate A out with --gate b.")


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


def gate(programs, wanted, accepted, patience, progress=lambda text: None):
    """A Row for each path that both have and that the pattern finds, of [(base program, head program)]."""
    rows = []
    for base, head in programs:
        in_base = set(cases_of(base, patience))
        for case in cases_of(head, patience):
            if case not in in_base or not wanted(case):
                continue
            progress(f"instructions of {case}")
            row = Row(case, per_operation(base, case, patience), per_operation(head, case, patience))
            if row.base <= 0 or row.head <= 0:
                raise Problem(f"{case} has {row.base:g} instructions in base and {row.head:g} in head; a path must do more the more "
                              "often it is run.")
            if row.change > TOLERATED and case in accepted:
                row.limit, row.accepted = accepted[case]
            rows.append(row)
    return rows
