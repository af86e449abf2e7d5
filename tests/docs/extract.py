#!/usr/bin/env python3
"""Compiles the code blocks of README.md and docs/**/*.md, so that the documentation cannot rot.

    extract.py ROOT [--jobs N] -- COMPILER [FLAG...]     every block
    extract.py --self-test -- COMPILER [FLAG...]         the checker goes red where it should

What a writer does: fence C++ with ```cpp and say, behind it, how the block is to be taken.

    ```cpp              declarations, or a whole source. With `int main` it is compiled and linked; without, it is
                        compiled only (-fsyntax-only). With neither `int main` nor an #include it stands behind the
                        prelude: <drover/drover.hpp>, the usual standard headers, `using namespace
                        std::chrono_literals`.
    ```cpp run          a whole program, compiled, linked and run; it must end with status 0 within 30 seconds.
    ```cpp body         statements: they stand inside a function, behind the prelude. Not run. `drover::runtime rt;`, if
                        the block uses `rt` and does not declare it, stands before them.
    ```cpp continued    goes on where the block before it in the same file ended; so does `cpp body continued`. The
                        chain is compiled as one source: declarations first, then the statements in one function.
    ```cpp sketch       not compiled; allowed in docs/decisions only, for what was decided against.

Any other word is refused, and so are the fences c++, cc, cxx and C++, which would slip through. Blocks are compiled
with `-Wall -Wextra -Werror`, unused variables aside: a guide shows values without using them. Messages name file and
line.

Each block is a source of its own. Yet most of a compiler's work is the same for all of them, so those that are behind the
prelude and declare types and functions only are first compiled together, each in a namespace of its own, and one by one
only if that fails. What the namespaces would hide, a name that a header has declared at global scope, is looked for apart.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import precompiling  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-but-set-variable",
            "-Wno-unused-function", "-Wno-unused-parameter"]
PRELUDE = """#include <drover/drover.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
using namespace std::chrono_literals;
"""
TOGETHER = 20  # blocks in one source
MODES = {"run", "body", "continued", "sketch"}


class Block(typing.NamedTuple):
    file: pathlib.Path
    line: int          # of its first line of code
    modes: frozenset
    code: str

    @property
    def has_main(self):
        return re.search(r"\bint\s+main\s*\(", self.code) is not None

    def numbered(self):
        """The code, so marked that the compiler's messages name the document."""
        return f'#line {self.line} "{self.file}"\n{self.code}\n'


class Source(typing.NamedTuple):
    block: Block       # the last one of its chain: the one that a failure is charged to
    text: str
    link: bool
    run: bool
    declared: str = ""  # its code outside of functions


def blocks(path, name):
    """(blocks, complaints) of one document."""
    found, complaints = [], []
    fence = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r"^(\s*)(```+|~~~+)\s*(.*?)\s*$", line)
        if fence is None:
            if not match:
                continue
            words = match.group(3).split()
            fence = (match.group(2), len(match.group(1)), words, number, [])
            if words and words[0].lower() in ("c++", "cc", "cxx", "hpp", "c++20"):
                complaints.append(f"{name}:{number}: fence '{words[0]}' is not compiled; write ```cpp.")
        elif match and match.group(2).startswith(fence[0]) and not match.group(3):
            words = fence[2]
            if words[:1] == ["cpp"]:
                unknown = set(words[1:]) - MODES
                if unknown:
                    complaints.append(f"{name}:{fence[3]}: unknown word '{' '.join(sorted(unknown))}' behind ```cpp.")
                found.append(Block(name, fence[3] + 1, frozenset(words[1:]), "\n".join(fence[4])))
            fence = None
        else:
            fence[4].append(line[fence[1]:] if not line[:fence[1]].strip() else line)
    if fence is not None:
        complaints.append(f"{name}:{fence[3]}: the fence is never closed.")
    return found, complaints


def source_of(chain):
    """One source of a chain of blocks."""
    last = chain[-1]
    whole = any(re.search(r"^\s*#\s*include\b", block.code, re.MULTILINE) or block.has_main for block in chain)
    text = "" if whole else PRELUDE
    text += "".join(block.numbered() for block in chain if "body" not in block.modes)
    statements = [block for block in chain if "body" in block.modes]
    if statements:
        code = "\n".join(block.code for block in statements)
        runtime = re.search(r"\brt\b", code) and not re.search(r"\bruntime\s+rt\b", code)
        text += ("[[maybe_unused]] static void documented_statements() {\n"
                 + ("drover::runtime rt;\n" if runtime else "")
                 + "".join(block.numbered() for block in statements) + "}\n")
    return Source(last, text, any(block.has_main for block in chain), "run" in last.modes,
                  "\n".join(block.code for block in chain if "body" not in block.modes))


def sources(found):
    """(sources, complaints) of the blocks of one document."""
    made, complaints, chain = [], [], []
    for block in found:
        place = f"{block.file}:{block.line}"
        if "sketch" in block.modes:
            if pathlib.PurePath(block.file).parts[:2] != ("docs", "decisions"):
                complaints.append(f"{place}: 'sketch' is for docs/decisions; make the block compile.")
            chain = []
            continue
        if "run" in block.modes and not block.has_main:
            complaints.append(f"{place}: 'run' needs an int main.")
            continue
        if "continued" in block.modes and not chain:
            complaints.append(f"{place}: 'continued' follows no block.")
            continue
        chain = [*chain, block] if "continued" in block.modes else [block]
        made.append(source_of(chain))
    return made, complaints


def compile_source(source, compiler, folder, number):
    """What is wrong with the source, or nothing."""
    place = f"{source.block.file}:{source.block.line}"
    path = pathlib.Path(folder) / f"block{number}.cpp"
    path.write_text(source.text, encoding="utf-8")
    program = path.with_suffix("")
    goal = ["-o", str(program)] if source.link else ["-fsyntax-only"]
    used = precompiling.flags(compiler, folder) if precompiling.has_it_at_head(source.text) else []
    built = subprocess.run([*compiler, *WARNINGS, *used, *goal, str(path)], capture_output=True, text=True,
                           errors="replace")
    if built.returncode != 0:
        return f"{place}: does not compile:\n{built.stderr}"
    if source.run:
        try:
            ran = subprocess.run([str(program)], capture_output=True, text=True, errors="replace", timeout=30,
                                 stdin=subprocess.DEVNULL, cwd=folder)
        except subprocess.TimeoutExpired:
            return f"{place}: still runs after 30 seconds."
        if ran.returncode != 0:
            return f"{place}: ends with status {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    return ""


def can_stand_in_a_namespace(source):
    """Is the source behind the prelude, without a preprocessor's line, a namespace, a specialisation or a variable?"""
    if source.link or not source.text.startswith(PRELUDE):
        return False
    code = re.sub(r"^#line .*$", "", source.text[len(PRELUDE):], flags=re.MULTILINE)
    variable = (r"^(?:inline|constexpr|constinit|const|static|thread_local|extern|auto)\b"
                r"|^(?!(?:using|struct|class|union|enum|template)\b)\w[\w:<>, ]*[ &*]\w+\s*(?:=|;|\{[^}]*\};)")
    return (re.search(r"^\s*#|\bnamespace\b|\btemplate\s*<\s*>", code, re.MULTILINE) is None
            and re.search(variable, source.declared, re.MULTILINE) is None)


def compile_together(group, compiler, folder, number):
    """Whether the sources compile in one, and their types could also be declared at global scope."""
    text = PRELUDE
    types = set()
    for each, source in enumerate(group):
        types.update(re.findall(r"^(?:template\s*<[^;{]*>\s*)?(?:struct|class|union|enum(?: class)?)\s+(\w+)",
                                source.declared, re.MULTILINE))
        types.update(re.findall(r"^using\s+(\w+)\s*=", source.declared, re.MULTILINE))
        text += f"namespace documented_{each} {{\n{source.text[len(PRELUDE):]}}}\n"
    text += "".join(f"struct {name};\nextern {name}* documented_pointer_to_{name};\n" for name in sorted(types))
    together = Source(group[-1].block, text, False, False)
    return compile_source(together, compiler, folder, f"s_together{number}") == ""


def check(root, compiler, jobs):
    """(complaints, number of documents, number of sources)"""
    root = pathlib.Path(root)
    documents = [root / "README.md"] if (root / "README.md").is_file() else []
    documents += sorted((root / "docs").rglob("*.md"))
    complaints, made = [], []
    for path in documents:
        found, wrong = blocks(path, path.relative_to(root))
        complaints += wrong
        texts, wrong = sources(found)
        complaints += wrong
        made += texts
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        if any(precompiling.has_it_at_head(each.text) for each in made):
            complaints += filter(None, [precompiling.precompile([*compiler, *WARNINGS], folder)])
        made.sort(key=lambda each: not each.link)  # programs take longest, and are begun first
        shared = [each for each in made if can_stand_in_a_namespace(each)]
        groups = [shared[at:at + TOGETHER] for at in range(0, len(shared), TOGETHER)]
        good = pool.map(lambda item: compile_together(item[1], compiler, folder, item[0]), enumerate(groups))
        done = {id(each) for group, is_good in zip(groups, good) if is_good for each in group}
        rest = [each for each in made if id(each) not in done]
        answers = pool.map(lambda item: compile_source(item[1], compiler, folder, item[0]), enumerate(rest))
        complaints += [answer for answer in answers if answer]
    return complaints, len(documents), len(made)


def self_test(compiler):
    fence = "```"
    whole = "#include <vector>\nint main() { std::vector<int> v; return static_cast<int>(v.size()); }"
    cases = [
        ("a program", "README.md", f"{fence}cpp run\n{whole}\n{fence}\n", None),
        ("a program that fails", "README.md", f"{fence}cpp run\nint main() {{ return 3; }}\n{fence}\n", "status 3"),
        ("not compiling", "docs/a/b.md",
         f"text\n{fence}cpp\n#include <vector>\nint f() {{ return x; }}\n{fence}\n", "b.md:4"),
        ("with the prelude", "README.md", f"{fence}cpp\nstd::string s = drover_name;\n{fence}\n", None),
        ("body", "README.md", f"{fence}cpp body\nstd::string s = drover_name; s += \"x\";\n{fence}\n", None),
        ("statements without body", "README.md", f"{fence}cpp\nint a = 1; a += 1;\n{fence}\n", "does not compile"),
        ("continued", "README.md",
         f"{fence}cpp\nstruct job {{}};\n{fence}\n{fence}cpp body continued\njob j;\n{fence}\n"
         f"{fence}cpp body continued\nauto k = j;\n{fence}\n", None),
        ("not continued", "README.md",
         f"{fence}cpp\nstruct job {{}};\n{fence}\n{fence}cpp body\njob j;\n{fence}\n", "README.md:5"),
        ("continued alone", "README.md", f"{fence}cpp continued\nint a;\n{fence}\n", "follows no block"),
        ("sketch", "docs/decisions/x.md", f"{fence}cpp sketch\n???\n{fence}\n", None),
        ("sketch elsewhere", "docs/x.md", f"{fence}cpp sketch\n???\n{fence}\n", "docs/decisions"),
        ("another fence", "README.md", f"{fence}c++\n???\n{fence}\n", "write ```cpp"),
        ("unknown word", "README.md", f"{fence}cpp nocompile\nint a;\n{fence}\n", "unknown word"),
        ("a name of its own in each block", "README.md",
         f"{fence}cpp\nstruct job {{}};\n{fence}\n{fence}cpp\nstruct job {{ int a; }};\n{fence}\n", None),
        ("one of many does not compile", "README.md",
         f"{fence}cpp\nstruct job {{}};\n{fence}\n{fence}cpp\njob j() {{ return 1; }};\n{fence}\n", "README.md:5"),
        ("a type that a header has as a function", "README.md",
         f"{fence}cpp\nstruct system {{}};\nsystem* all();\n{fence}\n", "does not compile"),
        ("a variable that a header has as a function", "README.md", f"{fence}cpp\nint system = 1;\n{fence}\n",
         "does not compile"),
        ("open fence", "README.md", f"{fence}cpp\nint a;\n", "never closed"),
        ("another language", "README.md", f"{fence}sh\n???\n{fence}\n", None),
        ("in a list", "README.md", f"- so:\n  {fence}cpp\n  int a = x;\n  {fence}\n", "README.md:3"),
    ]
    wrong = 0
    for name, file, text, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "drover").mkdir()
            (root / "drover/drover.hpp").write_text("#pragma once\ninline const char* drover_name = \"d\";\n")
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
            # The stand-in for drover comes first, so that the test is about this script alone.
            answer = "\n".join(check(root, [compiler[0], f"-I{root}", *compiler[1:]], 1)[0])
            if bool(answer) != bool(expected) or (expected and expected not in answer):
                print(f"docs/extract.py: case '{name}': expected {expected!r}, got {answer!r}")
                wrong += 1
    print(f"{len(cases) - wrong} of {len(cases)} cases as expected")
    return 1 if wrong else 0


def main():
    if "--" not in sys.argv or len(sys.argv) < 4:
        print(__doc__)
        return 2
    split = sys.argv.index("--")
    arguments, compiler = sys.argv[1:split], sys.argv[split + 1:]
    if arguments == ["--self-test"]:
        return self_test(compiler)
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else min(2, os.cpu_count() or 1)
    complaints, documents, made = check(arguments[0], compiler, jobs)
    for complaint in complaints:
        print(complaint)
    print(f"docs: {made} code blocks in {documents} documents, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
