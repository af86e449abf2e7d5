#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""The workloads of benches/savina, and a few of benches/actor, on drover and on its peers, side by side; prints one table.

A round runs each row's workload once on drover and once on the peer, each in a fresh process, ours right before or
right after the peer's (the order alternates from round to round). So a pair sees the same machine, and a disturbance
meets a pair or two and not a whole row. The processes themselves take the time, from the first send until the answer is
there, check the answer, and see to it that exactly two worker threads are up.

  drover_ns, peer_ns   median of the runs, ns per message (fork_join_create: per actor)
  ratio                median of the ratios of the pairs, peer over drover: above 1 drover is faster
  spread               interquartile range of the ratios of the pairs, over their median; none of a single pair
"""

import argparse
import json
import math
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys

WORKERS = 2
PROCESS_SECONDS = 180  # more than the answer deadline inside the programs, so that they can say what is wrong

# Messages on both sides, so many that the slower side takes about half a second; and the ratio over CAF to be reached.
WORKLOADS = {
    "ping_pong": (2_000_000, 20),
    "thread_ring": (2_000_000, 20),
    "counting": (2_000_000, 3),
    "counting_actor": (2_000_000, 5),
    "fan_in": (2_000_000, 5),
    "fork_join_throughput": (2_000_000, 1.8),
    "fork_join_throughput_actor": (2_000_000, 3),
    "fork_join_create": (200_000, 5),  # Erlang's default limit is 262 144 processes
    "ask_coroutine": (1_000_000, 5),
    "watch_stop": (300_000, 1),
    "timer_cancel": (1_000_000, 1),
    "timer_fire": (1_000_000, 1),
    "pool_round_robin": (2_000_000, 2.5),
    "pool_round_robin_batch": (2_000_000, 5),  # of 32; CAF's pool takes them one by one
    "ping_pong_counters": (2_000_000, 20),  # ours with counter_metrics; CAF 0.17 has no metrics
    "restart": (10_000, 1),  # Erlang's supervisor goes through the restarts of the last second at each one
    "chameneos": (200_000, 1),
    "big": (480_000, 1),
    "concurrent_dictionary": (200_000, 1),
    "concurrent_sorted_list": (40_000, 1),  # the list grows with them: Savina's 160 000 take 16 times as long
    "bounded_buffer": (4_000, 1),  # of some 50 microseconds of work each
    "dining_philosophers": (200_000, 1),
    "sleeping_barber": (5_000, 1),  # with more, most customers find the room full again and again
    "cigarette_smokers": (100_000, 1),
    "logistic_map": (250_000, 1),
    "banking": (50_000, 1),
}
# The suite's own sizes, in messages as above (Imam and Sarkar 2014, `--sizes suite`). Some take too short to tell two sides
# apart on a busy machine, a millisecond, and some half a minute: so they are not what is run by default.
SUITE = {
    "ping_pong": 40_000,
    "thread_ring": 100_000,
    "counting": 1_000_000,
    "counting_actor": 1_000_000,
    "fork_join_throughput": 600_000,
    "fork_join_throughput_actor": 600_000,
    "fork_join_create": 40_000,
    "chameneos": 200_000,
    "big": 2_400_000,
    "concurrent_dictionary": 200_000,
    "concurrent_sorted_list": 160_000,
    "bounded_buffer": 40_000,
    "dining_philosophers": 200_000,
    "sleeping_barber": 5_000,
    "cigarette_smokers": 1_000,
    "logistic_map": 250_000,
    "banking": 50_000,
}
# Each side must give an answer to these, and all the same. Those of the others are checked in the processes alone.
COMPARED = ("chameneos", "big", "concurrent_dictionary", "concurrent_sorted_list", "bounded_buffer",
            "dining_philosophers", "sleeping_barber", "cigarette_smokers", "logistic_map", "banking")
# Younger than the seven rows that earlier tables have: marked, and no part of the mean over those.
NEW_ROWS = ("fork_join_throughput_actor", "ask_coroutine", "watch_stop", "timer_cancel", "timer_fire", "restart",
            "pool_round_robin", "pool_round_robin_batch", "ping_pong_counters") + COMPARED
# CAF 0.17 has neither timers that can be cancelled one by one nor restarts. Erlang has no thread outside of its schedulers, and in
# two that is the sender; and it has no pools in its library.
PEERS = {
    "caf": tuple(name for name in WORKLOADS if name not in ("timer_cancel", "restart")),
    "erlang": tuple(name for name in WORKLOADS
                    if name not in ("counting", "fork_join_throughput", "pool_round_robin", "pool_round_robin_batch",
                                    "ping_pong_counters")),
}


class Failure(Exception):
    """One sentence for the person who started this."""


def find_programs(build):
    """The command that starts each side, {side: [word, ...]}, of what was built in this tree."""
    places = [os.path.join(build, "benches", "peers"), build]

    def find(name):
        for place in places:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                return path
        return None

    programs = {}
    for side in ("drover", "caf"):
        path = find(side + "_peer")
        if path:
            programs[side] = [path]
    beam = find("erlang_peer.beam")
    if beam and shutil.which("erl"):
        programs["erlang"] = ["erl", "+S", f"{WORKERS}:{WORKERS}", "-noshell", "-noinput", "-pa", os.path.dirname(beam),
                              "-run", "erlang_peer", "main", "-extra"]
    if "drover" not in programs:
        raise Failure(f"drover_peer was not found below {build}: build it with -DDROVER_BENCHES=ON, or give the build "
                      "tree with --build.")
    programs["calibrate"] = [find("calibrate")]
    if programs["calibrate"] == [None]:
        raise Failure(f"calibrate was not found below {build}: build the target peers.")
    return programs


def output_of(command):
    """The JSON object that the command prints on standard output."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=PROCESS_SECONDS, env={**os.environ, "ERL_CRASH_DUMP_SECONDS": "0"})
    except subprocess.TimeoutExpired:
        raise Failure(f"no end within {PROCESS_SECONDS} s: {' '.join(command)}") from None
    if done.returncode != 0:
        raise Failure(f"status {done.returncode} from {' '.join(command)}: {done.stderr.strip()}")
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise Failure(f"no JSON from {' '.join(command)}: {done.stdout.strip()!r}") from None


def one_run(programs, side, workload, messages):
    """Nanoseconds per message; and the answer, or 0 where a workload gives none to compare."""
    arguments = ["--workload", workload, "--messages", str(messages), "--threads", str(WORKERS)]
    result = output_of(programs[side] + arguments)
    if result["workers"] != WORKERS:
        raise Failure(f"{side} ran {workload} on {result['workers']} workers, and it must be {WORKERS}.")
    if not result["optimised"]:
        raise Failure(f"{side}_peer was built without optimisation; the comparison wants -O2 on both sides.")
    # A workload with several receivers rounds to whole shares, by the same rule on both sides.
    if not messages - 120 < result["messages"] <= messages:
        raise Failure(f"{side} ran {workload} with {result['messages']} messages, and {messages} were asked for.")
    if workload in COMPARED and not result.get("answer"):
        raise Failure(f"{side} gave no answer to {workload}, so there is nothing to compare.")
    return result["ns_per_message"], result.get("answer", 0)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def messages_of(workload, sizes, scale):
    return max(1, round((SUITE[workload] if sizes == "suite" else WORKLOADS[workload][0]) * scale))


def measure(programs, rows, rounds, sizes, scale):
    """{(workload, peer): [(drover_ns, peer_ns), ...]}"""
    pairs = {row: [] for row in rows}
    for number in range(rounds):
        for place, (workload, peer) in enumerate(rows):
            progress(f"round {number + 1}/{rounds}, {workload} and {peer}")
            messages = messages_of(workload, sizes, scale)
            order = ("drover", peer) if (number + place) % 2 == 0 else (peer, "drover")
            runs = {side: one_run(programs, side, workload, messages) for side in order}
            (ours, our_answer), (theirs, their_answer) = runs["drover"], runs[peer]
            if our_answer != their_answer and workload in COMPARED:
                raise Failure(f"drover and {peer} do not do the same in {workload}: the answer is {our_answer} here "
                              f"and {their_answer} there.")
            pairs[workload, peer].append((ours, theirs))
    progress("")
    return pairs


def row_of(workload, peer, messages, pairs):
    ratios = [theirs / ours for ours, theirs in pairs]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else (ratio,) * 3
    return {
        "workload": workload,
        "messages": messages,
        "answers_compared": workload in COMPARED,
        "drover_ns": statistics.median(ours for ours, _ in pairs),
        "new": workload in NEW_ROWS,
        "peer": peer,
        "peer_ns": statistics.median(theirs for _, theirs in pairs),
        "ratio": ratio,
        "spread": (high - low) / ratio if len(pairs) > 1 else None,
        "lost": ratio <= 1,
        "pairs": pairs,
    }


def verdict(row):
    target = WORKLOADS[row["workload"]][1] if row["peer"] == "caf" else 1
    word = "LOST" if row["lost"] else "reached" if row["ratio"] >= target else "short of it"
    return f"{target:>8}  {word}"


def spread_text(row):
    return "-" if row["spread"] is None else f"{row['spread']:.0%}"


def print_table(rows, calibration, rounds, disturbance):
    print(f"{rounds} pairs a row, {WORKERS} workers a side, {os.cpu_count()} processors; a locked exchange takes "
          f"{calibration['locked_exchange_ns']:.1f} ns here.")
    print(disturbance)
    print("Medians in ns per message (fork_join_create: per actor); ratio = median of the pairs' peer over drover;")
    print("spread = interquartile range of the pairs' ratios over their median; to reach = the ratio to be reached.")
    print()
    print(f"{'workload':<28} {'peer':<7} {'drover ns':>10} {'peer ns':>10} {'ratio':>7} {'spread':>7} {'to reach':>8}")
    for row in rows:
        mark = "*" if row["new"] else ""
        print(f"{row['workload'] + mark:<28} {row['peer']:<7} {row['drover_ns']:>10.1f} {row['peer_ns']:>10.1f} "
              f"{row['ratio']:>7.2f} {spread_text(row):>6} {verdict(row)}")
    for peer in PEERS:
        logs = [math.log(row["ratio"]) for row in rows if row["peer"] == peer and not row["new"]]
        if len(logs) > 1:
            print(f"{'geometric mean':<28} {peer:<7} {'':>10} {'':>10} {math.exp(statistics.fmean(logs)):>7.2f}")
    if any(row["new"] for row in rows):
        print("* a new row, not one of the seven: the geometric mean leaves it out.")
    lost = [f"{row['workload']} ({row['peer']})" for row in rows if row["lost"]]
    if lost:
        print("Rows that drover loses: " + ", ".join(lost) + ".")


class Disturbance:
    """How much of the processors went elsewhere while our programs ran: a table from a busy machine should say so."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        """Seconds of all processors: in all, at work, taken by the hypervisor; and what our own children used."""
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, idle, iowait, irq, softirq, steal = (int(word) for word in file.readline().split()[1:9])
        busy = user + nice + system + irq + softirq
        tick = os.sysconf("SC_CLK_TCK")
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ((busy + idle + iowait + steal) / tick, busy / tick, steal / tick, ours.ru_utime + ours.ru_stime)

    def sentence(self):
        total, busy, stolen, ours = (after - before for before, after in zip(self.start, self.now()))
        others = max(0.0, busy - ours) / max(total, 0.01)
        return (f"Meanwhile other programs had {others:.0%} of the processors and the hypervisor "
                f"{stolen / max(total, 0.01):.0%}.")


def at_least(kind, least):
    def parse(text):
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is too small, it must be {least} or more")
        return value

    return parse


def main():
    parser = argparse.ArgumentParser(description="Runs drover's workloads and its peers' in turn and prints one table.")
    parser.add_argument("--build", required=True, metavar="DIR", help="build tree that holds the programs")
    parser.add_argument("--json", metavar="FILE", help="also write the rows to this file")
    parser.add_argument("--filter", default="", metavar="RE", help="only rows whose WORKLOAD or WORKLOAD/PEER matches")
    parser.add_argument("--pairs", type=at_least(int, 1), metavar="N",
                        help="pairs a row (default 9, with --sizes suite 3)")
    parser.add_argument("--sizes", choices=("steady", "suite"), default="steady",
                        help="steady: about half a second a run; suite: Savina's rows with that suite's own sizes")
    parser.add_argument("--scale", type=at_least(float, 0.001), default=1.0, metavar="X",
                        help="factor on the number of messages, for a quick look")
    options = parser.parse_args()

    programs = find_programs(options.build)
    for peer in PEERS:
        if peer not in programs:
            print(f"{peer}: left out, it is not installed or was not built in {options.build}.", file=sys.stderr)
    try:
        chosen = re.compile(options.filter)
    except re.error as error:
        raise Failure(f"--filter {options.filter!r} is no regular expression: {error}.") from None
    rows = [(workload, peer) for workload in WORKLOADS for peer in PEERS
            if workload in PEERS[peer] and peer in programs and (options.sizes == "steady" or workload in SUITE)
            and (chosen.search(workload) or chosen.search(f"{workload}/{peer}"))]
    if not rows:
        raise Failure(f"there is nothing to run: no workload and installed peer match --filter {options.filter!r}.")

    if options.pairs is None:
        options.pairs = 9 if options.sizes == "steady" else 3

    calibration = output_of(programs["calibrate"])
    disturbance = Disturbance()
    try:
        pairs = measure(programs, rows, options.pairs, options.sizes, options.scale)
    except Failure as failure:
        print(f"\nrun.py: {failure}", file=sys.stderr)
        return 1
    table = [row_of(workload, peer, messages_of(workload, options.sizes, options.scale), pairs[workload, peer])
             for workload, peer in rows]
    disturbed = disturbance.sentence()
    print_table(table, calibration, options.pairs, disturbed)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"calibration": calibration, "sizes": options.sizes, "pairs": options.pairs,
                       "disturbance": disturbed, "rows": table}, file, indent=2)
            file.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"run.py: {failure}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
