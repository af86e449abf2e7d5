#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Pictures of what benches/balancing has written with --json: plot.py FILE DIR [NAME.KIND…]

Into DIR, each as PNG and as SVG, or those that are named, as waits.svg; the same file gives the same bytes:
  waits         p99 of the time in the pool of 16 members against the load, a panel for each kind of pool
  deviation     how far the worst member was from its due, against the turn, a panel for each named set of weights
  p99_SERVICE   99th percentile of the time in the pool against the load, a panel for each kind and size of pool
  failed        share of jobs that failed where one member answers at once with a failure, against the load
  keys          share of keys that moved when one member of several was removed, against their number
  health        share of jobs that failed, by second, while a member of a real pool failed at once
  pick          cost of a pick against the number of members, a panel for each number of threads
A picture whose cells were not run is not made, nor a panel of one load only. Cells in which a queue grows without end
are left out.
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "drover"  # else names in the file are new each time
import matplotlib.pyplot as plt  # noqa: E402
import matplotlib.ticker  # noqa: E402
import numpy as np  # noqa: E402

POOLS = {
    "equal": "equal members",
    "skewed": "a quarter 4 times as fast",
    "one_slow": "one 10 times slower",
    "one_failing": "one fails at once",
}
MARKERS = "osv^D<>pPX*hd8"
WANTED = []


def unique(values):
    return list(dict.fromkeys(values))


class Picture:
    """Panels in rows and columns; a policy has the same colour and mark in all of them."""

    def __init__(self, rows, columns, policies, title):
        height = 3.2 * rows + 0.2 * -(-len(policies) // 4) + 0.5
        self.figure, self.panels = plt.subplots(rows, columns, figsize=(max(4.2 * columns, 8), height), squeeze=False)
        colours = plt.get_cmap("tab20").colors
        colours = colours[::2] + colours[1::2]
        self.styles = {policy: {"color": colours[number % len(colours)], "marker": MARKERS[number % len(MARKERS)],
                                "markersize": 4, "linewidth": 1.2} for number, policy in enumerate(policies)}
        handles = [plt.Line2D([], [], label=policy, **style) for policy, style in self.styles.items()]
        self.figure.legend(handles=handles, loc="lower center", ncol=4, fontsize=8, frameon=False)
        self.figure.suptitle(title, fontsize=11)
        self.room = (0.2 * -(-len(policies) // 4) + 0.1) / height

    def save(self, folder, name):
        self.figure.tight_layout(rect=(0, self.room, 1, 1))
        written = []
        for kind in ("png", "svg"):
            if not WANTED or f"{name}.{kind}" in WANTED:
                written.append(os.path.join(folder, f"{name}.{kind}"))
                undated = {"Date": None, "Creator": None} if kind == "svg" else None
                self.figure.savefig(written[-1], dpi=110, metadata=undated)
        plt.close(self.figure)
        return written


def plot_deviation(report, folder):
    rows = [row for row in report["deviations"] if row["series"]]
    if not rows:
        return []
    sets = unique(row["set"] for row in rows)
    policies = unique(row["policy"] for row in rows)
    picture = Picture(1, len(sets), policies, "Largest |served - due| of a member, in turns")
    for panel, name in zip(picture.panels[0], sets):
        for row in rows:
            if row["set"] == name:
                series = np.maximum(row["series"], 1e-3)
                turns = (np.arange(len(series)) + 1) * report["series_step"]
                panel.plot(turns, series, **{**picture.styles[row["policy"]], "marker": None})
        panel.axhline(1, color="black", linewidth=0.6, linestyle=":")
        panel.set(title=f"weights {name}", xlabel="turn", yscale="log", ylim=(0.05, None))
    return picture.save(folder, "deviation")


def load_panel(panel, picture, rows, figure_of):
    for policy in picture.styles:
        points = sorted((row["load"], figure_of(row)) for row in rows if row["policy"] == policy and not row["grows"])
        if points:
            loads, figures = zip(*points)
            panel.plot(loads, figures, **picture.styles[policy])


def label_decades(panel):
    """Figures at 1, 2, 5, 10 and so on, in place of powers of ten, of which a panel often has but one."""
    panel.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def curves(rows):
    """The rows of pools of which there are two loads at least: one makes no line."""
    pool_of = lambda row: (row["service"], row["pool"], row["members"])  # noqa: E731
    loads = {}
    for row in rows:
        loads.setdefault(pool_of(row), set()).add(row["load"])
    return [row for row in rows if row["pool"] in POOLS and len(loads[pool_of(row)]) > 1]


def plot_p99(report, folder):
    written = []
    for service in unique(row["service"] for row in report["queueing"]):
        rows = [row for row in curves(report["queueing"]) if row["service"] == service]
        sizes = sorted({row["members"] for row in rows})
        pools = [pool for pool in POOLS if any(row["pool"] == pool for row in rows)]
        if not pools:
            continue
        picture = Picture(len(pools), len(sizes), unique(row["policy"] for row in rows),
                          f"{service} service: p99 of the time in the pool, in mean service times")
        for line, pool in zip(picture.panels, pools):
            for panel, size in zip(line, sizes):
                here = [row for row in rows if row["pool"] == pool and row["members"] == size]
                if not here:
                    panel.set_visible(False)
                    continue
                load_panel(panel, picture, here, lambda row: row["p99"])
                panel.set_title(f"{POOLS[pool]}, n = {size}", fontsize=9)
                panel.set(xlabel="load of the healthy members, %", yscale="log")
        written += picture.save(folder, f"p99_{service}")
    return written


def plot_waits(report, folder):
    rows = [row for row in curves(report["queueing"]) if row["service"] == "exponential" and row["members"] == 16]
    pools = [pool for pool in POOLS if any(row["pool"] == pool for row in rows)]
    if not pools:
        return []
    columns = min(len(pools), 2)
    picture = Picture(-(-len(pools) // columns), columns, unique(row["policy"] for row in rows),
                      "16 members: p99 of the time in the pool, in mean service times")
    for panel, pool in zip(picture.panels.flat, pools):
        load_panel(panel, picture, [row for row in rows if row["pool"] == pool], lambda row: row["p99"])
        panel.set_title(POOLS[pool], fontsize=9)
        panel.set(yscale="log")
        label_decades(panel)
    for panel in picture.panels[-1]:
        panel.set(xlabel="load of the healthy members, %")
    return picture.save(folder, "waits")


def plot_failed(report, folder):
    rows = [row for row in curves(report["queueing"])
            if row["pool"] == "one_failing" and row["service"] == "exponential"]
    if not rows:
        return []
    sizes = sorted({row["members"] for row in rows})
    picture = Picture(1, len(sizes), unique(row["policy"] for row in rows),
                      "Jobs that failed, %: one member answers at once with a failure")
    for panel, size in zip(picture.panels[0], sizes):
        # Where a queue grows, the share of failed jobs is still what it is.
        here = [{**row, "grows": False} for row in rows if row["members"] == size]
        load_panel(panel, picture, here, lambda row: 100 * row["failed"])
        panel.axhline(100 / size, color="black", linewidth=0.6, linestyle=":")
        panel.set(title=f"n = {size}", xlabel="load of the healthy members, %", ylim=(0, None))
    return picture.save(folder, "failed")


def plot_keys(report, folder):
    rows = report["key_movement"]
    if len({row["members"] for row in rows}) < 2:
        return []
    picture = Picture(1, 1, unique(row["policy"] for row in rows),
                      "Keys that moved when one member of n was removed, % of all keys")
    panel = picture.panels[0][0]
    sizes = sorted({row["members"] for row in rows})
    for policy, style in picture.styles.items():
        here = sorted((row["members"], 100 * (row["removed"] + row["others"])) for row in rows
                      if row["policy"] == policy)
        panel.plot(*zip(*here), **style)
    panel.plot(sizes, [100 / size for size in sizes], color="black", linewidth=0.6, linestyle=":")
    panel.set(xlabel="members; dotted: the share of one, which has to move", xscale="log", yscale="log")
    label_decades(panel)
    panel.set_xticks(sizes)
    panel.get_xaxis().set_major_formatter("{x:.0f}")
    panel.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    return picture.save(folder, "keys")


def plot_health(report, folder):
    rows = report["health"]
    if not rows:
        return []
    policies = unique(row["policy"] for row in rows)
    picture = Picture(1, len(policies), unique(row["health"] for row in rows),
                      f"Jobs that failed, % by second: one of {rows[0]['members']} members of a pool fails at once")
    for panel, policy in zip(picture.panels[0], policies):
        for row in rows:
            if row["policy"] == policy:
                style = {**picture.styles[row["health"]], "marker": None}
                panel.plot(np.arange(len(row["failed"])), 100 * np.array(row["failed"]), **style)
                panel.axvspan(row["from"], row["to"], color="black", alpha=0.04, linewidth=0)
        panel.set(title=policy, xlabel="second of virtual time; shaded: the member fails", ylim=(0, 25))
    return picture.save(folder, "health")


def plot_picks(report, folder):
    rows = report["picks"]
    if not rows:
        return []
    threads = sorted({row["threads"] for row in rows})
    picture = Picture(1, len(threads), unique(row["policy"] for row in rows), "A pick, ns: median and the middle half")
    for panel, count in zip(picture.panels[0], threads):
        for policy, style in picture.styles.items():
            here = sorted((row["members"], row["ns"], row["low"], row["high"]) for row in rows
                          if row["policy"] == policy and row["threads"] == count)
            if here:
                members, ns, low, high = map(np.array, zip(*here))
                panel.errorbar(members, ns, yerr=(ns - low, high - ns), capsize=2, **style)
        panel.set(title=f"{count} thread{'s' if count > 1 else ''}", xlabel="members", xscale="log", yscale="log")
        panel.set_xticks(sorted({row["members"] for row in rows}))
        panel.get_xaxis().set_major_formatter("{x:.0f}")
        panel.minorticks_off()
    return picture.save(folder, "pick")


def main():
    WANTED.extend(sys.argv[3:])
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            report = json.load(file)
        os.makedirs(sys.argv[2], exist_ok=True)
    except (OSError, ValueError) as error:
        print(f"plot.py: {error}", file=sys.stderr)
        return 2
    written = []
    for plot in (plot_deviation, plot_waits, plot_p99, plot_failed, plot_keys, plot_health, plot_picks):
        written += plot(report, sys.argv[2])
    print("\n".join(written) if written else "plot.py: there is nothing to draw in these cells")
    return 0


if __name__ == "__main__":
    sys.exit(main())
