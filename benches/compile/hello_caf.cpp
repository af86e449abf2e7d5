// Copyright (c) the drover authors. SPDX-License-Identifier: MIT CAF's hello world: one actor mirrors a string, another
// asks it and prints the answer. Written as the example of that name in CAF 0.17 is: the same header, functions as
// actors, aout, a request with a continuation, CAF_MAIN.
#include <caf/all.hpp>

#include <chrono>
#include <iostream>
#include <string>

caf::behavior mirror(caf::event_based_actor* self) {
    return {[self](std::string const& what) -> std::string {
        caf::aout(self) << what << std::endl;
        return {what.rbegin(), what.rend()};
    }};
}

void hello_world(caf::event_based_actor* self, caf::actor const& buddy) {
    self->request(buddy, std::chrono::seconds(10), "Hello World!").then([self](std::string const& what) {
        caf::aout(self) << what << std::endl;
    });
}

void caf_main(caf::actor_system& system) {
    auto const mirror_actor = system.spawn(mirror);
    system.spawn(hello_world, mirror_actor);
}

CAF_MAIN()
