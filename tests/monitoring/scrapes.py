#!/usr/bin/env python3
"""drover's metrics, scraped and queried by the real Prometheus: scrapes.py PAGES SERVICE DOCS

PAGES is the program of tests/report/pages.cpp. Its page of OpenMetrics is served with its own content type, which
prometheus-cpp's server cannot; so this is where exemplars are looked at. SERVICE is the program of service.cpp: a real
runtime, scraped live. What it says it has done, and what the server says, must agree, and each query of the dashboard and the
alert rules in DOCS must have data. One server does for all, as it takes 5 s to look at its targets for the first time.
"""

import json
import pathlib
import subprocess
import sys

import dashboard
from server import Failed, Program, Server, expect, run, serving, until

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
        answer = 1e9 * server.value('histogram_quantile(%s, sum by (le) (drover_actor_processing_time_seconds_bucket'
                                    '{job="pages",actor="worker"}))' % each)
        if not 2 ** (power - 1) <= answer <= 2 ** power:
            raise Failed(f"the quantile {each} of values whose own is {exact:.0f} ns is {answer:.0f} ns, outside of its bucket")


def check_exemplars(server):
    found = server.api("query_exemplars", query='drover_actor_processing_time_seconds_bucket{job="pages"}',
                       start=1520879000, end=1520880000)
    expect("the number of series with an exemplar at that time", len(found), 1)
    expect("the bucket of an exemplar", found[0]["seriesLabels"]["le"], "0.268435456")
    expect("the exemplars of its bucket", found[0]["exemplars"],
           [{"labels": {"trace_id": TRACE}, "value": "0.25", "timestamp": 1520879607.789}])
    # One without a time has that of the scrape; it is written anew with each, so there may be several.
    found = until("the exemplar of a counter",
                  lambda: server.api("query_exemplars", query='drover_actor_messages_processed_total{job="pages"}',
                                     start=1600000000, end=9999999999))
    expect("the exemplars of a counter", [(each["seriesLabels"]["actor"], each["exemplars"][0]["labels"]) for each in found],
           [("worker", {"trace_id": "a"})])


def check_pages(server):
    server.until_value('up{job="pages"}', 1)
    server.until_value('up{job="broken"}', 0)  # without which the line above would prove little
    expect("the sum of the counters", server.value('sum(drover_actor_messages_processed_total{job="pages"})'), 1007)
    expect("a label that wants escaping",
           {labels["actor"] for labels, _ in server.query('drover_actor_messages_processed_total{job="pages"}')},
           {"worker", 'std::vector<"int">'})
    check_quantiles(server)
    check_exemplars(server)
    metadata = server.api("metadata", metric="drover_actor_messages_processed")
    expect("what is known of a counter", metadata["drover_actor_messages_processed"],
           [{"type": "counter", "help": "Messages that actors of a type have handled.", "unit": ""}])


def check_service(server, done):
    """All of the round before has been scraped: what the service says, the server has."""
    def has(query, wanted):
        expect(query, server.value(query), wanted)

    def actor(name):
        return f'{{job="service",actor="shop::{name}"}}'

    # Without the pool's own, which looks at its members now and then.
    has('sum(drover_actor_messages_processed_total{job="service",actor=~"shop::.+"})', done["handled"])
    has("drover_actor_messages_processed_total" + actor("clerk"), done["orders"] + done["rounds"])  # and an ask a round
    has("drover_actor_processing_time_seconds_count" + actor("clerk"), done["orders"] + done["rounds"])
    has("drover_actor_mailbox_time_seconds_count" + actor("clerk"), done["orders"] + done["rounds"])
    has("drover_actor_batched_messages_total" + actor("ledger"), done["booked"])
    has("drover_actor_messages_rejected_total" + actor("strict_keeper"), done["rejected"])
    has("drover_actor_messages_dropped_total" + actor("lax_keeper"), done["dropped"])
    has("drover_actor_spawned_total" + actor("visitor"), done["visitors"])
    has("drover_actor_stopped_total" + actor("visitor"), done["visitors"])
    has("drover_actor_running" + actor("visitor"), 0)
    has('sum(drover_actor_mailbox_messages{job="service"})', 0)
    has('sum(drover_actor_failures_total{job="service"})', done["failures"])
    has('sum(drover_actor_restarts_total{job="service"})', done["failures"])
    has('sum(drover_pool_picks_total{job="service",pool="printers"})', done["printed"])
    has('count(drover_pool_ejections_total{job="service",pool="printers"} > 0)', 1)
    has('drover_asks_sent_total{job="service"}', done["asked"])
    has('drover_asks_timed_out_total{job="service"}', done["timed_out"])
    has('drover_asks_answered_total{job="service"}', done["asked"] - done["timed_out"])
    timers = server.value('drover_timers_fired_total{job="service"}')
    if timers < done["timers"]:  # the pool has some too
        raise Failed(f"{timers} timers have fired, of {done['timers']} and more")
    for reason, wanted in (("rejected", done["rejected"]), ("dropped", done["dropped"]), ("failed", done["failures"]),
                           ("no_target", done["no_target"]), ("stopped", done["stopped"]), ("expired", 0)):
        has(f'drover_dead_letters_total{{job="service",reason="{reason}"}}', wanted)
    has('drover_workers{job="service"}', 2)
    has('drover_collection_failed{job="service"}', 0)


def main():
    if len(sys.argv) != 4:
        raise Failed(__doc__)
    pages, service, docs = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    panels = dashboard.load(docs / "drover-dashboard.json")
    dashboard.check_shape(panels)
    text = page(pages, "clean", "openmetrics")
    broken = text.replace("# EOF", "")
    with Program(service) as program, serving(text, OPENMETRICS) as port, serving(broken, OPENMETRICS) as broken_port, \
            Server({"pages": port, "broken": broken_port, "service": int(program.line())},
                   rules=docs / "drover-alerts.yml") as server:
        program.ask("work")
        server.until_value('up{job="service"}', 1)
        done = json.loads(program.ask("work"))  # so that what only grows has grown between two scrapes
        server.until_scraped("service")
        check_pages(server)
        # A scrape that takes longer than a second, on a machine with much else to do, leaves a gap; so each may try again.
        until("what the service has done", lambda: check_service(server, done) or True)
        rules = until("the rules", lambda: dashboard.check_rules(server))
        until("the dashboard", lambda: dashboard.check_dashboard(server, panels, "service") or True)
        dashboard.check_names(server, "service", [*rules, *(query for _, query, _ in dashboard.queries(panels))], panels)
    return (f"prometheus read the pages, agrees with the service, and has data for {len(dashboard.queries(panels))} queries of the "
            f"dashboard and {len(rules)} rules")


if __name__ == "__main__":
    run(main)
