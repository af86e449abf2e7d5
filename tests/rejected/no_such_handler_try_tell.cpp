// expect: drover: no such handler: the actor has no call operator that takes this message
#include <drover/drover.hpp>

#include <string>

int main() {
    drover::runtime rt;
    const auto a = rt.spawn([](int) {});
    int number = 1;
    std::string text;
#ifdef ACCEPTED
    static_cast<void>(a.try_tell(number));
    static_cast<void>(text);
#else
    static_cast<void>(a.try_tell(text));
    static_cast<void>(number);
#endif
}
