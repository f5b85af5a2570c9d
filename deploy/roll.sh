#!/bin/bash
# Replaces the replicas of one service, one after the other, while the others keep working.
#   deploy/roll.sh exams              builds nothing: takes the image hpa/exams:$HPA_TAG
#   HPA_TAG=1.4.2 deploy/roll.sh exams    … to roll forward or back
set -euo pipefail
service=${1:?usage: deploy/roll.sh SERVICE}
here=$(dirname "$(readlink -f "$0")")
compose=(docker compose -f "$here/compose.yml")

wait_healthy() {
    for _ in $(seq 120); do
        [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ] && return
        sleep 0.5
    done
    echo "$1 does not become healthy; the other replica still works" >&2
    exit 1
}

add_missing() { # brings the service to two replicas; existing ones stay as they are
    "${compose[@]}" up -d --no-deps --no-build --no-recreate --scale "$service=2" "$service"
    for container in $("${compose[@]}" ps -q "$service"); do wait_healthy "$container"; done
}

mapfile -t old < <("${compose[@]}" ps -q "$service")
if ((${#old[@]} < 2)); then add_missing; fi
for container in "${old[@]}"; do
    docker stop --time 30 "$container" >/dev/null # unready, drained, gone
    docker rm "$container" >/dev/null
    add_missing
done
echo "$service runs $("${compose[@]}" ps -q "$service" | wc -l) replicas of ${HPA_TAG:-latest}"
