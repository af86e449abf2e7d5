#!/usr/bin/env python3
"""The alert rules in DOCS, read and run by promtool: rules.py DOCS

Their unit tests are drover-alerts-test.yml; each rule has a case there in which it fires, and the guide tells of each.
"""

import pathlib
import re
import subprocess
import sys

from server import Failed, program, run


def promtool(*arguments):
    ran = subprocess.run([program("promtool"), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=60, text=True)
    return ran.returncode, ran.stdout


def must(*arguments):
    status, said = promtool(*arguments)
    if status != 0:
        raise Failed(f"promtool {arguments[0]} {arguments[1]} ended with status {status}:\n{said}")


def main():
    if len(sys.argv) != 2:
        raise Failed(__doc__)
    docs = pathlib.Path(sys.argv[1])
    rules, tests = docs / "drover-alerts.yml", docs / "drover-alerts-test.yml"
    must("check", "rules", rules)
    must("test", "rules", tests)
    names = re.findall(r"^\s*- alert: (\w+)$", rules.read_text(encoding="utf-8"), re.MULTILINE)
    guide = (docs.parent / "guides" / "monitoring-a-service.md").read_text(encoding="utf-8")
    for name in names:
        if f'alertname="{name}",alertstate="firing"' not in tests.read_text(encoding="utf-8"):
            raise Failed(f"there is no case in {tests.name} in which {name} fires")
        if name not in guide:
            raise Failed(f"monitoring-a-service.md says nothing of {name}")
    return f"promtool is content with {len(names)} rules and their tests"


if __name__ == "__main__":
    run(main)
