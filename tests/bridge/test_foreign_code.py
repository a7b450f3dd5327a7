"""To load the rows of a dump runs the code that a table's owner has given it. That of a role which may do less than the worker's does not run
with the worker's rights: neither where a branch is filled by a dump, nor where a backup is restored."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

# Each in a table or type of its own; "ran" in the server's log is as whom.
WAYS = {
    "check": "CREATE TABLE {s}.a (i int CHECK ({s}.ran('check'))); INSERT INTO {s}.a VALUES (1)",
    "operator": "CREATE FUNCTION {s}.same(int, int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN {s}.ran(''operator''); END';"
                "CREATE OPERATOR {s}.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = {s}.same);"
                "CREATE TABLE {s}.o (i int CHECK (i OPERATOR({s}.===) 1)); INSERT INTO {s}.o VALUES (1)",
    "domain": "CREATE DOMAIN {s}.d AS int CHECK ({s}.ran('domain')); CREATE TABLE {s}.b (i {s}.d); INSERT INTO {s}.b VALUES (1)",
    "generated": "CREATE TABLE {s}.g (i int, j bool GENERATED ALWAYS AS ({s}.fixed('generated')) STORED); INSERT INTO {s}.g VALUES (1)",
    "partition": "CREATE TABLE {s}.p (i text) PARTITION BY LIST ({s}.fixed(i)); CREATE TABLE {s}.p1 PARTITION OF {s}.p DEFAULT; INSERT INTO {s}.p VALUES ('partition')",
    "cast": "CREATE TYPE {s}.t AS (i int); CREATE FUNCTION {s}.to_int({s}.t) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM {s}.ran(''cast''); RETURN 1; END';"
            "CREATE CAST ({s}.t AS int) WITH FUNCTION {s}.to_int AS IMPLICIT; CREATE TABLE {s}.k (i int PRIMARY KEY); INSERT INTO {s}.k VALUES (1);"
            "CREATE TABLE {s}.f (x {s}.t REFERENCES {s}.k (i)); INSERT INTO {s}.f VALUES (ROW(1))",
    # The planner replaces NOT (a = b) by the negator of =.
    "negator": "CREATE FUNCTION {s}.other(int, int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN {s}.ran(''negator''); END';"
               "CREATE OPERATOR {s}.!~= (LEFTARG = int, RIGHTARG = int, FUNCTION = {s}.other, NEGATOR = OPERATOR({s}.=~=));"
               "CREATE OPERATOR {s}.=~= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, NEGATOR = OPERATOR({s}.!~=));"
               "CREATE TABLE {s}.n (i int CHECK (NOT (i OPERATOR({s}.=~=) 1))); INSERT INTO {s}.n VALUES (2)",
    # What makes JSON looks for a cast, of whatever kind; the default of a column that came later is kept in pg_attribute.
    "json": "CREATE TYPE {s}.e AS ENUM ('a'); CREATE FUNCTION {s}.to_json(e {s}.e) RETURNS json LANGUAGE plpgsql AS 'BEGIN PERFORM {s}.ran(''json''); RETURN ''1''; END';"
            "CREATE CAST ({s}.e AS json) WITH FUNCTION {s}.to_json; CREATE TABLE {s}.j (i int); INSERT INTO {s}.j VALUES (1);"
            "ALTER TABLE {s}.j ADD COLUMN c {s}.e DEFAULT 'a'; ALTER TABLE {s}.j ADD CHECK (to_jsonb(c) IS NOT NULL)",
    # Functions of PostgreSQL that run a text, here as whoever loads.
    "query": "CREATE TABLE {s}.q (i int CHECK (query_to_xml('SELECT {s}.ran(''query'')', true, true, '') IS NOT NULL)); INSERT INTO {s}.q VALUES (1)",
    # A foreign key is checked by a query, which computes what is constant in an index.
    "key": "CREATE TABLE {s}.kk (i int PRIMARY KEY); CREATE TABLE {s}.ff (i int REFERENCES {s}.kk (i)); CREATE INDEX ON {s}.ff (({s}.fixed('key')))",
}
# What is constant is computed when a table is made or attached.
CONSTANTS = {
    "generated": WAYS["generated"],
    "partition": "CREATE TABLE {s}.p (i text) PARTITION BY LIST ((i || {s}.fixed('partition')::text))",
    "check": "CREATE TABLE {s}.p (i int) PARTITION BY LIST (i); CREATE TABLE {s}.p1 (i int CHECK ({s}.fixed('check'))); ALTER TABLE {s}.p ATTACH PARTITION {s}.p1 FOR VALUES IN (1)",
}
OWN = """SET SESSION AUTHORIZATION {role};
CREATE FUNCTION {s}.ran(what text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'RAN % as %', what, current_user; RETURN true; END $$;
CREATE FUNCTION {s}.fixed(what text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN {s}.ran(what); END $$;"""
RESTRICTED = """CREATE INDEX ON {s}.plain (({s}.fixed('index'))); CREATE MATERIALIZED VIEW {s}.m AS SELECT {s}.ran('view');"""


class ForeignCode(Case):
    def setUp(self):
        super().setUp()
        self.cluster.psql("postgres", "DO $$ BEGIN CREATE ROLE eve; CREATE ROLE app_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.sql("CREATE SCHEMA theirs; GRANT ALL ON SCHEMA theirs TO eve, app_owner")

    def lay(self, role, *statements):
        self.cluster.real_psql(self.database, ";\n".join([OWN, *statements]).format(s="theirs", role=role), True)

    def open(self, *arguments, **options):
        self.folder = tempfile.mkdtemp(prefix="truss-backups-")
        self.addCleanup(harness.shutil.rmtree, self.folder, True)
        self.http = self.bridge(self.worker(self.project("prisma-blog"), "--backups", self.folder, *arguments, **options))
        self.began = self.cluster.log_size()

    def ran(self):
        return set(re.findall(r"RAN (\w+ as \w+)", self.cluster.logged(self.began)))

    def lay_alone(self, role, *statements):
        """Nothing else is in their schema then."""
        self.sql("DROP SCHEMA theirs CASCADE; CREATE SCHEMA theirs; GRANT ALL ON SCHEMA theirs TO eve")
        self.lay(role, *statements)
        if not hasattr(self, "http"):
            self.open()
        self.began = self.cluster.log_size()

    def refused(self, answer):
        self.assertEqual((answer.status, answer.json.get("reason")), (409, "FOREIGN_CODE"), answer.body)
        self.assertIn("of eve", answer.json["error"])
        self.assertEqual(self.ran(), set())

    def golden(self):
        return self.http.post("/api/branches/golden", {})

    def restored(self):
        """How the restore of a new backup ended, and what was said of it."""
        number = self.http.post("/api/backups", {}).json["backup"]["id"]
        wait_for(lambda: self.http.get(f"/api/backups/{number}").json["detail_status"] == "completed")
        self.assertEqual(self.http.post(f"/api/backups/{number}/restore", {}).status, 202)
        told = wait_for(lambda: (one := self.http.get(f"/api/backups/{number}").json["restore"]) and one["status"] != "running" and one)
        return told["status"], told["message"]

    def test_no_way_to_run_it_is_forgotten(self):
        for way, statement in WAYS.items():
            with self.subTest(way=way):
                self.lay_alone("eve", statement)
                self.refused(self.golden())
        self.assertEqual(self.restored()[0], "failed")
        self.assertEqual(self.ran(), set())
        self.assertEqual([one["kind"] for one in self.http.get("/api/branches").json["branches"]], [])

    def test_constants_are_not_computed_for_the_schema_alone(self):
        for way, statement in CONSTANTS.items():
            with self.subTest(way=way):
                self.lay_alone("eve", statement)
                self.refused(self.http.post("/api/branches", {"source": "schema"}))

    def test_a_materialized_view_of_a_superuser_reads_nothing_of_hers(self):
        self.lay_alone("eve", "CREATE VIEW {s}.v AS SELECT {s}.ran('view') AS ran", "RESET SESSION AUTHORIZATION",
                       "CREATE MATERIALIZED VIEW public.m AS SELECT * FROM {s}.v WITH NO DATA", "SET allow_system_table_mods = on",
                       "UPDATE pg_class SET relispopulated = true WHERE relname = 'm'")
        self.refused(self.golden())
        self.assertEqual(self.restored()[0], "failed")
        self.assertEqual(self.ran(), set())
        self.sql("ALTER MATERIALIZED VIEW public.m OWNER TO eve")
        self.assertEqual(self.golden().status, 201)
        self.assertEqual(self.ran(), {"view as eve"})

    def test_a_backup_that_says_nothing_of_code_is_not_restored(self):
        self.open()
        number = self.http.post("/api/backups", {}).json["backup"]["id"]
        wait_for(lambda: self.http.get(f"/api/backups/{number}").json["detail_status"] == "completed")
        self.sql("UPDATE truss.backups SET facts = facts - 'called'")
        self.http.post(f"/api/backups/{number}/restore", {})
        told = wait_for(lambda: (one := self.http.get(f"/api/backups/{number}").json["restore"]) and one["status"] != "running" and one)
        self.assertEqual(told["status"], "failed")
        self.assertIn("it is not known whose code a restore of it runs", told["message"])

    def test_it_does_run_where_the_operator_says_so(self):
        self.lay("eve", WAYS["check"])
        self.open("--load-foreign-code")
        self.assertEqual(self.golden().status, 201)
        self.assertEqual(self.restored()[0], "completed")
        self.assertEqual(self.ran(), {"check as app"})

    def test_who_is_trusted_or_has_the_database_has_his_own(self):
        self.sql(f'ALTER DATABASE "{self.database}" OWNER TO app_owner; ALTER SCHEMA theirs OWNER TO app_owner')
        self.lay("app_owner", *WAYS.values())
        self.open()
        self.assertEqual(self.golden().status, 201)
        status, message = self.restored()
        self.assertEqual(status, "completed", message)

    def test_what_runs_as_the_owner_of_a_table_is_his_affair(self):
        self.sql("ALTER SCHEMA theirs OWNER TO eve")
        self.lay("eve", "CREATE TABLE {s}.plain (i int)", "INSERT INTO {s}.plain VALUES (1)", RESTRICTED)
        self.open()
        self.assertEqual(self.golden().status, 201)
        status, message = self.restored()
        self.assertEqual(status, "completed", message)
        self.assertRegex(message, r"the rows of \d+ tables? are as many as at the time of the backup\. The rows of 1 table were not compared\.")
        self.assertEqual(self.ran(), {"index as eve", "view as eve"})

    def test_where_owners_are_not_restored_all_of_it_is_looked_at(self):
        """A role of a backup is gone: then all belongs to the worker's role, and an index runs as that."""
        self.lay("eve", "CREATE TABLE {s}.plain (i int)", "INSERT INTO {s}.plain VALUES (1)", RESTRICTED)
        self.cluster.psql("postgres", "CREATE ROLE gone")
        self.sql("CREATE TABLE theirs.of_gone (i int); ALTER TABLE theirs.of_gone OWNER TO gone")
        self.open()
        number = self.http.post("/api/backups", {}).json["backup"]["id"]
        wait_for(lambda: self.http.get(f"/api/backups/{number}").json["detail_status"] == "completed")
        self.sql("DROP TABLE theirs.of_gone; DROP ROLE gone")
        self.http.post(f"/api/backups/{number}/restore", {})
        told = wait_for(lambda: (one := self.http.get(f"/api/backups/{number}").json["restore"]) and one["status"] != "running" and one)
        self.assertEqual(told["status"], "failed")
        self.assertIn("of eve", told["message"])
        self.assertEqual(self.ran(), set())


if __name__ == "__main__":
    harness.main()
