"""Reading C++ text for the checks of tests/layout and cmake/coverage.py."""

import pathlib
import re

# Floor of each folder of include/drover; an include points to a lower floor or to its own folder.
FLOORS = {
    "base": 0, "message": 1, "metrics": 2, "tracing": 2, "mailbox": 3, "batching": 3, "balancing": 3, "health": 4,
    "scheduling": 4, "features": 5, "actor": 6, "supervision": 7, "routing": 8, "pool": 9, "runtime": 10, "report": 11,
    "testing": 11, "adapters": 12,
}

# Comments, raw strings, strings and characters, in the order in which the language looks for them. A digit separator is
# no character literal, hence the look behind.
_TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?\*/|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'", re.DOTALL)


def without_comments(text, strings=True):
    """The text with comments, and unless told otherwise the insides of strings, blanked. Lines keep their numbers."""
    def blank(match):
        token = match.group()
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token)
        if not strings:
            return token
        return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'
    return _TOKEN.sub(blank, text)


def includes(text):
    """(line, delimiter, name) of every #include."""
    found = []
    for number, line in enumerate(without_comments(text, strings=False).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            found.append((number, match.group(1), match.group(2)))
    return found


def headers(root):
    """Every header below root/include/drover, as (path, path relative to include/drover)."""
    base = pathlib.Path(root) / "include" / "drover"
    return [(path, path.relative_to(base)) for path in sorted(base.rglob("*")) if path.is_file()]


def read(path):
    return path.read_text(encoding="utf-8")


def report(name, root, complaints, good):
    """Prints what was found; the exit status of the check."""
    for path, line, sentence in complaints:
        place = pathlib.Path(path)
        place = place.relative_to(root) if place.is_relative_to(root) else place
        print(f"{place}:{line}: {sentence}")
    print(f"{name}: {f'{len(complaints)} complaints' if complaints else good}")
    return 1 if complaints else 0
