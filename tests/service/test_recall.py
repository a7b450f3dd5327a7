"""A status that is answered from memory is the one that would be made now: whatever was changed right before it."""
import contextlib
import mmap
import os
import shutil
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
import libpq
from harness import Case, Rpc, RpcError, wait_for

harness.Cluster.keeps = True

KNEX = 'module.exports = { client: "pg", migrations: { directory: "./knex" } };\n'


def statement(name, sql):
    """A change that is this statement."""
    def change(scene):
        scene.sql(sql)
    change.__name__ = name
    return change


class Scene:
    """A project of six migrations, of which four are applied, with a worker of its own that has answered from memory."""

    def __init__(self, case, *arguments, url=None, files=None, first=None):
        """files: {path: text} of another framework, all of which are applied. first: SQL before that."""
        self.case, self.arguments = case, arguments
        self.project = case.project()
        self.database = case.cluster.create_database()
        case.addCleanup(case.cluster.drop_database, self.database)
        self.url = url or case.cluster.url(self.database)
        for number in range(1, 7):
            if not files:
                self.project.add(f"{number}_m", f"CREATE TABLE t{number} (id int);\n")
        for path, text in (files or {}).items():
            self.write(path, text)
        self.stirs = False
        if first:
            self.sql(first)
        self.worker, self.rpc = self.serve()
        self.rpc.call("MigrationService", "Run", {} if files else {"migrations": [f"{number}_m" for number in range(1, 5)]})

    def serve(self):
        worker = self.case.program("truss-worker", "--listen", "tcp://127.0.0.1:0", "--project", self.project.path, *self.arguments,
                                   environment={"DATABASE_URL": self.url, "TRUSS_LOG_LEVEL": "debug"}).wait_listening()
        return worker, self.case.rpc(worker)

    def sql(self, text):
        return self.case.cluster.psql(self.database, harness.with_own_schema(text))

    def path(self, *names):
        return os.path.join(self.project.path, *names)

    def script(self, number):
        return self.project.script(f"{number}_m")

    def write(self, name, text, mode="w"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), mode, encoding="utf-8") as file:
            file.write(text)

    def remembered(self):
        """How many answers were remembered ones."""
        return self.worker.text().count("answered from memory")

    def stir(self):
        """From now on something is committed before each question."""
        self.sql("CREATE TABLE stirred (n int); INSERT INTO stirred VALUES (0)")
        self.stirs = True
        return self

    def ask(self, rpc=None, **request):
        """An answer, or a refusal."""
        if self.stirs:
            self.sql("UPDATE stirred SET n = n + 1")
        try:
            return (rpc or self.rpc).call("MigrationService", "GetStatus", request)
        except RpcError as error:
            return error.status.code, error.status.message

    def warm(self, **request):
        """Asks until the answer is a remembered one, and answers it."""
        def is_remembered():
            before = self.remembered()
            answer = self.ask(**request)
            return answer if self.remembered() > before else None
        return wait_for(is_remembered)

    def fresh(self, **request):
        """The answer of a worker that has been asked nothing before."""
        worker, rpc = self.serve()
        answer = self.ask(rpc, **request)
        worker.stop()
        return answer


class Recall(Case):
    def scenes(self, changes, *arguments, stirs=False):
        """For each (change, whether the answer is another one then, maybe SQL before) a scene. They become old enough together."""
        made = []
        for change, differs, *first in changes:
            scene = Scene(self, *arguments)
            for sql in first:
                scene.sql(sql)
            made.append((scene.stir() if stirs else scene, change, differs))
        for scene, *_ in made:
            scene.warm()
        return made

    def look(self, changes, *arguments, **options):
        """After each change the answer is the one of a worker that remembers nothing, at once."""
        for scene, change, differs in self.scenes(changes, *arguments, **options):
            with self.subTest(change=change.__name__):
                before = scene.warm()
                with change(scene) or contextlib.nullcontext():
                    now = scene.ask()
                    self.assertEqual(now, scene.fresh())
                    self.assertIn(now != before, (differs, None) if differs is not None else (True, False))
                    self.assertEqual(scene.ask(), now)

    # ---- files ----

    def test_what_happens_to_files_is_seen_at_once(self):
        def edited(scene):
            scene.write("prisma/migrations/1_m/migration.sql", "-- more\n", "a")

        def edited_with_its_old_time(scene):
            was = os.stat(scene.script(2))
            with open(scene.script(2), "r+b") as file:
                file.write(b"create")  # as long as before
            os.utime(scene.script(2), ns=(was.st_atime_ns, was.st_mtime_ns))

        def deleted(scene):
            os.remove(scene.script(3))

        def added(scene):
            scene.project.add("7_m", "SELECT 1;")

        def renamed(scene):
            os.rename(scene.path("prisma/migrations/2_m"), scene.path("prisma/migrations/8_m"))

        def replaced(scene):
            scene.write("new", "SELECT 5;")
            os.rename(scene.path("new"), scene.script(1))

        def edited_by_another_name(scene):
            os.link(scene.script(4), scene.path("other"))
            with open(scene.path("other"), "a", encoding="utf-8") as file:
                file.write("-- more\n")

        def folder_replaced_by_a_link(scene):
            shutil.copytree(scene.path("prisma/migrations"), scene.path("there"))
            shutil.rmtree(scene.path("there/5_m"))
            os.rename(scene.path("prisma/migrations"), scene.path("prisma/was"))
            os.symlink("../there", scene.path("prisma/migrations"))

        def folder_gone(scene):
            shutil.rmtree(scene.path("prisma"))

        def project_moved_behind_a_link(scene):
            os.rename(scene.project.path, scene.project.path + "-there")
            self.addCleanup(shutil.rmtree, scene.project.path + "-there", True)
            self.addCleanup(os.remove, scene.project.path)
            os.symlink(scene.project.path + "-there", scene.project.path)

        def script_replaced_by_a_link_out(scene):
            out = self.project()
            shutil.copy(scene.script(6), os.path.join(out.path, "out.sql"))
            os.remove(scene.script(6))
            os.symlink(os.path.join(out.path, "out.sql"), scene.script(6))

        self.look([(edited, True), (edited_with_its_old_time, True), (deleted, True), (added, True), (renamed, True), (replaced, True),
                   (edited_by_another_name, True), (folder_replaced_by_a_link, True), (folder_gone, True),
                   (project_moved_behind_a_link, False), (script_replaced_by_a_link_out, True)])

    def test_what_is_written_to_a_mapped_file_is_seen_at_once(self):
        scene = Scene(self)
        with open(scene.script(1), "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[0:1] = b"c"
            before = scene.warm()
            mapped[1:2] = b"r"
            now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)

    def test_a_link_to_a_release_is_followed_anew(self):
        scene = Scene(self)
        shutil.copytree(scene.path("prisma"), scene.path("releases/1"))
        shutil.copytree(scene.path("prisma"), scene.path("releases/2"))
        shutil.rmtree(scene.path("releases/2/migrations/6_m"))
        shutil.rmtree(scene.path("prisma"))
        os.symlink("releases/1", scene.path("prisma"))
        before = scene.warm()
        os.symlink("releases/2", scene.path("next"))
        os.rename(scene.path("next"), scene.path("prisma"))
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)

    def test_a_link_to_a_folder_of_the_same_name_is_looked_at_again(self):
        scene = Scene(self)
        os.mkdir(scene.path("one"))
        os.rename(scene.path("prisma"), scene.path("one/prisma"))
        shutil.copytree(scene.path("one"), scene.path("two"))
        shutil.rmtree(scene.path("two/prisma/migrations/6_m"))
        os.symlink("one/prisma", scene.path("prisma"))
        before = scene.warm()
        os.symlink("two/prisma", scene.path("next"))
        os.rename(scene.path("next"), scene.path("prisma"))
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)

    # ---- configuration ----

    def test_configuration_that_appears_or_changes_is_seen_at_once(self):
        def another_framework(scene):
            scene.write("knex/20240101000000_a.js", "exports.up = (knex) => knex.raw('SELECT 1');\nexports.down = () => {};\n")
            scene.write("knexfile.js", KNEX)

        def another_database(scene):
            scene.write(".env", "DATABASE_URL=postgresql://app@elsewhere/other\n")

        def schema_of_prisma(scene):
            scene.write("prisma/schema.prisma", 'datasource db {\n  provider = "postgresql"\n  url = "postgresql://app@elsewhere/other"\n}\n')

        def declared(scene):
            scene.write("truss.toml", '[framework.own]\nfolder = "sql"\nfiles = "{number}_{title}.sql"\ntable = "own_migrations"\n'
                                      'columns = "name:text"\nread = "SELECT name AS key FROM {ledger}"\n'
                                      'record = "INSERT INTO {ledger} (name) VALUES ({key})"\n')

        def deep_folder(scene):
            scene.write("services/a/src/main/resources/db/migration/V1__a.sql", "SELECT 1;")

        def manifest(scene):
            scene.write("package.json", '{"dependencies": {"knex": "3"}, "workspaces": ["packages/*"]}')

        self.look([(another_framework, True), (another_database, True), (schema_of_prisma, True), (declared, None), (deep_folder, None),
                   (manifest, None)])

    def test_a_file_that_was_read_is_read_again(self):
        scene = Scene(self)
        scene.write(".env", "DATABASE_URL=postgresql://app@elsewhere/one\n")
        before = scene.warm()
        was = os.stat(scene.path(".env"))
        scene.write(".env", "DATABASE_URL=postgresql://app@elsewhere/two\n")
        os.utime(scene.path(".env"), ns=(was.st_atime_ns, was.st_mtime_ns))
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)

    # ---- the database ----

    def test_what_leaves_row_versions_as_they_are_is_seen_at_once(self):
        again = "INSERT INTO _prisma_migrations SELECT md5(random()::text), checksum, finished_at, '5_m', logs, rolled_back_at, started_at, 1 FROM "
        older = ("CREATE TABLE older (LIKE _prisma_migrations INCLUDING ALL);"
                 "INSERT INTO older SELECT id, 'x', finished_at, migration_name, logs, rolled_back_at, started_at, 1 FROM _prisma_migrations")
        self.look([
            (statement("another_for_one", "WITH kept AS (DELETE FROM _prisma_migrations WHERE migration_name = '4_m' RETURNING *) " + again + "kept"), True),
            (statement("column_with_another_default", "ALTER TABLE _prisma_migrations DROP applied_steps_count; "
                       "ALTER TABLE _prisma_migrations ADD applied_steps_count int NOT NULL DEFAULT 0"), True),
            (statement("older_rows", "ALTER TABLE _prisma_migrations RENAME TO was; ALTER TABLE older RENAME TO _prisma_migrations"), True, older),
            (statement("rolled_back", f"BEGIN; {again} _prisma_migrations LIMIT 1; ROLLBACK"), False),
            (statement("rewritten", "VACUUM FULL _prisma_migrations"), False),
            (statement("frozen", "VACUUM FREEZE _prisma_migrations"), False),
        ], stirs=True)

    def test_who_applied_what_is_seen_at_once(self):
        scene = Scene(self, first="CREATE SCHEMA truss").stir()
        for change, differs in (("UPDATE truss.applied_by SET actor = 'x' WHERE migration = '1_m'", True),
                                ("DELETE FROM truss.applied_by WHERE migration = '2_m'", True),
                                ("ALTER TABLE truss.applied_by DROP marked; ALTER TABLE truss.applied_by ADD marked boolean NOT NULL DEFAULT true", True),
                                ("CREATE TABLE child () INHERITS (truss.applied_by)", False),
                                ("INSERT INTO child SELECT a.ledger, '2_m', a.run_began, a.run_ended, 'y' FROM truss.applied_by a WHERE migration = '1_m'", True),
                                ("UPDATE child SET actor = 'z'", True)):
            with self.subTest(change=change):
                before = scene.warm()
                scene.warm()  # by what was learned from the first time
                scene.sql(change)
                now = scene.ask()
                self.assertEqual(now, scene.fresh())
                self.assertEqual(now != before, differs)

    def test_what_happens_in_the_database_is_seen_at_once(self):
        self.look(self.changes_in_the_database())

    def test_and_where_something_is_committed_all_the_time(self):
        self.look(self.changes_in_the_database(), stirs=True)

    @staticmethod
    def changes_in_the_database():
        table = "CREATE TABLE other._prisma_migrations (LIKE public._prisma_migrations INCLUDING ALL)"
        knex = ("CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz);"
                "CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked int)")
        return [
            (statement("inserted", "INSERT INTO _prisma_migrations SELECT md5(random()::text), checksum, finished_at, '5_m', logs, rolled_back_at, "
                                   "started_at, 1 FROM _prisma_migrations WHERE migration_name = '4_m'"), True),
            (statement("deleted", "DELETE FROM _prisma_migrations WHERE migration_name = '1_m'"), True),
            (statement("updated", "UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '1_m'"), True),
            (statement("truncated", "TRUNCATE _prisma_migrations"), True),
            (statement("dropped", "DROP TABLE _prisma_migrations"), True),
            (statement("renamed", "ALTER TABLE _prisma_migrations RENAME TO was"), True),
            (statement("column", "ALTER TABLE _prisma_migrations ADD more text NOT NULL DEFAULT ''; ALTER TABLE _prisma_migrations ALTER more DROP DEFAULT"), True),
            (statement("another_in_another_schema", f"CREATE SCHEMA other; {table}"), None),
            (statement("of_another_framework", knex), True),
            (statement("policed", "ALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
                                  "ALTER TABLE _prisma_migrations OWNER TO app"), None),
            (statement("view", "ALTER TABLE _prisma_migrations RENAME TO was; CREATE VIEW _prisma_migrations AS SELECT * FROM was LIMIT 2"), True),
        ]

    def test_a_transaction_that_was_open_is_seen_when_it_commits(self):
        scene = Scene(self)
        self.database = scene.database
        say = self.talk()
        say("BEGIN; DELETE FROM _prisma_migrations WHERE migration_name = '4_m'")
        before = scene.warm()
        say("COMMIT")
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)

    def test_while_an_older_transaction_is_open_it_is_seen_as_soon_as_it_commits(self):
        for between in ("", "SAVEPOINT a; DELETE FROM _prisma_migrations WHERE migration_name = '4_m'; ROLLBACK TO a; SAVEPOINT b"):
            with self.subTest(between=between):
                scene = Scene(self).stir()
                self.database = scene.database
                say = self.talk()
                say(f"BEGIN; UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '3_m'; {between}")
                before = scene.warm()
                count = scene.remembered()
                for _ in range(3):
                    self.assertEqual(scene.ask(), before)
                wait_for(lambda: scene.remembered() > count)
                say("DELETE FROM _prisma_migrations WHERE migration_name = '4_m'")
                self.assertEqual(scene.ask(), before)
                say("COMMIT")
                now = scene.ask()
                self.assertEqual(now, scene.fresh())
                self.assertNotEqual(now, before)

    def test_what_no_transaction_writes_is_seen_at_once(self):
        """A sequence has another value, or it is later, and nothing was committed."""
        view = "ALTER TABLE _prisma_migrations RENAME TO was; CREATE VIEW _prisma_migrations AS SELECT * FROM was WHERE "

        def sequence(scene):
            scene.sql("SELECT nextval('turn')")
        child = ("ALTER TABLE _prisma_migrations RENAME TO was; CREATE TABLE _prisma_migrations (LIKE was INCLUDING ALL);"
                 "INSERT INTO _prisma_migrations SELECT * FROM was WHERE migration_name <> '4_m';"
                 "CREATE TABLE child () INHERITS (_prisma_migrations); INSERT INTO child SELECT * FROM was WHERE migration_name = '4_m'")
        other = ("CREATE TABLE now (LIKE _prisma_migrations INCLUDING ALL) USING other; INSERT INTO now SELECT * FROM _prisma_migrations;"
                 "DROP TABLE _prisma_migrations; ALTER TABLE now RENAME TO _prisma_migrations")
        method = "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;"
        changes = [
            (sequence, True, f"CREATE SEQUENCE turn; SELECT nextval('turn'); {view} (SELECT last_value = 1 FROM turn)"),
            (statement("child", "DELETE FROM child"), True, child),
            (statement("other", "DELETE FROM _prisma_migrations WHERE migration_name = '4_m'"), True, method + other),
            (statement("own", "CREATE TABLE truss.more (id int) USING other"), False,
             f"{method} CREATE SCHEMA IF NOT EXISTS truss; CREATE TABLE truss.of_another (id int) USING other"),
        ]
        for stirs in (False, True):
            self.look(changes, stirs=stirs)

    def test_a_view_that_goes_by_the_clock_is_asked_each_time(self):
        scene = Scene(self)
        scene.warm()
        soon = scene.sql("SELECT clock_timestamp() + '4 s'")[0][0]
        scene.sql(f"ALTER TABLE _prisma_migrations RENAME TO was; CREATE VIEW _prisma_migrations AS SELECT * FROM was WHERE clock_timestamp() < '{soon}'")
        self.assertEqual(scene.warm().summary.applied, 4)
        self.assertTrue(wait_for(lambda: scene.ask().summary.applied == 0))

    def test_what_is_true_without_the_tracking_table_is_remembered_again(self):
        scene = Scene(self)
        scene.warm()
        scene.sql("DROP TABLE _prisma_migrations")
        self.assertEqual(scene.warm().summary.pending, 6)
        self.assertEqual(scene.ask(), scene.fresh())

    def test_a_locked_table_is_waited_for_as_ever(self):
        scene = Scene(self)
        self.database = scene.database
        before = scene.warm()
        say = self.talk()
        say("BEGIN; LOCK TABLE _prisma_migrations IN ACCESS EXCLUSIVE MODE; DELETE FROM _prisma_migrations WHERE migration_name = '4_m'")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(scene.ask()))
        asking.start()
        wait_for(lambda: answers or scene.sql("SELECT FROM pg_locks WHERE NOT granted"))
        self.assertEqual(answers, [])
        say("COMMIT")
        asking.join()
        self.assertEqual(answers, [scene.fresh()])
        self.assertNotEqual(answers, [before])

    def test_settings_of_the_server_that_are_loaded_anew_are_seen(self):
        scene = Scene(self, files={"db/migrations/20240101000000_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"})
        scene.sql("CREATE SCHEMA other")
        before = scene.warm()
        self.addCleanup(self.cluster.psql, "postgres", "SELECT pg_reload_conf()")
        self.addCleanup(self.cluster.psql, "postgres", "ALTER SYSTEM RESET search_path")
        self.cluster.psql("postgres", "ALTER SYSTEM SET search_path = other")
        self.cluster.psql("postgres", "SELECT pg_reload_conf()")
        count = scene.remembered()
        now = wait_for(lambda: (scene.ask() != before) and scene.ask())
        self.assertLess(scene.remembered(), count + 20)  # until the signal has come
        self.assertEqual(now, scene.fresh())

    def test_an_attempt_of_another_worker_that_fails_is_seen_at_once(self):
        scene = Scene(self)
        with open(scene.script(5), "w", encoding="utf-8") as file:
            file.write("SELECT 1 / 0;")
        before = scene.warm()
        worker, rpc = scene.serve()
        self.assertFalse(rpc.call("MigrationService", "Run").ok)
        worker.stop()
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now, before)
        self.assertTrue(scene.warm() == now)

    def test_a_standby_tells_of_a_transaction_when_it_has_replayed_its_commit(self):
        scene = Scene(self)
        self.database = scene.database
        url = self.cluster.standby(self)(scene.database)
        scene.worker.stop()
        scene.url = url
        scene.worker, scene.rpc = scene.serve()
        say = self.talk()

        def replayed():
            now = scene.sql("SELECT pg_current_wal_flush_lsn()")[0][0]
            wait_for(lambda: libpq.query(url, [f"SELECT pg_last_wal_replay_lsn() >= '{now}'"]) == [("t",)])
        replayed()
        before = scene.warm()
        say("BEGIN; DELETE FROM _prisma_migrations WHERE migration_name = '4_m'")
        scene.sql("CREATE TABLE younger (id int)")
        replayed()
        for _ in range(5):
            self.assertEqual(scene.ask().migrations, before.migrations)
        say("COMMIT")
        replayed()
        now = scene.ask()
        self.assertEqual(now, scene.fresh())
        self.assertNotEqual(now.migrations, before.migrations)
        scene.warm()
        scene.sql("DELETE FROM _prisma_migrations WHERE migration_name = '3_m'")
        replayed()
        self.assertNotEqual(scene.ask().migrations, now.migrations)

    # ---- who asks, and what ----

    def test_each_question_has_its_own_answer(self):
        scene = Scene(self)
        questions = ({}, {"limit": 2}, {"state": [2]}, {"framework": "Prisma"})
        answers = [scene.warm(**question) for question in questions]
        for _ in range(3):
            for question, answer in zip(questions, answers):
                self.assertEqual(scene.ask(**question), answer)
        self.assertEqual([len(answer.migrations) for answer in answers], [6, 2, 2, 6])

    def test_who_may_not_ask_is_refused_whatever_is_remembered(self):
        reader, other = self.token("read", "reader"), self.token("sql", "other")
        scene = Scene.__new__(Scene)
        writer = self.token("read,run", "writer")
        with contextlib.ExitStack():
            scene.case, scene.arguments = self, ("--tokens", self.tokens)
            scene.project, scene.database = self.project().add("1_m", "SELECT 1;"), self.database
            scene.url = self.url()
            scene.worker, scene.rpc = scene.serve()

        def ask(token):
            try:
                return scene.rpc.call("MigrationService", "GetStatus", metadata={"authorization": f"Bearer {token}"})
            except RpcError as error:
                return error.code
        wait_for(lambda: ask(reader) and scene.remembered() > 0)
        self.assertEqual(ask(writer), ask(reader))
        self.assertEqual(ask(other), 7)  # PERMISSION_DENIED

    def test_many_at_once_get_what_is_true_then(self):
        scene = Scene(self)
        scene.warm()
        connections = [Rpc(scene.worker.address) for _ in range(8)]
        for count in range(4, 0, -1):
            scene.sql(f"DELETE FROM _prisma_migrations WHERE migration_name = '{count}_m'")
            answers = []
            threads = [threading.Thread(target=lambda one=one: answers.extend(scene.ask(one) for _ in range(5))) for one in connections]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual({answer.summary.applied for answer in answers}, {count - 1})
        for connection in connections:
            connection.close()
        self.assertEqual(scene.ask(), scene.fresh())

    def test_metrics_say_when_a_remembered_answer_was_found_to_be_true(self):
        scene = Scene(self)

        def seen_at():
            families = scene.rpc.call("Health", "GetMetrics").families
            return next(family for family in families if family.name == "truss_migrations_seen_timestamp_seconds").samples[0].value
        scene.warm()
        before, count = seen_at(), scene.remembered()
        wait_for(lambda: scene.ask() and scene.remembered() > count)
        self.assertGreater(seen_at(), before)


if __name__ == "__main__":
    harness.main()
