#!/bin/sh
# The container's command. It writes what it sees to /proof, and of a secret only the hash.
set -eu
umask 022

# First, with nothing but what the shell does itself: another program would be a process of its own.
echo /proc/[0-9]* >/proof/processes
echo "$$" >/proof/pid

id -u >/proof/user
printf '%s' "$DATABASE_PASSWORD" | sha256sum | cut -d ' ' -f 1 >/proof/password
env | grep -c '^ENVSEAL_' >/proof/settings || true

trap 'exit 7' TERM
echo 'app: ready'
: >/proof/ready
sleep 60 &
wait
