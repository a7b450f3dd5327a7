"""Event triggers: a plan names those that run at a statement and may refuse it or lock something, and what fails because of one names
it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_plan_truth

FUNCTION = "CREATE FUNCTION {0}() RETURNS event_trigger LANGUAGE plpgsql AS $$ {1} $$; CREATE EVENT TRIGGER {0} ON {2} EXECUTE FUNCTION {0}();"
LISTENERS = {
    "strict": ("BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity ~ 'bad') THEN RAISE EXCEPTION 'no bad names'; END IF; END", "ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX')"),
    "locker": ("BEGIN LOCK TABLE busy; END", "ddl_command_start WHEN TAG IN ('ALTER TABLE', 'CREATE VIEW')"),
    "quiet": ("DECLARE one record; BEGIN FOR one IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP INSERT INTO heard VALUES (one.command_tag); END LOOP; NOTIFY reload; END", "ddl_command_end"),
    "dropping": ("BEGIN LOCK TABLE busy; END", "sql_drop"),
    "noting": ("BEGIN RAISE NOTICE 'rewritten'; LOCK TABLE busy; END", "table_rewrite"),
    "off": ("BEGIN LOCK TABLE busy; END", "ddl_command_end"),
}
SETUP = "CREATE TABLE busy (id int); CREATE TABLE heard (tag text); CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1); CREATE ROLE hearing; CREATE DOMAIN plain AS int;"


class EventTriggers(test_plan_truth.Base):
    def listen(self, *names):
        self.addCleanup(self.cluster.psql, self.database, "DROP EVENT TRIGGER IF EXISTS " + "; DROP EVENT TRIGGER IF EXISTS ".join([*LISTENERS, "late"]) + "; DROP ROLE IF EXISTS hearing", False)
        return SETUP + "".join(FUNCTION.format(name, *LISTENERS[name]) for name in names) + ("ALTER EVENT TRIGGER off DISABLE;" if "off" in names else "")

    def named(self, one):
        return {name for name in [*LISTENERS, "late"] if f'event trigger "{name}"' in one.advice}

    def test_a_plan_names_those_that_run_at_a_statement(self):
        cases = {"CREATE TABLE bad (id int)": {"strict"}, "CREATE UNLOGGED TABLE IF NOT EXISTS bad (id int)": {"strict"}, "CREATE UNIQUE INDEX ON t (a)": {"strict"}, "ALTER TABLE t ADD b int": {"locker"}, "CREATE OR REPLACE VIEW v AS SELECT 1 AS x": {"locker"},
                 "ALTER TABLE t ALTER id TYPE bigint": {"locker", "noting"}, "ALTER TABLE t DROP COLUMN a": {"locker", "dropping"}, "DROP VIEW v": {"dropping"}, "COMMENT ON TABLE t IS 'x'": set(), "CREATE SEQUENCE s": set(),
                 "GRANT SELECT ON t TO hearing": set(), "INSERT INTO t VALUES (2)": set(), "ALTER ROLE hearing NOLOGIN": set(), "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'": set()}
        self.project_of(";\n".join(cases) + ";\n", setup=self.listen(*LISTENERS))
        said = [one for step in self.plan().migrations[0].steps for one in step.statements]
        self.assertEqual([self.named(one) for one in said], list(cases.values()))
        locking = {"locker", "dropping", "noting"}
        self.assertEqual([one.unknown for one in said], [bool(names & locking) for names in cases.values()])
        self.assertIn("may refuse it", said[0].advice)
        self.assertNotIn("may refuse it", said[3].advice)

    def test_those_that_the_plan_makes_switches_and_drops_are_followed(self):
        late = FUNCTION.format("late", "BEGIN LOCK TABLE busy; END", "ddl_command_end")
        self.project_of(f"CREATE TABLE a (id int); {late} CREATE TABLE b (id int); ALTER EVENT TRIGGER late DISABLE; CREATE TABLE c (id int); ALTER EVENT TRIGGER late ENABLE; CREATE TABLE d (id int); DROP EVENT TRIGGER late;"
                        "CREATE TABLE e (id int); ALTER EVENT TRIGGER off ENABLE ALWAYS; CREATE TABLE f (id int);", setup=self.listen("off"))
        said = {one.sql.split()[2]: self.named(one) for step in self.plan().migrations[0].steps for one in step.statements if one.sql.startswith("CREATE TABLE")}
        self.assertEqual(said, {"a": set(), "b": {"late"}, "c": set(), "d": {"late"}, "e": set(), "f": {"off"}})

    def test_what_one_has_refused_names_it(self):
        self.project_of("CREATE TABLE good (id int);\nCREATE TABLE bad (id int);\n", setup=self.listen("strict"))
        failed = self.run_all().failed
        self.assertIn("no bad names", failed.error)
        self.assertRegex(failed.hint, r"event trigger of the database: strict \(its function strict\(\) belongs to the role \w+\)")

    def test_an_error_of_another_function_names_none(self):
        self.project_of("DO $$ BEGIN RAISE EXCEPTION 'of its own'; END $$;", setup=self.listen("strict"))
        failed = self.run_all().failed
        self.assertIn("of its own", failed.error)
        self.assertNotIn("event trigger", failed.hint)

    def test_a_tracking_table_that_one_refuses_is_named_with_it(self):
        self.sql(FUNCTION.format("strict", "BEGIN RAISE EXCEPTION 'no'; END", "ddl_command_end WHEN TAG IN ('CREATE TABLE')"))
        self.addCleanup(self.cluster.psql, self.database, "DROP EVENT TRIGGER IF EXISTS strict", False)
        project = self.project()
        project.add("1", "CREATE SEQUENCE s;")
        self.connection = self.rpc(self.worker(project))
        self.assertIn('event trigger "strict" also runs when the tracking table "public"."_prisma_migrations" is made', "\n".join(self.check().notes))
        with self.assertRaises(harness.RpcError) as caught:
            self.run_all()
        status = caught.exception.status
        self.assertRegex(status.message, 'The tracking table "public"."_prisma_migrations" could not be made: no')
        self.assertRegex(str(status), r"Event triggers run when it is made: strict \(its function strict\(\) belongs to the role")


if __name__ == "__main__":
    harness.main()
