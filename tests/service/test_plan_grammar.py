"""Statements that our parser, with the grammar of PostgreSQL 15, does not know: the server's own grammar says whether they fail. What
the plan says is held against a run of the same script."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_plan_truth
from harness import Staying

harness.Cluster.keeps = True

SETUP = test_plan_truth.LEDGER + "CREATE TABLE users (id int PRIMARY KEY, name text, n int); INSERT INTO users VALUES (1, 'a', 1);"

# Each after the first version that takes it; 99: none does.
STATEMENTS = [
    (99, "SELEC 1"), (99, "CREATE TABLE x (id int,\n  name text\n  other int)"), (99, "ALTER TABLE users ADD COLUM x int"), (99, "CREATE MATERIALIZED VIEW x AS SELEC 1"),
    (99, "CREATE TABLE x AS SELECT 1 FORM users u"), (99, "WITH a AS (SELECT 1) SELECT * FROM a WHER 1 = 1"), (99, "UPDATE users SET"), (99, "EXPLAIN SELEC"), (99, "CALL x(;)"),
    (99, "DECLARE c CURSOR FOR SELEC"), (99, "CREATE ASSERTION x CHECK (1 = 1)"), (99, "GRANT SELECT ON users TO"), (99, "(SELECT 1"), (99, "SELECT U&'\\zzzz'"), (99, "CREATE SCHEMA"),
    (99, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$ STABEL"), (99, "SELECT 1;\nINSERT users VALUES (1)"),
    (18, "ALTER TABLE users ADD CONSTRAINT c CHECK (n > 0) NOT ENFORCED"), (18, "ALTER TABLE users ADD COLUMN twice int GENERATED ALWAYS AS (n * 2) VIRTUAL"),
    (18, "CREATE TABLE x (r int4range, PRIMARY KEY (r WITHOUT OVERLAPS))"), (18, "ALTER TABLE users ADD CONSTRAINT c NOT NULL n NOT VALID"),
    (17, "MERGE INTO users u USING users o ON u.id = o.id WHEN MATCHED THEN UPDATE SET n = 2 RETURNING u.id"),
    (17, "SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (a int PATH '$')) t"), (17, "CREATE VIEW x AS SELECT JSON_VALUE('[1]'::jsonb, '$[0]' RETURNING int)"),
    (17, "CREATE TABLE x AS SELECT JSON('{}' WITH UNIQUE KEYS) AS a"), (17, "ALTER TABLE users ALTER COLUMN n SET EXPRESSION AS (1)"),
    (16, "CREATE TABLE x (t text STORAGE PLAIN)"), (15, "CREATE UNIQUE INDEX i ON users (name) NULLS NOT DISTINCT"),
    (15, "MERGE INTO users u USING users o ON u.id = o.id WHEN MATCHED THEN UPDATE SET n = 2"),
    (14, "CREATE TABLE x (t text COMPRESSION pglz)"), (14, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END"), (13, "CREATE TABLE x (t text)")]


class Grammar(Staying):
    def version(self):
        return int(self.sql("SHOW server_version_num")[0][0]) // 10000

    def planned(self, script):
        self.connection = self.serve(script)
        plan = self.connection.call("MigrationService", "Plan")
        return plan, [one for step in plan.migrations[0].steps for one in step.statements]

    def test_what_the_servers_grammar_refuses_is_told_with_its_line(self):
        version = self.version()
        for since, statement in STATEMENTS:
            with self.subTest(statement):
                self._database = None
                self.sql(SETUP)
                plan, ones = self.planned(f"CREATE TABLE first (id int);\n{statement};\n")
                said = [one.fails for one in ones if "PostgreSQL cannot read it" in one.fails]
                if version >= since:
                    self.assertEqual(said, [])
                    continue
                run = self.connection.call("MigrationService", "Run")
                self.assertEqual(len(said), 1, [one.fails for one in ones])
                line, state = re.fullmatch(r"PostgreSQL cannot read it: .*, in line (\d+) \((\w+)\)\.", said[0]).groups()
                self.assertEqual((run.failed.sqlstate, run.failed.line), (state, int(line) if run.failed.line else 0))
                self.assertFalse(plan.unknown and version <= 15)

    def test_what_a_newer_server_takes_is_known_or_said_not_to_be(self):
        """Also in an empty database, where it was said to lock nothing. Much of it is read: tests/service/test_plan_measured.py."""
        version = self.version()
        unread = [(17, "WITH m AS (MERGE INTO users u USING users o ON u.id = o.id WHEN MATCHED THEN UPDATE SET n = 2 RETURNING u.id) SELECT * FROM m"), (16, "CREATE VIEW x AS SELECT JSON_ARRAY(SELECT 1)"),
            (17, "SELECT JSON_VALUE('[1]'::jsonb, '$[0]' PASSING upper('a') AS x)"), (17, "MERGE INTO users u USING users o ON u.id = o.id WHEN MATCHED THEN DELETE RETURNING upper('a')")]
        for statement in [statement for since, statement in unread if since <= version]:
            with self.subTest(statement):
                self._database = None
                self.sql("CREATE TABLE users (id int, n int)" if "users" in statement else "SELECT 1")
                plan, ones = self.planned(statement + ";\n")
                self.assertEqual([(one.unknown, one.fails) for one in ones], [(True, "")])
                self.assertIn(f"the server is {version}, whose grammar takes it", ones[0].advice)
                self.assertTrue(plan.unknown)
        for statement in [statement for since, statement in STATEMENTS if 15 < since <= version and "users" not in statement]:
            with self.subTest(statement):
                self._database = None
                plan, ones = self.planned(statement + ";\n")
                self.assertEqual([(one.unknown, one.fails) for one in ones], [(False, "")])

    def test_what_is_a_function_to_our_grammar_and_syntax_to_the_server_is_not_missing(self):
        words = {16: ["json_array(1, 2)", "json_arrayagg(n)"], 17: ["json_scalar(1)", "json_value('[1]'::jsonb, '$[0]')", "json_exists('[1]'::jsonb, '$[0]')", "json_serialize('{}')"]}
        calls = [call for since, calls in words.items() if self.version() >= since for call in calls]
        self.sql(SETUP)
        _, ones = self.planned("".join(f"CREATE VIEW v{number} AS SELECT {call} FROM users;\nSELECT {call} FROM users;\n" for number, call in enumerate(calls)) + "SELECT 1;\n")
        self.assertEqual([(one.fails, one.unknown) for one in ones], [("", False)] * (2 * len(calls) + 1))
        self.assertTrue(self.connection.call("MigrationService", "Run").ok)

    def test_asking_runs_and_locks_nothing(self):
        self.sql(SETUP + "CREATE FUNCTION note() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO users VALUES (9); RETURN 1; END'")
        self.hold("BEGIN", "LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        for statement in ("SELECT note() FORM users u", "CREATE TABLE x AS SELECT note() FORM users u", "EXPLAIN ANALYZE SELECT note() FORM users u", "CALL note() FORM users"):
            with self.subTest(statement):
                _, ones = self.planned(statement + ";\n")
                self.assertIn("cannot read it", ones[0].fails)

    def test_a_script_that_changes_how_strings_are_read_is_not_judged(self):
        self.sql(SETUP)
        _, ones = self.planned("SET standard_conforming_strings = off;\nSELECT 'it''s' FORM users u;\n")
        self.assertEqual([one.fails for one in ones], ["", ""])


if __name__ == "__main__":
    harness.unittest.main(verbosity=2)
