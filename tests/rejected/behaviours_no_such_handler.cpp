// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

struct idle {
    void operator()(long) {}
};
struct busy {
    void operator()(const char*) {}
};

int main() {
    drover::runtime rt;
    const auto a = rt.spawn<drover::behaviours<idle, busy>>();
#ifdef ACCEPTED
    a.tell("work");
#else
    a.tell(std::string("work"));
#endif
}
