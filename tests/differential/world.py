"""The cluster and the databases of a differential run, and what is compared of them."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import harness
from wire import Wire

ROLES = """
CREATE ROLE tenant LOGIN; CREATE ROLE app_owner LOGIN; CREATE ROLE mig LOGIN; GRANT tenant, app_owner TO mig;
CREATE DATABASE differential OWNER mig;
"""

# What a user made, in the order of its names. Each is (what, query); the rows are sorted by us.
_MINE = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'truss')"
CATALOGUE = [
    ("schemas", f"SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace n WHERE {_MINE}"),
    ("relations", f"""SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.relowner::regrole, c.relacl, c.reloptions,
        c.relrowsecurity, c.relforcerowsecurity, c.relreplident, pg_get_expr(c.relpartbound, c.oid), c.relispartition,
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_MINE} AND c.relkind <> 't'"""),
    ("columns", f"""SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attacl, a.attcollation::regcollation
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE {_MINE} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 't'"""),
    ("constraints", f"""SELECT n.nspname, conrelid::regclass, contypid::regtype, conname, pg_get_constraintdef(k.oid), convalidated,
        condeferrable, condeferred FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE {_MINE}"""),
    ("indexes", f"""SELECT n.nspname, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisclustered, i.indisreplident
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_MINE}"""),
    ("triggers", f"""SELECT pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_MINE} AND NOT t.tgisinternal"""),
    ("policies", "SELECT schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies"),
    ("rules", "SELECT schemaname, tablename, rulename, definition FROM pg_rules WHERE schemaname !~ '^pg_'"),
    ("functions", f"""SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.proowner::regrole, p.proacl,
        CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_MINE}"""),
    ("types", f"""SELECT n.nspname, t.typname, t.typtype, t.typowner::regrole, t.typacl, t.typnotnull, t.typdefault,
        format_type(t.typbasetype, t.typtypmod), (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = t.oid) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {_MINE}"""),
    ("sequences", """SELECT schemaname, sequencename, sequenceowner, data_type, start_value, min_value, max_value, increment_by, cycle
        FROM pg_sequences WHERE schemaname <> 'truss'"""),
    ("comments", """SELECT (pg_identify_object(classoid, objoid, objsubid)).identity, description FROM pg_description
        WHERE objoid >= 16384 AND (pg_identify_object(classoid, objoid, objsubid)).identity !~ '^truss'"""),
    ("grants by default", "SELECT defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl"),
    ("database settings", """SELECT setrole::regrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database()"""),
    ("database", "SELECT datdba::regrole, datacl FROM pg_database WHERE datname = current_database()"),
    ("event triggers", "SELECT evtname, evtevent, evtenabled FROM pg_event_trigger"),
    ("publications", "SELECT pubname, puballtables FROM pg_publication"),
    ("large objects", "SELECT m.oid, lomowner::regrole, lomacl, md5(lo_get(m.oid)) FROM pg_largeobject_metadata m"),
    ("extensions", "SELECT extname, extversion FROM pg_extension"),
]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+[+-]\d\d")  # when a row was written: no two runs have the same
_POSITIONS = "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname <> 'truss'"
_TABLES = f"""SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {_MINE} AND c.relkind IN ('r', 'm')"""


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

    def roll_back_prepared(self, name):
        """The transactions that were left prepared in a database, which would keep what they hold."""
        with self.connect(name) as wire:
            prepared = sorted(gid for gid, in wire.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"))
            for gid in prepared:
                wire.simple(f"ROLLBACK PREPARED '{gid}'")
        return prepared

    def drop(self, name):
        self.roll_back_prepared(name)
        self.admin.simple(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, database, user):
        return f"postgresql://{user}@127.0.0.1:{self.cluster.port}/{database}"

    def snapshot(self, database, ledger):
        """{what: sorted rows}: two databases with equal ones are the same. The rows of `ledger` (schema, table) are left out."""
        with self.connect(database) as wire:
            names = [what for what, _ in CATALOGUE] + ["sequence positions", "tables"]
            wire.simple("SET search_path = ''")
            results = wire.simple(";".join([query for _, query in CATALOGUE] + [_POSITIONS, _TABLES]))
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
