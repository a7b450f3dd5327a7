"""The tools that a user would pick instead, beside ours: 1, 100 and 1,000 migrations that are pending, a run with nothing to do, and a
status. Each is the whole of a process tree, as a person or a pipeline starts it: the clock, the processor's time, and the memory that all
of its processes have at once (resident, so that what they share counts twice). The script of each migration is the same.

Usage: peers.py [COUNT…]   (default: 1 100 1000). A tool that is not installed is left out, and said; setup-peers.sh installs them.
TRUSS_PEERS_DIR  where they are (default: the user's cache directory)
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import harness
from harness import BIN

PEERS = os.environ.get("TRUSS_PEERS_DIR", os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "truss-peers"))
PRISMA = os.path.join(HERE, "..", "peers", "prisma")
SAMPLE = 0.01


def script(number):
    return f"CREATE TABLE t{number} (id INT PRIMARY KEY, name TEXT);\nCREATE INDEX t{number}_name ON t{number} (name);\n"


# ---- what a process tree takes ----

def tree(pid):
    """The process and all below it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
    return found


def resident(pid):
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError, IndexError):
            with open(f"/proc/{one}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * 4096
    return total / 1e6


class Taken:
    def __init__(self, clock, cpu, memory):
        self.clock, self.cpu, self.memory = clock, cpu, memory

    def __str__(self):
        return f"{self.clock:8.2f} s  cpu {self.cpu:7.2f} s  {self.memory:6.0f} MB"


def run(command, environment, cwd, may_fail=False):
    """Runs a command to its end. Its processor's time has that of the descendants that it has waited for."""
    output = tempfile.TemporaryFile()
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    most = [0.0]
    ended = threading.Event()

    def sample():
        while not ended.wait(SAMPLE):
            most[0] = max(most[0], resident(process.pid))
    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:  # who ends us ends it
        process.kill()
        raise
    finally:
        ended.set()
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    sampler.join()
    output.seek(0)
    text = output.read().decode("utf-8", "replace")
    output.close()
    if process.returncode != 0 and not may_fail:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {text[-800:]}")
    return Taken(took, usage.ru_utime + usage.ru_stime, max(most[0], usage.ru_maxrss / 1024))


# ---- the tools: where each has its files, and how it is asked ----

class Tool:
    name = ""
    table = ""  # what tells how many it has applied

    def __init__(self, directory, url):
        self.directory, self.url = directory, url
        self.environment = dict(harness.clean_environment(), DATABASE_URL=url, NO_COLOR="1", CI="1")

    def write(self, path, text):
        whole = os.path.join(self.directory, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    def node(self, package, path):
        """A program of a package; None where it is not there."""
        for place in ("node", "bench"):
            modules = os.path.join(PEERS, place, "node_modules")
            if os.path.exists(os.path.join(modules, package, path)):
                if not os.path.exists(os.path.join(self.directory, "node_modules")):
                    os.symlink(modules, os.path.join(self.directory, "node_modules"))
                return os.path.join(modules, package, path)
        return None

    def prepare(self, count):
        """Writes the project; False where the tool is not there."""
        raise NotImplementedError

    def up(self):
        raise NotImplementedError

    def status(self):
        raise NotImplementedError


class Truss(Tool):
    name, table = "truss", "_prisma_migrations"

    def prepare(self, count):
        for number in range(count):
            self.write(f"prisma/migrations/{number:05}_m/migration.sql", script(number))
        return True

    def up(self):
        return [os.path.join(BIN, "truss"), "run", "--yes"]

    def status(self):
        return [os.path.join(BIN, "truss"), "status"]


class Prisma(Truss):
    name = "Prisma"

    def prepare(self, count):
        self.cli = os.path.join(PEERS, "prisma", "node_modules", "prisma", "build", "index.js")
        if not os.path.exists(self.cli):
            return False
        super().prepare(count)
        os.symlink(os.path.join(PEERS, "prisma", "node_modules"), os.path.join(self.directory, "node_modules"))
        shutil.copy(os.path.join(PRISMA, "schema.prisma"), os.path.join(self.directory, "prisma"))
        shutil.copy(os.path.join(PRISMA, "prisma.config.ts"), self.directory)
        self.environment.update(CHECKPOINT_DISABLE="1", PRISMA_HIDE_UPDATE_MESSAGE="1")
        return True

    def ask(self, word):
        return ["node", "--require", os.path.join(PRISMA, "unref.cjs"), self.cli, "migrate", word]

    def up(self):
        return self.ask("deploy")

    def status(self):
        return self.ask("status")


class Dbmate(Tool):
    name, table = "dbmate", "schema_migrations"

    def prepare(self, count):
        self.program = self.node("@dbmate/linux-x64", "bin/dbmate")
        for number in range(count):
            self.write(f"db/migrations/{20240101000000 + number}_m.sql", f"-- migrate:up\n{script(number)}\n-- migrate:down\n")
        self.environment["DATABASE_URL"] += "?sslmode=disable"
        return self.program is not None

    def up(self):
        return [self.program, "--no-dump-schema", "migrate"]

    def status(self):
        return [self.program, "status"]


class NodePgMigrate(Tool):
    name, table = "node-pg-migrate", "pgmigrations"

    def prepare(self, count):
        self.program = self.node("node-pg-migrate", "bin/node-pg-migrate.js") or self.node(".bin", "node-pg-migrate")
        for number in range(count):
            self.write(f"migrations/{1700000000000 + number}_m.sql", f"-- Up Migration\n{script(number)}\n-- Down Migration\n")
        return self.program is not None

    def up(self):
        return ["node", self.program, "up"]

    def status(self):
        return ["node", self.program, "up", "--dry-run"]


class Drizzle(Tool):
    name, table = "drizzle-kit", "drizzle.__drizzle_migrations"

    def prepare(self, count):
        self.program = self.node("drizzle-kit", "bin.cjs")
        entries = []
        for number in range(count):
            self.write(f"drizzle/{number:04}_m.sql", script(number).replace(";\n", ";--> statement-breakpoint\n", 1))
            entries.append({"idx": number, "version": "7", "when": 1700000000000 + number, "tag": f"{number:04}_m", "breakpoints": True})
        self.write("drizzle/meta/_journal.json", json.dumps({"version": "7", "dialect": "postgresql", "entries": entries}))
        self.write("drizzle.config.json", json.dumps({"dialect": "postgresql", "schema": "./schema.ts", "out": "./drizzle", "dbCredentials": {"url": self.url}}))
        self.write("schema.ts", "export {};\n")
        return self.program is not None

    def up(self):
        return ["node", self.program, "migrate"]

    def status(self):
        return None  # it has none


class Liquibase(Tool):
    name, table = "Liquibase", "databasechangelog"

    def prepare(self, count):
        library = os.path.join(PEERS, "other/liquibase/node_modules/liquibase/dist/liquibase/internal/lib")
        changes = [f"--changeset bench:{number}\n{script(number)}" for number in range(count)]
        self.write("changelog.sql", "--liquibase formatted sql\n\n" + "\n".join(changes))
        host = self.url.rpartition("@")[2]
        self.program = ["java", "-cp", library + "/*", "liquibase.integration.commandline.LiquibaseCommandLine", "--changelog-file=changelog.sql",
                        f"--url=jdbc:postgresql://{host}", "--username=app", f"--password={harness.PASSWORD}", "--log-level=off"]
        return os.path.isdir(library) and shutil.which("java") is not None

    def up(self):
        return [*self.program, "update"]

    def status(self):
        return [*self.program, "status"]


class Sqitch(Tool):
    name, table = "sqitch", "sqitch.changes"

    def prepare(self, count):
        plan = "%syntax-version=1.0.0\n%project=bench\n\n"
        for number in range(count):
            self.write(f"deploy/m{number}.sql", f"BEGIN;\n{script(number)}COMMIT;\n")
            plan += f"m{number} 2024-01-01T00:00:00Z Bench <bench@example.test> # {number}\n"
        self.write("sqitch.plan", plan)
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        self.environment.update(SQITCH_FULLNAME="Bench", SQITCH_EMAIL="bench@example.test")
        self.target = "db:pg:" + self.url.partition(":")[2]
        return shutil.which("sqitch") is not None

    def up(self):
        return ["sqitch", "deploy", "--no-verify", self.target]

    def status(self):
        return ["sqitch", "status", self.target]


TOOLS = (Truss, Dbmate, NodePgMigrate, Drizzle, Prisma, Liquibase, Sqitch)


def measure(cluster, kind, count):
    database = cluster.create_database()
    directory = tempfile.mkdtemp(prefix="truss-peer-")
    tool = kind(directory, cluster.url(database))
    try:
        if not tool.prepare(count):
            print(f"{tool.name}: not installed", flush=True)
            return
        tries = [("run", tool.up()), ("nothing to do", tool.up()), ("status", tool.status())]
        for what, command in tries:
            if command is not None:
                taken = run(command, tool.environment, directory)
                print(f"{tool.name:16} {count:5} migrations  {what:14} {taken}", flush=True)
            if what == "run":
                applied = int(cluster.psql(database, "SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]+$'")[0][0])
                assert applied == count, f"{tool.name} has made {applied} tables of {count}"
    except RuntimeError as error:
        print(f"{tool.name}: {error}", flush=True)
    finally:
        cluster.drop_database(database)
        shutil.rmtree(directory, ignore_errors=True)


def main():
    counts = [int(word) for word in sys.argv[1:]] or [1, 100, 1000]
    cluster = harness.Cluster()
    cluster.psql("postgres", "ALTER SYSTEM SET fsync = on")
    cluster.psql("postgres", f"ALTER USER app PASSWORD '{harness.PASSWORD}'")  # that of the tests has one iteration, which some of them refuse
    cluster.stop()
    cluster.start()
    for count in counts:
        for kind in TOOLS:
            measure(cluster, kind, count)
    cluster.remove()
    shutil.rmtree(cluster.directory, ignore_errors=True)


if __name__ == "__main__":
    main()
