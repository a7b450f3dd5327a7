"""The role that `truss doctor --print-grants` makes: with it, and with no more, several frameworks are worked with from end to end."""
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

# Of each framework the files of three migrations: the first is there before the role is.
STEPS = ("CREATE TABLE zoo (id serial PRIMARY KEY, name text)", "ALTER TABLE zoo ADD COLUMN size int; CREATE INDEX zoo_name ON zoo (name); CREATE TABLE cage (id int)", "ALTER TABLE zoo DROP COLUMN size")
FRAMEWORKS = {
    "prisma": lambda n, sql: (f"prisma/migrations/2024010{n}000000_m/migration.sql", sql),
    "golang-migrate": lambda n, sql: (f"migrations/00000{n}_m.up.sql", sql),
    "goose": lambda n, sql: (f"migrations/0000{n}_m.sql", f"-- +goose Up\n{sql};\n-- +goose Down\n"),
    "dbmate": lambda n, sql: (f"db/migrations/2024010{n}000000_m.sql", f"-- migrate:up\n{sql};\n-- migrate:down\n"),
    "flyway": lambda n, sql: (f"sql/V{n}__m.sql", sql),
}


class LeastRole(Case):
    def setUp(self):
        super().setUp()
        self.role = f"least_{self.database}"
        self.addCleanup(self.forget, self.role, f"{self.role}_reader", f"owner_{self.database}")

    def forget(self, *roles):
        self.sql(f"REASSIGN OWNED BY {self.role} TO app") if self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{self.role}'") else None
        for role in roles:
            if self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                self.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")

    def url_of(self, role):
        self.sql(f"ALTER ROLE {role} PASSWORD 'least'")
        return f"postgresql://{role}:least@127.0.0.1:{self.cluster.port}/{self.database}"

    def put(self, framework, numbers):
        for number in numbers:
            self.files.write(*FRAMEWORKS[framework](number, STEPS[number - 1]))

    def begin(self, framework, url="own"):
        self.files = self.project(folder=os.path.dirname(FRAMEWORKS[framework](1, "")[0]).split("/2024")[0])
        self.put(framework, [1])
        worker = self.worker(self.files, url=url)
        reply = self.rpc(worker).call("MigrationService", "Run")
        self.assertEqual((reply.ok, len(reply.applied)), (True, 1), reply)
        return worker

    def make_role(self, worker):
        printed = self.truss("doctor", "--print-grants", "--role", self.role, worker=worker)
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        self.assertIn(f"truss doctor --print-grants --role {self.role} | psql ", printed.stdout)
        made = subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", self.url()], input=printed.stdout, capture_output=True, text=True, check=False)
        self.assertEqual((made.returncode, made.stderr), (0, ""), printed.stdout)
        return printed.stdout

    def work(self, framework):
        """Status, plan, run, mark, and what is there in the end."""
        rpc = self.rpc(self.worker(self.files, "--sql-role", f"{self.role}_reader", url=self.url_of(self.role)))
        self.put(framework, [2, 3])
        status = rpc.call("MigrationService", "GetStatus")
        self.assertEqual((status.framework.lower(), status.summary.applied, status.summary.pending), (framework, 1, 2))
        plan = rpc.call("MigrationService", "Plan")
        self.assertFalse(plan.refusal, plan.refusal)
        first = rpc.call("MigrationService", "Run", {"target": plan.migrations[0].name})
        self.assertEqual((first.ok, len(first.applied)), (True, 1), first)
        self.assertTrue(rpc.call("MigrationService", "MarkApplied", {"migration": plan.migrations[1].name}).ok)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.applied, 3)
        self.assertEqual(self.sql("SELECT count(size) FROM zoo"), [("0",)])
        return rpc

    def test_a_database_of_a_role_that_goes_on_to_use_it(self):
        owner = f"owner_{self.database}"
        self.sql(f"CREATE ROLE {owner} LOGIN; GRANT CREATE ON DATABASE {self.database} TO {owner}; GRANT CREATE ON SCHEMA public TO {owner}")
        text = self.make_role(self.begin("prisma", url=self.url_of(owner)))
        self.assertIn(f"GRANT {owner} TO {self.role};", text)
        rpc = self.work("prisma")
        self.assertEqual(self.sql(f"SELECT has_table_privilege('{owner}', 'cage', 'INSERT'), has_table_privilege('{owner}', 'cage', 'SELECT')"), [("t", "t")])
        query = rpc.call("SqlService", "Query", {"sql": "SELECT count(*) FROM cage"})
        self.assertEqual(query.role, f"{self.role}_reader")

    def test_a_worker_that_goes_on_as_superuser_says_that_it_knows_nothing(self):
        worker = self.begin("prisma")
        self.assertIn(f"From now on every worker logs in as {self.role}", self.make_role(worker))
        status = self.truss("status", worker=worker)
        self.assertEqual(status.returncode, 1)
        self.assertIn("what is applied and what is pending is not known\nproblem: The table public._prisma_migrations", status.stdout)
        self.assertNotIn("0 pending", status.stdout)

    def test_it_may_no_more_than_that(self):
        self.make_role(self.begin("prisma"))
        self.assertEqual(self.sql(f"SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication FROM pg_roles WHERE rolname IN ('{self.role}', '{self.role}_reader')"), [("f",) * 5] * 2)
        if self.cluster.version < 15:  # until then whoever logs in may make tables in public
            self.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for role, statement in ((self.role, "CREATE DATABASE x"), (self.role, "CREATE ROLE x"), (self.role, "CREATE SCHEMA x"), (self.role, "COPY zoo TO PROGRAM 'cat'"), (f"{self.role}_reader", "INSERT INTO zoo (name) VALUES ('x')"),
                                (f"{self.role}_reader", "CREATE TABLE y (i int)"), (f"{self.role}_reader", "SELECT pg_read_file('/etc/passwd')")):
            refused = subprocess.run(["psql", "-Xq", self.url_of(role), "-c", "SET default_transaction_read_only = off", "-c", statement], capture_output=True, text=True, check=False)
            self.assertRegex(refused.stderr, "permission denied|must be superuser", statement)

    def test_a_baseline_of_a_database_that_has_no_tracking_table(self):
        self.files = self.project()
        self.put("prisma", [1])
        self.sql(STEPS[0])
        self.make_role(self.worker(self.files))
        rpc = self.rpc(self.worker(self.files, "--audit", url=self.url_of(self.role)))
        self.assertTrue(rpc.call("MigrationService", "Baseline", {"all": True}).ok)
        self.assertEqual(rpc.call("MigrationService", "GetStatus").summary.pending, 0)
        self.assertEqual(self.sql("SELECT count(*) FROM truss.audit"), [("2",)])

    def test_a_login_that_acts_as_another_role_from_its_beginning(self):
        """NOINHERIT, so that it may do nothing as itself: neither are rows of ours written so."""
        owner = f"owner_{self.database}"
        self.sql(f"CREATE ROLE {owner}; GRANT CREATE ON DATABASE {self.database} TO {owner}; GRANT CREATE ON SCHEMA public TO {owner}; "
                 f"CREATE ROLE {self.role} LOGIN NOINHERIT IN ROLE {owner}; ALTER ROLE {self.role} SET role = '{owner}'")
        for name in ("flyway", "goose"):
            self.begin(name, url=self.url_of(self.role))
            path, _ = FRAMEWORKS[name](2, "")
            cut = "CREATE INDEX CONCURRENTLY zoo_id ON zoo (id)" if name == "goose" else "SET ROLE NONE;\nRESET ROLE;\nDROP TABLE zoo"
            self.files.write(path, FRAMEWORKS[name](2, cut)[1])
            reply = self.rpc(self.worker(self.files, url=self.url_of(self.role))).call("MigrationService", "Run")
            self.assertTrue(reply.ok, reply)
        self.assertEqual(self.sql("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('goose_db_version', 'flyway_schema_history', 'migration_steps')"), [(owner,)])
        self.assertEqual(self.sql("SELECT DISTINCT installed_by FROM flyway_schema_history"), [(owner,)])

    def test_a_name_that_is_none_is_refused(self):
        worker = self.begin("prisma")
        for wrong in ("", "pg_x", "x" * 57):  # with _reader behind it the server would cut it
            self.assertIn("--role is the name", self.truss("doctor", "--print-grants", "--role", wrong, worker=worker).stderr)

    def test_a_line_break_in_the_name_of_the_database_ends_no_comment(self):
        name = f"{self.database}\nDROP TABLE zoo;--"
        self.sql(f'CREATE DATABASE "{name}"')
        self.addCleanup(self.sql, f'DROP DATABASE "{name}" WITH (FORCE)')
        files = self.project().add("1_a", "SELECT 1;")
        worker = self.worker(files, url=self.cluster.url(urllib.parse.quote(name)))
        printed = self.truss("doctor", "--print-grants", "--role", self.role, worker=worker)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        statements = "\n".join(line for line in printed.stdout.splitlines() if not line.startswith("--"))
        self.assertEqual(statements.count("DROP TABLE zoo"), statements.count(f'DATABASE "{name}" TO'), printed.stdout)


def add_framework(name):
    def test(self):
        self.make_role(self.begin(name))
        self.work(name)
    setattr(LeastRole, f"test_{name.replace('-', '_')}_in_a_database_of_a_superuser", test)


for one in FRAMEWORKS:
    add_framework(one)


if __name__ == "__main__":
    harness.main()
