#!/bin/bash
# Deploys stack.yml for real on this one machine, rolls a service there under load, and removes
# all of it. Needs an engine that is in no swarm, and takes some minutes.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
export HPA_TAG=check-$$ HPA_PORT=${HPA_PORT:-8018} HPA_REGISTRY=hpa
stack=hpacheck$$ database=hpa-check-$$-database folder=$(mktemp -d)
api=http://127.0.0.1:$HPA_PORT/api/v1

remove() {
    docker stack rm "$stack" >/dev/null 2>&1 || true
    docker rm -fv "$database" >/dev/null 2>&1 || true
    until_true 60 has_left || true
    sleep 5 # the engine removes the tasks after it has left
    docker ps -aq --filter "label=com.docker.stack.namespace=$stack" | xargs -r docker rm -fv >/dev/null
    docker volume ls -q --filter "name=^${stack}_" | xargs -r docker volume rm >/dev/null
    docker images -q "hpa/*:$HPA_TAG*" | sort -u | xargs -r docker rmi -f >/dev/null
    rm -rf "$folder"
}
until_true() { # SECONDS COMMAND…
    local end=$((SECONDS + $1)); shift
    until "$@"; do
        if ((SECONDS > end)); then echo "not within its time: $*" >&2; return 1; fi
        sleep 1
    done
}
is_in_no_swarm() { [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ]; }
has_left() { docker swarm leave --force >/dev/null 2>&1 || is_in_no_swarm; }
all_run() { # every replica that is wanted runs
    docker service ls --filter "label=com.docker.stack.namespace=$stack" --format '{{.Replicas}}' |
        awk -F'[/ ]' '$1 != $2 {wrong = 1} END {exit wrong || NR == 0}'
}
answers() { curl -fsS -m 5 "$api/health/" >/dev/null 2>&1; }
ask() { curl -sS -m 10 -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }

is_in_no_swarm || { echo "this engine is in a swarm already" >&2; exit 1; }
trap remove EXIT
"$here/../make-env.sh" "$folder/env" >/dev/null
owner_password=$(sed -n 's/^HPA_OWNER_PASSWORD=//p' "$folder/env")
docker compose -f "$here/../compose.yml" --env-file "$folder/env" build -q
docker tag "hpa/exams:$HPA_TAG" "hpa/exams:$HPA_TAG-next"

docker swarm init --advertise-addr 127.0.0.1 >/dev/null
node=$(docker node ls -q)
# One node plays all parts.
docker node update "$node" --label-add hpa.edge=true --label-add hpa.keys=true \
    --label-add hpa.nats1=true --label-add hpa.nats2=true --label-add hpa.nats3=true >/dev/null

# The database is outside, as a managed one is: at the address that containers know this machine by.
bridge=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}')
docker run -d --name "$database" --network host --env-file "$folder/env" \
    -v "$here/../postgres/init.sh:/docker-entrypoint-initdb.d/init.sh:ro" postgres:17 \
    postgres -c "listen_addresses=$bridge" -c port=5418 -c max_connections=300 >/dev/null
DATABASE_OPTIONS= "$here/make-secrets.sh" "$bridge:5418" "$folder/env" >/dev/null
for number in 1 2 3; do
    docker run --rm -u 0 -v "${stack}_nats-$number:/data" --entrypoint chown nats:2.12-alpine 10001:10001 /data
done
until_true 60 docker exec "$database" pg_isready -q -h "$bridge" -p 5418

docker stack deploy --detach=true --resolve-image never -c "$here/stack.yml" "$stack" >/dev/null
until_true 240 all_run
until_true 60 answers
docker service ls --format '{{.Name}} {{.Replicas}}'

token=$(curl -fsS "$api/login/" -H 'Content-Type: application/json' \
    -d "{\"username\": \"admin\", \"password\": \"$owner_password\"}" |
    sed -E 's/.*"access": *"([^"]+)".*/\1/')
ask -f -o /dev/null "$api/subjects/" -d '{"name": "Ingliz tili"}'

load() { # writes one status a line until the file `over` is there
    while [ ! -e "$folder/over" ]; do
        ask -o /dev/null -w '%{http_code}\n' "$api/exams/" \
            -d '{"title": "1-hafta", "subject": 1, "date": "2026-02-20"}'
        ask -o /dev/null -w '%{http_code}\n' "$api/exams/?limit=5"
    done
}
load >"$folder/one" 2>&1 & load >"$folder/two" 2>&1 &
docker service update --detach=false --no-resolve-image -q --image "hpa/exams:$HPA_TAG-next" "${stack}_exams" >/dev/null
docker service rollback --detach=false -q "${stack}_exams" >/dev/null
touch "$folder/over"; wait
echo "statuses while exams was rolled and rolled back:"; sort "$folder/one" "$folder/two" | uniq -c
! grep -hvE '^(200|201)$' "$folder/one" "$folder/two"
