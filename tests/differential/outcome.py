"""What came of a scenario: under its own framework (the judge), and through truss-worker."""
import atexit
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import harness
from frameworks import FRAMEWORKS, ClientError, LedgerError, Session, content
from wire import ServerError

# Who ends the statement that waits, while the worker lives.
ENDED = {"terminate": "pg_terminate_backend", "cancel": "pg_cancel_backend"}
TRANSACTION_KINDS = ("begin", "end ", "lone ")


@dataclass
class Outcome:
    """result: ok; failed (by the server); ledger (the framework's own statement failed); client (the framework gave up); open (a transaction
    was left open, and so undone); refused (nothing ran); unknown (stopped by the guard of an interrupted run)."""
    result: str
    sqlstate: str = ""
    message: str = ""
    file: int = 0  # the number of the one that failed
    partial: bool = False
    state: dict = field(default_factory=dict)
    ledger: list = field(default_factory=list)  # rows that say "applied"
    before: list = field(default_factory=list)  # the same before the file that failed
    notifications: list = field(default_factory=list)
    database: str = ""
    foreseen: list = field(default_factory=list)  # why a plan said that the run would fail

    def __str__(self):
        words = [self.result, self.sqlstate, f"in file {self.file}" if self.file else "", "partially applied" if self.partial else ""]
        return " ".join(word for word in words if word) + (f": {self.message}" if self.message else "")


class Bench:
    """Runs scenarios on a world, and clears up behind them."""

    def __init__(self, world):
        self.world = world
        self.databases = []

    def database(self, scenario):
        name = self.world.create()
        self.databases.append(name)
        for setting in scenario.settings:
            who = f"ROLE {scenario.user} IN DATABASE" if setting.startswith("role") else "DATABASE"
            self.world.admin.simple(f"GRANT CREATE ON DATABASE {name} TO app_owner")
            self.world.admin.simple(f"ALTER {who} {name} SET {setting}")
        if scenario.ledger_exists:
            self.make_ledger(scenario, name)
        return name

    def make_ledger(self, scenario, database):
        framework = FRAMEWORKS[scenario.framework]
        with self.world.connect(database, scenario.user) as wire:
            if wire.rows(f"SELECT to_regclass('{framework.table()}') IS NULL") == [("t",)]:
                wire.simple("SET default_transaction_read_only = off")
                wire.simple(framework.setup())

    def clear(self):
        for name in self.databases:
            self.world.drop(name)
        self.databases = []

    def applied(self, scenario, database):
        with self.world.connect(database) as wire:
            return self.applied_by(wire, scenario)

    @staticmethod
    def applied_by(wire, scenario):
        framework = FRAMEWORKS[scenario.framework]
        if wire.rows(f"SELECT to_regclass('{framework.table()}') IS NULL") == [("t",)]:
            return []
        return sorted(map(repr, wire.rows(f"SELECT {framework.rows} FROM {framework.table()} WHERE {framework.applied}")))

    def look(self, scenario, outcome, listener):
        """Fills in what a database has become."""
        with self.world.connect(outcome.database) as wire:
            prepared = self.world.roll_back_prepared(wire)
            outcome.ledger = self.applied_by(wire, scenario)
            outcome.state = self.world.snapshot_by(wire, FRAMEWORKS[scenario.framework].ledger)
        outcome.state["prepared transactions"] = prepared
        listener.simple("")
        outcome.notifications = sorted(listener.notifications)
        listener.close()
        return outcome

    def listen(self, database):
        listener = self.world.connect(database)
        listener.simple("LISTEN ch; LISTEN ch2")
        return listener

    # ---- as the framework sends it ----

    def judge(self, scenario, ways=None, upto=None):
        """ways: {file: way} for those that are not sent as they are. no mark: without the byte order mark; clean: the framework's own statements are not reached
        by the script's settings; ideal: besides, what cannot share a transaction is replaced. upto: (file, count): only so many statements
        of that file, sent the ideal way and not recorded."""
        database = self.database(scenario)
        listener = self.listen(database)
        self.make_ledger(scenario, database)
        outcome = Outcome("ok", database=database)
        for file in scenario.files:
            if upto and file.number > upto[0]:
                break
            outcome.before = self.applied(scenario, database)
            is_last = bool(upto) and file.number == upto[0]
            one = replace(file, statements=file.statements[:upto[1]]) if is_last else file
            way = "ideal" if is_last else (ways or {}).get(file.number, "")
            if not self._send(scenario, database, one, outcome, way, not is_last):
                outcome.file = file.number
                if outcome.result != "client" or self.applied(scenario, database) == outcome.before:
                    break
                # The driver complained, but all is done and recorded: the next invocation goes on with the next file.
                outcome.result = "ok"
        if outcome.result == "ok":
            outcome.file, outcome.message = 0, ""
        return self.look(scenario, outcome, listener)

    def _send(self, scenario, database, file, outcome, way, record):
        framework = FRAMEWORKS[scenario.framework]
        session = Session(lambda: self.world.connect(database, scenario.user), way in ("clean", "ideal") or not record)
        own = any(one.kind == "lone begin" for one in file.statements)
        try:
            if way:
                file = replace(file, bom=False, written=file.on_disk())
            if way == "ideal":
                for at, one in enumerate(file.statements):
                    if one.before and not is_undone(file.statements, at):
                        ignore(session.wire, one.before)
                file = idealised(file, framework.is_alone if framework.cuts else lambda text: False, framework.by_statement)
            bare = not framework.wraps or file.no_transaction and not framework.by_statement
            wrap = way == "ideal" and bare and not own
            if wrap and framework.cuts:
                session.wrap, wrap = True, False
            if wrap:
                session.wire.simple(framework.session)
                session.wire.simple("BEGIN")
            framework.run(session, file)
            if wrap:
                session.wire.simple("COMMIT")
            if session.wire.status == "T":
                outcome.result = "open"
        except ServerError as error:
            outcome.result, outcome.sqlstate, outcome.message = "failed", error.sqlstate, error.message
        except LedgerError as error:
            outcome.result, outcome.sqlstate, outcome.message = "ledger", error.sqlstate, str(error)
        except ClientError as error:
            outcome.result, outcome.message = "client before" if error.before else "client", str(error)
        finally:
            session.finish()
        if outcome.result in ("ok", "client") and record:
            session.write_later()
        return outcome.result == "ok"

    # ---- through Truss ----

    def truss(self, scenario):
        database = self.database(scenario)
        listener = self.listen(database)
        project = write_project(scenario)
        try:
            outcome = self._disturbed(scenario, database, project) if scenario.disturbance else None
            if outcome is None:
                with Worker(self.world.url(database, scenario.user), project) as worker:
                    outcome = worker.run(scenario)
        finally:
            shutil.rmtree(project, ignore_errors=True)
        outcome.database = database
        self._wait_alone(database, listener)
        if outcome.result != "ok":
            self.make_ledger(scenario, database)
        return self.look(scenario, outcome, listener)

    def _wait_alone(self, database, listener):
        """Waits until no other backend is in the database."""
        end = time.monotonic() + 20
        while listener.rows(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid() AND "
                            "backend_type = 'client backend'") != [("0",)]:
            if time.monotonic() > end:
                raise AssertionError("a backend of a dead worker lives on")
            time.sleep(0.003)

    def _disturbed(self, scenario, database, project):
        """A run that does not go through; None where there is another to come. The hook is then no longer armed."""
        with self.world.connect(database) as wire:
            wire.simple("SET default_transaction_read_only = off")
            wire.simple(f"INSERT INTO shop.disturbance VALUES ('{'fail' if scenario.disturbance == 'fail' else 'wait'}')")
            if scenario.disturbance == "fail":
                with Worker(self.world.url(database, scenario.user), project) as worker:
                    outcome = worker.run(scenario)
            else:
                outcome = self._killed(scenario, database, project, wire)
            wire.simple("DELETE FROM shop.disturbance")
        again = outcome is None or outcome.result == "failed" and outcome.sqlstate == "ZZ001" or scenario.disturbance in ENDED and outcome.result != "ok"
        return None if again else outcome

    def _killed(self, scenario, database, project, wire):
        wire.simple("SELECT pg_advisory_lock(990, 990)")
        with Worker(self.world.url(database, scenario.user), project) as worker:
            answers = []
            thread = threading.Thread(target=lambda: answers.append(worker.run(scenario)))
            thread.start()
            waiting = ("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 990 AND NOT granted AND database = "
                       "(SELECT oid FROM pg_database WHERE datname = current_database())")
            while thread.is_alive() and not wire.rows(waiting):
                time.sleep(0.003)
            if not thread.is_alive():
                wire.simple("SELECT pg_advisory_unlock(990, 990)")
                return answers[0]
            pid = wire.rows(waiting)[0][0]
            if scenario.disturbance in ENDED:
                wire.simple(f"SELECT {ENDED[scenario.disturbance]}({pid})")
                thread.join()
                wire.simple("SELECT pg_advisory_unlock(990, 990)")
                return answers[0]
            worker.kill()
            thread.join()
        if scenario.disturbance == "kill both":
            wire.simple(f"SELECT pg_terminate_backend({pid}, 5000)")
        wire.simple("SELECT pg_advisory_unlock(990, 990)")
        with self.world.connect(database) as other:
            end = time.monotonic() + 20
            while other.rows(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}") and time.monotonic() < end:
                time.sleep(0.003)
        return None


def comes_to_sessions(scenario):
    """Does a script set what sessions to come begin with? Their search_path may lead to another tracking table: its tool applies all again."""
    return any(one.kind == "settings to come" for file in scenario.files for one in file.statements)


def ignore(wire, sql):
    try:
        wire.simple(sql)
    except ServerError:
        pass


def is_undone(statements, at):
    """Does the script itself roll back the transaction that this statement is in, or rename before what its place is told by?"""
    if "'sad'" in statements[at].before and any(one.kind == "rename value" for one in statements[:at]):
        return True
    ends = (one.text.upper() for one in statements[at + 1:] if one.kind.startswith(("end ", "lone ")) and one.kind != "lone begin")
    return next(ends, "").startswith(("ROLLBACK", "ABORT"))


def without_later_values(statements, at):
    """A text of all values of the enum: those that were committed before the file, and that it adds behind this statement, are not there yet."""
    added = [re.search(r"(?:val|mood)\d+(?: ''x'')?", one.before) for one in statements[at + 1:] if one.before]
    later = ", ".join(f"'{value.group()}'" for value in added if value)
    return statements[at].text.replace("(enum_range(NULL::shop.mood))::text", "(SELECT array_agg(v ORDER BY v) FROM unnest(enum_range(NULL::shop.mood)) AS v "
                                       f"WHERE v::text <> ALL (ARRAY[{later}]::text[]))::text")


def in_place_of(statements, at, stays, each):
    """What stands in the place of a statement in the ideal script; each: its tool sends each by itself, in no transaction."""
    one = statements[at]
    behind_cut = at > 0 and statements[at - 1].ideal is not None and not stays(statements[at - 1].text)
    if behind_cut and not each and one.text.startswith(("SET TRANSACTION", "BEGIN ISOLATION", "START TRANSACTION ISOLATION")):
        return ("COMMIT", "BEGIN", one.text)
    if one.kind == "use value unnamed":
        return (without_later_values(statements, at),)
    if one.ideal is None or stays(one.text) or one.before and is_undone(statements, at):
        return (one.text,)
    return (one.ideal,) if isinstance(one.ideal, str) else one.ideal


def idealised(file, stays, by_statement=False):
    """stays: whether a statement is left as it is, because the framework sends it alone. by_statement: where the file has no transaction, each is."""
    statements = []
    for at, one in enumerate(file.statements):
        parts = [part for part in in_place_of(file.statements, at, stays, by_statement and file.no_transaction) if part]
        statements += [replace(one, text=part, tail=";\n" if i + 1 < len(parts) else one.tail) for i, part in enumerate(parts)]
    before = idealised(file.before, stays, by_statement) if file.before else None
    return replace(file, statements=statements, bom=False, before=before, written=file.on_disk())


def write_project(scenario):
    framework = FRAMEWORKS[scenario.framework]
    project = tempfile.mkdtemp(prefix="truss-differential-")
    files = {framework.path(file.number): content(framework, file) for file in scenario.files}
    for path, text in {**framework.config(scenario.files), **files}.items():
        whole = os.path.join(project, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as out:
            out.write(text.encode())
    return project


class Worker:
    """A truss-worker for one database and one project."""

    def __init__(self, url, project):
        self.program = harness.Program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", project, environment={"DATABASE_URL": url})
        self.program.wait_listening()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.program.process.stderr.closed:
            if harness.SANITIZED:
                self.program.stop()
            else:
                self.program.kill()
        atexit.unregister(self.program.process.kill)

    def kill(self):
        self.program.kill()

    def run(self, scenario):
        framework = FRAMEWORKS[scenario.framework]
        foreseen = []
        try:
            with harness.Rpc(self.program.address) as rpc:
                foreseen = [] if scenario.disturbance else self.foresee(rpc, framework)
                reply = rpc.call("MigrationService", "Run", {"framework": framework.id})
        except harness.RpcError as error:
            return Outcome("refused" if error.code in (3, 5, 9) else f"rpc error {error.code}", message=error.status.message)
        except (OSError, AssertionError) as error:
            return Outcome("crashed", message=f"{error!r} {self.program.text()[-1500:]}")
        if reply.ok:
            twice = None if comes_to_sessions(scenario) else self.again(framework)
            if twice:
                return Outcome("crashed", message=twice)
            return Outcome("ok", message=" ".join(reply.warnings), foreseen=foreseen)
        failed = reply.failed
        number = next((file.number for file in scenario.files if name_is(framework, file, failed.name)), 0)
        result = "failed" if failed.sqlstate else "stopped"
        return Outcome(result, failed.sqlstate, f"{failed.error} [{reply.summary}]", number, failed.partially_applied)

    def again(self, framework):
        """What is wrong with a second run, which has nothing to do."""
        try:
            with harness.Rpc(self.program.address) as rpc:
                reply = rpc.call("MigrationService", "Run", {"framework": framework.id})
        except (harness.RpcError, OSError, AssertionError) as error:
            return f"a second run: {error!r}"
        return "" if reply.ok and not reply.applied else f"a second run did something: {reply}"

    @staticmethod
    def foresee(rpc, framework):
        try:
            return list(rpc.call("MigrationService", "Plan", {"framework": framework.id}).failures)
        except harness.RpcError:
            return []  # it is refused, as the run will be


def name_is(framework, file, name):
    return name in framework.path(file.number) or framework.key(file.number) == name
