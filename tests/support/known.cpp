#include "support/known.hpp"

// See known.hpp.
namespace drover {

template struct basic_cell<features>;
template class actor_turn<features>;
template class actor_ending<features>;
template class actor_restarting<features>;
template class actor_attending<features>;
template class actor_replay<features>;
template class actor_life<features>;
template class actor_run<features, unbounded_mailbox>;
template class basic_outbox<features>;
template class work_stealing<features::metrics>;
template struct runtime_engine<features, work_stealing<features::metrics>>;
template class runtime_with<features, work_stealing<features::metrics>>;

}  // namespace drover
