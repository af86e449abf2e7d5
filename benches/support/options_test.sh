#!/usr/bin/env bash
# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
# options_test.sh SCALE LATENCY BALANCING: each complains of a bad command line in one sentence, with the value, and ends with
# status 2 before it has run anything.
set -uo pipefail
failed=0
refuses() {
    local words=$1
    shift
    said=$("$@" 2>&1)
    local status=$?
    if [[ $status != 2 || $said != *"$words"* || $said == *$'\n'* ]]; then
        printf '%s: status %s, and not "%s": %s\n' "$*" "$status" "$words" "$said"
        failed=1
    fi
}

for rounds in 0 101 -1 1.5 five ''; do
    refuses "'$rounds' is no number of rounds; give a whole number from 1 to 100" "$1" --rounds "$rounds"
done
refuses "the filter '(' is no regular expression" "$1" --filter '('
refuses "there is no option '--round'" "$1" --round 5
refuses "there is no option 'quick'" "$1" quick
refuses "--json wants a value" "$1" --quick --json
refuses "no sweep's name has a match" "$1" --filter nonsense
for rates in 0 10,,20 10, x 100000001; do
    refuses "is no rate; give whole numbers" "$2" --rates "$rates"
done
refuses "'601' is no number of seconds; give a whole number from 1 to 600" "$2" --seconds 601
refuses "'-1' is no seed" "$3" --seed -1
refuses "the filter '[' is no regular expression" "$3" --filter '['
for program in "$@"; do
    "$program" --help | grep -q '^usage: ' || { echo "$program --help shows no usage"; failed=1; }
done
exit "$failed"
