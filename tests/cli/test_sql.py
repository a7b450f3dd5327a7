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

    def test_values_are_shown_as_the_server_says_them(self):
        """Numbers that no int64 and no double holds, and half a pair of surrogates, are right in JSON."""
        shown = self.ask("sql", r"""SELECT 1 AS id, '{"n": 12345678901234567890, "of": ["a,]", 1e40]}'::jsonb AS jsonb, 0.1::float8 + 0.2 AS real,
                                 '"\ud800"'::json AS half, 'a"b\' AS text, NULL AS none, 'null' AS word, ARRAY[1, 2] AS list, 'é' AS last""")
        head, row = shown.stdout.splitlines()[:2]
        starts = [head.index(name) for name in head.split()] + [None]
        self.assertEqual([row[begin:end].strip() for begin, end in zip(starts, starts[1:])],
                         ["1", '{"n": 12345678901234567890, "of": ["a,]", 1' + "0" * 40 + "]}", "0.30000000000000004", r'"\ud800"', 'a"b\\', "", "null", "[1,2]", "é"])

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

    def test_a_plan_of_more_rows_than_a_number_holds_is_shown(self):
        shown = self.ask("sql", "--explain", "SELECT 1 FROM " + ", ".join(f"generate_series(1, 1000) AS g{i}" for i in range(8)))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("Nested Loop", shown.stdout)

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
