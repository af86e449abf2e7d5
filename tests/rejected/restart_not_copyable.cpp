// expect: drover: not restartable: the actor's supervision restarts it, so what it is built from must be copyable;
// spawn it with drover::supervised{}.built_by(factory), or choose another directive
#include <drover/drover.hpp>

#include <memory>

struct owner {
    static constexpr drover::supervision supervision{};
    std::unique_ptr<int> number;
    void operator()(int) {}
};

int main() {
    drover::runtime rt;
#ifdef ACCEPTED
    rt.spawn<owner>(drover::supervised{}.built_by([] { return owner{std::make_unique<int>(1)}; }));
#else
    rt.spawn<owner>(std::make_unique<int>(1));
#endif
}
