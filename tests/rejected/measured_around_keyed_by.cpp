// expect: drover: measured around keyed_by, whose projection it would hide; write keyed_by<..., measured<P>>
#include <drover/drover.hpp>

struct order {
    int account;
};
using by_key = drover::consistent_hash<drover::maglev>;

int main() {
#ifdef ACCEPTED
    using policy = drover::keyed_by<&order::account, drover::measured<by_key>>;
#else
    using policy = drover::measured<drover::keyed_by<&order::account, by_key>>;
#endif
    return drover::includes(policy::needs, drover::signals::latency) ? 0 : 1;
}
