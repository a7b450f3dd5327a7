"""A private PostgreSQL for one program of tests, and databases in it.

Each test file has a server of its own, so that it may end any session, make roles and stop the server without harm to another
file that runs beside it. What makes one slow, initdb, is done once for all files: tests/support/shared.py leaves a data directory
in TRUSS_TEST_SHARED, which is copied here. A file that is run alone makes its own.

To make a database is to make 300 files, which costs ten times as much on a disk as in memory: the data are in /dev/shm where
that has room.

TRUSS_TEST_PG_BIN  where the server's binaries are (default: Debian's PostgreSQL 15)
TRUSS_TEST_PG_CLIENT  where a pg_dump for it is (default: where the worker finds one by itself)
TRUSS_TEST_SHARED  what tests/run.sh has prepared for all files (default: nothing is)
TRUSS_TEST_DATA    the directory for data (default: a temporary one)
"""
import atexit
import base64
import contextlib
import hashlib
import hmac
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import libpq
from memory import data_place

PG_BIN = os.environ.get("TRUSS_TEST_PG_BIN", "/usr/lib/postgresql/15/bin")
PG_CLIENT = os.environ.get("TRUSS_TEST_PG_CLIENT", "")
PG_RESTORE = os.path.join(PG_CLIENT, "pg_restore")  # of a version that reads what the pg_dump wrote
PASSWORD = "pass:w/rd@1"
PASSWORD_ENCODED = "pass%3Aw%2Frd%401"
# Debian's psql and pg_dump in /usr/bin are Perl programs that start the real ones; those alone take a sixth of the time.
# The real ones come last but one: servers from elsewhere (tests/run-versions.sh) have no psql.
os.environ["PATH"] = os.pathsep.join([*filter(None, [PG_BIN, PG_CLIENT]), "/usr/lib/postgresql/15/bin", os.environ["PATH"]])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_server(*command):
    """A command as the user of the server: root may not be that."""
    if os.geteuid() != 0:
        return list(command)
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]


def server_directory(path):
    """Makes a directory that is the server's."""
    os.makedirs(path, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")
    return path


def run_server(program, *arguments):
    subprocess.run(as_server(program, *arguments), check=True, stdout=subprocess.DEVNULL, cwd="/", env=dict(os.environ, LC_ALL="C"),
                   timeout=120)


def verifier(password, iterations=1):
    """What a server keeps of a password for SCRAM. Its own have 4096 iterations, which each client makes at each login: 8 ms, ten
    times what all the rest of a login costs it. A server may have any number, and one with one is asked for it the same way."""
    def text(data):
        return base64.b64encode(data).decode()
    salt = b"salt of the tests"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return f"SCRAM-SHA-256${iterations}:{text(salt)}${text(stored)}:{text(hmac.digest(salted, b'Server Key', 'sha256'))}"


def make_data(directory):
    """initdb, with a password for the user app, and the settings that all our servers share."""
    password_file = os.path.join(os.path.dirname(directory), "password")
    version = subprocess.run([os.path.join(PG_BIN, "initdb"), "--version"], capture_output=True, text=True, check=True).stdout
    with open(password_file, "w", encoding="ascii") as file:
        major = int(version.split()[-1].split(".")[0])
        file.write(PASSWORD if major <= 13 else verifier(PASSWORD))  # that of 13 reads no more than 99 characters
    os.chmod(password_file, 0o644)
    run_server("initdb", "-D", directory, "-U", "app", "--auth-host=scram-sha-256", "--auth-local=trust", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C",
               "--no-sync", "--wal-segsize=4")
    os.remove(password_file)
    leave_out_forks(os.path.join(directory, "base"))
    with open(os.path.join(directory, "postgresql.conf"), "a", encoding="ascii") as file:
        file.write("listen_addresses='127.0.0.1'\nfsync=off\njit=off\nmax_connections=200\nlog_statement=none\nmin_wal_size=32MB\nmax_wal_size=256MB\n")


def leave_out_forks(base):
    """Removes the maps of free space and of visibility: a server makes those anew that it needs. They are a quarter of the files
    of an empty database, and every test makes and drops one."""
    for folder, _, names in os.walk(base):
        for name in names:
            if name.endswith(("_fsm", "_vm")):
                os.remove(os.path.join(folder, name))


# What Cluster.empty drops: with that nearly all goes that tests make.
DROP_EVENT_TRIGGERS = """DO $$ DECLARE s text; BEGIN
    FOR s IN SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_event_trigger LOOP EXECUTE s; END LOOP; END $$"""
WHAT_GOES = """SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE oid >= 16384 UNION ALL
    SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication UNION ALL
    SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_' OR nspname = 'public'"""
PUBLIC_AS_MADE = (("GRANT ALL ON SCHEMA public TO PUBLIC",), ("ALTER SCHEMA public OWNER TO pg_database_owner", "GRANT USAGE ON SCHEMA public TO PUBLIC"))
END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
    AND pid <> (SELECT pg_backend_pid())"""
# Is there anything that initdb did not make, or that was granted or set?
OF_USERS = """cast language foreign_data_wrapper foreign_server am event_trigger publication extension largeobject_metadata default_acl ts_parser ts_template
    ts_config ts_dict operator opclass opfamily collation conversion proc type class statistic_ext transform""".split()
IS_LEFT = " OR ".join([
    *(f"EXISTS (SELECT FROM pg_{one} WHERE oid >= 16384)" for one in OF_USERS),
    "(SELECT count(*) FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_') > 1", "EXISTS (SELECT FROM pg_subscription)", "EXISTS (SELECT FROM pg_language WHERE lanacl IS NOT NULL)",
    "EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)", "EXISTS (SELECT FROM pg_shdepend s WHERE s.dbid = d.oid)", "d.datacl IS NOT NULL OR d.datconnlimit <> -1"]) + \
    " FROM pg_database d WHERE d.datname = current_database()"


class Cluster:
    """A PostgreSQL of its own, on a free loopback port, with a password, in a temporary directory.

    keeps: psql() stays in the database until it is asked of another one: a session costs ten times what it is asked. For tests
    to which one that is idle is nothing."""

    keeps = False

    def __init__(self):
        self.directory = server_directory(tempfile.mkdtemp(prefix="truss-pg-", dir=os.environ.get("TRUSS_TEST_DATA") or data_place()))
        self.data = os.path.join(self.directory, "data")
        self.number = 0
        self.keeper = None
        self.stayed, self.stayed_in, self.staying = None, None, threading.Lock()
        self.emptier, self.emptied = None, None
        shared = os.environ.get("TRUSS_TEST_SHARED")
        atexit.register(self.remove)
        if shared:
            run_server("cp", "-a", os.path.join(shared, "server", "data"), self.data)
        else:
            make_data(self.data)
        with open(os.path.join(self.data, "PG_VERSION"), encoding="ascii") as file:
            self.version = int(file.read().split(".")[0])
        self.start_anew()

    def start_anew(self):
        """Starts it on a port that is free; somebody else may take that in between."""
        for chance in range(3):
            self.port = free_port()
            with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as file:
                file.write(f"port={self.port}\nunix_socket_directories='{self.directory}'\n")
            try:
                return self.start()
            except subprocess.CalledProcessError:
                if chance == 2:
                    raise

    def start(self):
        run_server("pg_ctl", "-D", self.data, "-w", "-s", "-l", self.log, "start")
        # The first session of a database puts together what all others read from a file, which costs as much as two of them.
        # What is made from template1 gets a copy of its file.
        with contextlib.suppress(libpq.Failed):
            libpq.query(self.by_socket("template1"), ["SELECT 1"])

    def standby(self, case):
        """The URL of a new standby, for the name of a database. It lasts as long as the test case, which is skipped where no
        pg_basebackup for the server is installed."""
        if not os.path.exists(os.path.join(PG_BIN, "pg_basebackup")):
            case.skipTest("no pg_basebackup of this version is installed")
        directory = server_directory(tempfile.mkdtemp(prefix="truss-pg-", dir=data_place()))
        case.addCleanup(shutil.rmtree, directory, True)
        data, port = os.path.join(directory, "data"), free_port()
        run_server("pg_basebackup", "-D", data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-d", self.url("postgres"))
        with open(os.path.join(data, "postgresql.conf"), "a", encoding="ascii") as file:
            file.write(f"port={port}\nunix_socket_directories='{directory}'\n")
        run_server("pg_ctl", "-D", data, "-w", "-s", "-l", os.path.join(directory, "log"), "start")
        case.addCleanup(run_server, "pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop")
        return lambda database: self.url(database).replace(f":{self.port}/", f":{port}/")

    def stop(self, mode="fast"):
        run_server("pg_ctl", "-D", self.data, "-w", "-s", "-m", mode, "stop")

    def remove(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            with contextlib.suppress(Exception):
                self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def log(self):
        return os.path.join(self.directory, "log")

    def log_size(self):
        return os.path.getsize(self.log)

    def logged(self, since=0):
        """What the server has written to its log since that had this size."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(since)
            return file.read()

    def url(self, database, **parameters):
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://app:{PASSWORD_ENCODED}@127.0.0.1:{self.port}/{database}" + (f"?{query}" if query else "")

    def by_socket(self, database):
        """For the sessions of the tests themselves: neither a password nor TCP. What is tested gets url()."""
        return f"postgresql://app@/{database}?host={self.directory}&port={self.port}&connect_timeout=30&application_name=psql"

    def restore(self, database, path, *words):
        """pg_restore by hand. One that is newer than its server has an error by a setting of its own, whatever it restores."""
        strict = [] if PG_CLIENT and self.version < 17 else ["--exit-on-error"]
        done = subprocess.run([PG_RESTORE, *strict, *words, "-d", self.url(database), path], stderr=subprocess.PIPE, text=True, check=False)
        errors = [line for line in done.stderr.splitlines() if "pg_restore: error" in line and "transaction_timeout" not in line]
        if errors or (strict and done.returncode != 0):
            raise AssertionError(done.stderr)

    def psql(self, database, sql, check=True):
        """Runs SQL, each statement by itself; answers rows as tuples of text (None for NULL)."""
        statements = libpq.statements(sql)
        if statements is None:
            return self.real_psql(database, sql, check)
        try:
            if self.keeps and self.staying.acquire(blocking=False):  # a thread that finds it busy gets one of its own
                try:
                    return self.stay_and_run(database, statements)
                finally:
                    self.staying.release()
            return libpq.query(self.by_socket(database), statements)
        except libpq.Failed as failed:
            if check:
                raise AssertionError(str(failed)) from None
            return failed.rows

    def stay_and_run(self, database, statements):
        """All rows, by the session that stays in this database. What the statements leave is gone behind them, as with a session of their own."""
        if self.stayed_in != database or self.stayed.has_ended():
            self.leave()
            self.stayed = libpq.Session(self.by_socket(database))
            self.stayed_in = database
        try:
            return self.stayed.run(statements)
        finally:
            if not self.stayed.begin_anew():
                self.leave()

    def leave(self):
        if self.stayed_in is not None:
            self.stayed.close()
            self.stayed, self.stayed_in = None, None

    def real_psql(self, database, sql, check):
        result = subprocess.run(
            ["psql", "-XqAt", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "-v", "ON_ERROR_STOP=1", "-d",
             self.by_socket(database), "-f", "-"],
            input=sql, text=True, capture_output=True, timeout=120, check=False)
        if check and result.returncode != 0:
            raise AssertionError(result.stderr)
        rows = result.stdout.rstrip("\n")
        return [tuple(None if field == "\x1d" else field for field in row.split("\x1f")) for row in rows.split("\x1e")] if rows else []

    def keep(self, statement):
        """One statement in the session that makes and drops all databases: to log in costs more than many of them do."""
        for chance in range(2):
            try:
                self.keeper = self.keeper or libpq.Session(self.by_socket("postgres"))
                return self.keeper.execute(statement)
            except libpq.Failed:
                lost = self.keeper is None or self.keeper.is_lost()  # a test may end all sessions, and the server
                if lost and self.keeper is not None:
                    self.keeper.close()
                    self.keeper = None
                if chance or not lost:
                    raise

    def tables(self, database):
        """Every relation with its columns, types and constraints: two databases with the same answer have the same schema."""
        return self.psql(database, """
            SELECT n.nspname, c.relname, c.relkind, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   pg_catalog.pg_get_expr(d.adbin, d.adrelid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE n.nspname !~ '^pg_|^information_schema$' ORDER BY 1, 2, a.attnum""") + self.psql(database, """
            SELECT n.nspname, c.relname, o.conname, pg_catalog.pg_get_constraintdef(o.oid) FROM pg_constraint o
            JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_|^information_schema$' AND o.contype <> 'n' ORDER BY 1, 2, 3""") + self.psql(database, """
            SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname !~ '^pg_' ORDER BY 1, 2""")

    def create_database(self, template=None, encoding=None):
        """A database with nothing in it, or with what another one has, in which nobody may be at work."""
        self.number += 1
        name = f"t{os.getpid()}_{self.number}"
        self.make(name, template, encoding)
        return name

    def make_again(self, name):
        """This database with nothing in it: whoever stays on it, as a worker does, finds nothing of what was there before."""
        self.drop_database(name)
        self.make(name)

    def empty(self, name):
        """What make_again does, at a sixth of its cost, and sessions that are idle stay: drops all schemas, extensions, publications and
        event triggers. If something is left then, or was granted or set, the database is made again: that ends its sessions; false."""
        with self.staying:
            if self.emptied != name:
                self.stop_emptying()
                self.emptier, self.emptied = libpq.Session(self.by_socket(name)), name
                self.emptier.execute("SET client_min_messages = error; SET lock_timeout = '5s'")
                self.emptier.execute(f"PREPARE is_left AS SELECT {IS_LEFT}")
                self.emptier.execute(f"PREPARE end_others AS {END_OTHERS}")
            try:
                while self.emptier.execute("EXECUTE end_others"):
                    time.sleep(0.005)
                if self.emptier.execute("SELECT FROM pg_event_trigger"):
                    self.emptier.execute(DROP_EVENT_TRIGGERS)
                self.emptier.execute("; ".join([*(one for one, in self.emptier.execute(WHAT_GOES)), "CREATE SCHEMA public",
                                                *PUBLIC_AS_MADE[self.version >= 15]]))
                if self.emptier.execute("EXECUTE is_left") == [("f",)]:
                    return True
            except libpq.Failed:
                pass
            self.stop_emptying()
        self.make_again(name)
        return False

    def stop_emptying(self):
        if self.emptied is not None:
            self.emptier.close()
            self.emptier = self.emptied = None

    def make(self, name, template=None, encoding=None):
        """create_database with this name."""
        with self.staying:
            self.leave()
        # To copy files costs half of what it costs to write them to the log as well; servers before 15 do nothing else.
        strategy = " STRATEGY file_copy" if self.version >= 15 else ""
        template = "template0" if encoding else template or "template1"
        encoded = f" ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'" if encoding else ""
        try:
            self.keep(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{strategy}{encoded}')
        except libpq.Failed as failed:
            raise AssertionError(str(failed)) from None

    def drop_database(self, name):
        if self.emptied == name:
            self.stop_emptying()
        if self.version < 13:
            return self.drop_by_force(name)
        with contextlib.suppress(libpq.Failed):
            self.keep(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_by_force(self, name):
        """What WITH (FORCE) does since 13. Who comes in between is ended by the next try."""
        for _ in range(20):
            with contextlib.suppress(libpq.Failed):
                self.keep(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
                self.keep(f'DROP DATABASE IF EXISTS "{name}"')
                return
