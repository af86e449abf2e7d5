#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""The picture of what benches/scale has written with --json: plot.py FILE DIR

DIR/scale.svg has a panel for each sweep: medians with their quartiles, and as a line the model that they should follow. The
same file gives the same bytes.
"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "drover"  # else names in the file are new each time
matplotlib.rcParams["svg.fonttype"] = "none"  # letters as letters: their outlines would be most of the file
import matplotlib.pyplot as plt  # noqa: E402
import matplotlib.ticker  # noqa: E402


def figure_text(value):
    return f"{value:,.0f}".replace(",", " ") if value >= 1000 else f"{value:.3g}"


def label(term, unit):
    return f"{figure_text(term['coefficient'])} {unit}: {term['name']}{'' if term['fitted'] else ', not fitted'}"


def draw(panel, sweep):
    points = sweep["points"]
    medians = [point["median"] for point in points]
    panel.plot(*zip(*sweep["curve"]), color="tab:orange", linewidth=1.2,
               linestyle=":" if sweep["steps"] else "-",
               label="model\n" + "\n".join("  " + label(term, sweep["unit"]) for term in sweep["terms"]))
    panel.errorbar([point["x"] for point in points], medians,
                   yerr=([point["median"] - point["low"] for point in points],
                         [point["high"] - point["median"] for point in points]),
                   color="tab:blue", marker="o", markersize=4, linewidth=0, elinewidth=1, capsize=2, label="measured")
    panel.tick_params(labelsize=8)
    panel.set_title(sweep["title"], fontsize=9)
    panel.set(xlabel=sweep["x"], ylabel=sweep["unit"])
    places = [point["x"] for point in points]
    if places[-1] > 10 * places[0]:
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda x, _: figure_text(x))
        panel.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    else:
        panel.set_xticks(places)
    if max(medians) > 20 * min(medians):
        panel.set_yscale("log")
        if medians[-1] > medians[0]:
            panel.set_ylim(None, 5 * max(medians))  # room for the legend
        panel.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    else:
        panel.set_ylim(0, 1.5 * max(max(medians), max(y for _, y in sweep["curve"])))
    panel.yaxis.set_major_formatter(lambda y, _: figure_text(y))
    falls = medians[0] > medians[-1] and panel.get_yscale() == "log"
    panel.legend(fontsize=6.5, frameon=False, loc="upper right" if falls else "upper left")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            report = json.load(file)
        os.makedirs(sys.argv[2], exist_ok=True)
    except (OSError, ValueError) as error:
        print(f"plot.py: {error}", file=sys.stderr)
        return 2
    sweeps = report["sweeps"]
    if not sweeps:
        print("plot.py: there are no sweeps in this file", file=sys.stderr)
        return 2
    columns = min(2, len(sweeps))
    rows = -(-len(sweeps) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(4.8 * columns, 3.2 * rows + 0.4), squeeze=False)
    for panel, sweep in zip(panels.flat, sweeps):
        draw(panel, sweep)
    for panel in list(panels.flat)[len(sweeps):]:
        panel.set_visible(False)
    figure.suptitle(f"{report['processors']} processors; medians and quartiles; runs a place: {report['rounds']}", fontsize=10)
    figure.tight_layout()
    written = os.path.join(sys.argv[2], "scale.svg")
    figure.savefig(written, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    print(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
