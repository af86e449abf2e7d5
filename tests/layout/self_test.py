#!/usr/bin/env python3
"""Each checker of the tree goes red on a planted fault, and stays green without it."""

import pathlib
import shutil
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent.parent / "cmake"))

import coverage  # noqa: E402
import floors  # noqa: E402
import headers  # noqa: E402
import hooks  # noqa: E402
import source  # noqa: E402
import words  # noqa: E402


class Tree(unittest.TestCase):
    """A small sound tree in a temporary folder, into which a test plants its fault."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.put("CMakeLists.txt", "project(\n  drover\n  VERSION 0.1.0)\n")
        self.put("base/version.hpp", "#pragma once\n#define DROVER_VERSION_MAJOR 0\n#define DROVER_VERSION_MINOR 1\n"
                                     "#define DROVER_VERSION_PATCH 0\n")
        self.put("base/clock.hpp", "#pragma once\nstruct clock_source { virtual ~clock_source() = default; };\n")
        self.put("message/envelope.hpp", "#pragma once\n#include <drover/base/version.hpp>\n"
                                         "#include <drover/message/detail/slot.hpp>\n// no virtual, no std::function\n")
        self.put("message/detail/slot.hpp", "#pragma once\n")
        self.put("actor/ref.hpp", "#pragma once\n#include <drover/message/envelope.hpp>\n")
        self.put("actor.hpp", "#pragma once\n\n// What an actor is.\n#include <drover/actor/ref.hpp>\n")
        self.put("report.hpp", "#pragma once\n")
        self.put("drover.hpp", "#pragma once\n#include <drover/actor.hpp>\n")

    def put(self, name, text):
        path = self.root / name if name == "CMakeLists.txt" else self.root / "include/drover" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def complaints(self, checker):
        answer = checker.check(self.root)
        return "\n".join(sentence for _, _, sentence in (answer[0] if isinstance(answer, tuple) else answer))


class Floors(Tree):
    def red(self, expected):
        self.assertIn(expected, self.complaints(floors))

    def test_sound_tree(self):
        self.assertEqual(self.complaints(floors), "")

    def test_up(self):
        self.put("base/ids.hpp", "#pragma once\n#include <drover/actor/ref.hpp>\n")
        self.red("points up")

    def test_sideways(self):
        self.put("metrics/hooks.hpp", "#pragma once\n")
        self.put("tracing/hooks.hpp", "#pragma once\n#include <drover/metrics/hooks.hpp>\n")
        self.red("points sideways")

    def test_commented_include_is_none(self):
        self.put("base/ids.hpp", "#pragma once\n// #include <drover/actor/ref.hpp>\n/*\n"
                                 "#include <drover/actor/ref.hpp>\n*/\n")
        self.assertEqual(self.complaints(floors), "")

    def test_relative(self):
        self.put("base/ids.hpp", '#pragma once\n#include "../actor/ref.hpp"\n')
        self.red("is a relative include")

    def test_up_by_quotes(self):
        self.put("base/ids.hpp", '#pragma once\n#include "drover/actor/ref.hpp"\n')
        self.red("points up")

    def test_detail_of_another(self):
        self.put("actor/cell.hpp", "#pragma once\n#include <drover/message/detail/slot.hpp>\n")
        self.red("is a detail of message")

    def test_front_door_from_inside(self):
        self.put("runtime/runtime.hpp", "#pragma once\n#include <drover/actor.hpp>\n")
        self.red("is a front door")

    def test_unknown_folder(self):
        self.put("misc/x.hpp", "#pragma once\n")
        self.red("has no floor")

    def test_front_door_with_code(self):
        self.put("actor.hpp", "#pragma once\n#include <drover/actor/ref.hpp>\nnamespace drover {}\n")
        self.red("holds includes only")

    def test_front_door_too_long(self):
        self.put("actor.hpp", "#pragma once\n" + "// more\n" * 40)
        self.red("40 lines at most")

    def test_front_door_of_nothing(self):
        self.put("extras.hpp", "#pragma once\n")
        self.red("named for no folder")

    def test_front_door_to_nowhere(self):
        self.put("actor.hpp", "#pragma once\n#include <drover/actor/gone.hpp>\n")
        self.red("does not exist")

    def test_drover_hpp_lacks_a_door(self):
        self.put("mailbox.hpp", "#pragma once\n")
        self.red("<drover/mailbox.hpp> is missing")

    def test_drover_hpp_out_of_order(self):
        self.put("mailbox.hpp", "#pragma once\n")
        self.put("drover.hpp", "#pragma once\n#include <drover/actor.hpp>\n#include <drover/mailbox.hpp>\n")
        self.red("floor order")

    def test_drover_hpp_with_report(self):
        self.put("drover.hpp", "#pragma once\n#include <drover/actor.hpp>\n#include <drover/report.hpp>\n")
        self.red("leaves it out")

    def test_no_pragma_once(self):
        self.put("base/ids.hpp", "struct id {};\n")
        self.red("#pragma once")

    def test_another_version(self):
        self.put("CMakeLists.txt", "project(\n  drover\n  VERSION 0.2.0)\n")
        self.red("CMakeLists.txt says 0.2.0")

    def test_top_level(self):
        (self.root / "scripts").mkdir()
        self.red("does not belong to the top level")

    def test_long_header_is_listed_only(self):
        self.put("base/long.hpp", "#pragma once\n" + "//\n" * 320)
        found, listed = floors.check(self.root)
        self.assertEqual(found, [])
        self.assertEqual([lines for _, lines in listed], [321])


class Words(Tree):
    def red(self, name, code, expected):
        self.put(name, "#pragma once\n" + code)
        self.assertIn(expected, self.complaints(words))

    def test_sound_tree(self):
        self.assertEqual(self.complaints(words), "")

    def test_virtual(self):
        self.red("actor/cell.hpp", "struct cell { virtual void run(); };\n", "'virtual'")

    def test_std_function(self):
        self.red("scheduling/worker.hpp", "std :: function<void()> f;\n", "'std::function'")

    def test_dynamic_cast(self):
        self.red("mailbox/unbounded.hpp", "auto* a = dynamic_cast<int*>(b);\n", "'dynamic_cast'")

    def test_base_but_not_its_clock(self):
        self.red("base/random.hpp", "struct source { virtual int next(); };\n", "'virtual'")

    def test_words_after_a_string_with_slashes(self):
        self.red("actor/cell.hpp", 'auto a = "// \\" /*"; struct cell { virtual void run(); };\n', "'virtual'")

    def test_words_after_a_digit_separator(self):
        self.red("actor/cell.hpp", "int a = 1'000; struct cell { virtual void run(); }; int b = 1'000;\n", "'virtual'")

    def test_runtime_may(self):
        self.put("runtime/options.hpp", "#pragma once\nstruct options { std::function<void()> f; };\n")
        self.assertEqual(self.complaints(words), "")

    def test_fmt(self):
        self.red("runtime/options.hpp", "#include <fmt/format.h>\n", "'fmt'")

    def test_fmt_by_quotes(self):
        self.red("runtime/options.hpp", '#include "fmt/format.h"\n', "'fmt'")

    def test_fmt_in_report(self):
        self.put("report/text.hpp", "#pragma once\n#include <fmt/format.h>\n")
        self.assertEqual(self.complaints(words), "")

    def test_queue(self):
        self.red("actor/outbox.hpp", "#include <boost/lockfree/spsc_queue.hpp>\n", "'boost::lockfree'")

    def test_queue_in_mailbox(self):
        self.put("mailbox/single.hpp", "#pragma once\n#include <boost/lockfree/spsc_queue.hpp>\n")
        self.assertEqual(self.complaints(words), "")


class Hooks(Tree):
    def setUp(self):
        super().setUp()
        self.put("metrics/hooks.hpp", "#pragma once\nstruct no_metrics {\n    static constexpr bool labelled = false;\n"
                                      "    struct thread_part {};\n    struct stamp {};\n"
                                      "    static constexpr void on_spawn(auto&) noexcept {}\n"
                                      "    static constexpr void on_park(auto&) noexcept {}\n};\n")
        self.put("tracing/hooks.hpp", "#pragma once\nstruct no_tracing {\n    struct stamp {};\n"
                                      "    static constexpr void sent(stamp&) noexcept {}\n"
                                      "    struct handling {\n        constexpr handling() noexcept {}\n    };\n};\n")
        self.put("metrics/both.hpp", "#pragma once\n// metrics::on_spawn(part); F::tracing::sent(stamp);\n"
                                     "inline void f() { metrics::on_spawn(part); metrics::on_spawn(part); }\n")
        self.put("actor/spawn.hpp", "#pragma once\ninline void spawn() { F::metrics::on_spawn(part); }\n")
        self.put("actor/send.hpp", "#pragma once\nF::tracing::sent(stamp);\nF::tracing::sent(stamp);\n"
                                   "const typename F::tracing::handling now(stamp);\n")
        self.put("scheduling/worker.hpp", "#pragma once\nHooks::on_park(part);\ntypename F::metrics::stamp stamp;\n")

    def red(self, expected):
        self.assertIn(expected, self.complaints(hooks))

    def test_sound_tree(self):
        self.assertEqual(self.complaints(hooks), "")
        self.assertEqual(hooks.check(self.root)[1], 4)

    def test_two_places(self):
        self.put("pool/spawn.hpp", "#pragma once\nmetrics::on_spawn(part);\n")
        self.red("'on_spawn' is called from actor/spawn.hpp:2 already")

    def test_two_in_one_header(self):
        self.put("actor/spawn.hpp", "#pragma once\nmetrics::on_spawn(part);\nmetrics::on_spawn(part);\n")
        self.red("already")

    def test_nobody_calls(self):
        self.put("scheduling/worker.hpp", "#pragma once\n// Hooks::on_park(part);\n")
        self.red("nobody calls 'on_park'")

    def test_nobody_calls_of_tracing(self):
        self.put("actor/send.hpp", "#pragma once\nF::tracing::sent(stamp);\n")
        self.red("nobody calls 'handling'")

    def test_no_such_hook(self):
        self.put("actor/stop.hpp", "#pragma once\nF::metrics::on_stop(part);\n")
        self.red("no_metrics has no hook 'on_stop'")

    def test_no_hooks(self):
        self.put("tracing/hooks.hpp", "#pragma once\n")
        self.red("no_tracing has no hooks")


@unittest.skipUnless(shutil.which("g++"), "needs g++")
class Headers(Tree):
    def check(self):
        return headers.check(self.root / "include", ["g++"])

    def test_sound_tree(self):
        self.put("base/clock.hpp", "#pragma once\n")
        bad, count = self.check()
        self.assertEqual((bad, count > 0), ([], True))

    def test_missing_include(self):
        self.put("base/ids.hpp", "#pragma once\ninline std::string name;\n")
        self.assertEqual(self.check()[0][0][0], "drover/base/ids.hpp")

    def test_warning(self):
        self.put("base/ids.hpp", "#pragma once\ninline char narrow(long value) { return value; }\n")
        self.assertIn("conversion", self.check()[0][0][1])

    def test_twice(self):
        self.put("base/ids.hpp", "struct id {};\n")
        self.assertIn("redefinition", self.check()[0][0][1])

    def test_precompiled_hides_nothing(self):
        self.put("base/text.hpp", "#pragma once\n#include <atomic>\n#include <memory>\n#include <string>\n"
                                  "inline std::string text;\n")
        for number in range(5):
            self.put(f"base/user{number}.hpp", "#pragma once\n#include <drover/base/text.hpp>\n")
        self.put("base/early.hpp", "#pragma once\ninline std::string early;\n#include <drover/base/text.hpp>\n")
        self.put("base/maybe.hpp", "#pragma once\n#if 0\n#include <drover/base/text.hpp>\n#endif\n"
                                   "inline std::string maybe;\n")
        self.put("base/user5.hpp", "#pragma once\n#include <drover/base/text.hpp>\ninline std::map<int, int> none;\n")
        include = self.root / "include"
        chosen = headers.choose(include, headers.closures(include))
        self.assertEqual(set(chosen.values()), {"drover/base/text.hpp"})
        self.assertEqual(set(chosen), {f"drover/base/user{number}.hpp" for number in range(6)})
        self.assertEqual([header for header, _ in self.check()[0]],
                         ["drover/base/early.hpp", "drover/base/maybe.hpp", "drover/base/user5.hpp"])


class Coverage(unittest.TestCase):
    """The reader of headers in cmake/coverage.py; llvm-cov's part is simulated."""

    HEADER = """#pragma once
namespace drover {
template <class T>
concept thing = requires(T t) {
    { t.go() };
};
enum class kind { a, b };
template <class T>
    requires requires(T t) { t.go(); }
class box : public base<T> {
public:
    explicit box(T value) noexcept(noexcept(T{})) : value_{value}, other_(1) {
        go();
    }
    box(const box&) = delete;
    auto operator()(int a = f({})) const -> int {
        return a;
    }
    bool operator==(const box&) const = default;
    void empty() {}

private:
    T value_{};
    alignas(64) std::atomic<int> other_{0};
    static constexpr auto twice = [](int a) { return 2 * a; };
};
consteval int early() {
    return 1;
}
template <class T>
struct only_types {
    using type = T;
};
inline std::size_t free_function(std::span<int> s) requires(sizeof(int) == 4) {
    for (int i : s) { use(i); }
    return s.size();
}
}  // namespace drover
"""

    def test_bodies(self):
        found = [(body.name, body.first, body.last) for body in coverage.bodies(self.HEADER)]
        self.assertEqual(found, [("box", 12, 14), ("operator()", 16, 18), ("empty", 20, 20), ("free_function", 34, 37)])

    def test_templates_without_code(self):
        self.assertEqual([name for name, _ in coverage.bodiless_templates(self.HEADER)], ["thing", "only_types"])

    def judge(self, lines, text=None, tests="thing only_types box", threshold=95.0):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            path = root / "include/drover/base/box.hpp"
            path.parent.mkdir(parents=True)
            path.write_text(text or self.HEADER, encoding="utf-8")
            unit = root / "tests/unit/box_test.cpp"
            unit.parent.mkdir(parents=True)
            unit.write_text(tests, encoding="utf-8")
            known = {"drover/base/box.hpp": {line: count for line, count in lines}} if lines else {}
            return "\n".join(coverage.judge(root, known, threshold).complaints)

    ALL = [(12, 3), (13, 3), (16, 1), (17, 1), (20, 1), (34, 1), (35, 2), (36, 1), (37, 1)]

    def test_sound(self):
        self.assertEqual(self.judge(self.ALL), "")

    def test_header_not_in_report(self):
        self.assertIn("does not appear", self.judge([]))

    def test_template_never_instantiated(self):
        self.assertIn("operator()", self.judge([line for line in self.ALL if line[0] not in (16, 17)]))

    def test_bodiless_template_never_named(self):
        self.assertIn("only_types", self.judge(self.ALL, tests="thing box"))

    def test_threshold(self):
        self.assertIn("below", self.judge([(line, 0 if line == 13 else 1) for line, _ in self.ALL]))

    def test_exclusion_marks(self):
        text = self.HEADER.replace("        return a;", "        return a;  // LCOV_EXCL_LINE")
        self.assertIn("exclusion marks", self.judge([line for line in self.ALL if line[0] != 17], text))


class CoverageRegions(unittest.TestCase):
    """What llvm-cov says of a function, taken apart into lines."""

    BODY, THEN, ELSE, CONSTANT, GAP = [1, 10, 12, 2], [2, 12, 4, 6], [4, 12, 6, 6], [8, 25, 10, 6], [2, 10, 2, 12]

    def lines(self, *regions):
        return coverage.lines_of([coverage.Region(*where, kind) for where, kind, _ in regions],
                                 [count for _, _, count in regions])

    def test_branches(self):
        code = coverage.Region.CODE
        # 1: f() {  2: if (a) {  3: b();  4: } else {  5: c();  6: }  7: d();  ...  12: }
        found = self.lines((self.BODY, code, 5), ([2, 9, 2, 10], code, 5), (self.GAP, coverage.Region.GAP, 5),
                           (self.THEN, code, 5), (self.ELSE, code, 0))
        self.assertEqual([line for line, count in found.items() if count == 0], [5, 6])
        self.assertEqual(sorted(found), list(range(1, 13)))

    def test_what_is_skipped_has_no_line(self):
        found = self.lines((self.BODY, coverage.Region.CODE, 1), (self.CONSTANT, coverage.Region.SKIPPED, 0))
        self.assertEqual(sorted(set(range(1, 13)) - set(found)), [9, 10])

    def test_within_one_line(self):
        code = coverage.Region.CODE
        self.assertEqual(self.lines(([3, 5, 3, 40], code, 2), ([3, 20, 3, 30], code, 0)), {3: 2})
        self.assertEqual(self.lines(([3, 5, 3, 40], code, 0)), {3: 0})

    def gather(self, *functions):
        made = [{"name": name, "filenames": ["/r/include/drover/a.hpp"], "count": regions[0][4],
                 "regions": [[*where, 0, 0, kind] for *where, kind in regions]} for name, *regions in functions]
        return coverage.gather(made, "/r/include/", {"drover/a.hpp": set(range(1, 20)) - {2}})

    def test_instantiations_are_added(self):
        whole = [1, 1, 4, 2]
        known, uncalled = self.gather(("f", [*whole, 0, 0], [3, 1, 3, 9, 0, 0]), ("g", [*whole, 2, 0], [3, 1, 3, 9, 2, 2]))
        self.assertEqual(known, {"drover/a.hpp": {1: 2, 3: 0, 4: 2}})  # line 2 has no code
        self.assertEqual(uncalled, [])

    def test_never_called(self):
        known, uncalled = self.gather(("f", [1, 1, 3, 2, 0, 0]))
        self.assertEqual(known, {"drover/a.hpp": {1: 0, 3: 0}})
        self.assertEqual(uncalled, [("drover/a.hpp", 1, "f")])

    def test_lines_with_code(self):
        text = "int f() {  // so\n    // what\n\n    return 1;\n}\n"
        self.assertEqual(coverage.lines_with_code(text), {1, 4})


class Comments(unittest.TestCase):
    def test_lines_keep_their_numbers(self):
        text = 'a /* b\nc */ d // e\n"f // g" R"x(\n// h\n)x" i\n'
        self.assertEqual(source.without_comments(text).count("\n"), text.count("\n"))
        self.assertEqual(source.without_comments(text).split(), ["a", "d", '"', '"', '"', '"', "i"])


if __name__ == "__main__":
    unittest.main()
