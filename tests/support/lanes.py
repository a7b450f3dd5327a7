"""Runs the programs of tests that standard input names, a line "BUILD FILE" each, several at once and in that order.

Most of what such a program does is wait, so a few of them share a processor. How many is decided while they run: another one begins
where processors have just been idle. On a slow machine there are fewer for that, and each of them has as much of a
processor as it has on a fast one: more at once would take as long and would fail whatever a test gives a time for.

Usage: lanes.py LEAST MOST

LEAST, MOST  how many run at once, however busy or idle the processors are
"""
import gc
import os
import sys
import time
import traceback

import forked
import run_one

# The share of all processors' time that is to be idle before another program begins.
IDLE = 0.03
# Seconds over which that is measured. A third of all programs take less than one, and at the end they are all that is left.
WINDOW = 0.3


def processor_times():
    """(idle, all) of all processors since the machine began. What a hypervisor has taken away is not idle."""
    with open("/proc/stat", encoding="ascii") as stat:
        times = [int(word) for word in stat.readline().split()[1:9]]
    return times[3] + times[4], sum(times)


def start(command, log, environment):
    """A Python suite as a copy of this process, all others by a command."""
    return forked.Forked(command[-1], log, environment) if command[-1].endswith(".py") else run_one.execute(command, log, environment)


def begin(build, file):
    """The process that judges this program."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            status = not run_one.judge(build, file, start=start)
        except BaseException:
            traceback.print_exc()
            run_one.add_line("TRUSS_TEST_TALLY", f"0 1 0 0 0 {file}")
        finally:
            os._exit(status)
    return process


def is_running(process):
    return os.waitpid(process, os.WNOHANG)[0] == 0


def main():
    least, most = int(sys.argv[1]), int(sys.argv[2])
    waiting = [line.split() for line in sys.stdin]
    waiting.reverse()
    running = []
    forked.prepare()
    gc.freeze()
    began, before = time.monotonic(), processor_times()
    while waiting or running:
        running = [one for one in running if is_running(one)]
        room = len(running) < least
        if not room and time.monotonic() - began >= WINDOW:
            now = processor_times()
            room = len(running) < most and now[0] - before[0] > IDLE * (now[1] - before[1])
            began, before = time.monotonic(), now
        if waiting and room:
            running.append(begin(*waiting.pop()))
            began, before = time.monotonic(), processor_times()
        else:
            time.sleep(0.05)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
