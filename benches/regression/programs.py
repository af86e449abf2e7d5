# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Programs made with Google Benchmark: what benches they have, and the time of one of them in a fresh process."""

import dataclasses
import json
import os
import re
import statistics
import tempfile

from disturbance import Window
from problem import Problem, how_it_ended, run
from wall_clock import Pair

REPETITIONS = 5
SECONDS = 0.05  # at least, for each repetition; a bench that is longer takes longer
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark itself writes before and around the results.
NOT_ITS_OWN = re.compile(r"\d{4}-\d\d-\d\dT|Running |Run on \(|CPU Caches:|  L\d |Load Average:|\*\*\*WARNING\*\*\*|-{9}|"
                         r"Benchmark +Time")


def own_last_line(text):
    """The last of the program's own; empty if it has none."""
    own = [line for line in text.splitlines() if line.strip() and not NOT_ITS_OWN.match(line)]
    return own[-1].strip() if own else ""


@dataclasses.dataclass(frozen=True)
class Side:
    """One build of a program. `name` is what sentences call it, base or head."""

    name: str
    path: str
    environment: tuple = ()

    def run(self, arguments, patience, padding=0, about="", complaint=lambda: None):
        # Where the stack begins hangs on the size of the environment, and what is measured hangs on that.
        environment = {**os.environ, **dict(self.environment), "DROVER_REGRESS_PADDING": "x" * padding}
        try:
            done = run([self.path, *arguments], patience, environment)
        except TimeoutError:
            raise Problem(f"{about or self.path} did not end within {patience:g} s in {self.name} ({self.path}); mend it, leave it "
                          "out with --filter, or give it longer with --patience.") from None
        if done.status != 0:
            said = complaint() or own_last_line(done.errors) or own_last_line(done.output) or "it does not say why"
            raise Problem(f"{about or self.path} {how_it_ended(done.status)} in {self.name} ({self.path}): {said}; run it by hand, or "
                          "leave it out with --filter.")
        return done


def benches_of(side, patience):
    """Names, in the program's own order."""
    done = side.run(["--benchmark_list_tests=true"], patience)
    return [line.strip() for line in done.output.splitlines() if line.strip()]


def exactly(name):
    """The filter that this bench alone passes. Google Benchmark takes it as a regular expression of C++ or of POSIX, so
    that only what both know is escaped."""
    return "^" + re.sub(r"([][.*+?^$|(){}\\])", r"\\\1", name) + "$"


def error_in(name):
    """What a bench said with SkipWithError, if its program wrote that before it ended."""
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            rows = json.load(file)["benchmarks"]
        return next((row["error_message"] for row in rows if row.get("error_occurred")), None)
    except (ValueError, KeyError, TypeError, OSError):
        return None


def median_time(side, bench, patience, padding):
    """Nanoseconds of real time: the median of the repetitions in one process."""
    handle, name = tempfile.mkstemp(suffix=".json")
    os.close(handle)
    try:
        side.run([f"--benchmark_filter={exactly(bench)}", f"--benchmark_out={name}", "--benchmark_out_format=json",
                  f"--benchmark_repetitions={REPETITIONS}", f"--benchmark_min_time={SECONDS}"], patience, padding, bench,
                 lambda: error_in(name))
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
    finally:
        os.unlink(name)
    try:
        rows = [row for row in json.loads(text)["benchmarks"] if row.get("run_type", "iteration") == "iteration"]
        wrong = next((row for row in rows if row.get("error_occurred")), None)
        times = [] if wrong else [row["real_time"] * NANOSECONDS[row.get("time_unit", "ns")] for row in rows]
    except (ValueError, KeyError, TypeError):
        raise Problem(f"{bench} wrote no report of Google Benchmark's in {side.name} ({side.path}); it must be a program that "
                      "takes --benchmark_out.") from None
    if wrong:
        raise Problem(f"{bench} failed in {side.name}: {wrong.get('error_message', 'it does not say why')}; mend it, or leave "
                      "it out with --filter.")
    if not times or min(times) <= 0:
        raise Problem(f"{bench} reported no time in {side.name} ({side.path}); leave it out with --filter.")
    return statistics.median(times)


class Processes:
    """Takes ABBA fours of benches: {name: (base side, head side)}."""

    def __init__(self, sides, patience, random):
        self.sides = sides
        self.patience = patience
        self.random = random

    def once(self, side, bench, padding):
        window = Window()
        time = median_time(side, bench, self.patience, padding)
        return time, window.taken()

    def pair(self, bench, base_first):
        base, head = self.sides[bench]
        # Alike on both sides, and another for each pair.
        padding = self.random.randrange(4096)
        window = Window()
        times = {}
        for side in (base, head) if base_first else (head, base):
            times[side is head] = self.once(side, bench, padding)
        seconds = window.seconds()
        return Pair(times[False][0], times[True][0], times[False][1], times[True][1], seconds)

    def take(self, bench):
        base_first = self.random.random() < 0.5
        return [self.pair(bench, base_first), self.pair(bench, not base_first)]


def benches_in_both(sides, wanted, patience):
    """The benches that base and head have and that are wanted, in head's order."""
    base, head = sides
    in_head = benches_of(head, patience)
    in_base = set(benches_of(base, patience))
    return [name for name in in_head if name in in_base and wanted(name)]
