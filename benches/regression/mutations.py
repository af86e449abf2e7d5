# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Real regressions, kept as patches in mutations/: does the gate that must see each see it?

A patch begins with what it does and who must say so; behind that stands what git apply takes with -p0:

    What: each push counts itself in one atomic counter of the process
    Gate: a
    Program: mailbox
    Bench: mailbox/push

The program is one of paths/ for gate A, and a bench for gate B, where Bench is a regular expression. Each patch becomes a commit on HEAD that no branch
has, always the same for the same HEAD, and is compared with HEAD as any other.
"""

import copy
import dataclasses
import os
import re
import subprocess
import tempfile

import trees
from problem import Problem, last_line

FOLDER = os.path.join("benches", "regression", "mutations")
KEYS = {"What", "Gate", "Program", "Bench"}


@dataclasses.dataclass
class Mutation:
    name: str
    path: str
    what: str
    gate: str
    program: str
    bench: str


def read(path):
    with open(path, encoding="utf-8") as file:
        head = file.read().partition("\n\n")[0]
    found = dict(re.findall(r"^([A-Z][a-z]+): (.+)$", head, re.MULTILINE))
    name = os.path.splitext(os.path.basename(path))[0]
    if set(found) != KEYS or found["Gate"] not in ("a", "b"):
        raise Problem(f"{name}.patch does not begin with What, Gate (a or b), Program and Bench; it has "
                      f"{', '.join(found) or 'none of them'}.")
    return Mutation(name, path, **{key.lower(): value for key, value in found.items()})


def all_of(root):
    folder = os.path.join(root, FOLDER)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [read(os.path.join(folder, name)) for name in names if name.endswith(".patch")]


def git_with(root, index, *words):
    """Output of git with an index of its own; nothing that is checked out is touched."""
    who = {"NAME": "mutation", "EMAIL": "mutation@invalid", "DATE": "2000-01-01T00:00:00Z"}
    environment = {**os.environ, "GIT_INDEX_FILE": index,
                   **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}}
    done = subprocess.run(["git", "-C", root, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env=environment, check=False)
    if done.returncode != 0:
        raise Problem(last_line(done.stderr))
    return done.stdout.strip()


def commit_with(root, commit, mutation):
    """The hash of a commit that has this patch."""
    with tempfile.TemporaryDirectory() as folder:
        index = os.path.join(folder, "index")
        git_with(root, index, "read-tree", commit)
        try:
            git_with(root, index, "apply", "--cached", "-p0", mutation.path)
        except Problem as problem:
            raise Problem(f"{mutation.name}.patch does not apply to {commit[:12]}: {problem}; make it anew.") from None
        return git_with(root, index, "commit-tree", "-p", commit, "-m", mutation.what, git_with(root, index, "write-tree"))


def judged(mutation, commit, mutant, options, compare):
    """What the gate says, for the ledger."""
    one = copy.copy(options)
    one.prove, one.base, one.head, one.gate = None, commit, mutant, mutation.gate
    one.filter = re.compile(f"^{re.escape(mutation.bench)}$" if mutation.gate == "a" else mutation.bench)
    one.programs = re.compile(f"^{re.escape(mutation.program)}$")
    found = compare(one)
    rows = found.instructions if mutation.gate == "a" else found.answers
    changes = [row.change for row in rows if row.change is not None]
    return {"name": mutation.name, "what": mutation.what, "gate": mutation.gate, "bench": mutation.bench,
            "change": round(max(changes), 4) if changes else None, "verdict": found.verdict}


def prove(options, root, compare, say):
    """[what the gate said] of each mutation that --filter finds and whose gate is asked for."""
    trees.need_repository(root)
    trees.refuse_dirty(root, "commit or stash them")
    commit = trees.commit_of(root, "HEAD", "HEAD")
    wanted = [one for one in all_of(root)
              if one.gate in options.gate and (not options.filter or options.filter.search(one.name))]
    if not wanted:
        raise Problem(f"no mutation in {FOLDER} is asked for; look at --filter, which finds names, and at --gate.")
    # All of them first: one that no longer applies is heard of before an hour of work.
    mutants = [(one, commit_with(root, commit, one)) for one in wanted]
    found = []
    for mutation, mutant in mutants:
        say(f"regress: {mutation.name}: {mutation.what}")
        found.append(judged(mutation, commit, mutant, options, compare))
    return commit, found


def as_text(found):
    width = max(len(one["name"]) for one in found)
    for one in found:
        change = "-" if one["change"] is None else f"{one['change']:+.1%}"
        yield (f"  {one['name']:<{width}}  gate {one['gate']}  {change:>8}  {one['verdict']:<12}  {one['bench']}: {one['what']}")
