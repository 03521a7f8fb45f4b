#!/bin/sh
# Keeps the container's environment in files, and supervises without it.
set -eu
kept=/run/s6/container_environment
mkdir -p "$kept" /run/service
tr '\0' '\n' </proc/$$/environ | while IFS= read -r pair; do
  printf %s "${pair#*=}" >"$kept/${pair%%=*}"
done
cp -a /etc/services.d/. /run/service
exec env -i PATH=/command:/usr/bin:/bin s6-svscan /run/service
