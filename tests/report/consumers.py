#!/usr/bin/env python3
"""Pages of metrics, as real readers read them: consumers.py PAGES

PAGES is the program of tests/report/pages.cpp. Its pages go to Prometheus's own promtool, and to both parsers of
Prometheus's client for Python; what they read is compared with what was written. One that is not installed is a failure.
"""

import math
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

DEBIAN_PYTHON = "/usr/bin/python3"


class Failed(Exception):
    pass


def import_parsers():
    """The two parsers. Debian's packages are seen by Debian's own interpreter, which may not be the one that runs this."""
    try:
        from prometheus_client import parser
        from prometheus_client.openmetrics import parser as open_parser
    except ImportError:
        if pathlib.Path(DEBIAN_PYTHON).exists() and not os.path.samefile(sys.executable, DEBIAN_PYTHON):
            os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, "-B", *sys.argv])
        raise Failed("Prometheus's client for Python is not installed: apt-get install python3-prometheus-client")
    return parser.text_string_to_metric_families, open_parser.text_string_to_metric_families


def page(pages, *arguments):
    ran = subprocess.run([pages, *arguments], capture_output=True, timeout=60)
    if ran.returncode != 0:
        raise Failed(f"pages {' '.join(arguments)} ended with status {ran.returncode}: {ran.stderr.decode()}")
    return ran.stdout.decode("utf-8")  # strict: a page is UTF-8 throughout


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what} was read as {got!r}, and {wanted!r} was expected")


def promtool(text):
    """The status of `promtool check metrics` (0 good, 1 cannot be read, 3 bad style), and what it says."""
    if shutil.which("promtool") is None:
        raise Failed("promtool is not installed: apt-get install prometheus")
    ran = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return ran.returncode, ran.stdout.decode()


def as_written(raw):
    """Bytes as drover writes them: each that belongs to no character becomes U+FFFD."""
    text = ""
    while raw:
        for length in (1, 2, 3, 4):
            try:
                text += raw[:length].decode("utf-8")
                break
            except UnicodeDecodeError:
                pass
        else:
            text, length = text + "\ufffd", 1
        raw = raw[length:]
    return text


def same_double(one, other):
    # The parser for OpenMetrics reads -0 as an integer, which has no such thing.
    return math.isnan(one) and math.isnan(other) or one == other


def check_histogram(families, open_metrics):
    times = families["drover_actor_processing_time_seconds"]
    expect("the type of a histogram", times.type, "histogram")
    values = [each * each * 1000 for each in range(1, 1001)]
    bounds = []
    for sample in times.samples:
        if sample.labels["actor"] != "worker":
            expect(f"{sample.name} of an actor that is idle", sample.value, 0)
        elif sample.name.endswith("_bucket"):
            bound = float(sample.labels["le"])
            bounds.append(bound)
            expect(f"the bucket up to {bound}", sample.value, sum(value <= bound * 1e9 for value in values))
            exemplar = sample.exemplar if open_metrics else None
            if exemplar and exemplar.labels:
                expect("a trace id", exemplar.labels, {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})
                expect("an exemplar's value", exemplar.value, 0.25)
                expect("an exemplar's time", float(exemplar.timestamp), 1520879607.789)
        elif sample.name.endswith("_sum"):
            expect("the sum", sample.value, sum(values) / 1e9)
        else:
            expect("the count", sample.value, 1000)
    expect("the bounds", bounds, [2 ** power / 1e9 for power in range(10, 31)] + [math.inf])
    if open_metrics:
        expect("the unit", times.unit, "seconds")
        expect("the exemplars", sum(1 for each in times.samples if each.exemplar), 2)


def check_clean(text, parse, open_metrics):
    families = {family.name: family for family in parse(text)}
    expect("the families", len(families), 4)
    processed = families["drover_actor_messages_processed"]
    expect("the type of a counter", processed.type, "counter")
    expect("the counters", {sample.labels["actor"]: sample.value for sample in processed.samples},
           {"worker": 1000, 'std::vector<"int">': 7})
    expect("the names of a counter's lines", {sample.name for sample in processed.samples},
           {"drover_actor_messages_processed_total"})
    expect("a help text", processed.documentation, "Messages that actors of a type have handled.")
    expect("the labels of the build", families["drover_build_info"].samples[0].labels,
           {"version": "0.1.0", "compiler": "g++ \\ clang"})
    check_histogram(families, open_metrics)


def check_odd(text, parse, open_metrics):
    families = {family.name: family for family in parse(text)}
    texts = families["odd_text"]
    expect("the number of texts", len(texts.samples), 400)
    for sample in texts.samples:
        expect(f"text {sample.labels['bytes']}", sample.labels["text"], as_written(bytes.fromhex(sample.labels["bytes"])))
    expect("a help text", texts.documentation, 'A "help"\nof two lines \\ one\ufffd')
    numbers = families["odd_number"]
    expect("the type of what has none", numbers.type, "unknown")
    expect("the number of numbers", len(numbers.samples), 511)
    for sample in numbers.samples:
        wanted = struct.unpack(">d", bytes.fromhex(sample.labels["bits"].zfill(16)))[0]
        if not same_double(float(sample.value), wanted):
            raise Failed(f"the number {wanted!r} was read as {sample.value!r}")
    counter = families["odd_counter"].samples[0]
    # The line has all digits; a reader for whom every number is a double rounds them.
    expect("a large counter", float(counter.value), 9007199254740992.0)
    if "odd_counter_total 9007199254740993" not in text:
        raise Failed("the large counter has not all its digits")
    if open_metrics:
        expect("a long exemplar", counter.exemplar.labels, {"trace_id": "\u00e4" * 120})
    bounds = [sample.labels["le"] for sample in families["odd_time_seconds"].samples if "le" in sample.labels]
    expect("the bounds", bounds, ["0.0", "1.0", "100000.0", "1e+06", "+Inf"] if open_metrics
           else ["0", "1", "100000", "1e+06", "+Inf"])
    if "odd_empty" in families:
        raise Failed("a family without series was written")


def check_promtool(clean, odd):
    """What promtool says: nothing of the clean page, nothing but matters of style of the odd one."""
    status, said = promtool(clean)
    if (status, said) != (0, ""):
        raise Failed(f"promtool check metrics ended with {status} on the clean page:\n{said}")
    status, said = promtool(odd)
    if status not in (0, 3):
        raise Failed(f"promtool check metrics ended with {status} on the odd page:\n{said}")
    # And it does read.
    for broken in (odd.replace('\\"', '"', 1), clean.replace('le="+Inf"', 'le="Inf', 1), clean + "9lives 1\n"):
        status, said = promtool(broken)
        if status != 1:
            raise Failed(f"promtool check metrics ended with {status} on a broken page:\n{said}")


def check_refusals(clean, parse_open):
    """The parser for OpenMetrics is one that refuses: without that, it would prove nothing."""
    for why, broken in (("no end", clean.replace("# EOF\n", "")),
                        ("a counter without _total", clean.replace("processed_total", "processed")),
                        ("a long exemplar", re.sub('trace_id="a"', f'trace_id="{"a" * 121}"', clean)),
                        ("a unit that is not in the name", clean.replace("_seconds seconds", "_seconds bytes"))):
        if broken == clean:
            raise Failed(f"there is nothing to break: {why}")
        try:
            list(parse_open(broken))
        except ValueError:
            continue
        raise Failed(f"the parser for OpenMetrics takes a page with {why}")


def check(pages):
    parse_text, parse_open = import_parsers()
    clean, odd = page(pages, "clean", "text"), page(pages, "odd", "text")
    clean_open, odd_open = page(pages, "clean", "openmetrics"), page(pages, "odd", "openmetrics")
    check_promtool(clean, odd)
    check_clean(clean, parse_text, False)
    check_clean(clean_open, parse_open, True)
    check_odd(odd, parse_text, False)
    check_odd(odd_open, parse_open, True)
    check_refusals(clean_open, parse_open)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "drover.prom"
        page(pages, "file", str(file))
        expect("the node exporter's file", file.read_text(encoding="utf-8"), clean)


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    try:
        check(sys.argv[1])
    except Failed as failure:
        print(f"consumers: {failure}")
        return 1
    print("consumers: promtool and both of Python's parsers read what was written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
