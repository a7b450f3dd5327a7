"""What every integration test needs: a private PostgreSQL, the programs under test, a project, and ways to speak to them.

Nothing here knows what the right answers are. The RPC client is a second, independent one: the scalability protocols'
frames by hand over a socket, messages by Google's protobuf, so that the wire format has a judge that shares no code with us.

TRUSS_TEST_BIN     where the programs are (default: build/bin)
TRUSS_TEST_ALL     not empty: try all of what is tried in parts, another part each day
TRUSS_TEST_LIMIT   how many seconds one test may take before it is ended by name (default: 300)
TRUSS_TEST_PG_BIN, TRUSS_TEST_PG_CLIENT, TRUSS_TEST_SHARED  see cluster.py
"""
import atexit
import contextlib
import datetime
import faulthandler
import http.client
import importlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import shared
from cluster import PASSWORD, PASSWORD_ENCODED, PG_BIN, PG_CLIENT, Cluster, free_port  # noqa: F401  (the tests take them from here)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Also a test that is told to stop ends what it has started.
signal.signal(signal.SIGTERM, signal.default_int_handler)

BIN = os.path.abspath(os.environ.get("TRUSS_TEST_BIN", os.path.join(ROOT, "build", "bin")))
FIXTURES = os.path.join(ROOT, "tests", "fixtures")
SANITIZED = "sanitize" in BIN
# What looks into the programs that are tested, which therefore enter no sandbox; "": nothing does.
WEAKENED = "sanitizer" if SANITIZED else "coverage" if "coverage" in BIN else ""
LIMIT = float(os.environ.get("TRUSS_TEST_LIMIT", "300"))
# How long what must happen is waited for: a limit for what hangs, which costs nothing where it comes. The machine may be busy, and
# with ThreadSanitizer a plan of ten thousand names takes a minute.
PATIENCE = 300 if BIN.endswith("-thread/bin") else 120
# Seconds that a process takes to begin and to end on a machine that is fast and does little else.
PROCESS_S = 0.002


def allowed(seconds):
    """Where a test says that something is quick: so many seconds on a fast machine, and on a slower or busier one as many more as a
    process takes longer there now."""
    began = time.monotonic()
    for _ in range(10):
        subprocess.run(["/bin/true"], check=True)
    return seconds * max(1, (time.monotonic() - began) / 10 / PROCESS_S)


def todays(items, parts):
    """Every so many-th of them, the next ones tomorrow."""
    return items if os.environ.get("TRUSS_TEST_ALL") else items[datetime.date.today().toordinal() % parts::parts]


def wait_for(what, seconds=PATIENCE, every=0.02):
    """The first true answer of what(); fails when there is none in time. Asks less often the longer it takes."""
    began = time.monotonic()
    end = began + seconds
    while True:
        answer = what()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not in {seconds} s: {what}")
        time.sleep(min(every + (time.monotonic() - began) / 10, 0.2))


def settled(what, still=1, seconds=PATIENCE):
    """The answer of what() once it has not changed for so many seconds."""
    seen = [what(), time.monotonic()]

    def has_settled():
        now = what()
        if now != seen[0]:
            seen[:] = [now, time.monotonic()]
        return time.monotonic() - seen[1] >= still
    wait_for(has_settled, seconds)
    return seen[0]


_shared_cluster = None


def cluster():
    """The cluster of this test process, made when it is first wanted."""
    global _shared_cluster
    if _shared_cluster is None:
        _shared_cluster = Cluster()
    return _shared_cluster


# With TRUSS_STATE_SCHEMA every program of a suite keeps its tables there ("run-long.sh names").
STATE_SCHEMA = {key: value for key, value in os.environ.items() if key == "TRUSS_STATE_SCHEMA"}
OWN_SCHEMA = "".join('"' + value.replace('"', '""') + '"' for value in STATE_SCHEMA.values())
SAID_SCHEMA = "".join(STATE_SCHEMA.values()) or "truss"  # as a sentence has it
OWN_NAME = re.compile(r"\btruss(?=\.[a-z_]+\b)|(?<=SCHEMA )truss\b")
usual_name = unittest.skipIf(STATE_SCHEMA, "says what our schema is called")


def with_own_schema(text):
    """SQL of a test, in which truss.TABLE is one of ours, whatever its schema is called."""
    return OWN_NAME.sub(lambda _: OWN_SCHEMA, text) if OWN_SCHEMA else text


def clean_environment(variables=None, worker=None):
    """The environment without what would tell our programs or libpq something, and with these."""
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("TRUSS_", "PG")) and key != "DATABASE_URL"}
    if worker is not None:
        clean["TRUSS_WORKER"] = worker.address
    return {**clean, **STATE_SCHEMA, **(variables or {})}


LIMITS = {"space": "as", "files": "nofile"}  # as prlimit has them


class Program:
    """One of ours, its log collected, and its address once it says that it listens."""

    def __init__(self, name, *arguments, environment=None, cwd=None, user=None, limits=None, inside=()):
        """limits: {"space": the bytes of addresses, "files": the descriptors that it may have}; inside: a command in front, which becomes the program."""
        self.name = name
        self.may_be_refused = False  # system calls
        begin = [*inside, *(["prlimit", *(f"--{LIMITS[name]}={most}" for name, most in limits.items())] if limits else [])]
        self.log = []
        self.address = None
        self._listening = threading.Event()
        self.process = subprocess.Popen([*begin, os.path.join(BIN, name), *arguments], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                        env=clean_environment(environment), cwd=cwd, user=user)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        atexit.register(self.process.kill)

    def _read(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace")
            self.log.append(text)
            found = re.search(r'event"?[=:]"listening"[ ,]"?address"?[=:]"?([^\s",]+)', text)  # logfmt or JSON
            if found and not self.address:
                self.address = found.group(1)
                self._listening.set()
        self._listening.set()

    def wait_listening(self, seconds=PATIENCE):
        if not self._listening.wait(seconds) or not self.address:
            raise AssertionError(f"{self.name} does not listen: {self.text()}")
        return self

    def text(self):
        return "".join(self.log)

    def threads(self):
        """What each thread is at, where there is a gdb."""
        if not shutil.which("gdb"):
            return "(gdb would show its threads)"
        return subprocess.run(["gdb", "-batch", "-ex", "thread apply all bt", "-p", str(self.process.pid)], capture_output=True, text=True, check=False, timeout=PATIENCE).stdout

    def stop(self):
        """Ends it as a service manager does; a sanitizer's finding makes the status other than zero."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            threads = self.threads()
            self.kill()
            raise AssertionError(f"{self.name} does not stop: {self.text()}\n{threads}") from None
        self._reader.join(PATIENCE)
        self.process.stderr.close()
        if status != 0:
            raise AssertionError(f"{self.name} ended with {status}: {self.text()}")
        refused = [line for line in self.log if "a system call was refused" in line]
        if refused and not self.may_be_refused:
            raise AssertionError(f"{self.name} needs what its sandbox refuses: {refused[0]}")

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()


# ---- messages ----

_messages = None


def messages():
    """The generated modules, made at run time from proto/: .rpc, .migration, .health."""
    global _messages
    if _messages is None:
        directory = os.path.join(os.environ.get("TRUSS_TEST_SHARED", ""), "messages")
        if not os.path.isdir(directory):
            directory = tempfile.mkdtemp(prefix="truss-proto-")
            atexit.register(shutil.rmtree, directory, True)
            shared.make_messages(directory)
        sys.path.insert(0, directory)
        modules = {name: importlib.import_module(f"truss.{name}.v1.{name}_pb2") for name in shared.MESSAGES}
        _messages = type("Messages", (), modules)
    return _messages


# ---- RPC by hand ----

class RpcError(Exception):
    def __init__(self, status):
        super().__init__(f"{status.code}: {status.message}")
        self.status = status
        self.code = status.code


class Rpc:
    """One connection: the scalability protocols' greeting and frames, as a foreign client would write them."""

    def __init__(self, address, timeout=PATIENCE, source=None):
        """source: the address of this machine that it comes from."""
        if address.startswith("ipc://"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address[6:])
            self.prefix = b"\x01"
        else:
            host, port = address[6:].rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), timeout=timeout, source_address=source and (source, 0))
            self.prefix = b""
        self.number = 0
        try:
            self.greet()
        except OSError:
            self.close()
            raise

    def greet(self):
        self.socket.sendall(b"\x00SP\x00\x00\x30\x00\x00")
        greeting = self.read(8)
        assert greeting == b"\x00SP\x00\x00\x31\x00\x00", greeting

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the worker closed the connection")
            data += piece
        return data

    def send_bytes(self, payload):
        self.number += 1
        header = struct.pack(">I", 0x80000000 | self.number)
        self.socket.sendall(self.prefix + struct.pack(">Q", len(header) + len(payload)) + header + payload)

    def receive_bytes(self):
        if self.prefix:
            assert self.read(1) == b"\x01"
        size = struct.unpack(">Q", self.read(8))[0]
        frame = self.read(size)
        assert struct.unpack(">I", frame[:4])[0] == 0x80000000 | self.number
        return frame[4:]

    def exchange(self, payload):
        """Sends bytes as a request; answers the response envelope."""
        self.send_bytes(payload)
        response = messages().rpc.Response()
        response.ParseFromString(self.receive_bytes())
        return response

    def call(self, service, method, request=None, timeout_ms=0, metadata=None):
        """Calls a method with a message; answers its output message or raises RpcError."""
        package = {"MigrationService": "migration", "Health": "health", "SqlService": "sql", "Trust": "trust",
                   "ConnectionService": "connection", "BranchService": "branch", "BackupService": "backup"}[service]
        module = getattr(messages(), package)
        descriptor = module.DESCRIPTOR.services_by_name[service].methods_by_name[method]
        envelope = messages().rpc.Request(method=f"/truss.{package}.v1.{service}/{method}", timeout_ms=timeout_ms)
        for key, value in (metadata or {}).items():
            envelope.metadata.add(key=key, value=value)
        envelope.payload = getattr(module, descriptor.input_type.name)(**(request or {})).SerializeToString()
        response = self.exchange(envelope.SerializeToString())
        if response.status.code:
            raise RpcError(response.status)
        reply = getattr(module, descriptor.output_type.name)()
        reply.ParseFromString(response.payload)
        return reply


# ---- HTTP ----

class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Http:
    def __init__(self, address, process=None, program=None):
        self.process = process
        self.program = program
        self.host, port = re.fullmatch(r"http://(.*):(\d+)", address).groups()
        self.port = int(port)

    def request(self, method, path, body=None, headers=None, timeout=2 * PATIENCE):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        sent = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def raw(self, data, timeout=20, half_close=False):
        """Sends bytes as they are; answers all that comes back until the server closes or is silent for a while."""
        with socket.create_connection((self.host, self.port), timeout=timeout) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    received += piece
            return received


# ---- projects ----

class Project:
    """A Prisma project in a temporary directory."""

    def __init__(self, fixture=None, folder="prisma/migrations"):
        self.path = tempfile.mkdtemp(prefix="truss-project-")
        os.chmod(self.path, 0o755)
        self.folder = folder
        if fixture:
            shutil.copytree(os.path.join(FIXTURES, fixture), self.path, dirs_exist_ok=True)
        else:
            os.makedirs(os.path.join(self.path, folder))

    def add(self, name, sql):
        """A migration; sql is text or bytes."""
        directory = os.path.join(os.fsencode(self.path), os.fsencode(self.folder), os.fsencode(name))
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, b"migration.sql"), "wb") as file:
            file.write(sql if isinstance(sql, bytes) else sql.encode())
        return self

    def script(self, name):
        return os.path.join(self.path, self.folder, name, "migration.sql")

    def names(self):
        folder = os.path.join(self.path, self.folder)
        return sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))

    def write(self, path, text):
        whole = os.path.join(self.path, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)
        return whole

    def write_knex(self, tool, *names):
        """Makes it one of Knex, with these migrations, all programs, in its folder; the script stands for Knex's own command."""
        self.write("knexfile.js", f"module.exports = {{ client: 'pg', migrations: {{ directory: './{self.folder}' }} }};\n")
        for name in names:
            self.write(f"{self.folder}/{name}", "exports.up = (knex) => knex.raw('SELECT 1'); exports.down = () => {};\n")
        os.chmod(self.write("node_modules/.bin/knex", tool), 0o755)

    def clear(self):
        """Removes its migrations."""
        shutil.rmtree(os.path.join(self.path, self.folder))
        os.makedirs(os.path.join(self.path, self.folder))

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def without_head(text):
    """What a command prints, without the line that names the target; test_private_worker.py looks at that."""
    return re.sub(r"\A\S+ at \S+:\d+ as \S+( \(PostgreSQL [\d.]+\))?, project [^\n]*\n", "", text)


class Case(unittest.TestCase):
    """A test with a database of its own, and helpers that clean up after themselves."""

    maxDiff = None

    def setUp(self):
        self.cluster = cluster()
        self._database = None  # a test may call this again to begin anew

    @property
    def database(self):
        """The name of this test's database, made when it is first wanted."""
        if self._database is None:
            self._database = self.cluster.create_database()
            self.addCleanup(self.cluster.drop_database, self._database)
        return self._database

    def encoded(self, encoding):
        """This test's database is one of this encoding."""
        self._database = self.cluster.create_database(encoding=encoding)
        self.addCleanup(self.cluster.drop_database, self._database)

    @database.setter
    def database(self, name):
        self._database = name

    def project(self, fixture=None, **options):
        project = Project(fixture, **options)
        self.addCleanup(project.remove)
        return project

    def url(self, **parameters):
        return self.cluster.url(self.database, **parameters)

    def sql(self, text, **options):
        return self.cluster.psql(self.database, with_own_schema(text), **options)

    def socket_url(self):
        """The address of a Unix socket, in a directory of its own."""
        directory = tempfile.mkdtemp(prefix="truss-ipc-")
        self.addCleanup(shutil.rmtree, directory, True)
        return f"ipc://{directory}/worker.sock"

    def hold(self, *statements):
        """A session of somebody else that runs these and then stays; ends with the test."""
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%pg_sleep(60)%'"
        before = int(self.sql(sleeping)[0][0])
        # Its backend ends soon after it, and not when it has slept enough: others wait for its locks.
        ends = ["SET client_connection_check_interval = '50ms'"] if self.cluster.version >= 14 else []
        words = [word for sql in (*ends, *statements, "SELECT pg_sleep(60)") for word in ("-c", with_own_schema(sql))]
        session = subprocess.Popen(["psql", "-Xq", self.url(), *words], stdout=subprocess.DEVNULL)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        wait_for(lambda: int(self.sql(sleeping)[0][0]) > before)

    def talk(self):
        """A session of somebody else: what it is given is run when it returns; ends with the test."""
        session = subprocess.Popen(["psql", "-Xqt", self.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(session.wait)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.stdin.close)
        self.addCleanup(session.kill)

        def say(sql):
            session.stdin.write(f"{sql};\n\\echo said\n")
            session.stdin.flush()
            while session.stdout.readline() not in ("said\n", ""):
                pass
        return say

    def sleepers(self):
        """The backends of this test's database that are in pg_sleep."""
        return self.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")

    def wake_up(self):
        """Cancels them: a test that needs something to last lets it end itself, and looks at no clock."""
        self.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")

    def program(self, name, *arguments, stays=False, **options):
        """stays: it ends with the class."""
        program = Program(name, *arguments, **options)
        (self.addClassCleanup if stays else self.addCleanup)(self._stop, program)
        return program

    @staticmethod
    def _stop(program):
        if not program.process.stderr.closed:
            program.stop()

    def worker(self, project, *arguments, url="own", listen="tcp://127.0.0.1:0", environment=None, **options):
        """A worker on this test's database; url=None gives it none."""
        variables = dict(environment or {})
        if url is not None:
            variables["DATABASE_URL"] = self.url() if url == "own" else url
        if PG_CLIENT:
            variables.setdefault("TRUSS_PG_BIN", PG_CLIENT)
        return self.program("truss-worker", "--listen", listen, "--project", project.path, *arguments,
                            environment=variables, **options).wait_listening()

    def serve(self, *scripts):
        """A project of migrations 1, 2, …, a worker on it, and a connection to that."""
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files)
        return self.rpc(self.process)

    def rpc(self, worker):
        connection = Rpc(worker.address)
        self.addCleanup(connection.close)
        return connection

    def bridge(self, *workers, arguments=(), **options):
        addresses = ",".join(worker if isinstance(worker, str) else worker.address for worker in workers)
        program = self.program("truss-bridge", "--listen", "127.0.0.1:0", "--worker", addresses, *arguments, **options).wait_listening()
        return Http(program.address, program.process, program)

    def truss(self, *arguments, worker=None, environment=None, stdin="", cwd=None, timeout=2 * PATIENCE):
        """Runs the command line to its end."""
        return subprocess.run([os.path.join(BIN, "truss"), *arguments], env=clean_environment(environment, worker), input=stdin,
                              text=True, capture_output=True, cwd=cwd, timeout=timeout, check=False)

    def token(self, scopes, name="one", file=None, **options):
        """Makes a token in a file of this test (.tokens), and answers it."""
        if file is None:
            if not hasattr(self, "tokens"):
                directory = tempfile.mkdtemp(prefix="truss-tokens-")
                self.addCleanup(shutil.rmtree, directory, True)
                self.tokens = os.path.join(directory, "tokens")
            file = self.tokens
        more = [word for key, value in options.items() for word in (f"--{key}", value)]
        result = self.truss("token", "create", "--file", file, "--name", name, "--scope", scopes, "--json", *more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)["token"]

    def needs(self, version, what):
        """The test is skipped on servers before a version of PostgreSQL."""
        if self.cluster.version < version:
            self.skipTest(f"before PostgreSQL {version} there is no {what}")

    def end_session(self, pid):
        """Ends a session at the server and waits until it is gone."""
        self.sql(f"SELECT pg_terminate_backend({pid})")
        wait_for(lambda: self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}") == [("0",)])

    def needs_dump(self):
        """The test is skipped where no pg_dump for the server is installed."""
        installed = max(int(version) for version in os.listdir("/usr/lib/postgresql") if os.path.exists(f"/usr/lib/postgresql/{version}/bin/pg_dump"))
        if not PG_CLIENT and self.cluster.version > installed:
            self.skipTest("no pg_dump of this version is installed")

    def states(self, reply):
        """{name: state} of a GetStatus reply."""
        names = messages().migration.State.Name
        return {one.name: names(one.state).removeprefix("STATE_").lower() for one in reply.migrations}

    def ledger(self, columns="migration_name, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, applied_steps_count",
               table="public._prisma_migrations"):
        return self.sql(f"SELECT {columns} FROM {table} ORDER BY started_at, migration_name")


# A pool gives a session away for so long without a look whether it has ended (FRESH_MS in src/pg/pool.c), and a little more.
POOL_BELIEVES_S = 0.6


class Staying(Case):
    """Tests that share a database and workers, with their folders: to make these costs more than what most tests ask. A test finds nothing
    of the one before: the database is emptied when it is first wanted, and again after each call of begin_anew()."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stayed_in, cls.kept = None, {}

    @Case.database.getter
    def database(self):
        cls = type(self)
        if self._database is None and cls.stayed_in is None:
            self._database = cls.stayed_in = self.cluster.create_database()
            cls.addClassCleanup(self.cluster.drop_database, cls.stayed_in)
        elif self._database is None:
            if not self.cluster.empty(cls.stayed_in) and cls.kept:
                time.sleep(POOL_BELIEVES_S)
            self._database = cls.stayed_in
        return self._database

    def begin_anew(self):
        """For the next scenario of a test."""
        self._database = None
        self.setUp()

    def end_sessions(self, of="datname = current_database()"):
        """Ends those of our programs: the next ones read the settings of the database and of their role anew."""
        there = f"SELECT pid FROM pg_stat_activity WHERE {of} AND application_name <> 'psql'"
        ended = [pid for pid, _ in self.sql(f"SELECT pid, pg_terminate_backend(pid) FROM ({there} OFFSET 0) s")]
        if ended:
            wait_for(lambda: self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid IN ({', '.join(ended)})") == [("0",)])
            time.sleep(POOL_BELIEVES_S)

    def stay(self, *scripts, arguments=(), url=None, fixture=None, environment=None):
        """Is served by the worker of this class that has this URL and these arguments, whose folder has only these migrations then, or
        those of a fixture. Sets what serve() sets, and the connection. The environment is the same in all of a class."""
        url = url or self.url()
        files, process, connection = self.kept.get((url, arguments), (None, None, None))
        if process is None or process.process.poll() is not None:
            files = Project()
            self.addClassCleanup(files.remove)
            process = self.worker(files, *arguments, url=url, stays=True, environment=environment)
            connection = Rpc(process.address)
            self.addClassCleanup(connection.close)
            self.kept[url, arguments] = files, process, connection
        files.clear()
        if fixture:
            shutil.copytree(os.path.join(FIXTURES, fixture), files.path, dirs_exist_ok=True)
        for number, script in enumerate(scripts, 1):
            files.add(str(number), script)
        self.files, self.process, self.connection = files, process, connection
        return connection

    def serve(self, *scripts):
        return self.stay(*scripts)

    def stay_behind_bridge(self):
        """The bridge of the worker that stay() gave last, which stays as long as that."""
        if self.process not in self.kept:
            self.kept[self.process] = self.bridge(self.process, stays=True)
        return self.kept[self.process]


class Hangs(Exception):
    """Raised in a test that takes longer than it may."""


class Result(unittest.TextTestResult):
    """Gives each test a time: one that hangs fails by its name, with the line at which it waits, and the others go on. A class may
    ask for more (`limit`)."""

    def startTest(self, test):
        super().startTest(test)
        seconds = max(LIMIT, getattr(test, "limit", 0))

        def ring(*_):
            faulthandler.dump_traceback(all_threads=True)
            raise Hangs(f"{test.id()} hangs: it was not done within {seconds:.0f} s")
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)


class Runner(unittest.TextTestRunner):
    resultclass = Result


def main():
    unittest.main(verbosity=2, testRunner=Runner)
