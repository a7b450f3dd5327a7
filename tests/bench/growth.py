"""How time and memory grow: status, plan, run, mark and baseline of 10 to 50,000 migrations, and of one file of 1 kB to 200 MB.
Fails where one of them grows faster than n log n. Times are the processor's, of the worker and of the server beside it, so that a
machine with other work says the same.

Usage: growth.py [--most-migrations N] [--most-bytes N] [NAME…]   (names: many, others, large; default: all)
TRUSS_GROWTH_OF  of the others only these frameworks
"""
import json
import math
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Program, Project, Rpc

COUNTS = (10, 100, 1000, 10000, 50000)
SIZES = (1000, 10 ** 4, 10 ** 5, 10 ** 6, 10 ** 7, 10 ** 8, 2 * 10 ** 8)
SLACK = 1.8  # how far from one point to the next it may be beyond n log n: ten times as many would be 7.5 times beyond where it is n²
FLOOR_MS, FLOOR_MB = 20, 8  # smaller ones say nothing: they are the same for every n, or the clock's
HOUR = 3600
# What does grow faster, and why it is left so: {"knex: baseline: the server's time": "…"}.
KNOWN = {}


def spent_by(pid):
    """The processor's milliseconds of a process, its threads that have ended too."""
    return time.clock_gettime(~pid << 3 | 2) * 1000  # the CPU clock of another process, as clock_getcpuclockid(3) has it


def memory_of(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":")) / 1024


class Growth:
    """Points of each action: n, processor's ms of the worker, of the server, MB that it took at most."""

    def __init__(self, cluster, unit):
        self.cluster = cluster
        self.unit = unit
        self.points = {}

    def begin(self, project, *arguments):
        self.database = self.cluster.create_database()
        self.worker = Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project.path, "--migration-limit", str(1 << 30),
                              *arguments, environment={"DATABASE_URL": self.cluster.url(self.database)}).wait_listening()
        self.rpc = Rpc(self.worker.address, timeout=HOUR)
        self.rpc.call("Health", "Check")

    def end(self):
        self.rpc.close()
        self.worker.stop()
        self.cluster.drop_database(self.database)

    def server_spent(self):
        """The server's, with its backends: those that live, and those that have ended, which it has waited for."""
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            server = int(file.readline())
        with open(f"/proc/{server}/stat", encoding="ascii") as file:
            ended = sum(map(int, file.read().rpartition(")")[2].split()[13:15])) * 1000 / os.sysconf("SC_CLK_TCK")
        with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as file:
            return ended + sum(spent_by(int(pid)) for pid in file.read().split())

    def measure(self, action, n, method, request=None):
        pid = self.worker.process.pid
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # what it has had at most is forgotten
        before = memory_of(pid, "VmRSS")
        server, own = self.server_spent(), spent_by(pid)
        began = time.perf_counter()
        reply = self.rpc.call("MigrationService", method, request)
        took = (time.perf_counter() - began) * 1000
        own, server = spent_by(pid) - own, max(0.0, self.server_spent() - server)
        most = memory_of(pid, "VmHWM") - before
        kept = memory_of(pid, "VmRSS")
        self.points.setdefault(action, []).append((n, own, server, most))
        print(f"{action:24} {n:>11,} {self.unit:10}  worker {own:9.1f} ms  server {server:9.1f} ms  clock {took:9.1f} ms   at most +{most:6.1f} MB, then {kept:6.1f} MB",
              flush=True)
        return reply

    def judge(self):
        """What grows faster than it may, in words."""
        found = []
        for action, points in self.points.items():
            for one, next_one in zip(points, points[1:]):
                may = next_one[0] * math.log(next_one[0]) / (one[0] * math.log(one[0])) * SLACK
                for what, index, floor in (("the worker's time", 1, FLOOR_MS), ("the server's time", 2, FLOOR_MS), ("memory", 3, FLOOR_MB)):
                    if next_one[index] > may * max(one[index], floor):
                        known = KNOWN.get(f"{action}: {what}")
                        if known is not None:
                            print(f"known: {action}: {what}: {known}", flush=True)
                            continue
                        found.append(f"{action}: {what} grows from {one[index]:.1f} to {next_one[index]:.1f} between {one[0]:,} and "
                                     f"{next_one[0]:,} {self.unit}, n log n would be {max(one[index], floor) * may / SLACK:.1f}")
        return found


def many(cluster, most):
    growth = Growth(cluster, "migrations")
    project = Project()
    made = 0
    for count in (n for n in COUNTS if n <= most):
        for number in range(made, count):
            project.add(f"{number:06}_m", f"SELECT {number};\n")
        made = count
        growth.begin(project)
        growth.measure("status, nothing read yet", count, "GetStatus")
        growth.measure("status, all pending", count, "GetStatus")
        growth.measure("plan", count, "Plan")
        growth.measure("mark of one", count, "MarkApplied", {"migration": f"{0:06}_m"})
        assert len(growth.measure("run", count, "Run").applied) == count - 1
        growth.measure("run of nothing", count, "Run")
        growth.measure("status, all applied", count, "GetStatus")
        growth.measure("status, a page", count, "GetStatus", {"limit": 20})
        growth.end()
        growth.begin(project)
        growth.measure("baseline", count, "Baseline", {"all": True})
        growth.end()
    project.remove()
    return growth.judge()


# ---- the tracking tables and folders of others, of which each is read in its own way ----

UP = "export async function up(db) {}\n"


def numbered(pattern, content="SELECT 1;\n"):
    """A file of its own for each."""
    def write(project, count):
        for number in range(count):
            project.write(pattern.format(number=number), content)
    return write


def dbmate(project, count):
    for number in range(count):
        project.write(f"db/migrations/{20240101000000 + number}_m.sql", f"-- migrate:up\nSELECT {number};\n-- migrate:down\n")


def drizzle(project, count):
    entries = [{"idx": n, "version": "7", "when": 1700000000000 + n, "tag": f"{n:06}_m", "breakpoints": True} for n in range(count)]
    for number in range(count):
        project.write(f"drizzle/{number:06}_m.sql", f"SELECT {number};\n")
    project.write("drizzle/meta/_journal.json", json.dumps({"version": "7", "dialect": "postgresql", "entries": entries}))
    project.write("drizzle.config.json", json.dumps({"dialect": "postgresql", "schema": "./schema.ts", "out": "./drizzle"}))


def liquibase(project, count):
    changes = "".join(f"--changeset bench:{number}\nSELECT {number};\n\n" for number in range(count))
    project.write("db.changelog-master.sql", "--liquibase formatted sql\n\n" + changes)


def sqitch(project, count):
    plan = "%syntax-version=1.0.0\n%project=bench\n\n"
    for number in range(count):
        project.write(f"deploy/m{number}.sql", f"BEGIN;\nSELECT {number};\nCOMMIT;\n")
        plan += f"m{number} 2024-01-01T00:00:00Z Bench <bench@example.test> # {number}\n"
    project.write("sqitch.plan", plan)
    project.write("sqitch.conf", "[core]\n\tengine = pg\n")


def alembic(project, count):
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
    project.write("alembic/env.py", "from alembic import context\n")
    for number in range(count):
        before = f"'r{number - 1:06}'" if number > 0 else "None"
        project.write(f"alembic/versions/r{number:06}_m.py", f"revision = 'r{number:06}'\ndown_revision = {before}\n\n\ndef upgrade():\n    pass\n")


def rails(project, count):
    project.write("config/application.rb", "require \"rails\"\n")
    project.write("Rakefile", "require_relative \"config/application\"\n")
    for number in range(count):
        project.write(f"db/migrate/{20240101000000 + number}_m{number}.rb",
                      f"class M{number} < ActiveRecord::Migration[7.1]\n  def change\n    add_column :t, :c{number}, :text\n  end\nend\n")


def django(project, count):
    project.write("manage.py", "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bench.settings')\n# django\n")
    project.write("bench/settings.py", "INSTALLED_APPS = ['app']\n")
    for package in ("bench", "app", "app/migrations"):
        project.write(f"{package}/__init__.py", "")
    for number in range(count):
        before = f"('app', '{number - 1:06}_m')" if number > 0 else ""
        project.write(f"app/migrations/{number:06}_m.py",
                      "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
                      f"    dependencies = [{before}]\n    operations = []\n")


OTHERS = {"flyway": numbered("src/main/resources/db/migration/V{number:06}__m.sql"), "golang-migrate": numbered("migrations/{number:06}_m.up.sql"),
          "dbmate": dbmate, "drizzle": drizzle, "liquibase": liquibase, "sqitch": sqitch,
          "knex": numbered("migrations/{number:06}_m.js"), "kysely": numbered("migrations/{number:06}_m.js", UP),
          "node-pg-migrate": numbered("migrations/{number:06}_m.sql"), "alembic": alembic, "rails": rails, "django": django}


MOST_OF = {"django": 3000}  # of more files it is not known which name the tracking table, and a status asks for it


def others(cluster, most):
    growth = Growth(cluster, "migrations")
    wanted = os.environ.get("TRUSS_GROWTH_OF", "").split() or OTHERS
    for name, write in ((name, OTHERS[name]) for name in wanted):
        for count in sorted({min(n, MOST_OF.get(name, n)) for n in COUNTS[1:4] if n <= most}):
            project = Project(folder="src")
            write(project, count)
            growth.begin(project, "--framework", name)
            reply = growth.measure(f"{name}: status", count, "GetStatus")
            assert len(reply.migrations) == count, (name, reply.problem, list(reply.warnings)[:3])
            growth.measure(f"{name}: baseline", count, "Baseline", {"all": True})
            growth.measure(f"{name}: applied", count, "GetStatus")
            growth.end()
            project.remove()
    return growth.judge()


def rows(size):
    """A seed of that size: what large migrations are."""
    line = b"INSERT INTO seed (id, name) VALUES (%9d, 'a name of forty characters, or a few more');\n"
    count = max(1, size // len(line % 0))
    return b"CREATE TABLE seed (id INT, name TEXT);\n" + b"".join(line % number for number in range(count))


def large(cluster, most):
    growth = Growth(cluster, "bytes")
    for size in (n for n in SIZES if n <= most):
        project = Project().add("1_seed", rows(size))
        growth.begin(project)
        growth.measure("status, not read yet", size, "GetStatus")
        growth.measure("plan", size, "Plan")
        growth.measure("preview", size, "Preview", {"name": "1_seed"})
        assert growth.measure("run", size, "Run").ok
        growth.measure("status, applied", size, "GetStatus")
        growth.end()
        growth.begin(project)
        growth.measure("mark", size, "MarkApplied", {"migration": "1_seed"})
        growth.end()
        growth.begin(project)
        growth.measure("baseline", size, "Baseline", {"all": True})
        growth.end()
        project.remove()
    return growth.judge()


def main():
    arguments = sys.argv[1:]
    most = {"--most-migrations": COUNTS[-1], "--most-bytes": SIZES[-1]}
    for name in most:
        if name in arguments:
            at = arguments.index(name)
            most[name] = int(arguments[at + 1])
            del arguments[at:at + 2]
    cluster = harness.Cluster()
    found = []
    if not arguments or "many" in arguments:
        found += many(cluster, most["--most-migrations"])
    if not arguments or "others" in arguments:
        found += others(cluster, most["--most-migrations"])
    if not arguments or "large" in arguments:
        found += large(cluster, most["--most-bytes"])
    cluster.remove()
    shutil.rmtree(cluster.directory, ignore_errors=True)
    for one in found:
        print("FAIL", one)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
