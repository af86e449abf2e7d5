#pragma once

namespace drover {

/// One callable out of several lambdas, so that an actor can be written at the spawn call:
/// `rt.spawn(overload{[](int) {…}, [](std::string) {…}})`.
template <class... Callables>
struct overload : Callables... {
    using Callables::operator()...;
};

template <class... Callables>
overload(Callables...) -> overload<Callables...>;

}  // namespace drover
