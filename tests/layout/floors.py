#!/usr/bin/env python3
"""The shape of the tree: floors.py ROOT

- every file of include/drover is a .hpp in a folder that has a floor (source.FLOORS), or a front door beside them;
- an include of drover points to a lower floor or to the includer's own folder, never up, never sideways, never to a
  front door, and names the whole path, drover/folder/header.hpp, so that this check can read it;
- a folder's detail/ is included from that folder alone;
- a front door is named for a folder, holds includes and comments only, and has 40 lines at most;
- drover.hpp includes every front door but report, testing and adapters, in floor order;
- the top level holds what was agreed and nothing else;
- the version of CMakeLists.txt is the one in base/version.hpp.

Headers over 320 lines are listed; they are no failure.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import source

OUTSIDE_DROVER_HPP = {"report", "testing", "adapters"}
TOP_LEVEL = {"CMakeLists.txt", "include", "tests", "benches", "examples", "docs", "cmake", "LICENSE", "README.md"}
LINES_LISTED = 320


def check_include(own, line, delimiter, name, path, complaints):
    """One #include of a header in folder `own`."""
    if not name.startswith("drover/"):
        if delimiter == '"':
            complaints.append((path, line, f'"{name}" is a relative include; write the whole path, drover/...'))
        return
    parts = name.split("/")[1:]
    if len(parts) == 1:
        complaints.append((path, line, f"<{name}> is a front door; include the header that is needed."))
        return
    target = parts[0]
    if target not in source.FLOORS:
        complaints.append((path, line, f"<{name}>: folder '{target}' has no floor; add it to tests/layout/source.py."))
    elif target != own and source.FLOORS[target] >= source.FLOORS[own]:
        way = "sideways" if source.FLOORS[target] == source.FLOORS[own] else "up"
        complaints.append((path, line, f"<{name}> points {way}: {own} is floor {source.FLOORS[own]}, "
                                       f"{target} floor {source.FLOORS[target]}."))
    if "detail" in parts[1:-1] and target != own:
        complaints.append((path, line, f"<{name}> is a detail of {target}; only {target} may include it."))


def check_front_door(path, relative, root, complaints):
    text = source.read(path)
    stem = relative.stem
    if stem != "drover" and stem not in source.FLOORS:
        complaints.append((path, 1, f"front door '{stem}' is named for no folder."))
    if len(text.splitlines()) > 40:
        complaints.append((path, 41, f"a front door has 40 lines at most, this one {len(text.splitlines())}."))
    for number, line in enumerate(source.without_comments(text, strings=False).splitlines(), 1):
        if line.strip() and not re.fullmatch(r'\s*#\s*(pragma\s+once|include\s*[<"][^>"]+[>"])\s*', line):
            complaints.append((path, number, f"a front door holds includes only, not '{line.strip()}'."))
    for number, _, name in source.includes(text):
        if name.startswith("drover/") and not (pathlib.Path(root) / "include" / name).is_file():
            complaints.append((path, number, f"<{name}> does not exist."))


def check_drover_hpp(path, doors, complaints):
    floor = -1
    seen = set()
    for number, _, name in source.includes(source.read(path)):
        parts = name.split("/")
        if parts[0] != "drover":
            continue
        folder = parts[1].removesuffix(".hpp")
        if folder in OUTSIDE_DROVER_HPP:
            complaints.append((path, number, f"<{name}>: a program asks for {folder} by name; "
                                             "drover.hpp leaves it out."))
        if len(parts) == 2:
            seen.add(folder)
        if source.FLOORS.get(folder, floor) < floor:
            complaints.append((path, number, f"<{name}> stands out of floor order."))
        floor = max(floor, source.FLOORS.get(folder, floor))
    for door in sorted(doors - seen - OUTSIDE_DROVER_HPP - {"drover"}):
        complaints.append((path, 1, f"front door <drover/{door}.hpp> is missing in drover.hpp."))


def top_level_names(root):
    """What git tracks: a person's own files in his clone are his. Without git, everything that lies there."""
    if (root / ".git").exists() and shutil.which("git"):
        tracked = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True,
                                 errors="surrogateescape")
        if tracked.returncode == 0:
            return {name.split("/")[0] for name in tracked.stdout.split("\0") if name}
    return {entry.name for entry in root.iterdir()} - {"build"}


def check_top_level(root, complaints):
    for name in sorted(top_level_names(root)):
        if name not in TOP_LEVEL and not name.startswith("."):
            complaints.append((root / name, 1, "does not belong to the top level."))


def check_version(root, complaints):
    header = root / "include/drover/base/version.hpp"
    if not header.is_file() or not (root / "CMakeLists.txt").is_file():
        return
    parts = dict(re.findall(r"define\s+DROVER_VERSION_(MAJOR|MINOR|PATCH)\s+(\d+)", source.read(header)))
    version = ".".join(parts.get(key, "?") for key in ("MAJOR", "MINOR", "PATCH"))
    project = re.search(r"project\(\s*drover\s+VERSION\s+([\d.]+)", source.read(root / "CMakeLists.txt"))
    if not project or project.group(1) != version:
        complaints.append((header, 1, f"says {version}, CMakeLists.txt says {project and project.group(1)}."))


def check(root):
    """(complaints, long headers)"""
    complaints, long_headers, doors = [], [], set()
    for path, relative in source.headers(root):
        text = source.read(path)
        if path.suffix != ".hpp":
            complaints.append((path, 1, "is no .hpp."))
            continue
        lines = len(text.splitlines())
        if lines > LINES_LISTED:
            long_headers.append((path, lines))
        if len(relative.parts) == 1:
            doors.add(relative.stem)
            check_front_door(path, relative, root, complaints)
            continue
        if "#pragma once" not in text:
            complaints.append((path, 1, "has no '#pragma once'."))
        own = relative.parts[0]
        if own not in source.FLOORS:
            complaints.append((path, 1, f"folder '{own}' has no floor; add it to tests/layout/source.py."))
            continue
        for number, delimiter, name in source.includes(text):
            check_include(own, number, delimiter, name, path, complaints)
    if "drover" in doors:
        check_drover_hpp(pathlib.Path(root) / "include/drover/drover.hpp", doors, complaints)
    check_top_level(root, complaints)
    check_version(root, complaints)
    return complaints, long_headers


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    root = pathlib.Path(sys.argv[1]).resolve()
    complaints, long_headers = check(root)
    for path, lines in long_headers:
        print(f"note: {path.relative_to(root)} has {lines} lines, more than {LINES_LISTED}.")
    count = len(source.headers(root))
    if count == 0:
        complaints.append((root / "include/drover", 1, "holds no header."))
    return source.report("floors", root, complaints, f"{count} headers, every include points down")


if __name__ == "__main__":
    sys.exit(main())
