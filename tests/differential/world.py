"""The cluster and the databases of a differential run, and what is compared of them."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import harness
from catalogue import CATALOGUE, POSITIONS, TABLES
from wire import ServerError, Wire

ROLES = """
CREATE ROLE tenant LOGIN; CREATE ROLE app_owner LOGIN; CREATE ROLE mig LOGIN; GRANT tenant, app_owner TO mig;
CREATE DATABASE differential OWNER mig;
"""

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+[+-]\d\d")  # when a row was written: no two runs have the same


class TrustingCluster(harness.Cluster):
    """The harness's cluster in memory, where who connects is believed. Nothing is flushed: it need not outlive the run."""

    def __init__(self):
        where = "/dev/shm"
        before, harness.tempfile.tempdir = harness.tempfile.tempdir, where if os.access(where, os.W_OK) else None
        try:
            super().__init__()
        finally:
            harness.tempfile.tempdir = before

    def start(self):
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write("local all all trust\nhost all all 127.0.0.1/32 trust\n")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as file:
            file.write("synchronous_commit=off\nfull_page_writes=off\nautovacuum=off\nshared_buffers=64MB\nwal_level=minimal\n"
                       "max_wal_senders=0\nmax_wal_size=4GB\njit=off\nmax_prepared_transactions=10\ntimezone='Etc/GMT-3'\n")
        super().start()


class World:
    """A cluster with the template, and as many databases from it as wanted."""

    def __init__(self):
        self.cluster = TrustingCluster()
        self.number = 0
        self.cluster.psql("postgres", ROLES)
        with open(os.path.join(HERE, "template.sql"), encoding="utf-8") as file:
            self.cluster.psql("differential", file.read())
        self.admin = self.connect("postgres")

    def close(self):
        """A process of multiprocessing ends without what atexit has: who makes a world there ends it."""
        self.admin.close()
        self.cluster.remove()

    def connect(self, database, user="app"):
        return Wire(self.cluster.directory, self.cluster.port, database, user)

    def create(self):
        self.number += 1
        name = f"d{self.number}"
        self.admin.simple(f"CREATE DATABASE {name} TEMPLATE differential OWNER mig STRATEGY file_copy")
        return name

    @staticmethod
    def roll_back_prepared(wire):
        """The transactions that were left prepared in a database, which would keep what they hold."""
        prepared = sorted(gid for gid, in wire.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"))
        for gid in prepared:
            wire.simple(f"ROLLBACK PREPARED '{gid}'")
        return prepared

    def drop(self, name):
        gone = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        try:
            self.admin.simple(gone)
        except ServerError:  # transactions are prepared in it
            with self.connect(name) as wire:
                self.roll_back_prepared(wire)
            self.admin.simple(gone)

    def url(self, database, user):
        return f"postgresql://{user}@127.0.0.1:{self.cluster.port}/{database}"

    def snapshot(self, database, ledger):
        """{what: sorted rows}: two databases with equal ones are the same. The rows of `ledger` (schema, table) are left out."""
        with self.connect(database) as wire:
            return self.snapshot_by(wire, ledger)

    @staticmethod
    def snapshot_by(wire, ledger):
        """The same by a session in that database, whose search path is empty behind it."""
        names = [what for what, _ in CATALOGUE] + ["sequence positions", "tables"]
        wire.simple("SET search_path = ''")
        results = wire.simple(";".join([query for _, query in CATALOGUE] + [POSITIONS, TABLES]))
        state = {what: sorted(map(repr, rows)) for what, rows in zip(names, results, strict=True)}
        tables = sorted(name for name in results[-1] if name != ledger)
        if tables:
            data = wire.simple(";".join(f"SELECT t::text FROM ONLY {_quoted(name)} AS t" for name in tables))
            state.update((f"rows of {'.'.join(name)}", sorted(TIME.sub("<time>", repr(row)) for row in rows))
                         for name, rows in zip(tables, data, strict=True))
        return state

    def dump(self, database, ledger):
        """The lines of pg_dump, sorted, without our own schema and the ledger: the judge of the snapshot. None where the server came without one."""
        program = os.path.join(harness.PG_BIN, "pg_dump")
        if not os.path.exists(program):
            return None
        dump = subprocess.run([program, "-h", self.cluster.directory, "-p", str(self.cluster.port),
                               "-U", "app", "--exclude-schema=truss", f"--exclude-table={_quoted(ledger)}", "--inserts", database], check=True, capture_output=True,
                              text=True, timeout=60).stdout
        return sorted(line for line in dump.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))


def _quoted(name):
    return ".".join('"' + part.replace('"', '""') + '"' for part in name)


def differences(one, other, leave_out=()):
    """Lines that say how two snapshots differ; none where they do not."""
    lines = []
    for what in sorted(one.keys() | other.keys()):
        if what in leave_out:
            continue
        ours, theirs = one.get(what, []), other.get(what, [])
        if ours != theirs:
            lines += [f"  {what}: - {row}" for row in _without(ours, theirs)] + [f"  {what}: + {row}" for row in _without(theirs, ours)]
            lines += [f"  {what}: differ"] if not ours and not theirs else []
    return lines


def _without(rows, others):
    left = list(others)
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            yield row
