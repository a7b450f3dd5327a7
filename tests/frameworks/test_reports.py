"""Projects in the shape of public bug reports about the frameworks' own tools. What is expected is what the real tool does, in the
version that each test names."""
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from fixtures import Written  # also makes harness known
import harness
from harness import RpcError


class Reports(Written):
    def rows(self, rpc):
        """Each migration as name, state and detail."""
        return [(one.name, self.state(one), self.detail(one)) for one in self.status(rpc).migrations]

    # ---- Drizzle ----

    def journal(self, *entries):
        """Files of drizzle-kit 0.x: (tag, when, script) in the order of the journal."""
        self.write("drizzle/meta/_journal.json", json.dumps({"version": "7", "dialect": "postgresql", "entries": [
            {"idx": number, "version": "7", "when": when, "tag": tag, "breakpoints": True} for number, (tag, when, _) in enumerate(entries)]}))
        for tag, _, script in entries:
            self.write(f"drizzle/{tag}.sql", script)

    def drizzle_rows(self, *rows):
        self.sql("CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)")
        for script, when in rows:
            self.sql(f"INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{hashlib.sha256(script.encode()).hexdigest()}', {when})")

    # drizzle-team/drizzle-orm 5316, 5769: a migration with a time in the future, and one behind it. drizzle-kit 0.31.11 runs them in
    # the order of the journal in an empty database, and never the second one where the first one is applied.
    FUTURE = (("0000_a", 1000000000000, "CREATE TABLE a (i int);\n"), ("0001_b", 1990000000000, "CREATE TABLE b (i int);\n"),
              ("0002_c", 1700000000000, "ALTER TABLE b ADD COLUMN c int;\n"))

    def test_drizzle_runs_in_the_order_of_its_journal_whatever_the_times_are(self):
        self.journal(*self.FUTURE)
        with self.start() as rpc:
            reply = rpc.call("MigrationService", "Run", {})
            self.assertEqual([one.name for one in reply.applied], ["0000_a", "0001_b", "0002_c"], reply)
            self.assertEqual(self.rows(rpc), [(tag, "applied", "unspecified") for tag, _, _ in self.FUTURE])
        self.assertEqual(self.sql("SELECT created_at FROM drizzle.__drizzle_migrations ORDER BY id"), [(str(when),) for _, when, _ in self.FUTURE])

    def test_what_drizzle_skips_is_told_by_its_times_not_by_its_place(self):
        self.journal(*self.FUTURE)
        self.drizzle_rows(*((script, when) for _, when, script in self.FUTURE[:2]))
        with self.start() as rpc:
            self.assertEqual(self.rows(rpc)[2], ("0002_c", "pending", "skipped"))
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run", {})
            self.assertIn("drizzle-kit never runs it", caught.exception.status.message)

    def test_a_row_of_drizzle_with_the_time_of_a_repair_makes_what_is_older_skipped(self):
        self.journal(*self.FUTURE[:1], ("0001_d", 1700000000000, "CREATE TABLE d (i int);\n"))
        self.drizzle_rows((self.FUTURE[0][2], 1777777777777))
        with self.start() as rpc:
            self.assertEqual(self.rows(rpc), [("0000_a", "applied", "unspecified"), ("0001_d", "pending", "skipped")])

    def test_a_mark_in_drizzle_says_what_becomes_late_by_its_time(self):
        self.journal(*self.FUTURE)
        self.drizzle_rows((self.FUTURE[0][2], self.FUTURE[0][1]))
        with self.start() as rpc:
            reply = rpc.call("MigrationService", "MarkApplied", {"migration": "0001_b"})
            self.assertIn('"0002_c" is pending, and out of order', " ".join(reply.warnings) + reply.message)

    # ---- TypeORM: directories that are stars (typeorm/typeorm 3897, 1250) ----

    def typeorm(self, migrations):
        self.directory.cleanup()
        self.write("package.json", '{"dependencies": {"typeorm": "0.3", "pg": "8"}}')
        self.write("src/data-source.ts", f"export default new DataSource({{ type: 'postgres', url: process.env.DATABASE_URL, migrations: {migrations} }});\n")
        for path, name in {"src/modules/a/migrations": "A1511875872426", "src/modules/b/migrations": "B1511875872429",
                           "src/modules/b/deep/migrations": "C1511875872430", "src/modules/b/other": "D1511875872431", "src/migrations": "E1511875872432"}.items():
            self.write(f"{path}/{name}.ts", f"export class {name} implements MigrationInterface {{ async up(queryRunner: QueryRunner) {{}} }}\n")

    def test_directories_of_typeorm_may_be_stars(self):
        deep = ["A1511875872426", "B1511875872429", "C1511875872430"]
        for migrations, names in {"['src/modules/*/migrations/*.ts']": deep[:2], "['src/modules/**/migrations/*.ts']": deep,
                                  "[__dirname + '/**/migrations/*{.ts,.js}']": [*deep, "E1511875872432"],
                                  "['src/**/*.ts']": [*deep, "D1511875872431", "E1511875872432"],
                                  "['src/modules/*/*/migrations/*.ts']": deep[2:],
                                  "['src/modules/*/migrations/*.ts', 'dist/modules/*/migrations/*.js']": deep[:2],
                                  "['src/migrations/*.ts']": ["E1511875872432"]}.items():
            with self.subTest(migrations):
                self.typeorm(migrations)
                with self.start() as rpc:
                    status = self.status(rpc)
                    self.assertEqual(([one.name for one in status.migrations], status.problem), (names, ""))

    def test_directories_of_typeorm_that_are_not_understood_are_a_problem(self):
        for migrations in ("['src/modules/[ab]/migrations/*.ts']", "['src/modules/*/migrations/*.ts', 'src/modules/**/other/*.ts']"):
            with self.subTest(migrations):
                self.typeorm(migrations)
                with self.start() as rpc:
                    self.assertIn("only typeorm knows", self.status(rpc).problem)

    def test_a_named_tracking_table_that_is_in_another_schema_is_a_question(self):
        """The schema was configured behind the first run; every migration would run again."""
        self.write("package.json", '{"dependencies": {"typeorm": "0.3", "pg": "8"}}')
        self.write("src/data-source.ts", "export default new DataSource({ type: 'postgres', schema: 'app', migrationsTableName: 'typeorm_migrations', migrations: ['src/migrations/*.ts'] });\n")
        self.write("src/migrations/1511875872426-A.ts", "export class A1511875872426 implements MigrationInterface { async up(queryRunner: QueryRunner) {} }\n")
        self.sql("CREATE SCHEMA app; CREATE TABLE public.typeorm_migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)")
        for name, asked in (("B1511875872427", False), ("A1511875872426", True)):
            with self.subTest(name), self.start() as rpc:
                self.sql(f"INSERT INTO public.typeorm_migrations (timestamp, name) VALUES (1511875872426, '{name}')")
                self.assertEqual("app.typeorm_migrations, which is not there, and the database has public.typeorm_migrations with rows" in self.status(rpc).problem, asked)

    # ---- projects for another kind of database ----

    def test_a_project_for_another_kind_of_database_is_not_run_unasked(self):
        alembic = "connectable = engine_from_config(config.get_section(config.config_ini_section))\n"
        revision = "revision = 'a1'\ndown_revision = None\n"
        goose = "-- +goose Up\nCREATE TABLE a (i int);\n"
        for says, files in {
                "SQLite (.env, by GOOSE_DRIVER)": {".env": "GOOSE_DRIVER=sqlite3\nGOOSE_DBSTRING=./app.db\n", "migrations/00001_a.sql": goose},
                "MySQL (alembic.ini, line 3)": {"alembic.ini": "[alembic]\nscript_location = alembic\nsqlalchemy.url = mysql+pymysql://u@h/app\n",
                                                "alembic/env.py": alembic, "alembic/versions/a1.py": revision}}.items():
            with self.subTest(says):
                self.directory.cleanup()
                for path, text in files.items():
                    self.write(path, text)
                with self.start() as rpc:
                    self.assertIn(f"The project names another database: {says}.", " ".join(self.status(rpc).warnings))
                    with self.assertRaises(RpcError) as caught:
                        rpc.call("MigrationService", "Run", {})
                    self.assertIn(says, caught.exception.status.message)

    def test_a_url_that_alembic_s_program_may_replace_is_none(self):
        self.write("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = sqlite:///app.db\n")
        self.write("alembic/env.py", "from app import engine\n")
        self.write("alembic/versions/a1.py", "revision = 'a1'\ndown_revision = None\n")
        with self.start() as rpc:
            self.assertNotIn("another database", " ".join(self.status(rpc).warnings))

    # ---- Alembic: what 1.8.1 stops at ----

    def revisions(self, *revisions):
        """(id, down_revision, more)"""
        self.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
        self.write("alembic/env.py", "from alembic import context\n")
        for name, down, *more in revisions:
            self.write(f"alembic/versions/{name}.py", f"revision = {name!r}\ndown_revision = {down!r}\n{''.join(more)}\ndef upgrade():\n    pass\n")

    def heads(self, *rows):
        self.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        for row in rows:
            self.sql(f"INSERT INTO alembic_version VALUES ('{row}')")

    def check_stops(self, says):
        """The status warns, and a plan is refused, with the same words."""
        with self.start("--allow-delegate") as rpc:
            status = self.status(rpc)
            self.assertIn(says, " ".join(status.warnings))
            self.assertFalse(status.HasField("problem"))
            self.assertIn(says, rpc.call("MigrationService", "Plan", {}).refusal)
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Run", {})
            self.assertIn(says, caught.exception.status.message)

    def check_goes_on(self, *words):
        """Nothing like this is said."""
        with self.start() as rpc:
            status = self.status(rpc)
            for word in words:
                self.assertNotIn(word, " ".join(status.warnings))
                self.assertNotIn(word, rpc.call("MigrationService", "Plan", {}).refusal)

    def test_several_heads_of_alembic_are_said_before_anything_runs(self):
        self.revisions(("a1", None), ("b2", "a1"), ("c3", "a1"))
        self.heads("b2")
        self.check_stops('The files have 2 heads ("b2", "c3")')

    def test_merged_and_labelled_branches_of_alembic_are_none(self):
        for more in ((("d4", ("b2", "c3")),), (("e5", "c3", "branch_labels = ('e',)\n"),)):
            with self.subTest(more):
                self.revisions(("a1", None), ("b2", "a1"), ("c3", "a1"), *more)
                self.check_goes_on("heads")

    def test_a_row_of_alembic_before_another_is_said(self):
        self.revisions(("a1", None), ("b2", "a1"), ("c3", "b2"))
        self.heads("a1", "b2")
        self.check_stops("The tracking table has a1 and what comes after it")

    def test_a_down_revision_of_alembic_without_a_file_is_said(self):
        self.revisions(("b2", "gone"),)
        self.check_stops("b2.py follows the revision gone, which no file has")

    def test_a_circle_in_a_history_of_alembic_is_said(self):
        for revisions in ((("a1", None), ("b2", "c3"), ("c3", "b2")), (("a1", "a1"),), (("a1", None), ("b2", "a1", "depends_on = 'c3'\n"), ("c3", "b2"))):
            with self.subTest(revisions):
                self.directory.cleanup()
                self.revisions(*revisions)
                self.check_stops("follows itself, perhaps by way of others")

    # ---- Rails: what 6.1.7 stops at ----

    def test_two_migrations_of_rails_with_one_name_are_said(self):
        self.write("Gemfile", "gem 'rails'\n")
        for name in ("20240101000000_add_x", "20240102000000_add_x.blog", "20240103000000_add_xs"):
            self.write(f"db/migrate/{name}.rb", "class AddX < ActiveRecord::Migration[6.1]\nend\n")
        self.check_stops("20240101000000_add_x.rb and 20240102000000_add_x.blog.rb have the same name AddX")

    # ---- Django: what 3.2.25 stops at ----

    def apps(self, *migrations):
        """(app, name, dependencies, more)"""
        self.write("manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'proj.settings')\nfrom django.core.management import execute_from_command_line\n")
        self.write("proj/settings.py", f"INSTALLED_APPS = {sorted({app for app, *_ in migrations})!r}\n")
        for app, name, needs, *more in migrations:
            for package in (app, f"{app}/migrations"):
                self.write(f"{package}/__init__.py")
            self.write(f"{app}/migrations/{name}.py", f"from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = [{needs}]\n"
                                                     f"    operations = []\n{''.join(more)}")

    def django_rows(self, *rows):
        self.sql("CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz NOT NULL)")
        for app, name in rows:
            self.sql(f"INSERT INTO django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())")

    def test_conflicting_migrations_of_django_are_said_before_anything_runs(self):
        self.apps(("a", "0001_initial", ""), ("a", "0002_x", "('a', '0001_initial')"), ("a", "0002_y", "('a', '0001_initial')"))
        self.django_rows(("a", "0001_initial"))
        self.check_stops('The app a has 2 migrations that none follows ("a.0002_x", "a.0002_y")')

    def test_what_only_looks_like_a_conflict_in_django_is_none(self):
        swappable = "\n        migrations.swappable_dependency(settings.AUTH_USER_MODEL),  # (\n        ('auth', '0012_x'),\n"
        for name, more in {"merged": (("a", "0002_y", "('a', '0001_initial')"), ("a", "0003_m", "('a', '0002_x'), ('a', '0002_y')")),
                           "of another app": (("b", "0001_initial", "('a', '0001_initial')"),),
                           "swappable": (("a", "0002_y", swappable),),
                           "squashed": (("a", "0002_squashed", "", "    replaces = [('a', '0001_initial'), ('a', '0002_x')]\n"),)}.items():
            with self.subTest(name):
                self.directory.cleanup()
                self.apps(("a", "0001_initial", swappable), ("a", "0002_x", "('a', '0001_initial'),"), *more)
                self.check_goes_on("none follows", "not there", "is not:")

    def test_a_dependency_of_django_that_is_not_applied_is_said(self):
        self.apps(("a", "0001_initial", "('b', '0001_initial')"), ("b", "0001_initial", ""))
        self.django_rows(("a", "0001_initial"))
        self.check_stops("a.0001_initial is applied, and b.0001_initial, on which it depends, is not")

    def test_a_dependency_of_django_without_a_file_is_said(self):
        self.apps(("a", "0001_initial", ""), ("a", "0003_x", "('a', '0002_gone')"))
        self.django_rows(("a", "0001_initial"))
        self.check_stops("a.0003_x depends on a.0002_gone, which is not there")

    # ---- goose 3.27 and sql-migrate 1.0: their parsers, which cut by lines (pressly/goose 163) ----

    FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND;\n$$;\n"

    def check_script(self, path, text, says):
        """The run is refused with these words, and nothing is made; None: it runs."""
        with self.subTest(text):
            self.directory.cleanup()
            self.sql("DROP TABLE IF EXISTS a, b; DROP FUNCTION IF EXISTS f()")
            self.sql("DROP TABLE IF EXISTS goose_db_version, gorp_migrations")
            self.write(path, text)
            with self.start() as rpc:
                if says is None:
                    self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)
                else:
                    plan = rpc.call("MigrationService", "Plan", {})
                    self.assertIn(says, plan.refusal)
                    self.assertIn(plan.summary, [f'"{name}" cannot run.' for name in (os.path.basename(path), os.path.basename(path)[:-4])])
                    reply = rpc.call("MigrationService", "Run", {})
                    self.assertFalse(reply.ok)
                    self.assertIn(says, reply.failed.error)
                    self.assertEqual(self.sql("SELECT to_regclass('a'), to_regproc('f')"), [(None, None)])

    def test_what_goose_s_parser_stops_at_does_not_run(self):
        table = "CREATE TABLE a (i int);\n"
        up, down, begin, end = "-- +goose Up\n", "-- +goose Down\n", "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"
        unended = "has no semicolon at the end of a line"
        for text, says in ((up + begin + self.FUNCTION, 'line 7: goose stops here, because a "-- +goose StatementBegin" above has no'),
                           (up + begin + self.FUNCTION + down, 'line 8: goose stops here, because a "-- +goose StatementBegin" above has no'),
                           (up + table + down + begin + "SELECT 1;\n", 'a "-- +goose StatementBegin" above has no "-- +goose StatementEnd"'),
                           (up + begin + begin + self.FUNCTION + end, 'line 3: goose stops here, because the "-- +goose StatementBegin" above has no'),
                           (up + self.FUNCTION + end, "line 4: goose stops here, because it ends a statement at the semicolon"),
                           (up + table + end, 'it has no "-- +goose StatementBegin" above it'),
                           (up + table + down + down, 'it is the second "-- +goose Down"'),
                           (up + table + "-- +goose Statement Begin\n", "must be one of its annotations"),
                           (up + table.replace(";", ""), unended), (up + table.replace(";", "") + down + "DROP TABLE a;\n", unended),
                           (up + table + "  \n-- the end\n", unended),
                           (up + table.replace(";", ";--x"), unended),
                           ("SELECT 1;\n" + up + table, "has something above"),
                           ("\ufeff-- +goose NO TRANSACTION\n" + up + table, "begins with a byte order mark, at which its tool stops"),
                           (up + "INSERT INTO a VALUES ('x;\ny');\n", "line 2: goose stops here"),
                           (up + "/* x;\ny */\n" + table, "line 2: goose stops here"),
                           (up + "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n  SELECT 1;\nEND;\n", "line 3: goose stops here"),
                           (up + begin + self.FUNCTION + end + table, None), (up + table + "-- the end\n\n" + down, None),
                           (up + table.replace("\n", " -- x;\n").replace("\n", "\r\n") + down, None),
                           (up + "CREATE TABLE b (i int); SELECT 1\n;\n" + table + down + "DROP TABLE a", None),
                           (up + begin + "CREATE TABLE a (t text DEFAULT 'x;\n')\n" + end, None),
                           (up + begin + "CREATE TABLE a (t text)\n" + end + "/* y */ SELECT 1;\n/* z */\nSELECT 2;\n", None)):
            self.check_script("migrations/00001_a.sql", text, says)

    def test_what_sql_migrate_s_parser_cuts_in_two_does_not_run(self):
        up, down, begin, end = "-- +migrate Up\n", "-- +migrate Down\n", "-- +migrate StatementBegin\n", "-- +migrate StatementEnd\n"
        for text, says in ((up + self.FUNCTION, "line 4: sql-migrate ends a statement at the semicolon"),
                           (up + "CREATE TABLE a (t text DEFAULT 'x;\n');\n", "line 2: sql-migrate ends a statement"),
                           (up + begin + self.FUNCTION + end + down + self.FUNCTION, None),
                           (up + "CREATE TABLE a (i int);\n" + begin + self.FUNCTION + end + up + "SELECT 1;\n", None)):
            self.check_script("migrations/1_a.sql", text, says)

    # ---- node-pg-migrate 9: a pair of files is two migrations ----

    def test_a_file_that_seems_to_undo_one_of_node_pg_migrate_is_warned_of(self):
        self.write("package.json", '{"dependencies": {"node-pg-migrate": "9", "pg": "8"}}')
        self.write("migrations/1700000000000_a.sql", "CREATE TABLE a (i int);\n")
        with self.start() as rpc:
            self.assertNotIn("gives", " ".join(self.status(rpc).warnings))
        self.write("migrations/1700000000000_a.down.sql", "DROP TABLE a;\n")
        with self.start() as rpc:
            self.assertIn('1700000000000_a.down.sql is a migration of its own', " ".join(self.status(rpc).warnings))

    # ---- Supabase: versions of different lengths, as text (its CLI 3.1 was run; 2.48 had another order: the names of the files) ----

    def test_versions_of_supabase_of_different_lengths_run_in_the_order_of_the_versions_as_text(self):
        self.write("supabase/config.toml", 'project_id = "x"\n')
        names = ["02_f", "1_d", "10_a", "2024_a", "20240101000000_a", "9_a"]
        for name in names:
            self.write(f"supabase/migrations/{name}.sql", "SELECT 1;\n")
        with self.start() as rpc:
            self.assertIn("The version of 10_a.sql begins with that of 1_d.sql: older CLIs", " ".join(self.status(rpc).warnings))
            self.assertEqual([one.name for one in rpc.call("MigrationService", "Run", {}).applied], names)

    # ---- one number as the history: above all files, tern 2.4 and Sequel 5.63 stop ----

    def test_that_a_number_above_all_files_stops_tern_and_sequel_is_told(self):
        for files, table, says in (({"migrations/tern.conf": "[database]\n", "migrations/001_a.sql": "SELECT 1;\n"}, "schema_version (version int PRIMARY KEY)", "tern stops at it"),
                                   ({"db/migrations/001_a.rb": "Sequel.migration do\nend\n"}, "schema_info (version int DEFAULT 0 NOT NULL)", "sequel stops at it")):
            self.directory.cleanup()
            for path, text in files.items():
                self.write(path, text)
            self.sql(f"CREATE TABLE {table}; INSERT INTO {table.split()[0]} VALUES (3)")
            with self.subTest(table=table), self.start() as rpc:
                last = self.status(rpc).migrations[-1]
                self.assertEqual((last.name, self.state(last)), ("3", "orphaned"))
                self.assertIn(says, last.note)

    # ---- sqlx 0.9: schemas that sqlx.toml has it make (sqlx-core/src/config/migrate.rs) ----

    def test_that_schemas_of_sqlx_are_not_made_is_told(self):
        self.write("Cargo.toml", '[dependencies]\nsqlx = "0.9"\n')
        self.write("migrations/1_a.sql", "SELECT 1;\n")
        for text, has in (("", False), ('[migrate]\ncreate-schemas = ["app", "audit"]\n', True)):
            self.write("sqlx.toml", text)
            with self.subTest(has=has), self.start() as rpc:
                self.assertEqual("sqlx.toml has create-schemas" in " ".join(self.status(rpc).warnings), has)

    # ---- Laravel: the dump of schema:dump, which artisan 8.83 loads where no migration is recorded ----

    def test_a_dump_that_artisan_loads_first_is_told(self):
        self.write("artisan")
        self.write("database/migrations/2024_01_01_000000_a.php", "<?php\nuse Illuminate\\Database\\Migrations\\Migration;\nreturn new class extends Migration {};\n")
        for has in (False, True):
            if has:
                self.write("database/schema/pgsql-schema.sql", "CREATE TABLE a (i int);\n")
            with self.subTest(has=has), self.start() as rpc:
                self.assertEqual("artisan loads database/schema/pgsql-schema.sql first" in " ".join(self.status(rpc).warnings), has)

    # ---- yoyo: post-apply.sql, behind each run that applied something (run_post_apply of backends/base.py) ----

    def test_what_yoyo_runs_behind_the_migrations_runs_here_too(self):
        self.write("yoyo.ini", "[DEFAULT]\nsources = ./a ./b\n")
        self.write("a/0001.one.sql", "-- depends:\nCREATE TABLE one (i int);\n")
        self.write("b/0002.two.sql", "-- depends: 0001.one\nCREATE TABLE two (i int);\n")
        self.write("b/post-apply.sql", "INSERT INTO one VALUES (1);\n")
        with self.start() as rpc:
            self.assertIn("also runs b/post-apply.sql", " ".join(self.status(rpc).warnings))
            self.assertEqual([one.name for one in rpc.call("MigrationService", "Run", {}).applied], ["0001.one", "0002.two"])
            self.assertEqual(self.sql("SELECT count(*) FROM one"), [("1",)])
            self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)  # nothing is pending
            self.assertEqual(self.sql("SELECT count(*) FROM one"), [("1",)])
        self.write("b/0003.three.sql", "-- depends: 0002.two\nSELECT 1;\n")
        self.write("b/post-apply.py", "steps = []\n")
        with self.start() as rpc, self.assertRaises(RpcError) as refused:
            rpc.call("MigrationService", "Run", {})
        self.assertIn("there is b/post-apply.py, which yoyo runs", refused.exception.status.message)

    # ---- Flyway: statements that it does not put into one file (ParserSqlScript.java, parse) ----

    def test_a_mix_that_flyway_refuses_does_not_run(self):
        index, mixed = "CREATE INDEX CONCURRENTLY ai ON a (i);\n", "Detected both transactional and non-transactional"
        for script, conf, more, says in ((index + "CREATE TABLE b (i int);\n", "", None, f"line 2: flyway stops here (\"{mixed}"),
                                         ("SET lock_timeout = '1s';\n" + index, "", None, f"line 2: flyway stops here (\"{mixed}"),
                                         ("CREATE TABLE b (i int);\nVACUUM a;\n", "", "placeholderReplacement=true\n", "vacuum cannot run in a transaction"),
                                         (index + "CREATE TABLE b (i int);\n", "flyway.mixed=true\n", None, None),
                                         (index + "CREATE TABLE b (i int);\n", "", "executeInTransaction=false\n", None),
                                         (index + "DROP INDEX CONCURRENTLY ai;\n", "", None, None),
                                         ("-- CREATE INDEX CONCURRENTLY\nCREATE TABLE b (t text DEFAULT 'VACUUM;');\nSELECT 1;\n", "", None, None)):
            with self.subTest(script=script, conf=conf, more=more):
                self.directory.cleanup()
                self.sql("DROP TABLE IF EXISTS a, b, flyway_schema_history; CREATE TABLE a (i int)")
                self.write("flyway.conf", f"flyway.locations=filesystem:sql\nflyway.baselineOnMigrate=true\nflyway.baselineVersion=0\n{conf}")
                self.write("sql/V1__x.sql", script)
                if more is not None:
                    self.write("sql/V1__x.sql.conf", more)
                with self.start() as rpc:
                    reply = rpc.call("MigrationService", "Run", {})
                    self.assertEqual(reply.ok, says is None, reply)
                    self.assertIn(says or "", reply.failed.error)


if __name__ == "__main__":
    harness.main()
