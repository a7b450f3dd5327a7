"""A team's own runner, declared in truss.toml (tests/fixtures/declared): shown, run and marked like a framework. Its runner is the judge."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, messages, wait_for

FIXTURE = os.path.join(harness.ROOT, "tests", "fixtures", "declared")
FAILED_PRECONDITION = 9
LOG = "SELECT number, title, sha FROM ops.deploy_log ORDER BY number"


class Declared(Case):
    def setUp(self):
        super().setUp()
        parent = tempfile.mkdtemp(prefix="truss-declared-")
        self.addCleanup(shutil.rmtree, parent, True)
        self.path = os.path.join(parent, "project")
        shutil.copytree(FIXTURE, self.path)

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def say(self, key, value):
        """truss.toml with this key said otherwise, or besides."""
        with open(os.path.join(FIXTURE, "truss.toml"), encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith(f"{key} =")]
        self.write("truss.toml", "\n".join([*lines, f"{key} = {value}", ""]))

    def begin(self, *arguments):
        self.process = self.worker(self, *arguments)
        return self.rpc(self.process)

    def runner(self):
        """What the team's own runner does now: its lines, and its exit code."""
        done = subprocess.run([os.path.join(self.path, "migrate.sh")], env=dict(os.environ, DATABASE_URL=self.url()), capture_output=True,
                              text=True, timeout=60, check=False)
        return done.stdout.split("\n")[:-1], done.returncode

    def assertDone(self):
        self.assertEqual(self.runner(), ([], 0))

    @staticmethod
    def run_all(rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def refusal(self, rpc, method="Run", **request):
        with self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", method, request)
        return refused.exception.status

    def test_a_tracking_table_whose_name_postgresql_cuts_is_found_again(self):
        for name in ("ops." + "deploy_log_" * 7, '"' + "\u017b" * 40 + '"."' + "b" * 62 + '\u00e9"'):
            with self.subTest(name):
                self._database = None
                self.sql(f"CREATE SCHEMA {name.split('.')[0]}")
                self.say("ledger", f"'{name}'")
                reply = self.run_all(self.begin())
                self.assertTrue(reply.ok and len(reply.applied) > 0, reply)
                self.assertEqual(self.sql(f"SELECT count(*) FROM {name}"), [(str(len(reply.applied)),)])
                self.assertEqual(list(self.run_all(self.begin()).applied), [])

    def test_it_is_found_with_where_it_is_declared(self):
        status = self.begin().call("MigrationService", "GetStatus")
        self.assertEqual((status.framework_id, status.framework, status.folder), ("ours", "ours (declared in truss.toml)", "db/changes"))
        [source] = status.sources
        self.assertEqual((source.confidence, list(source.evidence)), (messages().migration.CONFIDENCE_CERTAIN, ["truss.toml, line 3, declares it"]))
        for command in ("status", "doctor"):
            self.assertIn("ours (declared in truss.toml)", self.truss(command, worker=self.process).stdout)

    def test_a_record_that_writes_no_row_is_no_success(self):
        """However it is written: the migration is rolled back with it."""
        values = "(number, title, sha) SELECT {key}, {title}, {checksum} WHERE false"
        rpc = None
        for record in ("INSERT INTO {ledger} " + values, "insert\\n  into {ledger} " + values, "/* x */ INSERT INTO {ledger} AS l " + values,
                       "INSERT INTO {ledger} " + values + "; UPDATE {ledger} SET title = {title} -- the end"):
            self.say("record", f'"{record}"')
            rpc = rpc or self.begin()
            reply = self.run_all(rpc)
            self.assertIn("did not take the row", reply.failed.error, record)
            self.assertEqual(self.sql("SELECT to_regclass('users')"), [(None,)])
        self.say("record", '"insert into {ledger} (number, title, sha) values ({key}, {title}, {checksum}) returning number; '
                           'UPDATE {ledger} SET title = title WHERE false -- the end"')
        self.assertTrue(self.run_all(rpc).ok)

    def test_a_run_leaves_the_rows_that_its_runner_would_leave(self):
        rpc = self.begin()
        reply = self.run_all(rpc)
        self.assertTrue(reply.ok, reply)
        ours = self.sql(LOG)
        self.assertEqual([row[:2] for row in ours], [("1", "users"), ("2", "posts"), ("3", "ann")])
        self.assertDone()
        self.assertEqual(set(self.states(rpc.call("MigrationService", "GetStatus")).values()), {"applied"})
        self._database = None
        self.assertEqual(self.runner(), (["ran 0001_users", "ran 0002_posts", "ran 0003_ann"], 0))
        self.assertEqual(self.sql(LOG), ours)

    def test_what_its_runner_has_run_is_applied_and_the_rest_is_run(self):
        os.rename(f"{self.path}/db/changes/0003_ann.sql", f"{self.path}/kept")
        self.runner()
        os.rename(f"{self.path}/kept", f"{self.path}/db/changes/0003_ann.sql")
        rpc = self.begin()
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual(self.states(status), {"0001_users": "applied", "0002_posts": "applied", "0003_ann": "pending"})
        self.assertEqual((status.tracking_table, bool(status.migrations[0].applied_at.seconds)), ("ops.deploy_log", True))
        self.assertEqual([one.name for one in self.run_all(rpc).applied], ["0003_ann"])
        self.assertDone()

    def test_an_edited_file_is_modified_and_refused_as_its_runner_refuses_it(self):
        self.runner()
        self.write("db/changes/0001_users.sql", "CREATE TABLE users (id bigint);")
        self.write("db/changes/0004_more.sql", "SELECT 1;")
        rpc = self.begin()
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual(self.states(status)["0001_users"], "modified")
        self.assertEqual(status.migrations[0].note, "ours refuses to run anything then.")
        self.assertEqual(self.refusal(rpc).detail.reason, "HISTORY_CHANGED")
        self.assertEqual(self.runner()[1], 1)

    def test_a_file_that_is_gone_leaves_an_orphan_and_the_rest_runs(self):
        self.runner()
        os.remove(f"{self.path}/db/changes/0002_posts.sql")
        self.write("db/changes/0004_more.sql", "SELECT 1;")
        rpc = self.begin()
        self.assertEqual(self.states(rpc.call("MigrationService", "GetStatus"))["2"], "orphaned")
        self.assertEqual([one.name for one in self.run_all(rpc).applied], ["0004_more"])
        self.assertDone()

    def test_a_late_file_is_run_or_refused_as_is_declared(self):
        self.runner()
        os.rename(f"{self.path}/db/changes/0003_ann.sql", f"{self.path}/db/changes/0005_ann.sql")
        self.sql("UPDATE ops.deploy_log SET number = 5 WHERE number = 3")
        self.write("db/changes/0004_late.sql", "SELECT 1;")
        rpc = self.begin()
        late = next(one for one in rpc.call("MigrationService", "GetStatus").migrations if one.name == "0004_late")
        self.assertEqual((late.detail_state, late.note),
                         (messages().migration.DETAIL_STATE_OUT_OF_ORDER, "ours runs it, after those that are applied already."))
        self.say("late", '"refuse"')  # while the worker runs
        self.assertEqual(self.refusal(rpc).detail.reason, "OUT_OF_ORDER")
        self.say("late", '"run"')
        self.assertEqual([one.name for one in self.run_all(rpc).applied], ["0004_late"])
        self.assertDone()

    def test_marks_are_rows_that_its_runner_believes(self):
        rpc = self.begin()
        for name in ("0001_users", "0002_posts"):
            rpc.call("MigrationService", "MarkApplied", {"migration": name})
        self.assertEqual(self.sql("SELECT to_regclass('users')"), [(None,)])
        self.sql("CREATE TABLE users (id int, name text); CREATE TABLE posts (author int)")
        self.assertEqual(self.runner(), (["ran 0003_ann"], 0))

    def test_a_failure_leaves_no_row_and_the_next_run_goes_on(self):
        self.write("db/changes/0002_posts.sql", "CREATE TABLE posts (id int); SELECT 1/0;")
        rpc = self.begin()
        reply = self.run_all(rpc)
        self.assertEqual((reply.ok, reply.failed.name, [one.name for one in reply.applied]), (False, "0002_posts", ["0001_users"]))
        self.assertEqual(self.sql("SELECT number, to_regclass('posts') FROM ops.deploy_log"), [("1", None)])
        shutil.copy(f"{FIXTURE}/db/changes/0002_posts.sql", f"{self.path}/db/changes/0002_posts.sql")
        self.assertEqual([one.name for one in self.run_all(rpc).applied], ["0002_posts", "0003_ann"])
        self.assertDone()

    def test_a_crash_in_the_middle_leaves_both_or_neither(self):
        self.write("db/changes/0002_posts.sql", "CREATE TABLE posts (id int, author int); SELECT pg_sleep(60);")
        rpc = self.begin()
        rpc.call("MigrationService", "StartRun", {})
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"))
        self.process.kill()
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        wait_for(lambda: self.sql("SELECT to_regclass('posts') IS NULL") == [("t",)])
        self.assertEqual(self.sql("SELECT number FROM ops.deploy_log"), [("1",)])
        self.write("db/changes/0002_posts.sql", "CREATE TABLE posts (id int, author int);")
        self.assertTrue(self.run_all(self.begin()).ok)
        self.assertDone()

    def beside_a_run(self):
        """What its runner does while a migration of ours is under way; ours is done afterwards."""
        self.runner()
        self.write("db/changes/0004_slow.sql", "CREATE TABLE slow AS SELECT pg_sleep(4)::text AS it;")
        rpc = self.begin()
        operation = rpc.call("MigrationService", "StartRun", {})
        wait_for(lambda: self.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"))
        done = self.runner()
        while not operation.done:
            operation = rpc.call("MigrationService", "WaitOperation", {"id": operation.id, "wait_ms": 5000}).operation
        self.assertTrue(operation.result.ok, operation)
        self.assertEqual(self.sql("SELECT count(*) FROM ops.deploy_log WHERE number = 4"), [("1",)])
        return done

    def test_its_runner_is_refused_by_the_key_while_a_migration_of_ours_is_under_way(self):
        self.assertEqual(self.beside_a_run(), ([], 3))
        self.assertDone()

    def test_its_runner_waits_where_the_declaration_locks_readers_out(self):
        self.say("lock", '"LOCK TABLE {ledger} IN ACCESS EXCLUSIVE MODE"')
        self.assertEqual(self.beside_a_run(), ([], 0))

    def test_what_is_wrong_in_the_declaration_is_said_with_its_line_and_mended_without_a_restart(self):
        rpc = self.begin()
        for key, value, words in (("read", '"DELETE FROM {ledger} RETURNING number AS key"', "truss.toml, line 17: framework.ours.read: this may have"),
                                  ("record", '"""INSERT INTO {ledger} (title) VALUES (\'{key}\')"""', "framework.ours.record: {key} becomes a value"),
                                  ("folder", '"../other"', "a folder of the project"), ("colour", '"red"', "no such key")):
            self.say(key, value)
            for method in ("GetStatus", "Run"):
                self.assertIn(words, self.refusal(rpc, method).message)
        shutil.copy(f"{FIXTURE}/truss.toml", f"{self.path}/truss.toml")
        self.assertTrue(self.run_all(rpc).ok)

    def test_a_name_of_a_file_stays_a_value(self):
        self.write("db/changes/0004_x'); DROP TABLE users; --.sql", "SELECT 1;")
        self.write("db/changes/0005_\\'); DROP TABLE users; --.sql", "SELECT 1;")
        self.assertTrue(self.run_all(self.begin()).ok)
        self.assertEqual(self.sql("SELECT title FROM ops.deploy_log WHERE number > 3 ORDER BY number"),
                         [("x'); DROP TABLE users; --",), ("\\'); DROP TABLE users; --",)])
        self.assertEqual(self.sql("SELECT count(*) FROM users"), [("1",)])

    def test_a_column_of_another_type_is_said_with_the_one_that_is_wanted(self):
        self.say("read", '"SELECT number AS key, timezone(\'UTC\', ran_at) AS applied_at FROM {ledger}"')
        self.runner()
        self.assertIn('"applied_at" in a type that is not read (1114): it is to be timestamptz', self.refusal(self.begin(), "GetStatus").message)

    def test_a_table_that_is_not_so_is_no_ledger(self):
        self.sql("CREATE SCHEMA ops; CREATE TABLE ops.deploy_log (id int)")
        rpc = self.begin()
        self.assertIn("cannot be it", rpc.call("MigrationService", "GetStatus").problem)
        self.assertIn("cannot be it", self.refusal(rpc).message)

    AUTH = """[framework.ours]
ledger = "{}"
create = "CREATE TABLE {{ledger}} (rolname name, rolpassword text)"
read = "SELECT rolname AS key, rolpassword AS name FROM {{ledger}}"
record = "INSERT INTO {{ledger}} (rolname) VALUES ({{key}})"
folder = "db/changes"
pattern = "{{number:4}}_{{title}}.sql"
key = "number"
late = "run"
edited = "refuse"
missing = "run"
"""

    def test_a_table_of_postgresql_or_of_ours_is_no_tracking_table(self):
        """Whoever writes the project would see in a status what everybody's passwords are, or write an approval with a run."""
        self.sql("CREATE SCHEMA own_state; CREATE TABLE own_state.approvals (rolname name, rolpassword text)")
        for ledger in ("pg_catalog.pg_authid", "own_state.approvals", "information_schema.newer"):
            with self.subTest(ledger):
                self.write("truss.toml", self.AUTH.format(ledger))
                rpc = self.begin("--state-schema", "own_state")
                reply = rpc.call("MigrationService", "GetStatus")
                self.assertIn("in a schema of PostgreSQL or of Truss itself", reply.problem)
                self.assertEqual((list(reply.migrations), self.refusal(rpc).code), ([], FAILED_PRECONDITION))
        for ledger in ("pg_authid", "approvals"):  # by its name it is found in each schema, and where nothing else is also without the folder
            self.write("truss.toml", self.AUTH.format(ledger))
            shutil.rmtree(f"{self.path}/db", True)
            rpc = self.begin("--state-schema", "own_state")
            reply = rpc.call("MigrationService", "GetStatus")
            self.assertEqual((list(reply.migrations), reply.tracking_table), ([], ""), ledger)

    def test_what_is_written_to_the_table_is_a_part_of_the_plan(self):
        """It is sent with the scripts: who approved these has not approved another row."""
        rpc = self.begin()
        plans = {rpc.call("MigrationService", "Plan").plan_hash}
        for key, value in (("record", '"INSERT INTO {ledger} (number, title, sha) VALUES ({key}, {title}, {checksum}); UPDATE {ledger} SET title = {title}"'),
                           ("lock", '"LOCK TABLE {ledger}"')):
            self.say(key, value)
            plans.add(rpc.call("MigrationService", "Plan").plan_hash)
        self.assertEqual(len(plans), 3)

    def test_it_makes_a_new_file(self):
        made = self.begin().call("MigrationService", "Create", {"name": "Add tags"})
        self.assertRegex(made.file, r"db/changes/\d{4}_add_tags\.sql$")
        self.assertTrue(os.path.exists(os.path.join(self.path, made.file)))

    def test_it_is_meant_beside_another_framework_where_it_is_asked_for(self):
        os.makedirs(f"{self.path}/prisma/migrations/20240101000000_x")
        self.write("prisma/migrations/20240101000000_x/migration.sql", "SELECT 1;")
        rpc = self.begin()
        self.assertEqual(rpc.call("MigrationService", "GetStatus").framework_id, "ours")  # a declaration is surer than looks
        self.assertEqual(rpc.call("MigrationService", "GetStatus", {"framework": "ours"}).framework_id, "ours")
        self.assertEqual(rpc.call("MigrationService", "GetStatus", {"framework": "prisma"}).framework_id, "prisma")


if __name__ == "__main__":
    harness.main()
