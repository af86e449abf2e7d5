// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
// The smallest program that does something: a runtime, one actor, one message, one question.
#include <drover/drover.hpp>

struct greeting {};

struct greeter {
    int operator()(greeting) { return ++greeted; }
    int greeted = 0;
};

int main() {
    drover::runtime rt;
    auto const actor = rt.spawn<greeter>();
    actor.tell(greeting{});
    return actor.ask(greeting{}).get() == 2 ? 0 : 1;
}
