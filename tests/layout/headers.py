#!/usr/bin/env python3
"""Each header compiles alone: headers.py INCLUDE_DIR [--jobs N] -- COMPILER [FLAG...]

Every header below INCLUDE_DIR/drover is included by an otherwise empty source, twice, so that a missing include, a
missing `#pragma once` and a warning all show. Sources come through a pipe: `#pragma once` in a main file would be a
warning.
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import time

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def compile_alone(compiler, include_dir, header):
    """What the compiler says of one header: nothing if it is content."""
    line = f"#include <{header}>\n"
    run = subprocess.run([*compiler, *FLAGS, f"-I{include_dir}", "-x", "c++", "-"], input=line + line, text=True,
                         capture_output=True, errors="replace")
    return run.stderr if run.returncode != 0 else ""


def check(include_dir, compiler, jobs=2):
    """[(header, what the compiler says)] of those that do not compile alone, and the number of headers."""
    include_dir = pathlib.Path(include_dir).resolve()
    headers = sorted(str(path.relative_to(include_dir)) for path in (include_dir / "drover").rglob("*.hpp"))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        answers = pool.map(lambda header: compile_alone(compiler, include_dir, header), headers)
        return [(header, answer) for header, answer in zip(headers, answers) if answer], len(headers)


def main():
    if "--" not in sys.argv or len(sys.argv) < 4:
        print(__doc__)
        return 2
    split = sys.argv.index("--")
    arguments, compiler = sys.argv[1:split], sys.argv[split + 1:]
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    start = time.monotonic()
    bad, count = check(arguments[0], compiler, jobs)
    for header, answer in bad:
        print(f"<{header}> does not compile alone:\n{answer}")
    print(f"headers: {count - len(bad)} of {count} compile alone under {' '.join(compiler)}, "
          f"{time.monotonic() - start:.0f} s")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
