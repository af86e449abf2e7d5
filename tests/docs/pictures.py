#!/usr/bin/env python3
"""The pictures of docs/ are what is drawn from the committed figures, byte for byte: pictures.py ROOT

`./cmake/dev.sh pictures` draws them anew. Each is below 100 KB, and each is shown by a document. Other versions of
Matplotlib than Debian 12's draw a little otherwise; with one of them this ends with status 77, which says that it was
left out.
"""

import pathlib
import subprocess
import sys
import tempfile

VERSION = "3.6."
LARGEST = 100_000
CENSUS = ("metrics", "trace")
BALANCING = ("waits.svg", "failed.svg", "keys.svg", "health.svg")


def complaints_of(root):
    pictures = root / "docs" / "pictures"
    documents = "".join(path.read_text(encoding="utf-8") for path in sorted((root / "docs").rglob("*.md")))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", str(root / "benches/balancing/plot.py"), str(pictures / "balancing.json"),
                        folder, *BALANCING], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, "-B", str(root / "benches/scale/plot.py"), str(pictures / "scale.json"), folder],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, "-B", str(root / "benches/figures/plot.py"), str(pictures / "performance.json"),
                        str(pictures / "peers.json"), folder], check=True)
        for what in CENSUS:
            subprocess.run([sys.executable, "-B", str(root / "examples/census/pictures.py"), "draw",
                            str(pictures / f"census-{what}.json"), f"{folder}/census-{what}.svg"], check=True)
        if (pictures / "regression-power.json").exists():
            subprocess.run([sys.executable, "-B", str(root / "benches/regression/plot.py"),
                            str(pictures / "regression-power.json"), f"{folder}/regression-power.svg"], check=True)
        drawn = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
    kept = {path.name: path.read_bytes() for path in pictures.glob("*.svg")}
    for name in sorted(drawn.keys() | kept.keys()):
        if name not in drawn:
            yield f"{name} is in docs/pictures, but none of that name is drawn; remove it"
        elif kept.get(name) != drawn[name]:
            yield f"{name} is not what is drawn from the figures beside it; run ./cmake/dev.sh pictures"
        elif len(drawn[name]) > LARGEST:
            yield f"{name} has {len(drawn[name])} bytes; keep it below {LARGEST}"
        elif f"pictures/{name}" not in documents:
            yield f"{name} is shown by no document below docs/; show it, or remove it"


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    try:
        import matplotlib
        import scipy  # noqa: F401
    except ImportError:
        print("pictures: Matplotlib or SciPy is not installed (python3-matplotlib, python3-scipy), so nothing was compared")
        return 77
    if not matplotlib.__version__.startswith(VERSION):
        print(f"pictures: Matplotlib {matplotlib.__version__} is not {VERSION}x, so nothing was compared")
        return 77
    complaints = list(complaints_of(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(complaints) if complaints else "pictures: all are as drawn")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
