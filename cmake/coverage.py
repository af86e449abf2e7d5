#!/usr/bin/env python3
"""Judges the coverage of include/ by the tests: coverage.py ROOT BUILD_DIR PROGRAM... [--threshold PERCENT]

BUILD_DIR was configured with clang and -DDROVER_COVERAGE=ON, and its tests have just run: tests/PROGRAM has left what it
counted in profiles/PROGRAM-*.profraw. llvm-profdata and llvm-cov read that; this program then fails if

- fewer than PERCENT (95) of the lines of include/drover are executed;
- a header with code does not appear in the report: nothing of it was ever compiled into a test;
- a function, in a template or not, has no line in the report: it is in no test program, so it is one that no test
  instantiates and that the percentage would never show;
- a template without functions (a trait, a concept, an alias) is named neither by a test nor by a second place in
  include/;
- exclusion marks (LCOV_EXCL_LINE, _START, _STOP) cover more than 1 % of the lines.

It lists each header with its lines not executed, and the functions that were instantiated and never called. Only code
that the preprocessor keeps in this build is looked at; `consteval` functions and `= default` leave no lines and are
passed over.

A line counts if a part of it does in any instantiation. It is told from the branches of the code, so what stands behind a
call that has thrown counts as if the call had returned.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "layout"))

import source  # noqa: E402

EXCLUSIONS_ALLOWED = 1.0  # per cent of lines


# --- reading a header -------------------------------------------------------------------------------------------------

class Body(typing.NamedTuple):
    """A function with a body: its name and its lines from the name to the closing brace."""
    name: str
    first: int
    last: int


class Token(typing.NamedTuple):
    text: str
    line: int


def tokens(text):
    code = source.without_comments(text)
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group().count("\n"), code, flags=re.MULTILINE)
    found, line = [], 1
    for match in re.finditer(r"\n|\"[^\"]*\"|[A-Za-z_]\w*|\d[\w.']*|::|->|&&|\|\||==|!=|<=>|<=|>=|\+\+|--|\S", code):
        if match.group() == "\n":
            line += 1
        else:
            found.append(Token(match.group(), line))
            line += match.group().count("\n")
    return found


def closing(code, start):
    """The index of the bracket that closes the one at `start`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for index in range(start, len(code)):
        text = code[index].text
        if text in pairs:
            stack.append(pairs[text])
        elif text in (")", "}", "]"):
            if not stack or stack.pop() != text:
                break
            if not stack:
                return index
    raise SyntaxError(f"unbalanced '{code[start].text}' in line {code[start].line}")


def after_angles(code, start):
    """The index behind the angle brackets that open at `start`; brackets of other kinds are skipped whole."""
    depth, index = 0, start
    while index < len(code):
        text = code[index].text
        if text in ("(", "{", "["):
            index = closing(code, index)
        elif text == "<":
            depth += 1
        elif text == ">":
            depth -= 1
            if depth == 0:
                return index + 1
        index += 1
    return index


class Scanner:
    """Walks namespaces and classes, and sorts each brace into: one of these, a function's body, or something else."""

    # Words that take a parenthesis and yet name no function.
    NOT_NAMES = {"alignas", "noexcept", "decltype", "requires", "explicit", "sizeof", "alignof", "__attribute__",
                 "throw", "static_assert", "typeid", "if", "while", "for", "switch", "return"}

    def __init__(self, text):
        self.code = tokens(text)
        self.bodies = []
        self.bodiless = []  # (name, line) of templates without functions, at namespace scope

    def scan(self):
        self.scope(0, len(self.code), at_namespace=True)
        return self

    def scope(self, index, end, at_namespace):
        while index < end:
            index = self.declaration(index, end, at_namespace)

    def declaration(self, start, end, at_namespace):
        """One declaration from `start`; the index behind it."""
        code, index = self.code, start
        template = None            # the line of `template`, if it is one
        words = []                 # words at this level, outside of brackets
        name = None                # the function's name, once its parameters have been seen
        name_line = 0
        initialiser = False        # behind `=`: no brace from here on is a body
        member_initialisers = False
        while index < end:
            text = code[index].text
            previous = code[index - 1].text if index > start else ""
            if text == ";":
                if at_namespace and template is not None and name is None:
                    self.note_bodiless(words, code[start].line)
                return index + 1
            if text == "}":
                return index + 1
            if text == ":" and previous in ("public", "private", "protected") and len(words) == 1:
                return index + 1
            if text == "template" and index + 1 < end and code[index + 1].text == "<":
                template = code[index].line
                index = after_angles(code, index + 1)
                continue
            if text == "operator" and not initialiser:
                # The name runs up to its parameters; `operator()` has a pair of its own first.
                name_line = code[index].line
                first = index + 1
                index = first + 2 if code[first].text == "(" else first
                while code[index].text != "(":
                    index += 1
                name = "operator" + "".join(token.text for token in code[first:index])
                index = closing(code, index) + 1
                continue
            if text == "<" and previous not in ("operator",) and self.opens_angles(index):
                index = after_angles(code, index)
                continue
            if text == "[":
                index = closing(code, index) + 1
                continue
            if text == "(":
                if (name is None and not initialiser and re.fullmatch(r"[A-Za-z_]\w*", previous)
                        and previous not in self.NOT_NAMES and code[index + 1].text not in ("*", "&")):
                    name, name_line = previous, code[index - 1].line
                    if index >= 2 and code[index - 2].text == "~":
                        name = "~" + name
                index = closing(code, index) + 1
                continue
            if text == "=" and name is None:
                initialiser = True
            if text == ":" and name is not None and not initialiser:
                member_initialisers = True
            if text == "{":
                last = closing(code, index)
                if previous == "requires" or (previous == ")" and self.is_requires_expression(index)):
                    index = last + 1
                    continue
                if initialiser or "concept" in words:
                    index = last + 1
                    continue
                if words[:1] == ["namespace"] or words[:2] == ["inline", "namespace"] or words[:1] == ["extern"]:
                    self.scope(index + 1, last, at_namespace and "detail" not in words)
                    return last + 1
                if "enum" in words and name is None:
                    index = last + 1
                    continue
                if name is None and {"class", "struct", "union"} & set(words):
                    before = len(self.bodies)
                    self.scope(index + 1, last, at_namespace=False)
                    if at_namespace and template is not None and len(self.bodies) == before:
                        self.note_bodiless(words, code[start].line)
                    name = ""  # said; the `;` behind it must not say it again
                    index = last + 1
                    continue
                if name is None:
                    index = last + 1  # a member's or variable's initial value
                    continue
                if member_initialisers and (re.fullmatch(r"[A-Za-z_]\w*", previous) or previous == ">"):
                    index = last + 1  # `member_{value}`
                    continue
                if name != "" and "consteval" not in words:
                    self.bodies.append(Body(name, name_line, code[last].line))
                return last + 1
            if re.fullmatch(r"[A-Za-z_]\w*", text):
                words.append(text)
            index += 1
        return index

    def opens_angles(self, index):
        """Whether the `<` is a bracket: everywhere outside of function bodies it is, but for a comparison in a constant
        expression, which then stands in parentheses and has been skipped."""
        return re.fullmatch(r"[A-Za-z_]\w*", self.code[index - 1].text) is not None

    def is_requires_expression(self, brace):
        """Whether the parenthesis before the brace holds the parameters of a requires-expression, and is no clause."""
        depth, index = 0, brace - 1
        while index >= 0:
            if self.code[index].text == ")":
                depth += 1
            elif self.code[index].text == "(":
                depth -= 1
                if depth == 0:
                    return (self.code[index - 1].text == "requires"
                            and self.code[index - 2].text in ("requires", "&&", "||", "!", "=", "("))
            index -= 1
        return False

    def note_bodiless(self, words, line):
        if "friend" in words or "extern" in words:
            return
        for keyword in ("concept", "using", "struct", "class", "union"):
            if keyword in words:
                rest = [word for word in words[words.index(keyword) + 1:] if word not in ("alignas", "final")]
                if rest:
                    self.bodiless.append((rest[0], line))
                return


def bodies(text):
    return Scanner(text).scan().bodies


def bodiless_templates(text):
    return Scanner(text).scan().bodiless


def excluded_lines(text):
    """Lines that exclusion marks take out of the count."""
    found, inside = set(), False
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.search(r"\bLCOV_EXCL_(LINE|START|STOP)\b", line)
        if mark and mark.group(1) == "START":
            inside = True
        if inside or mark:
            found.add(number)
        if mark and mark.group(1) == "STOP":
            inside = False
    return found


# --- judging ----------------------------------------------------------------------------------------------------------

class Judgement(typing.NamedTuple):
    complaints: list
    rows: list  # (header, executed, lines, [lines not executed])
    executed: int
    lines: int
    excluded: int


def ranges(numbers):
    """'3-5 9' of [3, 4, 5, 9]."""
    found = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def judge(root, known, threshold, active=None):
    """`known`: {header: {line: count}}; `active`: {header: lines the preprocessor keeps},
    or None for all of them."""
    root = pathlib.Path(root)
    complaints, rows, templates = [], [], []
    executed = lines = excluded = 0
    words = {}
    for path, relative in source.headers(root):
        name = f"drover/{relative}"
        text = source.read(path)
        for word in re.findall(r"[A-Za-z_]\w*", source.without_comments(text)):
            words[word] = words.get(word, 0) + 1
        if len(relative.parts) == 1:
            continue  # a front door has includes only
        marks = excluded_lines(text)
        excluded += len(marks)
        if active is not None:
            kept = active.get(name, set())
            text = "\n".join(line if number in kept else "" for number, line in enumerate(text.splitlines(), 1))
        try:
            scanner = Scanner(text).scan()
        except (SyntaxError, IndexError) as error:
            complaints.append(f"{name}: cannot be read by cmake/coverage.py: {error}")
            continue
        if "detail" not in relative.parts:
            templates += [(template, name, line) for template, line in scanner.bodiless]
        counts = {line: count for line, count in known.get(name, {}).items() if line not in marks}
        missing = [line for line, count in counts.items() if count == 0]
        executed += len(counts) - len(missing)
        lines += len(counts)
        rows.append((name, len(counts) - len(missing), len(counts), missing))
        code = [body for body in scanner.bodies if not marks.issuperset(range(body.first, body.last + 1))]
        if code and not counts:
            complaints.append(f"{name}: does not appear in the report, though it has {len(code)} functions; "
                              "no test uses it.")
            continue
        for body in code:
            if not any(line in counts or line in marks for line in range(body.first, body.last + 1)):
                complaints.append(f"{name}:{body.first}: no test instantiates '{body.name}'.")

    tests = "\n".join(source.read(path) for folder in ("unit", "conformance")
                      for path in sorted((root / "tests" / folder).rglob("*.?pp")))
    named = set(re.findall(r"[A-Za-z_]\w*", source.without_comments(tests)))
    for template, name, line in templates:
        if template not in named and words.get(template, 0) < 2:
            complaints.append(f"{name}:{line}: no test names the template '{template}', nor does anything else.")
    if lines == 0:
        complaints.append("the report holds no line of include/drover.")
    elif 100.0 * executed / lines < threshold:
        complaints.append(f"{100.0 * executed / lines:.2f} % of lines executed, below {threshold:g} %.")
    if excluded > (lines + excluded) * EXCLUSIONS_ALLOWED / 100:
        complaints.append(f"exclusion marks cover {excluded} of {lines + excluded} lines, "
                          f"more than {EXCLUSIONS_ALLOWED:g} %.")
    return Judgement(complaints, rows, executed, lines, excluded)


# --- asking the tools -------------------------------------------------------------------------------------------------

def active_lines(root, compiler):
    """The lines of each header that the preprocessor keeps, from one source that includes them all."""
    include = (pathlib.Path(root) / "include").resolve()
    text = "".join(f"#include <drover/{relative}>\n" for _, relative in source.headers(root))
    output = subprocess.run([*compiler, "-std=c++20", "-E", f"-I{include}", "-x", "c++", "-"], input=text, text=True,
                            capture_output=True, check=True, errors="replace").stdout
    kept, current, line = {}, None, 0
    for text in output.splitlines():
        marker = re.match(r'# (\d+) "([^"]*)"', text)
        if marker:
            line = int(marker.group(1))
            path = pathlib.Path(marker.group(2))
            current = kept.setdefault(str(path.relative_to(include)), set()) if path.is_relative_to(include) else None
        else:
            if current is not None:
                current.add(line)
            line += 1
    return kept


class Region(typing.NamedTuple):
    """A part of a function, from the first position up to the last; what stands within another is counted for itself."""
    first_line: int
    first_column: int
    last_line: int
    last_column: int
    kind: int

    CODE, EXPANSION, SKIPPED, GAP = range(4)  # as llvm-cov numbers them; the others say nothing about lines


def lines_of(regions, counts):
    """{line: count} of one function. A line has the largest count of the code that begins in it and of the code around
    its beginning; what the preprocessor or an `if constexpr` left out has none."""
    order = sorted(range(len(regions)), key=lambda each: (regions[each][:2], [-end for end in regions[each][2:4]]))
    found, around = {}, []  # `around`: the regions that are open, the innermost last

    def go_to(line, column, until_line, until_column):
        """From one position to the next: the lines that begin between them are the innermost region's."""
        if around and regions[around[-1]].kind in (Region.CODE, Region.EXPANSION):
            for each in range(line + 1, until_line + (1 if until_column > 1 else 0)):
                found[each] = max(found.get(each, 0), counts[around[-1]])

    line, column = 0, 0
    for index in order:
        region = regions[index]
        while around and regions[around[-1]][2:4] <= region[:2]:
            go_to(line, column, *regions[around[-1]][2:4])
            line, column = regions[around.pop()][2:4]
        go_to(line, column, *region[:2])
        line, column = region[:2]
        if region.kind in (Region.CODE, Region.EXPANSION):
            found[line] = max(found.get(line, 0), counts[index])
        around.append(index)
    while around:
        go_to(line, column, *regions[around[-1]][2:4])
        line, column = regions[around.pop()][2:4]
    return found


def gather(functions, include, code_lines):
    """{header: {line: count}}, and [(header, line, function)] of functions never called.

    `functions`: llvm-cov's, each instantiation for itself; `code_lines`: {header: lines with code}."""
    shapes, called = {}, {}
    for function in functions:
        for index, file in enumerate(function["filenames"]):
            if not file.startswith(include):
                continue
            header = file[len(include):]
            parts = [part for part in function["regions"] if part[5] == index and part[7] <= Region.GAP]
            if not parts:
                continue
            shape = (header, tuple((*part[:4], part[7]) for part in parts))
            sums = shapes.setdefault(shape, [0] * len(parts))
            for each, part in enumerate(parts):
                sums[each] += part[4]
            if index == 0:
                key = (header, *parts[0][:2])
                count, name = called.get(key, (0, function["name"]))
                called[key] = (count + function["count"], name)
    known = {}
    for (header, regions), counts in shapes.items():
        of_header, code = known.setdefault(header, {}), code_lines.get(header, set())
        for line, count in lines_of([Region(*region) for region in regions], counts).items():
            if line in code:
                of_header[line] = of_header.get(line, 0) + count
    return known, sorted((header, line, name) for (header, line, _), (count, name) in called.items() if count == 0)


def lines_with_code(text):
    """Lines that hold more than a comment or the end of something."""
    return {token.line for token in tokens(text) if token.text not in ("{", "}", ";", ")", "(", ",", "]")}


def run_llvm_cov(root, build, programs, jobs):
    """As gather(). Each program is read for itself: one function may be another with another standard library."""
    root, build = pathlib.Path(root).resolve(), pathlib.Path(build)
    functions, name_of = [], re.compile(r"  (\S.*):$")
    for program in programs:
        counted = sorted(map(str, (build / "profiles").glob(f"{program}-*.profraw")))
        if not counted:
            sys.exit(f"coverage: {build}/profiles holds nothing of '{program}'; run its tests first.")
        with tempfile.TemporaryDirectory() as folder:
            profile = str(pathlib.Path(folder) / "all.profdata")
            subprocess.run(["llvm-profdata-19", "merge", f"--num-threads={jobs}", "-o", profile, *counted], check=True)
            shown = subprocess.run(["llvm-profdata-19", "show", "--all-functions", profile], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
            export = subprocess.run(["llvm-cov-19", "export", "--skip-expansions", f"--num-threads={jobs}",
                                     f"--instr-profile={profile}", str(build / "tests" / program),
                                     str(root / "include/drover")], check=True, stdout=subprocess.PIPE).stdout
        # clang also tells of functions that it has met and had no use for; no counter is theirs.
        compiled = {match.group(1) for match in map(name_of.match, shown.splitlines()) if match}
        functions += [each for each in json.loads(export)["data"][0]["functions"] if each["name"] in compiled]
    code_lines = {f"drover/{relative}": lines_with_code(source.read(path)) for path, relative in source.headers(root)}
    known, uncalled = gather(functions, f"{root}/include/", code_lines)
    # A function of one file only has the file's name before its own.
    mangled = "\n".join(name.rsplit(":", 1)[-1] for _, _, name in uncalled)
    names = subprocess.run(["llvm-cxxfilt-19"], input=mangled, text=True, check=True, capture_output=True).stdout
    return known, [(header, line, name) for (header, line, _), name in zip(uncalled, names.splitlines())]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("build")
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--threshold", type=float, default=95.0)
    parser.add_argument("--compiler", default="clang++-19 -stdlib=libc++")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    known, uncalled = run_llvm_cov(options.root, options.build, options.programs, options.jobs)
    judgement = judge(options.root, known, options.threshold, active_lines(options.root, options.compiler.split()))
    for name, executed, lines, missing in judgement.rows:
        share = f"{100.0 * executed / lines:6.1f} %" if lines else "  nothing to execute"
        print(f"{name:52} {executed:5}/{lines:<5} {share}" + (f"   not: {ranges(missing)}" if missing else ""))
    for name, line, text in uncalled:
        print(f"note: {name}:{line}: instantiated, never called: {text}")
    share = 100.0 * judgement.executed / judgement.lines if judgement.lines else 0.0
    print(f"coverage: {judgement.executed} of {judgement.lines} lines executed, {share:.2f} %; "
          f"{judgement.excluded} lines excluded by marks; threshold {options.threshold:g} %")
    for complaint in judgement.complaints:
        print(f"coverage: {complaint}")
    return 1 if judgement.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
