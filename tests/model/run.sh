#!/usr/bin/env bash
# Runs every model of this folder, good and broken, as its header lists them:
#   @good   | DEFINITIONS | what
#   @broken | DEFINITIONS | expected error (extended regular expression) | what goes wrong
# ("-" stands for no definitions). Every search is complete: full state space, no bitstate, no hash compaction.
# One line a run: model, variant, stored states, result, seconds, statements that were not reached.
# Fails if a good run has an error or is truncated, if a broken run passes or fails in another way than expected, or if
# a statement is reached in none of a model's good runs and its line says no "unreached:" with the reason.
#
# Usage: run.sh [FILTER]     FILTER: extended regular expression, matched against "model VARIANT…"
# Environment: DROVER_MODEL_JOBS (default 2): how many searches at a time.
#
# Most searches are over sooner than gcc has read the program that spin writes for them. So each is compiled by tcc, in
# no time, and is begun anew as gcc -O2 makes it, twice as fast, if it has taken more than a few seconds of a processor.
set -u
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
filter=${1:-}
jobs=${DROVER_MODEL_JOBS:-2}

quick_seconds=2

for tool in spin tcc gcc; do
    if ! command -v "$tool" >/dev/null; then
        echo "run.sh: $tool is not installed; on Debian: apt-get install spin tcc gcc" >&2
        exit 2
    fi
done

work=$(mktemp -d) || exit 2
cleanup() {
    local running
    running=$(jobs -p)
    if [ -n "$running" ]; then
        # shellcheck disable=SC2086
        kill $running 2>/dev/null
        wait 2>/dev/null
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# COMPILER…: the present folder's pan.c -> pan
compile() {
    "$@" -w -DSAFETY -DCOLLAPSE -DMEMLIM=1500 -o pan pan.c >>spin.out 2>&1
}

# OPTION…: of pan
search() {
    timeout --kill-after=5 300 ./pan -m20000 "$@" >pan.out 2>&1
}

# False if the time is over and nothing is known. Processor time, so that a busy machine chooses the same way. With a hash
# table of 8 MiB for the few states there can be: to clear the usual 128 MiB takes longer than most of these searches.
search_quickly() {
    (ulimit -S -t "$quick_seconds" && search -w20) 2>/dev/null
    (($? != 128 + $(kill -l XCPU)))
}

# model kind number definitions expected -> $work/<number>/{line,status}
run_one() {
    local model=$1 kind=$2 dir=$work/$3 definitions=$4 expected=$5
    local options=() result=ok states found unreached started seconds
    mkdir "$dir" && cd "$dir" && cp "$here/$model.pml" . || return
    [ "$definitions" = - ] || read -ra options <<<"$definitions"
    started=$(date +%s%N)
    if ! spin "${options[@]/#/-D}" -a "$model.pml" >spin.out 2>&1 || ! compile tcc; then
        result="FAILED (does not compile: $(tail -n 1 spin.out))"
        : >pan.out
    elif ! search_quickly; then
        if compile gcc -O2; then
            search
        else
            result="FAILED (does not compile: $(tail -n 1 spin.out))"
            : >pan.out
        fi
    fi
    seconds=$(awk -v ns=$(($(date +%s%N) - started)) 'BEGIN { printf "%.1f", ns / 1e9 }')
    states=$(awk '/states, stored/ { print $1 }' pan.out)
    found=$(sed -nE 's/^pan:1: (.*) \(at depth [0-9]+\)$/\1/p' pan.out | tr -s ' ')
    unreached=-

    if [ "$result" = ok ]; then
        if ! grep -qE 'assertion violations[[:space:]]+\+' pan.out ||
            ! grep -qE 'invalid end states[[:space:]]+\+' pan.out ||
            ! grep -q 'Full statespace search for' pan.out || ! grep -q 'State-vector' pan.out; then
            result="FAILED (no full search: $(grep -m 1 . pan.out))"
        elif [ "$kind" = good ]; then
            if ! grep -q 'errors: 0$' pan.out; then
                result="FAILED ($found)"
            elif grep -qiE 'max search depth too small|out of memory|not completed|-DMEMLIM|truncated' pan.out; then
                result="FAILED (truncated)"
            fi
        elif grep -q 'errors: 0$' pan.out; then
            result="FAILED (a broken variant passed)"
        elif [ -z "$found" ] || ! grep -qE "$expected" <<<"$found"; then
            result="FAILED (expected: $expected; found: $found)"
        else
            result="fails as it must: $found"
        fi
    fi
    if [ "$kind" = good ] && [ -x pan ]; then
        # "line statement", and the lines of which every statement was reached
        sed -nE 's/^[[:space:]]+[^[:space:]]+:([0-9]+), state [0-9]+, "(.*)"$/\1 \2/p' pan.out | sort -u >unreached
        ./pan -d | sed -nE "s/.*[[:space:]]$model\.pml:([0-9]+) => .*/\1/p" | sort -u |
            grep -vxF -f <(cut -d ' ' -f 1 unreached) >reached
        unreached=$(cut -d ' ' -f 1 unreached | sort -nu | paste -sd ,)
    fi
    printf '%-12s %-6s %-24s %9s states %6s s  unreached %-8s %s\n' \
        "$model" "$kind" "$definitions" "${states:-0}" "$seconds" "$unreached" "$result" | tee line
    [[ $result = FAILED* ]] && echo failed >status || echo passed >status
}

number=0
running=0
declare -A good_runs good_skipped
for path in "$here"/*.pml; do
    model=$(basename "$path" .pml)
    while IFS= read -r entry; do
        kind=$(sed -E 's/^ \* @(good|broken).*/\1/' <<<"$entry")
        rest=${entry#*| }
        definitions=${rest%% | *}
        rest=${rest#* | }
        expected=
        [ "$kind" = broken ] && expected=${rest%% | *}
        if [ -n "$filter" ] && ! grep -qE -- "$filter" <<<"$model $definitions"; then
            [ "$kind" = good ] && good_skipped[$model]=1
            continue
        fi
        number=$((number + 1))
        [ "$kind" = good ] && good_runs[$model]="${good_runs[$model]:-} $number"
        if [ "$running" -ge "$jobs" ]; then
            wait -n
            running=$((running - 1))
        fi
        (renice -n 10 -p "$BASHPID" >/dev/null 2>&1; run_one "$model" "$kind" "$number" "$definitions" "$expected") &
        running=$((running + 1))
    done < <(grep -E '^ \* @(good|broken) ' "$path")
done
wait

if [ "$number" -eq 0 ]; then
    echo "run.sh: no model matches '$filter'; run it without an argument to see all names" >&2
    exit 2
fi

failed=0
for ((i = 1; i <= number; i++)); do
    [ "$(cat "$work/$i/status" 2>/dev/null)" = passed ] || failed=$((failed + 1))
done

# A statement that no good run of its model reaches is either dead or a hole in the model.
for model in "${!good_runs[@]}"; do
    [ -n "${good_skipped[$model]:-}" ] && continue
    for i in ${good_runs[$model]}; do
        cat "$work/$i/reached" >>"$work/$model.reached"
        cat "$work/$i/unreached" >>"$work/$model.unreached"
    done
    while read -r line statement; do
        grep -qxF "$line" "$work/$model.reached" && continue
        reason=$(sed -nE "${line}s|.*/\* unreached: (.*) \*/.*|\1|p" "$here/$model.pml")
        if [ -z "$reason" ]; then
            echo "$model.pml:$line: $statement: reached by no good run, and no reason given"
            failed=$((failed + 1))
        else
            echo "$model.pml:$line: $statement: not reached: $reason"
        fi
    done < <(sort -nu "$work/$model.unreached")
done

echo "$number searches, $failed failed"
[ "$failed" -eq 0 ]
