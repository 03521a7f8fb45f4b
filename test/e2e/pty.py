"""Runs a program in a new pseudo-terminal and plays a script against it.

Reads one JSON object from stdin: words, env, cwd, columns, rows, steps and timeoutSeconds. A step waits until `waitFor`
is on the screen, after what the step before has waited for, and then resizes the terminal (`resize`, a list of columns
and rows), types (`send`), or sends a signal to the program alone (`signal`).

Prints one JSON object: screen (all that was written to the terminal), status or signal, isRestored (whether the
terminal's modes are what they were), and stuckAt (the step that was not reached in time, after which all was killed).
"""
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios
import time

script = json.load(sys.stdin)
master, slave = os.openpty()


def resize(columns, rows):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start():
    pid = os.fork()
    if pid != 0:
        return pid
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.closerange(3, 64)
    # Python ignores these two, and a program would inherit that.
    for name in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_DFL)
    os.chdir(script["cwd"])
    try:
        os.execve(script["words"][0], script["words"], script["env"])
    except OSError as error:
        os.write(2, str(error).encode())
        os._exit(127)


def play(pid, step):
    if "resize" in step:
        resize(*step["resize"])
    if "send" in step:
        os.write(master, step["send"].encode())
    if "signal" in step:
        os.kill(pid, getattr(signal, step["signal"]))


def read_screen(seconds):
    readable, _, _ = select.select([master], [], [], seconds)
    return os.read(master, 65536) if readable else b""


def take_steps():
    global seen
    while steps:
        wanted = steps[0].get("waitFor", "").encode()
        at = screen.find(wanted, seen)
        # What comes too late to be answered can still be seen.
        if at < 0 or (isOver and steps[0].keys() - {"waitFor"}):
            return
        seen = at + len(wanted)
        play(pid, steps.pop(0))


resize(script["columns"], script["rows"])
modes = termios.tcgetattr(slave)
pid = start()
exited = os.pidfd_open(pid)
deadline = time.monotonic() + script["timeoutSeconds"]
screen = b""
seen = 0
steps = list(script["steps"])
isOver = False
while not isOver and time.monotonic() < deadline:
    readable, _, _ = select.select([master, exited], [], [], max(0, deadline - time.monotonic()))
    isOver = exited in readable
    if master in readable:
        screen += os.read(master, 65536)
    take_steps()

isLate = not isOver
isOver = True
if isLate:
    os.killpg(pid, signal.SIGKILL)
_, ended = os.waitpid(pid, 0)
# What was written and not read yet.
while chunk := read_screen(0):
    screen += chunk
take_steps()
result = {
    "screen": screen.decode("utf-8", "replace"),
    "status": os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else None,
    "signal": signal.Signals(os.WTERMSIG(ended)).name if os.WIFSIGNALED(ended) else None,
    "isRestored": termios.tcgetattr(slave) == modes,
}
if steps or isLate:
    result["stuckAt"] = steps[0].get("waitFor", "") if steps else "the end"
json.dump(result, sys.stdout)
