#pragma once

/// Who of several members gets a message: policies over a table of members, with or without actors.
#include "drover/balancing/bounded_load.hpp"
#include "drover/balancing/build_error.hpp"
#include "drover/balancing/consistent_hash.hpp"
#include "drover/balancing/least_loaded.hpp"
#include "drover/balancing/maglev.hpp"
#include "drover/balancing/member.hpp"
#include "drover/balancing/member_load.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/power_of_two_choices.hpp"
#include "drover/balancing/random_pick.hpp"
#include "drover/balancing/rendezvous.hpp"
#include "drover/balancing/round_robin.hpp"
#include "drover/balancing/weighted_random.hpp"
#include "drover/balancing/weighted_round_robin.hpp"
