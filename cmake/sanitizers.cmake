# Instrumentation of drover's own programs, chosen once for a build tree:
#   DROVER_SANITIZE=thread | address | undefined | address,undefined
#                         every report ends the program with a failure; thread at -O1, the others at -O0
#   DROVER_COVERAGE=ON    clang's counters of what is executed, at -O0; one build serves this and the address and undefined
#                         sanitizers
set(DROVER_SANITIZE "" CACHE STRING "Sanitizers for drover's own programs: thread, address, or address,undefined")
option(DROVER_COVERAGE "Count executed lines in drover's own programs" OFF)

add_library(drover_instrumentation INTERFACE)

if(DROVER_SANITIZE)
  if(NOT DROVER_SANITIZE MATCHES "^(thread|address|undefined|address,undefined)$")
    message(FATAL_ERROR "DROVER_SANITIZE is '${DROVER_SANITIZE}': "
                        "write thread, address, undefined or address,undefined.")
  endif()
  if(DROVER_COVERAGE AND DROVER_SANITIZE STREQUAL "thread")
    message(FATAL_ERROR "DROVER_COVERAGE is on and DROVER_SANITIZE is 'thread': together with coverage write address, "
                        "undefined or address,undefined, or use a build tree for each.")
  endif()
  # Target options stand behind CMAKE_BUILD_TYPE's on the command line, so these win. Without -O1 ThreadSanitizer is too
  # slow for the stress tests; the address sanitizer's code is what a compiler spends longest on when it optimises. -g1
  # has the lines of a backtrace at a fraction of the size of -g.
  set(level -O0)
  if(DROVER_SANITIZE STREQUAL "thread")
    set(level -O1)
  endif()
  set(flags -fsanitize=${DROVER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # GCC's manual: sanitizers make false warnings of the kinds that follow the flow of data (in <regex> and <functional>,
  # for a start). The release build and clang's hold the same sources to -Werror.
  target_compile_options(drover_instrumentation INTERFACE
                         ${flags} ${level} -g1 $<$<CXX_COMPILER_ID:GNU>:-Wno-error -Wno-maybe-uninitialized>)
  target_link_options(drover_instrumentation INTERFACE ${flags})
endif()

if(DROVER_COVERAGE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "DROVER_COVERAGE is on and the compiler is ${CMAKE_CXX_COMPILER_ID}: cmake/coverage.py reads what "
                        "clang writes, so configure with -DCMAKE_CXX_COMPILER=clang++-19.")
  endif()
  # Atomic counters: what two counters say is told from their difference, which is wrong once one of them has lost a count.
  set(coverage -fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic)
  target_compile_options(drover_instrumentation INTERFACE ${coverage} -O0 -g1)
  target_link_options(drover_instrumentation INTERFACE ${coverage})
endif()

# How much longer a program takes than at -O3: the factor on every time limit of the tests.
if(DROVER_SANITIZE MATCHES "thread")
  set(DROVER_SLOWDOWN 8)
elseif(DROVER_SANITIZE OR DROVER_COVERAGE)
  set(DROVER_SLOWDOWN 4)
else()
  set(DROVER_SLOWDOWN 1)
endif()

# g++'s sanitizers read the lines of a backtrace themselves; clang's ask a program.
set(symbolizer "")
if(DROVER_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(DROVER_SYMBOLIZER NAMES llvm-symbolizer PATHS /usr/lib/llvm-19/bin NO_DEFAULT_PATH)
  if(DROVER_SYMBOLIZER)
    set(symbolizer "ASAN_SYMBOLIZER_PATH=${DROVER_SYMBOLIZER}")
  endif()
endif()

# What the sanitizers' run-time parts are told in every test.
set(DROVER_TEST_ENVIRONMENT
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:history_size=4"
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    ${symbolizer}
    "DROVER_TEST_SLOWDOWN=${DROVER_SLOWDOWN}")
