#pragma once

/// How many messages one send, one push or one run carries.
#include "drover/batching/policies.hpp"
