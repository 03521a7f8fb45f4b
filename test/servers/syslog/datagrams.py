"""Listens on a unix datagram socket, which Node cannot: prints `ready`, and each datagram in base64 on a line of its
own. usage: datagrams.py PATH. It ends when its stdin does."""

import base64
import select
import socket
import sys

LARGEST = 1 << 18

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("ready", flush=True)
while True:
    readable, _, _ = select.select([listener, sys.stdin], [], [])
    if listener in readable:
        print(base64.b64encode(listener.recv(LARGEST)).decode(), flush=True)
    if sys.stdin in readable and not sys.stdin.readline():
        break
