#!/usr/bin/python3
"""Takes Google Benchmark's options, and reports times that FAKE_BENCH names, a JSON object:

    {"benches": {"name": {"ns": 100, "noise": 0.01, "slower": 0.05, "sleep": 0.0}}, "does": {"name": "crash"}}

"does": crash, abort, hang, garbage, nothing, error (as SkipWithError reports it) or negative. The object is read from the file
beside this program with .json behind its name, so that two copies are two builds.
"""

import json
import os
import random
import re
import sys
import time


def main():
    given = dict(word[2:].split("=", 1) for word in sys.argv[1:] if word.startswith("--") and "=" in word)
    with open(os.path.abspath(sys.argv[0]).removesuffix(".copy") + ".json", encoding="utf-8") as file:
        world = json.load(file)
    if world.get("broken"):
        print("fake_bench: cannot start today", file=sys.stderr)
        return 5
    if "benchmark_list_tests" in given:
        print("\n".join(world["benches"]))
        return 0
    print("2026-01-01T00:00:00+00:00\nRunning ./fake\nRun on (2 X 2000 MHz CPU s)\nCPU Caches:\n  L1 Data 48 KiB (x2)\n"
          "Load Average: 0.10, 0.10, 0.10\n***WARNING*** Library was built as DEBUG.", file=sys.stderr, flush=True)
    rows = []
    for name, bench in world["benches"].items():
        if not re.search(given["benchmark_filter"], name):
            continue
        what = world.get("does", {}).get(name)
        if what == "crash":
            print(f"{name}: index 7 is out of range", file=sys.stderr)
            return 3
        if what == "abort":
            os.abort()
        if what == "hang":
            time.sleep(1000)
        if what == "garbage":
            with open(given["benchmark_out"], "w", encoding="utf-8") as file:
                file.write("{]")
            return 0
        time.sleep(bench.get("sleep", 0))
        slower = bench.get("slower", 0) + float(os.environ.get("DROVER_REGRESS_SLOWER", 0)) / 100
        process = bench["ns"] * (1 + slower) * random.lognormvariate(0, bench.get("noise", 0.005))
        for _ in range(int(given["benchmark_repetitions"])):
            row = {"name": name, "run_type": "iteration", "time_unit": "us", "real_time": process / 1000}
            if what == "error":
                row |= {"error_occurred": True, "error_message": "the sum is 3, and 4 was expected."}
            if what == "negative":
                row["real_time"] = -1.0
            rows.append(row)
        rows.append({"name": name + "_median", "run_type": "aggregate", "time_unit": "us", "real_time": 1.0})
        if what == "nothing":
            rows = []
    with open(given["benchmark_out"], "w", encoding="utf-8") as file:
        json.dump({"benchmarks": rows}, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
