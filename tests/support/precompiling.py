"""A header precompiled, for scripts that compile many small sources with one set of flags."""

import pathlib
import subprocess

HEADER = "<drover/drover.hpp>"


def is_clang(compiler):
    answer = subprocess.run([compiler[0], "--version"], capture_output=True, text=True, check=True)
    return "clang" in answer.stdout


def precompile(compiler, folder, header=HEADER):
    """Precompiles the header into `folder`. What the compiler says if it cannot, else nothing."""
    source = pathlib.Path(folder) / "precompiled.hpp"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(f"#include {header}\n", encoding="utf-8")
    made = source.with_suffix(".hpp.pch" if is_clang(compiler) else ".hpp.gch")
    run = subprocess.run([*compiler, "-x", "c++-header", str(source), "-o", str(made)], capture_output=True, text=True,
                         errors="replace")
    return run.stderr if run.returncode != 0 else ""


def flags(compiler, folder):
    """What a compilation that begins with the header is given to use it. The flags must be those of precompile()."""
    source = pathlib.Path(folder) / "precompiled.hpp"
    if is_clang(compiler):
        return ["-include-pch", f"{source}.pch"]
    return ["-include", str(source), "-Winvalid-pch"]  # beside -Werror: a header that is not used must not go unseen


def has_it_at_head(text):
    """Does `text` include the header before any code? Then all that its code sees is seen also if the header comes first."""
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["#include", HEADER]:
            return True
        if words and words[0] not in ("#include", "#line", "//"):
            return False
    return False


def begins_with_it(text):
    """Is the header the first that `text` includes? Then nothing is seen earlier for being precompiled."""
    first = next((line.split() for line in text.splitlines() if line.lstrip().startswith("#include")), [])
    return first[1:2] == [HEADER]
