"""Becomes a program with exactly the strings that it is given, also where no shell or libc would make such an environment.

`raw-start.py '{"argv": [...], "environ": [...]}'`. With "forbidsWritableCode" no memory of the program may be written to
and executed (PR_SET_MDWE); exits with 77 where the kernel has no such rule.
"""
import ctypes
import json
import signal
import sys

PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1

order = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)


def strings(texts):
    encoded = [text.encode("latin1") for text in texts]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)


# Python ignores these two, and a program would inherit that.
for name in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(name, signal.SIG_DFL)
if order.get("forbidsWritableCode") and libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(77)
libc.execve(order["argv"][0].encode(), strings(order["argv"]), strings(order["environ"]))
sys.exit(f"execve: {ctypes.get_errno()}")
