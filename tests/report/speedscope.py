#!/usr/bin/env python3
"""Traces as drover writes them, in speedscope's own page in a browser without a screen: speedscope.py SITE TRACES

SITE is the folder of speedscope's page, dist/release of its npm package; TRACES is the program of
tests/report/traces.cpp, whose trace of a real run is opened. speedscope must show what is in the file: each thread that
has slices, by its name and with its busy time, and on it slices of this thread alone; and must complain of nothing.
Before that, broken traces are opened, each of which must be found. Chromium is told what to do through a pipe, in its
DevTools protocol. Status 77 says that it is not installed.
"""

import collections
import functools
import http.server
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77  # what ctest takes for a test that could not run
SECONDS = 60  # for anything that the browser is waited for
UNITS = {"ns": 1e-3, "µs": 1.0, "ms": 1e3, "s": 1e6}

# The threads in the page's list, the one that is shown, and its slices, or what there is of them in the window.
LOOK = """(() => ({
    ready: document.title.endsWith(" - speedscope"),
    error: document.body?.innerText.includes("Something went wrong") ?? false,
    threads: [...document.querySelectorAll("tr[title]")].map(row => [row.title, row.lastElementChild.textContent]),
    shown: ([...document.querySelectorAll("span")].map(span => /^(.*) [(](\\d+)[/]\\d+[)]$/.exec(span.textContent))
        .find(found => found) ?? []).slice(1),
    slices: [...document.querySelectorAll("tr:not([title]) > td:nth-child(3)")].map(cell => cell.textContent),
}))()"""
NEXT = 'window.dispatchEvent(new KeyboardEvent("keypress", {key: "n"}))'


class Bad(Exception):
    pass


def expect(condition, sentence):
    if not condition:
        raise Bad(sentence)


class Site(http.server.ThreadingHTTPServer):
    """speedscope's page on the loopback device, and beside it the one trace that is looked at."""

    def __init__(self, folder):
        site = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                if self.path != "/trace.json":
                    return super().do_GET()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(site.trace)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                return self.wfile.write(site.trace)

            def log_message(self, *_):
                pass

        self.trace = b""
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *of):
        self.shutdown()
        super().__exit__(*of)

    def page(self):
        address = f"http://127.0.0.1:{self.server_address[1]}"
        return f"{address}/index.html#profileURL={address}/trace.json&view=sandwich"


class Browser:
    """Chromium. Commands go to its descriptor 3 and come back from 4, each ended by a zero byte."""

    def __init__(self, folder):
        self.log = pathlib.Path(folder) / "chromium.log"
        its_input, self.output = os.pipe()
        self.input, its_output = os.pipe()
        # A browser of root's has no sandbox; it opens nothing here but files of ours.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = ["chromium", "--headless", "--remote-debugging-pipe", "--enable-unsafe-swiftshader", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-quic", "--disable-sync",
                   f"--user-data-dir={folder}/profile", *options, "about:blank"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", *command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=(its_input, its_output), start_new_session=True)
        os.close(its_input)
        os.close(its_output)
        self.received = b""
        self.calls = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.output)  # which it takes as the end
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.input)

    def receive(self, until):
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.input], [], [], max(0.0, until - time.monotonic()))
            expect(ready, f"chromium did not answer within {SECONDS} s")
            more = os.read(self.input, 1 << 16)
            expect(more, "chromium has ended: " + self.log.read_text(errors="replace")[-2000:])
            self.received += more
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, event=lambda message: None, **params):
        """The result of a command. What the session reports meanwhile goes to `event`."""
        until = time.monotonic() + SECONDS
        self.calls += 1
        command = {"id": self.calls, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        try:
            os.write(self.output, json.dumps(command).encode() + b"\0")
        except BrokenPipeError:
            pass  # it has ended, which `receive` says, and why
        while True:
            message = self.receive(until)
            if message.get("id") == self.calls:
                expect("error" not in message, f"{method}: {message.get('error')}")
                return message["result"]
            if "id" not in message and message.get("sessionId") == session:
                event(message)


class Tab:
    """A page of its own, and what it complains of."""

    def __init__(self, browser, address):
        self.browser = browser
        self.complaints = []
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for method in ("Page.enable", "Runtime.enable"):
            self.call(method)
        self.call("Page.navigate", url=address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **params):
        return self.browser.call(method, self.session, self.event, **params)

    def event(self, message):
        params = message["params"]
        if message["method"] == "Page.javascriptDialogOpening":
            raise Bad(f"speedscope says: {params['message']}")
        if message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif message["method"] == "Runtime.consoleAPICalled" and params["type"] in ("warning", "error"):
            self.complaints.append(" ".join(str(each.get("value", each.get("description"))) for each in params["args"]))

    def run(self, script):
        ran = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        expect("exceptionDetails" not in ran, f"{script} ended with {ran.get('exceptionDetails')}")
        return ran["result"].get("value")

    def look(self, wanted, what):
        """What LOOK finds, as soon as `wanted` is content with it."""
        until = time.monotonic() + SECONDS
        while True:
            found = self.run(LOOK)
            expect(not found["error"], "speedscope says that something went wrong")
            if wanted(found):
                return found
            expect(time.monotonic() < until, f"speedscope does not show {what}: {found}")
            time.sleep(0.02)


def contents(text):
    """What speedscope must show of a trace: each thread's busy time in µs and its slices, by the name it gives it."""
    names = {"process_name": {}, "thread_name": {}}
    slices = collections.defaultdict(list)
    for event in json.loads(text)["traceEvents"]:
        if event["ph"] == "M" and event["name"] in names:
            key = event["pid"] if event["name"] == "process_name" else (event["pid"], event["tid"])
            names[event["name"]][key] = event["args"]["name"]
        elif event["ph"] == "X":
            slices[event["pid"], event["tid"]].append(event)
    threads = {}
    for (pid, tid), its in slices.items():
        expect(pid in names["process_name"] and (pid, tid) in names["thread_name"], f"thread {tid} has no name")
        name = f"{names['process_name'][pid]} (pid {pid}), {names['thread_name'][pid, tid]} (tid {tid})"
        busy = end = 0.0
        for each in sorted(its, key=lambda each: each["ts"]):
            busy += max(0.0, each["ts"] + each["dur"] - max(end, each["ts"]))
            end = max(end, each["ts"] + each["dur"])
        threads[name] = busy, {each["name"] + " " + json.dumps(each["args"], separators=(",", ":"), ensure_ascii=False)
                               for each in its}
    return threads


def check(site, browser, text, threads):
    """That speedscope shows these threads where it opens the text. Raises Bad."""
    site.trace = text.encode()
    with Tab(browser, site.page()) as tab:
        found = tab.look(lambda it: it["ready"] and it["threads"] and it["slices"], "any thread")
        expect(sorted(name for name, _ in found["threads"]) == sorted(threads),
               f"the threads {found['threads']} are shown, and {sorted(threads)} are in the file")
        for name, shown in found["threads"]:
            busy = re.fullmatch(r"([\d.]+)(ns|µs|ms|s)", shown)
            expect(busy, f"{name} is shown as {shown!r} busy, which is no time")
            unit = UNITS[busy[2]]
            expect(abs(float(busy[1]) * unit - threads[name][0]) < 0.0051 * unit,
                   f"{name} is shown as {shown} busy, and is {threads[name][0]:.3f} µs")
        for place, (name, _) in enumerate(found["threads"], 1):
            shown = [name, str(place)]
            slices = tab.look(lambda it: it["shown"] == shown and it["slices"], f"slices of {name}")["slices"]
            strange = set(slices) - threads[name][1]
            expect(not strange, f"on {name} is shown what is not there: {strange}")
            tab.run(NEXT)
        expect(not tab.complaints, f"speedscope complains: {tab.complaints[:3]}")


def written(events):
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events})


GOOD = [
    {"ph": "M", "pid": 1, "tid": 1, "name": "process_name", "args": {"name": "bakery"}},
    {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "oven"}},
    {"ph": "M", "pid": 1, "tid": 2, "name": "thread_name", "args": {"name": "shop"}},
    {"ph": "X", "pid": 1, "tid": 1, "name": "a<'\"'>", "cat": "handler", "ts": 1.0, "dur": 5.0, "args": {"span": "01"}},
    {"ph": "X", "pid": 1, "tid": 1, "name": "b<'\\'>", "cat": "handler", "ts": 2.0, "dur": 1.0, "args": {"span": "02"}},
    {"ph": "X", "pid": 1, "tid": 2, "name": "c", "cat": "handler", "ts": 3.0, "dur": 4.0, "args": {"span": "03"}},
    {"ph": "M", "pid": 1, "tid": 3, "name": "thread_name", "args": {"name": "desk"}},
    {"ph": "X", "pid": 1, "tid": 3, "name": "d", "cat": "message", "ts": 3.0, "dur": 0.0, "args": {"span": "04"}},
]


def self_test(site, browser):
    def changed(place, change):
        return written([dict(event, **change) if each == place else event for each, event in enumerate(GOOD)])

    threads = contents(written(GOOD))
    check(site, browser, written(GOOD), threads)
    broken = [
        ("", "Unrecognized format"),
        (written(GOOD)[:40], "Unrecognized format"),
        (written([]), "it's empty|Unrecognized format"),
        (written(GOOD[:-1]), "threads .* are in the file"),
        (written(GOOD[:2] + GOOD[3:]), "threads .* are in the file"),
        (changed(4, {"dur": 9.0}), "is shown as .* busy"),
        (changed(5, {"dur": 4.5}), "is shown as .* busy"),
        (changed(4, {"name": "z"}), "what is not there: .*z"),
        (changed(5, {"name": "z"}), "what is not there: .*z"),
        (changed(2, {"args": {"name": "oven"}}), "threads .* are in the file"),
    ]
    broken = [(text, threads, sentence) for text, sentence in broken]
    overlapping = changed(4, {"dur": 9.0})
    broken.append((overlapping, contents(overlapping), "speedscope complains"))
    for text, expected, sentence in broken:
        try:
            check(site, browser, text, expected)
        except Bad as found:
            expect(re.search(sentence, str(found)), f"of {text!r} was said: {found}")
        else:
            raise Bad(f"speedscope is content with {text!r}")
    return len(broken)


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    if shutil.which("chromium") is None:
        print("skipped: chromium is not installed: apt-get install chromium")
        return SKIPPED
    folder, program = sys.argv[1:]
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            file = pathlib.Path(temporary) / "trace.json"
            ran = subprocess.run([program, file], capture_output=True, text=True, timeout=SECONDS)
            expect(ran.returncode == 0, f"traces ended with status {ran.returncode}: {ran.stderr}")
            try:
                text = file.read_text(encoding="utf-8", errors="strict")
                threads = contents(text)
            except (ValueError, KeyError, TypeError) as error:
                raise Bad(f"the trace of a real run is none: {error!r}") from error
            expect(any(re.search(r", traced/\d+ ", name) for name in threads), f"no worker among {sorted(threads)}")
            with Site(folder) as site, Browser(temporary) as browser:
                broken = self_test(site, browser)
                print(f"speedscope: {broken} broken traces are found to be so")
                check(site, browser, text, threads)
            print(f"speedscope: the {len(threads)} threads of a real run are shown as they must be")
    except (Bad, subprocess.TimeoutExpired) as failure:
        print(f"speedscope: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
