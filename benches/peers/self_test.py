#!/usr/bin/env python3
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""What run.py makes of its programs' output, with programs that are made up: that answers are compared, that a row which
is lost is marked, and what is in the JSON."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN = pathlib.Path(__file__).with_name("run.py")


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.build = pathlib.Path(self.folder.name)
        self.program("calibrate", '{"locked_exchange_ns": 5.0}')

    def program(self, name, line):
        path = self.build / name
        path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{line}' | sed \"s/MESSAGES/$4/\"\n", encoding="utf-8")
        path.chmod(0o755)

    def side(self, name, ns, answer):
        self.program(f"{name}_peer", f'{{"messages": MESSAGES, "ns_per_message": {ns}, "workers": 2, '
                                     f'"answer": {answer}, "optimised": true}}')

    def run_it(self, *arguments):
        # Nothing but sh, printf and sed on the path: a real Erlang is not to be found.
        return subprocess.run([sys.executable, "-B", str(RUN), "--build", str(self.build), "--json",
                               str(self.build / "out.json"), *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": "/usr/bin:/bin"})

    def rows(self):
        return json.loads((self.build / "out.json").read_text(encoding="utf-8"))

    def test_a_row_that_is_lost_is_marked(self):
        self.side("drover", 100, 7)
        self.side("caf", 50, 7)
        done = self.run_it("--filter", "^big/caf", "--pairs", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"big\* +caf +100\.0 +50\.0 +0\.50 +0% +1  LOST")
        self.assertIn("Rows that drover loses: big (caf).", done.stdout)
        report = self.rows()
        row = report["rows"][0]
        self.assertTrue(row["lost"] and row["answers_compared"])
        self.assertEqual((row["ratio"], row["spread"], row["messages"]), (0.5, 0, 480_000))
        self.assertEqual(row["pairs"], [[100, 50]] * 3)
        self.assertIn("other programs had", report["disturbance"])

    def test_a_row_that_is_won_is_not(self):
        self.side("drover", 50, 7)
        self.side("caf", 100, 7)
        done = self.run_it("--filter", "^big/caf", "--pairs", "1")
        self.assertNotIn("LOST", done.stdout)
        self.assertNotIn("loses", done.stdout)
        self.assertRegex(done.stdout, r"big\* +caf +50\.0 +100\.0 +2\.00 +- ")  # one pair has no spread
        self.assertFalse(self.rows()["rows"][0]["lost"])

    def test_sides_that_answer_differently_are_no_row(self):
        self.side("drover", 50, 7)
        self.side("caf", 100, 8)
        done = self.run_it("--filter", "^big/caf", "--pairs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the answer is 7 here and 8 there", done.stderr)

    def test_a_side_without_an_answer_is_no_row(self):
        self.side("drover", 50, 7)
        self.side("caf", 100, 0)
        done = self.run_it("--filter", "^big/caf", "--pairs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("caf gave no answer to big", done.stderr)

    def test_rows_without_an_answer_to_compare_take_any(self):
        self.side("drover", 50, 0)
        self.side("caf", 100, 0)
        done = self.run_it("--filter", "^ping_pong/caf", "--pairs", "1")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_sizes_of_the_suite(self):
        self.side("drover", 50, 7)
        self.side("caf", 100, 7)
        done = self.run_it("--filter", "/caf", "--sizes", "suite")
        self.assertEqual(done.returncode, 0, done.stderr)
        sizes = {row["workload"]: row["messages"] for row in self.rows()["rows"]}
        self.assertEqual((sizes["big"], sizes["concurrent_sorted_list"], sizes["bounded_buffer"], sizes["ping_pong"]),
                         (2_400_000, 160_000, 40_000, 40_000))
        self.assertNotIn("fan_in", sizes)
        self.assertEqual(self.rows()["pairs"], 3)


if __name__ == "__main__":
    unittest.main()
