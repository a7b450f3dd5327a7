"""Liquibase's own ways: a project of formatted SQL, YAML, XML and JSON with properties, contexts, labels, preconditions, includes and odd
line endings, which Liquibase 4.28 has run from nothing (tests/fixtures/liquibase-hard/after.sql)."""
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
import harness
from fixtures import Fixtures
from harness import RpcError

HARD = os.path.join(harness.FIXTURES, "liquibase-hard")


class Liquibase(Fixtures):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(harness.tempfile.mkdtemp(prefix="truss-project-"), "project")
        shutil.copytree(os.path.join(HARD, "project"), self.path)
        self.addCleanup(shutil.rmtree, os.path.dirname(self.path), True)

    def start(self, database):
        return harness.Rpc(self.worker(type("Hard", (), {"path": self.path}), url=self.cluster.url(database)).address)

    def test_a_hard_project_is_run_from_nothing_as_by_the_real_tool(self):
        ours = self.load(None)
        with self.start(ours) as rpc:
            reply = rpc.call("MigrationService", "Run", {})
            self.assertTrue(reply.ok, reply)
            self.assertEqual(set(self.states(rpc)), {"applied"})
        self.assertEqual(self.dump("liquibase", ours), self.dump("liquibase", self.template(os.path.join(HARD, "after.sql"))))

    def test_every_checksum_of_the_real_tool_is_ours(self):
        with self.start(self.load(os.path.join(HARD, "after.sql"))) as rpc:
            migrations = self.status(rpc).migrations
        self.assertGreater(len(migrations), 15)
        self.assertEqual([one.name for one in migrations if one.file_hash != one.stored_hash or not one.verified], [])

    def test_a_changelog_of_nothing_but_brackets_is_refused_at_once(self):
        """libyaml looks at every open level for each token: 200 kB of them would take minutes."""
        for name, head in (("yaml", "databaseChangeLog: "), ("json", '{"databaseChangeLog":')):
            shutil.rmtree(self.path)
            os.makedirs(os.path.join(self.path, "db", "changelog"))
            with open(os.path.join(self.path, f"db/changelog/db.changelog-master.{name}"), "w", encoding="utf-8") as file:
                file.write(head + "[" * 200000)
            with self.start(self.load(None)) as rpc:
                began = time.monotonic()
                with self.assertRaises(RpcError) as refused:
                    self.status(rpc)
                self.assertIn("too deep", refused.exception.status.message)
                self.assertLess(time.monotonic() - began, 20)

    def test_of_two_changesets_with_one_key_the_kept_one_has_the_row(self):
        shutil.rmtree(self.path)
        os.makedirs(self.path)
        one = '<changeSet author="a" id="{}" {}><sql>{}</sql></changeSet>'
        sets = [one.format(0, "", "CREATE TABLE n (v int); INSERT INTO n VALUES (100)"),
                one.format(1, 'dbms="mysql"', "UPDATE n SET v = v + 1 LIMIT 1"), one.format(1, 'dbms="postgresql"', "UPDATE n SET v = v + 1"),
                one.format(2, 'context="pg"', "UPDATE n SET v = v + 1"), one.format(2, 'context="mysql"', "UPDATE n LIMIT 1")]
        with open(os.path.join(self.path, "changelog.xml"), "w", encoding="utf-8") as file:
            file.write('<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">' + "\n".join(sets) + "</databaseChangeLog>")
        with open(os.path.join(self.path, "liquibase.properties"), "w", encoding="utf-8") as file:
            file.write("changelog-file: changelog.xml\ncontexts: pg\n")
        database = self.load(None)
        with self.start(database) as rpc:
            for _ in range(3):
                self.assertTrue(rpc.call("MigrationService", "Run", {}).ok)
                self.assertEqual(self.states(rpc), ["applied"] * 3)
        self.assertEqual(self.cluster.psql(database, "SELECT v FROM n"), [("102",)])

    def test_an_edit_of_any_changeset_is_seen_and_white_space_is_not_one(self):
        with open(os.path.join(self.path, "inc/a.sql"), "r+", encoding="utf-8", newline="") as file:
            text = file.read()
            file.seek(0)
            file.truncate()
            file.write(re.sub(r"(?m)^(?!--)(\S)", r"  \1", text))
        database = self.load(os.path.join(HARD, "after.sql"))
        with self.start(database) as rpc:
            self.assertEqual([one.name for one in self.status(rpc).migrations if self.state(one) != "applied"], [])
            with open(os.path.join(self.path, "inc/up/low/z.sql"), "a", encoding="utf-8") as file:
                file.write("\nSELECT 'edited';\n")
            self.assertEqual([one.name for one in self.status(rpc).migrations if self.state(one) == "modified"], ["inc/up/low/z.sql::z::z"])

    def test_scripts_work_in_the_default_schema_and_not_in_that_of_its_own_tables(self):
        """DatabaseUtils.initializeDatabase of Liquibase 4."""
        sql = "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE t (i int);\n"
        for said, schema in (("defaultSchemaName=shop", "shop"), ("defaultSchemaName=SHOP", "shop"), ("liquibaseSchemaName=shop", "public"),
                             ("defaultSchemaName=shop\nliquibaseSchemaName=public", "shop"), ("", "public")):
            with self.subTest(said=said), harness.tempfile.TemporaryDirectory() as directory:
                self.sql("DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA shop")
                for name, text in (("liquibase.properties", f"changeLogFile=c.sql\n{said}\n"), ("c.sql", sql)):
                    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                        file.write(text)
                with harness.Rpc(self.worker(type("Here", (), {"path": directory})).address) as rpc:
                    rpc.call("MigrationService", "Run")
                self.assertEqual(self.sql("SELECT schemaname FROM pg_tables WHERE tablename = 't'"), [(schema,)])

    def test_a_command_says_where_scripts_work_whatever_its_path_is_called(self):
        """What counts is the option's name, not that of the file, and the table may have a name as well."""
        sql = "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE t (i int);\n"
        for path, options, schema, ledger in (
                ("default/run.sh", "--liquibase-schema-name=shop", "public", ("shop", "databasechangelog")),
                ("run.sh", "--default-schema-name=shop", "shop", ("shop", "databasechangelog")),
                ("run.sh", "--database-changelog-table-name=moves --default-schema-name=shop", "shop", ("shop", "moves")),
                ("run.sh", "--liquibase-schema-name=lb --default-schema-name=shop", "shop", ("lb", "databasechangelog"))):
            with self.subTest(options=options), harness.tempfile.TemporaryDirectory() as directory:
                self.sql("DROP SCHEMA IF EXISTS shop, lb CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA shop; CREATE SCHEMA lb")
                for name, text in (("liquibase.properties", "changeLogFile=c.sql\n"), ("c.sql", sql), (f"deploy/{path}", f"liquibase update {options}\n")):
                    os.makedirs(os.path.dirname(os.path.join(directory, name)), exist_ok=True)
                    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                        file.write(text)
                with harness.Rpc(self.worker(type("Here", (), {"path": directory}), "--ledger", ".".join(ledger)).address) as rpc:
                    rpc.call("MigrationService", "Run")
                self.assertEqual(self.sql("SELECT schemaname FROM pg_tables WHERE tablename = 't'"), [(schema,)])
                self.assertEqual(self.sql("SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('moves', 'databasechangelog')"), [ledger])

    def test_settings_of_the_update_command_and_of_missing_properties_count(self):
        """What `liquibase update` of 4.28 ran with these settings: the table's checksum is of what was expanded."""
        sql = ("--liquibase formatted sql\n--changeset x:1 context:prod\nCREATE TABLE p (i int);\n--changeset x:2 context:test\nCREATE TABLE t (i int);\n"
               "--changeset x:3 labels:l1\nCREATE TABLE l (i int);\n--changeset x:4\nCREATE TABLE n${foo} (i int);\n")
        for said, variables, tables in (
                ("missingPropertyMode=EMPTY", {}, "l,n,p,t"),
                ("contexts=prod\nliquibase.command.update.contexts=test\nliquibase.missingPropertyMode=empty", {}, "l,n,t"),
                ("contexts=prod", {"LIQUIBASE_COMMAND_UPDATE_CONTEXTS": "test", "LIQUIBASE_COMMAND_UPDATE_LABEL_FILTER": "l2",
                                   "LIQUIBASE_MISSING_PROPERTY_MODE": "EMPTY"}, "n,t"),
                ("missingPropertyMode=ERROR", {}, "")):
            with self.subTest(said=said), harness.tempfile.TemporaryDirectory() as directory:
                self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                for name, text in (("liquibase.properties", f"changeLogFile=c.sql\n{said}\n"), ("c.sql", sql)):
                    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                        file.write(text)
                with harness.Rpc(self.worker(type("Here", (), {"path": directory}), environment=variables).address) as rpc:
                    if "=ERROR" in said:
                        self.assertIn("it has a property without a value", self.status(rpc).warnings[0])
                        continue
                    self.assertTrue(rpc.call("MigrationService", "Run").ok)
                    self.assertEqual(set(self.states(rpc)), {"applied"})
                self.assertEqual(self.sql("SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public' "
                                          "AND tablename !~ '^databasechangelog'"), [(tables,)])

    LOG = '<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">{}</databaseChangeLog>'

    def test_an_error_has_its_line_of_the_changelog(self):
        """What stands in front of a changeset is not sent with it."""
        files = "--liquibase formatted sql\n" + "".join(f"\n--changeset a:{n}\nSELECT {n};\n" for n in range(1, 40))
        files += "\n--changeset a:last\nSELECT 1;\n\nSELECT\n  no_such_column;\n"
        shutil.rmtree(self.path)
        os.makedirs(self.path)
        with open(os.path.join(self.path, "db.changelog-master.sql"), "w", encoding="utf-8") as file:
            file.write(files)
        with self.start(self.load(None)) as rpc:
            reply = rpc.call("MigrationService", "Run", {})
        self.assertEqual((len(reply.applied), reply.failed.line, reply.failed.column, reply.failed.position), (39, 124, 3, 0), reply.failed)
        self.assertEqual(files.split("\n")[123], "  no_such_column;")

    def run_of(self, directory, files):
        """The reply of a run of these files, or the refusal."""
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for name, text in files.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        with harness.Rpc(self.worker(type("Here", (), {"path": directory})).address) as rpc:
            try:
                return rpc.call("MigrationService", "Run")
            except RpcError as refused:
                return refused.status

    def tables_of(self):
        return self.sql("SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^databasechangelog'")[0][0]

    def test_contexts_are_expressions(self):
        """The grammar of ExpressionMatcher.java: not, and, or, commas, parentheses."""
        expressions = {"a": "prod", "b": "!prod", "c": "not prod", "d": "prod and test", "e": "prod and !test", "f": "(prod or test) and eu", "g": "test, eu",
                       "h": "!(test or us)", "i": "prod or", "j": "  prod  AND  eu ", "k": ""}
        sql = "--liquibase formatted sql\n" + "".join(f"--changeset x:{name} context:\"{said}\"\nCREATE TABLE {name} (i int);\n" for name, said in expressions.items())
        for contexts, tables in (("prod,eu", "a,e,f,g,h,i,j,k"), ("test", "b,c,g,k"), ("us", "b,c,k"), ("", "a,b,c,d,e,f,g,h,i,j,k")):
            with self.subTest(contexts=contexts), harness.tempfile.TemporaryDirectory() as directory:
                said = f"contexts={contexts}\n" if contexts else ""
                self.assertTrue(self.run_of(directory, {"liquibase.properties": "changeLogFile=c.sql\n" + said, "c.sql": sql}).ok)
                self.assertEqual(self.tables_of(), tables)

    # What `liquibase update` of 4.28 does with it: it makes a table t, or fails at the line that is told.
    FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE {} AS $${}$$;\nCREATE TABLE t (i int);\n"
    CUTS = [("", FUNCTION.format("plpgsql", "\nBEGIN\n  RETURN 1;\nEND\n"), None),
            ("", FUNCTION.format("plpgsql", "\nBEGIN\n  RETURN 1;\nEND;\n"), "line 6: liquibase fails here, because it cuts the script in the middle of a statement"),
            ("", FUNCTION.format("plpgsql", "\nBEGIN\n  IF true THEN RETURN 1; END IF;\n  RETURN 2;\nEND\n"), "line 5: liquibase fails here"),
            ("", FUNCTION.format("plpgsql", " BEGIN RETURN 1; END "), None), ("", FUNCTION.format("plpgsql", "BEGIN RETURN 1; END"), "line 3: liquibase fails here"),
            ("", FUNCTION.format("sql", " SELECT 1; "), "line 3: liquibase fails here"), ("", FUNCTION.format("sql", " SELECT 1 "), None),
            ("splitStatements:false", FUNCTION.format("plpgsql", "\nBEGIN\n  RETURN 1;\nEND;\n"), None),
            ("endDelimiter:@@", "DO $$ BEGIN NULL; END; $$\n@@\nCREATE TABLE t (i int)\n@@\n", None),
            ("endDelimiter:\\n@@", "DO $$ BEGIN NULL; END; $$\n@@\nCREATE TABLE t (i int)\n@@\n", "line 4: liquibase fails here, because its endDelimiter \\n@@ fits nothing"),
            ("endDelimiter:\\n@@", "CREATE TABLE t (i int)", None),
            ("endDelimiter:\\nGO", "DO $$ BEGIN NULL; END; $$\nGO\nCREATE TABLE t (i int)\nGO\n", None),
            ("", "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN i > 0 THEN 1 END; SELECT 2; END;\nCREATE TABLE t (i int);\n", "line 3: liquibase fails here"),
            ("", "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 2; END;\nCREATE TABLE t (i int);\n", None),
            ("", "CREATE TABLE t (i int);\nCOMMENT ON TABLE t IS 'a\\d; b';\n", None), ("", "BEGIN;\nCREATE TABLE t (i int);\nCOMMIT;\n", None)]

    def test_a_changeset_that_liquibase_cuts_in_the_middle_of_a_statement_is_refused_with_its_line(self):
        for header, sql, problem in self.CUTS:
            with self.subTest(header + " " + sql), harness.tempfile.TemporaryDirectory() as directory:
                reply = self.run_of(directory, {"liquibase.properties": "changeLogFile=c.sql\n",
                                                "c.sql": f"--liquibase formatted sql\n--changeset a:1 {header}\n{sql}"})
                if problem is None:
                    self.assertTrue(reply.ok, reply)
                else:
                    self.assertIn(problem, reply.failed.error)
                self.assertEqual(self.tables_of(), "t" if problem is None else None)

    def test_properties_may_come_from_a_file_and_end_with_their_changelog(self):
        inner = self.LOG.format('<property name="here" value="inner" global="false"/><property name="wide" value="w"/><changeSet id="1" author="x"><sql>CREATE TABLE ${here}_${wide} (i int)</sql></changeSet>')
        outer = self.LOG.format('<property file="names.properties"/><property file="missing.properties" errorIfMissing="false"/><property name="of_prod" value="no" context="prod"/>'
                                '<include file="inner.xml"/><property name="here" value="outer"/>'
                                '<changeSet id="2" author="x"><sql>CREATE TABLE ${here}_${wide}_${said} (i int)</sql></changeSet>')
        with harness.tempfile.TemporaryDirectory() as directory:
            files = {"liquibase.properties": "changeLogFile=outer.xml\n", "outer.xml": outer, "inner.xml": inner, "names.properties": "said=filed\nwide=first\n"}
            self.assertTrue(self.run_of(directory, files).ok)
            self.assertEqual(self.tables_of(), "inner_first,outer_first_filed")

    def test_an_include_of_nothing_is_an_error_unless_it_says_otherwise(self):
        change = '<changeSet id="1" author="x"><sql>CREATE TABLE kept (i int)</sql></changeSet>'
        for inside, problem in (('<include file="gone.xml"/>', "what it includes is not in the project: \"gone.xml\""), ('<includeAll path="gone"/>', "what it includes is not in the project: \"gone\""),
                                ('<property file="gone.properties"/>', "gone.properties"), ('<modifyChangeSets runWith="psql"/>', "modifyChangeSets is what only liquibase can read")):
            with self.subTest(inside), harness.tempfile.TemporaryDirectory() as directory:
                refused = self.run_of(directory, {"liquibase.properties": "changeLogFile=c.xml\n", "c.xml": self.LOG.format(inside + change)})
                self.assertIn(problem, refused.message)
                self.assertEqual(self.tables_of(), None)
        for inside in ('<include file="gone.xml" errorIfMissing="false"/>', '<includeAll path="gone" errorIfMissingOrEmpty="false"/>', '<property file="gone.properties" errorIfMissing="false"/>'):
            with self.subTest(inside), harness.tempfile.TemporaryDirectory() as directory:
                self.assertTrue(self.run_of(directory, {"liquibase.properties": "changeLogFile=c.xml\n", "c.xml": self.LOG.format(inside + change)}).ok)
                self.assertEqual(self.tables_of(), "kept")

    def test_a_row_may_have_the_logical_path_of_a_changelog_around_its_own(self):
        """DatabaseChangeLog.include since 4.32, which gives it to changesets that have not run before."""
        log = '<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog" {}</databaseChangeLog>'
        change = '<changeSet id="{0}" author="x"><sql>CREATE TABLE t{0} (i int)</sql></changeSet>'.format
        files = {"liquibase.properties": "changeLogFile=root.xml\n",
                 "root.xml": log.format('logicalFilePath="top">' + change(0) + '<include file="a.xml"/><include file="b.sql"/><include file="c.sql"/>'),
                 "a.xml": log.format(">" + change(1) + change(0)), "b.sql": "--liquibase formatted sql\n--changeset x:2\nCREATE TABLE t2 (i int);\n",
                 "c.sql": "--liquibase formatted sql logicalFilePath:own\n--changeset x:3\nCREATE TABLE t3 (i int);\n"}
        with harness.tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.write(text.replace(change(1) + change(0), change(1)))
            self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            with harness.Rpc(self.worker(type("Here", (), {"path": directory})).address) as rpc:
                rpc.call("MigrationService", "Run")
                self.sql("UPDATE databasechangelog SET filename = 'top' WHERE id IN ('1', '2')")
                self.assertEqual([(one.name, self.state(one)) for one in self.status(rpc).migrations],
                                 [("top::0::x", "applied"), ("a.xml::1::x", "applied"), ("b.sql::2::x", "applied"), ("own::3::x", "applied")])
                # a row that is that of another changeset is not one of this
                with open(os.path.join(directory, "a.xml"), "w", encoding="utf-8") as file:
                    file.write(files["a.xml"])
                self.assertEqual([one.name for one in self.status(rpc).migrations if self.state(one) != "applied"], ["a.xml::0::x"])


if __name__ == "__main__":
    harness.main()
