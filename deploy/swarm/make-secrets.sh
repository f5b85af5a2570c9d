#!/bin/sh
# Makes every secret of stack.yml from an environment file (deploy/make-env.sh makes one).
#   deploy/swarm/make-secrets.sh db.example:5432 [deploy/.env]
# DATABASE_OPTIONS is what follows the database's name, ?ssl=require unless it is set.
set -eu
host=${1:?usage: deploy/swarm/make-secrets.sh HOST:PORT [ENV-FILE]}
here=$(dirname "$(readlink -f "$0")")
file=${2:-$here/../.env}
options=${DATABASE_OPTIONS-?ssl=require}

told() { sed -n "s/^$1=//p" "$file"; }
secret() { # with a new line, which readers strip: an empty one would be refused
    printf '%s\n' "$2" | docker secret create "$1" - >/dev/null
}
nats_url() { # USER PASSWORD: any of the three servers will do
    printf 'nats://%s:%s@nats-1:4222,nats://%s:%s@nats-2:4222,nats://%s:%s@nats-3:4222' "$1" "$2" "$1" "$2" "$1" "$2"
}

for service in auth exams results messaging worklogs; do
    name=$(printf '%s' "$service" | tr a-z A-Z)
    secret "${service}_database_url" \
        "postgresql+asyncpg://$service:$(told "${name}_DB_PASSWORD")@$host/$service$options"
    secret "${service}_nats_url" "$(nats_url "$service" "$(told "NATS_${name}_PASSWORD")")"
    secret "${service}_service_secret" "$(told "${name}_SERVICE_SECRET")"
done
secret ops_nats_url "$(nats_url ops "$(told NATS_OPS_PASSWORD)")"
secret owner_password "$(told HPA_OWNER_PASSWORD)"
secret telegram_bot_token "$(told TELEGRAM_BOT_TOKEN)"
secret nats_passwords "$(grep '^NATS_[A-Z]*_PASSWORD=' "$file")
NATS_ROUTE_PASSWORD=s$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
echo "made the secrets of $file"
