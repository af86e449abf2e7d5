// expect-gcc-regex: conversion from .* to non-scalar type .* requested
// expect-clang-regex: no viable conversion from
#include <drover/drover.hpp>

#include <string>

struct worker {
    int operator()(int n) { return n; }
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    const drover::recipient<int(int)> a = rt.spawn<worker>();
#else
    const drover::recipient<std::string(int)> a = rt.spawn<worker>();
#endif
}
