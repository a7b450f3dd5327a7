"""A dry run: it neither does what no rollback undoes, nor says of a migration what only its one transaction makes so."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

LEDGER = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
          "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
          "applied_steps_count INT NOT NULL DEFAULT 0);")


class DryRun(Case):
    def run_it(self, rpc, **request):
        return rpc.call("MigrationService", "Run", request)

    def test_a_try_checks_what_a_commit_would(self):
        keys = "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED, u int UNIQUE DEFERRABLE);"
        for script, ok, state in (("INSERT INTO c VALUES (1, 1);", False, "23503"), ("INSERT INTO c VALUES (1, 1); INSERT INTO p VALUES (1);", True, ""),
                                  ("INSERT INTO c VALUES (NULL, 1), (NULL, 2); UPDATE c SET u = u + 1;", True, ""),
                                  ("SET CONSTRAINTS ALL DEFERRED; INSERT INTO c VALUES (NULL, 1), (NULL, 1);", False, "23505")):
            with self.subTest(script):
                self.sql("DROP TABLE IF EXISTS p, c, _prisma_migrations")
                rpc = self.serve(keys, script, "INSERT INTO p VALUES (7); ALTER TABLE c ADD more int;", "INSERT INTO c (p) VALUES (8); INSERT INTO p VALUES (8);")
                tried, run = self.run_it(rpc, dry_run=True), self.run_it(rpc)
                self.assertEqual((tried.ok, tried.failed.name, tried.failed.sqlstate), (ok, "" if ok else "2", state), tried)
                self.assertEqual((run.ok, run.failed.sqlstate), (ok, state))

    def test_a_deferred_constraint_in_a_schema_of_somebody_else_does_not_fail_a_try(self):
        role = f"trier_{os.getpid()}"
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 't'; GRANT CREATE ON DATABASE {self.database} TO {role}; GRANT ALL ON SCHEMA public TO {role}; "
                 "CREATE SCHEMA closed; CREATE TABLE closed.p (id int PRIMARY KEY, o int REFERENCES closed.p DEFERRABLE INITIALLY DEFERRED)")
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {role}", False)
        self.addCleanup(self.sql, f"DROP OWNED BY {role} CASCADE", check=False)
        files = self.project()
        files.add("1", "CREATE TABLE t ();")
        rpc = self.rpc(self.worker(files, url=self.url().replace(f"app:{harness.PASSWORD_ENCODED}", f"{role}:t")))
        self.assertTrue(self.run_it(rpc, dry_run=True).ok)

    def test_what_a_migration_leaves_in_its_session_is_not_in_the_way_of_the_next_in_a_try(self):
        script = "CREATE TEMP TABLE t (i int) ON COMMIT DROP; INSERT INTO t VALUES (1); PREPARE p AS SELECT 1; DECLARE d CURSOR FOR SELECT 1;"
        rpc = self.serve(script, script, "CREATE TEMP TABLE t (i text)")
        self.assertTrue(self.run_it(rpc, dry_run=True).ok)
        self.assertTrue(self.run_it(rpc).ok)

    def test_a_failure_behind_what_could_not_be_tried_is_not_known(self):
        table = "CREATE TABLE t (id int NOT NULL, n int);"
        index = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (id);\n"
        for script, words in ((index + "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i;", "is not known"),
                              ("PREPARE p AS SELECT 1;\nVACUUM t;\nEXECUTE p;", "would be applied"), ("BEGIN ISOLATION LEVEL SERIALIZABLE;\nPREPARE p AS SELECT 1;\nCOMMIT;\nVACUUM t;\nEXECUTE p;", "is not known"),
                              ("VACUUM t;\nINSERT INTO t VALUES (NULL);", "would fail; everything"),
                              (index + "SELECT FROM WHERE;", "would fail; everything")):
            with self.subTest(script):
                self.sql("DROP TABLE IF EXISTS t, _prisma_migrations; DROP SCHEMA IF EXISTS truss CASCADE")
                rpc = self.serve(table, script)
                self.run_it(rpc, target="1")
                reply = self.run_it(rpc, dry_run=True)
                self.assertEqual(reply.ok, "applied" in words)
                self.assertIn(words, reply.summary if reply.failed.name else "would be applied")
                self.assertEqual("only because of that" in reply.failed.hint, "not known" in words)

    def test_what_needs_a_setting_that_an_earlier_step_makes_unseen_is_not_tried(self):
        role = f"other_{os.getpid()}"
        self.sql(f"CREATE ROLE {role}; CREATE TABLE t (id int); GRANT SELECT ON t TO {role}; " + LEDGER)
        self.addCleanup(self.cluster.psql, "postgres", f"DROP ROLE IF EXISTS {role}", False)
        self.addCleanup(self.sql, f"DROP OWNED BY {role}", check=False)
        rpc = self.serve(f"DO $$ BEGIN EXECUTE 'SET ro' || 'le {role}'; END $$;\nVACUUM t;\nINSERT INTO t VALUES (1);")
        reply = self.run_it(rpc, dry_run=True)
        self.assertEqual([one.step for one in reply.not_tried], [2, 3])
        self.assertIn("which a dry run does not keep", reply.not_tried[1].reason)
        self.assertEqual(self.run_it(rpc).failed.sqlstate, "42501")

    def test_a_dry_run_of_what_no_rollback_undoes_is_refused_with_its_line(self):
        for script, line, what in (("SELECT 1;\nSELECT dblink_exec('dbname=other', 'DELETE FROM t');", 2, "dblink_exec()"),
                                   ("CREATE TABLE a ();\n\nDO $$ BEGIN\nEXECUTE 'SELECT pg_reload_conf()'; END $$;", 3, "pg_reload_conf()"),
                                   ("COPY (SELECT 1) TO PROGRAM 'cat > /tmp/x';", 1, "COPY with a PROGRAM"),
                                   ("COPY (SELECT 1) TO '/tmp/truss-escaped';", 1, "COPY to a file")):
            with self.subTest(script):
                rpc = self.serve("CREATE TABLE IF NOT EXISTS b ();", script)
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "Run", {"dry_run": True})
                self.assertEqual(caught.exception.code, 9)
                self.assertIn(f'"2", line {line}: {what}', caught.exception.status.message)

    def test_a_dry_run_that_calls_a_function_that_no_rollback_undoes_is_refused(self):
        self.sql("CREATE FUNCTION deep() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pg_reload_conf(); END'; "
                 "CREATE FUNCTION shallow() RETURNS void LANGUAGE sql AS 'SELECT deep()'")
        for script, line, what in (("SELECT 1;\nSELECT shallow();", 2, "shallow()"),
                                   ("CREATE FUNCTION own() RETURNS void LANGUAGE sql AS 'SELECT deep()';\nDO $$ BEGIN PERFORM own(); END $$;", 2, "own()")):
            with self.subTest(script):
                rpc = self.serve("CREATE TABLE IF NOT EXISTS b ();", script)
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "Run", {"dry_run": True})
                self.assertIn(f'"2", line {line}: {what}', caught.exception.status.message)

    def test_a_dry_run_that_fires_a_trigger_that_no_rollback_undoes_is_refused(self):
        self.sql(LEDGER + "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_reload_conf(); RETURN NEW; END'; "
                 "CREATE TABLE told (id int PRIMARY KEY, of int); CREATE TRIGGER t AFTER INSERT OR DELETE ON told FOR EACH ROW EXECUTE FUNCTION tell(); "
                 "CREATE TABLE parent (id int PRIMARY KEY); ALTER TABLE told ADD FOREIGN KEY (of) REFERENCES parent ON DELETE CASCADE; "
                 "CREATE VIEW seen AS SELECT * FROM told; CREATE TABLE silent (told int)")
        for script, line, what in (("SELECT 1;\nINSERT INTO told VALUES (1, NULL);", 2, "told"), ("DELETE FROM public.parent;", 1, "parent"),
                                   ("INSERT INTO seen VALUES (1, NULL)", 1, "seen"), ("DO $$ BEGIN EXECUTE 'DELETE FROM \"told\"'; END $$", 1, "told")):
            with self.subTest(script):
                rpc = self.serve("CREATE TABLE IF NOT EXISTS b ();", script)
                with self.assertRaises(RpcError) as caught:
                    rpc.call("MigrationService", "Run", {"dry_run": True})
                self.assertIn(f'"2", line {line}: a trigger of the table {what}', caught.exception.status.message)
        rpc = self.serve("ALTER TABLE told ADD more int; INSERT INTO silent VALUES (1); SELECT * FROM told, seen; COMMENT ON TABLE told IS 'x'")
        self.assertTrue(rpc.call("MigrationService", "Run", {"dry_run": True}).ok)

    def test_a_dry_run_that_an_event_trigger_takes_outside_is_refused(self):
        self.sql(LEDGER + "CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_reload_conf(); END'; CREATE TABLE t (id int)")
        rpc = self.serve("INSERT INTO t VALUES (1);", "\nCREATE TABLE b ();")
        self.assertTrue(rpc.call("MigrationService", "Run", {"dry_run": True}).ok)
        self.sql("CREATE EVENT TRIGGER outside ON ddl_command_end EXECUTE FUNCTION tell()")
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", "Run", {"dry_run": True})
        self.assertIn('"2", line 2: the event trigger outside', caught.exception.status.message)

    def test_a_dry_run_of_what_only_looks_so_is_tried(self):
        rpc = self.serve("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_reload_conf()'; CREATE TABLE dblink (lo_export int);\n"
                         "INSERT INTO dblink (lo_export) VALUES (1); COMMENT ON TABLE dblink IS 'SELECT dblink_exec()'; SELECT 'pg_promote()';")
        reply = rpc.call("MigrationService", "Run", {"dry_run": True})
        self.assertTrue(reply.ok, reply)
        self.assertIn("would be applied", reply.summary)


if __name__ == "__main__":
    harness.main()
