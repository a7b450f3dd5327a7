"""Runs one program of tests and judges how it ended. Its output is shown where something failed, then a line that counts; the
counts and the processor time go to the file TRUSS_TEST_TALLY, a line a program. tests/run.sh runs several of these at once.

It fails beside what the program itself says where it is not done in time, where it leaves processes running (they are named and
killed), and where it leaves files in its temporary directory (they are named and removed).

Usage: run_one.py BUILD FILE [CLASS…]   the programs under test are in BUILD/bin; FILE is a Python suite, a script, or the source of a
                                        unit test; of a suite only these classes are run

TRUSS_TEST_UNDER    a command that unit tests are run by ("valgrind …")
TRUSS_TEST_FAILED   a file that gets a line "BUILD FILE [CLASS…]" where it fails: what to run again (failed_classes)
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

import memory

PR_SET_CHILD_SUBREAPER = 36
SECONDS = float(os.environ.get("TRUSS_TEST_SECONDS", "900"))
# How long what was told to end may take to be gone, after the program itself.
GRACE = 20
# What took longer is not run again as a whole.
LONG = 30
# What a test may leave in its temporary directory: what is Chromium's, a compiler's or another tool's own.
NOT_OURS = re.compile(r"\.org\.chromium\.|org\.chromium\.|\.com\.google\.Chrome|go-build|node-compile-cache|playwright|cc[A-Za-z0-9]{6}\.|v8-compile-cache|jiti|dotnet|tsx-|\.bun-")


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


def execute(command, log, environment):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                            env=dict(os.environ, **environment))


def run(command, log, environment, start):
    """The program's exit status, and what was wrong beside it."""
    ended = hear_of_children()
    program = start(command, log, environment)
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


def failed_classes(text):
    """The classes of a Python suite in which something has failed; none where it was not, or not only, in a class."""
    failed = re.findall(r"^(?:FAIL|ERROR): (.*)", text, re.M)
    found = [re.match(r"\w+ \(__main__\.(\w+)", one) for one in failed]
    return sorted({one[1] for one in found}) if all(found) else []


def called(build, file, classes=()):
    """(name, command) of a program of tests. Python by its path: a pyenv in front of it does not see Debian's modules."""
    name = file.removeprefix("tests/").removesuffix(".c")
    name += {"build": "", "build-sanitize": " (sanitized)"}.get(build, f" ({build.removeprefix('build-')})")
    if file.endswith(".py"):
        return name, ["/usr/bin/python3", "-B", file, *classes]
    if file.endswith(".sh"):
        return name, ["sh", file]
    unit = os.path.join(build, "tests", "unit", os.path.basename(file).removesuffix(".c"))
    return name, [*os.environ.get("TRUSS_TEST_UNDER", "").split(), unit]


def add_line(variable, line):
    """To the file that this variable names, if it names one."""
    if path := os.environ.get(variable):
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def judge(build, file, *classes, start=execute):
    """Runs it; has it passed?"""
    name, command = called(build, file, classes)
    # CK_DEFAULT_TIMEOUT: Check ends a test after 4 s where it does not say more, which a busy machine may need.
    os.environ.update(CK_DEFAULT_TIMEOUT="120", TRUSS_TEST_BIN=os.path.abspath(os.path.join(build, "bin")), UBSAN_OPTIONS="print_stacktrace=1")
    # Whoever started the tests in the background may have told them to ignore these, and what they start would inherit that.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    # In memory: ext4 looks for an inode that nobody has deleted in the last seconds, which is a twentieth of all processor time here.
    places = {"TMPDIR": make_directory(memory.temporary_place()), "TRUSS_TEST_DATA": make_directory(memory.data_place())}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        status, wrong = run(command, log, places, start)
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
    add_line("TRUSS_TEST_TALLY", f"{passed} {failed} {skipped} {took:.1f} {used:.1f} {name}")
    if failed:
        again = failed_classes(text) if took > LONG and not wrong else []
        add_line("TRUSS_TEST_FAILED", " ".join([build, file, *again]))
    return not failed


if __name__ == "__main__":
    sys.exit(not judge(*sys.argv[1:]))
