#!/usr/bin/env python3
"""Each hook is called, and from one place: hooks.py ROOT

- what no_metrics has in metrics/hooks.hpp is called once in include/drover, so that nothing is counted twice or in one
  of two ways alone. A policy's own folders, metrics/ and tracing/, do not count;
- what no_tracing has in tracing/hooks.hpp is called: envelopes of several kinds are made, each in its own place;
- nobody calls a hook that is not there.
"""

import pathlib
import re
import sys

import source

POLICIES = {  # file: (the default policy, whatever a caller may name it by, the most places of one hook)
    "metrics/hooks.hpp": ("no_metrics", ("metrics", "Hooks"), 1),
    "tracing/hooks.hpp": ("no_tracing", ("tracing",), None),
}
NOT_CALLED = {"labelled", "thread_part", "stamp"}


def body_of(code, struct):
    """(where it begins, the text) between the braces of a struct."""
    found = re.search(rf"\bstruct\s+{struct}\s*\{{", code)
    if not found:
        return 0, ""
    depth = 1
    for at in range(found.end(), len(code)):
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        if depth == 0:
            return found.end(), code[found.end():at]
    return found.end(), code[found.end():]


def hooks_of(code, struct):
    """{name: line} of its static functions, and of the types in it that do something when they are made."""
    begin, body = body_of(code, struct)
    found = {}
    for match in re.finditer(r"\bstatic\s+constexpr\s+[\w:<>]+\s+(\w+)\s*\(|\bstruct\s+(\w+)\s*\{", body):
        name = match.group(1) or match.group(2)
        if name not in NOT_CALLED:
            found[name] = code.count("\n", 0, begin + match.start()) + 1
    return found


def calls_in(code, spellings):
    """(line, name) of each use of something that a policy has."""
    pattern = rf"\b(?:{'|'.join(spellings)})::(\w+)\b"
    return [(code.count("\n", 0, match.start()) + 1, match.group(1)) for match in re.finditer(pattern, code)]


def check(root):
    """(complaints, number of hooks)"""
    complaints, count = [], 0
    base = pathlib.Path(root) / "include/drover"
    folders = {name.split("/")[0] for name in POLICIES}
    outside = [(path, source.without_comments(source.read(path))) for path, relative in source.headers(root)
               if relative.parts[0] not in folders]
    for name, (struct, spellings, most) in POLICIES.items():
        path = base / name
        hooks = hooks_of(source.without_comments(source.read(path)), struct) if path.is_file() else {}
        if not hooks:
            complaints.append((path, 1, f"{struct} has no hooks."))
        places = {hook: [] for hook in hooks}
        for file, code in outside:
            for line, called in calls_in(code, spellings):
                if called in places:
                    places[called].append((file, line))
                elif called not in NOT_CALLED:
                    complaints.append((file, line, f"{struct} has no hook '{called}'."))
        for hook, line in hooks.items():
            if not places[hook]:
                complaints.append((path, line, f"nobody calls '{hook}'."))
            for file, again in places[hook][most:] if most else []:
                first, its = places[hook][0]
                complaints.append((file, again, f"'{hook}' is called from {first.relative_to(base)}:{its} already; "
                                                "let both come by one place."))
        count += len(hooks)
    return complaints, count


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    root = pathlib.Path(sys.argv[1]).resolve()
    complaints, count = check(root)
    return source.report("hooks", root, complaints, f"{count} hooks, each is called, those of metrics from one place")


if __name__ == "__main__":
    sys.exit(main())
