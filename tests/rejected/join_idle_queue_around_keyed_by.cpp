// expect: drover: join_idle_queue around keyed_by would not see its projection; write keyed_by<projection,
// join_idle_queue<policy>>
#include <drover/balancing/consistent_hash.hpp>
#include <drover/balancing/join_idle_queue.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/pool/keyed_by.hpp>

struct order {
    int account;
};

int main() {
#ifdef ACCEPTED
    using policy = drover::keyed_by<&order::account, drover::join_idle_queue<drover::consistent_hash<drover::maglev>>>;
#else
    using policy = drover::join_idle_queue<drover::keyed_by<&order::account, drover::consistent_hash<drover::maglev>>>;
#endif
    return drover::includes(policy::needs, drover::signals::key) ? 0 : static_cast<int>(sizeof(order));
}
