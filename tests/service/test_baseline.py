"""Baseline: adopting a database that is there, many migrations at a time."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, RpcError

SCRIPTS = (
    'CREATE TABLE "User" (id SERIAL PRIMARY KEY, email TEXT NOT NULL); CREATE UNIQUE INDEX user_email ON "User" (email);',
    'CREATE TABLE post (id INT, slug TEXT); CREATE TABLE old (id INT);',
    "INSERT INTO post VALUES (1, 'a');",
    'ALTER TABLE post ALTER COLUMN slug SET NOT NULL; ALTER TABLE post ADD COLUMN more INT; DROP TABLE old;',
    'CREATE INDEX post_slug ON post (slug);',
)


class Baseline(Case):
    def setUp(self):
        super().setUp()
        self.connection = self.serve(*SCRIPTS)

    def baseline(self, **request):
        return self.connection.call("MigrationService", "Baseline", request)

    def prefix(self, count):
        """The database as it is after so many of them, made by other means."""
        for script in SCRIPTS[:count]:
            self.sql(script)

    def marked(self):
        return [row[0] for row in self.ledger("migration_name")]

    def missing(self, reply):
        return [(one.migration, one.type, one.name) for one in reply.missing]

    def test_all_or_up_to_one_or_those_that_are_named_are_recorded_in_their_order(self):
        for request, names in (({"all": True}, ["1", "2", "3", "4", "5"]), ({"through": "3"}, ["1", "2", "3"]),
                               ({"migrations": ["4", "2"]}, ["2", "4"])):
            with self.subTest(request=request):
                self.setUp()
                reply = self.baseline(**request)
                self.assertEqual((reply.ok, list(reply.migrations), self.marked()), (True, names, names))
                self.assertEqual(self.sql("SELECT to_regclass('post')"), [(None,)])
                again = self.baseline(**request)
                self.assertEqual((again.ok, list(again.migrations), again.already), (True, [], len(names)))

    def test_rows_are_numbered_one_behind_the_other(self):
        """Also behind rows that are there. Only the first of them looks for the largest number."""
        knex = {f"migrations/{n:03}_m.js": f"exports.up = (knex) => knex.raw('SELECT {n}');\n" for n in range(8)} | {"package.json": '{"dependencies": {"knex": "3"}}'}
        liquibase = {"db.changelog-master.sql": "--liquibase formatted sql\n" + "".join(f"\n--changeset a:{n}\nSELECT {n};\n" for n in range(8))}
        laravel = {f"database/migrations/2024_01_01_{n:06}_m.php": "<?php use Illuminate\\Database\\Migrations\\Migration;\n" for n in range(8)}
        for name, content, query in (("knex", knex, "SELECT batch FROM knex_migrations ORDER BY id"), ("laravel", laravel, "SELECT batch FROM migrations ORDER BY id"),
                                     ("liquibase", liquibase, "SELECT orderexecuted FROM databasechangelog ORDER BY split_part(id, ':', 1)::int")):
            with self.subTest(name):
                self.setUp()
                files = self.project(folder=name)
                for path, text in content.items():
                    files.write(path, text)
                rpc = self.rpc(self.worker(files, "--framework", name))
                names = [one.name for one in rpc.call("MigrationService", "GetStatus").migrations]
                self.assertEqual(len(names), 8)
                for request, count in (({"through": names[0]}, 1), ({"through": names[3]}, 4), ({"all": True}, 8)):
                    self.assertTrue(rpc.call("MigrationService", "Baseline", request).ok)
                    self.assertEqual(self.sql(query), [(str(n + 1),) for n in range(count)])

    def test_an_attempt_that_failed_is_given_up_by_a_baseline_of_many(self):
        self.baseline(through="1")
        self.sql("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'c', '3')")
        self.assertTrue(self.baseline(all=True).ok)
        self.assertEqual(self.sql("SELECT id, rolled_back_at IS NOT NULL FROM _prisma_migrations WHERE finished_at IS NULL"), [("x", "t")])
        self.assertEqual(self.sql("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL"), [("5",)])

    def test_it_must_be_said_in_one_way_and_with_names_that_are_there(self):
        for request, code in (({}, 3), ({"all": True, "through": "1"}, 3), ({"through": "9"}, 5), ({"migrations": ["1", "nothing"]}, 5)):
            with self.assertRaises(RpcError) as caught:
                self.baseline(**request)
            self.assertEqual(caught.exception.code, code)
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_what_is_there_is_verified_and_recorded(self):
        self.prefix(5)
        reply = self.baseline(all=True, verify=True)
        self.assertEqual((reply.ok, self.missing(reply), list(reply.unverified), self.marked()), (True, [], ["3"], ["1", "2", "3", "4", "5"]))

    def test_what_was_not_compared_whole_is_named(self):
        script = "CREATE TABLE job (id INT, state JSONB DEFAULT '{}');"
        self.connection = self.serve(*SCRIPTS, script)
        self.prefix(5)
        self.sql("CREATE TABLE job (id INT, state JSONB DEFAULT '[]');")
        for dry_run in (True, False):
            reply = self.baseline(all=True, verify=True, dry_run=dry_run)
            self.assertTrue(reply.ok)
            self.assertIn('Not all of what these make was compared', reply.message)
            self.assertIn('"6"', reply.message.partition("compared")[2])
            self.assertNotIn('"2"', reply.message)

    def test_what_is_missing_is_listed_and_the_longest_prefix_proposed(self):
        for count, proposed, missing in ((0, "", [("1", "table", "User"), ("1", "index", "user_email"), ("2", "table", "post"), ("4", "column", "post.more"),
                                                  ("5", "index", "post_slug")]),
                                         (1, "1", [("2", "table", "post"), ("4", "column", "post.more"), ("5", "index", "post_slug")]),
                                         (3, "2", [("4", "column", "post.more"), ("5", "index", "post_slug")]),
                                         (4, "4", [("5", "index", "post_slug")])):
            with self.subTest(count=count):
                self.setUp()
                self.prefix(count)
                reply = self.baseline(all=True, verify=True)
                self.assertEqual((reply.ok, reply.proposed, self.missing(reply)), (False, proposed, missing))
                self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])
                if proposed:
                    self.assertTrue(self.baseline(through=proposed, verify=True).ok)

    def test_a_thing_of_the_same_name_that_is_another_is_told(self):
        self.prefix(5)
        self.sql('DROP INDEX user_email; CREATE INDEX user_email ON "User" (id)')
        reply = self.baseline(all=True, verify=True)
        self.assertEqual((reply.ok, self.missing(reply)), (False, [("1", "index", "user_email")]))
        self.assertTrue(reply.missing[0].difference)

    def test_a_column_and_a_constraint_that_are_others_are_told(self):
        """And what was added to a column is one, unless a later migration has done it."""
        made = "CREATE TABLE job (id INT, state TEXT{}, CONSTRAINT job_id_key UNIQUE (id), CONSTRAINT job_id_check CHECK (id > {}))"
        for default, least, said in (("", 0, None), (" DEFAULT 'x'", 0, "has the default 'x'::text there, and none here"), (" NOT NULL", 0, "is NOT NULL there"),
                                     ("", 1, 'the constraint "job_id_check" is another one there')):
            with self.subTest(default=default, least=least):
                self.setUp()
                self.connection = self.serve(*SCRIPTS, made.format("", 0))
                self.prefix(5)
                self.sql(made.format(default, least))
                reply = self.baseline(all=True, verify=True)
                self.assertEqual((reply.ok, self.missing(reply)), (said is None, [("6", "table", "job")] if said else []))
                self.assertIn(said or "", reply.missing[0].difference if said else "")

    def test_a_dry_run_records_nothing(self):
        self.prefix(5)
        reply = self.baseline(all=True, verify=True, dry_run=True)
        self.assertEqual((reply.ok, reply.dry_run, len(reply.migrations)), (True, True, 5))
        self.assertEqual(self.sql("SELECT to_regclass('_prisma_migrations')"), [(None,)])

    def test_many_are_one_transaction_and_quick(self):
        for number in range(6, 1501):
            self.files.add(f"{number:05}", f"CREATE TABLE b{number} (id INT);")
        began = time.monotonic()
        self.assertEqual(len(self.baseline(all=True).migrations), 1500)
        self.assertLess(time.monotonic() - began, harness.allowed(10))  # 1 s on a machine that does nothing else
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT xmin::text) FROM _prisma_migrations"), [("1500", "1")])

    def test_a_ledger_that_takes_no_row_keeps_none(self):
        self.baseline(through="1")
        self.sql("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.migration_name = '4' THEN RETURN NULL; END IF; RETURN NEW; END $$;"
                 "CREATE TRIGGER no BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION no()")
        with self.assertRaises(RpcError):
            self.baseline(all=True)
        self.assertEqual(self.marked(), ["1"])

    def test_a_ledger_that_says_only_how_far_it_is_takes_none_with_another_in_front_left_out(self):
        files = self.project(folder="migrations")
        for number in (1, 2, 3):
            files.write(f"migrations/{number}_m.up.sql", f"CREATE TABLE m{number} ();")
            files.write(f"migrations/{number}_m.down.sql", f"DROP TABLE m{number};")
        self.connection = self.rpc(self.worker(files))
        names = [one.name for one in self.connection.call("MigrationService", "GetStatus").migrations]
        for chosen in ([names[1]], [names[0], names[2]]):
            with self.assertRaises(RpcError) as caught:
                self.baseline(migrations=chosen)
            left_out = names[0] if chosen == [names[1]] else names[1]
            self.assertIn(f'with "{chosen[-1]}" it would say that "{left_out}" is applied, too', caught.exception.status.message)
            self.assertEqual(self.sql("SELECT to_regclass('schema_migrations')"), [(None,)])
        self.assertEqual(list(self.baseline(through=names[1]).migrations), names[:2])
        self.assertEqual(self.sql("SELECT version, dirty FROM schema_migrations"), [("2", "f")])

    def test_a_ledger_that_numbers_its_rows_takes_none_in_front_of_one_that_is_there(self):
        self.connection = self.rpc(self.worker(self.project("frameworks/postgres-migrations/project")))
        names = [one.name for one in self.connection.call("MigrationService", "GetStatus").migrations]
        self.baseline(migrations=names[:2])
        self.sql("DELETE FROM migrations WHERE name = 'create-users'")
        before = self.sql("SELECT * FROM migrations ORDER BY id")
        with self.assertRaises(RpcError) as caught:
            self.baseline(migrations=names[:1])
        self.assertRegex(caught.exception.status.message, r'"002.*" behind "001.*" is applied, and the tracking table of .* cannot record one in front of it')
        self.assertEqual(self.sql("SELECT * FROM migrations ORDER BY id"), before)

    def test_the_route_answers_400_where_something_is_missing(self):
        http = self.bridge(self.process)
        answer = http.post("/api/migrations/idempotent/baseline", {"all": True, "verify": True})
        self.assertEqual((answer.status, answer.json["ok"], answer.json["missing"][0]["name"]), (400, False, "User"))
        answer = http.post("/api/migrations/idempotent/baseline", {"through": "2"})
        self.assertEqual((answer.status, answer.json["migrations"]), (200, ["1", "2"]))

    def test_the_command_says_what_to_do_next_and_marks_several(self):
        self.prefix(2)
        result = self.truss("baseline", "--all", "--verify", worker=self.process)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"(?m)^missing  4  column post\.more$")
        self.assertIn("Next: truss baseline --through 2 --verify", result.stdout)
        self.assertEqual(self.truss("mark-applied", "2", "1", worker=self.process).returncode, 0)
        self.assertEqual(self.marked(), ["1", "2"])
        self.assertEqual(self.truss("baseline", worker=self.process).returncode, 1)


if __name__ == "__main__":
    harness.main()
