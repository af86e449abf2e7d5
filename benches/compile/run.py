#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""How long a program that includes drover takes to compile, against CAF's hello world.

Three programs: front_door.cpp only includes drover, one_actor.cpp is the smallest that does something, hello_drover.cpp
does what CAF's hello world does. All are compiled to an object file with the same compiler and flags (-std=c++20 -O2),
in an order that turns from round to round. `ratio` is the median of the rounds' drover over CAF: at most 0.60 is to be
reached. `spread` is the interquartile range of the rounds' ratios over their median. Times are the compiler's processor
time, so that other work on the machine counts for less; one compilation is one thread.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = ("front_door", "one_actor", "hello_drover")
TO_REACH = {"front_door": 0.60, "one_actor": 0.60}


def seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        print(f"run.py: this command failed: {' '.join(command)}\n{done.stderr}", file=sys.stderr)
        sys.exit(1)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row_of(program, rounds):
    ratios = [times[program] / times["hello_caf"] for times in rounds]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else (ratio,) * 3
    return {
        "program": program,
        "drover_seconds": statistics.median(times[program] for times in rounds),
        "caf_seconds": statistics.median(times["hello_caf"] for times in rounds),
        "ratio": ratio,
        "spread": (high - low) / ratio,
    }


def main():
    parser = argparse.ArgumentParser(description="Compile time of drover's front door against CAF's hello world.")
    parser.add_argument("--cxx", default="g++", help="compiler (default g++)")
    parser.add_argument("--include", default=os.path.join(HERE, "..", "..", "include"), metavar="DIR",
                        help="folder with drover's headers (default: those beside this script)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="compilations of each program (default 7)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to this file")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds} is too small, it must be 1 or more")

    programs = (*OURS, "hello_caf")
    rounds = []
    with tempfile.TemporaryDirectory() as scratch:
        target = os.path.join(scratch, "program.o")
        command = [options.cxx, "-std=c++20", "-O2", "-I", options.include, "-c", "-o", target]
        for program in programs:  # the first reading of the headers is the disk's time
            seconds(command + [os.path.join(HERE, program + ".cpp")])
        for number in range(options.rounds):
            start = number % len(programs)
            order = programs[start:] + programs[:start]
            rounds.append({program: seconds(command + [os.path.join(HERE, program + ".cpp")]) for program in order})

    rows = [row_of(program, rounds) for program in OURS]
    print(f"{options.rounds} rounds, {options.cxx} -std=c++20 -O2, medians of processor time beside CAF's hello world.")
    print(f"{'program':<14} {'drover s':>9} {'CAF s':>7} {'ratio':>6} {'spread':>7} {'to reach':>9}")
    for row in rows:
        limit = TO_REACH.get(row["program"])
        verdict = "" if limit is None else f"{limit:>9.0%}  {'reached' if row['ratio'] <= limit else 'MISSED'}"
        print(f"{row['program']:<14} {row['drover_seconds']:>9.2f} {row['caf_seconds']:>7.2f} {row['ratio']:>6.0%} "
              f"{row['spread']:>7.0%} {verdict}".rstrip())
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rows": rows}, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
