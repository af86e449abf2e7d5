// expect-gcc-regex: conversion from .* to non-scalar type .* requested|could not convert
// expect-clang-regex: no viable conversion from
#include <drover/drover.hpp>

struct own : drover::features {};
struct worker {
    void operator()(int) {}
};

int main() {
#ifdef ACCEPTED
    drover::runtime rt;
#else
    drover::with<own>::runtime rt;
#endif
    const drover::ref<worker> a = rt.spawn<worker>();
}
