// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
// What every file pays that includes drover.
#include <drover/drover.hpp>

int main() {}
