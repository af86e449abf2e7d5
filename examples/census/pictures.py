#!/usr/bin/env python3
"""Pictures of a census that was watched while it ran.

    pictures.py record CENSUS METRICS TRACE LARGE SMALL…
        counts the directory LARGE with --metrics, and writes what it served every 50 ms as JSON to METRICS; and the
        directories SMALL with --trace, and writes the last part of that to TRACE
    pictures.py draw FILE PICTURE
        draws either as SVG; the same file gives the same bytes
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

EVERY = 0.05  # seconds
BEFORE = 3000  # µs of a trace before the harvest
PARSER = '{actor="census::parser"}'
LINE = re.compile(r"^(\w+)(\{[^}]*\})? (\S+)$")


def served(port):
    """What is on the page, by name and labels; None if there is no page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            text = page.read().decode()
    except OSError:
        return None
    found = (LINE.match(line) for line in text.splitlines())
    return {match[1] + (match[2] or ""): float(match[3]) for match in found if match}


def sum_of(values, name):
    return sum(value for key, value in values.items() if key.split("{")[0] == name)


def record_metrics(census, file, directories):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen([census, "--json", "--metrics", str(port), *directories], stdout=subprocess.DEVNULL)
    began = time.monotonic()
    samples = []
    while child.poll() is None:
        values = served(port)
        if values is not None:
            buckets = {key.split('le="')[1].split('"')[0]: value for key, value in values.items()
                       if key.startswith("drover_actor_processing_time_seconds_bucket{actor=\"census::parser\"")}
            samples.append({
                "seconds": round(time.monotonic() - began, 4),
                "handled": values.get(f"drover_actor_messages_processed_total{PARSER}", 0),
                "waiting": values.get(f"drover_actor_mailbox_messages{PARSER}", 0),
                "rejected": values.get(f"drover_actor_messages_rejected_total{PARSER}", 0),
                "parked": round(sum_of(values, "drover_worker_parked_seconds_total"), 6),
                "workers": values.get("drover_workers", 0),
                "buckets": buckets,
            })
        time.sleep(EVERY)
    if child.returncode != 0:
        sys.exit(f"pictures: the census ended with status {child.returncode}.")
    # What the server served after the work was done says nothing.
    last = samples[-1]["handled"]
    while len(samples) > 2 and samples[-2]["handled"] == last:
        samples.pop()
    with open(file, "w", encoding="utf-8") as out:
        lines = ",\n".join(json.dumps(each) for each in samples)
        out.write(f'{{"every": {EVERY}, "samples": [\n{lines}\n]}}\n')


def record_trace(census, file, directories):
    with tempfile.TemporaryDirectory() as folder:
        whole = os.path.join(folder, "trace.json")
        subprocess.run([census, "--json", "--trace", whole, *directories], check=True, stdout=subprocess.DEVNULL)
        with open(whole, encoding="utf-8") as source:
            events = json.load(source)["traceEvents"]
    # The screen only counts here; without it the rest is seen.
    events = [each for each in events if "census::screen" not in each["name"]]
    slices = [each for each in events if each["ph"] == "X"]
    harvest = min(each["ts"] for each in slices if each["name"].endswith("census::harvest"))
    first, last = harvest - BEFORE, max(each["ts"] + each["dur"] for each in slices)
    kept = [{**{key: each[key] for key in ("ph", "tid", "name", "ts", "dur", "id") if key in each},
             "ts": round(each.get("ts", first) - first, 3)}
            for each in events if each["ph"] == "M" or
            (each["ph"] in "Xsf" and each["ts"] <= last and each["ts"] + each.get("dur", 0) >= first)]
    names = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
    with open(file, "w", encoding="utf-8") as out:
        lines = ",\n".join(json.dumps(each) for each in kept if each["ph"] != "M")
        out.write(f'{{"threads": {json.dumps(names)}, "events": [\n{lines}\n]}}\n')


def quantile(share, before, now):
    """Of the observations between two pages, as Prometheus's histogram_quantile has it; None without any."""
    bounds = sorted((key for key in now if key != "+Inf"), key=float)
    counts = [now[bound] - before.get(bound, 0) for bound in bounds]
    wanted = share * (now["+Inf"] - before.get("+Inf", 0)) if "+Inf" in now else 0
    if not counts or wanted <= 0:
        return None
    low, passed = 0.0, 0.0
    for bound, count in zip(bounds, counts):
        if count >= wanted:
            return low + (float(bound) - low) * (wanted - passed) / (count - passed)
        low, passed = float(bound), count
    return low


def short(name):
    """ "parser: work" of "census::parser: census::work"; what a lambda handles of a lambda."""
    actor, _, message = name.rpartition(": ")
    return ("merger" if "lambda" in actor else actor.split("::")[-1]) + ": " + message.split("::")[-1]


def draw_trace(trace, plt):
    import matplotlib.patches

    slices = [each for each in trace["events"] if each["ph"] == "X" and not each["name"].endswith(" (sent)")]
    tracks = {int(tid): name for tid, name in trace["threads"].items()}
    places = {tid: place for place, tid in enumerate(sorted(tracks, key=lambda tid: tracks[tid], reverse=True))}
    kinds = list(dict.fromkeys(short(each["name"]) for each in sorted(slices, key=lambda each: each["ts"])))
    colours = dict(zip(kinds, plt.get_cmap("tab20").colors))
    figure, panel = plt.subplots(figsize=(10, 4.5))
    for each in slices:
        panel.barh(places[each["tid"]], each["dur"] / 1000, left=each["ts"] / 1000, height=0.4,
                   color=colours[short(each["name"])], edgecolor="white", linewidth=0.3)
    ends = {each["id"]: each for each in trace["events"] if each["ph"] == "f"}
    for each in trace["events"]:
        end = ends.get(each.get("id"))
        if each["ph"] == "s" and end is not None and each["tid"] != end["tid"]:
            panel.annotate("", xy=(end["ts"] / 1000, places[end["tid"]]), xytext=(each["ts"] / 1000, places[each["tid"]]),
                           arrowprops={"arrowstyle": "->", "color": "0.35", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0})
    panel.set_yticks(list(places.values()), [tracks[tid] for tid in places])
    panel.set_xlabel("milliseconds")
    panel.set_xlim(left=0)
    panel.set_ylim(-0.5, len(places) - 0.5)
    figure.legend(handles=[matplotlib.patches.Patch(color=colours[kind], label=kind) for kind in kinds], fontsize=8,
                  loc="lower center", ncol=4, frameon=False)
    figure.suptitle("The end of a census: the last files, the harvest, and the merging of what was found", fontsize=11)
    figure.tight_layout(rect=(0, 0.03 + 0.05 * -(-len(kinds) // 4), 1, 1))
    return figure


def draw(file, picture):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "drover"
    import matplotlib.pyplot as plt

    with open(file, encoding="utf-8") as source:
        recorded = json.load(source)
    figure = draw_trace(recorded, plt) if "events" in recorded else draw_metrics(recorded["samples"], plt)
    figure.savefig(picture, metadata={"Date": None} if str(picture).endswith(".svg") else {})


def draw_metrics(samples, plt):
    pairs = list(zip(samples, samples[2:]))  # over two intervals, as rates are
    times = [now["seconds"] for _, now in pairs]
    figure, (rate, waiting, busy, took) = plt.subplots(4, 1, sharex=True, figsize=(8, 8))
    rate.plot(times, [(now["handled"] - before["handled"]) / (now["seconds"] - before["seconds"])
                      for before, now in pairs], color="tab:blue")
    rate.set_ylabel("files a second")
    waiting.plot([each["seconds"] for each in samples], [each["waiting"] for each in samples], color="tab:orange")
    waiting.set_ylabel("files waiting")
    busy.plot(times, [1 - (now["parked"] - before["parked"]) / (now["seconds"] - before["seconds"]) / now["workers"]
                      for before, now in pairs], color="tab:green")
    busy.set_ylabel("workers awake")
    busy.set_ylim(0, 1.05)
    for share, colour in ((0.5, "tab:purple"), (0.99, "tab:red")):
        took.plot(times, [(quantile(share, before["buckets"], now["buckets"]) or float("nan")) * 1e6
                          for before, now in pairs], color=colour, label=f"{share * 100:g} %")
    took.set_ylabel("µs a file")
    took.set_yscale("log")
    took.legend(frameon=False, fontsize=8)
    took.set_xlabel("seconds")
    figure.suptitle("A census of /usr/include, as its metrics saw it", fontsize=11)
    figure.tight_layout()
    return figure


def main():
    if len(sys.argv) >= 7 and sys.argv[1] == "record":
        census, metrics, trace, large, *small = sys.argv[2:]
        record_metrics(census, metrics, [large])
        record_trace(census, trace, small)
    elif len(sys.argv) == 4 and sys.argv[1] == "draw":
        draw(sys.argv[2], sys.argv[3])
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
