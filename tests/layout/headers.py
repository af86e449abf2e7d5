#!/usr/bin/env python3
"""Each header compiles alone: headers.py INCLUDE_DIR [--jobs N] -- COMPILER [FLAG...]

Every header below INCLUDE_DIR/drover is included by an otherwise empty source, twice, so that a missing include, a
missing `#pragma once` and a warning all show. Sources come through a pipe: `#pragma once` in a main file would be a
warning.

What most headers begin with is precompiled, and read first where a header would read it anyway: one that the header
includes, itself or through others, at the head of a file and under no condition. The header's own text then sees what
it sees without, as all of its includes stand before it; and whether those compile alone their own turn shows.
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import precompiling  # noqa: E402
import source  # noqa: E402

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]

# What reading takes, in bytes of drover's text: a header of another library, as a guess; a precompiled one, whole.
FOREIGN = 50_000
PRECOMPILED = 40_000


def includes_at_head(text):
    """The names of the #includes before any code, and outside of any #if."""
    code = source.without_comments(text, strings=False)
    names = {line: name for line, _, name in source.includes(text)}
    found = []
    for number, line in enumerate(code.splitlines(), 1):
        word = line.split()
        if number in names:
            found.append(names[number])
        elif word and word[:2] != ["#pragma", "once"]:
            break
    return found


def closures(include_dir):
    """{header: the headers that it includes at their heads, itself or through others, but not itself}"""
    direct = {}
    for path in (include_dir / "drover").rglob("*.hpp"):
        direct[str(path.relative_to(include_dir))] = includes_at_head(source.read(path))
    found = {}
    for header in direct:
        seen, open_ends = set(), list(direct[header])
        while open_ends:
            name = open_ends.pop()
            if name not in seen:
                seen.add(name)
                open_ends += direct.get(name, [])
        found[header] = seen - {header}
    return found


def choose(include_dir, closure):
    """{header: the one to read precompiled before it}, for as many as are worth it."""
    sizes = {header: (include_dir / header).stat().st_size for header in closure}
    cost = {header: sum(sizes.get(name, FOREIGN) for name in {header} | closure[header]) for header in closure}
    saved, chosen = dict.fromkeys(closure, 0), {}

    def gain(first):
        return {header: cost[first] - PRECOMPILED - saved[header] for header in closure
                if first in closure[header] and header not in closure[first]
                and cost[first] - PRECOMPILED > saved[header]}

    while closure:
        gains = {first: gain(first) for first in closure}
        best = max(gains, key=lambda first: sum(gains[first].values()) - 2 * cost[first])
        if sum(gains[best].values()) <= 2 * cost[best]:
            break
        for header, more in gains[best].items():
            saved[header] += more
            chosen[header] = best
    return chosen


def compile_alone(command, header):
    """What the compiler says of one header: nothing if it is content."""
    line = f"#include <{header}>\n"
    run = subprocess.run([*command, "-fsyntax-only", "-x", "c++", "-"], input=line + line, text=True,
                         capture_output=True, errors="replace")
    return run.stderr if run.returncode != 0 else ""


def check(include_dir, compiler, jobs=2):
    """[(header, what the compiler says)] of those that do not compile alone, and the number of headers."""
    include_dir = pathlib.Path(include_dir).resolve()
    command = [*compiler, *FLAGS, f"-I{include_dir}"]
    closure = closures(include_dir)
    chosen = choose(include_dir, closure)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        firsts = {first: pathlib.Path(folder) / str(number) for number, first in enumerate(set(chosen.values()))}
        made = pool.map(lambda first: precompiling.precompile(command, firsts[first], f"<{first}>"), firsts)
        # One that does not compile is of no use, and is complained of in its own turn.
        flags = {first: precompiling.flags(compiler, place)
                 for (first, place), complaint in zip(firsts.items(), made) if not complaint}
        names = sorted(closure)
        answers = pool.map(lambda name: compile_alone([*command, *flags.get(chosen.get(name), [])], name), names)
        return [(name, answer) for name, answer in zip(names, answers) if answer], len(names)


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
