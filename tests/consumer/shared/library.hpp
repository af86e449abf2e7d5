#pragma once

#include <drover/drover.hpp>

#include <memory>

// The seam between a program and a shared library that were compiled apart and both use drover.

struct question {
    int n;
};

struct library_actor {
    int operator()(question q);
};

#define LIBRARY_API __attribute__((visibility("default")))

/// A runtime whose code is the library's.
LIBRARY_API std::unique_ptr<drover::runtime> make_runtime();
/// An actor of the library's in a runtime of the program's.
LIBRARY_API drover::ref<library_actor> spawn_in(drover::runtime& rt);
/// Waits for an answer in the library's code: from a handler this must be refused, whoever's the handler is.
/// 1: refused as a possible deadlock, 0: answered, -1: failed otherwise.
LIBRARY_API int wait_in_library(const drover::ref<library_actor>& actor);
/// Sends in the library's code.
LIBRARY_API drover::delivery tell_in_library(const drover::ref<library_actor>& actor);
