// expect: drover: redeliver and batches: the messages of a batch are moved out of their envelopes, so none of them can
// be delivered again; leave one of the two out of the actor's type
#include <drover/drover.hpp>

#include <span>

struct item {
    int number;
};
struct collector {
#ifdef ACCEPTED
    static constexpr drover::supervision supervision{};
#else
    static constexpr drover::supervision supervision{.redeliver = 3};
#endif
    using batches = drover::of<item>;
    void operator()(std::span<item>) {}
};

int main() {
    drover::runtime rt;
    rt.spawn<collector>().tell(item{1});
}
