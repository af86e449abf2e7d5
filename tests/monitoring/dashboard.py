"""What docs/monitoring/ asks of a server: whether each query of the dashboard and of the alert rules can be answered there."""

import json
import math
import re

from server import Failed, expect, until

BUILT_IN = {"__rate_interval"}


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard):
    """(title, query, legend) of each target."""
    return [(panel["title"], target["expr"], target["legendFormat"])
            for panel in panels(dashboard) for target in panel["targets"]]


def overlap(one, other):
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


def check_shape(dashboard):
    """What Grafana takes without a word, and then shows nothing or something twice."""
    everything = dashboard["panels"]
    expect("the number of different panel ids", len({each["id"] for each in everything}), len(everything))
    for number, each in enumerate(everything):
        if each["gridPos"]["x"] + each["gridPos"]["w"] > 24:
            raise Failed(f"panel '{each['title']}' is wider than its row")
        for other in everything[:number]:
            if overlap(each["gridPos"], other["gridPos"]):
                raise Failed(f"panels '{each['title']}' and '{other['title']}' overlap")
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    expect("the type of the variable datasource", variables["datasource"]["type"], "datasource")
    for each in [*panels(dashboard), *(target for panel in panels(dashboard) for target in panel["targets"]),
                 *(variable for variable in variables.values() if variable["type"] == "query")]:
        expect(f"the data source of '{each.get('title', each.get('name', each.get('expr')))}'", each["datasource"],
               {"type": "prometheus", "uid": "${datasource}"})
    for title, query, _ in queries(dashboard):
        unknown = set(re.findall(r"\$\{?(\w+)", query)) - set(variables) - BUILT_IN
        if unknown:
            raise Failed(f"panel '{title}' uses variables that there are not: {sorted(unknown)}")
        if set(re.findall(r"(\w+)=~\"\$", query)) < {"job", "instance"}:
            raise Failed(f"panel '{title}' does not heed the variables job and instance: {query}")


def as_asked(query, job):
    """The query as Grafana sends it when everything is chosen."""
    query = query.replace("$__rate_interval", "1m").replace('"$job"', f'"{job}"')
    return re.sub(r'"\$\w+"', '".+"', query)


def check_answer(server, what, query, labels=()):
    """The query has an answer, with these labels, and with a number in it."""
    answer = server.query(query)
    if not any(math.isfinite(value) for _, value in answer):
        raise Failed(f"{what} has no data: {query} gives {answer}")
    for series, _ in answer:
        missing = set(labels) - set(series)
        if missing:
            raise Failed(f"{what} names labels that its answer has not: {sorted(missing)} of {query}")


def check_dashboard(server, dashboard, job):
    for title, query, legend in queries(dashboard):
        check_answer(server, f"panel '{title}'", as_asked(query, job), re.findall(r"{{(\w+)}}", legend))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            expect(f"the label that variable {variable['name']} is of", label, variable["name"])
            if not server.api(f"label/{label}/values", **{"match[]": as_asked(selector, job)}):
                raise Failed(f"variable {variable['name']} has no values")


def check_rules(server):
    """Answers the expressions of the rules. They are evaluated without errors; without what they compare with, which a service
    that is well does not reach, each has data."""
    def rules():
        return [rule for group in server.api("rules")["groups"] for rule in group["rules"]]

    until("every rule is evaluated", rules, lambda found: found and all(rule["health"] != "unknown" for rule in found))
    found = rules()
    for rule in found:
        expect(f"the health of rule {rule['name']}", (rule["health"], rule.get("lastError", "")), ("ok", ""))
        bare = re.sub(r"\s(?:[<>]=?|==)\s[-+.\de]+", "", rule["query"])
        if bare == rule["query"]:
            raise Failed(f"rule {rule['name']} compares with nothing: {rule['query']}")
        check_answer(server, f"rule {rule['name']}", bare)
        expect(f"the annotations of {rule['name']}", set(rule["annotations"]), {"summary", "description"})
        if rule["labels"].get("severity") not in ("warning", "critical"):
            raise Failed(f"rule {rule['name']} has no severity")
    return [rule["query"] for rule in found]


def check_names(server, job, texts, dashboard):
    """Texts speak of no metric that there is not, and the dashboard shows all that there are."""
    served = {name for name in server.api("label/__name__/values", **{"match[]": f'{{job="{job}"}}'})
              if name.startswith("drover_")}
    used = set(re.findall(r"\bdrover_\w+", " ".join(texts)))
    if used - served:
        raise Failed(f"there is no metric {sorted(used - served)}")
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for _, query, _ in queries(dashboard)
             for name in re.findall(r"\bdrover_\w+", query)}
    hidden = {re.sub(r"_(bucket|sum|count)$", "", name) for name in served} - shown
    if hidden:
        raise Failed(f"the dashboard does not show {sorted(hidden)}")
