"""Runs one program of tests and judges how it ended. Its output is shown where something failed, then a line that counts; the
counts and the processor time go to the file TRUSS_TEST_TALLY, a line a program. tests/run.sh runs several of these at once.

It fails beside what the program itself says where it is not done in time, where it leaves processes running (they are named and
killed), and where it leaves files in its temporary directory (they are named and removed).

Usage: run_one.py NAME COMMAND…

TRUSS_TEST_SECONDS  how long a program may take (default: 900)
TRUSS_TEST_VERBOSE  not empty: show the output also of what passes
"""
import ctypes
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cluster

PR_SET_CHILD_SUBREAPER = 36
SECONDS = float(os.environ.get("TRUSS_TEST_SECONDS", "900"))
# How long what was told to end may take to be gone, after the program itself.
GRACE = 20
# What a test may leave in its temporary directory: Chromium's and the compilers' own.
NOT_OURS = re.compile(r"\.org\.chromium\.|org\.chromium\.|\.com\.google\.Chrome|go-build|node-compile-cache|playwright|cc[A-Za-z0-9]{6}\.|v8-compile-cache|jiti|dotnet")


def children():
    """{process: its command line} of what is left: we inherit whom its parent has left behind."""
    found = {}
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as stat:
                state, parent = stat.read().rpartition(")")[2].split()[:2]
            with open(f"/proc/{number}/cmdline", encoding="utf-8", errors="replace") as line:
                if int(parent) == os.getpid() and state != "Z":
                    found[int(number)] = line.read().replace("\0", " ").strip()
        except OSError:
            pass  # it has ended meanwhile
    return found


def reap():
    """Buries whoever has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_gone(seconds):
    """Waits until no child is left; those that are."""
    end = time.monotonic() + seconds
    while True:
        reap()
        left = children()
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def end_all():
    """Kills what is left, and what that leaves in turn."""
    while left := children():
        for number in left:
            os.kill(number, signal.SIGKILL)
        wait_gone(1)


def make_directory(place):
    """A temporary directory that the server's user can get through."""
    directory = tempfile.mkdtemp(prefix="truss-test-", dir=place)
    os.chmod(directory, 0o711)
    return directory


def hear_of_children():
    """A descriptor that can be read when a child has ended. What is run by exec has none of this."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def wait(program, seconds, ended):
    """The program's exit status. Whoever else ends is buried meanwhile: a test that waits for a killed server to be gone would
    see its zombie for ever."""
    end = time.monotonic() + seconds
    while True:
        number, status = os.waitpid(-1, os.WNOHANG)
        if number == program.pid:
            program.returncode = os.waitstatus_to_exitcode(status)
            return program.returncode
        if not number:
            left = end - time.monotonic()
            if left < 0:
                raise subprocess.TimeoutExpired(program.args, seconds)
            if select.select([ended], [], [], left)[0]:
                os.read(ended, 4096)


def run(command, log, environment):
    """The program's exit status, and what was wrong beside it."""
    ended = hear_of_children()
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                               env=dict(os.environ, **environment))
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, lambda *_: program.terminate())
    try:
        return wait(program, SECONDS, ended), []
    except subprocess.TimeoutExpired:
        # A Python suite ends its test by name at this and clears up.
        os.killpg(program.pid, signal.SIGTERM)
        try:
            wait(program, 30, ended)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        return 124, [f"not done in {SECONDS:.0f} s; the last line above that ends in \"...\" names the test that hangs"]


def count(text, status):
    """(passed, failed, skipped) as Check or unittest printed them; a program that ended badly without a word of failure is one."""
    ran = failed = skipped = 0
    for line in text.splitlines():
        if found := re.match(r"\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", line):
            ran, failed = ran + int(found[1]), failed + int(found[2]) + int(found[3])
        elif found := re.match(r"Ran (\d+) tests? in ", line):
            ran += int(found[1])
        elif re.match(r"(OK|FAILED) ?\(", line):
            numbers = dict(re.findall(r"(\w+)=(\d+)", line))
            failed += int(numbers.get("failures", 0)) + int(numbers.get("errors", 0)) + int(numbers.get("unexpected successes", 0))
            skipped += int(numbers.get("skipped", 0))
    if status and not failed:
        failed = 1
    if not status and not ran:
        ran = 1
    return max(ran - failed - skipped, 0), failed, skipped


def main():
    name, command = sys.argv[1], sys.argv[2:]
    # Whoever started the tests in the background may have told them to ignore these, and what they start would inherit that.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    # In memory: ext4 looks for an inode that nobody has deleted in the last seconds, which is a twentieth of all processor time here.
    places = {"TMPDIR": make_directory(cluster.temporary_place()), "TRUSS_TEST_DATA": make_directory(cluster.data_place())}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        status, wrong = run(command, log, places)
        log.seek(0)
        text = log.read()
    left = wait_gone(GRACE)
    end_all()
    wrong += [f"left running: {number} {line[:200]}" for number, line in left.items()]
    for directory in places.values():
        wrong += [f"left in the temporary directory: {path}" for path in sorted(os.listdir(directory)) if not NOT_OURS.match(path)]
        shutil.rmtree(directory, ignore_errors=True)
    passed, failed, skipped = count(text, status)
    if wrong:
        failed = max(failed, 1)
        text += "".join(f"FAILED: {name}: {one}\n" for one in wrong)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    used, took = usage.ru_utime + usage.ru_stime, time.monotonic() - began
    if failed or os.environ.get("TRUSS_TEST_VERBOSE"):
        sys.stdout.write(text)
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped ({took:.0f} s, processor {used:.0f} s)", flush=True)
    if tally := os.environ.get("TRUSS_TEST_TALLY"):
        with open(tally, "a", encoding="utf-8") as file:
            file.write(f"{passed} {failed} {skipped} {took:.1f} {used:.1f} {name}\n")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
