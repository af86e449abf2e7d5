#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""The power curve of what `regress --prove power` has written: plot.py FILE SVG. The same file gives the same bytes.

How often the one slower bench of a suite was found, against how much slower it was; bars are Clopper and Pearson's 95 %.
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "drover"  # else names in the file are new each time
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402


def share_with_bars(counts, totals):
    """(shares, [how far the bars go down, and up]), in per cent."""
    counts, totals = np.array(counts, dtype=float), np.array(totals, dtype=float)
    shares = counts / totals
    low = np.where(counts > 0, stats.beta.ppf(0.025, counts, totals - counts + 1), 0)
    high = np.where(counts < totals, stats.beta.ppf(0.975, counts + 1, totals - counts), 1)
    return 100 * shares, np.round(100 * np.array([shares - low, high - shares]).clip(0), 6)


def draw(found, path):
    rows, origin, measured = found["simulated"], found["origin"], found["measured"]
    slower = [row["slower"] for row in rows]
    suites = [row["suites"] for row in rows]
    figure, panel = plt.subplots(figsize=(7.6, 4.8))
    shares, bars = share_with_bars([row["fail"] for row in rows], suites)
    panel.errorbar(slower, shares, yerr=bars, marker="o", markersize=4, linewidth=1.4, capsize=3, color="#2463a8",
                   label="found (simulated)")
    panel.plot(slower, 100 * np.array([row["pass"] for row in rows]) / suites, marker="s", markersize=4, linewidth=1.2,
               color="#17733a", label="passed (simulated)")
    panel.plot(slower, 100 * np.array([row["compare_py"] for row in rows]) / suites, marker="^", markersize=4, linewidth=1.2,
               linestyle="--", color="#8a6100", label="marked by compare.py, same pairs")
    panel.plot(slower, 100 * np.array([row["compare_py_others"] for row in rows]) / suites, marker="v", markersize=4,
               linewidth=1.2, linestyle=":", color="#b3261e", label="compare.py marks one that is not slower")
    live = [row for row in found["injected"] if row["benches"]]
    if live:
        shares, bars = share_with_bars([row["fail"] for row in live], [row["benches"] for row in live])
        panel.errorbar([row["slower"] for row in live], shares, yerr=bars, marker="x", markersize=6, linestyle="none", capsize=3,
                       color="black", label="found (injected, live)")
    panel.axhline(95, color="black", linewidth=0.6, linestyle=":")
    panel.set(xlabel="by how much the bench is slower, %", ylabel="% of suites", ylim=(-3, 103), xticks=slower)
    panel.set_title(f"A suite of {found['benches']} benches, one of them slower", fontsize=11)
    figure.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 0.035), ncol=3, frameon=False)
    panel.grid(linewidth=0.3)
    figure.text(0.01, 0.01, f"{suites[0]} suites a point, of {measured['pairs']} pairs measured {origin['date']} at "
                f"{origin['commit'][:12]}; {origin['machine']['processors']} processors, of which others had "
                f"{origin['others']:.0%}", fontsize=7, color="#57606a")
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            draw(json.load(file), sys.argv[2])
    except (OSError, ValueError, KeyError) as error:
        print(f"plot.py: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
