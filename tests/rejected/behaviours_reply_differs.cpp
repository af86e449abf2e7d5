// expect: drover: reply types differ: every behaviour that takes this message must return the same type
#include <drover/drover.hpp>

struct question {};

struct brief {
    int operator()(question) { return 1; }
};
struct wordy {
#ifdef ACCEPTED
    int operator()(question) { return 2; }
#else
    double operator()(question) { return 2; }
#endif
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<drover::behaviours<brief, wordy>>();
    a.tell(question{});
}
