/*
 * A definition that means something else is never called the same, and one that means the same is never called another.
 */
#include "unit/schema_scene.h"

struct pair {
    const char *there;
    const char *script;
};

/* Makes what is there, in a database that has nothing else, and looks. */
static void look(const struct pair *pair)
{
    static const char empty[] = "DROP SCHEMA IF EXISTS public, s, s1, s2 CASCADE; CREATE SCHEMA public;"
                                "DROP ROLE IF EXISTS someone;";
    const struct objects_place place = {arena, session, NULL};
    struct pg_session *const own = pg_session_open(&conninfo, NO_DEADLINE, &status);
    ck_assert_msg(own != NULL && pg_exec(own, arena_printf(arena, "%s%s", empty, pair->there), &status), "%s: %s",
                  pair->there, status.message);
    pg_session_free(own);
    ck_assert_msg(schema_detect(&place, text_of(pair->script), &findings, &status), "%s: %s", pair->script,
                  status.message);
}

static const struct pair others[] = {
    {"CREATE TABLE t(a bool,b bool,c bool); ALTER TABLE t ADD CONSTRAINT k CHECK (a OR (b AND c))",
     "ALTER TABLE t ADD CONSTRAINT k CHECK ((a OR b) AND c)"},
    {"CREATE TABLE t(a int,b int,c int); CREATE INDEX i ON t (((a + b) * c))", "CREATE INDEX i ON t ((a + b * c))"},
    {"CREATE TABLE t(a bool,b bool,c bool); CREATE VIEW v AS SELECT a FROM t WHERE ((a OR b) AND c)",
     "CREATE VIEW v AS SELECT a FROM t WHERE a OR b AND c"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.u(a int); CREATE TABLE s2.u(a int); CREATE VIEW v AS SELECT "
     "a FROM s1.u",
     "CREATE VIEW v AS SELECT a FROM s2.u"},
    {"CREATE TABLE x(i int,n int); CREATE TABLE y(i int,n int); CREATE VIEW v AS SELECT x.n FROM x JOIN y ON x.i = y.i",
     "CREATE VIEW v AS SELECT y.n FROM x JOIN y ON x.i = y.i"},
    {"CREATE TABLE t(a text); CREATE VIEW v AS SELECT a::int AS a FROM t",
     "CREATE VIEW v AS SELECT a::numeric AS a FROM t"},
    {"CREATE TABLE t(a text); CREATE VIEW v AS SELECT a FROM ONLY t", "CREATE VIEW v AS SELECT a FROM t"},
    {"CREATE TABLE t(a text); CREATE VIEW v AS SELECT a FROM t",
     "CREATE VIEW v WITH (security_invoker = true) AS SELECT a FROM t"},
    {"CREATE TABLE t(a text); CREATE VIEW v AS SELECT a FROM t",
     "CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.u(id int primary key); CREATE TABLE s2.u(id int primary "
     "key); CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES s1.u(id)",
     "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES s2.u(id)"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.u(id int primary key); CREATE TABLE s2.u(id int primary "
     "key); CREATE TABLE t(a int REFERENCES s1.u(id))",
     "CREATE TABLE t(a int REFERENCES s2.u(id))"},
    {"CREATE TABLE u(id int primary key, x int unique); CREATE TABLE t(a int REFERENCES u(id))",
     "CREATE TABLE t(a int REFERENCES u(x))"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE FUNCTION s1.f() RETURNS trigger LANGUAGE plpgsql AS 'begin return "
     "new; end'; CREATE FUNCTION s2.f() RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end'; CREATE TABLE t(a "
     "int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s1.f()",
     "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s2.f()"},
    {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TABLE t(a int); CREATE "
     "TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ENABLE REPLICA TRIGGER g",
     "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"},
    {"CREATE TABLE t(a int NOT NULL, b int)", "CREATE TABLE t(a int PRIMARY KEY, b int)"},
    {"CREATE TABLE t(a int NOT NULL, b int not null)",
     "CREATE TABLE t(a int not null, b int not null, PRIMARY KEY (a, b))"},
    {"CREATE TABLE t(a int NOT NULL, b int not null)",
     "CREATE TABLE t(a int not null, b int not null, CONSTRAINT t_pk PRIMARY KEY (a, b))"},
    {"CREATE TABLE t(a int NOT NULL, b int not null)",
     "CREATE TABLE t(a int not null, b int not null, CONSTRAINT t_u UNIQUE (a, b))"},
    {"CREATE TABLE u(id int primary key);CREATE TABLE t(a int NOT NULL, b int not null)",
     "CREATE TABLE t(a int not null, b int not null, CONSTRAINT t_f FOREIGN KEY (a) REFERENCES u(id))"},
    {"CREATE TABLE t(a int NOT NULL)", "CREATE TABLE t(a serial)"},
    {"CREATE TABLE t(a int NOT NULL)", "ALTER TABLE t ADD COLUMN a serial"},
    {"CREATE TABLE t(a int) PARTITION BY LIST (a)", "CREATE TABLE t(a int)"},
    {"CREATE TABLE t(a int)", "CREATE UNLOGGED TABLE t(a int)"},
    {"CREATE UNLOGGED TABLE t(a int)", "CREATE TABLE t(a int)"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t(a int) WITH (fillfactor = 20)"},
    {"CREATE TYPE ty AS (a int); CREATE TABLE t(a int)", "CREATE TABLE t OF ty"},
    {"CREATE TYPE e AS ENUM('a','b','c')", "ALTER TYPE e ADD VALUE 'c' BEFORE 'a'"},
    {"CREATE SCHEMA s", "CREATE SCHEMA s CREATE TABLE t(a int)"},
    {"CREATE ROLE someone; CREATE SCHEMA s", "CREATE SCHEMA s AUTHORIZATION someone"},
    {"CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1'"},
    {"CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a text) RETURNS bigint LANGUAGE sql AS 'select 1'"},
    {"CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'select 1'"},
    {"CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql SET search_path = pg_catalog AS 'select 1'"},
    {"CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql PARALLEL SAFE AS 'select 1'"},
    {"CREATE TABLE t(a int, b int)", "ALTER TABLE t ADD COLUMN a int, DROP COLUMN b"},
    {"CREATE TABLE t(a int, b int)", "ALTER TABLE t ADD COLUMN a int, ALTER COLUMN b SET NOT NULL"},
    {"CREATE TABLE t(a int, b int)", "ALTER TABLE t ADD COLUMN a int, ADD UNIQUE (b)"},
    {"CREATE TABLE t(a int, b int)", "ALTER TABLE t ADD COLUMN a int, ADD PRIMARY KEY (b)"},
    {"CREATE TABLE t(a int); CREATE FUNCTION fill() RETURNS int LANGUAGE sql AS 'select 1'",
     "CREATE TABLE t(a int); SELECT \"fill\"()"},
    {"CREATE TABLE t(a int DEFAULT 2*(3+4))", "CREATE TABLE t(a int DEFAULT 2*3+4)"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE FUNCTION s1.f() RETURNS int LANGUAGE sql AS 'select 1'; CREATE "
     "FUNCTION s2.f() RETURNS int LANGUAGE sql AS 'select 2'; CREATE TABLE t(a int DEFAULT s1.f())",
     "CREATE TABLE t(a int DEFAULT s2.f())"},
    {"CREATE TABLE t(a int); CREATE SEQUENCE q", "CREATE SEQUENCE q OWNED BY t.a"},
    {"CREATE TABLE t(a bool,b bool,c bool); CREATE POLICY p ON t USING (a OR (b AND c))",
     "CREATE POLICY p ON t USING ((a OR b) AND c)"},
    {"CREATE DOMAIN d AS int CHECK ((value > 0 OR value < -5) AND value < 9)",
     "CREATE DOMAIN d AS int CHECK (value > 0 OR value < -5 AND value < 9)"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE DOMAIN s1.b AS int; CREATE DOMAIN s2.b AS text; CREATE DOMAIN d AS "
     "s1.b",
     "CREATE DOMAIN d AS s2.b"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE DOMAIN s1.b AS int; CREATE DOMAIN s2.b AS text; CREATE TYPE d AS (a "
     "s1.b)",
     "CREATE TYPE d AS (a s2.b)"},
    {"CREATE TABLE t(a timestamp); CREATE INDEX i ON t ((a::date))", "CREATE INDEX i ON t ((a::time))"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE FUNCTION s1.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'select 1'; "
     "CREATE FUNCTION s2.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'select 2'; CREATE TABLE t(a int); CREATE INDEX "
     "i ON t (s1.f(a))",
     "CREATE INDEX i ON t (s2.f(a))"},
    {"CREATE TABLE t(lower text, a text); CREATE INDEX i ON t (lower(a))", "CREATE INDEX i ON t (lower, a)"},
    {"CREATE TABLE t(a int,b int); CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a) INCLUDE (b)"},
    {"CREATE TABLE t(a int,b int); CREATE UNIQUE INDEX i ON t (a)",
     "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT"},
    {"CREATE TABLE t(a int,b int, CONSTRAINT k UNIQUE (a))",
     "ALTER TABLE t ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a)"},
    {"CREATE TABLE t(a int UNIQUE)", "CREATE TABLE t(a int UNIQUE NULLS NOT DISTINCT)"},
    {"CREATE TABLE t(a int UNIQUE)", "CREATE TABLE t(a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"},
    {"CREATE TABLE u(id int primary key); CREATE TABLE t(a int REFERENCES u)",
     "CREATE TABLE t(a int REFERENCES u DEFERRABLE INITIALLY DEFERRED)"},
    {"CREATE TABLE u(id int primary key); CREATE TABLE t(a int REFERENCES u)",
     "CREATE TABLE t(a int REFERENCES u MATCH FULL)"},
    {"CREATE TABLE u(id int primary key); CREATE TABLE t(a int); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT "
     "VALID",
     "CREATE TABLE t(a int REFERENCES u)"},
    {"CREATE TABLE t(a int NOT NULL)", "CREATE TABLE t(a int GENERATED ALWAYS AS IDENTITY)"},
    {"CREATE TABLE t(a text)", "CREATE TABLE t(a text STORAGE EXTERNAL)"},
    {"CREATE TYPE t AS ENUM ('a')", "CREATE TYPE t AS ENUM ()"},
    {"CREATE TABLE t(a int); CREATE MATERIALIZED VIEW v AS SELECT a FROM t WITH NO DATA",
     "CREATE MATERIALIZED VIEW v AS SELECT a FROM t"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t(a int); INSERT INTO t VALUES (1)"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t(a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t(a int); EXPLAIN ANALYZE DELETE FROM t"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t AS SELECT 1 AS a"},
    {"CREATE TABLE t(a int)", "CREATE TABLE t(a int); SELECT pg_catalog.lo_create(5)"},
    {"CREATE TABLE t(a text); CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a COLLATE \"C\")"},
    {"CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE FUNCTION s1.f(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'select "
     "true'; CREATE FUNCTION s2.f(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'select false'; CREATE TABLE t(a int, "
     "CONSTRAINT k CHECK (s1.f(a)))",
     "ALTER TABLE t ADD CONSTRAINT k CHECK (s2.f(a))"},
    {"CREATE TABLE t(a text, CONSTRAINT k CHECK (a::int > 0))",
     "ALTER TABLE t ADD CONSTRAINT k CHECK (a::numeric > 0)"},
    {"CREATE TABLE t(a text, CONSTRAINT k CHECK (a = 'X'))", "ALTER TABLE t ADD CONSTRAINT k CHECK (a = 'x')"},
    {"CREATE TABLE t(a int, b int, c int, CONSTRAINT k CHECK (a - (b - c) > 0))",
     "ALTER TABLE t ADD CONSTRAINT k CHECK (a - b - c > 0)"},
    {"CREATE TABLE t(a bool, b bool, CONSTRAINT k CHECK (NOT (a AND b)))",
     "ALTER TABLE t ADD CONSTRAINT k CHECK (NOT a AND b)"},
    {"CREATE TABLE t(a text, CONSTRAINT k CHECK (a ~ 'x'))", "ALTER TABLE t ADD CONSTRAINT k CHECK (a ~* 'x')"},
    {"CREATE VIEW v AS SELECT 1 AS a UNION (SELECT 1 AS a EXCEPT SELECT 1 AS a)",
     "CREATE VIEW v AS (SELECT 1 AS a UNION SELECT 1 AS a) EXCEPT SELECT 1 AS a"},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
     "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 2; END"},
};

START_TEST(what_means_something_else_is_never_the_same)
{
    look(&others[_i]);
    ck_assert_msg(strstr(findings.recommendation, "Safe to mark") == NULL, "%s\n%s", others[_i].there,
                  others[_i].script);
}
END_TEST

static const struct pair equals[] = {
    {"CREATE TABLE t(a numeric(10))", "CREATE TABLE t(a numeric(10))"},
    {"CREATE TABLE t(a float(10))", "CREATE TABLE t(a float(10))"},
    {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TABLE t(a int); CREATE "
     "TRIGGER g BEFORE UPDATE OR INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
     "CREATE TRIGGER g BEFORE UPDATE OR INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"},
    {"CREATE TABLE t(a varchar(20)[])", "CREATE TABLE t(a varchar(20)[])"},
    {"CREATE TABLE t(a bpchar, b bit(4), c bit varying(5), d time(3) with time zone, e timestamptz(2))",
     "CREATE TABLE t(a bpchar, b bit(4), c bit varying(5), d time(3) with time zone, e timestamptz(2))"},
    {"CREATE TABLE t(a dec(5,2), b numeric(5,-1))", "CREATE TABLE t(a dec(5,2), b numeric(5,-1))"},
    {"CREATE TABLE u(a int, b int, PRIMARY KEY(a,b)); CREATE TABLE t(a int,b int); ALTER TABLE t ADD CONSTRAINT k "
     "FOREIGN KEY (a,b) REFERENCES u(a,b) ON DELETE SET NULL (b)",
     "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a,b) REFERENCES u(a,b) ON DELETE SET NULL (b)"},
    {"CREATE TABLE \"tä\"\"b\"(\"a b\" int)", "CREATE TABLE \"tä\"\"b\"(\"a b\" int)"},
    {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TABLE t(a int, b int); "
     "CREATE TRIGGER g AFTER UPDATE OF b, a ON t FOR EACH ROW EXECUTE FUNCTION f()",
     "CREATE TRIGGER g AFTER UPDATE OF b, a ON t FOR EACH ROW EXECUTE FUNCTION f()"},
    {"CREATE TABLE t(a bool); CREATE POLICY p ON t FOR SELECT TO PUBLIC USING (a)",
     "CREATE POLICY p ON t FOR SELECT TO PUBLIC USING (a)"},
    {"CREATE SEQUENCE q AS int4 NO CYCLE", "CREATE SEQUENCE q AS int4 NO CYCLE"},
    {"CREATE TYPE r AS RANGE (subtype = int4)", "CREATE TYPE r AS RANGE (subtype = int4)"},
    {"CREATE FUNCTION f() RETURNS int AS $$ select 1 $$ CALLED ON NULL INPUT EXTERNAL SECURITY DEFINER STABLE LANGUAGE "
     "SQL",
     "CREATE FUNCTION f() RETURNS int AS $$ select 1 $$ CALLED ON NULL INPUT EXTERNAL SECURITY DEFINER STABLE LANGUAGE "
     "SQL"},
    {"CREATE TABLE t(a timestamptz DEFAULT CURRENT_TIMESTAMP(3), b timestamptz DEFAULT now())",
     "CREATE TABLE t(a timestamptz DEFAULT CURRENT_TIMESTAMP(3), b timestamptz DEFAULT now())"},
    {"CREATE TABLE t(\"check\" int, \"like\" int, \"primary\" int)",
     "CREATE TABLE t(\"check\" int, \"like\" int, \"primary\" int)"},
    {"CREATE TABLE t(a int PRIMARY KEY, b text UNIQUE, c int DEFAULT 5)",
     "CREATE TABLE t(a int PRIMARY KEY, b text UNIQUE, c int DEFAULT 5)"},
    {"CREATE TABLE t(a serial PRIMARY KEY, b text UNIQUE, c int DEFAULT 5)",
     "CREATE TABLE t(a serial PRIMARY KEY, b text UNIQUE, c int DEFAULT 5)"},
    {"CREATE TABLE t(a int, b int, PRIMARY KEY (a,b))", "CREATE TABLE t(a int, b int, PRIMARY KEY (a,b))"},
    {"CREATE TABLE t(a int PRIMARY KEY, b int REFERENCES t(a) ON DELETE CASCADE)",
     "CREATE TABLE t(a int PRIMARY KEY, b int REFERENCES t(a) ON DELETE CASCADE)"},
    {"CREATE TABLE t(a int, b int); CREATE VIEW v AS SELECT t.a, t.b FROM t WHERE t.a > 0",
     "CREATE VIEW v AS SELECT t.a, t.b FROM t WHERE t.a > 0"},
    {"CREATE TABLE t(a int, b int); CREATE TABLE u(a int, b int); CREATE VIEW v AS SELECT t.a, u.b FROM t JOIN u ON "
     "t.a = u.a",
     "CREATE VIEW v AS SELECT t.a, u.b FROM t JOIN u ON t.a = u.a"},
    {"CREATE FUNCTION f(a text, OUT b int) LANGUAGE sql AS 'select 1'",
     "CREATE FUNCTION f(a text, OUT b int) LANGUAGE sql AS 'select 1'"},
    {"CREATE OR REPLACE FUNCTION public.f(a character varying, b int DEFAULT 3) RETURNS SETOF text LANGUAGE sql AS "
     "'select a'",
     "CREATE OR REPLACE FUNCTION public.f(a character varying, b int DEFAULT 3) RETURNS SETOF text LANGUAGE sql AS "
     "'select a'"},
    {"CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TABLE t(a int); "
     "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION public.f()",
     "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER g BEFORE "
     "INSERT ON t FOR EACH ROW EXECUTE FUNCTION public.f()"},
    {"CREATE TABLE t(a int, b text); CREATE UNIQUE INDEX i ON public.t USING btree (a, b DESC)",
     "CREATE UNIQUE INDEX i ON public.t USING btree (a, b DESC)"},
    {"CREATE TABLE t(a int, b text); CREATE UNIQUE INDEX i ON public.t USING btree (a) WHERE b IS NOT NULL AND a > 5",
     "CREATE UNIQUE INDEX i ON public.t USING btree (a) WHERE b IS NOT NULL AND a > 5"},
    {"CREATE TABLE t(a int, b text); CREATE INDEX i ON t (lower(b))", "CREATE INDEX i ON t (lower(b))"},
    {"CREATE TABLE \"User\"(\"id\" int PRIMARY KEY); CREATE TABLE t(a int); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY "
     "(a) REFERENCES \"User\"(\"id\") ON DELETE RESTRICT ON UPDATE CASCADE",
     "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES \"User\"(\"id\") ON DELETE RESTRICT ON UPDATE CASCADE"},
};

START_TEST(what_was_made_by_the_script_is_the_same)
{
    look(&equals[_i]);
    ck_assert_msg(strstr(findings.recommendation, "Safe to mark") != NULL, "%s: %s", equals[_i].script,
                  findings.items[0].difference);
}
END_TEST

/* What cannot be compared completely is not called another either. */
static const struct pair unsure[] = {
    {"CREATE TABLE t(a int); CREATE INDEX i ON t (a ASC NULLS LAST)", "CREATE INDEX i ON t (a ASC NULLS LAST)"},
    {"CREATE TABLE t(a int); CREATE INDEX i ON t (a int4_ops)", "CREATE INDEX i ON t (a int4_ops)"},
    {"CREATE TABLE t(a bool); CREATE POLICY p ON t TO CURRENT_USER USING (a)",
     "CREATE POLICY p ON t TO CURRENT_USER USING (a)"},
    {"CREATE TYPE r AS (a text COLLATE \"C\", b numeric(5))", "CREATE TYPE r AS (a text COLLATE \"C\", b numeric(5))"},
    {"CREATE DOMAIN d AS numeric(5) CONSTRAINT c CHECK (value > 0)",
     "CREATE DOMAIN d AS numeric(5) CONSTRAINT c CHECK (value > 0)"},
};

START_TEST(what_was_made_by_the_script_is_not_called_another)
{
    look(&unsure[_i]);
    ck_assert_msg(findings.items[0].comparison != SCHEMA_DIFFERENT, "%s: %s", unsure[_i].script,
                  findings.items[0].difference);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("schema meaning");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, begin_cluster, remove_cluster);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_means_something_else_is_never_the_same, 0, (int)(sizeof others / sizeof others[0]));
    tcase_add_loop_test(tests, what_was_made_by_the_script_is_the_same, 0, (int)(sizeof equals / sizeof equals[0]));
    tcase_add_loop_test(tests, what_was_made_by_the_script_is_not_called_another, 0,
                        (int)(sizeof unsure / sizeof unsure[0]));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
