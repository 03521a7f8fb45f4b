#!/bin/sh
# Sealed env files in CI. No command here prints a value, and none takes one as an argument.
#
#     env.sh lint STAGE      check the file, and say by name what a deploy would change; stores nothing
#     env.sh deploy STAGE    the same, then store it, sealed for its place; the same content again stores nothing
#
# ENV_TARGET       where the files are deployed to: s3://BUCKET or gs://BUCKET, as STAGE/env
# ENVSEAL_KMS_KEY  the key of the stage; a file that this key cannot open is refused, in git and in the bucket
# ENV_NAMES        if set, the job's own variables of these names (NAME|GLOB,...) are deployed, and no file in git
set -eu
umask 077

usage() {
  sed -n 's/^# *\(env\.sh .*\)/\1/p' "$0" >&2
  exit 64
}

lint() {
  if [ -n "$names" ]; then
    envseal push --check --fail-on-warnings --from-env "$names"
    compare_variables
  else
    check_file
    compare "$file"
  fi
}

# The file is opened into the environment of the check, which is otherwise empty: nothing is written to a disk.
check_file() {
  envseal run --pristine --inherit PATH --source "$file" -- \
    envseal push --check --fail-on-warnings --from-env '*' --exclude PATH
}

# Exit status 66: there is no such file yet.
compare() {
  status=0
  envseal diff "$target" "$1" || status=$?
  [ "$status" -ne 66 ] || echo "$target would be new"
  [ "$status" -eq 66 ] || return "$status"
}

# In memory where the system has a folder for that; a job that may read it has the variables anyway.
compare_variables() {
  memory=/dev/shm
  [ -w "$memory" ] || memory=${TMPDIR:-/tmp}
  folder=$(mktemp -d "$memory/ci-env.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  ENVSEAL_EVENT_SINK='' ENVSEAL_EVENT_POLICY=best-effort \
    envseal push --seal none --allow-unsealed --from-env "$names" "$folder/env" >/dev/null
  compare "$folder/env"
}

store() {
  if [ -n "$names" ]; then
    envseal push --fail-on-warnings --require-versioning --from-env "$names" "$target"
  else
    envseal copy --require-versioning "$file" "$target"
  fi
}

stage=${2:-}
case $stage in
  '' | *[!a-z0-9-]*) usage ;;
esac
: "${ENV_TARGET:?is where the files go: s3://BUCKET or gs://BUCKET}"
: "${ENVSEAL_KMS_KEY:?is the key of the stage}"
file=./env/$stage.env.sealed
target=$ENV_TARGET/$stage/env
names=${ENV_NAMES:-}

case $1 in
  lint)
    lint
    ;;
  deploy)
    lint
    store
    ;;
  *)
    usage
    ;;
esac
