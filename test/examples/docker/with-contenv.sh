#!/bin/sh
exec s6-envdir /run/s6/container_environment "$@"
