"""Runs the programs of tests that standard input names, a line "BUILD FILE" each, several at once and in that order.

Most of what such a program does is wait, so a few of them share a processor. How many is decided while they run: another one begins
where processors have been idle in the last second. On a slow machine there are fewer for that, and each of them has as much of a
processor as it has on a fast one: more at once would take as long and would fail whatever a test gives a time for.

Usage: lanes.py LEAST MOST COMMAND…

LEAST, MOST  how many run at once, however busy or idle the processors are
COMMAND      gets the words of a line as its last arguments; its exit status is not looked at
"""
import subprocess
import sys
import time

# The share of all processors' time that is to be idle before another program begins.
IDLE = 0.03
# Seconds over which that is measured. A program that has just begun needs about that to show what it takes.
WINDOW = 1.0


def processor_times():
    """(idle, all) of all processors since the machine began. What a hypervisor has taken away is not idle."""
    with open("/proc/stat", encoding="ascii") as stat:
        times = [int(word) for word in stat.readline().split()[1:9]]
    return times[3] + times[4], sum(times)


def main():
    least, most, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    waiting = [line.split() for line in sys.stdin]
    waiting.reverse()
    running = []
    began, before = time.monotonic(), processor_times()
    while waiting or running:
        running = [one for one in running if one.poll() is None]
        room = len(running) < least
        if not room and time.monotonic() - began >= WINDOW:
            now = processor_times()
            room = len(running) < most and now[0] - before[0] > IDLE * (now[1] - before[1])
            began, before = time.monotonic(), now
        if waiting and room:
            running.append(subprocess.Popen(command + waiting.pop(), stdin=subprocess.DEVNULL))
            began, before = time.monotonic(), processor_times()
        else:
            time.sleep(0.05)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
