#!/usr/bin/env python3
"""Chrome traces, as drover writes them, read by their rules: check_trace.py TRACES | FILE.json... | --self-test

TRACES is the program of tests/report/traces.cpp, whose trace of a real run is checked, and what must be in it. Of each file:

- it is JSON in UTF-8, an object with traceEvents, and every event has what its phase demands, and nothing of another type;
- slices (X) of one thread nest; handlers are of threads that have a name;
- each flow has one begin (s) and one end (f), not before it, each within a slice of its thread;
- each asynchronous event has one begin (b) and one end (e) of its category and id, not before it.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ID = re.compile(r"[0-9a-f]{16}")
TRACE = re.compile(r"[0-9a-f]{32}")
NEEDED = {  # beside ph, pid, tid and name
    "M": {"args"},
    "X": {"cat", "ts", "dur", "args"},
    "s": {"cat", "ts", "id", "args"},
    "f": {"cat", "ts", "id", "bp"},
    "b": {"cat", "ts", "id"},
    "e": {"cat", "ts", "id"},
}
CATEGORIES = {"X": {"handler", "message", "reply"}, "s": {"message", "reply"}, "f": {"message", "reply"},
              "b": {"mailbox", "timer", "answered"}, "e": {"mailbox", "timer", "answered"}}


class Bad(Exception):
    pass


def expect(condition, sentence):
    if not condition:
        raise Bad(sentence)


def nanoseconds(number, event):
    expect(isinstance(number, float) and number >= 0, f"a time that is none: {event}")
    return round(number * 1000)


def check_event(event):
    phase = event.get("ph")
    expect(phase in NEEDED, f"an event of phase {phase!r}")
    expect(set(event) == {"ph", "pid", "tid", "name"} | NEEDED[phase], f"not the fields of phase {phase}: {event}")
    expect(isinstance(event["pid"], int) and isinstance(event["tid"], int), f"a pid or tid that is no number: {event}")
    expect(isinstance(event["name"], str), f"a name that is no text: {event}")
    if phase != "M":
        expect(event["cat"] in CATEGORIES[phase], f"an unknown category: {event}")
        event["ts"] = nanoseconds(event["ts"], event)
    if "id" in event:
        expect(ID.fullmatch(event["id"]), f"an id that is none: {event}")
    if phase == "X":
        event["end"] = event["ts"] + nanoseconds(event["dur"], event)
    if phase == "f":
        expect(event["bp"] == "e", f"a flow that ends at the next slice: {event}")
    args = event.get("args", {})
    for name, form in (("span", ID), ("parent", ID), ("trace", TRACE)):
        if name in args:
            expect(form.fullmatch(args[name]) and set(args[name]) != {"0"}, f"a {name} that is none: {event}")


def check_nesting(slices):
    for tid, its in slices.items():
        open_ends = []
        for event in sorted(its, key=lambda e: (e["ts"], -e["end"])):
            while open_ends and open_ends[-1] <= event["ts"] and open_ends[-1] < event["end"]:
                open_ends.pop()
            expect(not open_ends or event["end"] <= open_ends[-1],
                   f"a slice of thread {tid} that reaches beyond the one around it: {event}")
            open_ends.append(event["end"])


def pairs(events, begin, end):
    """The pairs of each (category, id), of which there must be one."""
    found = collections.defaultdict(lambda: {begin: [], end: []})
    for event in events:
        if event["ph"] in (begin, end):
            found[event["cat"], event["id"]][event["ph"]].append(event)
    for key, both in found.items():
        expect(len(both[begin]) == len(both[end]) == 1,
               f"{len(both[begin])} events {begin} and {len(both[end])} events {end} of {key}")
        first, last = both[begin][0], both[end][0]
        expect(first["ts"] <= last["ts"], f"an end before its begin: {first}, {last}")
        expect(first["name"] == last["name"], f"two names of one pair: {first}, {last}")
        yield first, last


def check(text):
    """The events of a trace, times in ns. Raises Bad."""
    try:
        trace = json.loads(text)
    except ValueError as error:
        raise Bad(f"no JSON: {error}") from error
    expect(isinstance(trace, dict) and isinstance(trace.get("traceEvents"), list), "no object with traceEvents")
    expect(isinstance(trace.get("otherData", {}).get("overwritten_records"), int), "no number of overwritten records")
    events = trace["traceEvents"]
    slices = collections.defaultdict(list)
    named = set()
    for event in events:
        check_event(event)
        if event["ph"] == "X":
            slices[event["tid"]].append(event)
        elif event["name"] == "thread_name":
            expect(event["tid"] not in named, f"two names of thread {event['tid']}")
            named.add(event["tid"])
    expect(set(slices) <= named, f"threads without a name: {set(slices) - named}")
    check_nesting(slices)
    for pair in pairs(events, "s", "f"):
        for event in pair:
            expect(any(each["ts"] <= event["ts"] <= each["end"] for each in slices[event["tid"]]),
                   f"an end of an arrow that is at no slice: {event}")
    for _ in pairs(events, "b", "e"):
        pass
    return events


def check_run(program):
    """The program's own trace, and that all is in it."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "trace.json"
        ran = subprocess.run([program, file], capture_output=True, text=True, timeout=60)
        expect(ran.returncode == 0, f"traces ended with status {ran.returncode}: {ran.stderr}")
        events = check(file.read_text(encoding="utf-8", errors="strict"))
    count = collections.Counter((event["ph"], event.get("cat")) for event in events)
    for wanted in (("X", "handler"), ("X", "message"), ("s", "message"), ("s", "reply"), ("b", "mailbox"),
                   ("b", "timer"), ("b", "answered")):
        expect(count[wanted] > 0, f"no event {wanted} among {dict(count)}")
    names = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
    expect(any(re.fullmatch(r"traced/\d+", name) for name in names), f"no worker among the threads {names}")
    roots = {event["args"]["trace"] for event in events if event["ph"] == "X" and "trace" in event["args"]}
    expect("0af7651916cd43dd8448eb211c80319c" in roots, f"not the trace that was given among {roots}")
    return len(events)


GOOD = [
    {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "one"}},
    {"ph": "X", "pid": 1, "tid": 1, "name": "a", "cat": "handler", "ts": 1.0, "dur": 5.0, "args": {"span": "0" * 15 + "1"}},
    {"ph": "X", "pid": 1, "tid": 1, "name": "b", "cat": "handler", "ts": 2.0, "dur": 1.0, "args": {"span": "0" * 15 + "2"}},
    {"ph": "X", "pid": 1, "tid": 1, "name": "c", "cat": "message", "ts": 6.0, "dur": 0.0, "args": {"span": "0" * 15 + "2"}},
    {"ph": "s", "pid": 1, "tid": 1, "name": "b", "cat": "message", "ts": 1.5, "id": "0" * 15 + "2", "args": {}},
    {"ph": "f", "pid": 1, "tid": 1, "name": "b", "cat": "message", "ts": 2.0, "id": "0" * 15 + "2", "bp": "e"},
    {"ph": "b", "pid": 1, "tid": 1, "name": "b", "cat": "mailbox", "ts": 1.5, "id": "0" * 15 + "2"},
    {"ph": "e", "pid": 1, "tid": 1, "name": "b", "cat": "mailbox", "ts": 2.0, "id": "0" * 15 + "2"},
]


def self_test():
    def page(events):
        return json.dumps({"traceEvents": events, "otherData": {"overwritten_records": 0}})

    check(page(GOOD))
    broken = [(f"without event {place}", GOOD[:place] + GOOD[place + 1:]) for place in (0, 4, 5, 6, 7)]
    for place, change in ((1, {"dur": 1.5}), (1, {"ts": -1.0}), (1, {"ph": "B"}), (1, {"args": {"span": "x"}}),
                          (2, {"dur": 4.5}), (2, {"ts": 0.5}), (4, {"ts": 0.5}), (4, {"ts": 2.5}), (4, {"id": "1"}),
                          (5, {"ts": 9.0}), (5, {"tid": 2}), (5, {"bp": "x"}), (6, {"ts": 3.0}), (7, {"name": "z"}),
                          (7, {"cat": "timer"}), (3, {"cat": "odd"}), (0, {"extra": 1}), (0, {"tid": "1"})):
        events = [dict(event) for event in GOOD]
        events[place].update(change)
        broken.append((f"with {change} in event {place}", events))
    broken.append(("with a second begin", GOOD + [GOOD[6]]))
    for what, events in broken:
        try:
            check(page(events))
        except Bad:
            continue
        raise Bad(f"a trace {what} is taken")
    for text in ("", "[]", "{}", '{"traceEvents":[]}', page(GOOD)[:-1]):
        try:
            check(text)
        except Bad:
            continue
        raise Bad(f"{text!r:.30} is taken")
    return len(broken)


def main():
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    try:
        if sys.argv[1:] == ["--self-test"]:
            print(f"check_trace: {self_test()} broken traces are refused")
        elif sys.argv[1].endswith(".json"):
            for file in sys.argv[1:]:
                events = check(pathlib.Path(file).read_text(encoding="utf-8", errors="strict"))
                print(f"check_trace: {file}: {len(events)} events are as they must be")
        else:
            print(f"check_trace: {check_run(sys.argv[1])} events of a real run are as they must be")
    except (Bad, UnicodeDecodeError) as failure:
        print(f"check_trace: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
