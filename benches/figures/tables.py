#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Writes the tables of the documentation from the committed figures: tables.py ROOT [--check]

A table stands between `<!-- table: NAME -->` and `<!-- /table -->` in README.md or a file of docs/, where NAME is one of
those below. With --check nothing is written; a table that is not what the figures say is a complaint and status 1.
Figures: docs/pictures/performance.json (by record.py), docs/pictures/peers.json (by benches/peers/run.py --json),
docs/pictures/regression-power.json and benches/regression/ledger/ (by `dev.sh regress --prove`).
"""

import json
import pathlib
import re
import statistics
import sys

PLACE = re.compile(r"(<!-- table: ([a-z_]+) -->\n)(.*?)(<!-- /table -->)", re.DOTALL)


class Failure(Exception):
    """One sentence for the person who started this."""


def number(value):
    """Three digits are what such a machine can tell: 6.51, 25.4, 104, 1 520."""
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}".replace(",", " ")
    return text


class Figures:
    """What record.py has kept."""

    def __init__(self, report):
        self.benches = report["benches"]
        self.runs = report["runs"]
        self.machine = report["machine"]

    def three(self, bench, counter):
        """(lowest, median, highest) of the runs."""
        try:
            return self.benches[bench][counter]
        except KeyError:
            raise Failure(f"there is no figure {counter!r} of {bench!r}; run ./cmake/dev.sh pictures --figures") from None

    def median(self, bench, counter):
        return self.three(bench, counter)[1]

    def cells(self, bench, counter):
        """Median, and from which to which it was."""
        low, middle, high = self.three(bench, counter)
        return [number(middle), f"{number(low)} to {number(high)}"]


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def singles(rows, unit):
    """One figure a row: (label, bench, counter)."""
    def write(figures):
        return markdown(["what", unit, f"in {figures.runs} runs"],
                        [[label, *figures.cells(bench, counter)] for label, bench, counter in rows])

    return write


def beside(bench, first, rows):
    """Several ways to do the same, timed in turn, by what they take beyond the first: (label, counter)."""
    def write(figures):
        base = figures.median(bench, "ns " + first[1])
        lines = [[first[0], *figures.cells(bench, "ns " + first[1]), "", ""]]
        for label, name in rows:
            low, ratio, high = figures.three(bench, f"{name}/{first[1]}")
            lines.append([label, *figures.cells(bench, "ns " + name), f"{base * (ratio - 1):+.1f}",
                          f"{ratio:.2f} ({low:.2f} to {high:.2f})"])
        return markdown(["", "ns a message", f"in {figures.runs} runs", "beyond the first", "ratio"], lines)

    return write


def across(benches, rows, head):
    """The same ways in several benches, a column each."""
    def write(figures):
        return markdown(head, [[label, *(number(figures.median(bench, "ns " + name)) for bench in benches)]
                               for label, name in rows])

    return write


def caches(figures):
    kinds = [("`direct_mapped_cache<1024>`", "direct_mapped_1024"),
             ("`set_associative_cache<1024, 2>`", "2_ways_1024"), ("`set_associative_cache<1024, 4>`", "4_ways_1024"),
             ("`set_associative_cache<1024, 8>`", "8_ways_1024")]
    uses = [("512 names, uniform", "names:512/zipf_tenths:0/churn_percent_per_second:0"), ("2 048", "names:2048/zipf_tenths:0/churn_percent_per_second:0"),
            ("10 000 names, Zipf 1.0", "names:10000/zipf_tenths:10/churn_percent_per_second:0"),
            ("Zipf 1.5", "names:10000/zipf_tenths:15/churn_percent_per_second:0")]
    rows = []
    for label, kind in kinds:
        row = [label]
        for _, use in uses:
            bench = f"route_cache/{kind}/{use}"
            row.append(f"{figures.median(bench, 'hit_percent'):.0f} %, {figures.median(bench, 'ns_per_operation'):.1f} ns")
        rows.append(row)
    return markdown(["hits, and what a look takes", *(label for label, _ in uses)], rows)


def mailboxes(figures):
    kinds = [("`unbounded_mailbox`", "unbounded"), ("`bounded_mailbox`, `reject_newest`", "reject_newest"),
             ("`drop_newest`", "drop_newest"), ("`drop_oldest`", "drop_oldest"), ("`block_sender`", "block_sender"),
             ("`fail_actor`", "fail_actor"), ("`priority_mailbox<4>`", "priority")]
    rows = [[label, *(number(figures.median(f"delivery/many_to_one/producers:{count}", "ns " + name))
                      for count in (1, 2, 4, 8))] for label, name in kinds]
    alone = figures.median("delivery/one_to_one/producers:1", "ns single_producer")
    rows.append(["`single_producer_mailbox`", number(alone), "", "", ""])
    return markdown(["ns a message", "1 sender", "2", "4", "8"], rows)


POLICIES = [("`round_robin`", "round_robin"), ("`weighted_round_robin`", "weighted_round_robin"), ("`random_pick`", "random"),
            ("`power_of_two_choices`", "two_choices"), ("`least_loaded`", "least_loaded"), ("`join_idle_queue<>`", "idle_queue"),
            ("`shared_queue`", "shared_queue"), ("`round_robin` by the pool's ref", "by_ref")]
TABLES = {
    "paths": singles([
        ("push and pop of an unbounded mailbox, one thread", "mailbox/push_pop", "ns_per_operation"),
        ("the same, with the receiver going idle each time", "mailbox/push_pop_idle", "ns_per_operation"),
        ("a message of ping-pong, one worker", "metrics_cost/producers:1", "ns off"),
        ("a message of ping-pong, two workers", "ping_pong/threads:2", "ns_per_message"),
        ("an ask between actors, with `then`", "ask_then/threads:2", "ns_per_message"),
        ("an ask between actors, with `co_await`", "ask_coroutine/threads:2", "ns_per_message"),
        ("an ask from a thread that waits (two threads are woken)", "ask_and_get/threads:2", "ns_per_message"),
        ("a timer, set and cancelled beside a million others", "timers/set_and_cancel_beside_a_million", "ns_per_operation"),
        ("a timer, fired", "timers/fire", "ns_per_operation"),
        ("an actor, spawned by another", "spawn_children/threads:2", "ns_per_message"),
        ("an actor, spawned from outside", "spawn_from_outside/threads:2", "ns_per_message"),
    ], "ns"),
    "metrics": beside("metrics_cost/producers:1", ("no policy", "off"), [
        ("`counter_metrics`", "counters"),
        ("`latency_metrics<64>`", "latency 1 in 64"),
        ("`latency_metrics<1, 64>`", "handlers all, waits 1 in 64"),
        ("`latency_metrics<1>`", "handlers and waits all"),
    ]),
    "tracing": beside("tracing_cost/producers:1", ("no policy", "off"), [
        ("`flight_tracing`, trace not sampled", "not sampled"),
        ("`flight_tracing`, every message (3 events)", "recorded"),
    ]),
    "pools": beside("pool_tell/one_member/producers:1", ("tell to the actor", "direct"), POLICIES),
    "batches": across([f"tell_batch/bytes_{size}/producers:1" for size in (8, 48, 64, 256)], [
        ("`tell`", "tell"), ("`tell_batch`, of 1", "tell_batch_1"), ("of 8", "tell_batch_8"), ("of 32", "tell_batch_32"),
        ("of 128", "tell_batch_128")], ["ns a message", "8 bytes", "48 bytes", "64 bytes", "256 bytes"]),
    "spans": across([f"span_handler/messages:{count}/producers:1" for count in (4096, 65536)], [
        ("one by one", "single"), ("`std::span`, up to 128", "span")], ["ns a message", "4 096 wait", "65 536, which no cache holds"]),
    "mailboxes": mailboxes,
    "names": singles([
        ("a tell by ref", "by_name/cached_tell", "ns_by_ref"),
        ("beyond it, by an `address` and a router", "by_name/cached_tell", "ns_more_by_address"),
        ("beyond it, by a text of 16 bytes and a router", "by_name/cached_tell", "ns_more_by_text"),
    ], "ns"),
    "caches": caches,
}


def peers(report, new=(False, True)):
    """All rows, or those of the seven workloads that were there from the start (new=(False,))."""
    rows = []
    for row in report["rows"]:
        if row["new"] not in new:
            continue
        mark = " **lost**" if row["ratio"] <= 1 else ""
        rows.append([row["workload"], f"{row['drover_ns']:.0f}", row["peer"], f"{row['peer_ns']:.0f}",
                     f"{row['ratio']:.{1 if row['ratio'] >= 2 else 2}f}{mark}", f"{100 * row['spread']:.0f} %"])
    return markdown(["workload", "drover ns", "peer", "peer ns", "ratio", "spread"], rows)


def peers_mean(report):
    """The geometric mean of the seven workloads' ratios, and how many rows of all are lost."""
    means = {peer: statistics.geometric_mean(row["ratio"] for row in report["rows"] if row["peer"] == peer and not row["new"])
             for peer in ("caf", "erlang")}
    lost = [f"`{row['workload']}` beside {row['peer']}" for row in report["rows"] if row["ratio"] <= 1]
    return (f"Geometric mean of these ratios: {means['caf']:.1f} beside CAF, {means['erlang']:.1f} beside Erlang. Rows of all "
            f"{len(report['rows'])} that drover loses: {', '.join(lost) or 'none'}.\n")


def machine(figures):
    about = figures.machine
    return (f"{about['processors']} processors ({about['processor']}, a virtual machine), Linux {about['kernel']}, "
            f"{about['compiler']}, -O2; medians of {figures.runs} processes.\n")


def proofs(root):
    """All suites of the regression detector's ledger, live and resampled ones apart."""
    sums = {}
    for path in sorted((root / "benches" / "regression" / "ledger").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            for kind in ("live", "resampled"):
                for count in entry.get(kind, []):
                    so_far = sums.setdefault((kind, count["slower"]), [0, 0, 0, 0])
                    for place, word in enumerate(("suites", "alarms", "inconclusive", "compare_py")):
                        so_far[place] += count[word]
    rows = [[kind, f"{slower:g} %", *map(str, counts)] for (kind, slower), counts in sorted(sums.items())]
    return markdown(["suites", "slower by", "in all", "failed", "inconclusive", "`compare.py` marks a bench"], rows)


def power(root):
    """The power curve's points."""
    found = json.loads((root / "docs" / "pictures" / "regression-power.json").read_text(encoding="utf-8"))
    rows = [[f"{row['slower']} %", *(f"{100 * row[word] / row['suites']:.3g} %" for word in
                                     ("fail", "inconclusive", "pass", "others_failed", "compare_py", "compare_py_others"))]
            for row in found["simulated"]]
    return markdown(["slower by", "failed", "inconclusive", "passed", "another failed", "`compare.py` marks it",
                     "`compare.py` marks another"], rows)


def rewritten(root):
    """{path: (text as it is, text as it should be)} of the documents that have tables."""
    pictures = root / "docs" / "pictures"
    figures = Figures(json.loads((pictures / "performance.json").read_text(encoding="utf-8")))
    beside_peers = json.loads((pictures / "peers.json").read_text(encoding="utf-8"))

    others = {"peers": lambda: peers(beside_peers), "peers_first": lambda: peers(beside_peers, new=(False,)),
              "peers_mean": lambda: peers_mean(beside_peers), "machine": lambda: machine(figures),
              "proofs": lambda: proofs(root), "power": lambda: power(root)}

    def table(found):
        name = found.group(2)
        if name in others:
            made = others[name]()
        elif name in TABLES:
            made = TABLES[name](figures)
        else:
            raise Failure(f"no table is called {name!r}; there are " + ", ".join(sorted([*TABLES, *others])))
        return f"{found.group(1)}\n{made}\n{found.group(4)}"

    documents = {}
    for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        if PLACE.search(text):
            documents[path] = (text, PLACE.sub(table, text))
    return documents


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"]):
        print(__doc__)
        return 2
    status = 0
    for path, (before, after) in rewritten(pathlib.Path(sys.argv[1]).resolve()).items():
        if before == after:
            continue
        if sys.argv[2:]:
            print(f"{path}: a table is not what the figures say; run ./cmake/dev.sh pictures")
            status = 1
        else:
            path.write_text(after, encoding="utf-8")
            print(f"{path}: written")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"tables.py: {failure}", file=sys.stderr)
        sys.exit(2)
