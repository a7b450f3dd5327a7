"""A program of tests in Python that begins as a copy of this process: what all of them import is there already, which is a tenth of a
second of processor time each. Its environment and its modules of tests/support are its own, as those look at the environment."""
import atexit
import importlib.abc
import importlib.util
import os
import runpy
import signal
import sys
import tempfile
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
# What tests import, and what that imports.
USUAL = ("argparse", "base64", "ctypes", "dataclasses", "faulthandler", "glob", "hashlib", "hmac", "http.client", "http.server", "json", "pwd",
         "random", "resource", "select", "shutil", "socket", "socketserver", "ssl", "statistics", "struct", "subprocess", "unittest",
         "urllib.parse", "urllib.request", "uuid", "google.protobuf.descriptor_pb2", "google.protobuf.timestamp_pb2")
OURS = ("harness", "cluster", "libpq", "shared", "memory", "catalogue", "places", "way")


class Compiled(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Has the modules of tests/support compiled; each process executes them itself."""

    def __init__(self, names):
        self.codes = {}
        for name in names:
            path = os.path.join(HERE, f"{name}.py")
            with open(path, encoding="utf-8") as file:
                self.codes[name] = compile(file.read(), path, "exec")

    def find_spec(self, name, *_):
        if name not in self.codes:
            return None
        return importlib.util.spec_from_file_location(name, os.path.join(HERE, f"{name}.py"), loader=self)

    def exec_module(self, module):
        exec(self.codes[module.__name__], module.__dict__)


def prepare():
    """For the process that is to be copied."""
    for name in USUAL:
        importlib.import_module(name)
    for name in OURS:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Compiled(OURS))


def exit_status(end):
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0)
    print(end.code, file=sys.stderr)
    return 1


def become(file, log, environment):
    """Is this program from here on, and ends with its status."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        os.environ.update(environment)
        tempfile.tempdir = None
        sys.argv = [file]
        sys.path[0] = os.path.dirname(os.path.abspath(file))
        runpy.run_path(file, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = exit_status(end)
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            threading._shutdown()
            atexit._run_exitfuncs()
            sys.stdout.flush()
        finally:
            os._exit(status)


class Forked:
    """What subprocess.Popen has of it for who waits."""

    def __init__(self, file, log, environment):
        self.args, self.returncode = [file], None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            become(file, log, environment)

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode
