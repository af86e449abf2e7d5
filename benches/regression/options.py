# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What `./cmake/dev.sh regress` can be told, and what is wrong with it."""

import argparse
import os
import re

from problem import Problem

EXIT = {"pass": 0, "fail": 1, "inconclusive": 3}
EXIT_PROBLEM = 2

DESCRIPTION = """Compares base with head: gate A counts instructions of single-threaded paths (callgrind), gate B takes the wall
clock of benches in pairs of fresh processes. Three answers: pass, fail, inconclusive."""
EPILOGUE = "Exit status: 0 pass, 1 a regression, 2 it could not be compared (one sentence says why), 3 inconclusive."


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(f"{message}; ./cmake/dev.sh regress --help lists the options")


def number(least, most, kind=float):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}")
        return value

    return parse


def pattern(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def parser():
    made = Parser(prog="regress", description=DESCRIPTION, epilog=EPILOGUE, allow_abbrev=False)
    made.add_argument("--base", metavar="REF", help="the commit to compare with")
    made.add_argument("--head", metavar="REF", help="the commit to be judged (default: HEAD, of a tree without changes)")
    made.add_argument("--base-binary", metavar="FILE", help="instead: a program made with Google Benchmark")
    made.add_argument("--head-binary", metavar="FILE", help="and the one to be judged")
    made.add_argument("--guard", action="store_true",
                      help="instead: gate A of HEAD against the commit named in benches/regression/base, and its drift since the "
                           "last tag; what CI runs")
    made.add_argument("--advance", action="store_true", help="--guard, and if it passes, HEAD becomes that commit")
    made.add_argument("--gate", choices=("a", "b", "ab"), default="ab", help="one gate only (default both)")
    made.add_argument("--filter", metavar="RE", type=pattern,
                      help="only paths and benches that match (default: all paths, and the benches of suite.txt)")
    made.add_argument("--programs", metavar="RE", type=pattern, help="builds only programs of such a name, of paths/ and of benches")
    made.add_argument("--budget", metavar="MINUTES", type=number(0.01, 10_000), default=30.0,
                      help="for the first time through gate B (default 30)")
    made.add_argument("--json", metavar="FILE", help="also write the rows to this file")
    made.add_argument("--html", metavar="FILE", help="also write a page with a picture for each bench")
    made.add_argument("--patience", metavar="SECONDS", type=number(0.1, 86_400), default=120.0,
                      help="a process that takes longer hangs (default 120)")
    made.add_argument("--tolerate", metavar="SHARE", type=number(0, 1), default=0.1,
                      help="a pair is set aside if others had more of the processors than this (default 0.1)")
    made.add_argument("--seed", type=number(0, 2**63, int), help="for the order of processes (default: drawn)")
    made.add_argument("--jobs", metavar="N", type=number(1, 1024, int), default=os.cpu_count(), help="compilers at once")
    made.add_argument("--prove", choices=("null", "injected", "power", "mutations"),
                      help="measures the detector itself, and adds what it found to ledger/")
    made.add_argument("--runs", metavar="N", type=number(1, 10_000, int),
                      help="live suites of a proof (default: null 20, injected 12 for 5 and for 10 %%, and 3 for each other), "
                           "or simulated ones of power (200)")
    return made


def writable(path, option):
    """Before an hour of work, and not after."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder) or os.path.isdir(path) or not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise Problem(f"{option} {path!r} cannot be written; give a file in a folder that exists.")


def parsed(arguments):
    options = parser().parse_args(arguments)
    binaries = (options.base_binary, options.head_binary)
    options.guard |= options.advance
    if options.guard:
        if options.base or options.head or any(binaries) or options.prove:
            raise Problem("--guard judges HEAD by the commit named in benches/regression/base, so it takes no other base, head, program "
                          "or proof.")
        if options.advance and (options.filter or options.programs):
            raise Problem("--advance wants all paths to pass, so it takes neither --filter nor --programs.")
        if "b" in options.gate and options.gate != "ab":
            raise Problem("--guard is gate A alone; for gate B give --base REF.")
        options.gate = "a"
    elif options.prove:
        if options.prove in ("power", "mutations") and options.base_binary:
            raise Problem(f"--prove {options.prove} takes no program.")
        if options.base or options.head or options.head_binary:
            raise Problem("--prove compares code with itself, so it takes neither --base nor --head; --base-binary names a "
                          "program of yours to prove it with.")
    elif any(binaries) and (options.base or options.head):
        raise Problem("--base and --head name commits, --base-binary and --head-binary programs; give either the ones or the "
                      "others.")
    elif any(binaries) and not all(binaries):
        raise Problem("--base-binary and --head-binary belong together; give both.")
    elif not any(binaries) and not options.base:
        raise Problem("there is nothing to compare with: give --base REF, --base-binary FILE and --head-binary FILE, or --guard.")
    if options.runs and not options.prove:
        raise Problem("--runs belongs to --prove.")
    if all(binaries) and options.gate == "a":
        raise Problem("gate A counts drover's own paths, so it needs --base REF; programs go through gate B alone.")
    for name, path in (("--base-binary", options.base_binary), ("--head-binary", options.head_binary)):
        if path and not (os.path.isfile(path) and os.access(path, os.X_OK)):
            raise Problem(f"{name} {path!r} is no program that can be run; give the path of one made with Google Benchmark.")
    for name, path in (("--json", options.json), ("--html", options.html)):
        if path:
            writable(path, name)
    return options
