// expect: drover: not a feature bundle: it derives from drover::features and names policies that have every hook
#include <drover/drover.hpp>

#ifdef ACCEPTED
struct lacking : drover::no_metrics {
#else
struct lacking {
#endif
    static void on_spawn(auto&, drover::hook_subject) noexcept {}
};
struct own : drover::features {
    using metrics = lacking;
};

using app_context = drover::with<own>::context;
