#pragma once

/// Where messages go: names and who holds them, sends by name, topics.
#include "drover/routing/address.hpp"
#include "drover/routing/content_route.hpp"
#include "drover/routing/direct_mapped_cache.hpp"
#include "drover/routing/lookup_error.hpp"
#include "drover/routing/no_cache.hpp"
#include "drover/routing/registry.hpp"
#include "drover/routing/router.hpp"
#include "drover/routing/set_associative_cache.hpp"
#include "drover/routing/topic.hpp"
