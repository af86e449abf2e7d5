#!/usr/bin/env python3
"""Judges the coverage of include/ by the tests: coverage.py ROOT BUILD_DIR [--threshold PERCENT] [--compiler g++]

BUILD_DIR holds test programs built with -DDROVER_COVERAGE=ON that have just run. gcovr merges what they counted; this
program then fails if

- fewer than PERCENT (95) of the lines of include/drover are executed;
- a header with code does not appear in gcovr's report: nothing of it was ever compiled into a test;
- a function, in a template or not, has no line in the report: gcov knows a function of a header only once something has
  instantiated it, so a function without lines is one that no test reaches and that the percentage would never show;
- a template without functions (a trait, a concept, an alias) is named neither by a test nor by a second place in
  include/;
- exclusion marks (GCOVR_EXCL_LINE, _START, _STOP) cover more than 1 % of the lines.

It lists each header with its lines not executed, and the functions that were instantiated and never called. Only code
that the preprocessor keeps in this build is looked at; `consteval` functions and `= default` leave no lines and are
passed over.
"""

import argparse
import json
import os
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
    """Lines that exclusion marks take out of gcovr's count."""
    found, inside = set(), False
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.search(r"\b(?:GCOVR?|LCOV)_EXCL_(LINE|START|STOP)\b", line)
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
    """`known`: {header: {line: count}} as gcov has it; `active`: {header: lines the preprocessor keeps},
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
    output = subprocess.run([compiler, "-std=c++20", "-E", f"-I{include}", "-x", "c++", "-"], input=text, text=True,
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


def run_gcovr(root, build, jobs):
    """{header: {line: count}}, and [(header, line, function)] of functions never called."""
    root = pathlib.Path(root).resolve()
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "coverage.json"
        # gcovr 5.2 asserts that a function has one line. Lambdas of one class are told apart by a number that is given in the
        # order in which a source instantiates them, so one name may be two; below, the line is part of what a function is.
        subprocess.run(["gcovr", "--root", str(root), "--filter", str(root / "include/drover") + "/", "-j", str(jobs),
                        "--json", str(output), str(build)], check=True, env={**os.environ, "PYTHONOPTIMIZE": "1"})
        report = json.loads(output.read_text(encoding="utf-8"))
    known, called = {}, {}
    for entry in report["files"]:
        name = str(pathlib.Path(entry["file"]).relative_to("include"))
        counts = known.setdefault(name, {})
        for line in entry["lines"]:
            if not line.get("gcovr/noncode", False):
                counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
        for function in entry.get("functions", []):
            key = (name, function["lineno"])
            count, text = called.get(key, (0, function["name"]))
            called[key] = (count + function["execution_count"], text)
    return known, sorted((name, line, text) for (name, line), (count, text) in called.items() if count == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("build")
    parser.add_argument("--threshold", type=float, default=95.0)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    known, uncalled = run_gcovr(options.root, options.build, options.jobs)
    judgement = judge(options.root, known, options.threshold, active_lines(options.root, options.compiler))
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
