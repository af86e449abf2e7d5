"""Debian's Prometheus server on loopback, for a test: started in a folder of its own, asked by HTTP, and ended.

Nothing here sleeps in the hope that something has happened: `until` asks again until it has, or a deadline has passed.
"""

import contextlib
import http.server
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

SKIPPED = 77  # what ctest takes for a test that could not run
PATIENCE = 60  # seconds, for whatever a loaded machine needs


class Failed(Exception):
    pass


class Missing(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what} is {got!r}, and {wanted!r} was expected")


def program(name):
    """Where a program of the package prometheus is."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed: apt-get install prometheus")
    return found


def until(what, question, good=bool):
    """The first answer that is good. `question` may throw Failed, which counts as a bad answer."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            answer = question()
            if good(answer):
                return answer
        except Failed as failure:
            answer = failure
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {PATIENCE} s; the last answer was {answer}")
        time.sleep(0.05)


def run(main):
    """Runs a test's main, which returns a sentence, and ends the process as ctest wants it."""
    name = pathlib.Path(sys.argv[0]).stem
    try:
        print(f"{name}: {main()}")
    except Missing as missing:
        print(f"{name}: skipped: {missing}")
        sys.exit(SKIPPED)
    except Failed as failure:
        print(f"{name}: {failure}")
        sys.exit(1)
    sys.exit(0)


class Server:
    """A server that scrapes `targets`, {job: port}, once a second. To be used with `with`."""

    def __init__(self, targets, rules=None):
        self.program = program("prometheus")
        self.targets = targets
        self.rules = rules

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
                for job, port in self.targets.items()]
        # JSON is YAML too.
        (folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "scrape_configs": jobs, "rule_files": [str(pathlib.Path(self.rules).resolve())] if self.rules else []}))
        try:
            for _ in range(10):  # somebody may take the port between our look and the server's
                if self._start(folder, free_port()):
                    return self
            raise Failed("no port of ten that were free was still free when the server took it")
        except BaseException:
            self._end()
            raise

    def __exit__(self, *_):
        self._end()

    def _start(self, folder, port):
        self.address = f"http://127.0.0.1:{port}"
        log = folder / "log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [self.program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage", "--log.level=warn",
                 "--scrape.discovery-reload-interval=100ms"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

        def ready():
            if self.process.poll() is not None:
                return "ended"
            try:
                with urllib.request.urlopen(self.address + "/-/ready", timeout=PATIENCE) as answer:
                    return "ready" if answer.status == 200 else ""
            except OSError:  # nobody listens yet, or it says 503
                return ""

        if until("the server is ready", ready) == "ready":
            return True
        said = log.read_text(errors="replace")
        if "address already in use" in said:
            return False
        raise Failed(f"the server ended with status {self.process.returncode}:\n{said}")

    def _end(self):
        process = getattr(self, "process", None)
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()

    def api(self, path, **parameters):
        """The `data` of an answer of its API. A query that it refuses is Failed, with its own words."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            with contextlib.suppress(ValueError):
                said = json.loads(said)["error"]
            raise Failed(f"{parameters.get('query', path)}: {said}") from None

    def query(self, expression, at=None):
        """[(labels, value)] of an instant query. A scalar has no labels."""
        data = self.api("query", query=expression, **({} if at is None else {"time": at}))
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(each["metric"], float(each["value"][1])) for each in data["result"]]

    def value(self, expression):
        """The value of a query that has one."""
        found = self.query(expression)
        if len(found) != 1:
            raise Failed(f"{expression} has {len(found)} values: {found}")
        return found[0][1]

    def until_value(self, expression, wanted):
        """Asks until a query has one value, and that one."""
        until(f"{expression} is {wanted}", lambda: self.value(expression), lambda value: value == wanted)

    def until_scraped(self, job, times=1):
        """Waits for so many scrapes of a target from now on. All that it reported before is then in the server."""
        def scrapes():
            found = self.query(f'count_over_time(up{{job="{job}"}}[1h])')
            return found[0][1] if found else 0

        # A scrape that is under way now may have read its page already.
        wanted = scrapes() + times + 1
        until(f"{times} scrapes of {job}", scrapes, lambda value: value >= wanted)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serving(text, content_type):
    """The port of an HTTP server that has one page, under every path, for as long as the block runs."""
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Program:
    """A program of ours that answers each line on its standard input by one on its standard output; `with` ends it."""

    def __init__(self, *command):
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # One that hangs must not hang the test.
        self.alarm = threading.Timer(3 * PATIENCE, self.process.kill)
        self.alarm.start()
        return self

    def line(self):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise Failed(f"{self.command[0]} ended with status {self.process.wait()}")
        return line.rstrip("\n")

    def ask(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # the line that does not come says more
        return self.line()

    def __exit__(self, kind, *_):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            status = self.process.wait()
        self.alarm.cancel()
        self.process.stdout.close()
        if kind is None and status != 0:
            raise Failed(f"{self.command[0]} ended with status {status}")
