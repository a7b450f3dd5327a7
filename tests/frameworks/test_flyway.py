"""Flyway's own ways: callbacks, migrations that are classes, locations of every form, settings in every file."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import fixtures
from fixtures import Fixtures
from harness import RpcError, Rpc

SQL = "src/main/resources/db/migration"
FAILED_PRECONDITION = 9


class Flyway(Fixtures):
    def project(self, **files):
        directory = fixtures.harness.tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        for path, text in files.items():
            whole = os.path.join(directory.name, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8") as file:
                file.write(text)
        return type("Here", (), {"path": directory.name})

    def start(self, files, *arguments):
        return Rpc(self.worker(self.project(**files), *arguments).address)

    def names(self, rpc):
        return [one.name for one in self.status(rpc).migrations]

    def refused(self, rpc, method="Run"):
        with self.assertRaises(RpcError) as caught:
            rpc.call("MigrationService", method)
        return caught.exception.status

    def test_a_callback_is_told_and_leaves_the_folder_to_flyway(self):
        for name in ("beforeMigrate.sql", "afterMigrate__views.sql", "beforeEachMigrate.sql", "afterEachMigrate.sql", "afterMigrateError.sql"):
            with self.subTest(name=name), self.start({f"{SQL}/V1__a.sql": "CREATE TABLE a (i int)", f"{SQL}/{name}": "SELECT 1"}) as rpc:
                self.assertIn(name, "".join(self.status(rpc).warnings))
                status = self.refused(rpc)
                self.assertEqual((status.code, status.detail.reason), (FAILED_PRECONDITION, "NEEDS_DELEGATE"))
                self.assertIn(name, status.message)
        self.assertEqual(self.sql("SELECT to_regclass('a')"), [(None,)])

    def test_what_only_looks_like_a_callback_is_none(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", f"{SQL}/afterClean.sql": "SELECT 1", f"{SQL}/notes.sql": "SELECT 1"}) as rpc:
            self.assertEqual(list(self.status(rpc).warnings), [])
            self.assertTrue(rpc.call("MigrationService", "Run").ok)

    def test_classes_in_their_places_are_migrations(self):
        for path in ("src/main/java/db/migration/V2__b.java", "src/main/kotlin/db/migration/V2__b.kt"):
            with self.subTest(path=path), self.start({f"{SQL}/V1__a.sql": "SELECT 1", path: "class V2__b {}", f"{SQL}/V3__c.sql": "SELECT 1"}) as rpc:
                self.assertEqual(self.names(rpc), ["V1__a", "V2__b", "V3__c"])
                self.assertIn("V2__b", self.refused(rpc).message)

    def test_a_class_is_recorded_by_its_name(self):
        with self.start({f"{SQL}/V1__a.sql": "SELECT 1", "src/main/java/db/migration/V2__b.java": "class V2__b {}"}) as rpc:
            for name in ("V1__a", "V2__b"):
                rpc.call("MigrationService", "MarkApplied", {"migration": name})
            self.assertEqual(set(self.states(rpc)), {"applied"})
        self.assertEqual(self.sql("SELECT version, type, script FROM flyway_schema_history ORDER BY 1"),
                         [("1", "SQL", "V1__a.sql"), ("2", "JDBC", "db.migration.V2__b")])

    def test_a_project_of_classes_alone_is_found(self):
        with self.start({"src/main/java/db/migration/V1__a.java": "class V1__a {}"}) as rpc:
            self.assertEqual(self.names(rpc), ["V1__a"])

    def test_locations_are_read_in_every_form(self):
        nine = [f"l{i}" for i in range(1, 10)]
        files = {f"{place}/V{i}__a.sql": "SELECT 1" for i, place in enumerate(nine, 1)}
        listed = ",".join(f"filesystem:{place}" for place in nine)
        lines = "\n".join(f'  "filesystem:{place}",' for place in nine)
        yaml = "\n".join(f"      - filesystem:{place}" for place in nine)
        pom = "".join(f"<location>filesystem:{place}</location>" for place in nine)
        for name, text in (("flyway.conf", f"flyway.locations={listed}\n"),
                           ("flyway.conf", "flyway.locations=" + listed.replace(",", ",\\\n    ") + "\n"),
                           ("flyway.toml", f"[flyway]\nlocations = [\n{lines}\n]\n"),
                           ("src/main/resources/application.properties", f"spring.flyway.locations={listed}\n"),
                           ("src/main/resources/application.yml", f"spring:\n  flyway:\n    locations:\n{yaml}\n"),
                           ("pom.xml", f"<plugin><artifactId>flyway-maven-plugin</artifactId><configuration><locations>{pom}</locations></configuration></plugin>"),
                           ("build.gradle", "flyway {\n  locations = [" + ",".join(f"'filesystem:{place}'" for place in nine) + "]\n}\n")):
            with self.subTest(name=name, text=text[:30]), self.start({**files, name: text}) as rpc:
                self.assertEqual(self.names(rpc), [f"V{i}__a" for i in range(1, 10)])

    def test_a_location_that_only_flyway_finds_is_a_question_with_its_line(self):
        for location in ("filesystem:${DIR}", "s3:bucket/sql", "filesystem:sql/*/x"):
            with self.subTest(location=location), self.start({"flyway.conf": f"flyway.table=a\nflyway.locations=filesystem:sql,{location}\n", "sql/V1__a.sql": ""}) as rpc:
                problem = self.status(rpc).problem
                self.assertIn("flyway.conf, line 2, names the location " + location, problem)
                self.assertEqual(self.refused(rpc).message, problem)

    def test_a_location_that_is_not_there_is_told(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql,filesystem:more\n", "sql/V1__a.sql": ""}) as rpc:
            self.assertIn("The location more does not exist", "".join(self.status(rpc).warnings))

    def test_what_only_flyway_follows_in_its_settings_leaves_the_folder_to_it(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.initSql=SET ROLE x\n", "sql/V1__a.sql": "SELECT 1"}) as rpc:
            self.assertIn("initSql", self.refused(rpc).message)

    def test_a_computed_ledger_is_a_question(self):
        with self.start({"src/main/resources/application.yml": "spring:\n  flyway:\n    default-schema: ${SCHEMA:app}\n", f"{SQL}/V1__a.sql": ""}) as rpc:
            self.assertIn("application.yml, line 3, computes defaultSchema", self.status(rpc).problem)

    def test_every_suffix_counts(self):
        with self.start({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.sqlMigrationSuffixes=.sql,.ddl\n", "sql/V1__a.sql": "", "sql/V2__b.ddl": ""}) as rpc:
            self.assertEqual(self.names(rpc), ["V1__a", "V2__b"])


if __name__ == "__main__":
    fixtures.harness.main()
