#!/usr/bin/python3
"""What `regress` says and how it ends, with programs that only look like benches: cli_test.py ROOT"""

import contextlib
import html.parser
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
HERE = pathlib.Path(__file__).resolve().parent
REGRESS = ROOT / "benches" / "regression"

try:
    import numpy  # noqa: F401
    import scipy  # noqa: F401
except ImportError as error:
    print(f"cli_test: {error.name} is not installed, so nothing was tested")
    sys.exit(77)

sys.path.insert(0, str(REGRESS))
import regress as door  # noqa: E402

CALM = {"ns": 100, "noise": 0.003}


def regress(*arguments, root=ROOT):
    """As the command would end. In this process, since it takes a second to import scipy."""
    output, errors = io.StringIO(), io.StringIO()
    door.ROOT = str(root)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = door.run([str(argument) for argument in arguments])
        except SystemExit as end:  # --help
            status = end.code
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


class Folder(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)

    def program(self, name, benches, **world):
        path = self.folder / name
        shutil.copy(HERE / "fake_bench.py", path)
        path.write_text(path.read_text(encoding="utf-8").replace("#!/usr/bin/python3", f"#!{sys.executable} -SB", 1),
                        encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        (self.folder / (name + ".json")).write_text(json.dumps({"benches": benches, **world}), encoding="utf-8")
        return path

    def compare(self, base, head, *more, **world):
        return regress("--base-binary", self.program("base", base), "--head-binary", self.program("head", head, **world),
                       "--tolerate", 1, "--seed", 1, *more)

    def refused(self, done, *words):
        """One sentence on standard error, nothing on standard output, status 2."""
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        lines = [line for line in done.stderr.splitlines() if not re.match("regress: building ", line)]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("regress: "), done.stderr)
        for word in words:
            self.assertIn(word, lines[0])


class Answers(Folder):
    def test_pass_is_0_and_a_speed_up_passes(self):
        done = self.compare({"a": CALM, "b": CALM}, {"a": CALM, "b": {**CALM, "slower": -0.3}})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("pass: of 0 paths 0 failed; of 2 benches 2 passed", done.stdout)

    def test_a_regression_is_1_in_table_json_and_page(self):
        report, page = self.folder / "report.json", self.folder / "page.html"
        slow = "pool/<8>:\"2\"/threads:2"
        done = self.compare({"a/x(1)+[2]": CALM, slow: CALM, "gone": CALM}, {"a/x(1)+[2]": CALM, slow: {**CALM, "slower": 0.08}},
                            "--json", report, "--html", page)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"pool/.* \+8\.\d% .* fail")
        found = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual(list(found), ["verdict", "base", "head", "gate_a", "gate_b"])
        self.assertEqual((found["verdict"], found["gate_a"]), ("fail", []))
        self.assertEqual([list(row) for row in found["gate_b"]], [["bench", "pairs", "change", "low", "high", "verdict"]] * 2)
        one, other = found["gate_b"]
        self.assertEqual((one["bench"], one["verdict"], other["bench"], other["verdict"]), ("a/x(1)+[2]", "pass", slow, "fail"))
        self.assertTrue(0.02 < other["low"] < other["change"] < other["high"])
        self.assertAlmostEqual(other["change"], 0.08, delta=0.01)
        self.check_page(page.read_text(encoding="utf-8"))

    def check_page(self, text):
        outer, tags = self, []

        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attrs):
                if tag not in ("meta", "br", "circle", "line", "rect"):
                    tags.append(tag)
                outer.assertFalse({"src", "href"} & {name for name, _ in attrs})

            def handle_startendtag(self, tag, attrs):
                pass

            def handle_endtag(self, tag):
                outer.assertEqual(tags.pop(), tag)

        Reader().feed(text)
        self.assertEqual(tags, [])
        self.assertEqual(text.count("<svg"), 2)
        self.assertNotIn("pool/<8>", text)
        self.assertIn("pool/&lt;8&gt;", text)
        self.assertNotIn("url(", text)

    def test_too_little_time_is_3(self):
        report = self.folder / "report.json"
        done = self.compare({"a": {**CALM, "noise": 0.3}}, {"a": {**CALM, "noise": 0.3}}, "--budget", 0.04, "--json", report)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertEqual(json.loads(report.read_text(encoding="utf-8"))["verdict"], "inconclusive")

    def test_a_machine_that_others_use_is_3(self):
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
        try:
            sleepy = {**CALM, "sleep": 0.02}
            done = self.compare({"a": sleepy}, {"a": {**sleepy, "slower": 0.1}}, "--budget", 0.05, "--tolerate", 0.05)
        finally:
            for hog in hogs:
                hog.kill()
                hog.wait()
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)

    def test_the_filter_chooses(self):
        done = self.compare({"a": CALM, "b": CALM}, {"a": CALM, "b": {**CALM, "slower": 1}}, "--filter", "^a$")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("of 1 benches 1 passed", done.stdout)


class Refused(Folder):
    def test_benches_that_do_not_run(self):
        for what, words in (("crash", ("a ended with status 3", "index 7 is out of range")), ("abort", ("SIGABRT", "it does not say why")),
                            ("hang", ("did not end within 0.5 s", "--patience")), ("garbage", ("no report",)),
                            ("nothing", ("no time",)), ("negative", ("no time",)),
                            ("error", ("the sum is 3, and 4 was expected",))):
            with self.subTest(what):
                patience = ("--patience", 0.5) if what == "hang" else ()
                self.refused(self.compare({"a": CALM}, {"a": CALM}, *patience, does={"a": what}), "head", *words)

    def test_a_program_that_cannot_even_list_its_benches(self):
        self.refused(self.compare({"a": CALM}, {"a": CALM}, broken=True), "head", "status 5", "cannot start today")

    def test_no_bench_in_common(self):
        self.refused(self.compare({"a": CALM}, {"b": CALM}), "no bench in common")
        self.refused(self.compare({"a": CALM}, {"a": CALM}, "--filter", "z"), "no bench in common", "--filter")

    def test_what_it_is_told(self):
        good = self.program("good", {"a": CALM})
        both = ("--base-binary", good, "--head-binary", good)
        for arguments, words in (((), ("nothing to compare with", "--base REF")),
                                 (("--base-binary", good), ("give both",)),
                                 (("--base", "HEAD", *both), ("either",)),
                                 ((*both, "--gate", "a"), ("gate A",)),
                                 ((*both, "--filter", "("), ("'('", "no regular expression")),
                                 ((*both, "--budget", "soon"), ("'soon'", "no number")),
                                 ((*both, "--budget", "-1"), ("-1", "between")),
                                 ((*both, "--tolerate", "2"), ("between 0 and 1",)),
                                 ((*both, "--frobnicate"), ("--frobnicate", "--help")),
                                 ((*both, "--runs", "3"), ("--prove",)),
                                 (("--prove", "null", "--base", "HEAD"), ("--prove",)),
                                 (("--prove", "all"), ("'all'",)),
                                 (("--base-binary", good, "--head-binary", "missing"), ("--head-binary 'missing'",)),
                                 ((*both, "--json", self.folder / "no" / "where"), ("--json", "folder that exists"))):
            with self.subTest(arguments):
                self.refused(regress(*arguments), *words)

    def test_help_is_no_mistake(self):
        done = regress("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("3 inconclusive", done.stdout)

    def test_as_a_command(self):
        done = subprocess.run([sys.executable, "-B", str(REGRESS / "regress.py"), "--base", "nosuch"], capture_output=True,
                              text=True, timeout=100, check=False)
        self.refused(done, "'nosuch' names no commit")


class Repository(Folder):
    """A repository as small as can be: its bench program is a script, its one path a dozen lines."""

    PATH = """
#include <cstdlib>
#include <cstdio>
#include <library.hpp>
int main(int argc, char** argv) {
    if (argc == 1) return std::puts("path/one") < 0;
    for (long left = std::atol(argv[2]); left != 0; --left) step();
}
"""
    CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES NONE)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/benches.list CONTENT "${CMAKE_BINARY_DIR}/fake\\n")
add_custom_command(OUTPUT fake COMMAND cmake -E copy ${CMAKE_SOURCE_DIR}/fake ${CMAKE_SOURCE_DIR}/fake.json .
                   DEPENDS ${CMAKE_SOURCE_DIR}/fake ${CMAKE_SOURCE_DIR}/fake.json)
add_custom_target(all_of_them ALL DEPENDS fake)
"""

    def setUp(self):
        super().setUp()
        for tool in ("git", "cmake", "ninja", "g++", "valgrind"):
            if shutil.which(tool) is None:
                self.skipTest(f"{tool} is not installed")
        self.repository = self.folder / "repository"
        mine = self.repository / "benches" / "regression"
        (mine / "paths").mkdir(parents=True)
        self.write("benches/regression/suite.txt", "fake .\n")
        self.write("benches/regression/paths/one.cpp", self.PATH)
        self.write("CMakeLists.txt", self.CMAKE)
        self.write(".gitignore", "/build/\n")
        self.program("fake", {})
        shutil.copy(self.folder / "fake", self.repository)
        self.library(30)
        self.git("init", "-q", "-b", "main")
        self.commit({"a": CALM})

    def write(self, name, text):
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def library(self, steps):
        body = "".join('asm volatile("nop");' for _ in range(steps))
        self.write("include/library.hpp", f"inline void step() {{ {body} }}\n")

    def git(self, *words):
        done = subprocess.run(["git", "-C", str(self.repository), "-c", "user.name=a", "-c", "user.email=a@b", *words],
                              capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, benches=None):
        if benches is not None:
            self.write("fake.json", json.dumps({"benches": benches}))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "one")
        return self.git("rev-parse", "HEAD")

    def regress(self, *arguments):
        return regress(*arguments, "--tolerate", 1, "--seed", 1, root=self.repository)


class Commits(Repository):
    def test_both_gates_and_what_is_accepted(self):
        base = self.git("rev-parse", "HEAD")
        self.library(34)
        head = self.commit({"a": CALM})
        report = self.folder / "report.json"
        done = self.regress("--base", base, "--json", report)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        found = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual((found["base"], found["head"], found["verdict"]), (base, head, "fail"))
        row, = found["gate_a"]
        self.assertEqual((list(row), row["bench"]), (["bench", "base", "head", "change"], "path/one"))
        self.assertAlmostEqual(row["head"] - row["base"], 4, delta=0.01)
        self.assertEqual(found["gate_b"][0]["verdict"], "pass")

        self.write("benches/regression/accepted.md", "# A\n\n- `path/one`, up to 20 %: it does more now.\n")
        self.commit()
        done = self.regress("--base", base, "--gate", "a")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("accepted: it does more now.", done.stdout)

        self.write("benches/regression/accepted.md", "- `path/one`, up to 5 %: it does more now.\n")
        self.commit()
        self.assertEqual(self.regress("--base", base, "--gate", "a").returncode, 1)

        self.write("benches/regression/accepted.md", "- path/one may\n")
        self.commit()
        self.refused(self.regress("--base", base, "--gate", "a"), "accepted.md, line 1")

        # Both sides are made from head's sources, though base was made before.
        self.write("benches/regression/accepted.md", "# A\n")
        self.write("benches/regression/paths/one.cpp", self.PATH.replace("path/one", "path/two"))
        self.commit()
        self.assertIn("path/two", self.regress("--base", base, "--gate", "a").stdout)

        # Fewer instructions are no failure.
        self.assertEqual(self.regress("--base", head, "--head", base, "--gate", "a").returncode, 0)

    def test_a_slower_bench_is_measured_again_in_another_layout(self):
        base = self.git("rev-parse", "HEAD")
        self.commit({"a": {**CALM, "slower": 0.1}})
        done = self.regress("--base", base, "--gate", "b")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("once more, with another layout"), 2)

    def test_refs_and_trees(self):
        self.refused(self.regress("--base", "nosuch"), "--base 'nosuch'", "names no commit")
        self.refused(self.regress("--base", "HEAD", "--head", "-x"), "")
        self.refused(self.regress("--base", "HEAD", "--head=--all"), "--head '--all'", "names no commit")
        self.write("include/library.hpp", "inline void step() {} // not committed\n")
        self.refused(self.regress("--base", "HEAD"), "not committed", "include/library.hpp", "--head")

    def test_builds_that_fail(self):
        base = self.git("rev-parse", "HEAD")
        self.write("CMakeLists.txt", self.CMAKE + "message(FATAL_ERROR no)\n")
        self.commit()
        done = self.regress("--base", base, "--gate", "b")
        self.assertEqual(done.returncode, 2)
        self.assertIn("regress: the configuration of head (", done.stderr.splitlines()[-1])
        self.write("CMakeLists.txt", self.CMAKE)
        self.write("include/library.hpp", "inline void stop() {}\n")
        self.commit()
        self.refused(self.regress("--base", base, "--gate", "a"), "the build of head (", "step")
        # A path that base cannot compile is new.
        self.refused(self.regress("--base", "HEAD", "--head", base, "--gate", "a"), "no path in common")

    def test_two_at_once(self):
        import trees
        with trees.claim(str(self.repository)):
            self.refused(self.regress("--base", "HEAD", "--gate", "a"), "another comparison is running")

    def test_without_valgrind(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for tool in ("git", "cmake", "ninja", "g++"):
            (tools / tool).symlink_to(shutil.which(tool))
        with unittest.mock.patch.dict(os.environ, PATH=str(tools)):
            done = self.regress("--base", "HEAD")
            self.write("benches/regression/base", self.git("rev-parse", "HEAD") + "\n")
            self.commit()
            guard = self.regress("--guard")
        self.refused(done, "valgrind is not installed", "--gate b")
        self.refused(guard, "valgrind is not installed")
        # It is gate A, so there is nothing to leave out.
        self.assertNotIn("--gate", guard.stderr)


class Guard(Repository):
    BASE = "benches/regression/base"

    def start(self, tag=None):
        """Base is the first commit, which has the tag."""
        base = self.git("rev-parse", "HEAD")
        if tag:
            self.git("tag", tag)
        self.write(self.BASE, base + "\n")
        self.commit()
        return base

    def test_base_is_the_commit_in_the_file(self):
        base = self.start()
        report = self.folder / "report.json"
        done = self.regress("--guard", "--json", report)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("no tag is in this history", done.stdout)
        found = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual((found["base"], list(found)), (base, ["verdict", "base", "head", "gate_a", "gate_b"]))
        self.library(34)
        self.commit()
        self.assertEqual(self.regress("--guard").returncode, 1)

    def test_drift_since_the_last_tag_fails_though_no_step_did(self):
        self.start("v1")
        self.library(31)  # 31 of about 33 instructions of a step
        head = self.commit()
        self.write("benches/regression/accepted.md", "- `path/one`, up to 9 %: one more.\n- `path/gone`, up to 4 % since v0: old.\n")
        accepting = self.commit()
        report, page = self.folder / "report.json", self.folder / "page.html"
        done = self.regress("--guard", "--json", report, "--html", page)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # Both are told of: what base is compared with, and the tag.
        self.assertEqual(done.stdout.count("accepted: one more."), 2)
        self.assertIn("accepted.md allows `path/gone` 4.0% since v0, which it does not need", done.stdout)
        self.assertNotIn("allows `path/one`", done.stdout)
        found = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual((found["head"], found["drift"]["since"], len(found["drift"]["gate_a"])), (accepting, "v1", 1))
        self.assertIn("Drift since v1", page.read_text(encoding="utf-8"))

        # Base moves on; the tag does not, so that the entry is still wanted.
        self.write(self.BASE, head + "\n")
        self.write("benches/regression/accepted.md", "# None\n")
        self.commit()
        done = self.regress("--guard")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("of 1 paths 0 failed; 1 paths since v1, 1 failed;", done.stdout)
        for tag, status in (("v1", 0), ("v2", 1)):
            self.write("benches/regression/accepted.md", f"- `path/one`, up to 9 % since {tag}: one more.\n")
            self.commit()
            self.assertEqual(self.regress("--guard").returncode, status)

    def test_advance_names_head_if_it_passes(self):
        base = self.start()
        head = self.git("rev-parse", "HEAD")
        done = self.regress("--advance")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual((self.repository / self.BASE).read_text(encoding="ascii"), head + "\n")
        self.refused(self.regress("--advance"), "not committed", self.BASE)
        self.library(34)
        self.write(self.BASE, base + "\n")
        self.commit()
        done = self.regress("--advance")
        self.assertEqual(done.returncode, 1)
        self.assertIn("did not pass", done.stderr)
        self.assertEqual((self.repository / self.BASE).read_text(encoding="ascii"), base + "\n")

    def test_refused(self):
        self.refused(self.regress("--guard"), "benches/regression/base is not there")
        for text, words in (("main\n", ("'main'", "full hash")), ("1" * 40 + "\n", ("1" * 40, "is not in this repository"))):
            self.write(self.BASE, text)
            self.commit()
            self.refused(self.regress("--guard"), *words)
        self.refused(self.regress("--guard", "--base", "HEAD"), "--guard")
        self.refused(self.regress("--guard", "--gate", "b"), "gate A alone")
        self.refused(self.regress("--advance", "--filter", "x"), "--advance")
        # A shallow clone has no history, and no repository has none at all.
        self.start()
        shallow = self.folder / "shallow"
        self.git("clone", "-q", "--depth", "1", f"file://{self.repository}", str(shallow))
        self.refused(regress("--guard", root=shallow), "this clone is shallow", "git fetch --unshallow")
        shutil.rmtree(shallow / ".git")
        with unittest.mock.patch.dict(os.environ, GIT_CEILING_DIRECTORIES=str(self.folder)):
            self.refused(regress("--guard", root=shallow), "no repository here")


class Proofs(Repository):
    def test_proofs_add_to_the_ledger(self):
        fake = self.program("knob", {"a": CALM})
        for _ in range(2):
            done = self.regress("--prove", "null", "--base-binary", fake, "--runs", 1)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = (self.repository / "benches/regression/ledger/null.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), 2)
        entry = json.loads(lines[0])
        self.assertEqual((entry["commit"], entry["program"]), (self.git("rev-parse", "HEAD"), "knob"))
        self.assertEqual([(count["suites"], count["alarms"]) for count in entry["live"] + entry["resampled"]], [(1, 0), (299, 0)])
        self.assertIn("live         +0 %: 0 of 2 suites failed", done.stdout)
        self.assertIn("resampled    +0 %: 0 of 598 suites failed", done.stdout)
        # The ledger is no change that would be left out of what is measured.
        self.assertEqual(self.regress("--base", "HEAD", "--gate", "a").returncode, 0)

    def test_the_null_proof_of_the_suite(self):
        done = self.regress("--prove", "null", "--programs", "fake", "--runs", 1)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 suites,    0 with a failure,    0 inconclusive", done.stdout)

    def test_the_power_of_a_knob(self):
        fake = self.program("knob", {"a": CALM})
        done = self.regress("--prove", "injected", "--base-binary", fake, "--runs", 1)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        entry = json.loads((self.repository / "benches/regression/ledger/injected.jsonl").read_text(encoding="utf-8"))
        found = {count["slower"]: (count["suites"], count["alarms"]) for count in entry["resampled"]}
        self.assertEqual((found[0], found[1], found[5], found[10]), ((59, 0), (59, 0), (59, 59), (59, 59)))

    def test_the_power_curve_is_simulated_with_the_pairs_of_the_null_proof(self):
        self.refused(self.regress("--prove", "power"), "null-pairs.json is not there", "--prove null")
        self.regress("--prove", "null", "--base-binary", self.program("knob", {"a": CALM, "b": CALM}), "--runs", 2)
        self.write("docs/pictures/.keep", "")
        done = self.regress("--prove", "power", "--runs", 10)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        figures = self.repository / "docs/pictures/regression-power.json"
        once = figures.read_text(encoding="utf-8")
        found = {row["slower"]: row for row in json.loads(once)["simulated"]}
        self.assertEqual(list(found), [0, 1, 2, 3, 5, 8, 10])
        self.assertEqual([(found[slower]["fail"], found[slower]["pass"]) for slower in (0, 1, 5, 10)],
                         [(0, 10), (0, 10), (10, 0), (10, 0)])
        self.assertEqual({row["others_failed"] for row in found.values()}, {0})
        # The same pairs give the same figures.
        self.regress("--prove", "power", "--runs", 10)
        self.assertEqual(figures.read_text(encoding="utf-8"), once)
        self.write("benches/regression/ledger/null-pairs.json", "{}")
        self.refused(self.regress("--prove", "power"), "does not hold pairs")

    PATCH = """What: a step is {more} instructions more
Gate: a
Program: one
Bench: path/one

--- include/library.hpp
+++ include/library.hpp
@@ -1 +1 @@
-{old}
+{new}
"""

    def test_mutations_are_found_or_the_proof_fails(self):
        old = (self.repository / "include/library.hpp").read_text(encoding="utf-8").rstrip()
        more = lambda count: old.replace("{ ", "{ " + 'asm volatile("nop");' * count)  # noqa: E731
        self.write("benches/regression/mutations/four.patch", self.PATCH.format(more=4, old=old, new=more(4)))
        self.commit()
        before = self.git("status", "--porcelain"), self.git("rev-parse", "HEAD"), self.git("branch", "-a")
        done = self.regress("--prove", "mutations")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 of 1 were found", done.stdout)
        ledger = self.repository / "benches/regression/ledger/mutations.jsonl"
        one, = json.loads(ledger.read_text(encoding="utf-8"))["mutations"]
        self.assertEqual((one["name"], one["bench"], one["verdict"]), ("four", "path/one", "fail"))
        self.assertGreater(one["change"], 0.1)
        ledger.unlink()
        self.assertEqual((self.git("status", "--porcelain"), self.git("rev-parse", "HEAD"), self.git("branch", "-a")), before)

        # One that costs nothing is not found, and says so.
        self.write("benches/regression/mutations/none.patch", self.PATCH.format(more=0, old=old, new=more(0) + " "))
        self.commit()
        done = self.regress("--prove", "mutations")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("1 of 2 were found", done.stdout)

        self.write("benches/regression/mutations/none.patch", self.PATCH.format(more=0, old="gone", new="new"))
        self.commit()
        self.refused(self.regress("--prove", "mutations"), "none.patch does not apply")
        self.write("benches/regression/mutations/none.patch", "What: nobody knows\n\n")
        self.commit()
        self.refused(self.regress("--prove", "mutations"), "none.patch does not begin with")
        (self.repository / "benches/regression/mutations/none.patch").unlink()
        self.commit()
        self.refused(self.regress("--prove", "mutations", "--filter", "five"), "no mutation")


class Kept(unittest.TestCase):
    """What this repository keeps for the detector."""

    def test_mutations_apply_to_what_they_mutate(self):
        import mutations
        kept = mutations.all_of(str(ROOT))
        self.assertGreater(len(kept), 3)
        for one in kept:
            with self.subTest(one.name):
                done = subprocess.run(["git", "apply", "--check", "-p0", one.path], cwd=ROOT, capture_output=True, text=True,
                                      check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_accepted_and_base_are_well_formed(self):
        import instructions
        instructions.accepted_in(str(REGRESS / "accepted.md"))
        self.assertRegex((REGRESS / "base").read_text(encoding="ascii"), r"\A[0-9a-f]{40}\n\Z")


if __name__ == "__main__":
    unittest.main()
