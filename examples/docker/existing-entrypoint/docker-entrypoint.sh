#!/bin/sh
# As official images have it: prepares something, and becomes the command.
set -eu
: "${DATABASE_URL:?}"
echo 'docker-entrypoint.sh: prepared'
exec "$@"
