#!/usr/bin/env bash
# usage: otlp.sh PYTHON PORT SECONDS
#
# otlp.py at 127.0.0.1:PORT, run by PYTHON. Prints `ready` once it listens. It ends, and takes the server with it, when
# its stdin is closed (so also when whoever started it is killed), or after SECONDS.
set -euo pipefail

python=$1 port=$2 seconds=$3

# The kernel kills the server when this script is gone: `trap` does not run after a SIGKILL.
exec 3< <(exec setpriv --pdeathsig KILL "$python" "$(dirname "$0")/otlp.py" "$port" </dev/null)
pid=$!
trap 'kill -KILL "$pid" 2>/dev/null || true' EXIT

read -r line <&3
[[ $line == ready ]]
echo ready
read -r -t "$seconds" || true
