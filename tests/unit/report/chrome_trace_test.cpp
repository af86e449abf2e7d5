#include <drover/report/chrome_trace.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include <catch2/catch.hpp>

#include "support/flight.hpp"
#include "support/temporary_folder.hpp"

using namespace drover_test::flight;

namespace {

std::string text_of(const drover::flight_recording& recording) {
    std::string text;
    drover::write_chrome_trace(std::back_inserter(text), recording);
    return text;
}

const std::string head =
    "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
    R"({"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"drover"}})";
const std::string trace_text = R"("trace":"0af7651916cd43dd8448eb211c80319c")";

}  // namespace

TEST_CASE("a recording without threads is a trace without events") {
    CHECK(text_of({}) == head + "\n],\"otherData\":{\"overwritten_records\":0}}\n");
}

TEST_CASE("a message from outside: who sent it, the arrow, the wait, and the handler") {
    auto outside = thread(1, {rooted(0xab), sent(1'234'567, 0xab, 0)});
    outside.overwritten = 5;
    auto worker = thread(2, {began(1'240'000, 0xab, 42), ended(1'240'001, 0xab)});
    worker.overwritten = 2;
    auto all = recording({outside, worker});
    const std::string ids = R"("span":"00000000000000ab",)" + trace_text;
    CHECK(
        text_of(all) ==
        head +
            ",\n"
            R"({"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"thread/1"}})"
            ",\n"
            R"({"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"thread/2"}})"
            ",\n"
            R"({"ph":"X","pid":1,"tid":2,"name":"worker: job","cat":"handler","ts":1240.000,"dur":0.001,"args":{)" +
            ids + R"(,"actor":42}})" +
            ",\n"
            R"x({"ph":"X","pid":1,"tid":1,"name":"worker: job (sent)","cat":"message","ts":1234.567,"dur":0.000,"args":{)x" +
            ids + "}}" +
            ",\n"
            R"({"ph":"s","pid":1,"tid":1,"name":"worker: job","cat":"message","ts":1234.567,"id":"00000000000000ab","args":{)" +
            ids + "}}" +
            ",\n"
            R"({"ph":"f","pid":1,"tid":2,"name":"worker: job","cat":"message","ts":1240.000,"id":"00000000000000ab","bp":"e"})"
            ",\n"
            R"({"ph":"b","pid":1,"tid":1,"name":"worker: job","cat":"mailbox","ts":1234.567,"id":"00000000000000ab"})"
            ",\n"
            R"({"ph":"e","pid":1,"tid":2,"name":"worker: job","cat":"mailbox","ts":1240.000,"id":"00000000000000ab"})"
            "\n],\"otherData\":{\"overwritten_records\":7}}\n");
}

TEST_CASE("a message that a handler sent has the arrow begin there, and names its cause") {
    const std::string text =
        text_of(recording({thread(1, {began(1, 10, 1), sent(2, 11, 10), ended(3, 10), began(4, 11, 1), ended(5, 11),
                                      resumed(6, 10, 0), began(7, 12, 2)})}));
    CHECK(text.find("(sent)") == std::string::npos);
    CHECK(text.find(R"("id":"000000000000000b","args":{"span":"000000000000000b","parent":"000000000000000a"}})") !=
          std::string::npos);
    CHECK(text.find(R"x("name":"worker: job (goes on)","cat":"handler","ts":0.006,"dur":0.094,"args":{"span":)x"
                    R"("000000000000000a","actor":1,"running":true}})") != std::string::npos);
}

TEST_CASE("a message for later waits for its time, and then in the mailbox") {
    const std::string text = text_of(
        recording({thread(1, {sent(1, 10, 0)}), thread(2, {due(5, 10)}), thread(3, {began(9, 10, 1), ended(9, 10)})}));
    CHECK(text.find(R"({"ph":"b","pid":1,"tid":1,"name":"worker: job","cat":"timer","ts":0.001,)") !=
          std::string::npos);
    CHECK(text.find(R"({"ph":"e","pid":1,"tid":2,"name":"worker: job","cat":"timer","ts":0.005,)") !=
          std::string::npos);
    CHECK(text.find(R"({"ph":"b","pid":1,"tid":2,"name":"worker: job","cat":"mailbox","ts":0.005,)") !=
          std::string::npos);
    CHECK(text.find(R"({"ph":"e","pid":1,"tid":3,"name":"worker: job","cat":"mailbox","ts":0.009,)") !=
          std::string::npos);
}

TEST_CASE("where the clocks of two processors disagree there is no arrow back, and no negative wait") {
    const std::string text =
        text_of(recording({thread(1, {sent(8, 10, 0)}), thread(2, {began(6, 10, 1), ended(9, 10)})}));
    CHECK(text.find(R"("ph":"s")") == std::string::npos);
    CHECK(text.find(R"("ph":"f")") == std::string::npos);
    CHECK(text.find(R"({"ph":"e","pid":1,"tid":2,"name":"worker: job","cat":"mailbox","ts":0.008,)") !=
          std::string::npos);
}

TEST_CASE("any bytes may stand in a name") {
    static constexpr drover::message_names odd{"a\"b\\c\n\x01\xff\xc3\xa4", ""};
    auto one = thread(1, {began(1, 10, 1, odd), ended(2, 10)});
    one.name = "\t\"";
    const std::string text = text_of(recording({one}));
    CHECK(text.find(R"("name":"a\"b\\c\u000a\u0001)"
                    "\xEF\xBF\xBD\xC3\xA4: \"") != std::string::npos);
    CHECK(text.find(R"("args":{"name":"\u0009\""}})") != std::string::npos);
}

TEST_CASE("a slice whose names are lost has none, and an actor type without a name leaves out the colon") {
    static constexpr drover::message_names bare{"", "probe"};
    const std::string text = text_of(recording(
        {thread(1, {event(kind::began, 1, 10, 1, nullptr), ended(2, 10), began(3, 11, 1, bare), ended(4, 11)})}));
    CHECK(text.find(R"("name":"","cat":"handler")") != std::string::npos);
    CHECK(text.find(R"("name":"probe","cat":"handler")") != std::string::npos);
}

TEST_CASE("a trace goes to a stream and to a file, whole or not at all") {
    const auto all = recording({thread(1, {sent(1, 10, 0), began(2, 10, 1), ended(3, 10)})});
    const std::string wanted = text_of(all);
    std::ostringstream stream;
    drover::write_chrome_trace(stream, all);
    CHECK(stream.str() == wanted);

    const drover_test::temporary_folder folder;
    const std::filesystem::path file = folder.path() + "/trace.json";
    std::ofstream(file) << "old";
    drover::write_chrome_trace(file, all);
    std::ifstream in(file);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == wanted);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
    std::string name = file.string() + "2";
    char* const of_main = name.data();  // as from argv
    drover::write_chrome_trace(of_main, all);
    CHECK(std::filesystem::file_size(name) == wanted.size());
    CHECK_THROWS_AS(drover::write_chrome_trace("/no/such/folder/trace.json", all), std::system_error);
    CHECK_THROWS_WITH(drover::write_chrome_trace("/no/such/folder/trace.json", all),
                      Catch::Contains("drover: the trace file '/no/such/folder/trace.json' was not written"));
}

TEST_CASE("what is written is what the recorder holds, unless something else is given") {
    drover::clear_flight_recorder();
    std::string text;
    drover::write_chrome_trace(std::back_inserter(text));
    CHECK(text == text_of({}));
}
