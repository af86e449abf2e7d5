#pragma once

#include <drover/drover.hpp>

/// What every test program has anyway is compiled once, in known.cpp, and not in each of its files.
namespace drover {

extern template struct basic_cell<features>;
extern template class actor_turn<features>;
extern template class actor_ending<features>;
extern template class actor_restarting<features>;
extern template class actor_attending<features>;
extern template class actor_replay<features>;
extern template class actor_life<features>;
extern template class actor_run<features, unbounded_mailbox>;
extern template class basic_outbox<features>;
extern template class work_stealing<features::metrics>;
extern template struct runtime_engine<features, work_stealing<features::metrics>>;
extern template class runtime_with<features, work_stealing<features::metrics>>;

}  // namespace drover
