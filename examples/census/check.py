#!/usr/bin/env python3
"""Holds the census against find, wc and grep, and against directories made to trip it.

    check.py CENSUS [NAME…]     all of the checks below, or those whose name begins with NAME
"""

import contextlib
import json
import os
import pathlib
import pty
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ENDINGS = ("c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp", "inl", "tcc")
REASONS = ("link", "special", "binary", "unreadable", "vanished", "changed", "name")
IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
REAL = "/usr/include"
NOBODY = 65534
LIMIT = 60          # seconds for one run of the census; nothing here should take a tenth of it
census = None       # the program
folder = None       # everything the checks make is in here
started = []        # what must not be left behind when a check fails


class Wrong(Exception):
    pass


def same(what, got, wanted):
    if got != wanted:
        raise Wrong(f"{what}: got {got!r}, not {wanted!r}")


def true(what, holds):
    if not holds:
        raise Wrong(what)


# --- running the census -----------------------------------------------------------------------------------------------

def as_nobody():
    """What to put in front of a command so that permissions mean something."""
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []


def run(*arguments, before=(), **more):
    more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": LIMIT} | more
    return subprocess.run([*before, census, *arguments], check=False, **more)


def start(*arguments, **more):
    more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    process = subprocess.Popen([census, *arguments], **more)
    started.append(process)
    return process


def parse(output):
    """The one object on standard output, and what must hold for every one of them."""
    found = json.loads(output.decode("utf-8"))
    same("keys of skipped_by_reason", tuple(found["skipped_by_reason"]), REASONS)
    same("sum of the reasons", sum(found["skipped_by_reason"].values()), found["skipped"])
    true("comment share is a share", 0 <= found["comment_share"] <= 1)
    true("lists are in order", all([one[key] for one in found[name]] == sorted((one[key] for one in found[name]),
                                                                              reverse=True)
                                   for name, key in (("top_identifiers", "count"), ("top_headers", "count"),
                                                     ("largest_files", "bytes"))))
    for key in ("files", "lines", "bytes", "skipped", "identifiers", "threads"):
        true(f"{key} is a whole number", isinstance(found[key], int))
    parsers = found["parsers"]
    same("names of the parsers", [one["name"] for one in parsers], [f"parser/{at}" for at in range(found["threads"])])
    for key in ("files", "lines", "bytes"):
        same(f"{key} of all parsers", sum(one[key] for one in parsers), found[key])
    if found["bytes"] != 0:
        mean = found["bytes"] / len(parsers)
        true("shares are of the bytes", all(abs(one["share"] * found["bytes"] - one["bytes"]) <= 1e-6 * found["bytes"]
                                            for one in parsers))
        true("the largest over the mean",
             abs(found["largest_over_mean"] - max(one["bytes"] for one in parsers) / mean) < 1e-3)
    return found


def count(*arguments, status=0, before=()):
    done = run("--json", *arguments, before=before)
    same(f"exit status of {arguments}", (done.returncode, done.stderr), (status, b""))
    return parse(done.stdout)


def counts(found):
    return {key: found[key] for key in ("files", "lines", "bytes", "comment_bytes", "identifiers",
                                        "distinct_identifiers", "distinct_headers", "skipped_by_reason",
                                        "top_identifiers", "top_headers", "largest_files")}


def skipped(**reasons):
    return dict.fromkeys(REASONS, 0) | reasons


# --- what standard tools say ------------------------------------------------------------------------------------------

def find(directory, *tests):
    names = subprocess.run(["find", directory, *tests, "-print0"], stdout=subprocess.PIPE, check=True).stdout
    return names.split(b"\0")[:-1]


def is_text(path):
    with open(path, "rb") as file:
        return b"\0" not in file.read(8192)


def pipe(first, second, names):
    """find … | xargs FIRST | SECOND"""
    environment = {**os.environ, "LC_ALL": "C"}
    with subprocess.Popen(["xargs", "-0", "-r", *first], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=environment) as source:
        with subprocess.Popen(second, stdin=source.stdout, stdout=subprocess.PIPE, env=environment) as sink:
            source.stdout.close()
            source.stdin.write(b"".join(name + b"\0" for name in names))
            source.stdin.close()
            return [int(figure) for figure in sink.stdout.read().split()]


def by_tools(directory):
    sources = find(directory, "-type", "f", "-regextype", "posix-extended", "-regex", rf".*\.({'|'.join(ENDINGS)})")
    counted = [name for name in sources if is_text(name)]
    lines, size = pipe(["cat"], ["wc", "-l", "-c"], counted)
    (identifiers,) = pipe(["grep", "-ohawE", IDENTIFIER], ["wc", "-l"], counted)
    return {"files": len(counted), "lines": lines, "bytes": size, "identifiers": identifiers,
            "links": len(find(directory, "-type", "l")), "binary": len(sources) - len(counted)}


def snapshot(directory):
    return subprocess.run(["find", directory, "-printf", "%p %s %T@ %i\\0"], stdout=subprocess.PIPE, check=True).stdout


def check_real_directory():
    """Files, lines, bytes and identifiers to the last digit, with 1, 2 and 8 threads."""
    for attempt in range(3):
        before = snapshot(REAL)
        wanted = by_tools(REAL)
        true(f"{REAL} holds sources", wanted["files"] > 0)
        found = [count("--threads", str(threads), "--top", "50", REAL) for threads in (1, 2, 8)]
        # A package manager may be at work.
        if before == snapshot(REAL):
            break
        true(f"{REAL} changes all the time", attempt != 2)
    for one, threads in zip(found, (1, 2, 8)):
        for key in ("files", "lines", "bytes", "identifiers"):
            same(f"{key} of {REAL} with {threads} threads", one[key], wanted[key])
        same("skipped", one["skipped_by_reason"], skipped(link=wanted["links"], binary=wanted["binary"]))
        same("threads", one["threads"], threads)
        same(f"all the rest with {threads} threads", counts(one), counts(found[0]))
    print(f"    {wanted}; seconds {[one['seconds'] for one in found]}", flush=True)


# --- directories made to trip it --------------------------------------------------------------------------------------

def fill(directory, files):
    for name, content in files.items():
        path = os.path.join(os.fsencode(directory), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def fresh(name):
    path = folder / name
    path.mkdir()
    return path


GOOD = {
    b"plain.h": b"int plain; // one\n",
    b"empty.c": b"",
    b"no newline.cc": b"a /* b */",
    b"new\nline.hpp": b"x\n\n",
    b"quo\"te\\.cxx": b"x\r\ny",
    "schön.hh".encode(): "Größe 0x1F 12ab _\n".encode(),
    b"\x1b[2Jescape.hxx": b"#include <vector>\n",
    b"late.ipp": b"late" + b" " * 8188 + b"\0 after\0\n",
    b".hidden/.h": b"hidden\n",
    b"deep/er/still.inl": b"deep\n",
    b"deep/er/more.tcc": b"// " + b"x" * 300000 + b"\n",
}
OTHER = {b"notes.txt": b"no source", b"a.H": b"no source", b"Makefile": b"all:", b"a.hpp.in": b"no source"}


def torture_directory():
    top = fresh("torture")
    fill(top, GOOD)
    fill(top, OTHER)
    fill(top, {b"nul.c": b"x\0y", b"edge.c": b" " * 8191 + b"\0", b"bad \xff name.h": b"x\n",
               b"bad \xff directory/inside.h": b"x\n", b"closed.h": b"x\n", b"shut/inside.h": b"x\n",
               b"unsearchable/inside.h": b"x\n", b"unsearchable/more.h": b"x\n"})
    os.symlink("nowhere", top / "dangling.h")
    os.symlink("nowhere", top / "dangling")
    os.symlink("self.h", top / "self.h")
    os.symlink("..", top / "deep" / "loop")
    os.symlink("plain.h", top / "linked.h")
    os.symlink(top, top / "again")
    os.mkfifo(top / "fifo.h")
    os.mkfifo(top / "fifo")                     # not the name of a source: passed over
    here = os.open(top, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/socket.h")       # the address of a socket may have 107 bytes
    os.close(here)
    special = 2
    try:
        os.mknod(top / "device.h", 0o666 | stat.S_IFCHR, os.makedev(1, 5))      # /dev/zero would never end
        os.mknod(top / "block.h", 0o666 | stat.S_IFBLK, os.makedev(7, 200))
        special += 2
    except PermissionError:
        print("    without device nodes: mknod is not permitted here", flush=True)
    if os.geteuid() == 0:
        for path in top.rglob("*"):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    os.chmod(top / "closed.h", 0)
    os.chmod(top / "shut", 0)
    os.chmod(top / "unsearchable", 0o400)
    return top, skipped(link=6, special=special, binary=2, name=2, unreadable=4)


def check_torture():
    """Links, loops, FIFOs, devices, binaries, what may not be read, and names of every kind."""
    top, reasons = torture_directory()
    wanted = by_tools(fill_copy("torture copy"))
    for threads in "1", "2", "8":
        found = count("--threads", threads, "--top", "100", str(top), before=as_nobody())
        same("skipped", found["skipped_by_reason"], reasons)
        for key in ("files", "lines", "bytes", "identifiers"):
            same(key, found[key], wanted[key])
        same("largest files", {one["name"] for one in found["largest_files"]},
             {os.path.join(str(top), name.decode()) for name in GOOD})
        same("headers", found["top_headers"], [{"name": "vector", "count": 1}])
        same("comments", found["comment_bytes"], 6 + 7 + 300003)
    text = run("--top", "100", str(top), before=as_nobody()).stdout
    true("a file name cannot send escape codes", b"\x1b" not in text and b"\\x1b[2Jescape.hxx" in text)
    same("lines of the report are lines", b"new\\x0aline.hpp" in text, True)


def fill_copy(name):
    top = fresh(name)
    fill(top, GOOD)
    return str(top)


def check_arguments():
    """Mistakes end with one sentence and status 2; overlapping directories are read once."""
    top = fresh("arguments")
    fill(top, {b"a/x.h": b"x\n", b"a/b/y.h": b"y\n", b"bad \xff/z.h": b"z\n", b"-dash/w.h": b"w\n"})
    os.symlink("a", top / "link")
    (top / "shut").mkdir(mode=0)
    a, inner = str(top / "a"), str(top / "a/b")
    for arguments in ([str(top / "missing")], [a, str(top / "missing")], [""], [str(top / "a/x.h")], ["--top"],
                      ["--top", "-1"], ["--top", "x"], ["--top=1e3"], ["--top="], ["--threads", "0"],
                      ["--threads", "257"], ["--threads=99999999999999999999"], ["--jason"], ["-j"], ["--json=yes"],
                      ["--balance"], ["--balance="], ["--balance", "fair"], ["--metrics"], ["--metrics", "0"],
                      ["--metrics", "65536"], ["--trace"], ["--trace", ""]):
        done = run(*arguments, before=as_nobody())
        same(f"status of {arguments}", (done.returncode, done.stdout), (2, b""))
        true(f"one sentence for {arguments}: {done.stderr}",
             done.stderr.startswith(b"census: ") and done.stderr.endswith(b".\n") and done.stderr.count(b"\n") == 1)
    same("status of an argument that may not be read", run(str(top / "shut"), before=as_nobody()).returncode, 2)
    for arguments, files in (([a], 2), ([a, inner], 2), ([inner, a], 2), ([a, a], 2), ([a, a + "/./b/.."], 2),
                             ([a, str(top / "link")], 2), ([str(top / "link")], 2), ([a + "/"], 2),
                             ([inner, str(top / "-dash")], 2), (["--", str(top / "-dash")], 1)):
        same(f"files of {arguments}", count(*arguments)["files"], files)
    bad = os.fsencode(top) + b"/bad \xff"
    found = count(str(top), bad, before=as_nobody())
    same("a directory with a bad name may be given", (found["files"], found["skipped_by_reason"]),
         (4, skipped(link=1, name=1, unreadable=1)))
    same("a dash behind --", json.loads(run("--json", "--", "-dash", cwd=top).stdout)["files"], 1)
    usage = run("--help")
    true("help", usage.returncode == 0 and b"--compare" in usage.stdout and usage.stderr == b"")
    same("top 0", count("--top", "0", a)["top_identifiers"], [])
    same("no sources", count(str(fresh("nothing")))["files"], 0)
    with open("/dev/full", "wb") as full:
        done = run(a, stdout=full)
        true("a full disk is told", done.returncode == 2 and b"No space left" in done.stderr)


def policies():
    """The names that --balance takes, as the census itself lists them."""
    said = run("--balance", "fair").stderr.decode()
    before, between, names = said.partition("there is no policy 'fair' for --balance; there are ")
    same("what a bad name is told", (before, bool(between), said[-2:]), ("census: ", True, ".\n"))
    return names[:-2].split(", ")


def check_balance():
    """The same counts by whichever policy; who has done what."""
    names = policies()
    true(f"the policies: {names}", {"round_robin", "weighted_round_robin", "random", "weighted_random", "two_choices",
                                    "least_loaded", "consistent_hash", "bounded_load", "idle_queue",
                                    "peak_ewma", "sticky"} <= set(names))
    tricky = fill_copy("balance copy")
    # More than all mailboxes hold, of sizes from 1 byte to 100 KB: parsers fill up, and the walker waits for them.
    uneven = fresh("uneven")
    fill(uneven, {b"%d.h" % at: b"x y" * (33000 if at % 50 == 0 else at % 7) + b"\n" for at in range(1500)})
    for top in tricky, str(uneven):
        wanted = counts(count("--threads", "1", top))
        for name in names:
            for threads in 1, 4:
                found = count("--balance", name, "--threads", str(threads), top)
                same(f"counts by {name} with {threads} threads", counts(found), wanted)
                same("how", (found["balance"], found["threads"], found["interrupted"]), (name, threads, False))
    few = fresh("few and uneven")
    fill(few, {b"%d.h" % at: b"x" * (1 if at % 3 else 50000) + b"\n" for at in range(120)})
    found = count("--balance", "round_robin", "--threads", "4", str(few))
    same("each in turn", [one["files"] for one in found["parsers"]], [30, 30, 30, 30])
    found = [count("--balance", "consistent_hash", "--threads", "4", str(few)) for _ in range(2)]
    same("a path belongs to the same parser", found[0]["parsers"], found[1]["parsers"])
    true(f"several parsers work: {found[0]['parsers']}", sum(one["files"] > 0 for one in found[0]["parsers"]) > 1)
    text = run("--balance", "round_robin", "--threads", "2", str(few)).stdout
    true(f"the text tells who has done what: {text}", b"Shared by round_robin: " in text and b"\n  parser/1  " in text)
    text = run("--threads", "2", str(few)).stdout
    true(f"in short, if nobody asks: {text}", b"Shared by two_choices: " in text and b"parser/1" not in text)
    true("the help lists them", all(name.encode() in run("--help").stdout for name in names))
    same("with --compare", count("--compare", "--balance=bounded_load", str(few))["compare"]["same_counts"], True)


def scrape(port):
    """The page that a census serves, or nothing if it does not, or not any more."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LIMIT) as page:
            return page.read().decode()
    except OSError:
        return None


def check_metrics():
    """Live metrics while it runs, on loopback alone; a port that is taken is one sentence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--metrics", str(port), str(fresh("nobody reads this")))
        if b"built without" in done.stderr:
            print("   (this census was built without prometheus-cpp)")
            return
        true(f"one sentence for a port in use: {done.stderr}",
             done.returncode == 2 and done.stderr.count(b"\n") == 1 and str(port).encode() in done.stderr)
    child = start("--json", "--threads", "2", "--metrics", str(port), REAL, stdout=subprocess.PIPE)
    handled = []
    last = ""
    while child.poll() is None:
        page = scrape(port) or ""
        handled += [float(line.split()[-1]) for line in page.splitlines()
                    if line.startswith('drover_actor_messages_processed_total{actor="census::parser"}')]
        last = page or last
    found = json.loads(child.communicate()[0])
    true("the page was there while it ran", handled)
    for name in ("drover_pool_picks_total{", "drover_actor_processing_time_seconds_bucket{", "drover_workers"):
        true(f"{name} is on the page", name in last)
    true(f"what parsers handled only grows: {handled[:20]}", handled == sorted(handled) and handled[-1] > 0)
    true("they handled no more than the files, and what ends each", handled[-1] <= found["files"] + 1000)
    same("after it has ended", scrape(port), None)


def check_trace():
    """A trace is written beside the report; its slices are of files that were counted. A file that cannot be is one sentence."""
    top = fresh("traced")
    fill(top, {f"{number}.h".encode(): b"int x;\n" for number in range(50)})
    file = folder / "trace.json"
    found = count("--trace", str(file), "--threads", "2", str(top))
    events = json.loads(file.read_text())["traceEvents"]
    same("slices of parsers", sum(each["ph"] == "X" and each["name"] == "census::parser: census::work" for each in events),
         found["files"])
    for begin, end in ("sf", "be"):
        same(f"each {begin} has its {end}", sorted(each["id"] for each in events if each["ph"] == begin),
             sorted(each["id"] for each in events if each["ph"] == end))
    done = run("--trace", str(folder / "no such folder" / "trace.json"), str(top))
    true(f"one sentence for a file that cannot be: {done.stderr}",
         done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"trace.json" in done.stderr)


def check_depth():
    """A path longer than the system allows is skipped, not followed for ever."""
    top = fresh("depth")
    here = os.open(top, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        with os.fdopen(os.open("x.h", os.O_WRONLY | os.O_CREAT, dir_fd=here), "wb") as file:
            file.write(b"x\n")
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = count(str(top))
    true(f"some files and one skipped directory: {found}",
         10 < found["files"] < 25 and found["skipped_by_reason"] == skipped(unreadable=1))


def wait_until_open(process, path):
    """Returns when the census has the file open: what happens now, happens while it reads."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{process.pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{process.pid}/fd/{name}") == str(path):
                        return
    raise Wrong(f"the census never opened {path}")


def long_file(path, size):
    """Text, and then a hole: no space on the disk, but minutes or seconds of reading."""
    with open(path, "wb") as file:
        file.write(b"word " * 2000)
        file.truncate(size)


def check_changes():
    """Files that grow, shrink or vanish while they are read, and a directory that is never at rest."""
    top = fresh("changes")
    fill(top, {b"stays.h": b"stays\n"})
    path = top / "long.h"
    for what, reason in (("grows", "changed"), ("shrinks", "changed"), ("vanishes", "vanished")):
        long_file(path, 4 << 30)
        process = start("--json", "--threads", "2", str(top))
        wait_until_open(process, path)
        if what == "grows":
            with open(path, "ab") as file:
                file.write(b"more")
            os.truncate(path, 100 << 20)        # grown and cut again: reading 4 GiB is not the point
            os.truncate(path, 4 << 30)
            os.truncate(path, 50 << 20)
        elif what == "shrinks":
            os.truncate(path, 20000)
        else:
            os.truncate(path, 50 << 20)
            os.unlink(path)
        output, complaint = process.communicate(timeout=LIMIT)
        same(f"{what}: status", (process.returncode, complaint), (0, b""))
        found = parse(output)
        same(what, (found["files"], found["identifiers"], found["skipped_by_reason"]), (1, 1, skipped(**{reason: 1})))

    over = threading.Event()

    def stir(number):
        turn = 0
        while not over.is_set():
            turn += 1
            name = top / f"moving {number} {turn % 20}.h"
            with contextlib.suppress(OSError):
                with open(name, "ab") as file:
                    file.write(b"moving " * (turn % 3000))
            with contextlib.suppress(OSError):
                os.replace(name, top / f"moved {number} {turn % 7}.h")
            with contextlib.suppress(OSError):
                os.unlink(top / f"moved {number} {turn % 5}.h")
            with contextlib.suppress(OSError):
                os.mkdir(top / f"directory {turn % 3}")
                os.rmdir(top / f"directory {turn % 3}")

    stirrers = [threading.Thread(target=stir, args=(number,)) for number in range(2)]
    for one in stirrers:
        one.start()
    try:
        for _ in range(15):
            true("the file at rest is counted", count("--threads", "2", str(top))["files"] >= 1)
    finally:
        over.set()
        for one in stirrers:
            one.join()


def check_interrupt():
    """Status 130 within a second, with what was counted; a second interrupt ends at once."""
    top = fresh("interrupt")
    fill(top, {b"small.h": b"small\n"})
    for name in "a", "b", "c", "d":
        long_file(top / f"long {name}.h", 64 << 30)
    slowest = 0
    for threads in "1", "2", "8":
        process = start("--json", "--threads", threads, str(top))
        time.sleep(0.4)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, complaint = process.communicate(timeout=LIMIT)
        taken = time.monotonic() - sent
        slowest = max(slowest, taken)
        same("status", (process.returncode, complaint), (130, b""))
        true(f"ended {taken:.2f} s after the interrupt, not within a second", taken < 1)
        found = parse(output)
        same("interrupted", (found["interrupted"], found["skipped"]), (True, 0))
        same("lines are of whole files", (found["lines"], found["bytes"]), (found["files"], 6 * found["files"]))
    process = start("--json", REAL)
    time.sleep(0.15)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT)
    true("a run that was cut short or just over", process.returncode in (0, 130))
    same("it says so", parse(output)["interrupted"], process.returncode == 130)

    # As a shell without job control starts what it puts into the background.
    process = start("--json", str(top), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT)
    same("in the background", (process.returncode, parse(output)["interrupted"]), (130, True))

    # The report does not fit into the pipe and nobody reads it, so that the first interrupt cannot end the process.
    words = fresh("words")
    fill(words, {b"words.h": b"".join(b"word%d\n" % number for number in range(20000))})
    for number in range(40):                            # the parser that meets the long one leaves some to the other
        os.link(words / "words.h", words / f"words {number}.h")
    long_file(words / "long.h", 64 << 30)
    process = start("--json", "--top", "20000", "--threads", "2", str(words))
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    same("still writing", process.poll(), None)
    process.send_signal(signal.SIGINT)
    same("the second interrupt", process.wait(timeout=1), -signal.SIGINT)
    process.communicate()
    print(f"    {slowest:.3f} s from the interrupt to the end at most", flush=True)


def check_terminal():
    """A progress line on a terminal, nothing of the kind in a pipe."""
    top = fresh("terminal")
    fill(top, {b"small.h": b"small\n"})
    for name in range(5):
        long_file(top / f"{name}.h", 48 << 20)
    for arguments in ([], ["--json"]):
        done = run(*arguments, str(top), env={**os.environ, "TERM": "xterm"})
        same("quiet in a pipe", (done.returncode, done.stderr, b"\x1b" in done.stdout, b"\r" in done.stdout),
             (0, b"", False, False))

    def on_terminal(kind):
        master, slave = pty.openpty()
        process = start("--json", "--threads", "1", str(top), stderr=slave, env={**os.environ, "TERM": kind})
        os.close(slave)
        seen = bytearray()

        def read():
            with contextlib.suppress(OSError):          # what a terminal says when nobody holds its other end
                while piece := os.read(master, 65536):
                    seen.extend(piece)

        reader = threading.Thread(target=read)
        reader.start()
        output, _ = process.communicate(timeout=LIMIT)
        reader.join()
        os.close(master)
        same("status", process.returncode, 0)
        same("files", parse(output)["files"], 6)
        return seen.decode()

    seen = on_terminal("xterm")
    drawn = seen.split("\r")
    true(f"several lines one over the other: {drawn}", len(drawn) > 2)
    for piece in (" %", "files", "MB/s", "queue", "left", "\x1b[K", "[", "100 %"):
        true(f"'{piece}' is in the progress line: {drawn}", piece in seen)
    true(f"no line is wider than the terminal: {drawn}", all(len(line) <= 79 + len("\x1b[K") for line in drawn))
    same("on a dumb terminal", on_terminal("dumb"), "")


def peak(process):
    """KiB of resident memory, as long as there is somebody to ask. What wait4 tells begins with the memory of this script,
    which the process shared for a moment."""
    highest = 0
    while process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                highest = max(highest, next(int(line.split()[1]) for line in status if line.startswith("VmHWM")))
        time.sleep(0.005)
    return highest


def check_memory():
    """Many files take no more memory than few: the walker waits for the parsers."""
    peaks = []
    for name, number in (("few", 2000), ("many", 16000)):
        top = fresh(name)
        for at in range(number):
            # One file under many names; file systems bound how many, so begin anew in time. The names are long, and the
            # files large enough to be found faster than they are read.
            if at % 1000 == 0:
                first = top / f"{at} {'n' * 240}.h"
                first.write_bytes(b"x" + b" " * 16383)
            else:
                os.link(first, top / f"{at} {'n' * 240}.h")
        process = start("--json", "--threads", "1", str(top))
        peaks.append(peak(process))
        output, complaint = process.communicate(timeout=LIMIT)
        same("status", (process.returncode, complaint), (0, b""))
        same("files", parse(output)["files"], number)
    print(f"    {peaks[0]} KiB for 2 000 files, {peaks[1]} KiB for 16 000", flush=True)
    true(f"memory grew from {peaks[0]} to {peaks[1]} KiB", peaks[1] < peaks[0] + 1536)


def check_compare():
    """--compare finds the same counts both ways."""
    found = count("--compare", str(folder / "torture copy") if (folder / "torture copy").exists()
                  else fill_copy("compare copy"))
    same("the same counts", found["compare"]["same_counts"], True)
    true("a ratio", found["compare"]["ratio"] > 0)
    done = run("--compare", REAL + "/linux" if os.path.isdir(REAL + "/linux") else REAL)
    true(f"the text has it: {done.stdout}", b"times as fast, the same counts" in done.stdout)


CHECKS = (check_arguments, check_torture, check_balance, check_metrics, check_trace, check_depth, check_changes, check_interrupt, check_terminal,
          check_memory, check_compare, check_real_directory)


def main():
    global census, folder
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="census-check-") as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        # Somewhere that nobody can reach it, whatever the build tree's permissions are.
        census = shutil.copy(sys.argv[1], folder / "census")
        os.chmod(census, 0o755)
        for check in CHECKS:
            title = check.__name__.removeprefix("check_")
            if sys.argv[2:] and not any(title.startswith(wanted) for wanted in sys.argv[2:]):
                continue
            begin = time.monotonic()
            try:
                check()
                verdict = "good"
            except (Wrong, subprocess.SubprocessError, ValueError, KeyError, OSError) as error:
                verdict = f"WRONG: {type(error).__name__}: {error}"
                failed += 1
            while started:
                process = started.pop()
                if process.poll() is None:
                    process.kill()
            print(f"{title:<16} {time.monotonic() - begin:5.1f} s  {verdict}", flush=True)
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
