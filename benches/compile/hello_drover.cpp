// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
// What hello_caf.cpp does, in drover: one actor mirrors a string, another asks it and prints the answer.
#include <drover/drover.hpp>

#include <chrono>
#include <iostream>
#include <string>

struct mirror {
    std::string operator()(std::string const& what) const {
        std::cout << what << std::endl;
        return {what.rbegin(), what.rend()};
    }
};

struct hello_world {
    struct go {};

    void operator()(go, drover::context& self) {
        buddy.ask(std::string("Hello World!"), std::chrono::seconds(10)).then(self, [](auto const& what) {
            if (what) std::cout << what.value() << std::endl;
        });
    }

    drover::ref<mirror> buddy;
};

int main() {
    drover::runtime rt;
    auto const mirror_actor = rt.spawn<mirror>();
    auto const hello = rt.spawn<hello_world>(mirror_actor);
    hello.tell(hello_world::go{});
    rt.drain(std::chrono::seconds(10));
}
