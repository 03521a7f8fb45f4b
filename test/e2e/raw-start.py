"""Becomes a program with exactly the strings that it is given, also where no shell or libc would make such an environment.

`raw-start.py '{"argv": [...], "environ": [...]}'`. With "forbidsWritableCode" no memory of the program may be written to
and executed (PR_SET_MDWE). With "refusedCalls" the numbers of system calls that answer EPERM, and with "refusedFrom" all
from a number on (seccomp). Exits with 77 where the kernel has no such rule.
"""
import ctypes
import json
import signal
import struct
import sys

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
EPERM = 1
# Of classic BPF: load a word of the call, jump if equal, jump if greater or equal, return.
LOAD, IF_EQUAL, IF_FROM, RETURN = 0x20, 0x15, 0x35, 0x06

order = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)


def strings(texts):
    encoded = [text.encode("latin1") for text in texts]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)


def prctl(*arguments):
    if libc.prctl(*arguments, *[0] * (5 - len(arguments))) != 0:
        sys.exit(77)


def refuse(numbers, first):
    tests = [(IF_EQUAL, number) for number in numbers] + ([(IF_FROM, first)] if first is not None else [])
    steps = [(LOAD, 0, 0, 0)]
    # Each test jumps over those behind it, and over the step that allows, to the one that refuses.
    steps += [(code, len(tests) - index, 0, number) for index, (code, number) in enumerate(tests)]
    steps += [(RETURN, 0, 0, SECCOMP_RET_ALLOW), (RETURN, 0, 0, SECCOMP_RET_ERRNO | EPERM)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)


# Python ignores these two, and a program would inherit that.
for name in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(name, signal.SIG_DFL)
argv, environ = strings(order["argv"]), strings(order["environ"])
if order.get("forbidsWritableCode"):
    prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN)
if "refusedCalls" in order or "refusedFrom" in order:
    refuse(order.get("refusedCalls", []), order.get("refusedFrom"))
libc.execve(argv[0], argv, environ)
sys.exit(f"execve: {ctypes.get_errno()}")
