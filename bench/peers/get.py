"""A start by boto3: `get.py KEY... -- /PATH/OF/COMMAND [ARG]...`, without any of envseal's checks."""

import os
import sys

import boto3

separator = sys.argv.index("--")
keys, command = sys.argv[1:separator], sys.argv[separator + 1 :]
s3 = boto3.client("s3")
environment = dict(os.environ)
for key in keys:
    text = s3.get_object(Bucket="snacks", Key=key)["Body"].read().decode()
    environment.update(line.split("=", 1) for line in text.splitlines() if "=" in line)
os.execve(command[0], command, environment)
