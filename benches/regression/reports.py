# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What was found, as a table for people and as JSON for programs. The page with pictures is made in page.py."""

import dataclasses
import json

import evidence


@dataclasses.dataclass
class Comparison:
    """All that the reports say."""

    verdict: str
    base: str  # commit or program
    head: str
    instructions: list  # of instructions.Row
    answers: list  # of wall_clock.Answer
    facts: dict  # of the machine and the builds, for people
    notes: list = dataclasses.field(default_factory=list)
    tag: str = None  # the last one, where drift was asked for
    drift: list = dataclasses.field(default_factory=list)  # of instructions.Row, since the tag


def as_json(found):
    """The keys are promised; no others are added but `drift`, where there is a tag and it was asked for."""
    report = {
        "verdict": found.verdict,
        "base": found.base,
        "head": found.head,
        "gate_a": rows_as_json(found.instructions),
        "gate_b": [{"bench": answer.bench, "pairs": answer.pairs, "change": answer.change, "low": answer.low,
                    "high": answer.high, "verdict": answer.verdict} for answer in found.answers],
    }
    if found.tag:
        report["drift"] = {"since": found.tag, "gate_a": rows_as_json(found.drift)}
    return report


def rows_as_json(rows):
    return [{"bench": row.bench, "base": row.base, "head": row.head, "change": row.change} for row in rows]


TITLE_A = f"Gate A: instructions of one operation; over {evidence.TOLERATED:.0%} more is a failure."


def title_of_drift(found):
    return f"Drift since {found.tag}, likewise: what one commit after another has added."


def write_json(found, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(as_json(found), file, indent=2, allow_nan=False)
        file.write("\n")


def signed(value):
    return "-" if value is None else f"{value:+.1%}"


def row_note(row):
    if not row.accepted:
        return ""
    return f"accepted: {row.accepted}" if not row.failed else f"accepted up to {row.limit:.1%} only"


def row_verdict(row):
    return "fail" if row.failed else "pass"


def summary(found):
    """The last line: how many of what."""
    counts = {word: sum(answer.verdict == word for answer in found.answers) for word in ("pass", "fail", "inconclusive")}
    failed = sum(row.failed for row in found.instructions)
    since = ""
    if found.tag:
        since = f" {len(found.drift)} paths since {found.tag}, {sum(row.failed for row in found.drift)} failed;"
    return (f"{found.verdict}: of {len(found.instructions)} paths {failed} failed;{since} of {len(found.answers)} benches "
            f"{counts['pass']} passed, {counts['fail']} failed, {counts['inconclusive']} are inconclusive.")


def rows_as_text(rows, title, base):
    if not rows:
        return []
    width = max([20] + [len(row.bench) for row in rows])
    return ["", title, f"{'path':<{width}} {base:>10} {'head':>10} {'change':>8}  verdict",
            *(f"{row.bench:<{width}} {row.base:>10.1f} {row.head:>10.1f} {row.change:>+8.1%}  {row_verdict(row)}"
              f"  {row_note(row)}".rstrip() for row in rows)]


def as_text(found):
    lines = [f"base {found.base}", f"head {found.head}"]
    lines += [f"{name}: {value}" for name, value in found.facts.items()]
    lines += rows_as_text(found.instructions, TITLE_A, "base")
    lines += rows_as_text(found.drift, title_of_drift(found), found.tag)
    if found.answers:
        width = max([20] + [len(answer.bench) for answer in found.answers])
        lines += ["", f"Gate B: time of head over base, in pairs of processes; low over {evidence.TOLERATED:.0%} twice is a failure, "
                      f"high over {evidence.FOUND:.0%} is no pass.",
                  f"{'bench':<{width}} {'pairs':>5} {'aside':>5} {'change':>8} {'low':>8} {'high':>8}  verdict"]
        lines += [f"{one.bench:<{width}} {one.pairs:>5} {one.measured.set_aside():>5} {signed(one.change):>8} "
                  f"{signed(one.low):>8} {signed(one.high):>8}  {one.verdict}{': ' + one.why if one.why else ''}"
                  for one in found.answers]
    lines += [""] * bool(found.notes) + [f"note: {note}" for note in found.notes]
    return "\n".join([*lines, "", summary(found)])
