#pragma once

/// Where messages go: topics.
#include "drover/routing/topic.hpp"
