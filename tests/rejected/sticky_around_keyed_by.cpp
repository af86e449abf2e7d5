// expect: drover: sticky around keyed_by would not see its projection; write keyed_by<projection, sticky<policy>>
#include <drover/balancing/round_robin.hpp>
#include <drover/balancing/sticky.hpp>
#include <drover/pool/keyed_by.hpp>

struct order {
    int account;
};

int main() {
#ifdef ACCEPTED
    using policy = drover::keyed_by<&order::account, drover::sticky<drover::round_robin>>;
#else
    using policy = drover::sticky<drover::keyed_by<&order::account, drover::round_robin>>;
#endif
    return drover::includes(policy::needs, drover::signals::key) ? 0 : static_cast<int>(sizeof(order));
}
