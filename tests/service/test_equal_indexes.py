"""Indexes without a name that somebody else builds, too: what a statement has made is told from what is another's."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for
from places import Places

INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid ORDER BY 1"
STEPS = "SELECT indexes_before::text FROM truss.migration_steps WHERE finished_at IS NULL"
STATEMENT = "CREATE INDEX CONCURRENTLY ON t (id)"
DEADLOCK = "error 40P01"
LEDGER = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
          "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
          "applied_steps_count INT NOT NULL DEFAULT 0);")


class EqualIndexes(Case):
    def begin(self, statement=STATEMENT, role=None):
        self.sql(LEDGER + "CREATE TABLE t (id int, word text)")
        self.places = Places(self.cluster.port, self.end_session)
        self.addCleanup(self.places.close)
        url = self.url().replace(f":{self.cluster.port}/", f":{self.places.port}/")
        if role:
            url = url.replace(f"app:{harness.PASSWORD_ENCODED}", f"{role}:s3cret")
        self.files = self.project().add("1", f"{statement};")
        return self.rpc(self.worker(self.files, url=url))

    def fail_once(self, first, action=DEADLOCK):
        """The statement fails when it is first sent; `first` is done before."""
        has_failed = []

        def is_at(text):
            if STATEMENT.encode() not in text or b"migration_steps" in text or has_failed:
                return False
            has_failed.append(True)
            first()
            return True
        self.places.action, self.places.is_at = action, is_at

    def run_it(self, rpc):
        return rpc.call("MigrationService", "Run", {}, 60000)

    def test_a_statement_that_failed_has_not_made_what_somebody_else_has(self):
        rpc = self.begin()
        self.fail_once(lambda: self.sql("CREATE INDEX ON t (id)"))
        reply = self.run_it(rpc)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql(INDEXES), [("t_id_idx",), ("t_id_idx1",)])

    def test_what_another_role_is_building_is_not_dropped(self):
        """A role without rights is not shown what others build, only that they do."""
        role = f"builder_{os.getpid()}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'; GRANT CREATE ON SCHEMA public TO {role}; "
                 f"CREATE SCHEMA truss AUTHORIZATION {role}")
        self.addCleanup(self.sql, f"DROP OWNED BY {role}; DROP ROLE {role}", check=False)
        rpc = self.begin(role=role)
        self.sql(f"ALTER TABLE t OWNER TO {role}; ALTER TABLE _prisma_migrations OWNER TO {role}")
        holder = self.talk()
        others = []

        def build():
            holder("BEGIN; INSERT INTO t VALUES (1)")
            others.append(threading.Thread(target=self.sql, args=("CREATE INDEX CONCURRENTLY theirs ON t (id)",)))
            others[0].start()
            wait_for(lambda: self.sql("SELECT 1 FROM pg_class WHERE relname = 'theirs'"))
        self.fail_once(build)
        operation = rpc.call("MigrationService", "StartRun")
        wait_for(lambda: "kind: EVENT_KIND_LOCK_WAIT" in str(rpc.call("MigrationService", "WaitOperation", {"id": operation.id}).events)
                 or self.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND state = 'active'"))
        self.assertEqual(self.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND state = 'active'"), [])
        holder("COMMIT")
        others[0].join()
        ended = wait_for(lambda: [one for one in (rpc.call("MigrationService", "GetOperation", {"id": operation.id}),) if one.done])[0]
        self.assertTrue(ended.result.ok, ended)
        self.assertEqual(self.sql(INDEXES), [("t_id_idx",), ("theirs",)])

    def block_and_lose(self, rpc):
        """The run builds its index as long as somebody writes; then its worker and its session end."""
        holder = self.talk()
        holder("BEGIN; INSERT INTO t VALUES (1)")
        thread = threading.Thread(target=lambda: self.give_up(rpc))
        thread.start()
        made = wait_for(lambda: [row for row in self.steps_or_none() if ",0," in row[0] or row[0].startswith("{0,")])
        self.processes[-1].kill()
        for pid, in self.sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%CONCURRENTLY%'"):
            self.end_session(pid)
        holder("COMMIT")
        thread.join()
        return made

    def steps_or_none(self):
        return self.sql(STEPS) if self.sql("SELECT to_regclass('truss.migration_steps') IS NOT NULL") == [("t",)] else []

    @staticmethod
    def give_up(rpc):
        try:
            rpc.call("MigrationService", "Run", {}, 60000)
        except (OSError, harness.RpcError):
            pass

    def lose(self):
        self.sql(LEDGER + "CREATE TABLE t (id int, word text)")
        self.files = self.project().add("1", f"{STATEMENT};")
        self.processes = [self.worker(self.files)]
        self.block_and_lose(self.rpc(self.processes[0]))
        return self.sql("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid")

    def test_what_a_lost_statement_was_seen_to_build_is_told_from_somebody_elses(self):
        left = self.lose()
        self.assertEqual(left, [("t_id_idx",)])
        self.sql("DROP INDEX t_id_idx; CREATE INDEX theirs ON t (id)")
        reply = self.run_it(self.rpc(self.worker(self.files)))
        self.assertTrue(reply.ok, reply)
        self.assertEqual((self.sql(INDEXES), list(reply.warnings)), ([("t_id_idx",), ("theirs",)], []))

    def test_what_a_lost_statement_has_left_is_dropped_and_what_another_has_is_not(self):
        self.lose()
        self.sql("CREATE INDEX theirs ON t (id); CREATE INDEX other ON t (word); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'other'::regclass")
        reply = self.run_it(self.rpc(self.worker(self.files)))
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql(INDEXES), [("t_id_idx",), ("theirs",)])
        self.assertEqual(self.sql("SELECT to_regclass('other') IS NOT NULL"), [("t",)])

    def lose_behind(self, statement, meanwhile="SELECT 1"):
        """The statement's answer is lost, and so is the connection."""
        rpc = self.begin(statement)
        has_failed = []

        def is_at(text):
            if not text.lstrip().startswith(statement.encode()) or has_failed:
                return False
            has_failed.append(True)
            self.sql(meanwhile)
            return True
        self.places.action, self.places.is_at = "cut-after", is_at
        reply = self.run_it(rpc)
        self.assertTrue(has_failed)
        return reply

    def test_an_index_of_which_nobody_saw_who_built_it_is_named(self):
        reply = self.lose_behind(STATEMENT)
        self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql(INDEXES), [("t_id_idx",)])
        self.assertIn("If somebody else has built it, the statement's own is missing", " ".join(reply.warnings))

    def test_an_index_that_the_server_writes_otherwise_is_known_again(self):
        for statement in ("CREATE INDEX CONCURRENTLY ON t (lower(word)) WHERE word > 'a'", "CREATE INDEX CONCURRENTLY i ON t (word) WHERE word IN ('a', 'b')"):
            with self.subTest(statement):
                self.sql("DROP TABLE IF EXISTS t, _prisma_migrations")
                reply = self.lose_behind(statement)
                self.assertTrue(reply.ok, reply)
                self.assertEqual(len(self.sql(INDEXES)), 1)

    def test_an_event_trigger_hears_of_nothing_that_is_only_compared(self):
        reply = self.lose_behind("CREATE INDEX CONCURRENTLY i ON t (word)",
                                 "CREATE FUNCTION hear() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''heard %'', tg_tag; END';"
                                 "CREATE EVENT TRIGGER ear ON ddl_command_start EXECUTE FUNCTION hear()")
        self.assertTrue(reply.ok, reply)
        heard = self.cluster.logged()
        self.assertIn("heard CREATE INDEX", heard)
        self.assertNotIn("heard CREATE TABLE", heard)

    def test_an_index_of_that_name_that_is_another_is_not_what_was_to_be(self):
        statement = "CREATE INDEX CONCURRENTLY i ON t (word, (id + 1))"
        rpc = self.begin(statement)
        has_failed = []

        def is_at(text):
            if not text.lstrip().startswith(statement.encode()) or has_failed:
                return False
            has_failed.append(True)
            self.sql("CREATE INDEX i ON t (word)")
            return True
        self.places.action, self.places.is_at = "cut-before", is_at
        reply = self.run_it(rpc)
        self.assertFalse(reply.ok, reply)
        self.assertIn("already exists", reply.failed.error)
        self.assertEqual(self.ledger(), [])


if __name__ == "__main__":
    harness.main()
