#!/bin/sh
# Fills deploy/.env from deploy/.env.example with random secrets; never overwrites one.
set -eu
here=$(dirname "$(readlink -f "$0")")
target=${1:-$here/.env}
if [ -e "$target" ]; then
    echo "$target is there already; delete it first to make new secrets" >&2
    exit 1
fi
umask 077
# A secret begins with a letter: NATS would read one of digits as a number.
while IFS= read -r line; do
    case $line in
    *=CHANGE_ME) printf '%ss%s\n' "${line%CHANGE_ME}" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$here/.env.example" >"$target"
echo "wrote $target"
