#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""The pictures of docs/performance.md, as SVG: plot.py FIGURES PEERS DIR

FIGURES is what record.py has written, PEERS what benches/peers/run.py has written with --json. The same files give the same
bytes. Into DIR go costs.svg (what features add to a message), batches.svg and peers.svg.
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "drover"  # else names in the file are new each time
import matplotlib.pyplot as plt  # noqa: E402

import tables  # noqa: E402


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(os.path.join(folder, name), metadata={"Date": None, "Creator": None})
    plt.close(figure)


def costs(figures, folder):
    """A bar a feature: what it adds to a message, and from which to which that was in the runs."""
    groups = [("metrics_cost/producers:1", "off", [
        ("counter_metrics", "counters"), ("latency_metrics<64>", "latency 1 in 64"),
        ("latency_metrics<1, 64>", "handlers all, waits 1 in 64"), ("latency_metrics<1>", "handlers and waits all")]),
              ("tracing_cost/producers:1", "off", [("tracing, not sampled", "not sampled"), ("tracing, recorded", "recorded")]),
              ("pool_tell/one_member/producers:1", "direct",
               [(label.replace("`", ""), name) for label, name in tables.POLICIES])]
    labels, added, errors, colours = [], [], ([], []), []
    for place, (bench, first, rows) in enumerate(groups):
        base = figures.median(bench, "ns " + first)
        for label, name in rows:
            low, middle, high = (base * (ratio - 1) for ratio in figures.three(bench, f"{name}/{first}"))
            labels.append(label)
            added.append(middle)
            errors[0].append(middle - low)
            errors[1].append(high - middle)
            colours.append(f"C{place}")
    figure, panel = plt.subplots(figsize=(8, 0.28 * len(labels) + 1))
    panel.barh(range(len(labels)), added, xerr=errors, color=colours, error_kw={"elinewidth": 1})
    panel.set_yticks(range(len(labels)), labels, fontsize=8)
    panel.invert_yaxis()
    panel.axvline(0, color="black", linewidth=0.8)
    panel.set_xlabel("ns a message more: metrics and tracing of ping-pong, pools of a tell")
    save(figure, folder, "costs.svg")


def batches(figures, folder):
    figure, panel = plt.subplots(figsize=(8, 3.4))
    sizes = (1, 8, 32, 128)
    for place, payload in enumerate((8, 48, 64, 256)):
        bench = f"tell_batch/bytes_{payload}/producers:1"
        panel.plot(sizes, [figures.median(bench, f"ns tell_batch_{size}") for size in sizes], marker="o", markersize=4,
                   color=f"C{place}", label=f"{payload} bytes")
        panel.axhline(figures.median(bench, "ns tell"), color=f"C{place}", linestyle=":", linewidth=1)
    panel.set_xscale("log", base=2)
    panel.set_xticks(sizes, [str(size) for size in sizes])
    panel.set_xlabel("messages in a tell_batch (dotted: tell, one by one)")
    panel.set_ylabel("ns a message")
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=8, frameon=False)
    save(figure, folder, "batches.svg")


def peers(report, folder):
    rows = report["rows"]
    names = list(dict.fromkeys(row["workload"] for row in rows))
    figure, panel = plt.subplots(figsize=(8, 0.3 * len(names) + 1))
    for place, peer in enumerate(dict.fromkeys(row["peer"] for row in rows)):
        mine = {row["workload"]: row["ratio"] for row in rows if row["peer"] == peer}
        where = [number for number, name in enumerate(names) if name in mine]
        panel.plot([mine[names[number]] for number in where], where, "os^"[place], color=f"C{place}", markersize=6,
                   label=f"{peer} over drover")
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.invert_yaxis()
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    panel.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    for at, style in ((1, "-"), (10, ":")):
        panel.axvline(at, color="black", linewidth=0.8, linestyle=style)
    panel.grid(axis="x", linewidth=0.3)
    panel.set_xlabel("time a message of the peer over ours; right of 1 drover is faster")
    panel.legend(fontsize=8, frameon=False)
    save(figure, folder, "peers.svg")


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        figures = tables.Figures(json.load(file))
    with open(sys.argv[2], encoding="utf-8") as file:
        beside = json.load(file)
    costs(figures, sys.argv[3])
    batches(figures, sys.argv[3])
    peers(beside, sys.argv[3])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except tables.Failure as failure:
        print(f"plot.py: {failure}", file=sys.stderr)
        sys.exit(2)
