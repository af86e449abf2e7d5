# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""Commits of drover, each in a git worktree of its own with a build tree beside it, below build/regress."""

import concurrent.futures
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys

from problem import Problem, last_line

# As dev.sh configures its release build.
CONFIGURATION = ("-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_BUILD_TYPE=Release", "-DDROVER_BENCHES=ON", "-DDROVER_TESTS=OFF",
                 "-DDROVER_EXAMPLES=OFF", "-DDROVER_PEERS=OFF")
FLAGS = "-O2 -DNDEBUG"
FILE_OF_BASE = "benches/regression/base"
FOLDER_OF_PATHS = os.path.join("benches", "regression", "paths")
# Functions in the order of their names and not of the source, and begun elsewhere in their cache lines.
OTHER_LAYOUT = "-ffunction-sections -Wl,--sort-section=name -falign-functions=64 -falign-loops=32"


def git(root, *arguments):
    """(status, output)"""
    try:
        done = subprocess.run(["git", "-C", root, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", check=False)
    except FileNotFoundError:
        raise Problem("git is not installed, and commits are built from its worktrees; install it, or compare two programs with "
                      "--base-binary and --head-binary.") from None
    return done.returncode, done.stdout.strip() if done.returncode == 0 else done.stderr.strip()


def commit_of(root, ref, option):
    """The full hash."""
    status, answer = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}")
    if status != 0:
        raise Problem(f"{option} {ref!r} names no commit here; give a branch, a tag or a hash that git log knows, and fetch it "
                      "first if it is elsewhere.")
    return answer


def need_repository(root):
    """Before any ref is asked for: git's own complaint, of a folder that is none or belongs to somebody else, is the better."""
    status, answer = git(root, "rev-parse", "--git-dir")
    if status != 0:
        raise Problem(f"git has no repository here that it may read, and commits are compared: {last_line(answer)}")


def last_tag(root, commit):
    """The nearest tag from here back; None where there is none."""
    status, answer = git(root, "describe", "--tags", "--abbrev=0", commit)
    return answer if status == 0 else None


def base_of(root):
    """The commit named in benches/regression/base."""
    try:
        with open(os.path.join(root, FILE_OF_BASE), encoding="utf-8") as file:
            named = file.read().strip()
    except FileNotFoundError:
        raise Problem(f"{FILE_OF_BASE} is not there; write the full hash of the last commit that passed into it.") from None
    if not re.fullmatch(r"[0-9a-f]{40}", named):
        raise Problem(f"{FILE_OF_BASE} holds {named[:60]!r}, which is no full hash of 40 hexadecimal digits; write that of the last "
                      "commit that passed into it.")
    if git(root, "cat-file", "-e", named + "^{commit}")[0] != 0:
        shallow = git(root, "rev-parse", "--is-shallow-repository")[1] == "true"
        remedy = ("this clone is shallow: git fetch --unshallow" if shallow
                  else f"fetch it, or write the hash of the last commit that passed into {FILE_OF_BASE}")
        raise Problem(f"the commit {named} of {FILE_OF_BASE} is not in this repository; {remedy}.")
    return named


def refuse_dirty(root, remedy):
    """What is not committed is not in HEAD, and would not be measured."""
    status, changes = git(root, "status", "--porcelain", "--untracked-files=all", "--", ".", ":!build",
                          ":!benches/regression/ledger")
    if status != 0:
        raise Problem(f"git cannot say whether all is committed: {last_line(changes)}")
    if changes:
        lines = changes.splitlines()
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        raise Problem(f"the tree has changes that are not committed ({lines[0].split(maxsplit=1)[-1]}{more}), which would not be "
                      f"measured; {remedy}.")


def remove(root, folder):
    """A tree with its builds; and git forgets it, and no other worktree that it cannot find just now."""
    git(root, "worktree", "remove", "--force", os.path.join(folder, "source"))
    shutil.rmtree(folder, ignore_errors=True)


class Tree:
    """One commit, checked out and built."""

    def __init__(self, root, name, commit, jobs):
        self.name = name  # what sentences call it, base or head
        self.commit = commit
        self.jobs = jobs
        # Paths are of one length on both sides, because they are in the programs and on their stacks.
        self.folder = os.path.join(root, "build", "regress", commit[:12])
        self.source = os.path.join(self.folder, "source")
        self.root = root

    def check_out(self):
        status, answer = git(self.source, "rev-parse", "HEAD") if os.path.isdir(self.source) else (1, "")
        if status == 0 and answer == self.commit and git(self.source, "status", "--porcelain")[1] == "":
            return
        remove(self.root, self.folder)
        status, answer = git(self.root, "worktree", "add", "--detach", "--force", self.source, self.commit)
        if status != 0:
            raise Problem(f"git cannot check out {self.commit[:12]} for {self.name}: {last_line(answer)}")

    def step(self, words, what):
        # Standard output belongs to the report.
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", check=False)
        except FileNotFoundError:
            raise Problem(f"{words[0]} is not installed, and {self.name} is built with it; ./cmake/dev.sh regress installs it "
                          "where it may.") from None
        if done.returncode == 0:
            return done.stdout
        sys.stderr.write(done.stdout)
        said = next((line.strip() for line in done.stdout.splitlines() if re.search(r"\berror\b", line, re.IGNORECASE)),
                    last_line(done.stdout))
        raise Problem(f"{what} of {self.name} ({self.commit[:12]}) failed: {said}")

    def build_tree(self, layout=""):
        """Configured, and where the list of its programs is."""
        folder = os.path.join(self.folder, "other" if layout else "build")
        mark = os.path.join(folder, ".configured")
        if not os.path.isfile(mark):
            flags = f"-DCMAKE_CXX_FLAGS_RELEASE={FLAGS} {layout}".rstrip()
            self.step(["cmake", "-S", self.source, "-B", folder, "-G", "Ninja", *CONFIGURATION, flags], "the configuration")
            with open(mark, "w", encoding="ascii"):
                pass
        return folder

    def ninja(self, folder, targets):
        if targets:
            self.step(["ninja", "-C", folder, "-j", str(self.jobs), *targets], "the build")

    def programs(self, wanted, layout=""):
        """{name: path} of the bench programs whose names the pattern finds, built."""
        folder = self.build_tree(layout)
        try:
            with open(os.path.join(folder, "benches.list"), encoding="utf-8") as file:
                paths = [line.strip() for line in file if line.strip()]
        except FileNotFoundError:
            raise Problem(f"{self.name} ({self.commit[:12]}) has no list of bench programs; it must be a commit that has "
                          "benches/CMakeLists.txt.") from None
        chosen = {os.path.basename(path): path for path in paths if wanted(os.path.basename(path))}
        self.ninja(folder, [os.path.relpath(path, folder) for path in chosen.values()])
        return chosen

    def knob(self, layout=""):
        """The program whose benches can be made slower on purpose."""
        folder = self.build_tree(layout)
        self.ninja(folder, ["benches/regression/knob"])
        return os.path.join(folder, "benches", "regression", "knob")


def compiler_version():
    try:
        done = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "none"
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


def read(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


def digest(folder, words):
    """Of a command, and of all files in a folder."""
    sum_of = hashlib.sha256(repr(words).encode())
    for name in sorted(os.listdir(folder)):
        if os.path.isfile(os.path.join(folder, name)):
            sum_of.update(repr((name, read(os.path.join(folder, name)))).encode())
    return sum_of.hexdigest()


class Paths:
    """The programs of paths/, gate A's, compiled against the headers of each side.

    Both sides are compiled from head's sources, so that the change is the library's. Where base lacks what a source wants, base's own
    source of that name is taken; where it has none either, the path is new and is not compared."""

    def __init__(self, base, head, flags=("-std=c++20", "-O2", "-DNDEBUG", "-w", "-pthread")):
        self.base = base
        self.head = head
        self.flags = flags
        self.left_out = []

    def compiled(self, tree, source):
        """(program, None), or (None, what the compiler says)."""
        program = os.path.join(tree.folder, "paths", os.path.splitext(os.path.basename(source))[0])
        os.makedirs(os.path.dirname(program), exist_ok=True)
        words = ["g++", *self.flags, f"-I{tree.source}/include", source, "-o", program]
        # The tree is one commit's, so that the sources and the command tell the program.
        mark, wanted = program + ".made", digest(os.path.dirname(source), words)
        if os.path.isfile(mark) and read(mark) == wanted:
            return program, None
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            return None, done.stderr
        with open(mark, "w", encoding="ascii") as file:
            file.write(wanted)
        return program, None

    def both(self, name):
        """(base, head) of the programs made from one source; base is None where it cannot be made."""
        source = os.path.join(self.head.source, FOLDER_OF_PATHS, name)
        head, errors = self.compiled(self.head, source)
        if head is None:
            said = next((line for line in errors.splitlines() if "error:" in line), last_line(errors))
            raise Problem(f"the build of head ({self.head.commit[:12]}) failed: {said}")
        base, _ = self.compiled(self.base, source)
        own = os.path.join(self.base.source, FOLDER_OF_PATHS, name)
        if base is None and os.path.isfile(own):
            base, _ = self.compiled(self.base, own)
        return base, head

    def programs(self, wanted, progress):
        """[(base, head)] of the sources whose names, without .cpp, are wanted."""
        in_head = os.path.join(self.head.source, FOLDER_OF_PATHS)
        names = sorted(name for name in (os.listdir(in_head) if os.path.isdir(in_head) else [])
                       if name.endswith(".cpp") and wanted(name[:-4]))
        progress(f"compiling paths: {', '.join(names)}")
        with concurrent.futures.ThreadPoolExecutor(self.head.jobs) as pool:
            made = list(pool.map(self.both, names))
        self.left_out = [name for name, (base, _) in zip(names, made) if base is None]
        return [(base, head) for base, head in made if base is not None]


def claim(root):
    """build/regress is this process's until the file returned is closed. Two comparisons would also measure each other."""
    folder = os.path.join(root, "build", "regress")
    os.makedirs(folder, exist_ok=True)
    file = open(os.path.join(folder, "lock"), "w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Problem(f"another comparison is running in {folder}; wait until it has ended.") from None
    return file


def forget_others(root, commits):
    """Removes the trees of commits that are not compared now."""
    folder = os.path.join(root, "build", "regress")
    keep = {commit[:12] for commit in commits}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if re.fullmatch(r"[0-9a-f]{12}", name) and name not in keep:
            remove(root, os.path.join(folder, name))
