"""The read-only workbench over REST: what is let through and what is refused, as a superuser and as a reader, and the contract."""
import csv
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import FIXTURES, Staying, wait_for

harness.Cluster.keeps = True

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
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
    (SELECT sum(a) FROM t), (SELECT count(*) FROM pg_roles)"""


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


class Workbench(Staying):
    stays = True

    def setUp(self):
        super().setUp()
        if not self.sql("SELECT 1 FROM pg_roles WHERE rolname = 'truss_reader'"):
            self.sql(READER)
        self.sql(SCENE)

    def reader_url(self):
        return f"postgresql://truss_reader:reader@127.0.0.1:{self.cluster.port}/{self.database}"

    def open(self, *arguments, **options):
        if self.stays and not options:
            self.stay(arguments=arguments, fixture="prisma-blog")
            self.http = self.stay_behind_bridge()
        else:
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
        for case in cases():
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


class Odd(Workbench):
    """Kinds of statements, of expressions and of places for a call, each of them once: odd.tsv."""

    def check_all(self):
        with open(os.path.join(FIXTURES, "workbench", "odd.tsv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        before = self.sql(STATE)
        for row in rows:
            with self.subTest(sql=row["sql"]):
                answer = self.query(row["sql"])
                if row["verdict"] == "allow":  # an older server, or a reader's rights, may say no by itself
                    self.assertTrue(answer.status == 200 or answer.json.get("sqlstate"), answer.body)
                elif answer.json.get("sqlstate") != "42P01":  # a view that an older server has not
                    self.assertEqual((answer.status, "refuse:" + str(answer.json.get("reason"))), (400, row["verdict"]), answer.body)
        self.assertEqual(self.sql(STATE), before)

    def test_each_is_let_through_or_refused_as_superuser(self):
        self.open()
        self.check_all()

    def test_each_is_let_through_or_refused_as_reader(self):
        self.open("--sql-url", self.reader_url())
        self.check_all()


class Ways(Workbench):
    """Ways around, each of them once: through operators, casts, domains, views, policies, functions of the server, other statements."""

    SCENE = """
CREATE EXTENSION file_fdw;
CREATE SCHEMA ways; GRANT USAGE ON SCHEMA ways TO PUBLIC;
CREATE TABLE ways.marks (a int);
CREATE FUNCTION ways.who() RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(77); RETURN 1; END$$;
CREATE FUNCTION ways.two(int, int) RETURNS int LANGUAGE sql AS 'SELECT ways.who()';
CREATE FUNCTION ways.less(int, int) RETURNS bool LANGUAGE sql AS 'SELECT ways.who() = 1';
CREATE OPERATOR ways.~+ (FUNCTION = ways.two, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR ways.<<< (FUNCTION = ways.less, LEFTARG = int, RIGHTARG = int);
CREATE TYPE ways.boxed AS (t text); CREATE TYPE ways.pair AS (a int);
CREATE FUNCTION ways.box(text) RETURNS ways.boxed LANGUAGE plpgsql AS $$BEGIN PERFORM ways.who(); RETURN ROW($1)::ways.boxed; END$$;
CREATE CAST (text AS ways.boxed) WITH FUNCTION ways.box(text);
CREATE DOMAIN ways.checked AS int CHECK (ways.two(VALUE, 1) > 0);
CREATE DOMAIN ways.locked AS int CHECK (VALUE IS NULL OR pg_advisory_lock(VALUE) IS NOT NULL);
CREATE TABLE ways.locks (x ways.locked); INSERT INTO ways.locks VALUES (NULL); CREATE VIEW ways.cast_inside AS SELECT 5::ways.locked AS x;
CREATE TABLE ways.checks (x ways.checked, many ways.checked[]); INSERT INTO ways.checks VALUES (NULL, NULL);
CREATE VIEW ways.filled AS SELECT jsonb_populate_record(c, '{"x": 1}') FROM ways.checks c;
CREATE TABLE ways.plain (x ways.checked); INSERT INTO ways.plain VALUES (NULL);
CREATE AGGREGATE ways.total(int) (SFUNC = ways.two, STYPE = int);
CREATE VIEW ways.seen AS SELECT ways.who() AS n; CREATE VIEW ways.seen_twice AS SELECT * FROM ways.seen;
CREATE VIEW ways.plain_view AS SELECT a FROM t;
CREATE FUNCTION ways.definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT ways.who()';
CREATE TABLE ways.args (a int); INSERT INTO ways.args VALUES (1);
CREATE FUNCTION ways.who(ways.args) RETURNS int LANGUAGE sql AS 'SELECT ways.who()';
CREATE TABLE ways.guarded (a int); ALTER TABLE ways.guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON ways.guarded USING (ways.who() = 1); INSERT INTO ways.args VALUES (2);
CREATE SERVER far FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE ways.far (t text) SERVER far OPTIONS (filename '/etc/hostname');
CREATE SEQUENCE ways.counter; CREATE PROCEDURE ways.procedure() LANGUAGE sql AS 'SELECT 1';
GRANT SELECT ON ALL TABLES IN SCHEMA ways, public TO truss_reader; GRANT SELECT ON ways.counter TO truss_reader;
"""

    def check_all(self, refused):
        """"role": what a view, a cast or a policy of the database does is left to a role that may only read; it leaves nothing behind."""
        with open(os.path.join(FIXTURES, "workbench", "ways.tsv"), encoding="utf-8") as file:
            ways = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        before = self.sql(STATE)
        for way in ways:
            with self.subTest(sql=way["sql"]):
                answer = self.query(way["sql"])
                if way["verdict"] in refused:
                    self.assertIn(answer.status, (400, 403), answer.body)
                else:
                    self.assertTrue(answer.status == 200 or answer.json.get("sqlstate"), answer.body)
                self.assertEqual(self.sql(STATE), before)

    def test_none_leads_around_as_superuser(self):
        self.sql(self.SCENE)
        self.open()
        self.check_all(("refuse", "role"))

    def test_none_leads_around_as_reader(self):
        self.sql(self.SCENE)
        self.open("--sql-url", self.reader_url())
        self.check_all(("refuse",))


class Hostile(Workbench):
    """What looks like a query and is none."""

    # who() is a VOLATILE function of a user, stable() a STABLE one; the others hide such.
    SCENE = """
CREATE SCHEMA evil;
CREATE TABLE marks (a int);
CREATE FUNCTION who() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO marks VALUES (1); RETURN 1; END$$;
CREATE FUNCTION stable() RETURNS int STABLE LANGUAGE sql AS $$SELECT 1$$;
CREATE FUNCTION of_row(t) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$SELECT 'evil'$$;
CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS $$SELECT 'evil'$$;
CREATE FUNCTION public.odd_plus(int, text) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
CREATE OPERATOR public.+ (LEFTARG = int, RIGHTARG = text, FUNCTION = public.odd_plus);
CREATE FUNCTION public.odd_less(t, t) RETURNS bool LANGUAGE sql AS $$SELECT true$$;
CREATE OPERATOR public.<< (LEFTARG = t, RIGHTARG = t, FUNCTION = public.odd_less);
CREATE FUNCTION checks(int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN INSERT INTO marks VALUES (2); RETURN true; END$$;
CREATE DOMAIN checked AS int CHECK (checks(VALUE));
CREATE DOMAIN slow AS int CHECK (pg_advisory_lock(VALUE) IS NOT NULL);
CREATE TYPE holder AS (x checked);
CREATE TYPE own AS (a int);
CREATE FUNCTION to_own(int) RETURNS own LANGUAGE sql AS $$SELECT ROW(1)::own$$;
CREATE CAST (int AS own) WITH FUNCTION to_own(int);
CREATE TABLE caster (a int);
CREATE TABLE holds_caster (c caster[]);
CREATE FUNCTION caster_text(caster) RETURNS text LANGUAGE sql AS $$SELECT who()::text$$;
CREATE CAST (caster AS text) WITH FUNCTION caster_text(caster) AS IMPLICIT;
CREATE VIEW calls AS SELECT who() AS w;
CREATE VIEW over_calls AS SELECT * FROM calls;
CREATE VIEW sleeps AS SELECT pg_sleep(1)::text;
CREATE VIEW locks AS SELECT pg_advisory_lock(1)::text;
CREATE VIEW over_locks AS SELECT * FROM (SELECT * FROM locks) x;
CREATE VIEW fine AS SELECT stable() AS s, a FROM t;
CREATE VIEW by_operator AS SELECT 1 + 'x'::text AS o;
CREATE TABLE guarded (a int);
CREATE POLICY guard ON guarded USING (who() = 1);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int);
CREATE FUNCTION volatile_state(int, int) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
CREATE AGGREGATE agg_volatile(int) (SFUNC = volatile_state, STYPE = int);
CREATE VIEW sums AS SELECT agg(a) FROM t;
CREATE VIEW volatile_sums AS SELECT agg_volatile(a) FROM t;
CREATE SEQUENCE seq;
CREATE VIEW over_rules AS SELECT * FROM pg_hba_file_rules;
CREATE FUNCTION public.round(x float8, n int) RETURNS numeric LANGUAGE sql AS $$SELECT 0.0$$;
CREATE FUNCTION public.abs(i int) RETURNS int LANGUAGE sql AS $$SELECT 0$$;
CREATE FUNCTION public.concat_ws(int, VARIADIC int[]) RETURNS text LANGUAGE sql AS $$SELECT ''$$;
CREATE FUNCTION public.sign(x text, y int DEFAULT 1) RETURNS text LANGUAGE sql AS $$SELECT x$$;
"""
    EXTENSIONS = """
CREATE EXTENSION tablefunc;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');
CREATE VIEW over_passwd AS SELECT * FROM passwd;
"""

    REFUSED = {
        "DML": [
            "WITH a AS (INSERT INTO t VALUES (9) RETURNING *) SELECT * FROM a",
            "WITH a AS (UPDATE t SET a = 9 RETURNING *) SELECT * FROM a",
            "SELECT * FROM (WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d) x",
            "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT 2), b AS (DELETE FROM t RETURNING 1) SELECT * FROM a",
            "SELECT EXISTS (WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 FROM d)",
            "VALUES ((WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 FROM d))",
            "EXPLAIN ANALYZE WITH d AS (DELETE FROM t RETURNING 1) SELECT * FROM d",
        ],
        "INTO": [
            "SELECT a INTO TEMP made FROM t",
            "SELECT 1 INTO UNLOGGED made UNION SELECT 2",
            "EXPLAIN ANALYZE SELECT 1 INTO made",
        ],
        "LOCK": [
            "SELECT * FROM t FOR NO KEY UPDATE",
            "SELECT (SELECT a FROM t LIMIT 1 FOR KEY SHARE)",
            "WITH a AS MATERIALIZED (SELECT * FROM t FOR UPDATE SKIP LOCKED) SELECT * FROM a",
            "SELECT 1 UNION ALL (SELECT a FROM t FOR SHARE NOWAIT)",
        ],
        "KIND": [
            "CREATE TABLE made AS SELECT 1", "CREATE TEMP TABLE made (a int)", "EXPLAIN (ANALYZE) CREATE MATERIALIZED VIEW made AS SELECT 1",
            "EXPLAIN ANALYZE DELETE FROM t", "SET TRANSACTION READ WRITE", "BEGIN", "ROLLBACK", "SET LOCAL ROLE app", "RESET ALL",
            "COPY t TO PROGRAM 'true'", "COPY (SELECT who()) TO STDOUT", "PREPARE p AS DELETE FROM t", "EXECUTE p", "DEALLOCATE ALL",
            "FETCH ALL FROM c", "CALL who()", "NOTIFY a, 'b'", "TRUNCATE t", "REFRESH MATERIALIZED VIEW m", "ANALYZE t",
            "SECURITY LABEL ON TABLE t IS 'x'", "LOAD 'auto_explain'", "VALUES (DEFAULT)",
        ],
        "MULTI": [
            "SELECT 1; DELETE FROM t", "SELECT 1 /* ; */; /* -- */ DELETE FROM t -- ;", "SELECT ';'; SELECT 2",
            "SELECT $a$;$b$;$a$; COMMIT", r"SELECT '\'; DELETE FROM t; --'",
        ],
        "EMPTY": ["/* only a comment */", "-- SELECT 1", ";;;", ""],
        "SYNTAX": [
            "SELECT '", "SELECT 1) UNION (SELECT 2", "SELECT 1) AS x; DELETE FROM t; SELECT (1", "SELECT $1",
        ],
        "FUNC": [
            "SELECT who()", "SELECT stable()", 'SELECT "who"()', r'SELECT U&"\0077ho"()', "SELECT public.who()", "EXPLAIN (ANALYZE off) (SELECT who())",
            "SELECT * FROM t WHERE a IN (SELECT who())", "SELECT * FROM t, LATERAL (SELECT who()) x", "SELECT * FROM t CROSS JOIN LATERAL who() x",
            "SELECT * FROM t JOIN s ON t.a = who()", "SELECT count(*) FILTER (WHERE who() = 1) FROM t", "SELECT array_agg(a ORDER BY who()) FROM t",
            "SELECT rank() OVER w FROM t WINDOW w AS (PARTITION BY who())", "SELECT sum(a) OVER (ORDER BY a ROWS who() PRECEDING) FROM t",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY who()) FROM t", "SELECT a FROM t GROUP BY a HAVING who() = 1",
            "SELECT a FROM t GROUP BY GROUPING SETS ((a), (who()))", "SELECT DISTINCT ON (who()) a FROM t", "SELECT 1 LIMIT who()",
            "SELECT 1 OFFSET who()", "SELECT CASE who() WHEN 1 THEN 2 END", "SELECT COALESCE(NULL, who())", "SELECT GREATEST(1, who())",
            "SELECT NULLIF(1, who())", "SELECT ARRAY[who()]", "SELECT ARRAY(SELECT who())", "SELECT ROW(who())", "SELECT (ARRAY[1, 2])[who():2]",
            "SELECT who() IS NULL", "SELECT (who() = 1) IS TRUE", "SELECT make_interval(days => who())", "SELECT concat(VARIADIC ARRAY[who()::text])",
            "SELECT xmlelement(name a, who())", "SELECT * FROM XMLTABLE('/a' PASSING xmlparse(content who()::text) COLUMNS b int)",
            "SELECT * FROM t TABLESAMPLE system (who())", "VALUES (1), (who())", "WITH a AS (SELECT who()) SELECT 1", "SELECT 1 UNION SELECT who()",
            # Look-alikes, and calls that do not look like one.
            "SELECT t.of_row FROM t", "SELECT (t).of_row FROM t", "SELECT lower('A')", "SELECT evil.lower('A')", "SELECT 1 + 'x'::text",
            "SELECT 1 OPERATOR(public.+) 'x'::text", "SELECT t FROM t ORDER BY t USING <<", "SELECT t << ANY (SELECT t FROM t) FROM t",
            "SELECT agg(a) FROM t", "SELECT agg_volatile(a) FROM t", "SELECT 1::checked", "SELECT CAST(NULL AS checked[])", "SELECT '(1)'::holder",
            "SELECT 1::slow", "SELECT checked '1'", "SELECT 1::own", "SELECT c::text FROM caster c", "SELECT length(c) FROM caster c",
            "SELECT c[1]::text FROM holds_caster", """SELECT * FROM json_to_record('{"x":1}') AS r(x checked)""",
            "SELECT * FROM calls", "TABLE over_calls", "SELECT * FROM sleeps", "SELECT count(*) FROM over_locks", "SELECT * FROM by_operator",
            "SELECT * FROM volatile_sums",
            "SELECT * FROM guarded",
            # PostgreSQL's own.
            "SELECT set_config('role', 'app', false)", "SELECT pg_catalog.set_config('transaction_read_only', 'off', true)",
            "SELECT pg_try_advisory_lock(1)", "SELECT pg_advisory_xact_lock(1)", "SELECT lo_create(1)", "SELECT lo_from_bytea(0, 'x')",
            "SELECT lo_export(1, '/tmp/x')", "SELECT nextval('seq')", "SELECT setval('seq', 1)", "SELECT currval('seq')", "SELECT lastval()",
            "SELECT pg_notify('a', 'b')", "SELECT * FROM pg_ls_dir('/')", "SELECT pg_stat_file('PG_VERSION')", "SELECT pg_read_binary_file('PG_VERSION')",
            "SELECT * FROM pg_hba_file_rules()", "SELECT * FROM pg_hba_file_rules", "TABLE pg_catalog.pg_file_settings", "SELECT * FROM over_rules",
            # Functions of users that may be meant beside PostgreSQL's own.
            "SELECT round(1.5, 1)", "SELECT round(x => 1.5)", "SELECT abs(i => 1)", "SELECT concat_ws(1, 2)", "SELECT public.abs(1)", "SELECT sign('1')",
 "SELECT pg_reload_conf()", "SELECT pg_switch_wal()", "SELECT pg_cancel_backend(pg_backend_pid())",
            "SELECT pg_logical_emit_message(false, 'a', 'b')", "SELECT pg_create_physical_replication_slot('x')", "SELECT pg_replication_origin_create('x')",
            "SELECT pg_current_xact_id()", "SELECT pg_export_snapshot()", "SELECT pg_stat_reset()", "SELECT pg_stat_clear_snapshot()", "SELECT setseed(0.5)",
            "SELECT gin_clean_pending_list('x')", "SELECT brin_summarize_new_values('x')", "SELECT table_to_xml('t', true, true, '')",
            "SELECT query_to_xml_and_xmlschema('SELECT who()', true, true, '')", "SELECT database_to_xml(true, true, '')",
            "SELECT * FROM ts_stat('SELECT who()::text::tsvector')", "SELECT domain_in('1', 'checked'::regtype, -1)",
            "SELECT array_in('{1}', 'slow'::regtype, -1)", "SELECT record_in('(1)', 'holder'::regtype, -1)",
        ],
    }

    ALLOWED = [
        "SELECT 'delete from t; drop table t' AS \"insert\"", 'SELECT "update".a FROM t AS "update"',
        "WITH deleted AS (SELECT a FROM t) SELECT * FROM deleted -- no newline",
        "SELECT a, count(*) OVER (ORDER BY a) FROM t ORDER BY 1 DESC NULLS LAST LIMIT 2;", "(SELECT 1) UNION ALL (VALUES (2)) EXCEPT SELECT 3",
        "SELECT upper('a'), length('é'), now() - interval '1 day', random() < 2, gen_random_uuid() IS NULL, clock_timestamp() IS NULL",
        "SELECT pg_size_pretty(pg_total_relation_size('t')), pg_database_size(current_database()) > 0",
        """SELECT * FROM json_to_recordset('[{"a":1}]') AS r(a int, b text)""", "SELECT jsonb_agg(t) FROM t",
        "SELECT array_agg(DISTINCT a ORDER BY a DESC) FILTER (WHERE a > 1) FROM t", "SELECT * FROM t NATURAL JOIN s LEFT JOIN t AS x USING (a)",
        "SELECT EXTRACT(epoch FROM now()), substring('abc' FROM 2), trim(both 'x' FROM 'xax'), overlay('abc' placing 'x' from 1)",
        "SELECT (ROW(1, 'a'::text)).*", "SELECT string_agg(a::text, ',') FROM t GROUP BY ROLLUP (a) HAVING count(*) > 0",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i - -1 FROM n WHERE i < 5) SEARCH DEPTH FIRST BY i SET o SELECT * FROM n",
        "SELECT * FROM pg_locks, pg_stat_database LIMIT 1", "SELECT * FROM information_schema.columns LIMIT 1",
        "SELECT generate_series(1, 3), unnest(ARRAY[1, 2])", "SELECT * FROM fine", "SELECT * FROM sums", "SELECT pg_catalog.lower('A') FROM t",
        # A function of a user of this name takes two arguments, or stands behind PostgreSQL's own.
        "SELECT round(1.5)", "SELECT abs(1), abs(1.5)", "SELECT (SELECT round(avg(a)) FROM t), t.a FROM t",
        "EXPLAIN (VERBOSE, FORMAT YAML) SELECT * FROM t", "EXPLAIN (SELECT 1)", "EXPLAIN ANALYZE VERBOSE SELECT 1", "TABLE t",
        "SELECT to_tsvector('english', 'a fat cat') @@ to_tsquery('cat')", "SELECT '2024-01-01'::date BETWEEN '2020-01-01' AND now()",
    ]

    def check(self, route, sql, reason):
        body = {"sql": sql, **({"format": "csv"} if route == "export" else {})}
        answer = self.http.post(f"/api/sql/{route}", body)
        is_plan = route == "export" and sql.startswith("EXPLAIN")
        self.assertIn((answer.status, answer.json.get("reason")), [(400, reason)] + [(400, "KIND")] * is_plan, answer.body)

    def test_the_hostile_are_refused_and_change_nothing(self):
        self.sql(self.SCENE)
        self.open()
        before = self.sql(STATE)
        for route, step in (("query", 1), ("explain", 5), ("export", 7)):
            for reason, queries in self.REFUSED.items():
                for sql in queries[::step]:
                    with self.subTest(sql=sql, route=route):
                        self.check(route, sql, reason)
        self.assertEqual(self.sql(STATE), before)
        self.assertEqual(self.sql("SELECT count(*) FROM marks"), [("0",)])

    def test_of_the_servers_own_views_only_those_of_files_are_refused(self):
        self.open()
        views = self.sql("SELECT oid::regclass FROM pg_class WHERE relkind = 'v' AND oid < 16384 ORDER BY oid")
        refused = [name for (name,) in views if self.query(f"SELECT * FROM {name} LIMIT 1").status != 200]
        self.assertGreater(len(views), 100)
        self.assertEqual(set(refused) - {"pg_ident_file_mappings", "pg_shmem_allocations_numa"}, {"pg_hba_file_rules", "pg_file_settings"})

    def test_the_search_path_says_whose_function_is_meant(self):
        self.sql(self.SCENE)
        self.sql(f"ALTER ROLE app IN DATABASE {self.database} SET search_path = public, pg_catalog")
        self.open()
        self.refused("SELECT abs(1)", "FUNC")
        self.assertEqual(self.rows("SELECT round(1.5) AS r, pg_catalog.abs(-1) AS a"), [{"r": "2", "a": 1}])

    def test_what_only_reads_is_answered(self):
        self.sql(self.SCENE)
        self.open()
        for sql in self.ALLOWED:
            if "SEARCH DEPTH" in sql and self.cluster.version < 14:
                continue
            with self.subTest(sql=sql):
                answer = self.query(sql)
                self.assertEqual(answer.status, 200, answer.body)

    def test_extensions_that_run_text_and_foreign_tables_are_refused(self):
        if not os.path.exists(os.path.join(harness.PG_BIN, "..", "share", "extension")) and not os.path.exists("/usr/share/postgresql/15/extension/tablefunc.control"):
            self.skipTest("no extensions here")
        self.sql(self.EXTENSIONS)
        self.open()
        for sql in ("SELECT * FROM crosstab('SELECT 1, 1, 1') AS c(a int, b int)", "SELECT normal_rand(1, 1, 1)", "SELECT * FROM passwd",
                    "SELECT * FROM connectby('t', 'a', 'a', '1', 0) AS c(a int, b int, l int)", "SELECT * FROM over_passwd"):
            with self.subTest(sql=sql):
                self.check("query", sql, "FUNC")

    def test_a_role_that_only_reads_may_read_views_with_functions_of_users(self):
        self.sql(self.SCENE + "GRANT SELECT ON ALL TABLES IN SCHEMA public TO truss_reader;")
        self.open("--sql-role", "truss_reader")
        # The INSERT in it meets the third wall, or the fourth.
        self.assertIn(self.query("SELECT * FROM calls").json["sqlstate"], ("25006", "42501"))
        self.check("query", "SELECT * FROM locks", "FUNC")
        self.assertEqual(self.rows("SELECT s FROM fine LIMIT 1"), [{"s": 1}])

    def test_functions_of_users_are_called_where_that_is_allowed(self):
        self.sql(self.SCENE)
        self.open("--sql-user-functions")
        self.assertEqual(self.rows("SELECT stable() AS s"), [{"s": 1}])
        self.assertEqual(self.rows("SELECT agg(a) AS s FROM t"), [{"s": 6}])
        self.check("query", "SELECT who()", "FUNC")
        self.check("query", "SELECT agg_volatile(a) FROM t", "FUNC")

    def test_a_server_with_old_strings_reads_what_the_checker_has_read(self):
        self.sql(f"ALTER DATABASE {self.database} SET standard_conforming_strings = off")
        self.open()
        self.assertEqual(self.rows(r"SELECT '\' AS a --'"), [{"a": "\\"}])
        self.check("query", r"SELECT '\'; DELETE FROM t; --'", "MULTI")

    def test_the_search_path_is_the_roles_own(self):
        self.sql(f"CREATE SCHEMA app; CREATE TABLE app.only_here AS SELECT 7 AS a; ALTER DATABASE {self.database} SET search_path = app, public")
        self.open(url=self.url())  # a worker of its own: the others' sessions began before
        self.assertEqual(self.rows("SELECT a, current_setting('search_path') AS p FROM only_here"), [{"a": 7, "p": "app, public"}])

    def test_nothing_stays_in_the_session(self):
        self.open()
        for _ in range(6):
            self.assertEqual(self.rows("SELECT current_setting('transaction_read_only') AS r, count(*) AS n FROM pg_prepared_statements"),
                             [{"r": "on", "n": "0"}])
        self.assertEqual(self.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"), [("0",)])


class Owners(Workbench):
    """What somebody who may do little has put into the database, for who may do much to run it by looking."""

    SCENE = """
CREATE SCHEMA low; GRANT USAGE, CREATE ON SCHEMA low TO PUBLIC; ALTER DATABASE {database} SET search_path = public, low;
DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'truss_low') THEN CREATE ROLE truss_low; END IF; END$$;
CREATE TYPE comp AS (a int, b text); CREATE CAST (comp AS text) WITH INOUT AS IMPLICIT; CREATE TABLE composites AS SELECT ROW(1, 'x')::comp AS c;
CREATE FUNCTION vol() RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(91); RETURN 1; END$$;
CREATE VIEW of_vol AS SELECT vol() AS x;
CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (EXISTS (SELECT FROM of_vol));
CREATE FUNCTION is_fine(int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN PERFORM vol(); RETURN true; END$$;
CREATE DOMAIN dom AS int CHECK (is_fine(VALUE)); CREATE TYPE range_of_dom AS RANGE (subtype = dom);
CREATE VIEW modern AS SELECT pg_advisory_lock(92)::text AS x{modern};
GRANT CREATE ON DATABASE {database} TO truss_low;
SET ROLE truss_low;
CREATE FUNCTION low.lie() RETURNS int STABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(93); RETURN 1; END$$;
CREATE FUNCTION low.escape() RETURNS int LANGUAGE plpgsql AS $$BEGIN RESET ROLE; COPY (SELECT 1) TO PROGRAM 'cat >/dev/null'; PERFORM lo_create(7); RETURN 1; END$$;
CREATE FUNCTION low.folded(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(94); RETURN 1; END$$;
CREATE FUNCTION low.bang(text) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM vol(); RETURN 1; END$$;
CREATE VIEW low.lies AS SELECT low.lie() AS x; CREATE VIEW low.escapes AS SELECT low.escape() AS x;
CREATE TABLE low.indexed (a int); CREATE INDEX ON low.indexed (a) WHERE low.folded(1) = 1;
CREATE TABLE low.checked (a int, CHECK (low.folded(2) = 1)); CREATE TABLE low.child () INHERITS (low.checked);
CREATE FUNCTION low.mine() RETURNS text STABLE SECURITY DEFINER LANGUAGE sql AS 'SELECT current_user::text'; CREATE VIEW low.definers AS SELECT low.mine() AS x;
CREATE EXTENSION hstore SCHEMA low; CREATE FUNCTION low.smuggled() RETURNS int STABLE LANGUAGE sql AS 'SELECT low.lie()'; ALTER EXTENSION hstore ADD FUNCTION low.smuggled();
CREATE VIEW low.smuggles AS SELECT low.smuggled() AS x;
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA public, low TO truss_reader;
"""
    OF_LOW = ["SELECT * FROM low.lies", "SELECT * FROM low.escapes", "SELECT * FROM low.indexed WHERE a = 1", "SELECT count(*) FROM low.child", "SELECT * FROM low.smuggles"]
    ALWAYS = ["SELECT (c).bang FROM composites", "SELECT composites.c.bang FROM composites", "SELECT x FROM modern", "SELECT low.lie()"]
    OF_ALL = ["SELECT * FROM guarded", "SELECT '[1,2)'::range_of_dom", "SELECT range_of_dom '[1,2)'"]

    def setUp(self):
        super().setUp()
        self.sql(self.SCENE.format(database=self.database, modern=", '{}' IS JSON AS j" if self.cluster.version >= 16 else ""))
        # Not while the worker, just started, has a lock of its own.
        self.before = wait_for(lambda: [row for row in self.sql(STATE) if row[4] == "0"])

    def check(self, refused, rest):
        for sql in refused:
            with self.subTest(sql=sql):
                self.refused(sql, "FUNC")
        for sql in rest:
            with self.subTest(sql=sql):
                self.assertTrue(self.query(sql).status == 200 or self.query(sql).json["sqlstate"])
        self.assertEqual(self.rows("SELECT x FROM low.definers"), [{"x": "truss_low"}])  # its owner's rights, and no more
        self.assertEqual(self.rows("SELECT 'a=>1'::low.hstore -> 'a' AS x"), [{"x": "1"}])  # an extension's own
        self.assertEqual(self.sql(STATE), self.before)

    def test_nothing_of_it_runs_as_superuser(self):
        self.open()
        self.check(self.OF_LOW + self.ALWAYS + self.OF_ALL, [])
        self.assertIn("--sql-url", self.refused("SELECT * FROM low.lies", "FUNC")["error"])

    def test_nothing_of_it_runs_where_the_role_could_be_left(self):
        self.open("--sql-role", "truss_reader")
        self.check(self.OF_LOW + self.ALWAYS, self.OF_ALL)

    def test_a_login_that_only_reads_has_nothing_to_lose(self):
        self.open("--sql-url", self.reader_url())
        self.check(self.ALWAYS, self.OF_LOW + self.OF_ALL)


class Answers(Workbench):
    stays = False  # what a worker takes at the most is since its start

    def peak(self):
        with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1])

    def test_the_first_200_rows_come(self):
        self.open()
        answer = self.query("SELECT g FROM generate_series(1, 1000000) g").json
        self.assertEqual((answer["rowCount"], answer["truncated"], answer["truncatedBy"], answer["maxRows"]), (200, True, "rows", 200))
        self.assertEqual(answer["rows"][-1], {"g": 200})
        answer = self.query("SELECT g FROM generate_series(1, 200) g").json
        self.assertEqual((answer["rowCount"], answer["truncated"], answer["truncatedBy"]), (200, False, None))
        self.assertEqual(self.query("SELECT").json["rows"], [{}])

    def test_types_become_json_as_documented(self):
        self.sql("CREATE TYPE comp AS (a int, b text); CREATE TYPE mood AS ENUM ('a', 'd\"e'); CREATE DOMAIN dom AS int; CREATE DOMAIN inner_dom AS dom; CREATE DOMAIN array_dom AS int[]")
        self.open()
        for sql, wanted in [
            ("1::int2", "1"), ("1::int8", '"1"'), ("1.50::numeric", '"1.50"'), ("'NaN'::numeric", '"NaN"'), ("'NaN'::float8", '"NaN"'),
            ("'-Infinity'::float8", '"-Infinity"'), ("0.1::float4", "0.1"), ("1e20::float8", "1e+20"), ("true", "true"), ("NULL::int", "null"),
            ("""'{"a": 1.0, "a": 2}'::json""", '{"a": 1.0, "a": 2}'), ("'[1, null]'::jsonb", "[1, null]"),
            ("'2025-01-15 10:00:00.123456+02'::timestamptz", '"2025-01-15T08:00:00.123456Z"'), ("'2025-01-15 10:00'::timestamp", '"2025-01-15T10:00:00"'),
            ("'infinity'::timestamptz", '"infinity"'), ("'20000-01-01'::timestamp", '"20000-01-01 00:00:00"'), ("'0044-03-15 BC'::date", '"0044-03-15 BC"'),
            ("'1 day 2 hours'::interval", '"P1DT2H"'), (r"'\xdeadbeef'::bytea", r'"\\xdeadbeef"'), ("ARRAY[1, NULL, 3]", "[1,null,3]"),
            ("ARRAY[[1, 2], [3, 4]]::int8[]", '[["1","2"],["3","4"]]'), ("'{}'::int[]", "[]"), ("'[0:1]={1,2}'::int[]", '"[0:1]={1,2}"'),
            (r"""ARRAY['a,b', 'q"', '\', 'NULL', '']""", r'["a,b","q\"","\\","NULL",""]'), ("ARRAY['(1,2),(0,0)'::box]", '["(1,2),(0,0)"]'),
            ("""ARRAY['{"a":1}'::jsonb]""", '[{"a": 1}]'), ("ROW(1, 'a')", '"(1,a)"'), ("int4range(1, 5)", '"[1,5)"'), ("'pg_class'::regclass", '"pg_class"'),
            (r"""E'a\u0001\t"'""", r'"a\u0001\t\""'), ("B'101'", '"101"'), ("4294967295::oid", "4294967295"), ("ARRAY[true, false]", "[true,false]"),
            ("'a'::char(3)", '"a  "'), ("ARRAY[ROW(1, 'a,b')::comp, NULL]", r'["(1,\"a,b\")",null]'), ("""ARRAY['a', 'd"e']::mood[]""", r'["a","d\"e"]'),
            ("ARRAY[5]::inner_dom[]", "[5]"), ("'{5,6}'::array_dom", "[5,6]"), ("'{{{1}}}'::int[]", "[[[1]]]"), ("'[2:3]={1,2}'::text[]", '"[2:3]={1,2}"'),
            ("ARRAY['infinity'::timestamptz, '2025-01-01Z']", '["infinity","2025-01-01T00:00:00Z"]'), ("'-infinity'::date", '"-infinity"'),
            ("repeat('9', 1000)::numeric", '"' + "9" * 1000 + '"'), ("'-0'::float8", "-0"), ("5e-324::float8", "5e-324"), ("ARRAY['NaN'::float8, 1.5]", '["NaN",1.5]'),
            ("'{\"a\":123456789012345678901234567890.10}'::jsonb", '{"a": 123456789012345678901234567890.10}'), (r"""E'{"a":\n 1}'::json""", '{"a":  1}'),
            (r"""'"\u0000"'::json""", r'"\u0000"'), ("12.5::numeric::money", '"$12.50"'), ("interval '1 year -3 days 04:05:06.7'", '"P1Y-3DT4H5M6.7S"'),
            ("timetz '12:00+05:30'", '"12:00:00+05:30"'), ("'18446744073709551615'::xid8", '"18446744073709551615"'), ("'16/B374D848'::pg_lsn", '"16/B374D848"'),
            ("'1 2'::int2vector", '"1 2"'), (r"ARRAY['\x00ff'::bytea]", r'["\\x00ff"]'), ("ARRAY[9007199254740993]", '["9007199254740993"]'),
            ("tsrange('2025-01-01', NULL)", r'"[\"2025-01-01 00:00:00\",)"'), ("'empty'::numrange", '"empty"'), ("ARRAY[NULL, 'NULL', 'null', '']", '[null,"NULL","null",""]'),
        ] + ([("int4multirange(int4range(1, 3))", '"{[1,3)}"'), ("'Infinity'::numeric", '"Infinity"')] if self.cluster.version >= 14 else []):
            with self.subTest(sql=sql):
                answer = self.query(f"SELECT {sql} AS v")
                self.assertIn('"rows":[{"v":' + wanted + "}]", answer.body.decode())
                json.loads(answer.body)

    def test_columns_of_the_same_name_are_all_there(self):
        self.open()
        answer = self.query('SELECT 1 a, 2 a, 3 "a_2", 4 a').json
        self.assertEqual(answer["columns"], ["a", "a", "a_2", "a"])
        self.assertEqual(sorted(answer["rows"][0].values()), [1, 2, 3, 4])
        answer = self.query("SELECT 1 a, 2 a", rowMode="array").json
        self.assertEqual((answer["values"], answer["rows"]), ([[1, 2]], []))
        for said in ("rowMode=array", "row_mode=array&x=%FF"):
            self.assertEqual(self.http.post(f"/api/sql/query?{said}", {"sql": "SELECT 1 a, 2 a"}).json["values"], [[1, 2]])
        for said in ("rowMode=%FF", "rowMode=%0A", "row_mode=%C0%AF", "rowMode=%", "rowMode=array&rowMode=array"):
            refused = self.http.post(f"/api/sql/query?{said}", {"sql": "SELECT 1 a", "rowMode": "object"})
            self.assertEqual((refused.status, "row_mode" in refused.json["error"]), (400, True), refused.body)
        self.assertEqual(self.http.post("/api/sql/query?rowMode=array", {"sql": "SELECT 1 a", "rowMode": "object"}).json["rows"], [{"a": 1}])
        self.assertEqual(answer["columnsDetail"][0], {"name": "a", "type": "integer", "oid": 23, "typmod": -1})

    def test_a_huge_value_is_cut_and_the_worker_stays_small(self):
        self.open()
        answer = self.query("SELECT repeat('x', 50000000) AS v, 1 AS n")
        self.assertEqual((answer.json["truncated"], answer.json["truncatedBy"], answer.json["rows"][0]["n"]), (True, "bytes", 1))
        self.assertLess(len(answer.body), 3 << 20)
        self.assertIn("Values of more than 1048576 characters are cut; an export as csv has all of them.", answer.json["warnings"])
        answer = self.query("SELECT repeat('x', CASE WHEN i = 3 THEN 2000000 ELSE 1 END) AS v, i FROM generate_series(1, 300) i").json
        self.assertEqual((answer["truncatedBy"], any("are cut" in warning for warning in answer["warnings"])), ("rows", True))
        answer = self.query("SELECT repeat('x', 500000) AS v FROM generate_series(1, 100)").json
        self.assertEqual((answer["truncated"], answer["truncatedBy"]), (True, "bytes"))
        self.assertFalse(any("are cut" in warning for warning in answer["warnings"]))
        if not harness.SANITIZED:
            self.assertLess(self.peak(), 100 << 10)

    def test_a_huge_error_and_a_huge_plan_leave_no_memory_behind(self):
        self.open()
        plan = "SELECT * FROM t WHERE a::text = repeat('x', 24000000)"
        for route, sql in (("query", "SELECT repeat('x', 24000000)::int"), ("explain", plan), ("query", "EXPLAIN " + plan)):
            answer = self.http.post(f"/api/sql/{route}", {"sql": sql})
            self.assertEqual(answer.status, 429, answer.body[:300])
            self.assertLess(len(answer.body), 100000)
            with open(f"/proc/{self.process.process.pid}/status", encoding="ascii") as status:
                kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("VmRSS")}
            if "sanitize" not in harness.BIN:
                self.assertLess(kilobytes["VmRSS"], 60000, route)
                self.assertLess(self.peak(), 64 << 10, route)
        self.assertEqual(self.rows("SELECT 1 AS a"), [{"a": 1}])

    def test_parameters_and_positions(self):
        self.open()
        self.assertEqual(self.rows("SELECT a FROM t WHERE a = $1::int", params=["2"]), [{"a": 2}])
        for sql in ("SELECT nothere FROM t", "  /* é */ SELECT nothere", "EXPLAIN SELECT nothere", "SELECT a FROM t WHERE nothere = 1;"):
            answer = self.query(sql)
            self.assertEqual((answer.status, answer.json["sqlstate"], answer.json["position"]), (400, "42703", sql.index("nothere") + 1), answer.body)
        answer = self.query("SELECT é, 1 +")
        self.assertEqual((answer.json["code"], answer.json["reason"]), ("SYNTAX", "SYNTAX"))
        self.assertIn("PostgreSQL", answer.json["hint"])
        self.assertEqual(self.query("SELECT 1/0").json["sqlstate"], "22012")

    def test_what_is_too_long_or_deep_is_refused(self):
        self.open()
        for sql in ("SELECT " + "1," * 200000 + "1", "SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "NOT " * 3000 + "true"):
            self.assertEqual(self.query(sql).json["reason"], "SYNTAX")
        self.assertEqual(self.query("SELECT " + "1+" * 50000 + "1").json["sqlstate"], "54001")  # the server's own stack
        self.assertEqual(self.rows("SELECT " + "1+" * 3000 + "1 AS n"), [{"n": 3001}])
        self.assertEqual(self.query(" UNION ALL ".join(["SELECT 1"] * 2000)).json["rowCount"], 200)
        self.assertEqual(self.query("SELECT pg_sleep(1)::text" + " || 'a'" * 3000).json["reason"], "FUNC")
        self.assertEqual(self.query("SELECT a FROM t WHERE a IN (" + ",".join(map(str, range(20000))) + ")").status, 200)

    def test_another_database_of_the_same_server(self):
        other = self.cluster.create_database()
        self.addCleanup(self.cluster.drop_database, other)
        self.open()
        answer = self.query("SELECT current_database() AS d", database=other).json
        self.assertEqual((answer["rows"], answer["target"]["database"]), ([{"d": other}], other))
        answer = self.query("SELECT 1", database="nosuch")
        self.assertEqual(answer.status, 404, answer.body)

    def test_nobody_cancels_the_query_of_another_by_its_id(self):
        """Clients choose the ids, and "1" is easily guessed; a cancel may even come before the query."""
        anna, bert = self.token("sql", name="anna"), self.token("sql", name="bert")
        http = self.bridge(self.worker(self.project(), "--tokens", self.tokens))

        def ask(who, path, **body):
            return http.post(path, body, headers={"Authorization": f"Bearer {who}"})
        slow = "SELECT count(*) FROM generate_series(1, 300000000)"
        answers = []
        thread = threading.Thread(target=lambda: answers.append(ask(anna, "/api/sql/query", sql=slow, queryId="1")))
        thread.start()
        wait_for(lambda: self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%300000000%' AND state = 'active' AND pid <> pg_backend_pid()") != [("0",)])
        self.assertFalse(ask(bert, "/api/sql/cancel", queryId="1").json["cancelled"])
        self.assertFalse(ask(bert, "/api/sql/cancel", queryId="2", ahead=True).json["cancelled"])
        self.assertEqual(ask(anna, "/api/sql/query", sql="SELECT 1", queryId="2").status, 200)
        self.assertTrue(ask(anna, "/api/sql/cancel", queryId="1").json["cancelled"])
        thread.join()
        self.assertEqual(answers[0].status, 499, answers[0].body)

    def test_a_query_is_cancelled_by_its_id(self):
        self.open()
        slow = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.query(slow, queryId="mine-1")))
        thread.start()
        wait_for(lambda: self.http.post("/api/sql/cancel", {"queryId": "mine-1"}).json["cancelled"])
        thread.join(30)
        self.assertEqual((answers[0].status, answers[0].json["error"]), (499, "The query was cancelled."))
        self.assertFalse(self.http.post("/api/sql/cancel", {"queryId": "mine-1"}).json["cancelled"])
        self.assertEqual(self.rows("SELECT 1 AS a"), [{"a": 1}])

    SLOW = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
    RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 100000) b%' AND state = 'active' AND pid <> pg_backend_pid()"

    def running(self):
        return self.sql(self.RUNNING)[0][0] != "0"

    def send(self, route, **more):
        body = json.dumps({"sql": self.SLOW, **more}).encode()
        return b"POST /api/sql/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (route.encode(), len(body), body)

    def test_who_goes_ends_the_query(self):
        self.open()
        for route, more in (("query", {}), ("query", {"queryId": "mine"}), ("explain", {"analyze": True}), ("export", {"format": "csv"})):
            with self.subTest(route=route, more=more):
                with socket.create_connection((self.http.host, self.http.port)) as connection:
                    connection.sendall(self.send(route, **more))
                    wait_for(self.running, 10)
                wait_for(lambda: not self.running(), 5)
        self.assertEqual(self.rows("SELECT 1 AS a"), [{"a": 1}])

    def test_who_is_reset_ends_the_query(self):
        self.open()
        connection = socket.create_connection((self.http.host, self.http.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(self.send("query"))
        wait_for(self.running, 10)
        connection.close()
        wait_for(lambda: not self.running(), 5)

    def test_who_goes_at_once_leaves_no_query(self):
        self.open()
        for _ in range(12):
            with socket.create_connection((self.http.host, self.http.port)) as connection:
                connection.sendall(self.send("query"))
        # They have had four connections, and would take fifteen seconds each.
        wait_for(lambda: not self.running(), 5)
        self.assertEqual(self.rows("SELECT 1 AS a"), [{"a": 1}])
        self.assertFalse(self.running())

    def test_a_command_that_is_interrupted_ends_its_query(self):
        self.open()
        for words in (["sql", self.SLOW], ["sql", "--explain", "--analyze", self.SLOW]):
            with self.subTest(words=words):
                command = subprocess.Popen([os.path.join(harness.BIN, "truss"), *words], env=harness.clean_environment(None, self.process),
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                wait_for(self.running, 10)
                command.send_signal(signal.SIGINT)
                command.wait(10)
                wait_for(lambda: not self.running(), 5)

    def test_a_query_ends_after_15_seconds(self):
        self.sql("CREATE FUNCTION lasts() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN 1; END'")
        self.open("--sql-user-functions")
        answer = self.query("SELECT lasts()")
        self.assertEqual(answer.status, 504, answer.body)
        self.assertIn("15 seconds", answer.json["error"])

    def test_a_plan_is_a_tree_of_nodes(self):
        self.open()
        answer = self.http.post("/api/sql/explain", {"sql": "SELECT * FROM t JOIN s USING (a) WHERE t.a = 1 ORDER BY 1"})
        self.assertEqual(answer.status, 200, answer.body)
        plan = answer.json
        self.assertEqual((plan["executionTime"], plan["nodes"][0]["depth"], plan["nodes"][0]["nodeType"]),
                         (None, 0, plan["plan"][0]["Plan"]["Node Type"]))
        self.assertGreater(plan["planningTime"], 0)
        self.assertIn("public.t", [node["relation"] for node in plan["nodes"]])
        self.assertGreaterEqual(max(node["depth"] for node in plan["nodes"]), 1)
        self.assertIsNone(plan["nodes"][0]["actualRows"])
        plan = self.http.post("/api/sql/explain", {"sql": "SELECT * FROM t", "analyze": True}).json
        self.assertEqual((plan["nodes"][0]["actualRows"], plan["executionTime"] > 0), (3, True))
        self.assertIn("Shared Hit Blocks", plan["nodes"][0]["raw"])

    def test_tables_and_what_they_are_made_of(self):
        self.sql("""CREATE TABLE keyed (k int PRIMARY KEY);
                    CREATE TABLE "odd Name" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b text DEFAULT 'x' NOT NULL, c int REFERENCES keyed,
                    d int GENERATED ALWAYS AS (1 + 1) STORED, CHECK (c > 0));
                    CREATE INDEX b_of_it ON "odd Name" (b); COMMENT ON COLUMN "odd Name".b IS 'said'; CREATE VIEW seen AS SELECT 1 AS one;
                    CREATE SCHEMA hidden; CREATE TABLE hidden.x (a int)""")
        self.open()
        answer = self.http.get("/api/sql/tables").json
        self.assertEqual(answer["tables"], ["hidden.x", "public.keyed", "public.odd Name", "public.s", "public.seen", "public.t"])
        self.assertEqual([one["kind"] for one in answer["relations"] if one["name"] == "seen"], ["view"])
        self.assertIsNone(answer["relations"][0]["bytes"])
        self.assertIsNotNone(self.http.get("/api/sql/tables?sizes=true").json["relations"][1]["bytes"])
        table = self.http.get("/api/sql/tables/public.odd%20Name").json
        self.assertEqual([column["name"] for column in table["columns"]], ["id", "b", "c", "d"])
        self.assertEqual((table["columns"][0]["identity"], table["columns"][1]["defaultValue"], table["columns"][1]["comment"],
                          table["columns"][1]["nullable"], table["columns"][3]["generated"]), ("always", "'x'::text", "said", False, True))
        self.assertEqual([index["name"] for index in table["indexes"]], ["b_of_it", "odd Name_pkey"])
        self.assertLessEqual({"primary key", "foreign key", "check"}, {one["kind"] for one in table["constraints"]})
        self.assertGreater(table["indexBytes"], 0)
        self.assertIn("SELECT 1 AS one", self.http.get("/api/sql/tables/seen").json["definition"])
        self.assertEqual(self.http.get("/api/sql/tables/public.nosuch").status, 404)
        reader = self.bridge(self.worker(self.project("prisma-blog"), "--sql-url", self.reader_url()))
        self.assertNotIn("hidden.x", reader.get("/api/sql/tables").json["tables"])
        self.assertEqual(reader.get("/api/sql/tables/hidden.x").status, 403)

    def test_a_table_that_is_locked_is_told_with_how_to_find_who_holds_it(self):
        self.open()
        self.hold("BEGIN", "LOCK TABLE t")
        answer = self.query("SELECT * FROM t").json
        self.assertEqual(answer["sqlstate"], "55P03")
        holders = self.rows(answer["hint"].split("Who holds such locks: ")[1])
        self.assertEqual([(one["relation"], one["usename"]) for one in holders], [("t", "app")])

    def test_who_may_write_is_told(self):
        self.open()
        answer = self.query("SELECT 1").json
        self.assertIn("--sql-role", answer["warnings"][0])
        self.assertEqual(answer["role"], "app")
        self.assertIn("rights of app", self.http.get("/api/health").json["warnings"][0])
        reader = self.bridge(self.worker(self.project("prisma-blog"), "--sql-url", self.reader_url()))
        answer = reader.post("/api/sql/query", {"sql": "SELECT 1"}).json
        self.assertEqual((answer["role"], answer["warnings"]), ("truss_reader", []))
        self.assertEqual(reader.get("/api/health").json["warnings"], [])

    def test_without_a_database_it_is_said(self):
        http = self.bridge(self.worker(self.project("prisma-blog"), url=None))
        answer = http.post("/api/sql/query", {"sql": "SELECT 1"})
        self.assertEqual((answer.status, answer.json["error"]), (500, "DATABASE_URL is not set."))
        self.assertEqual(http.post("/api/sql/query", {}).json["error"], "Query is required.")


class Export(Workbench):
    peak = Answers.peak

    def export(self, sql, form="csv", **more):
        return self.http.post("/api/sql/export", {"sql": sql, "format": form, **more})

    def raw(self, sql):
        body = json.dumps({"sql": sql, "format": "csv"})
        head = f"POST /api/sql/export HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return (head + body).encode()

    def test_csv_is_quoted_and_tells_null_from_empty(self):
        self.open()
        answer = self.export(r"SELECT E'a,\"b\"\nc' AS x, NULL AS y, '' AS z")
        self.assertEqual((answer.status, answer.body), (200, b'x,y,z\n"a,""b""\nc",,""\n'))
        self.assertIn('filename="query.csv"', answer.headers["Content-Disposition"])
        self.assertTrue(answer.headers["Content-Type"].startswith("text/csv"))
        answer = self.export(r"SELECT '=1+1' AS a, E'x\n-y' AS b, '@x,y' AS c, 5 AS d", spreadsheetSafe=True)
        rows = list(csv.reader(io.StringIO(answer.body.decode())))
        self.assertEqual(rows, [["a", "b", "c", "d"], ["'=1+1", "x\n-y", "'@x,y", "5"]])

    def test_json_and_ndjson(self):
        self.open()
        self.assertEqual(self.export("SELECT a FROM t ORDER BY a", "json").json, [{"a": 1}, {"a": 2}, {"a": 3}])
        self.assertEqual(self.export("SELECT a FROM t WHERE a > 9", "json").json, [])
        lines = self.export("SELECT a, '{}'::jsonb AS j FROM t ORDER BY a", "ndjson").body.decode().splitlines()
        self.assertEqual([json.loads(line) for line in lines], [{"a": n, "j": {}} for n in (1, 2, 3)])
        self.assertEqual(self.export("SELECT 1", "xlsx").status, 400)

    def test_a_large_file_comes_whole_and_takes_little_memory(self):
        self.open()
        self.export("SELECT 1")
        before = self.peak()
        for form in ("csv", "json", "ndjson"):
            answer = self.export("SELECT g, md5(g::text) AS m, repeat('x', 100) AS x FROM generate_series(1, 100000) g", form)
            self.assertEqual(answer.status, 200)
            lines = answer.body.decode().rstrip("\n").split("\n")
            self.assertEqual(len(lines), {"csv": 100001, "json": 100002, "ndjson": 100000}[form])
        if not harness.SANITIZED:
            self.assertLess(self.peak() - before, 10 << 10)

    def test_an_error_in_the_middle_leaves_the_file_without_an_end(self):
        self.open()
        received = self.http.raw(self.raw("SELECT 1000000 / (200000 - g) AS x, repeat('y', 10) AS y FROM generate_series(1, 300000) g"), timeout=60)
        self.assertIn(b"200 OK", received[:20])
        self.assertGreater(len(received), 500000)
        self.assertFalse(received.endswith(b"0\r\n\r\n"))
        self.assertEqual(self.export("SELECT 1/0").status, 400)

    def test_who_goes_ends_the_export(self):
        self.open()
        with socket.create_connection((self.http.host, self.http.port)) as connection:
            connection.sendall(self.raw("SELECT repeat('x', 1000) FROM (SELECT generate_series(1, 100000000)) AS numbers"))  # in FROM it would be made whole first
            connection.recv(1000)
        active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
        wait_for(lambda: self.sql(active) == [("0",)], 40)


class Connection(Workbench):
    def test_the_connection_is_told_with_its_password_masked(self):
        self.open()
        answer = self.http.get("/api/connection")
        self.assertEqual(answer.status, 200, answer.body)
        told = answer.json
        self.assertEqual((told["host"], told["port"], told["database"], told["user"]), ("127.0.0.1", str(self.cluster.port), self.database, "app"))
        self.assertEqual((told["tls"]["used"], told["pooler"]["found"], told["revealed"]), (False, False, False))
        self.assertIn(":****@", told["connectionString"])
        self.assertNotIn(harness.PASSWORD_ENCODED.encode(), answer.body)
        self.assertEqual([form["name"] for form in told["forms"]], ["url", "psql", "env", "jdbc", "prisma", "sqlalchemy", "go"])
        self.assertIn("lock_timeout", [one["name"] for one in told["settings"]])
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertTrue(told["version"].startswith(str(self.cluster.version)))

    def test_the_password_is_shown_on_this_machine_where_there_are_no_tokens(self):
        self.open()
        answer = self.http.get("/api/connection?reveal=true")
        self.assertEqual((answer.status, answer.headers["Cache-Control"]), (200, "no-store"), answer.body)
        told = answer.json
        self.assertTrue(told["revealed"])
        self.assertIn(f"app:{harness.PASSWORD_ENCODED}@", told["connectionString"])
        self.assertIn(":****@", told["maskedConnectionString"])
        psql = next(form["text"] for form in told["forms"] if form["name"] == "psql")
        self.assertEqual(subprocess.run(psql + " -Atc 'SELECT 7'", shell=True, capture_output=True, text=True, check=False).stdout, "7\n")
        self.assertIn("password shown", self.process.text())
        self.assertNotIn(harness.PASSWORD_ENCODED, self.process.text())

    def test_it_is_told_while_the_database_is_down(self):
        http = self.bridge(self.worker(self.project("prisma-blog"), url="postgresql://app:secret@127.0.0.1:1/gone?sslmode=require"))
        told = http.get("/api/connection").json
        self.assertEqual((told["database"], told["version"], told["tls"]), ("gone", None, {"mode": "require", "used": None, "protocol": None, "cipher": None}))
        self.assertIn("Cannot connect", told["problem"])
        self.assertEqual(told["connectionString"], "postgresql://app:****@127.0.0.1:1/gone?sslmode=require")


if __name__ == "__main__":
    harness.main()
