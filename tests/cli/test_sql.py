"""truss sql and truss connection, as a person and a pipeline use them."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case


class Sql(Case):
    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE posts (id int, title text); INSERT INTO posts SELECT g, 'post ' || g FROM generate_series(1, 300) g")
        self.process = self.worker(self.project("prisma-blog"))

    def ask(self, *arguments, **options):
        return self.truss(*arguments, worker=self.process, **options)

    def test_rows_are_a_table(self):
        shown = self.ask("sql", "SELECT id, title, NULL AS n FROM posts WHERE id < 3 ORDER BY id")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        lines = [line.split() for line in shown.stdout.splitlines()]
        self.assertEqual(lines[:3], [["id", "title", "n"], ["1", "post", "1"], ["2", "post", "2"]])
        self.assertEqual(lines[-1][:3], ["2", "rows", "in"])
        self.assertIn("--sql-role", shown.stderr)
        self.assertIn("--export csv", self.ask("sql", "TABLE posts").stdout)

    def test_the_query_may_come_from_standard_input(self):
        answer = json.loads(self.ask("sql", "--json", stdin="SELECT count(*) AS n FROM posts\n").stdout)
        self.assertEqual((answer["rows"], answer["rowCount"]), ([{"n": "300"}], 1))

    def test_a_refusal_is_told(self):
        cut = self.ask("sql", stdin="SELECT count(*) AS n FROM posts\0 WHERE id < 0")
        self.assertEqual(cut.returncode, 1, cut.stdout)  # not the half before the NUL byte
        self.assertIn("has a NUL byte", cut.stderr)
        shown = self.ask("sql", "DELETE FROM posts")
        self.assertEqual((shown.returncode, shown.stdout), (1, ""))
        self.assertIn("Only read-only queries are allowed (SELECT/WITH/EXPLAIN).", shown.stderr)

    def test_a_plan_is_shown(self):
        shown = self.ask("sql", "--explain", "SELECT * FROM posts WHERE id = 1").stdout
        self.assertIn("Seq Scan on public.posts", shown)
        self.assertIn("in fact 1 rows", self.ask("sql", "--analyze", "SELECT * FROM posts WHERE id = 1").stdout)

    def test_all_rows_are_exported(self):
        shown = self.ask("sql", "--export", "csv", "SELECT g, repeat('x', 90) FROM generate_series(1, 20000) g")
        self.assertEqual((shown.returncode, shown.stdout.count("\n")), (0, 20001), shown.stderr)
        self.assertEqual(self.ask("sql", "--export", "csv", "SELECT 1/0").returncode, 1)

    def test_tables_are_listed(self):
        self.assertEqual(self.ask("sql", "--tables").stdout, "public.posts\n")

    def test_the_connection_is_shown_masked(self):
        shown = self.ask("connection")
        self.assertIn(f"app:****@127.0.0.1:{self.cluster.port}/{self.database}", shown.stdout)
        self.assertNotIn(harness.PASSWORD_ENCODED, shown.stdout)
        self.assertIn(harness.PASSWORD_ENCODED, self.ask("connection", "--reveal").stdout)
        self.assertEqual(json.loads(self.ask("connection", "--json").stdout)["database"], self.database)


if __name__ == "__main__":
    harness.main()
