#include "library.hpp"

LIBRARY_API int library_actor::operator()(question q) {
    return 2 * q.n;
}

std::unique_ptr<drover::runtime> make_runtime() {
    return std::make_unique<drover::runtime>(drover::runtime_options{.threads = 2, .name = "library"});
}

drover::ref<library_actor> spawn_in(drover::runtime& rt) {
    return rt.spawn<library_actor>();
}

int wait_in_library(const drover::ref<library_actor>& actor) {
    auto answer = actor.ask(question{1}).result();
    if (answer) {
        return 0;
    }
    return answer.error().code == drover::ask_error::would_deadlock ? 1 : -1;
}

drover::delivery tell_in_library(const drover::ref<library_actor>& actor) {
    return actor.tell(question{1});
}
