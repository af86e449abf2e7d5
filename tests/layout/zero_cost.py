#!/usr/bin/env python3
"""Nothing is paid for metrics and tracing that are off: zero_cost.py INCLUDE WORK -- COMPILER...

The program zero_cost.cpp passes every hook with the default features, and is compiled three times: as it is; with headers
from which each call of a hook was taken away; and with headers whose no_metrics counts one thing in a named variable. Then

- the code of the first two is equal, instruction for instruction, in every function;
- no symbol of the first is a hook's;
- both execute equally many instructions under callgrind, if valgrind is there;
- and the third fails each of these, so that each could.

The sizes of envelope, cell and context are static_asserts, of zero_cost.cpp too.
"""

import pathlib
import re
import shutil
import subprocess
import sys

CALL = re.compile(r"\b(?:F::)?(?:metrics|tracing|Hooks)::(?:on_)?[a-z_]+\("
                  r"|\[\[maybe_unused\]\] const typename F::tracing::[a-z_]+ [a-z_]+\(")  # or an object around something
PADDING = re.compile(r"\t(?:(?:data16 |cs )*nop|xchg\s+%ax,%ax)")  # between functions
# What g++ inlines depends on how much there is already, calls of nothing included, in a large program, function or stack
# frame: without that.
LIMITS = [f"--param={each}=10000000" for each in (
    "large-unit-insns", "inline-unit-growth", "large-function-insns", "large-function-growth", "large-stack-frame",
    "large-stack-frame-growth")]
KEPT_IN = ("metrics", "tracing")  # the policies themselves
MUTATED = ("static constexpr void on_handled(auto& /*part*/, hook_subject, std::size_t /*messages*/) noexcept {}",
           "[[gnu::noinline]] static void on_handled(auto&, hook_subject, std::size_t messages) noexcept "
           "{ drover_zero_cost_count = drover_zero_cost_count + messages; }")
COUNT = "inline volatile std::size_t drover_zero_cost_count = 0;\n"


def statement_end(text, start):
    """Behind the semicolon of the call whose parenthesis is the last character before `start`; None if it is no statement."""
    depth = 1
    at = start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at + 1 if text[at] == ";" else None


def without_hooks(text):
    """The text without the statements that call a hook, and how many there were."""
    count = 0
    at = 0
    while match := CALL.search(text, at):
        end = statement_end(text, match.end())
        if end is None:
            raise SystemExit(f"zero_cost: the call of a hook is no statement of its own: {text[match.start():][:60]}...")
        text = text[:match.start()] + ";" + text[end:]
        at = match.start()
        count += 1
    return text, count


def make_headers(include, work):
    bare, mutated = work / "bare", work / "mutated"
    calls = 0
    for copy in (bare, mutated):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(include, copy)
    for path in sorted((bare / "drover").rglob("*.hpp")):
        if path.parent.name not in KEPT_IN:
            text, count = without_hooks(path.read_text(encoding="utf-8"))
            calls += count
            path.write_text(text, encoding="utf-8")
    hooks = mutated / "drover" / "metrics" / "hooks.hpp"
    text = hooks.read_text(encoding="utf-8")
    if text.count(MUTATED[0]) != 1:
        raise SystemExit("zero_cost: no_metrics::on_handled is not as it was; make the mutation anew.")
    text = text.replace(*MUTATED).replace("namespace drover {\n", "namespace drover {\n" + COUNT, 1)
    hooks.write_text(text, encoding="utf-8")
    return bare, mutated, calls


def functions_of(program):
    """The instructions of each function, by its name, with names in place of addresses."""
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--no-addresses", program], check=True,
                             capture_output=True, text=True).stdout
    functions = {}
    name = None
    for line in listing.splitlines():
        if line.endswith(">:"):
            name = line[line.index("<") + 1:-2]
            functions[name] = []
        elif name is not None and line.startswith("\t") and not PADDING.match(line):
            # Where something stands differs with the length of file names alone.
            functions[name].append(re.sub(r"\s*#.*$|\b[0-9a-f]+ (?=<)|0x[0-9a-f]+\(%rip\)", "", line.strip()))
    return functions


def hook_symbols(program):
    names = subprocess.run(["nm", "-C", program], check=True, capture_output=True, text=True).stdout
    return [line for line in names.splitlines() if re.search(r"\bno_(?:metrics|tracing)::\w+", line)]


def instructions(program):
    """How many it executes."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program],
                         capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or found is None:
        raise SystemExit(f"zero_cost: callgrind did not count {program}:\n{run.stderr}")
    return int(found.group(1))


def main():
    include, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    compiler = sys.argv[sys.argv.index("--") + 1:]
    source = pathlib.Path(__file__).with_suffix(".cpp")
    work.mkdir(parents=True, exist_ok=True)
    bare, mutated, calls = make_headers(include, work)
    programs = {}  # of names of one length, as they read their own
    jobs = []
    for name, headers in (("whole", include), ("plain", bare), ("other", mutated)):
        programs[name] = work / f"{name}.bin"
        jobs.append(subprocess.Popen(
            [*compiler, "-O2", "-DNDEBUG", "-std=c++20", *LIMITS, f"-I{headers}", source, "-o", programs[name], "-pthread"]))
    if any(job.wait() for job in jobs):
        raise SystemExit("zero_cost: a program does not compile.")

    wrong = []
    whole, plain, changed = (functions_of(programs[each]) for each in ("whole", "plain", "other"))
    for name in sorted(whole.keys() ^ plain.keys()):
        wrong.append(f"{name} is in one of the two programs only")
    different = [name for name in whole.keys() & plain.keys() if whole[name] != plain[name]]
    for name in sorted(different):
        wrong.append(f"the code of {name} is another without hooks")
    if whole == changed:
        wrong.append("a hook that does something changes no function: the comparison sees nothing")
    if found := hook_symbols(programs["whole"]):
        wrong.append(f"the program has symbols of hooks: {found}")
    if not hook_symbols(programs["other"]):
        wrong.append("a hook that is called has no symbol: the search finds nothing")
    counted = "callgrind is not there"
    if shutil.which("valgrind"):
        whole_count, bare_count, mutated_count = (instructions(programs[each]) for each in programs)
        counted = f"{whole_count} instructions executed by each"
        if whole_count != bare_count:
            wrong.append(f"{whole_count} instructions are executed, and {bare_count} without hooks")
        if mutated_count <= whole_count:
            wrong.append(f"a hook that does something executes {mutated_count - whole_count} instructions more")
    for each in wrong:
        print(f"zero_cost: {each}.")
    if not wrong:
        print(f"zero_cost: {calls} calls of hooks leave no trace in {len(whole)} functions; {counted}.")
    return 1 if wrong else 0


sys.exit(main())
