#!/bin/bash
# Replaces one service while it goes on working: the second place takes over, the first is replaced.
#   HPA_TAG=1.4.2 deploy/roll.sh exams    forward, or back with an older tag; builds nothing
set -euo pipefail
service=${1:?usage: deploy/roll.sh SERVICE}
here=$(dirname "$(readlink -f "$0")")
compose=(docker compose -f "$here/compose.yml" --profile second)
was_running=$("${compose[@]}" ps -q "$service-b")

replace() { # a place drains for 3 s, ends, and comes back with the new image
    "${compose[@]}" up -d --no-deps --no-build --force-recreate --wait --wait-timeout 90 "$1"
    sleep 3 # the gateway looks every second whether a place is well
}

replace "$service-b"
replace "$service"
if [ -z "$was_running" ]; then
    "${compose[@]}" stop --timeout 30 "$service-b" >/dev/null
    "${compose[@]}" rm -f "$service-b" >/dev/null
fi
echo "$service runs ${HPA_TAG:-latest}"
