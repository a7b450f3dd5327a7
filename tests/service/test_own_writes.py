"""Code that another role gives one of our own tables behind our look at it, before we write there: it is seen under the lock of the write, and does not run."""
import os
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError, wait_for

harness.Cluster.keeps = True

ID = "00000000-0000-4000-8000-000000000001"
RAN = "that role's code would run"


class OwnWrites(Case):
    def eve(self, *tables):
        """A session of hers: she may give these tables triggers, as by ALTER DEFAULT PRIVILEGES GRANT ALL; what her function leaves where it runs."""
        her = f"eve_{self.database}"
        self.sql(f"CREATE ROLE {her}; CREATE SCHEMA eve AUTHORIZATION {her}; CREATE TABLE sprung (who text); GRANT INSERT ON sprung TO PUBLIC; GRANT USAGE ON SCHEMA truss TO {her}")
        self.addCleanup(self.cluster.psql, self.database, f"DROP OWNED BY {her} CASCADE; DROP ROLE {her}", False)
        for table in tables:
            self.sql(f"GRANT ALL ON truss.{table} TO {her}")
        say = self.talk()
        say(f"SET SESSION AUTHORIZATION {her}; CREATE FUNCTION eve.f() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO public.sprung VALUES (current_user); RETURN coalesce(NEW, OLD); END'")
        return lambda sql: say(harness.with_own_schema(sql))

    @staticmethod
    def trigger(table):
        return f"CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON truss.{table} FOR EACH ROW EXECUTE FUNCTION eve.f()"

    def between(self, table, call):
        """She gives the table a trigger that our look cannot see yet, and it is there when we may write. What the call answers, or is refused with."""
        say = self.eve(table)
        said = []

        def ask():
            try:
                said.append(call())
            except RpcError as error:
                said.append(error.status.message)
        say(f"BEGIN; {self.trigger(table)}")
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: self.sql(f"SELECT FROM pg_locks WHERE NOT granted AND relation = 'truss.{table}'::regclass"), every=0.005)
        say("COMMIT")
        asking.join()
        self.assertEqual(self.sql("SELECT * FROM sprung"), [])
        return said[0]

    def start(self, *arguments, scripts=("SELECT 1;",)):
        self.files = self.project()
        for number, script in enumerate(scripts, 1):
            self.files.add(str(number), script)
        self.process = self.worker(self.files, *arguments)
        return self.rpc(self.process)

    def begin(self, rpc):
        """A run, so that the tables are there; it has ended, and nothing of it waits for a table. Another one would have something to do."""
        rpc.call("MigrationService", "StartRun", metadata={"idempotency-key": "a"})
        wait_for(lambda: self.sql("SELECT FROM truss.operations WHERE finished_at IS NOT NULL"))
        self.files.add("2", "SELECT 2;")

    def test_what_begins_a_run(self):
        rpc = self.start()
        self.begin(rpc)
        self.assertIn(RAN, self.between("operations", lambda: rpc.call("MigrationService", "StartRun")))

    def test_what_keeps_an_answer(self):
        rpc = self.start()
        rpc.call("MigrationService", "Run", metadata={"idempotency-key": "a"})
        self.assertIn(RAN, self.between("idempotency_keys", lambda: rpc.call("MigrationService", "Run", metadata={"idempotency-key": "b"})))

    def test_what_asks_another_worker_to_cancel(self):
        rpc = self.start()
        self.begin(rpc)
        self.sql(f"INSERT INTO truss.operations (id, kind, state, worker, heartbeat_at) VALUES ('{ID}', 'run', 'running', 'another', now() + interval '1 hour')")
        self.assertIn(RAN, self.between("operations", lambda: rpc.call("MigrationService", "CancelOperation", {"id": ID})))

    def test_what_is_told_of_a_run_meanwhile(self):
        """A long run looked at the tables when it began: nobody needs to be fast."""
        for table in ("operations", "operation_events"):
            with self.subTest(table=table):
                self.database = None
                rpc = self.start(scripts=("SELECT 1;", "DO $$ BEGIN RAISE NOTICE 'one'; PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END $$; CREATE TABLE last ()"))
                id = rpc.call("MigrationService", "StartRun").id
                wait_for(self.sleepers)
                say = self.eve(table)
                say(self.trigger(table))
                count = self.process.text().count("cannot be written down")
                self.wake_up()
                wait_for(lambda: rpc.call("MigrationService", "WaitOperation", {"id": id, "wait_ms": 1000}).operation.done)
                wait_for(lambda: self.process.text().count("cannot be written down") > count)
                self.assertEqual(self.sql("SELECT * FROM sprung"), [])
                self.assertEqual(self.sql("SELECT to_regclass('last')"), [("last",)])
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "ListOperations")
                self.assertIn(RAN, caught.exception.status.message)

    def test_what_is_approved(self):
        token = self.token("read,plan,run,approve,admin")
        rpc = self.start("--tokens", self.tokens, "--require-approval", "always", scripts=("CREATE TABLE a ();", "CREATE TABLE b ();"))

        def ask(method, **request):
            return rpc.call("MigrationService", method, request, metadata={"authorization": f"Bearer {token}"})
        first, second = (ask("Plan", **which).plan_hash for which in ({"target": "1"}, {}))
        ask("Approve", plan_hash=first, plan={"target": "1"})
        self.assertIn(RAN, self.between("approvals", lambda: ask("Approve", plan_hash=second)))

    def test_what_is_told_to_webhooks(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        hooks = os.path.join(folder.name, "hooks.toml")
        with open(os.open(os.path.join(folder.name, "secret"), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write("whsec_" + "A" * 44 + "\n")
        with open(hooks, "w", encoding="ascii") as file:
            file.write(f'[webhook.ops]\nurl = "http://127.0.0.1:1/"\nsecret_file = "{folder.name}/secret"\n')
        rpc = self.start("--webhooks", hooks)
        self.begin(rpc)
        wait_for(lambda: self.sql("SELECT FROM truss.webhook_events WHERE kind LIKE '%run.done'"))
        self.between("webhook_events", lambda: rpc.call("MigrationService", "StartRun"))
        wait_for(lambda: "webhook event not written" in self.process.text())
        self.assertIn(RAN, self.process.text())
        self.assertEqual(self.sql("SELECT * FROM sprung"), [])
        self.sql("DROP TRIGGER t ON truss.webhook_events")  # the rows are written when they may be
        wait_for(lambda: self.sql("SELECT FROM truss.webhook_events WHERE kind LIKE '%run.done'")[1:])

    def test_what_is_noted_of_a_branch(self):
        rpc = self.start()
        id = str(rpc.call("BranchService", "CreateBranch", {"label": "one", "source": "schema"}).id)
        try:
            self.assertIn(RAN, self.between("branches", lambda: rpc.call("BranchService", "UpdateBranch", {"id": id, "label": "two"})))
        finally:
            self.sql("DROP TRIGGER IF EXISTS t ON truss.branches")
            rpc.call("BranchService", "DeleteBranch", {"id": id})

    def test_what_is_noted_of_backups(self):
        """The last of it in a transaction whose snapshot, where there is one for all of it, is older than the lock."""
        self.sql(f"ALTER DATABASE \"{self.database}\" SET default_transaction_isolation = 'repeatable read'")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        rpc = self.start("--backups", folder.name)
        rpc.call("BackupService", "UpdateSchedule", {"enabled": False})
        self.assertIn(RAN, self.between("backup_schedule", lambda: rpc.call("BackupService", "UpdateSchedule", {"hour": 3})))
        self.sql(f"DROP OWNED BY eve_{self.database} CASCADE; DROP ROLE eve_{self.database}; DROP TABLE sprung")
        self.assertIn(RAN, self.between("backups", lambda: rpc.call("BackupService", "CreateBackup", {"label": "one"})))

    def cascade(self, table, column, kind):
        """A table of hers whose rows go with ours; until PostgreSQL 18 what is deferred there runs as whoever commits."""
        say = self.eve()
        self.sql(f"GRANT SELECT, REFERENCES ON {table} TO eve_{self.database}")
        say(f"CREATE TABLE eve.x (id {kind} REFERENCES {table} ON DELETE CASCADE); INSERT INTO eve.x SELECT {column} FROM {table}; "
            "CREATE CONSTRAINT TRIGGER t AFTER DELETE ON eve.x DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION eve.f()")

    def test_a_cascade_to_a_table_of_another_role_is_code_of_that_role(self):
        rpc = self.start()
        self.begin(rpc)
        self.cascade("truss.operations", "id", "uuid")
        self.sql("UPDATE truss.operations SET started_at = now() - interval '40 days'")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "StartRun")
        self.assertRegex(caught.exception.status.message, f"has the foreign key x_id_fkey that cascades to eve.x of eve_{self.database}: {RAN}")
        self.assertEqual(self.sql("SELECT * FROM sprung"), [])

    def test_whatever_a_stranger_has_in_the_schema_is_refused(self):
        rpc = self.start()
        self.begin(rpc)
        self.eve()
        for kind, rest in (("TABLE", "()"), ("TABLE", "(id int) PARTITION BY LIST (id)"), ("VIEW", "AS SELECT 1 AS one"), ("MATERIALIZED VIEW", "AS SELECT 1 AS one"),
                           ("SEQUENCE", ""), ("TYPE", "AS (id int)")):
            with self.subTest(kind=kind, rest=rest):
                self.sql(f"CREATE {kind} truss.x {rest}; ALTER {kind} truss.x OWNER TO eve_{self.database}")
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "StartRun")
                self.assertRegex(caught.exception.status.message, f'has "x of eve_{self.database}": what is in it could run that role')
                self.sql(f"DROP {kind} truss.x")
        rpc.call("MigrationService", "StartRun")

    def test_nor_does_a_tracking_table_with_one(self):
        rpc = self.start()
        rpc.call("MigrationService", "Run", metadata={"idempotency-key": "a"})
        self.sql("GRANT USAGE ON SCHEMA public TO PUBLIC")
        self.cascade("public._prisma_migrations", "id", "text")
        self.files.add("2", "SELECT 2;")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run")
        self.assertIn("the table constraint x_id_fkey on eve.x with the ", caught.exception.status.message)
        self.assertEqual(self.sql("SELECT * FROM sprung"), [])

    def test_a_foreign_key_that_changes_nothing_is_let_be(self):
        rpc = self.start()
        rpc.call("MigrationService", "Run", metadata={"idempotency-key": "a"})
        say = self.eve("operations")
        self.sql(f"GRANT SELECT, REFERENCES ON public._prisma_migrations TO eve_{self.database}")
        say("CREATE TABLE eve.x (id text REFERENCES public._prisma_migrations); CREATE TABLE eve.y (id uuid REFERENCES truss.operations)")
        self.files.add("2", "SELECT 2;")
        self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_a_trigger_of_one_who_is_trusted_fires_as_ever(self):
        """Also with a condition, which takes a second look."""
        rpc = self.start()
        self.begin(rpc)
        self.sql("CREATE TABLE seen (what text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (TG_OP); RETURN NEW; END'; "
                 "CREATE TRIGGER t AFTER INSERT ON truss.operations FOR EACH ROW WHEN (NEW.kind = 'run') EXECUTE FUNCTION note()")
        rpc.call("MigrationService", "StartRun")
        self.assertEqual(self.sql("SELECT * FROM seen"), [("INSERT",)])


if __name__ == "__main__":
    harness.main()
