"""One database with its worker and its bridge, and how each of them is struck and comes back."""
import contextlib
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from asking import Asking
from harness import Program, wait_for


class Scene:
    """A fresh database, a worker and a bridge; each can be struck, and comes back."""

    def __init__(self, cluster, files):
        self.cluster = cluster
        self.files = files
        self.database = cluster.create_database()
        self.address = f"tcp://127.0.0.1:{harness.free_port()}"
        self.programs = {}
        self.begin("worker")
        self.begin("bridge")

    def begin(self, name):
        if name == "worker":
            program = Program("truss-worker", "--listen", self.address, "--project", self.files.path,
                              environment={"DATABASE_URL": self.cluster.url(self.database)})
        else:
            program = Program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", self.address)
        self.programs[name] = program.wait_listening()

    def ask(self, mode):
        return Asking(mode, self.programs["bridge"].address, self.address)

    def end(self):
        try:
            self.programs["bridge"].stop()
            self.programs["worker"].stop()
        finally:
            for program in self.programs.values():
                if program.process.poll() is None:
                    program.kill()
            self.cluster.drop_database(self.database)

    def postmaster(self):
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    def backends(self):
        """The process numbers of this database's sessions, without asking the server."""
        postmaster, found = self.postmaster(), []
        with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="ascii") as file:
            children = file.read().split()
        for pid in children:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                if f" {self.database} " in file.read():
                    found.append(int(pid))
        return found

    def strike(self, victim, generator):
        if victim in self.programs:
            self.programs[victim].kill()
        elif victim == "postmaster":
            self.dying = self.postmaster()
            os.kill(self.dying, signal.SIGQUIT)
        elif backends := self.backends():
            self.dying = generator.choice(backends)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dying, signal.SIGKILL)

    def restore(self, victim):
        if victim in self.programs:
            self.begin(victim)
            return
        # Where the postmaster has buried a killed backend it lets nobody in until it has recovered.
        wait_for(lambda: not os.path.exists(f"/proc/{self.dying}"), 60)
        if victim == "postmaster":
            self.cluster.start()
        wait_for(self.is_open, 30)

    def is_open(self):
        with contextlib.suppress(AssertionError):
            return self.cluster.psql(self.database, "SELECT 1") == [("1",)]

    dying = 0
