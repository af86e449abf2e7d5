#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Runs the benches whose figures docs/performance.md shows, and keeps those: record.py BUILD FILE [--runs N]

Each run is a process of its own. All programs take turns, so that what disturbs the machine for a while meets one run of
several. FILE holds, for each figure, the lowest, the median and the highest of the runs.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys

# The programs, and which of their benches.
PROGRAMS = {
    "ping_pong": ".",
    "ask_round_trip": ".",
    "spawn": ".",
    "idle_memory": ".",
    "timers": ".",
    "mailbox": ".",
    "delivery": ".",
    "cost": ".",
    "ping_pong_traced": ".",
    "pool_tell": "one_member",
    "tell_batch": ".",
    "outbox": "fork_join_throughput",
    "span_handler": ".",
    "by_name": ".",
    "route_cache": "_1024/",
    "topic": ".",
}
# What Google Benchmark itself writes about each bench.
ITS_OWN = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
           "threads", "iterations", "real_time", "cpu_time", "time_unit"}


class Failure(Exception):
    """One sentence for the person who started this."""


def short_names(names):
    """{name: the same without how often it ran and with what clock, and without its size where that tells nothing apart}"""
    untimed = {name: re.sub(r"/iterations:\d+|/manual_time|/real_time", "", name) for name in names}
    unsized = {name: re.sub(r"/(messages|operations|actors|bursts):\d+", "", text) for name, text in untimed.items()}
    alike = list(unsized.values())
    return {name: unsized[name] if alike.count(unsized[name]) == 1 else untimed[name] for name in names}


def figures_of(program, pattern):
    """{bench: {counter: value}} of one run."""
    done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_filter={pattern}"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Failure(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-300:]}")
    benches = json.loads(done.stdout)["benchmarks"]
    if not benches:
        raise Failure(f"{program} has no bench that matches {pattern!r}")
    names = short_names([bench["name"] for bench in benches])
    return {names[bench["name"]]: {key: value for key, value in bench.items() if key not in ITS_OWN} for bench in benches}


def processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def rounded(value):
    return float(f"{value:.4g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", metavar="BUILD", help="build tree that holds the programs")
    parser.add_argument("file", metavar="FILE", help="where the figures go, as JSON")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="processes a program (default 3)")
    options = parser.parse_args()
    if options.runs < 1:
        raise Failure(f"--runs {options.runs} is too few; it must be 1 or more")
    programs = {name: os.path.join(options.build, "benches", name) for name in PROGRAMS}
    for path in programs.values():
        if not os.path.isfile(path):
            raise Failure(f"{path} is not there; build the benches first")
    runs = {}
    for number in range(options.runs):
        for name, pattern in PROGRAMS.items():
            print(f"run {number + 1} of {options.runs}: {name}", file=sys.stderr, flush=True)
            for bench, counters in figures_of(programs[name], pattern).items():
                for counter, value in counters.items():
                    runs.setdefault(bench, {}).setdefault(counter, []).append(value)
    benches = {bench: {counter: [rounded(min(values)), rounded(statistics.median(values)), rounded(max(values))]
                       for counter, values in counters.items()} for bench, counters in runs.items()}
    compiler = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    machine = {"processor": processor(), "processors": os.cpu_count(), "kernel": platform.release(), "compiler": f"g++ {compiler}"}
    with open(options.file, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "runs": options.runs, "benches": benches}, file, indent=1, sort_keys=True)
        file.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"record.py: {failure}", file=sys.stderr)
        sys.exit(2)
