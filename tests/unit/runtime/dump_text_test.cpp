#include <drover/runtime/dump_text.hpp>

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::actor_id;
using drover::runtime_dump;
using drover::thread_activity;
using drover::time_point;

namespace {

runtime_dump sample() {
    runtime_dump dump;
    dump.runtime = "shop";
    dump.taken = time_point(12'345'678'901ns);
    dump.held = 1'050us;
    dump.actors = 1003;
    dump.waiting = {100'012, true};
    dump.types = {{"orders::book", 3, {100'000, true}}, {"orders::line", 1000, {12, false}}};
    dump.deepest = {{"books", actor_id{7}, "orders::book", {100'000, true}, "its handler of job to return"},
                    {"orders::line", actor_id{11}, "orders::line", {12, false}, "a free worker"}};
    dump.threads = {
        {0, false, thread_activity::runs, "orders::line", actor_id{5}, "orders::line", "started", false, 0ns, 0},
        {1, false, thread_activity::runs, "books", actor_id{7}, "orders::book", "job", true, 1'204'017us, 12},
        {2, false, thread_activity::sleeps, "", actor_id::none, "", "", false, 0ns, 0},
        {4, true, thread_activity::sleeps, "disk", actor_id{9}, "store::disk", "", false, 0ns, 0},
    };
    dump.slowest = {{"orders::book", 12, 1'500us, drover::clock_duration::max(), drover::clock_duration::max()},
                    {"orders::line", 40'000, 300ns, 12'345ns, 1s}};
    return dump;
}

}  // namespace

TEST_CASE("a dump as text: sums, types, deep mailboxes, what runs with the longest first, slow handlers, threads") {
    CHECK(to_text(sample()) ==
          "runtime shop at 12.345 s: 1003 actors, 100012+ messages wait; its workers were held for 1.050 ms at most\n"
          "\n"
          "actors by type\n"
          "  actors  waiting  type\n"
          "       3  100000+  orders::book\n"
          "    1000       12  orders::line\n"
          "\n"
          "deepest mailboxes\n"
          "  waiting  actor             type          waits for\n"
          "  100000+  books #7          orders::book  its handler of job to return\n"
          "       12  orders::line #11  orders::line  a free worker\n"
          "\n"
          "what runs, the longest first\n"
          "  for at least  actor            type          in       on\n"
          "       1.204 s  books #7         orders::book  job      worker 1\n"
          "      seen now  orders::line #5  orders::line  started  worker 0\n"
          "\n"
          "slowest handlers\n"
          "            p99       p50        longest  timed  type\n"
          "  over 68.719 s  1.500 ms  over 68.719 s     12  orders::book\n"
          "      12.345 us    300 ns        1.000 s  40000  orders::line\n"
          "\n"
          "threads\n"
          "  thread      does    ready behind it  actor\n"
          "  worker 0    runs                  0  orders::line #5\n"
          "  worker 1    runs                 12  books #7\n"
          "  worker 2    sleeps                0\n"
          "  own thread  sleeps                   disk #9\n");
}

TEST_CASE("a dump of nothing, or of one, as text") {
    runtime_dump dump;
    dump.runtime = "simulated";
    CHECK(to_text(dump) == "runtime simulated at 0 ns: 0 actors, 0 messages wait\n");
    dump.actors = 1;
    dump.waiting = {1, false};
    CHECK(to_text(dump) == "runtime simulated at 0 ns: 1 actor, 1 message waits\n");
    dump.waiting.or_more = true;
    CHECK(to_text(dump) == "runtime simulated at 0 ns: 1 actor, 1+ messages wait\n");
}

TEST_CASE("durations have three digits behind the point") {
    using drover::detail::duration_text;
    CHECK(duration_text(0ns) == "0 ns");
    CHECK(duration_text(999ns) == "999 ns");
    CHECK(duration_text(1us) == "1.000 us");
    CHECK(duration_text(1'007'999ns) == "1.007 ms");
    CHECK(duration_text(59min) == "3540.000 s");
}

TEST_CASE("a dump as JSON") {
    runtime_dump dump = sample();
    dump.types.resize(1);
    dump.deepest.resize(1);
    dump.deepest[0].name = "a \"b\"\\\n\x1f ü";
    dump.threads = {dump.threads[1], dump.threads[3]};
    dump.slowest = {dump.slowest[1]};
    CHECK(
        to_json(dump) ==
        R"({"runtime":"shop","taken":12345678901,"held":1050000,"actors":1003,"waiting":100012,"or_more":true,)"
        R"("types":[{"type":"orders::book","actors":3,"waiting":100000,"or_more":true}],)"
        R"("deepest":[{"name":"a \"b\"\\\u000a\u001f ü","id":7,"type":"orders::book","waiting":100000,"or_more":true,)"
        R"("waits_for":"its handler of job to return"}],)"
        R"("threads":[{"index":1,"own_thread":false,"does":"runs","actor":"books","id":7,"type":"orders::book",)"
        R"("code":"job","handler":true,"at_least":1204017000,"ready":12},)"
        R"({"index":4,"own_thread":true,"does":"sleeps","actor":"disk","id":9,"type":"store::disk","ready":0}],)"
        R"("slowest":[{"type":"orders::line","timed":40000,"p50":300,"p99":12345,"longest":1000000000}]})");
    CHECK(to_json(runtime_dump{}) ==
          R"({"runtime":"","taken":0,"held":0,"actors":0,"waiting":0,"types":[],"deepest":[],"threads":[]})");
}
