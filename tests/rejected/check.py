#!/usr/bin/env python3
"""Code that must not compile, and must say why in the sentence we promise.

    check.py [--precompiled FOLDER] FILE... -- COMPILER [FLAG...]  the files under one compiler
    check.py --precompile FOLDER -- COMPILER [FLAG...]             makes what --precompiled uses
    check.py --self-test -- COMPILER [FLAG...]                     the checker goes red where it should

A file of tests/rejected begins with what it expects, in comment lines at its very top, and holds its mistake and the
mended code side by side:

    // expect: drover: no such handler: the actor has no call operator that takes this message
    #include <drover/drover.hpp>
    ...
    #ifdef ACCEPTED
        ref.tell(job{1});
    #else
        ref.tell("no handler takes this");
    #endif

`// expect:` is a fixed sentence; `// expect-regex:` a regular expression; `expect-gcc:`, `expect-clang:`,
`expect-gcc-regex:`, `expect-clang-regex:` hold for one compiler only, for refusals that the compiler words itself.
Every expectation that applies must stand in an `error:` line, and there must be exactly one such line: one mistake, one
error. Notes are free. With -DACCEPTED the file must compile without a warning, so that it cannot be refused for another
reason.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import precompiling  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
EXPECTATION = re.compile(r"//\s*expect(?:-(gcc|clang))?(-regex)?:\s*(.*\S)\s*$")


def expectations(text, clang):
    """The patterns for this compiler, from the comment lines at the top of the file."""
    found = []
    for line in text.splitlines():
        match = EXPECTATION.match(line)
        if not match:
            break
        family, regex, sentence = match.groups()
        if family is None or (family == "clang") == clang:
            found.append(sentence if regex else re.escape(sentence))
    return found


def compile_file(compiler, path, clang, extra):
    # The compilers stop after some errors, or fold repeated ones, unless told; one line an error makes them countable.
    limit = ["-ferror-limit=0"] if clang else ["-fmax-errors=0", "-fno-diagnostics-show-caret"]
    command = [*compiler, "-fsyntax-only", *WARNINGS, *limit, "-fdiagnostics-color=never", *extra, str(path)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace",
                          env={**os.environ, "LC_ALL": "C"})


def check(path, compiler, precompiled=None):
    """None if the file is refused as promised, else what is wrong."""
    clang = precompiling.is_clang(compiler)
    text = path.read_text(encoding="utf-8")
    patterns = expectations(text, clang)
    if not patterns:
        return "no expectation: its first line must be '// expect: <sentence>'"
    if "ACCEPTED" not in text:
        return "no mended code: put it under '#ifdef ACCEPTED'"
    if precompiled is not None and precompiling.begins_with_it(text):
        compiler = [*compiler, *precompiling.flags(compiler, precompiled)]

    mended = compile_file(compiler, path, clang, ["-DACCEPTED"])
    if mended.returncode != 0:
        return "the mended code (-DACCEPTED) does not compile:\n" + mended.stderr

    refused = compile_file(compiler, path, clang, [])
    if refused.returncode == 0:
        return "compiles, but must be refused"
    errors = [line for line in refused.stderr.splitlines() if re.search(r"\b(?:fatal )?error: ", line)]
    for pattern in patterns:
        if not any(re.search(pattern, line) for line in errors):
            return f"refused, but no error says '{pattern}':\n{refused.stderr}"
    if len(errors) != 1:
        return f"{len(errors)} errors for one mistake:\n" + "\n".join(errors) + "\n\n" + refused.stderr
    return None


def self_test(compiler):
    head = "// expect: drover: too small\n"
    body = "template <class T> void f() { static_assert(sizeof(T) > 1, \"drover: too small\"); }\n"
    mended = "#ifdef ACCEPTED\nint main() { f<int>(); }\n#else\n"
    end = "#endif\n"
    cases = [
        ("refused as promised", head + body + mended + "int main() { f<char>(); }\n" + end, None),
        ("compiles", head + body + mended + "int main() { f<long>(); }\n" + end, "compiles"),
        ("another sentence", head + body.replace("small\"", "smart\"") + mended + "int main() { f<char>(); }\n" + end,
         "no error says"),
        ("two errors", head + body + mended + "int main() { f<char>(); return nothing; }\n" + end, "2 errors"),
        ("mended code is wrong",
         head + body + mended.replace("f<int>", "g<int>") + "int main() { f<char>(); }\n" + end, "(-DACCEPTED)"),
        ("mended code warns",
         head + body + mended.replace("{ f", "{ int unused; f") + "int main() { f<char>(); }\n" + end, "(-DACCEPTED)"),
        ("no mended code", head + body + "int main() { f<char>(); }\n", "no mended code"),
        ("no expectation", body + mended + "int main() { f<char>(); }\n" + end, "no expectation"),
    ]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text, expected in cases:
            path = pathlib.Path(folder) / "case.cpp"
            path.write_text(text, encoding="utf-8")
            answer = check(path, compiler)
            if (answer is None) != (expected is None) or (expected and expected not in answer):
                print(f"rejected/check.py: case '{name}': expected {expected!r}, got {answer!r}")
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
    if arguments[0] == "--precompile":
        complaint = precompiling.precompile([*compiler, *WARNINGS], arguments[1])
        print(complaint, end="")
        return 1 if complaint else 0
    precompiled = None
    if arguments[0] == "--precompiled":
        precompiled = arguments[1]
        arguments = arguments[2:]
    status = 0
    for name in arguments:
        answer = check(pathlib.Path(name), compiler, precompiled)
        print(f"{name}: {'refused as promised' if answer is None else answer}")
        status = status or (answer is not None)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
