#!/usr/bin/env bash
# The one door to drover's builds. `./cmake/dev.sh help` lists what it does.
#
# Each subcommand can be the first on a fresh Debian 12: it installs what it lacks through apt-get when it may (root, or
# sudo without a password), and otherwise prints the one command that does. A second run installs, configures and builds
# nothing that is there already. Build trees are build/<name>, ignored by git.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
trees=$root/build

usage() {
    cat <<'USAGE'
usage: ./cmake/dev.sh COMMAND

  demo [DIR...] [options]   build the census of C and C++ sources and run it (--json, --top N, --threads N, --compare,
                            --balance NAME)
  test [ctest options]      build everything with g++ and run every test
  soak [--minutes N] [--seed N]
                            10 000 actors with random failures, timers and asks; accounts exact, memory flat (1 minute)
  bench [--peers [--pairs N] [--sizes suite]] [--filter RE] [--json FILE]
                            run the benches; with --peers, the same workloads on CAF and Erlang beside ours, in pairs;
                            with --sizes suite, Savina's alone with that suite's own sizes
  balancing [--seed N] [--json FILE] [--plots DIR] [--quick] [--filter RE]
                            balancing policies: prefix deviation, key movement, queueing in virtual time, cost of a pick, as
                            text, JSON and pictures; --filter names cells, `balancing --help` tells how
  latency [--peers] [--rates A,B,C] [--seconds S] [--json FILE] [--quick]
                            latency at fixed arrival rates, from when a message was due, to the 99.99th percentile; with
                            --peers, CAF beside ours
  scale [--rounds N] [--filter RE] [--json FILE] [--plots DIR] [--quick]
                            bytes of an actor and cost of a message from 10 actors to a million, by senders, members of a
                            pool and payloads, each beside the model that it should follow
  regress --base REF [--head REF] [--filter RE] [--budget MINUTES] [--json FILE] [--html FILE]
                            whether head is slower than base: instructions of paths, and wall clock of benches in pairs of
                            processes; status 0 pass, 1 a regression, 2 not compared, 3 inconclusive
  regress --base-binary A --head-binary B [options]
                            the same for two builds of a Google Benchmark program of yours; `regress --help` tells the rest
  regress --guard           the instructions alone, of HEAD against the commit in benches/regression/base and the last tag, as CI
                            does it
  pictures [--figures]      draw the pictures and write the tables of the documentation from the figures in docs/pictures; with
                            --figures, take those anew first (about half an hour, on a quiet machine)
  coverage                  lines of include/ that the unit, conformance and adapters tests execute; below 95 % is a failure
  format [--check]          clang-format over the tree
  matrix [PART...]          every build: release, thread (ThreadSanitizer), clang (with libc++ and its checks, AddressSanitizer
                            and UndefinedBehaviorSanitizer), coverage (of the clang build; its tests run once for both);
                            and, where it is named, browser (a trace in speedscope's page in Chromium, which
                            fails if that cannot be installed)
  setup                     install what all of these need, and configure the release build

DROVER_JOBS=N limits how many compilers and tests run at once (default: processors, or less where memory is short).
USAGE
}

say() { printf '%s\n' "$*" >&2; }

# --- what a machine must have -----------------------------------------------------------------------------------------

packages_build=(g++ cmake ninja-build libboost-dev libexpected-dev robin-map-dev)
packages_demo=("${packages_build[@]}" libfmt-dev prometheus-cpp-dev)
packages_bench=("${packages_build[@]}" libbenchmark-dev libconcurrentqueue-dev libfmt-dev python3)
packages_plots=(python3 python3-matplotlib python3-numpy python3-scipy)
packages_regress=("${packages_bench[@]}" python3-numpy python3-scipy valgrind git)
packages_guard=(g++ libboost-dev libexpected-dev robin-map-dev python3 python3-numpy python3-scipy valgrind git)
packages_peers=("${packages_bench[@]}" libcaf-dev erlang-base)
packages_unit=("${packages_build[@]}" catch2 prometheus-cpp-dev python3)
packages_consumers=(prometheus python3-prometheus-client) # who reads what report/ writes
packages_test=("${packages_demo[@]}" "${packages_unit[@]}" "${packages_consumers[@]}" libbenchmark-dev pkg-config spin
    tcc valgrind python3-numpy python3-scipy git)
packages_clang=("${packages_unit[@]}" clang-19 llvm-19 libclang-rt-19-dev libc++-19-dev libc++abi-19-dev)
packages_browser=(chromium) # and npm, of whatever origin
packages_format=(clang-format-19)

# need PACKAGE...: installs those that are missing, or says how and ends with status 1.
need() {
    if ! command -v dpkg-query >/dev/null; then
        say "dev.sh: this is no Debian, so what it needs is not checked; on Debian 12 it is: $*"
        return
    fi
    local missing=() package state
    for package in "$@"; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || true
        if [[ $state != installed && " ${missing[*]} " != *" $package "* ]]; then
            missing+=("$package")
        fi
    done
    if ((${#missing[@]} == 0)); then
        return
    fi
    # Prometheus is here for the tests, which start its server themselves. The system is not to, neither now nor after the
    # next start of the machine:
    # policy-rc.d, where there is none yet, tells apt-get so, and `disable` tells systemd.
    local quietly=() afterwards=""
    if [[ " ${missing[*]} " == *" prometheus "* ]]; then
        # shellcheck disable=SC2016  # for the inner shell
        quietly=(sh -c 'policy=/usr/sbin/policy-rc.d
            if [ ! -e $policy ]; then
                trap "rm -f $policy" EXIT
                trap "exit 1" HUP INT TERM
                printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
            fi
            "$@" || exit
            ! command -v systemctl >/dev/null || systemctl --quiet disable prometheus || true' quietly)
        afterwards="; systemctl disable --now prometheus"
    fi
    local as_root=()
    if ((EUID != 0)); then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            local by="sudo sh -c"
            command -v sudo >/dev/null || by="su -c"
            say "dev.sh: missing: ${missing[*]}. Install them with this command, then run dev.sh again:"
            say "    $by 'apt-get update && apt-get install -y --no-install-recommends ${missing[*]}$afterwards'"
            exit 1
        fi
    fi
    say "dev.sh: installing ${missing[*]}"
    # A mirror that cannot be reached now may not be needed: what is missing can be in the cache.
    local apt=("${as_root[@]}" "${quietly[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y)
    "${apt[@]}" update >&2 </dev/null || true
    if ! "${apt[@]}" --no-install-recommends install "${missing[@]}" >&2 </dev/null; then
        say "dev.sh: apt-get could not install ${missing[*]}; its own message stands above."
        exit 1
    fi
}

# --- building ---------------------------------------------------------------------------------------------------------

# A source that includes much of drover takes about 1.5 GiB with a sanitizer: fewer jobs are faster than swapping.
jobs() {
    local processors memory
    processors=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo 2>/dev/null || echo "$processors")
    ((memory >= 1)) || memory=1
    echo "${DROVER_JOBS:-$((processors < memory ? processors : memory))}"
}

# configure NAME OPTION...: runs CMake unless build/NAME was configured with just these options.
configure() {
    local name=$1 tree=$trees/$1 wanted
    shift
    wanted="$root $*"
    if [[ -f $tree/build.ninja && -f $tree/.configured && $(<"$tree/.configured") == "$wanted" ]]; then
        return
    fi
    # A tree that was moved or copied from elsewhere is of no use to CMake.
    if [[ -f $tree/.configured && $(<"$tree/.configured") != "$root "* ]]; then
        rm -rf -- "$tree"
    fi
    rm -f -- "$tree/.configured"
    cmake -S "$root" -B "$tree" -G Ninja "$@" >&2
    printf '%s\n' "$wanted" >"$tree/.configured"
}

# release_with FEATURE...: configures build/release with these of tests, benches, examples, peers. What an earlier
# command asked for stays, so that `demo` after `test` compiles nothing again.
release_with() {
    local options=() feature upper value before=""
    [[ -f $trees/release/.configured ]] && before=$(<"$trees/release/.configured")
    for feature in tests benches examples peers; do
        upper=${feature^^}
        value=OFF
        if [[ " $* " == *" $feature "* || $before == *"-DDROVER_$upper=ON"* ]]; then
            value=ON
        fi
        options+=("-DDROVER_$upper=$value")
    done
    # -O2, as the benches and the peers have it; at -O3 g++ 12 warns of overflows that are none.
    configure release -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" "${options[@]}"
}

# build NAME [TARGET...]
build() {
    local tree=$trees/$1
    shift
    # Standard output belongs to what is run, not to how it was built.
    ninja -C "$tree" -j "$(jobs)" "$@" 2>&1 | sed -u -e '/no work to do/d' -e '/^ninja: Entering/d' \
        -e '/Re-checking globbed directories/d' >&2
}

# run_tests NAME [CTEST OPTION...]: output as ctest's; its summary is kept in build/NAME/summary.txt.
run_tests() {
    local tree=$trees/$1 status=0
    shift
    mkdir -p "$tree/Testing"
    ctest --test-dir "$tree" -j "$(jobs)" --output-on-failure --no-tests=error --no-label-summary "$@" </dev/null 2>&1 |
        tee "$tree/Testing/output.txt" || status=$?
    sed -n '/% tests passed/,$p' "$tree/Testing/output.txt" >"$tree/summary.txt"
    return $status
}

# part NAME COMMAND...: runs it, notes its time, goes on if it fails. `finish` then ends with a failure. Status 77, as ctest
# has it, is that of a part that may be skipped where it cannot run.
parts=()
failed=()
part() {
    local name=$1 start=$SECONDS status line
    shift
    say "== $name"
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    set -e
    ((status == 0 || status == 77)) || failed+=("$name")
    line=$(awk -v n="$name" -v s=$((SECONDS - start)) -v r=$status \
        'BEGIN { printf "%-24s %5.1f min  %s", n, s / 60, r == 0 ? "good" : r == 77 ? "skipped" : "FAILED" }')
    parts+=("$line")
    # .ci/run gathers the parts of several commands here.
    [[ -z ${DROVER_MINUTES:-} ]] || printf '%s\n' "$line" >>"$DROVER_MINUTES"
}

finish() {
    say "== minutes"
    printf '%s\n' "${parts[@]}" >&2
    if ((${#failed[@]} > 0)); then
        say "dev.sh: failed: ${failed[*]}"
        exit 1
    fi
}

# --- the parts of the matrix ------------------------------------------------------------------------------------------

part_release_build() {
    release_with tests benches examples
    build release
}

part_thread() {
    configure thread -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Debug -DDROVER_SANITIZE=thread -DDROVER_EXAMPLES=OFF
    build thread stress conformance
    run_tests thread -L '^(stress|conformance)$'
}

# What the tests in build/clang execute is counted as they run, so that one build serves `clang` and `coverage`.
counting_programs=(unit conformance adapters)

configure_clang() {
    configure clang -DCMAKE_CXX_COMPILER=clang++-19 \
        "-DCMAKE_CXX_FLAGS=-stdlib=libc++ -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_DEBUG" \
        -DCMAKE_BUILD_TYPE=Debug -DDROVER_SANITIZE=address,undefined -DDROVER_COVERAGE=ON -DDROVER_EXAMPLES=OFF
}

# count LABELS: runs the tests of these, among them those of all counting programs. Once all have passed .counted says so, and
# how old the programs were.
count() {
    rm -rf -- "$trees/clang/profiles" "$trees/clang/.counted"
    touch "$trees/clang/.counting"
    run_tests clang -L "^($1)\$"
    mv -- "$trees/clang/.counting" "$trees/clang/.counted"
}

part_clang() {
    configure_clang
    build clang "${counting_programs[@]}" stress
    # The release build's layout tests compile each header under clang too, where they find one.
    local labels='unit|conformance|adapters|stress|rejected|layout'
    if [[ -n ${DROVER_RELEASE_TESTED:-} ]] && grep -q layout/headers_clang "$trees/release/Testing/output.txt"; then
        labels=${labels%|layout}
    fi
    count "$labels"
}

part_coverage() {
    configure_clang
    build clang "${counting_programs[@]}"
    local program
    for program in "${counting_programs[@]}"; do
        if [[ ! -f $trees/clang/.counted || $trees/clang/tests/$program -nt $trees/clang/.counted ]]; then
            count 'unit|conformance|adapters'
            break
        fi
    done
    python3 -B "$root/cmake/coverage.py" "$root" "$trees/clang" "${counting_programs[@]}" --threshold 95 --jobs "$(jobs)"
}

# cannot SENTENCE: a part cannot run here. A failure, unless .ci/run says that this one may be skipped.
cannot() {
    say "$1"
    ((${DROVER_MAY_SKIP:-0} == 0)) || exit 77
    exit 1
}

# The page of speedscope that traces are opened in: one version, so that no change of theirs turns it red.
part_browser() {
    local version=1.25.0
    local site=$trees/speedscope-$version
    if ! (need "${packages_browser[@]}" && { command -v npm >/dev/null || need npm; }); then
        cannot "browser: Chromium and npm are needed, and cannot be installed here."
    fi
    if [[ ! -d $site ]]; then
        rm -rf -- "$site.part"
        mkdir -p "$site.part"
        if ! (cd "$site.part" && npm pack --fetch-retries=1 --fetch-timeout=30000 "speedscope@$version") >&2; then
            cannot "browser: npm could not fetch speedscope $version; its own message stands above."
        fi
        tar -xzf "$site.part/speedscope-$version.tgz" -C "$site.part"
        mv -- "$site.part" "$site"
    fi
    release_with tests
    build release report_traces
    python3 -B "$root/tests/report/speedscope.py" "$site/package/dist/release" "$trees/release/tests/report_traces"
}

# --- commands ---------------------------------------------------------------------------------------------------------

command_setup() {
    need "${packages_test[@]}" "${packages_peers[@]}" "${packages_regress[@]}" "${packages_plots[@]}" "${packages_clang[@]}" \
        "${packages_format[@]}"
    release_with tests benches examples
    say "dev.sh: everything is there; ./cmake/dev.sh demo and ./cmake/dev.sh test are next"
}

command_demo() {
    need "${packages_demo[@]}"
    release_with examples
    build release census
    exec "$(<"$trees/release/census.path")" "$@"
}

command_test() {
    need "${packages_test[@]}"
    # The summary of an earlier run must not stand for this one, should it not come so far.
    rm -f -- "$trees/release/summary.txt"
    part "release: build" part_release_build
    if ((${#failed[@]} == 0)); then
        part "release: tests" run_tests release "$@"
    fi
    finish
}

command_soak() {
    need "${packages_unit[@]}"
    release_with tests
    build release soak
    exec "$trees/release/tests/soak" "$@"
}

command_bench() {
    local peers="" filter="" json="" pairing=()
    while (($# > 0)); do
        case $1 in
        --peers) peers=yes ;;
        --filter | --json | --pairs | --sizes)
            (($# >= 2)) || { say "dev.sh: $1 wants a value; see ./cmake/dev.sh help"; exit 2; }
            case $1 in
            --filter) filter=$2 ;;
            --json) json=$2 ;;
            *) pairing+=("$1" "$2") ;;
            esac
            shift
            ;;
        --pairs=* | --sizes=*) pairing+=("$1") ;;
        --filter=*) filter=${1#*=} ;;
        --json=*) json=${1#*=} ;;
        *) say "dev.sh: bench does not know '$1'; see ./cmake/dev.sh help"; exit 2 ;;
        esac
        shift
    done

    if [[ -z $peers && ${#pairing[@]} -gt 0 ]]; then
        say "dev.sh: bench takes ${pairing[0]%%=*} with --peers only; add --peers, or leave it out"
        exit 2
    fi
    if [[ -n $peers ]]; then
        need "${packages_peers[@]}"
        release_with benches peers
        # CMake has to look again if a peer was installed after it last did.
        cmake "$trees/release" >/dev/null
        build release benches/all
        # Peers may stand outside of `all`, so that a build without them needs none.
        if ninja -C "$trees/release" -t targets all | grep -q '^peers: '; then
            build release peers
        fi
        local arguments=(--build "$trees/release" "${pairing[@]}")
        [[ -z $filter ]] || arguments+=(--filter "$filter")
        [[ -z $json ]] || arguments+=(--json "$json")
        local status=0
        python3 -B "$root/benches/peers/run.py" "${arguments[@]}" || status=$?
        # How long the compiler takes is compared too; a filter names workloads, of which this is none.
        if [[ -z $filter && ${#pairing[@]} -eq 0 && -f $root/benches/compile/run.py ]]; then
            python3 -B "$root/benches/compile/run.py" --cxx g++ || status=$?
        fi
        return $status
    fi

    need "${packages_bench[@]}"
    release_with benches
    build release benches/all
    local program output status=0 outputs
    outputs=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is known now
    trap "rm -rf -- '$outputs'" EXIT
    while IFS= read -r program; do
        [[ -n $program ]] || continue
        local arguments=()
        [[ -z $filter ]] || arguments+=("--benchmark_filter=$filter")
        output=$outputs/$(basename "$program").json
        [[ -z $json ]] || arguments+=("--benchmark_out=$output" --benchmark_out_format=json)
        say "== $(basename "$program")"
        "$program" "${arguments[@]}" || status=$?
    done <"$trees/release/benches.list"
    if [[ -n $json ]]; then
        # One object in Google Benchmark's own form, as one program with all the benches would write it.
        python3 -B - "$json" "$outputs"/*.json <<'MERGE'
import json, sys

merged = None
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as file:
        text = file.read()
    if not text.strip():
        continue  # the filter left nothing of this program
    report = json.loads(text)
    if merged is None:
        merged = report
    else:
        merged["benchmarks"] += report["benchmarks"]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(merged or {"benchmarks": []}, file, indent=2)
    file.write("\n")
MERGE
    fi
    return $status
}

# Debian's packages are seen by Debian's own interpreter.
python_of_debian() {
    if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else echo python3; fi
}

# What it cannot do ends with status 2, and so does a package that is missing.
command_regress() {
    # --guard compiles paths alone, and is part of every submission's test.
    local wanted=("${packages_regress[@]}")
    [[ " $* " != *" --guard "* ]] || wanted=("${packages_guard[@]}")
    (need "${wanted[@]}") || exit 2
    local own=()
    [[ " $* " == *" --jobs"* ]] || own=(--jobs "$(jobs)")
    exec "$(python_of_debian)" -B "$root/benches/regression/regress.py" "${own[@]}" "$@"
}

# What the guides show. What hangs on the machine: how long the census's parts took, and the figures of scale.
command_pictures() {
    local pictures=$root/docs/pictures
    case "$*" in
    "") ;;
    --figures)
        command_balancing --json "$pictures/balancing.json" \
            --filter '^(queueing/exponential/[a-z_]+/16|keys|pools|health)/' >&2
        command_scale --json "$pictures/scale.json" >&2
        need "${packages_demo[@]}"
        release_with examples
        build release census
        python3 -B "$root/examples/census/pictures.py" record "$(<"$trees/release/census.path")" \
            "$pictures/census-metrics.json" "$pictures/census-trace.json" /usr/include \
            /usr/include/linux/netfilter /usr/include/c++/12/bits
        need "${packages_peers[@]}"
        release_with benches peers examples
        cmake "$trees/release" >/dev/null
        build release benches/all peers
        python3 -B "$root/benches/figures/record.py" "$trees/release" "$pictures/performance.json"
        python3 -B "$root/benches/peers/run.py" --build "$trees/release" --json "$pictures/peers.json"
        ;;
    *) say "dev.sh: pictures does not know '$*'; see ./cmake/dev.sh help"; exit 2 ;;
    esac
    need "${packages_plots[@]}"
    "$(python_of_debian)" -B "$root/benches/balancing/plot.py" "$pictures/balancing.json" "$pictures" \
        waits.svg failed.svg keys.svg health.svg
    "$(python_of_debian)" -B "$root/benches/scale/plot.py" "$pictures/scale.json" "$pictures"
    local what
    for what in metrics trace; do
        "$(python_of_debian)" -B "$root/examples/census/pictures.py" draw "$pictures/census-$what.json" \
            "$pictures/census-$what.svg"
    done
    # Its figures are those of `regress --prove power`, which takes its pairs from a machine that was measured.
    if [[ -f $pictures/regression-power.json ]]; then
        "$(python_of_debian)" -B "$root/benches/regression/plot.py" "$pictures/regression-power.json" \
            "$pictures/regression-power.svg"
    fi
    "$(python_of_debian)" -B "$root/benches/figures/plot.py" "$pictures/performance.json" "$pictures/peers.json" "$pictures"
    python3 -B "$root/benches/figures/tables.py" "$root"
}

# plotted NAME OPTION...: runs benches/NAME, which writes its figures with --json; --plots DIR has them drawn, too.
plotted() {
    local name=$1 arguments=() json="" plots="" status=0
    shift
    while (($# > 0)); do
        case $1 in
        --json | --plots)
            (($# >= 2)) || { say "dev.sh: $1 wants a value; see ./cmake/dev.sh help"; exit 2; }
            if [[ $1 == --json ]]; then json=$2; else plots=$2; fi
            shift
            ;;
        --json=*) json=${1#*=} ;;
        --plots=*) plots=${1#*=} ;;
        *) arguments+=("$1") ;; # the program knows the others
        esac
        shift
    done
    need "${packages_bench[@]}"
    [[ -z $plots ]] || need "${packages_plots[@]}"
    release_with benches
    build release "$name"
    if [[ -n $plots && -z $json ]]; then
        json=$(mktemp)
        # shellcheck disable=SC2064  # the file's name is known now
        trap "rm -f -- '$json'" EXIT
    fi
    [[ -z $json ]] || arguments+=(--json "$json")
    "$trees/release/benches/$name/$name" "${arguments[@]}" || status=$?
    # A promise that is not kept is worth a picture, too.
    if [[ -n $plots && -s $json ]]; then
        "$(python_of_debian)" -B "$root/benches/$name/plot.py" "$json" "$plots" >&2 || status=$?
    fi
    return $status
}

command_balancing() { plotted balancing "$@"; }
command_scale() { plotted scale "$@"; }

command_latency() {
    local packages=("${packages_bench[@]}") features=(benches)
    if [[ " $* " == *" --peers "* ]]; then
        packages=("${packages_peers[@]}")
        features+=(peers)
    fi
    need "${packages[@]}"
    release_with "${features[@]}"
    # CMake has to look again if CAF was installed after it last did.
    [[ ${#features[@]} -eq 1 ]] || cmake "$trees/release" >/dev/null
    build release latency
    exec "$trees/release/benches/latency/latency" "$@"
}

command_coverage() {
    need "${packages_clang[@]}"
    part coverage part_coverage
    finish
}

command_format() {
    need "${packages_format[@]}"
    local how=(-i)
    case ${1:-} in
    "") ;;
    --check) how=(--dry-run -Werror) ;;
    *) say "dev.sh: format does not know '$1'; see ./cmake/dev.sh help"; exit 2 ;;
    esac
    local folders=() folder
    for folder in include tests benches examples; do
        [[ ! -d $root/$folder ]] || folders+=("$root/$folder")
    done
    find "${folders[@]}" \( -name '*.hpp' -o -name '*.cpp' \) -print0 | xargs -0 -r clang-format-19 "${how[@]}"
}

command_matrix() {
    local wanted=("$@") name
    ((${#wanted[@]} > 0)) || wanted=(release thread clang coverage)
    for name in "${wanted[@]}"; do
        case $name in
        release) need "${packages_test[@]}" ;;
        thread) need "${packages_unit[@]}" ;;
        clang | coverage) need "${packages_clang[@]}" ;;
        browser) need "${packages_unit[@]}" ;; # the rest may be missing
        *) say "dev.sh: matrix has no part '$name'; it has release thread clang coverage browser"; exit 2 ;;
        esac
    done
    for name in "${wanted[@]}"; do
        case $name in
        release)
            part "release: build" part_release_build
            part "release: tests" run_tests release
            ;;
        *) part "$name" "part_$name" ;;
        esac
    done
    finish
}

command=${1:-help}
(($# == 0)) || shift
case $command in
setup | demo | test | soak | bench | balancing | latency | scale | regress | pictures | coverage | format | matrix) "command_$command" "$@" ;;
help | -h | --help) usage ;;
*)
    say "dev.sh: there is no command '$command'."
    usage >&2
    exit 2
    ;;
esac
