// expect: drover: keyed_by around keyed_by: only the outer projection would be used; name one
#include <drover/balancing/consistent_hash.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/pool/keyed_by.hpp>

struct order {
    int account;
};

int main() {
#ifdef ACCEPTED
    using policy = drover::keyed_by<&order::account, drover::consistent_hash<drover::maglev>>;
#else
    using policy =
        drover::keyed_by<&order::account, drover::keyed_by<&order::account, drover::consistent_hash<drover::maglev>>>;
#endif
    return drover::includes(policy::needs, drover::signals::key) ? 0 : static_cast<int>(sizeof(order));
}
