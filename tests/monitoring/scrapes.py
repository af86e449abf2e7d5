#!/usr/bin/env python3
"""What report/ writes, scraped and queried by the real Prometheus: scrapes.py PAGES

PAGES is the program of tests/report/pages.cpp. Its page of OpenMetrics is served with its own content type, which
prometheus-cpp's server cannot; so this is where exemplars are looked at.
"""

import subprocess
import sys

from server import Failed, Server, expect, run, serving, until

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def page(pages, *arguments):
    ran = subprocess.run([pages, *arguments], capture_output=True, timeout=60)
    if ran.returncode != 0:
        raise Failed(f"pages {' '.join(arguments)} ended with status {ran.returncode}: {ran.stderr.decode()}")
    return ran.stdout.decode("utf-8")


def check_quantiles(server):
    # Of 1000 durations, the squares of 1 to 1000 in microseconds, each quantile is known. The bucket that it is in has
    # bounds of 2^n ns, and the answer is somewhere between.
    for each in (0.5, 0.9, 0.99):
        exact = (each * 1000) ** 2 * 1000
        power = 10
        while 2 ** power < exact:
            power += 1
        answer = 1e9 * server.value(
            f'histogram_quantile({each}, sum by (le) (drover_actor_processing_time_seconds_bucket{{actor="worker"}}))')
        if not 2 ** (power - 1) <= answer <= 2 ** power:
            raise Failed(f"the quantile {each} of values whose own is {exact:.0f} ns is {answer:.0f} ns, outside of its bucket")


def check_exemplars(server):
    found = server.api("query_exemplars", query="drover_actor_processing_time_seconds_bucket",
                       start=1520879000, end=1520880000)
    expect("the number of series with an exemplar at that time", len(found), 1)
    expect("the bucket of an exemplar", found[0]["seriesLabels"]["le"], "0.268435456")
    expect("the exemplars of its bucket", found[0]["exemplars"],
           [{"labels": {"trace_id": TRACE}, "value": "0.25", "timestamp": 1520879607.789}])
    # One without a time has that of the scrape; it is written anew with each, so there may be several.
    found = until("the exemplar of a counter",
                  lambda: server.api("query_exemplars", query="drover_actor_messages_processed_total",
                                     start=1600000000, end=9999999999))
    expect("the exemplars of a counter", [(each["seriesLabels"]["actor"], each["exemplars"][0]["labels"]) for each in found],
           [("worker", {"trace_id": "a"})])


def main():
    if len(sys.argv) != 2:
        raise Failed(__doc__)
    text = page(sys.argv[1], "clean", "openmetrics")
    broken = text.replace("# EOF", "")
    with serving(text, OPENMETRICS) as port, serving(broken, OPENMETRICS) as broken_port, \
            Server({"pages": port, "broken": broken_port}) as server:
        server.until_value('up{job="pages"}', 1)
        server.until_value('up{job="broken"}', 0)  # without which the line above would prove little
        expect("the sum of the counters", server.value("sum(drover_actor_messages_processed_total)"), 1007)
        expect("a label that wants escaping",
               {labels["actor"] for labels, _ in server.query("drover_actor_messages_processed_total")},
               {"worker", 'std::vector<"int">'})
        expect("the count of the durations",
               server.value('drover_actor_processing_time_seconds_count{actor="worker"}'), 1000)
        check_quantiles(server)
        check_exemplars(server)
        metadata = server.api("metadata", metric="drover_actor_processing_time_seconds")
        expect("what is known of a family", metadata["drover_actor_processing_time_seconds"],
               [{"type": "histogram", "help": "How long handlers run.", "unit": "seconds"}])
    return "prometheus read the page, its quantiles and its exemplars"


if __name__ == "__main__":
    run(main)
