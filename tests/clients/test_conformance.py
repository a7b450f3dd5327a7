"""The same questions to a real worker through every generated client, each as a user gets it: installed, packed, built.

Each client has a program, conformance.*, that reads lines and answers lines, so that one suite asks them all:
    call [sql.|connection.|branch.|backup.]METHOD TIMEOUT_MS|- KEY|- [REQUEST]   →  reply MESSAGE | error CODE REASON|- SQLSTATE|- TEXT
    make|reset|golden [REQUEST]                →  event MESSAGE … of a branch, then reply BRANCH | error …
    watch OPERATION                            →  event MESSAGE …, then end | error …
with messages serialized, in hexadecimal.

TRUSS_PEERS_DIR  where Go keeps what it has compiled (default: a cache directory of the user)
"""
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import certificates
import harness
from google.protobuf.descriptor_pb2 import MethodOptions
from harness import Case, messages

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(harness.ROOT, "clients")
PROTO = os.path.join(harness.ROOT, "proto")
# Go's own library, compiled once: half of all that this program would do.
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
GO_CACHE = os.path.join(os.environ.get("TRUSS_PEERS_DIR", os.path.join(CACHE, "truss-peers")), "go-build")


def run(*command, **options):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.stdout}")
    return result.stdout


# Each makes the client in a folder of its own, as a user would, and answers the commands of its conformance program and example.

def python(folder):
    """From a copy of the repository's own layout: the .proto files are found without a variable."""
    source = os.path.join(folder, "clients", "python")
    made = shutil.ignore_patterns("build", "*.egg-info", "backup", "branch", "connection", "health", "migration", "rpc", "sql", "trust")
    shutil.copytree(os.path.join(CLIENTS, "python"), source, ignore=made)
    shutil.copytree(PROTO, os.path.join(folder, "proto"))
    site = os.path.join(folder, "site")
    run("/usr/bin/python3", "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--no-warn-script-location",
        "--root-user-action=ignore", "--target", site, source)
    missing = [name for name in ("py.typed", "aio.py", "migration/v1/migration_pb2.py", "migration/v1/migration_pb2.pyi")
               if not os.path.exists(os.path.join(site, "truss", name))]
    if missing:
        raise AssertionError(f"the wheel has no {missing}")
    start = ["env", f"PYTHONPATH={site}", "/usr/bin/python3", "-W", "ignore", "-B"]
    return [[*start, os.path.join(source, name)] for name in ("conformance.py", "example.py")]


def typescript(folder):
    source = os.path.join(folder, "source")
    shutil.copytree(os.path.join(CLIENTS, "typescript"), source, ignore=shutil.ignore_patterns("node_modules", "dist", "gen"))
    # What runs for seconds and never again is not worth V8's optimizer: a third of the compiler's time.
    plain = os.path.join(folder, "plain")
    os.mkdir(plain)
    with open(os.path.join(plain, "node"), "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec "{shutil.which("node")}" --no-opt "$@"\n')
    os.chmod(file.name, 0o755)
    environment = dict(os.environ, TRUSS_PROTO=PROTO, PATH=plain + os.pathsep + os.environ["PATH"])
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    run(*npm, cwd=source, env=environment)
    run("sh", "build.sh", cwd=source, env=environment)
    run("npm", "pack", "--silent", "--pack-destination", folder, cwd=source)
    user = os.path.join(folder, "user")
    os.mkdir(user)
    with open(os.path.join(user, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"private": true}')
    run(*npm, os.path.join(folder, "truss-client-0.1.0.tgz"), cwd=user, env=environment)
    for path in (os.path.join(source, "conformance.mjs"), os.path.join(source, "example.mjs"), os.path.join(HERE, "native.mjs")):
        shutil.copy(path, user)
    return [["node", os.path.join(user, name)] for name in ("conformance.mjs", "example.mjs")]


def go(folder):
    source = os.path.join(folder, "src", "truss")
    shutil.copytree(os.path.join(CLIENTS, "go"), source)
    environment = dict(os.environ, TRUSS_PROTO=PROTO, GO111MODULE="off", GOPATH=f"{folder}:/usr/share/gocode", GOFLAGS="",
                       GOCACHE=GO_CACHE)
    run("sh", "build.sh", cwd=source, env=environment)
    shutil.copytree(os.path.join(HERE, "native"), os.path.join(source, "native"))
    run("go", "vet", "./...", cwd=source, env=environment)
    programs = []
    for name in ("conformance", "example", "native"):
        programs.append([os.path.join(folder, name)])
        run("go", "build", "-o", programs[-1][0], f"./{name}", cwd=source, env=environment)
    return programs[:2]


def c(folder):
    prefix = os.path.join(folder, "prefix")
    run("cmake", "--install", os.path.dirname(harness.BIN), "--prefix", prefix)
    flags = run("pkg-config", "--cflags", "--libs", "truss", env=dict(os.environ, PKG_CONFIG_PATH=os.path.join(prefix, "lib", "pkgconfig")))
    programs = []
    for name in ("conformance", "example"):
        programs.append([os.path.join(folder, name)])
        run("cc", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", os.path.join(CLIENTS, "c", f"{name}.c"), "-o", programs[-1][0],
            *flags.split(), f"-Wl,-rpath,{prefix}/lib")
    return programs


class Speaker:
    """A client's program."""

    def __init__(self, command, address):
        self.process = subprocess.Popen([*command, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the client ended with {self.process.wait(60)}")
        return line.rstrip("\n").split(" ", 1)

    def call(self, method, timeout_ms="-", key="-", **fields):
        package, _, name = method.rpartition(".")
        module = getattr(messages(), package or "migration")
        service = {"": "MigrationService", "sql": "SqlService", "connection": "ConnectionService", "branch": "BranchService",
                   "backup": "BackupService"}[package]
        descriptor = module.DESCRIPTOR.services_by_name[service].methods_by_name[name]
        request = getattr(module, descriptor.input_type.name)(**fields)
        self.say(f"call {method} {timeout_ms} {key} {request.SerializeToString().hex()}".rstrip())
        verb, rest = self.hear()
        if verb == "error":
            code, reason, sqlstate, text = rest.split(" ", 3)
            return {"code": code, "reason": reason, "sqlstate": sqlstate, "text": text}
        return getattr(module, descriptor.output_type.name).FromString(bytes.fromhex(rest))

    def watch(self, operation):
        self.say(f"watch {operation}")
        events = []
        while True:
            verb, *rest = self.hear()
            if verb == "end":
                return events
            if verb == "error":
                return rest[0]
            events.append(messages().migration.Event.FromString(bytes.fromhex(rest[0])))

    def make(self, verb="make", **fields):
        """The phases of a branch's making, and the branch or its error."""
        branch = messages().branch
        message = {"make": branch.CreateBranchRequest, "reset": branch.ResetBranchRequest, "golden": branch.RefreshGoldenRequest}[verb]
        self.say(f"{verb} {message(**fields).SerializeToString().hex()}".rstrip())
        phases = []
        while True:
            verb, rest = self.hear()
            if verb == "event":
                phases.append(branch.BranchEvent.FromString(bytes.fromhex(rest)).phase)
            else:
                return phases, rest if verb == "error" else branch.Branch.FromString(bytes.fromhex(rest))

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Eater:
    """What greets as a worker does, takes a request, and is gone."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.eaten = 0
        threading.Thread(target=self.eat, daemon=True).start()

    def eat(self):
        with contextlib.suppress(OSError):
            while True:
                with self.listener.accept()[0] as guest:
                    guest.sendall(b"\0SP\0\0\x31\0\0")
                    if len(guest.recv(8, socket.MSG_WAITALL)) == 8 and len(guest.recv(9, socket.MSG_WAITALL)) == 9:
                        self.eaten += 1

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Liar:
    """What greets as a worker does, and sends to each request the bytes that are made of its number; then it is silent, or gone."""

    def __init__(self, answer, stays=False, greeting=b"\0SP\0\0\x31\0\0"):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer, self.stays, self.greeting, self.guests = answer, stays, greeting, []
        threading.Thread(target=self.meet, daemon=True).start()

    def meet(self):
        with contextlib.suppress(OSError):
            while True:
                self.guests.append(self.listener.accept()[0])
                threading.Thread(target=self.serve, args=(self.guests[-1],), daemon=True).start()

    def serve(self, guest):
        with contextlib.suppress(OSError, struct.error):
            guest.sendall(self.greeting)
            guest.recv(8, socket.MSG_WAITALL)
            while True:
                size = struct.unpack(">Q", guest.recv(8, socket.MSG_WAITALL))[0]
                guest.sendall(self.answer(guest.recv(size, socket.MSG_WAITALL)[:4]))
                if not self.stays:
                    return guest.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for guest in self.guests:
            guest.close()


def frame(number, envelope):
    return struct.pack(">Q", 4 + len(envelope)) + number + envelope


class Conformance:
    """What every client must do."""

    make = None
    sent = 2  # times: what reads, where its connection is lost behind it

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="truss-client-")
        cls.conformance, cls.example = cls.make(cls.folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def speaker(self, address):
        speaker = Speaker(self.conformance, address)
        self.addCleanup(speaker.close)
        return speaker

    def start(self, *scripts, **options):
        files = self.project("prisma-blog") if not scripts else self.project()
        for number, script in enumerate(scripts, 1):
            files.add(f"{number:03}_step", script)
        return self.worker(files, **options)

    def test_a_call_answers(self):
        for listen in ("tcp://127.0.0.1:0", self.socket_url()):
            status = self.speaker(self.start(listen=listen).address).call("GetStatus")
            self.assertEqual((status.framework, status.summary.pending), ("Prisma", 4))

    def test_an_error_has_its_code_and_its_words(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        self.assertEqual(speaker.call("Preview", name="nonsense")["code"], "NOT_FOUND")
        self.assertEqual(speaker.call("Run", plan_hash="another")["reason"], "PLAN_CHANGED")
        self.assertEqual(speaker.call("Run", migrations=["1"], target="1")["code"], "INVALID_ARGUMENT")
        self.assertEqual(speaker.call("GetStatus").summary.pending, 1)

    def test_a_query_answers_and_is_refused(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        reply = speaker.call("sql.Query", sql="SELECT 1 AS a, '9007199254740993'::int8 AS b")
        self.assertEqual((list(reply.columns), [row.text for row in reply.rows]), (["a", "b"], ['{"a":1,"b":"9007199254740993"}']))
        refused = speaker.call("sql.Query", sql="DELETE FROM t")
        self.assertEqual((refused["code"], refused["reason"]), ("INVALID_ARGUMENT", "KIND"))
        self.assertEqual(speaker.call("sql.Explain", sql="SELECT 1").nodes[0].node_type, "Result")
        self.assertEqual(list(speaker.call("sql.ListTables").tables), [])

    def test_an_export_comes_piece_by_piece(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        piece = speaker.call("sql.Export", sql="SELECT g, repeat('x', 100) AS x FROM generate_series(1, 20000) g", format="csv")
        data = piece.data
        while not piece.last:
            piece = speaker.call("sql.ReadExport", export_id=piece.export_id)
            data += piece.data
        self.assertEqual(data.count(b"\n"), 20001)

    def test_the_connection_is_told_and_its_password_masked(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        told = speaker.call("connection.GetConnection")
        self.assertEqual((told.database, told.revealed, ":****@" in told.connection_string), (self.database, False, True))
        self.assertIn(harness.PASSWORD_ENCODED, speaker.call("connection.RevealConnection").connection_string)

    def test_a_branch_is_made_told_and_dropped(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        branch = speaker.call("branch.CreateBranch", label="of a client", ttl_hours=1)
        self.assertEqual((branch.status, branch.parent_db, branch.ttl_hours), ("active", self.database, 1))
        self.assertEqual([one.branch_db for one in speaker.call("branch.ListBranches").branches], [branch.branch_db])
        told = speaker.call("branch.GetBranchConnection", id=str(branch.id)).connection_string
        self.assertTrue(told.endswith("/" + branch.branch_db), told)
        self.assertTrue(speaker.call("branch.ProtectBranch", id=str(branch.id)).protected)
        self.assertEqual(speaker.call("branch.DeleteBranch", id=str(branch.id))["reason"], "PROTECTED")
        self.assertFalse(speaker.call("branch.UpdateBranch", id=str(branch.id), protected=False).protected)
        self.assertTrue(speaker.call("branch.DeleteBranch", id=str(branch.id)).ok)
        self.assertEqual(speaker.call("branch.GetBranch", id=str(branch.id))["code"], "NOT_FOUND")

    def test_a_branch_is_begun_waited_for_and_cancelled(self):
        speaker = self.speaker(self.start("SELECT 1;").address)
        phases, branch = speaker.make(label="followed", source="dump")
        self.assertEqual((branch.status, branch.label, phases[-3:]), ("active", "followed", ["dumping", "restoring", "finishing"]))
        self.assertIn("INVALID_ARGUMENT", speaker.make(on_busy="perhaps")[1])
        self.sql("CREATE TABLE t (a int)")
        self.hold("BEGIN", "LOCK TABLE t")
        begun = speaker.call("branch.StartBranch", source="dump")
        self.assertTrue(speaker.call("branch.CancelBranch", id=str(begun.id)).cancelled)
        waited = speaker.call("branch.WaitBranch", id=str(begun.id), wait_ms=0)
        while not waited.done:
            waited = speaker.call("branch.WaitBranch", id=str(begun.id), after_event=99, wait_ms=5000)
        self.assertEqual((waited.error.code, waited.branch.status), (1, "failed"))
        self.assertTrue(speaker.call("branch.DeleteBranch", id=str(branch.id)).ok)

    def test_a_branch_and_the_golden_copy_are_made_anew_and_waited_for(self):
        self.sql("CREATE TABLE kept (a int)")
        speaker = self.speaker(self.start("SELECT 1;").address)
        phases, golden = speaker.make("golden", source="schema")
        self.assertEqual((golden.status, golden.kind, phases[-1]), ("active", "golden", "finishing"))
        _, branch = speaker.make(label="kept", source="dump")
        self.cluster.psql(branch.branch_db, "DROP TABLE kept")
        phases, again = speaker.make("reset", id=str(branch.id))
        self.assertEqual((again.status, again.id, again.branch_db, phases[-1]), ("active", branch.id, branch.branch_db, "finishing"))
        self.assertEqual(self.cluster.psql(branch.branch_db, "SELECT to_regclass('kept') IS NOT NULL"), [("t",)])
        self.assertIn("NOT_FOUND", speaker.make("reset", id="987654")[1])
        for one in (branch, golden):
            self.assertTrue(speaker.call("branch.DeleteBranch", id=str(one.id)).ok)

    def test_backups_are_made_and_listed(self):
        folder = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(shutil.rmtree, folder, True)
        speaker = self.speaker(self.worker(self.project("prisma-blog"), "--backups", folder).address)
        begun = speaker.call("backup.CreateBackup", label="one")
        harness.wait_for(lambda: speaker.call("backup.GetBackup", id=str(begun.backup.id)).status == "completed")
        self.assertEqual([one.label for one in speaker.call("backup.ListBackups").backups], ["one"])
        self.assertTrue(speaker.call("backup.UpdateSchedule", enabled=True, hour=0).enabled)
        self.assertEqual(speaker.call("backup.RestoreToPoint", target_time="now")["code"], "UNIMPLEMENTED")
        self.assertTrue(speaker.call("backup.DeleteBackup", id=str(begun.backup.id)).ok)

    def test_a_run_is_watched_to_its_end(self):
        speaker = self.speaker(self.start("CREATE TABLE a (i INT);", "SELECT pg_sleep(0.5);").address)
        operation = speaker.call("StartRun")
        kinds = [messages().migration.EventKind.Name(event.kind) for event in speaker.watch(operation.id)]
        self.assertEqual((kinds[0], kinds[-1], kinds.count("EVENT_KIND_MIGRATION_DONE")),
                         ("EVENT_KIND_RUN_STARTED", "EVENT_KIND_RUN_DONE", 2))
        self.assertTrue(speaker.call("GetOperation", id=operation.id).result.ok)
        self.assertIn("NOT_FOUND", speaker.watch("00000000-0000-4000-8000-000000000000"))

    def test_a_key_runs_once(self):
        speaker = self.speaker(self.start("CREATE TABLE a (i INT);").address)
        first, again = (speaker.call("Run", key="once") for _ in range(2))
        self.assertEqual((len(first.applied), again), (1, first))
        self.assertEqual(speaker.call("Run", key="once", dry_run=False, target="001_step")["reason"], "IDEMPOTENCY_KEY_REUSED")

    def test_a_deadline_ends_the_call_and_the_run(self):
        speaker = self.speaker(self.start("SELECT pg_sleep(30);").address)
        answer = speaker.call("Run", timeout_ms=700)
        self.assertTrue(answer["code"] == "DEADLINE_EXCEEDED" if isinstance(answer, dict) else not answer.ok, answer)
        self.assertEqual(speaker.call("GetStatus").summary.pending, 1)
        harness.wait_for(lambda: self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' "
                                          "AND pid <> pg_backend_pid()") == [("0",)])

    def test_the_token_of_the_environment_is_sent(self):
        token = self.token("read")
        self.files = self.project("prisma-blog")
        worker = self.worker(self.files, "--tokens", self.tokens)
        nobody = self.speaker(worker.address)
        self.assertEqual(nobody.call("GetStatus")["code"], "UNAUTHENTICATED")
        os.environ["TRUSS_TOKEN"] = token
        self.addCleanup(os.environ.pop, "TRUSS_TOKEN", None)
        known = self.speaker(worker.address)
        self.assertEqual(known.call("GetStatus").summary.pending, 4)
        self.assertEqual(known.call("Plan")["code"], "PERMISSION_DENIED")

    def test_a_worker_by_tls_is_checked_and_may_check(self):
        folder = tempfile.mkdtemp(prefix="truss-tls-")
        self.addCleanup(shutil.rmtree, folder, True)
        certificates.make(folder)
        at = lambda name: os.path.join(folder, name)
        served = ("--tls-cert", at("server.pem"), "--tls-key", at("server.key"), "--tls-client-ca", at("one.pem"))
        worker = self.worker(self.project("prisma-blog"), *served, listen="tls+tcp://127.0.0.1:0")
        for ca, who, answer in (("one", "client", 4), ("two", "client", "UNAVAILABLE"), ("one", "stranger", "UNAVAILABLE"), ("one", None, "UNAVAILABLE"),
                                (None, "client", "UNAVAILABLE")):
            variables = {"TRUSS_WORKER_CA": ca and at(f"{ca}.pem"), "TRUSS_WORKER_CERT": who and at(f"{who}.pem"), "TRUSS_WORKER_KEY": who and at(f"{who}.key")}
            with unittest.mock.patch.dict(os.environ, {name: value for name, value in variables.items() if value}):
                told = self.speaker(worker.address).call("GetStatus", timeout_ms=10000)
            self.assertEqual(told["code"] if isinstance(told, dict) else told.summary.pending, answer, (ca, who, told))

    def test_a_large_answer_arrives_whole(self):
        text = "-- " + "x" * 4_000_000 + "\nSELECT 1;"
        self.assertEqual(self.speaker(self.start(text).address).call("Preview", name="001_step").content, text)

    def test_a_worker_that_comes_back_is_found_again(self):
        files = self.project("prisma-blog")
        worker = self.worker(files)
        speaker = self.speaker(worker.address)
        self.assertEqual(speaker.call("GetStatus").summary.pending, 4)
        worker.kill()
        self.assertEqual(speaker.call("GetStatus", timeout_ms=3000)["code"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), True)
        self.worker(files, listen=worker.address)
        self.assertEqual(speaker.call("GetStatus").summary.pending, 4)

    def test_a_run_whose_worker_dies_is_not_sent_again(self):
        files = self.project()
        files.add("001_step", "CREATE TABLE once (i INT); SELECT pg_sleep(2);")
        worker = self.worker(files)
        speaker = self.speaker(worker.address)
        killer = threading.Timer(0.7, worker.kill)
        killer.start()
        answer = speaker.call("Run", timeout_ms=20000)
        killer.join()
        self.assertEqual(answer["code"], "UNAVAILABLE")

    def test_what_reads_is_sent_again_once_and_what_changes_something_never(self):
        for method, times in (("GetStatus", self.sent), ("sql.Cancel", self.sent), ("Run", 1), ("branch.DeleteBranch", 1)):
            eater = Eater()
            self.addCleanup(eater.close)
            speaker = self.speaker(eater.address)
            self.assertEqual((speaker.call(method, timeout_ms=5000)["code"], eater.eaten), ("UNAVAILABLE", times), method)

    def test_a_worker_that_says_nothing_is_a_deadline_exceeded_each_time(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        guests = []

        def greet():
            with contextlib.suppress(OSError):
                while True:
                    guests.append(listener.accept()[0])
                    guests[-1].sendall(b"\0SP\0\0\x31\0\0")
        threading.Thread(target=greet, daemon=True).start()
        speaker = self.speaker(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        self.assertEqual(speaker.call("GetStatus", timeout_ms=1000)["code"], "DEADLINE_EXCEEDED")  # it is connected then
        codes = [speaker.call("GetStatus", timeout_ms=40)["code"] for _ in range(30)]
        self.assertEqual(codes, ["DEADLINE_EXCEEDED"] * 30)
        for guest in guests:
            guest.close()

    def liar(self, answer, **options):
        liar = Liar(answer, **options)
        self.addCleanup(liar.close)
        return self.speaker(liar.address)

    def test_an_answer_that_is_none_is_an_error_with_a_code(self):
        field = lambda number, data: bytes([number << 3 | 2, len(data)]) + data  # of up to 127 bytes
        for name, code, answer, options in (
                ("no envelope", "INTERNAL", lambda number: frame(number, b"\xff" * 20), {}),
                ("no message in it", "INTERNAL", lambda number: frame(number, field(2, b"\x0a\xff\xff")), {}),
                ("no UTF-8", "INTERNAL", lambda number: frame(number, field(2, field(1, b"\xc3\x28"))), {}),
                ("a code of later", "99", lambda number: frame(number, field(1, b"\x08\x63" + field(2, b"later"))), {}),
                ("more than there may be", "UNAVAILABLE", lambda number: struct.pack(">Q", 1 << 62) + number, {"stays": True}),
                ("less than a number", "UNAVAILABLE", lambda number: struct.pack(">Q", 2) + number, {"stays": True}),
                ("half of it", "UNAVAILABLE", lambda number: frame(number, b"x" * 1000)[:500], {}),
                ("half of it, and silence", "DEADLINE_EXCEEDED", lambda number: frame(number, b"x" * 1000)[:500], {"stays": True}),
                ("that of another request", "DEADLINE_EXCEEDED", lambda number: frame(b"\xff\xff\xff\xff", b""), {"stays": True}),
                ("another protocol", "UNAVAILABLE", lambda number: b"", {"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"})):
            told = self.liar(answer, **options).call("GetStatus", timeout_ms=1500 if code == "DEADLINE_EXCEEDED" else 10000)
            self.assertIn(told["code"].replace("CODE_", ""), (code, "UNKNOWN") if code == "99" else (code,), (name, told))

    def test_an_answer_with_values_and_fields_of_later_is_read(self):
        status = messages().migration.GetStatusResponse(framework="later")
        later = status.SerializeToString() + b"\xfa\x7f\x03new"  # the field 2047
        lone = lambda number: frame(b"\xff\xff\xff\xff", b"") + frame(number, b"\x12" + bytes([len(later)]) + later)  # behind a late one
        speaker = self.liar(lone, stays=True)
        self.assertEqual({speaker.call("GetStatus", timeout_ms=10000).framework for _ in range(300)}, {"later"})

    def test_the_example_prints_what_it_says(self):
        files = self.project("prisma-blog")
        shown = subprocess.run([*self.example, self.worker(files).address], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((shown.returncode, shown.stdout.splitlines()), (0, [f"STATE_PENDING {name}" for name in files.names()]), shown.stderr)
        lost = subprocess.run([*self.example, "tcp://127.0.0.1:1"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((lost.returncode, lost.stderr.split(":")[0]), (1, "UNAVAILABLE"))
        self.assertEqual(subprocess.run([*self.example, "nonsense"], capture_output=True, timeout=60, check=False).returncode, 2)


class SentAgain(unittest.TestCase):
    """A request that was lost on its way may have been carried out: what changes something is not sent again."""

    CHANGES = {"Run", "StartRun", "Create", "MarkApplied", "MarkRolledBack", "Baseline", "CancelOperation", "Approve", "RevokeApproval", "Export",
               "ReadExport", "CreateBranch", "DeleteBranch", "UpdateBranch", "ResetBranch", "ProtectBranch", "RefreshGolden", "StartBranch",
               "StartReset", "StartGolden", "RehearseBranch", "CancelBranch", "CreateBackup", "DeleteBackup", "VerifyBackup", "RestoreBackup",
               "RestoreToPoint", "UpdateWalConfig", "UpdateSchedule", "DownloadBackup", "ReadDownload"}

    def test_the_proto_tells_what_changes_something(self):
        loaded = messages()
        methods = [method for name in ("migration", "health", "sql", "trust", "connection", "branch", "backup")
                   for service in getattr(loaded, name).DESCRIPTOR.services_by_name.values() for method in service.methods]
        self.assertEqual({method.name for method in methods if method.GetOptions().idempotency_level == MethodOptions.IDEMPOTENCY_UNKNOWN}, self.CHANGES)


class Python(Conformance, Case):
    make = staticmethod(python)


class Native(Conformance):
    """And what users of the language expect of it: the folder has one more program."""

    native = None
    lines = ()

    def test_it_feels_native(self):
        worker = self.start("CREATE TABLE a (id int);", "SELECT 1/0;", "SELECT pg_sleep(60);")
        command = [word.replace("FOLDER", self.folder) for word in self.native]
        shown = subprocess.run([*command, worker.address], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((shown.returncode, shown.stdout.splitlines()), (0, list(self.lines)), shown.stderr)
        self.assertEqual(self.sleepers(), [])


class TypeScript(Native, Case):
    make = staticmethod(typescript)
    native = ("node", "FOLDER/user/native.mjs")
    lines = ("applied 1 true", "failed true division by zero", "aborted true true", "not begun true", "patient true", "long true", "disposed")


class Go(Native, Case):
    make = staticmethod(go)
    native = ("FOLDER/native",)
    lines = ("applied 1 true <nil>", "events 2", "failed true 22012", "cancelled true true", "late true true", "sentinel true false false", "reason true false")


class C(Conformance, Case):
    make = staticmethod(c)
    sent = 1  # its caller decides


if __name__ == "__main__":
    harness.main()
