#!/bin/sh
# Healthy: JetStream is there and every stream can be written. A server from 2.14 on refuses a
# stream for good after a full disk; once there is space again it is ended, and started anew.
health=http://127.0.0.1:8222/healthz
wget -q -O /dev/null "$health" && exit 0
# While it starts, JetStream is not enabled yet: that is no reason to end it.
wget -q -O /dev/null "$health?js-enabled-only=true" || exit 1
dd if=/dev/zero of=/data/.space bs=1048576 count=8 2>/dev/null && has_space=yes
rm -f /data/.space
[ -z "$has_space" ] || kill -TERM 1
exit 1
