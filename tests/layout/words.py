#!/usr/bin/env python3
"""Words that must not occur in the code of some folders: words.py ROOT

- `virtual`, `std::function` and `dynamic_cast` on the message path: base (but for base/clock*.hpp: a runtime's clock is
  chosen at run time, and is read through the core record), message, mailbox, scheduling, features, actor;
- fmt below report;
- a lock-free queue of Boost outside mailbox, scheduling and message.

Comments and strings are free to use them.
"""

import fnmatch
import pathlib
import re
import sys

import source

MESSAGE_PATH = {"base", "message", "mailbox", "scheduling", "features", "actor"}
LOCK_FREE = {"mailbox", "scheduling", "message"}

_SPACE = r"\s*"
INDIRECT = {
    "virtual": re.compile(r"\bvirtual\b"),
    "std::function": re.compile(rf"\bstd{_SPACE}::{_SPACE}(?:move_only_)?function\b|\busing{_SPACE}.*::function\b"),
    "dynamic_cast": re.compile(r"\bdynamic_(?:pointer_)?cast\b"),
}
FMT = re.compile(r"\bfmt\s*::|\binclude fmt/|\bFMT_[A-Z_]+")
QUEUE = re.compile(r"\bboost\s*::\s*lockfree\b|\binclude boost/lockfree\b")


def check(root):
    complaints = []
    for path, relative in source.headers(root):
        folder = relative.parts[0] if len(relative.parts) > 1 else None
        text = source.read(path)
        lines = source.without_comments(text).splitlines()
        # An include may name its header as a string, which has just been blanked: put both forms in one.
        for number, _, name in source.includes(text):
            lines[number - 1] = f"include {name}"
        code = "\n".join(lines)
        rules = []
        if folder in MESSAGE_PATH and not fnmatch.fnmatch(str(relative), "base/clock*.hpp"):
            rules += [(word, pattern, "on the message path; decide it at compile time.")
                      for word, pattern in INDIRECT.items()]
        if folder is not None and source.FLOORS.get(folder, 0) < source.FLOORS["report"]:
            rules.append(("fmt", FMT, "below report/; text for people is made there."))
        if folder is not None and folder not in LOCK_FREE:
            rules.append(("boost::lockfree", QUEUE, f"in {folder}/; only mailbox, scheduling and message have queues."))
        for word, pattern, reason in rules:
            for match in pattern.finditer(code):
                complaints.append((path, code.count("\n", 0, match.start()) + 1, f"'{word}' {reason}"))
    return complaints


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    root = pathlib.Path(sys.argv[1]).resolve()
    return source.report("words", root, check(root), f"{len(source.headers(root))} headers without a refused word")


if __name__ == "__main__":
    sys.exit(main())
