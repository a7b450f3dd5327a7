"""What the plan says of DO blocks of plain statements: at most what each statement of them does, and of what they make that it may be
there or not. The locks are measured in test_plan_measured.py ("blocks")."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_plan_truth
from harness import Staying

harness.Cluster.keeps = True

BEFORE = """CREATE TABLE old (x int); INSERT INTO old VALUES (1); CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int); CREATE TABLE locked (x int); CREATE SCHEMA other; CREATE TABLE other.far (x int);
CREATE FUNCTION locks() RETURNS bool LANGUAGE plpgsql AS 'BEGIN LOCK TABLE locked; RETURN true; END'; CREATE FUNCTION locking() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE a; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON locked FOR EACH ROW EXECUTE FUNCTION locking()"""
DUPLICATE = "DO $$ BEGIN\n {};\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND $$"
IF = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'n') THEN {}; END IF; END $$"


class PlanBlocks(Staying):
    def plan(self, *statements):
        self._database = None
        self.sql(test_plan_truth.LEDGER + BEFORE)
        plan = self.serve(";\n".join(statements) + ";\n").call("MigrationService", "Plan")
        return [one for migration in plan.migrations for step in migration.steps for one in step.statements]

    def locks(self, one):
        return {lock.relation.removeprefix("public."): lock.mode for lock in one.locks if not lock.relation.startswith("pg_")}

    def fails(self, *statements):
        return [one.fails for one in self.plan(*statements) if one.HasField("fails")]

    def test_the_locks_of_every_branch_are_said(self):
        one, = self.plan("DO $$ BEGIN IF (SELECT count(*) FROM a) > 0 THEN CREATE INDEX ON b (a_id); ELSIF true THEN NULL; ELSE ALTER TABLE a ADD COLUMN x int; END IF; "
                         "EXCEPTION WHEN others THEN ALTER TABLE b ADD COLUMN x int; END $$")
        self.assertFalse(one.unknown)
        self.assertEqual(self.locks(one), {"a": "ACCESS EXCLUSIVE", "b": "ACCESS EXCLUSIVE"})
        self.assertIn("at most", one.advice)

    def test_a_block_with_anything_else_stays_unknown(self):
        for body in ("EXECUTE 'ALTER TABLE a ADD COLUMN x int'", "PERFORM locks()", "CALL p()", "DROP TABLE IF EXISTS a", "LOOP ALTER TABLE a ADD COLUMN x int; END LOOP",
                     "IF locks() THEN ALTER TABLE a ADD COLUMN x int; END IF", "RAISE NOTICE '%', locks()", "SET LOCAL search_path = other", "INSERT INTO a VALUES (1) RETURNING id INTO x", "DELETE FROM a", "UPDATE a SET id = 2", "CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE SCHEMA s CREATE TABLE a (x int)", "ALTER TABLE a DISABLE ROW LEVEL SECURITY", "INSERT INTO old SELECT 1 WHERE locks()",
                     "ALTER TABLE a ADD COLUMN x int, DROP COLUMN id", "ALTER TABLE a ADD COLUMN x int; ALTER TABLE a RENAME TO c", "CREATE TABLE n AS SELECT locks()",
                     "CASE WHEN locks() THEN ALTER TABLE a ADD COLUMN x int; END CASE", "WHILE locks() LOOP NULL; END LOOP", "CREATE TEMP TABLE a (x int)",
                     "IF set_config('search_path', 'other', false) = '' THEN ALTER TABLE a ADD COLUMN x int; END IF", "RETURN; CREATE TYPE t AS ENUM ('a'); COMMIT",
                     "ALTER TABLE a ADD COLUMN x bool DEFAULT locks()", "ALTER TABLE a ADD CONSTRAINT k CHECK (locks())", "x := locks()", "CREATE TABLE far (x int)"):
            with self.subTest(body):
                one, = self.plan(f"DO $$ BEGIN {body}; END $$")
                self.assertTrue(one.unknown)
        for block in ("DO $$ DECLARE x bool := locks(); BEGIN ALTER TABLE a ADD COLUMN x int; END $$", "DO LANGUAGE sql 'ALTER TABLE a ADD COLUMN x int'"):
            with self.subTest(block):
                one, = self.plan(block)
                self.assertTrue(one.unknown)

    def test_policies_triggers_views_schemas_and_rows_are_read(self):
        made, _, _ = self.plan(
            "DO $$ BEGIN ALTER TABLE a ENABLE ROW LEVEL SECURITY; IF NOT EXISTS (SELECT FROM pg_policies WHERE policyname = 'p') THEN CREATE POLICY p ON a USING (true); END IF; DROP TRIGGER IF EXISTS t ON b; DROP POLICY IF EXISTS q ON old;"
            " CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); CREATE SCHEMA IF NOT EXISTS s; CREATE VIEW s.v AS SELECT * FROM old; INSERT INTO a VALUES (1); ALTER TABLE b DROP CONSTRAINT IF EXISTS k; END $$",
            "INSERT INTO b VALUES (7)", "SELECT * FROM s.v")
        self.assertFalse(made.unknown, made)
        locks = self.locks(made)
        self.assertEqual({name: locks.get(name) for name in ("a", "b", "old")}, {"a": "ACCESS EXCLUSIVE", "b": "ACCESS EXCLUSIVE", "old": "ACCESS SHARE"})
        gone, inserted = self.plan("DO $$ BEGIN DROP TRIGGER IF EXISTS t ON locked; END $$", "INSERT INTO locked VALUES (1)")
        self.assertFalse(gone.unknown)
        self.assertTrue(inserted.unknown)  # the trigger, which may do anything, may be there
        self.assertEqual(self.fails("CREATE TABLE made (id int PRIMARY KEY)", "CREATE TABLE kid (m int REFERENCES made)", "DO $$ BEGIN INSERT INTO made VALUES (5); END $$", "INSERT INTO kid VALUES (5)", "ALTER TABLE b ADD COLUMN c int NOT NULL DEFAULT 1"), [])

    def test_what_a_block_makes_may_be_there(self):
        self.assertEqual(self.fails(
            DUPLICATE.format("CREATE TYPE mood AS ENUM ('a')"), IF.format("CREATE TABLE n (id int PRIMARY KEY, m mood); ALTER TABLE b ADD COLUMN m mood"),
            DUPLICATE.format("ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a (id)"), "ALTER TABLE n ADD COLUMN x mood", "CREATE INDEX ON n (id)",
            "ALTER TABLE b ALTER COLUMN m SET NOT NULL", "ALTER TABLE b DROP CONSTRAINT b_a", "INSERT INTO n (id) VALUES (1)", "SELECT m FROM b"), [])

    def test_what_makes_it_again_is_not_said_to_fail(self):
        self.assertEqual(self.fails(
            DUPLICATE.format("CREATE TYPE mood AS ENUM ('a')"), IF.format("CREATE TABLE n (id int); CREATE INDEX n_i ON n (id); ALTER TABLE b ADD COLUMN x int"),
            DUPLICATE.format("ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a (id)"), "CREATE TABLE n (id int)", "CREATE INDEX n_i ON n (id)",
            "CREATE TYPE mood AS ENUM ('a')", "ALTER TABLE b ADD COLUMN x int", "ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a (id)"), [])

    def test_what_fails_for_other_reasons_behind_a_block_is_said(self):
        fails = self.fails(DUPLICATE.format("CREATE TYPE mood AS ENUM ('a')"), IF.format("CREATE TABLE n (id int)"), "ALTER TABLE nowhere ADD COLUMN x int", "CREATE TABLE a (id int)")
        self.assertEqual(len(fails), 2, fails)

    def test_a_failure_inside_that_a_handler_takes_is_none(self):
        self.assertEqual(self.fails(DUPLICATE.format("CREATE TABLE a (id int)"), DUPLICATE.format("ALTER TABLE nowhere ADD COLUMN x int")), [])

    def test_a_table_that_gets_the_name_of_one_that_a_block_may_make_keeps_its_lock(self):
        made, moved, used = self.plan(IF.format("CREATE TABLE n (id int)"), "ALTER TABLE a RENAME TO n", "ALTER TABLE n ADD COLUMN x int")
        self.assertFalse(made.unknown)
        self.assertTrue(used.unknown or "ACCESS EXCLUSIVE" in self.locks(used).values(), used)

    def test_a_column_that_a_block_may_add_has_an_unknown_type(self):
        said = self.plan("DO $$ BEGIN ALTER TABLE old ADD COLUMN x varchar(10); EXCEPTION WHEN duplicate_column THEN NULL; END $$", "ALTER TABLE old ALTER COLUMN x TYPE varchar(20)")
        self.assertEqual(said[1].work, 3, said[1])

    def test_a_proof_in_a_block_is_not_believed(self):
        said = self.plan(DUPLICATE.format("ALTER TABLE old ADD CONSTRAINT filled CHECK (x IS NOT NULL)"), "ALTER TABLE old ALTER COLUMN x SET NOT NULL")
        self.assertEqual(said[1].work, 2, said[1])


if __name__ == "__main__":
    harness.main()
