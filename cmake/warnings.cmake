# Warnings are for drover's own tests, benches and examples. They are no part of `drover::drover`, and so never reach a
# program that uses it. The headers are met through -I and not through -isystem, so that they are held to them too.
add_library(drover_warnings INTERFACE)
target_compile_options(drover_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
