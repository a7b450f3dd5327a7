"""The read-only workbench over REST: what is let through and what is refused, as a superuser and as a reader, and the contract."""
import csv
import io
import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import FIXTURES, Case, wait_for

READER = """
CREATE ROLE truss_reader LOGIN PASSWORD 'reader';
"""
SCENE = """
CREATE TABLE t (a int);
INSERT INTO t SELECT generate_series(1, 3);
CREATE TABLE s (a int);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT USAGE ON SCHEMA public TO truss_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO truss_reader;
"""
# A fingerprint of what a query must not change.
STATE = """SELECT (SELECT string_agg(relname || relkind::text, ',' ORDER BY oid) FROM pg_class WHERE oid >= 16384),
    (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_replication_slots),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT sum(a) FROM t), (SELECT count(*) FROM pg_roles)"""


def unescaped(text):
    """The cases' own escapes."""
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text) and text[i + 1] in "nt0\\":
            out += {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}[text[i + 1]]
            i += 2
        else:
            out += text[i]
            i += 1
    return out


def cases():
    with open(os.path.join(FIXTURES, "workbench", "cases.tsv"), encoding="utf-8") as file:
        return [dict(row, sql=unescaped(row["sql"])) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


class Workbench(Case):
    arguments = ()

    def setUp(self):
        super().setUp()
        if not self.sql("SELECT 1 FROM pg_roles WHERE rolname = 'truss_reader'"):
            self.sql(READER)
        self.sql(SCENE)

    def reader_url(self):
        return f"postgresql://truss_reader:reader@127.0.0.1:{self.cluster.port}/{self.database}"

    def open(self, *arguments, **options):
        self.process = self.worker(self.project("prisma-blog"), *arguments, **options)
        self.http = self.bridge(self.process)
        return self.http

    def query(self, sql, **more):
        return self.http.post("/api/sql/query", {"sql": sql, **more})

    def rows(self, sql, **more):
        answer = self.query(sql, **more)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["rows"]

    def refused(self, sql, reason, route="query", **more):
        before = self.sql(STATE)
        answer = self.http.post(f"/api/sql/{route}", {"sql": sql, **more})
        self.assertEqual((answer.status, answer.json.get("reason")), (400, reason), f"{sql!r}: {answer.body}")
        self.assertEqual(self.sql(STATE), before, sql)
        return answer.json


class Cases(Workbench):
    def check(self, case):
        route = case["route"] or "query"
        route = route if route in ("query", "explain", "export") else "query"
        body = {"sql": case["sql"], **({"format": "csv"} if route == "export" else {})}
        answer = self.http.post(f"/api/sql/{route}", body)
        if case["verdict"] == "allow":
            # One of them is an error of the server's own, with a position.
            wanted = 400 if case["postgres_alone_superuser"].startswith("4") else 200
            self.assertEqual(answer.status, wanted, f"{case}: {answer.body}")
            if wanted == 400:
                self.assertEqual(answer.json["sqlstate"], case["postgres_alone_superuser"])
                self.assertGreater(answer.json["position"], 0)
        else:
            reason = case["verdict"].removeprefix("refuse:")
            if "\0" in case["sql"]:
                self.assertEqual(answer.status, 400, answer.body)
            else:
                self.assertEqual((answer.status, answer.json.get("reason")), (400, reason), f"{case}: {answer.body}")

    def check_all(self):
        for case in [case for case in cases() if case["route"] != "export"]:
            with self.subTest(case=case["id"]):
                self.check(case)
        self.assertEqual(len(cases()), 64)

    def test_every_verdict_as_superuser(self):
        self.open()
        before = self.sql(STATE)
        self.check_all()
        self.assertEqual(self.sql(STATE), before)

    def test_every_verdict_as_reader(self):
        self.open("--sql-url", self.reader_url())
        self.check_all()

    def test_every_verdict_under_a_role_that_is_taken(self):
        self.open("--sql-role", "truss_reader")
        self.check_all()
        self.assertEqual(self.rows("SELECT current_user AS u, session_user AS s"), [{"u": "truss_reader", "s": "app"}])


if __name__ == "__main__":
    harness.main()
