#!/bin/sh
# The container's command, started once more by envseal for every way in which a command can end. Writes to /proof what
# came of each: a line `HOW STATUS`.
set -u
umask 022

if [ "${1:-}" = exit ]; then exit "$2"; fi
if [ "${1:-}" = signal ]; then
  kill "-$2" "$$"
  exit 99
fi

code=0
while [ "$code" -le 255 ]; do
  envseal run --source /source/dev.env -- /exits.sh exit "$code"
  echo "exit $code $?" >>/proof/exits
  code=$((code + 1))
done
for signal in HUP INT KILL USR1 SEGV USR2 PIPE ALRM TERM XFSZ; do # busybox's sh ignores QUIT
  envseal run --source /source/dev.env -- /exits.sh signal "$signal"
  echo "signal $signal $?" >>/proof/exits
done
