"""What a hostile database, project or client tries by names and texts of its own, each in a place where no other suite has it."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "frameworks"))
from fixtures import Written
import harness
from harness import RpcError

# What a terminal must never be sent: controls but the end of a line, the beginning of a sequence in one byte, what turns texts around.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NASTY = "a\x1b[31mb\u202ec"
VERSIONS = "CREATE TABLE {} (version varchar(128) PRIMARY KEY);"
UP = "-- migrate:up\n{}\n-- migrate:down\n"


class Attacks(Written):
    def truss(self, *words, url=None, **environment):
        """The command line, and that what it says is fit for a terminal."""
        done = subprocess.run([os.path.join(harness.BIN, "truss"), "--project", self.directory.name, *words], capture_output=True, timeout=120, check=False,
                              env={**os.environ, "DATABASE_URL": url or self.url(), "TRUSS_STATE_SCHEMA": harness.SAID_SCHEMA, **environment})
        text = (done.stdout + done.stderr).decode("utf-8")
        self.assertIsNone(UNSEEN.search(text), text.encode("unicode_escape"))
        return done.returncode, text

    def up(self, sql, name="20250101000000_a"):
        self.write(f"db/migrations/{name}.sql", UP.format(sql))

    def eve(self):
        self.sql("DROP ROLE IF EXISTS eve; CREATE ROLE eve LOGIN PASSWORD 'e'; GRANT CREATE ON SCHEMA public TO eve; CREATE SCHEMA eve AUTHORIZATION eve")
        self.addCleanup(self.cluster.psql, "postgres", "DROP ROLE IF EXISTS eve", False)
        self.addCleanup(self.cluster.psql, self.database, "DROP OWNED BY eve CASCADE", False)

    # ---- names that are not what they look like ----

    def test_a_role_s_name_moves_no_cursor(self):
        """It stands in what is said of the table that is hers, and of her code."""
        self.up("SELECT 1;")
        self.sql(f'DROP ROLE IF EXISTS "{NASTY}"; CREATE ROLE "{NASTY}"; ' + VERSIONS.format("schema_migrations") + f'ALTER TABLE schema_migrations OWNER TO "{NASTY}"')
        self.addCleanup(self.cluster.psql, "postgres", f'DROP ROLE IF EXISTS "{NASTY}"', False)
        self.addCleanup(self.cluster.psql, self.database, f'DROP OWNED BY "{NASTY}" CASCADE', False)
        self.assertIn("belongs to the role", self.truss("status")[1])
        self.sql(f'ALTER TABLE schema_migrations OWNER TO app; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \'BEGIN RETURN NEW; END\'; ALTER FUNCTION f OWNER TO "{NASTY}";'
                 f'CREATE TRIGGER "{NASTY}" BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f()')
        self.assertIn("that role's code", self.truss("status")[1])

    def test_an_error_s_text_moves_no_cursor(self):
        self.up("DO $$ BEGIN RAISE NOTICE 'a\x1b[2J\u202e'; RAISE EXCEPTION 'x\x1b[31m' USING DETAIL = 'd\x1b]0;t\x07', HINT = 'h\u202e', ERRCODE = 'P0001'; END $$;")
        code, text = self.truss("run", "--yes")
        self.assertEqual(code, 1)
        self.assertIn("P0001", text)

    def test_names_of_objects_move_no_cursor_in_a_plan(self):
        self.sql(f'CREATE TABLE "{NASTY}" (id int); CREATE INDEX "i{NASTY}" ON "{NASTY}" (id)')
        self.up(f'ALTER TABLE "{NASTY}" ADD COLUMN x int; DROP INDEX "i{NASTY}"; ALTER TABLE "no{NASTY}" ADD COLUMN y int;')
        for words in (("plan",), ("check",), ("run", "--yes")):
            self.assertNotEqual(self.truss(*words)[1], "")

    def test_a_row_s_names_and_words_move_no_cursor(self):
        self.up("SELECT 1;")
        self.sql(VERSIONS.format("schema_migrations") + f"INSERT INTO schema_migrations VALUES ('{NASTY}')")
        self.assertEqual(self.truss("status")[1].count("orphaned"), 2)

    def test_a_link_s_target_moves_no_cursor(self):
        os.makedirs(os.path.join(self.directory.name, "db"))
        os.symlink("/nonexistent/\x1b[31m\u202ex", os.path.join(self.directory.name, "db/migrations"))
        self.assertIn("which is not there", self.truss("status")[1])

    def test_a_search_path_and_a_database_s_name_move_no_cursor(self):
        self.up("SELECT 1;")
        self.sql(f'ALTER DATABASE "{self.database}" SET search_path = "{NASTY}"')
        self.assertIn("none of these schemas exists", self.truss("status")[1])

    def test_who_holds_a_lock_moves_no_cursor(self):
        """His application's name and his statement are shown to who waits."""
        self.up("ALTER TABLE t ADD COLUMN x int;")
        self.sql("CREATE TABLE t (id int)")
        holder = self.talk()
        holder(f"SET application_name = '{NASTY}'; BEGIN; LOCK TABLE t; /* {NASTY} */ SELECT 1")
        code, text = self.truss("run", "--yes", "--lock-retry", "1")
        self.assertEqual(code, 1, text)
        holder("ROLLBACK")

    # ---- names that would end a quote of ours ----

    def test_a_table_s_name_ends_no_quote_of_ours(self):
        self.up("CREATE TABLE made (id int);")
        for name in ("a$truss$; DROP TABLE kept; --", "a'; END'; DROP TABLE kept; --", "a'\\'; DROP TABLE kept; --", "a{key}b", "a%s%n", "a$$b"):
            with self.subTest(name=name):
                self.sql(f"DROP TABLE IF EXISTS kept, made CASCADE; CREATE TABLE kept (id int); CREATE OR REPLACE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS "
                         f"'BEGIN RETURN NEW; END'; {VERSIONS.format(chr(34) + name + chr(34))}")
                self.sql(f'CREATE TRIGGER q BEFORE INSERT ON "{name}" FOR EACH ROW EXECUTE FUNCTION quiet()')  # so that the look under the lock is a block
                with self.start("--ledger", f'public."{name}"', "--framework", "dbmate") as rpc:
                    self.assertTrue(rpc.call("MigrationService", "Run").ok)
                self.assertEqual(self.sql(f"SELECT to_regclass('kept'), to_regclass('made'), (SELECT count(*) FROM \"{name}\")"), [("kept", "made", "1")])

    def test_a_name_in_the_rows_behind_a_block_ends_no_quote_of_ours(self):
        """The row is written in the last transaction of a DO that commits, inside of a block of ours."""
        self.up("DO $$ BEGIN CREATE TABLE made (id int); COMMIT; CREATE TABLE last (id int); END $$;")
        name = "a$truss_step$; DROP TABLE kept; --"
        self.sql(f'CREATE TABLE kept (id int); {VERSIONS.format(chr(34) + name + chr(34))}')
        with self.start("--ledger", f'public."{name}"', "--framework", "dbmate") as rpc:
            reply = rpc.call("MigrationService", "Run")
            self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql(f"SELECT to_regclass('kept'), to_regclass('made'), to_regclass('last'), (SELECT count(*) FROM \"{name}\")"), [("kept", "made", "last", "1")])

    def test_a_sequence_s_and_a_schema_s_name_end_no_quote_of_ours(self):
        hostile = "$truss_try$; DROP TABLE kept; DO $truss_try$ BEGIN"
        self.sql(f'CREATE TABLE kept (id int); CREATE SEQUENCE "{hostile}"; CREATE SCHEMA "s{hostile}"; CREATE SEQUENCE "s{hostile}"."{hostile}"')
        self.up(f"SELECT nextval('\"{hostile}\"'), nextval('\"s{hostile}\".\"{hostile}\"');")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run", {"dry_run": True}).ok)
        self.assertEqual(self.sql("SELECT to_regclass('kept')"), [("kept",)])

    # ---- code that comes between our look and our row ----

    def eve_triggers(self, table):
        """A session of hers, that may give this table triggers and has a function for them, and what it leaves where it runs."""
        self.eve()
        self.sql(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO eve; GRANT TRIGGER ON {table} TO eve; CREATE TABLE sprung (who text); GRANT INSERT ON sprung TO PUBLIC")
        say = self.talk()
        say("SET SESSION AUTHORIZATION eve; CREATE FUNCTION eve.f() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO public.sprung VALUES (current_user); RETURN coalesce(NEW, OLD); END'")
        return lambda: say(f"CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION eve.f()"), say

    def waiting(self, relation):
        """Somebody waits for a lock of it."""
        harness.wait_for(lambda: self.sql(f"SELECT FROM pg_locks WHERE NOT granted AND relation = '{relation}'::regclass"), every=0.005)

    def test_a_trigger_that_comes_before_what_is_noted_of_a_run_does_not_run(self):
        for table, script in (("truss.failed_attempts", "SELECT 1/0;"), ("truss.applied_by", "SELECT 1;")):
            with self.subTest(table=table):
                self.database = None
                self.up("CREATE TABLE a (); SELECT 1/0;")
                with self.start() as rpc:
                    rpc.call("MigrationService", "Run")
                    self.up("CREATE TABLE a ();")
                    self.assertTrue(rpc.call("MigrationService", "Run").ok)
                    make, say = self.eve_triggers(table)
                    self.up(script, "20250102000000_b")
                    say("BEGIN")
                    make()  # nobody sees it yet
                    run = threading.Thread(target=rpc.call, args=("MigrationService", "Run"))
                    run.start()
                    self.waiting(table)
                    say("COMMIT")
                    run.join()
                os.unlink(os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
                self.assertEqual(self.sql("SELECT * FROM sprung"), [])
                self.sql("DROP OWNED BY eve CASCADE")

    def test_a_trigger_that_comes_behind_the_snapshot_of_a_block_does_not_run(self):
        """A database may keep one snapshot in each transaction: the last one of a DO, too, in which its row is written."""
        self.up("DO $$ BEGIN CREATE TABLE made (id int); COMMIT; PERFORM count(*) FROM made; PERFORM pg_advisory_xact_lock(77); END $$;")
        self.sql(VERSIONS.format("schema_migrations") + f"ALTER TABLE schema_migrations OWNER TO app; ALTER DATABASE \"{self.database}\" SET default_transaction_isolation = 'repeatable read'")
        make, say = self.eve_triggers("public.schema_migrations")
        say("SELECT pg_advisory_lock(77)")
        replies = []
        with self.start() as rpc:
            run = threading.Thread(target=lambda: replies.append(rpc.call("MigrationService", "Run")))
            run.start()
            harness.wait_for(lambda: self.sql("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 77"))
            make()
            say("SELECT pg_advisory_unlock(77)")
            run.join()
        self.assertEqual(self.sql("SELECT * FROM sprung"), [])
        self.assertFalse(replies[0].ok)
        self.assertIn("that role's code would run", replies[0].failed.error)

    # ---- the project's files ----

    def test_a_name_in_a_plan_that_climbs_reads_nothing_outside(self):
        there = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, there, True)
        with open(os.path.join(there, "x.sql"), "w", encoding="utf-8") as file:
            file.write("CREATE TABLE secret (i int);")
        self.write("sqitch.conf", "[core]\n\tengine = pg\n")
        climb = os.path.relpath(there, os.path.join(self.directory.name, "deploy"))
        self.write("deploy/x.sql", "SELECT 1;")
        self.write("sqitch.plan", f"%syntax-version=1.0.0\n%project=p\n\n{climb}/x 2025-01-01T00:00:00Z X <x@y.z> # a\n")
        with self.start() as rpc:
            for method, request in (("Run", {}), ("Preview", {"name": f"{climb}/x"})):
                try:
                    reply = str(rpc.call("MigrationService", method, request))
                except RpcError as error:
                    reply = str(error.status)
                self.assertNotIn("secret", reply)
        self.assertEqual(self.sql("SELECT to_regclass('secret')"), [(None,)])

    def test_what_releases_share_is_theirs_and_what_stands_beside_is_not(self):
        """Capistrano: current is a link to releases/7, whose .env is one to shared/.env; other projects stand beside."""
        app = tempfile.mkdtemp(prefix="truss-app-")
        self.addCleanup(shutil.rmtree, app, True)
        release = os.path.join(app, "releases/7")
        shutil.copytree(self.directory.name, release)
        for place in ("shared", "other", "releases/7/sql"):
            os.mkdir(os.path.join(app, place))
        for place in ("shared", "other"):
            with open(os.path.join(app, place, ".env"), "w", encoding="ascii") as file:
                file.write("DBMATE_MIGRATIONS_DIR=sql\n")
        with open(os.path.join(release, "sql/20250101000000_a.sql"), "w", encoding="ascii") as file:
            file.write(UP.format("SELECT 1;"))
        os.symlink("releases/7", os.path.join(app, "current"))
        for project in ("current", "releases/7"):
            for place, wanted in (("shared", (0, "20250101000000_a")), ("other", (1, ".env is a link that leads out of the project"))):
                with self.subTest(project=project, place=place):
                    os.symlink(f"../../{place}/.env", os.path.join(release, ".env"))
                    code, text = self.truss("status", "--project", os.path.join(app, project))
                    os.unlink(os.path.join(release, ".env"))
                    self.assertIn(wanted[1], text)
                    self.assertEqual(code, wanted[0], text)

    def test_a_new_migration_is_not_written_through_a_link(self):
        there = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, there, True)
        os.makedirs(os.path.join(self.directory.name, "db"))
        os.symlink(there, os.path.join(self.directory.name, "db/migrations"))
        for words in (("create", "x", "--framework", "dbmate"), ("create", "../../x")):
            code, text = self.truss(*words)
            self.assertNotEqual(code, 0, text)
        self.assertEqual(os.listdir(there), [])

    def test_what_is_no_file_is_not_waited_for(self):
        self.up("SELECT 1;")
        os.mkfifo(os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
        os.mkfifo(os.path.join(self.directory.name, ".env"))
        os.mkfifo(os.path.join(self.directory.name, "truss.toml"))
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(os.path.join(self.directory.name, "db/migrations/20250103000000_c.sql"))
            self.assertNotEqual(self.truss("status")[1], "")
            self.assertNotEqual(self.truss("run", "--yes")[0], 0)

    def test_entities_of_a_changelog_are_neither_counted_up_nor_fetched(self):
        self.write("liquibase.properties", "changeLogFile=changelog.xml\n")
        bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
        for entity in (f'<!ENTITY e0 "CREATE TABLE a (i int);">{bomb}', '<!ENTITY e9 SYSTEM "file:///etc/passwd">'):
            self.write("changelog.xml", f'<?xml version="1.0"?><!DOCTYPE d [{entity}]><databaseChangeLog><changeSet id="1" author="a"><sql>&e9;</sql></changeSet></databaseChangeLog>')
            with self.start() as rpc:
                for method in ("GetStatus", "Run", "Plan"):
                    try:
                        reply = str(rpc.call("MigrationService", method))
                    except RpcError as error:
                        reply = str(error.status)
                    self.assertLess(len(reply), 100000)
                    self.assertNotIn("root:", reply)

    def test_a_sparse_file_of_a_terabyte_is_refused_and_not_read(self):
        self.up("SELECT 1;")
        with open(os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"), "wb") as file:
            file.truncate(1 << 40)
        with open(os.path.join(self.directory.name, ".env"), "wb") as file:
            file.truncate(1 << 40)
        code, text = self.truss("run", "--yes")
        self.assertEqual(code, 1, text)
        self.assertIn("more than the limit", text)

    def test_a_project_s_configuration_names_no_worker_and_no_file_of_tokens(self):
        """What is in its truss.toml of the operator's is refused or left aside."""
        self.up("SELECT 1;")
        for text in ('[worker]\ntokens = "/etc/passwd"\n', '[worker]\nallow-outside = true\n', '[truss]\nworker = "tcp://127.0.0.1:1"\n', '[worker]\naudit = false\n',
                     '[sandbox]\nmode = "off"\n', '[project]\nenvironment = "\x1b[31m"\n'):
            with self.subTest(text=text):
                self.write("truss.toml", text)
                os.makedirs(os.path.join(self.directory.name, "real"), exist_ok=True)
                said = self.truss("status")[1]
                self.assertNotIn("root:", said)

    def test_a_project_has_no_variable_of_the_worker_s_shown(self):
        """It says from which variables the database's name comes, and a status says which database it names."""
        secret = "hunter2SECRET"
        knex = "module.exports = {{ client: 'pg', connection: {} }};"
        self.write("migrations/1_a.js", "exports.up = () => {};")
        for files, is_told in (({".env": 'MINE="postgresql://h.example:5/${TRUSTED}"', "knexfile.js": knex.format("process.env.MINE")}, True),
                               ({".env": 'MINE="postgresql://${TRUSTED}/x"', "knexfile.js": knex.format("process.env.MINE")}, True),
                               ({".env": "", "knexfile.js": knex.format("`postgresql://h:5/${process.env.TRUSTED}`")}, True),
                               ({".env": "", "knexfile.js": knex.format("{ host: 'h', database: process.env.TRUSTED }")}, True),
                               ({".env": "OTHER=a${TRUSTED}", "knexfile.js": knex.format("{ host: process.env.OTHER, database: 'x' }")}, True),
                               ({".env": 'MINE="postgresql://h.example:5/${AWS_SECRET_ACCESS_KEY}"', "knexfile.js": knex.format("process.env.MINE")}, False)):
            with self.subTest(str(files)):
                for name, text in files.items():
                    self.write(name, text)
                for command in ("status", "doctor", "check"):
                    told = self.truss(command, TRUSTED=secret, AWS_SECRET_ACCESS_KEY=secret)[1]
                    self.assertNotIn(secret, told)
                    self.assertEqual("put together from the environment" in told, is_told, told)

    def test_settings_of_the_machine_are_no_script(self):
        """They are in the project where it runs, and not in its repository, whose authors may not see them."""
        self.write(".env", "SOME_PASSWORD=hunter2SECRET\n")
        self.up("SELECT 1;")
        os.symlink("../../.env", os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
        for words in (("status",), ("preview", "20250102000000_b"), ("plan", "--verbose"), ("run", "--yes")):
            code, text = self.truss(*words)
            self.assertNotIn("hunter2", text)
            self.assertEqual((code, "is a link to .env, which has settings of this machine" in text), (int(words != ("status",)), True), text)
        self.write(".git/config", 'url = "https://x:hunter2SECRET@example.org/"\n')
        os.symlink("../../.git/config", os.path.join(self.directory.name, "db/migrations/20250103000000_c.sql"))
        self.assertIn("is a link to config, which has settings of this machine", self.truss("preview", "20250103000000_c")[1])
        shutil.rmtree(os.path.join(self.directory.name, "db"))
        self.write("liquibase.properties", "changeLogFile=db/c.xml\n")
        for inner in ('<sqlFile path=".env"/>', '<sqlFile path="db/../.env"/>', "</changeSet><property file='.env'/><changeSet id='2' author='b'><sql>SELECT '${SOME_PASSWORD}'</sql>"):
            self.write("db/c.xml", '<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"><changeSet id="1" author="a">' + inner + "</changeSet></databaseChangeLog>")
            for words in (("status",), ("plan", "--verbose")):
                text = self.truss(*words)[1]
                self.assertNotIn("hunter2", text)
                self.assertRegex(text, "sqlFile .* cannot be read|has settings of this machine|only Liquibase itself can run")

    def test_a_project_vouches_for_no_table_and_for_no_folder_of_others(self):
        """Only the operator may: a status would run her code as us, and a preview show files that are not the project's."""
        self.eve()
        self.up("SELECT 1;")
        self.sql("SET SESSION AUTHORIZATION eve; CREATE FUNCTION eve.f() RETURNS varchar LANGUAGE plpgsql AS 'BEGIN RETURN session_user; END';"
                 "CREATE VIEW eve.schema_migrations AS SELECT eve.f()::varchar(128) AS version")
        self.write("truss.toml", '[project]\nledger = "eve.schema_migrations"\n')
        code, text = self.truss("status")
        self.assertEqual((code, 'belongs to the role "eve"' in text, "orphaned  " in text), (1, True, False), text)
        self.assertIn("1 orphaned", self.truss("status", "--ledger", "eve.schema_migrations")[1])
        self.write("truss.toml", "")
        self.write("knexfile.js", "module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { schemaName: 'eve', directory: 'knex' } };")
        self.write("knex/1_a.js", "exports.up = () => {};")
        self.sql("SET SESSION AUTHORIZATION eve; CREATE TABLE eve.knex_migrations (id serial, name varchar(255), batch int, migration_time timestamptz);"
                 "CREATE TABLE eve.knex_migrations_lock (index serial, is_locked int)")
        self.assertIn('belongs to the role "eve"', self.truss("status", "--framework", "knex")[1])
        there = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, there, True)
        with open(os.path.join(there, "1_a.sql"), "w", encoding="ascii") as file:
            file.write("SELECT 'secret';")
        self.write("truss.toml", f'[project]\nmigrations = "{there}"\nframework = "postgres-migrations"\n')
        code, text = self.truss("preview", "1_a")
        self.assertEqual((code, "is outside of the project" in text, "secret" in text), (1, True, False), text)
        self.write("truss.toml", "")
        self.assertIn("secret", self.truss("preview", "1_a", "--migrations", there, "--framework", "postgres-migrations")[1])

    def test_a_project_s_own_address_gets_no_variable_of_ours(self):
        """It would be sent to whatever host the project names."""
        self.up("SELECT 1;")
        self.write(".env", "DATABASE_URL=postgresql://x:${AWS_SECRET_ACCESS_KEY}@127.0.0.1:1/x\n")
        done = subprocess.run([os.path.join(harness.BIN, "truss"), "--project", self.directory.name, "status"], capture_output=True, text=True, timeout=120, check=False,
                              env={**harness.clean_environment(), "AWS_SECRET_ACCESS_KEY": "hunter2"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("the variable AWS_SECRET_ACCESS_KEY, which is Truss's own and is not given to a project", done.stderr)

    def test_a_preview_of_what_is_too_large_shows_nothing_of_outside_either(self):
        there = tempfile.mkdtemp(prefix="truss-elsewhere-")
        self.addCleanup(shutil.rmtree, there, True)
        with open(os.path.join(there, "large"), "w", encoding="utf-8") as file:
            file.write("secret\n" + "-- x\n" * 300000)
        self.up("SELECT 1;")
        os.symlink(os.path.join(there, "large"), os.path.join(self.directory.name, "db/migrations/20250102000000_b.sql"))
        with self.start("--migration-limit", "1MiB") as rpc:
            with self.assertRaises(RpcError) as caught:
                rpc.call("MigrationService", "Preview", {"name": "20250102000000_b"})
            self.assertIn("leads out of the project", caught.exception.status.message)
            self.assertNotIn("secret", str(caught.exception.status))

    # ---- the database's rows and sessions ----

    def test_a_stranger_s_child_of_a_table_beside_ours_says_nothing(self):
        """Rows of a child are rows of the table: only the table's owner makes one."""
        self.up("CREATE TABLE made (id int);")
        self.eve()
        self.sql(VERSIONS.format("schema_migrations") + "GRANT ALL ON schema_migrations TO eve")
        self.sql("SET SESSION AUTHORIZATION eve; CREATE TABLE eve.child (version varchar(128))")
        with self.assertRaises(AssertionError):
            self.sql("SET SESSION AUTHORIZATION eve; ALTER TABLE eve.child INHERIT public.schema_migrations")
        with self.start() as rpc:
            self.assertTrue(rpc.call("MigrationService", "Run").ok)
        self.assertEqual(self.sql("SELECT to_regclass('made')"), [("made",)])

    def test_a_ledger_that_is_a_view_over_a_stranger_s_table_is_not_used(self):
        self.up("CREATE TABLE made (id int);")
        self.eve()
        self.sql("SET SESSION AUTHORIZATION eve; CREATE TABLE eve.hers (version varchar(128)); GRANT ALL ON eve.hers TO PUBLIC; GRANT USAGE ON SCHEMA eve TO PUBLIC;"
                 "INSERT INTO eve.hers VALUES ('20250101000000')")
        self.sql("CREATE VIEW schema_migrations AS SELECT version FROM eve.hers")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertIn("with the table eve.hers of eve", status.problem)
        self.assertEqual(self.sql("SELECT to_regclass('made')"), [(None,)])

    def test_a_foreign_table_on_a_stranger_s_server_is_not_used(self):
        self.up("CREATE TABLE made (id int);")
        self.eve()
        if not self.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'"):
            self.skipTest("this server has no postgres_fdw")
        self.sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO eve")
        self.sql("SET SESSION AUTHORIZATION eve; CREATE SERVER hers FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1'); GRANT USAGE ON FOREIGN SERVER hers TO PUBLIC")
        self.sql("CREATE FOREIGN TABLE schema_migrations (version varchar(128)) SERVER hers; CREATE USER MAPPING FOR app SERVER hers OPTIONS (user 'app', password 'secret-of-ours')")
        with self.start() as rpc:
            status = self.status(rpc)
            self.assertTrue(status.HasField("problem"), status)
            self.assertIn("the server hers of eve", status.problem)

    def test_an_event_trigger_s_function_of_a_stranger_is_told(self):
        self.up("CREATE TABLE made (id int);")
        self.eve()
        self.sql("SET SESSION AUTHORIZATION eve; CREATE FUNCTION eve.heard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'heard as %', current_user; END $$")
        self.sql("CREATE EVENT TRIGGER heard ON ddl_command_end EXECUTE FUNCTION eve.heard()")
        self.addCleanup(self.cluster.psql, self.database, "DROP EVENT TRIGGER IF EXISTS heard", False)
        with self.start() as rpc:
            self.assertIn("heard", str(rpc.call("MigrationService", "Check").notes))

    def test_a_comment_a_default_and_a_setting_are_no_sql_of_ours(self):
        """Texts of the catalogs that our answers and our SQL have in them."""
        self.sql("CREATE TABLE t (a text DEFAULT $$'); DROP TABLE t; --$$, b int CHECK (b > 0)); COMMENT ON TABLE t IS $$'; DROP TABLE t; --$$;"
                 "ALTER ROLE app SET application_name = '''; DROP TABLE t; --'")
        self.addCleanup(self.cluster.psql, "postgres", "ALTER ROLE app RESET application_name", False)
        self.up("ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ALTER COLUMN b SET NOT NULL;")
        with self.start() as rpc:
            rpc.call("MigrationService", "Plan")
            rpc.call("MigrationService", "Check")
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    # ---- who asks ----

    def test_texts_of_a_request_that_are_too_long_or_no_names_are_refused(self):
        self.up("SELECT 1;")
        with self.start() as rpc:
            for method, request in (("Preview", {"name": "../../etc/passwd"}), ("Preview", {"name": "/etc/passwd"}), ("Preview", {"name": "a\x00b"}), ("Preview", {"name": "a" * 100000}),
                                    ("MarkApplied", {"migration": NASTY}), ("GetStatus", {"framework": "../" * 50}), ("Run", {"migrations": ["x"] * 50000}),
                                    ("Run", {"target": NASTY}), ("Plan", {"migrations": ["\u202e"]})):
                with self.subTest(method=method, request=str(request)[:60]):
                    with self.assertRaises(RpcError) as caught:
                        rpc.call("MigrationService", method, request)
                    self.assertNotIn("root:", str(caught.exception.status))
                    self.assertLess(len(str(caught.exception.status)), 70000)
            self.assertTrue(rpc.call("MigrationService", "Run").ok)


if __name__ == "__main__":
    harness.main()
