#pragma once

/// Actors that share their work: pools that balance by weight, load and key in the sender's thread.
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/pool.hpp"
#include "drover/pool/pool_options.hpp"
#include "drover/pool/spawn_pool.hpp"
