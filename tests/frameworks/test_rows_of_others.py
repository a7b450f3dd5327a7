"""Rows that name a file otherwise than it is called: by an older number of it, or by the end that two programs share; and rows without a file."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

POPX = "CREATE TABLE schema_migration (version VARCHAR(48) NOT NULL, version_self INT NOT NULL DEFAULT 0);"
DBUP = """CREATE TABLE schemaversions (schemaversionsid serial NOT NULL, scriptname character varying(255) NOT NULL, applied timestamp without time zone NOT NULL,
    CONSTRAINT "PK_schemaversions_Id" PRIMARY KEY (schemaversionsid));"""


class Rows(Case):
    def states_of(self, files, framework, setup):
        self.sql(setup)
        project = harness.Project(folder="migrations")
        self.addCleanup(project.remove)
        for name, text in files.items():
            project.write(name, text)
        reply = self.rpc(self.worker(project)).call("MigrationService", "GetStatus", {"framework": framework})
        return {one.name: self.states_name(one) for one in reply.migrations}, "\n".join(reply.warnings)

    @staticmethod
    def states_name(one):
        return one.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[one.state].name.rsplit("_", 1)[-1].lower()

    def test_popx_counts_a_version_by_the_first_fourteen_digits_that_it_once_had(self):
        files = {f"migrations/{version}_{name}.up.sql": "SELECT 1;" for version, name in
                 (("20150100000001000000", "a"), ("20150100000001000001", "b"), ("20160100000001000000", "c"), ("20170101000000000000", "d"))}
        files["go.mod"] = "module x\nrequire github.com/ory/pop/v6 v6.2.0\n"
        states, _ = self.states_of(files, "popx", POPX + "INSERT INTO schema_migration (version) VALUES ('20150100000001'), ('20170101000000000000')")
        self.assertEqual([states[name] for name in sorted(states)], ["applied", "applied", "pending", "applied"])

    def dbup(self, *rows):
        files = {"Shop.csproj": "<Project><ItemGroup><EmbeddedResource Include=\"Scripts\\*.sql\" /><PackageReference Include=\"dbup-postgresql\" /></ItemGroup></Project>",
                 "Scripts/0001_a.sql": "SELECT 1;", "Scripts/0002_b.sql": "SELECT 1;"}
        return self.states_of(files, "dbup", DBUP + "".join(f"INSERT INTO schemaversions (scriptname, applied) VALUES ('{row}', now());" for row in rows))

    def test_dbup_does_not_take_the_rows_of_another_program_with_scripts_of_the_same_names(self):
        states, _ = self.dbup("Shop.Scripts.0001_a.sql", "Billing.Scripts.0001_a.sql", "Billing.Scripts.0002_b.sql")
        self.assertEqual(sorted(states.values()).count("applied"), 1)
        self.assertEqual(sorted(states.values()).count("pending"), 1)

    def test_dbup_takes_rows_with_one_other_name_in_front_and_asks_where_there_are_two(self):
        states, _ = self.dbup("Old.Scripts.0001_a.sql")
        self.assertEqual(sorted(states.values()), ["applied", "pending"])
        self.database = None
        states, warnings = self.dbup("Old.Scripts.0001_a.sql", "Billing.Scripts.0002_b.sql")
        self.assertEqual(sorted(states.values()), ["orphaned", "orphaned", "pending", "pending"])
        self.assertIn("rows of several programs", warnings)

    def test_rows_without_a_file_stand_where_their_numbers_belong(self):
        files = {f"migrations/{number:05}_a.sql": "-- +goose Up\nSELECT 1;\n" for number in (1, 3, 11)}
        states, _ = self.states_of(files, "goose", "CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, "
                                   "tstamp timestamp DEFAULT now()); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true), (10, true)")
        self.assertEqual([name.split("_")[0].lstrip("0") for name, state in states.items()], ["1", "2", "3", "10", "11"])
        self.assertEqual(list(states.values()), ["applied", "orphaned", "applied", "orphaned", "pending"])


if __name__ == "__main__":
    harness.main()
