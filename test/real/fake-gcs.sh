#!/usr/bin/env bash
# usage: fake-gcs.sh FAKE_GCS_SERVER PORT SECONDS
#
# The program FAKE_GCS_SERVER at 127.0.0.1:PORT, with its objects in memory. Prints `ready` once it answers. It ends, and
# takes the server with it, when its stdin is closed (so also when whoever started it is killed), or after SECONDS.
set -euo pipefail

server=$1 port=$2 seconds=$3
log=$(mktemp)

# shellcheck disable=SC2317 # called by the trap
finish() {
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$log"
}
# It serves the XML API's `/BUCKET/OBJECT` to requests for its public host only. The kernel kills the server when this
# script is gone: `trap` does not run after a SIGKILL.
setpriv --pdeathsig KILL "$server" -backend memory -scheme http -host 127.0.0.1 -port "$port" \
  -public-host "127.0.0.1:$port" -external-url "http://127.0.0.1:$port" </dev/null >"$log" 2>&1 &
pid=$!
trap finish EXIT

for _ in {1..600}; do
  if curl --silent --output /dev/null --noproxy '*' "http://127.0.0.1:$port/_internal/healthcheck"; then
    echo ready
    read -r -t "$seconds" || true
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
echo 'fake-gcs.sh: the server did not come up' >&2
tail -n 20 "$log" >&2
exit 1
