// expect: drover: message not redeliverable: an actor whose supervision delivers messages again takes each by const
// reference, or it must be copyable
#include <drover/drover.hpp>

#include <memory>

struct job {
    std::unique_ptr<int> number;
};
struct worker {
    static constexpr drover::supervision supervision{.redeliver = 3};
#ifdef ACCEPTED
    void operator()(const job&) {}
#else
    void operator()(job&&) {}
#endif
};

int main() {
    drover::runtime rt;
    const drover::recipient<job> one(rt.spawn<worker>());
    one.tell(job{std::make_unique<int>(1)});
}
