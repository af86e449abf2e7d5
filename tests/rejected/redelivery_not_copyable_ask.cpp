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
    int operator()(const job&) { return 1; }
#else
    int operator()(job&&) { return 1; }
#endif
};

int main() {
    drover::runtime rt;
    return rt.spawn<worker>().ask(job{std::make_unique<int>(1)}).get() == 1 ? 0 : 1;
}
