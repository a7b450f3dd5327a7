"""What the plan says of each statement of a script is what the server does with it, no less and no more: the work (nothing, a scan, a
rewrite, an index, rows) and the locks. A statement that calls what nobody can read is marked with "?": the plan says that it does
not know."""
import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_effects
import test_plan_truth
from harness import Staying
from test_effects import STRENGTH

harness.Cluster.keeps = True

BEFORE = """CREATE TABLE before AS SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || quote_ident(c.relname) AS name,
    c.relfilenode, c.relkind, i.indrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relname !~ '^_prisma' AND c.relname <> 'before'"""
# What has changed since the statement before.
AGAIN = f"""TRUNCATE begun; INSERT INTO begun SELECT oid, {test_effects.COUNTERS.format('oid')} FROM before;
UPDATE before b SET relfilenode = c.relfilenode FROM pg_class c WHERE c.oid = b.oid;
INSERT INTO before SELECT c.oid, c.relname, c.relfilenode, c.relkind, i.indrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_index i ON i.indexrelid = c.oid WHERE n.nspname !~ '^pg_' AND c.oid NOT IN (SELECT oid FROM before);"""
WORKS = ["unknown", "none", "scan", "rewrite", "index", "rows"]

FUNCTIONS = """CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT generate_series(1, 10);
CREATE FUNCTION stable_one() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION immutable_one() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION volatile_one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION inlined() RETURNS int LANGUAGE sql AS 'select 1'; CREATE FUNCTION inlined_random() RETURNS float LANGUAGE sql AS 'select random()';
CREATE FUNCTION strict_sql(int) RETURNS int LANGUAGE sql STRICT AS 'select coalesce($1, 1)'; CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql AS 'select count(*)';
CREATE FUNCTION as_owner() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'select 1'; CREATE FUNCTION with_setting() RETURNS int LANGUAGE sql SET work_mem = '1MB' AS 'select 1';
CREATE FUNCTION adds(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl); CREATE OPERATOR #!# (LEFTARG = int, RIGHTARG = int, FUNCTION = adds)"""
ADD = "ALTER TABLE t ADD COLUMN "
TYPED = """CREATE TABLE t (id int PRIMARY KEY, ts timestamp, tz timestamptz, ts3 timestamp(3), tz3 timestamptz(3), its timestamp, itz timestamptz, b bit(3), ib bit(3),
    o oid, io oid, n int, i int UNIQUE, c cidr, ic cidr, v varchar(5) UNIQUE);
CREATE INDEX ON t (its); CREATE INDEX ON t (itz); CREATE INDEX ON t (ib); CREATE INDEX ON t (io); CREATE INDEX ON t (ic);
INSERT INTO t SELECT g, now(), now(), now(), now(), now(), now() FROM generate_series(1, 10) g"""
FIRING = """CREATE TABLE locked (x int); CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY, a int);
CREATE FUNCTION locks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE locked; RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION locks(); CREATE TRIGGER tr BEFORE UPDATE ON u FOR EACH ROW EXECUTE FUNCTION locks();
INSERT INTO u VALUES (1, 1)"""
DEFAULTS = """CREATE TABLE locked (x int); CREATE FUNCTION d() RETURNS int LANGUAGE plpgsql AS 'BEGIN LOCK TABLE locked; RETURN 1; END';
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT d(), b int); CREATE TABLE u (id int PRIMARY KEY, a int DEFAULT d(), b int)"""

PARTED = """CREATE TABLE p (k int NOT NULL, v int) PARTITION BY RANGE (k); CREATE TABLE dp (k int NOT NULL, v int, CHECK (k < 10 OR k >= 20)); ALTER TABLE p ATTACH PARTITION dp DEFAULT;
CREATE TABLE c1 (k int NOT NULL, v int, CHECK (k >= 10 AND k < 20)); INSERT INTO c1 VALUES (11); CREATE TABLE c2 (k int NOT NULL, v int, CHECK (k >= 20 AND k < 30)); INSERT INTO c2 VALUES (21);
CREATE TABLE q (k int, v int) PARTITION BY RANGE (k); CREATE TABLE q1 (k int, v int, CHECK (k >= 10 AND k < 20)); INSERT INTO q1 VALUES (11);
CREATE TABLE q2 (k int, v int, CHECK (k IS NOT NULL AND k BETWEEN 20 AND 29)); INSERT INTO q2 VALUES (21); CREATE TABLE q3 (k int NOT NULL, v int, CHECK (k > 29 AND k < 35)); INSERT INTO q3 VALUES (31);
CREATE TABLE q4 (k int NOT NULL, v int); INSERT INTO q4 VALUES (40); CREATE TABLE q5 (k int NOT NULL, v int, CONSTRAINT late CHECK (k >= 50 AND k < 60)); ALTER TABLE q5 DROP CONSTRAINT late, ADD CONSTRAINT late CHECK (k >= 50 AND k < 60) NOT VALID; INSERT INTO q5 VALUES (50);
CREATE TABLE l (k text, v int) PARTITION BY LIST (k); CREATE TABLE l1 (k text NOT NULL CHECK (k = 'a'), v int); INSERT INTO l1 VALUES ('a'); CREATE TABLE l2 (k text NOT NULL CHECK (k IN ('b', 'c')), v int); INSERT INTO l2 VALUES ('b');
CREATE TABLE l3 (k text NOT NULL CHECK (k IN ('d', 'e', 'f')), v int); INSERT INTO l3 VALUES ('d');
CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE i (k int NOT NULL REFERENCES r, v int) PARTITION BY LIST (k); CREATE INDEX ON i (v); INSERT INTO r VALUES (1), (2), (3);
CREATE TABLE i1 (k int NOT NULL CHECK (k = 1) REFERENCES r, v int); INSERT INTO i1 VALUES (1); CREATE TABLE i2 (k int NOT NULL CHECK (k = 2) REFERENCES r, v int); INSERT INTO i2 VALUES (2); CREATE INDEX ON i2 (v);
CREATE TABLE i3 (k int NOT NULL CHECK (k = 3), v int); INSERT INTO i3 VALUES (3); CREATE INDEX ON i3 (v)"""
ATTACH = "ALTER TABLE {} ATTACH PARTITION {} FOR VALUES {}"
BLOCKS = """CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int); CREATE TABLE c (x int);
CREATE FUNCTION counts() RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN true; END'"""
DUPLICATE = "DO $$ BEGIN\n {};\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND $$"

# The database, then statements of one script.
SCRIPTS = {
    "defaults": (FUNCTIONS, [
        ADD + "c1 int DEFAULT stable_one()", ADD + "c2 int DEFAULT immutable_one()", "?" + ADD + "c3 int DEFAULT volatile_one()", ADD + "c4 int DEFAULT inlined()",
        "?" + ADD + "c5 float DEFAULT inlined_random()", "?" + ADD + "c6 int DEFAULT strict_sql(1)", "?" + ADD + "c7 bigint DEFAULT counts()", "?" + ADD + "c8 int DEFAULT as_owner()",
        "?" + ADD + "c9 int DEFAULT with_setting()", ADD + "c10 int DEFAULT 1 ### 2", ADD + "c11 int DEFAULT 1 #!# 2", ADD + "c12 int DEFAULT length('a') + public.stable_one()",
        ADD + "c13 text DEFAULT pg_typeof(1)::text", ADD + "c14 oid DEFAULT lo_create(0)", ADD + "c15 int NOT NULL DEFAULT stable_one()",
        "CREATE FUNCTION new_stable() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END'", ADD + "c16 int DEFAULT new_stable()",
        "CREATE FUNCTION new_volatile() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'", ADD + "c17 int DEFAULT new_volatile()",
        "CREATE FUNCTION new_inlined() RETURNS int LANGUAGE sql AS 'select 1 + 1'", ADD + "c18 int DEFAULT new_inlined()",
        "ALTER FUNCTION new_stable() VOLATILE", "?" + ADD + "c19 int DEFAULT new_stable()", "ALTER FUNCTION stable_one() VOLATILE", "?" + ADD + "c20 int DEFAULT stable_one()"]),
    "types in UTC": (TYPED, [
        f"ALTER TABLE t ALTER {column}" for column in (
            "ts TYPE timestamptz", "tz TYPE timestamp", "ts3 TYPE timestamptz", "tz3 TYPE timestamp(6)", "its TYPE timestamptz", "itz TYPE timestamp USING itz::timestamp",
            "b TYPE varbit", "ib TYPE varbit", "o TYPE int USING o::int", "io TYPE int USING io::int", "n TYPE oid", "i TYPE oid", "c TYPE inet", "ic TYPE inet", "v TYPE text",
            "ts TYPE timestamp(3)")]),
    "types in another zone": (TYPED, ["SET TIME ZONE 'Europe/Berlin'", "ALTER TABLE t ALTER ts TYPE timestamptz", "ALTER TABLE t ALTER itz TYPE timestamp"]),
    "types in a zone that a function may set": (TYPED, ["SELECT set_config('TimeZone', 'Europe/Berlin', false)", "ALTER TABLE t ALTER ts TYPE timestamptz"]),
    "blocks": (BLOCKS, [
        DUPLICATE.format("CREATE TYPE mood AS ENUM ('a', 'b')"), DUPLICATE.format("ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES public.a(id) ON DELETE no action"),
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM c WHERE x > 5) THEN CREATE INDEX c_x ON c (x); RAISE NOTICE 'there'; END IF; END $$",
        "DO 'BEGIN BEGIN ALTER TABLE c ADD COLUMN z int; EXCEPTION WHEN duplicate_column OR SQLSTATE ''42P07'' THEN RAISE NOTICE ''there''; END; CREATE TABLE n (id int REFERENCES a); END'",
        "DO $$ BEGIN IF counts() THEN ALTER TABLE n ADD COLUMN y int; END IF; END $$", "ALTER TABLE n ADD COLUMN q int",
        "DO $$ BEGIN ALTER TABLE a ENABLE ROW LEVEL SECURITY; DROP POLICY IF EXISTS p ON a; CREATE POLICY p ON a USING (true); END $$", "DROP TRIGGER IF EXISTS t ON a", "DO $$ BEGIN INSERT INTO b (id) VALUES (70); ALTER TABLE b DROP CONSTRAINT IF EXISTS b_a; END $$",
        "DO $$ BEGIN CREATE SCHEMA IF NOT EXISTS sx; CREATE VIEW sx.v AS SELECT * FROM c; DROP TRIGGER IF EXISTS t ON c; CREATE TRIGGER t BEFORE UPDATE ON c FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); END $$"]),
    "checks of children": ("CREATE TABLE p (id int); CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (2)", [
        "ALTER TABLE p ADD CONSTRAINT k CHECK (id < 2) NO INHERIT", "ALTER TABLE p ADD CONSTRAINT late CHECK (id < 2) NO INHERIT NOT VALID", "ALTER TABLE p ADD CONSTRAINT k2 CHECK (id < 20)"]),
    "triggers of others": (FIRING, ["INSERT INTO u VALUES (2)", "DELETE FROM t WHERE id = 1", "DELETE FROM u WHERE id = 2", "?UPDATE u SET a = 1 WHERE id = 1"]),
    "triggers off": (FIRING, [
        "ALTER TABLE t DISABLE TRIGGER tr", "INSERT INTO t VALUES (3)", "ALTER TABLE t ENABLE TRIGGER ALL", "ALTER TABLE t DISABLE TRIGGER USER, DISABLE TRIGGER ALL", "INSERT INTO t VALUES (4)",
        "ALTER TABLE u DISABLE TRIGGER USER", "UPDATE u SET a = 2 WHERE id = 1"]),
    "triggers on": ("ALTER TABLE t DISABLE TRIGGER tr", ["INSERT INTO t VALUES (3)", "ALTER TABLE t ENABLE TRIGGER tr", "?INSERT INTO t VALUES (4)"]),
    "triggers gone": (FIRING, ["DROP TRIGGER IF EXISTS tr ON t", "INSERT INTO t VALUES (3)", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION locks()", "?INSERT INTO t VALUES (4)"]),
    "triggers of replicas": (FIRING, [
        "SET session_replication_role = replica", "INSERT INTO t VALUES (3)", "SET session_replication_role TO DEFAULT", "?INSERT INTO t VALUES (4)"]),
    "triggers of replicas alone": (FIRING, ["SET LOCAL session_replication_role = 'replica'", "ALTER TABLE t ENABLE REPLICA TRIGGER tr", "?INSERT INTO t VALUES (3)"]),
    "values in the place of defaults": (DEFAULTS, [
        "INSERT INTO t (id, a) VALUES (1, 1)", "UPDATE u SET b = 2", "INSERT INTO t (id, a) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET b = 2", "DELETE FROM u", "?INSERT INTO t (id, b) VALUES (2, 1)"]),
    "a default": (DEFAULTS, ["?UPDATE t SET a = DEFAULT"]),
    "a default of values": (DEFAULTS, ["?INSERT INTO t (id, a) VALUES (7, DEFAULT)"]),
    "constraints of what has children": ("CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE p (id int, a int, b int CONSTRAINT pf REFERENCES r); CREATE TABLE c () INHERITS (p); CREATE EXTENSION btree_gist", [
        "ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES r", "ALTER TABLE p ALTER CONSTRAINT pf DEFERRABLE", "ALTER TABLE p ADD UNIQUE (a)", "ALTER TABLE p ADD EXCLUDE USING gist (a WITH =)", "ALTER TABLE p ADD COLUMN n int"]),
    "partitions beside a default": (PARTED, [ATTACH.format("p", "c1", "FROM (10) TO (20)"), ATTACH.format("p", "c2", "FROM (20) TO (30)")]),
    "partitions of a range": (PARTED, [
        ATTACH.format("q", "q1", "FROM (10) TO (20)"), ATTACH.format("q", "q2", "FROM (20) TO (30)"), ATTACH.format("q", "q3", "FROM (30) TO (40)"), ATTACH.format("q", "q4", "FROM (40) TO (50)"),
        ATTACH.format("q", "q5", "FROM (50) TO (60)")]),
    "partitions with checks of the plan": (PARTED, [
        "ALTER TABLE q4 ADD CONSTRAINT bound CHECK (k >= 40 AND k < 50)", ATTACH.format("q", "q4", "FROM (40) TO (50)"), "ALTER TABLE q5 VALIDATE CONSTRAINT late", "ALTER TABLE c2 ADD CONSTRAINT bound CHECK (k >= 20) NOT VALID",
        "ALTER TABLE c2 VALIDATE CONSTRAINT bound", "ALTER TABLE q3 DROP CONSTRAINT q3_k_check", ATTACH.format("q", "q3", "FROM (30) TO (40)")]),
    "partitions of a list": (PARTED, [ATTACH.format("l", "l1", "IN ('a')"), ATTACH.format("l", "l2", "IN ('c', 'b', 'x')"), ATTACH.format("l", "l3", "IN ('d', 'e', 'f', NULL)")]),
    "partitions with indexes and keys": (PARTED, [ATTACH.format("i", "i2", "IN (2)"), ATTACH.format("i", "i1", "IN (1)")]),
    "partitions without a key": (PARTED, [ATTACH.format("i", "i3", "IN (3)")]),
    "partitions with indexes and rows that are read": (PARTED + "; CREATE TABLE i4 (k int NOT NULL REFERENCES r, v int); INSERT INTO r VALUES (4); INSERT INTO i4 VALUES (4)", [ATTACH.format("i", "i4", "IN (4)")]),
    "partitions that keys refer to": ("""CREATE TABLE p (id int PRIMARY KEY, v int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); CREATE TABLE r (id int REFERENCES p);
        INSERT INTO p VALUES (1), (2); INSERT INTO r VALUES (2)""", ["ALTER TABLE p DETACH PARTITION p1"]),
    "collations that a new type takes away": ("""CREATE TABLE t (id int PRIMARY KEY, a text COLLATE "C", b varchar(5) COLLATE "C", c text COLLATE "C", d varchar(5), e text COLLATE "C"); CREATE INDEX ON t (a); CREATE INDEX ON t (b); CREATE INDEX ON t (d); CREATE INDEX ON t (id) INCLUDE (e);
        INSERT INTO t SELECT g, g, g, g, g, g FROM generate_series(1, 5) g""", [f"ALTER TABLE t ALTER {column}" for column in ("a TYPE text", "b TYPE varchar(9)", "c TYPE text", "d TYPE text", "e TYPE text")]),
    "new partitions": (PARTED, ["CREATE TABLE fresh (LIKE q)", ATTACH.format("q", "fresh", "FROM (90) TO (99)")]),
    "values of a domain with a collation": (
        """CREATE DOMAIN small AS text COLLATE "C" CHECK (VALUE < 'a'); CREATE TABLE t (id int PRIMARY KEY, c text COLLATE "und-x-icu"); INSERT INTO t VALUES (1, 'B')""",
        ["ALTER TABLE t ALTER c TYPE small"]),
    "names that IF finds or does not find": ("""CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE k (a int REFERENCES r, b int, v varchar(10)); INSERT INTO k VALUES (NULL, 1, 'a'); CREATE INDEX k_v ON k (b) WHERE v IS NOT NULL;
        CREATE TABLE p (k int) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE MATERIALIZED VIEW mv AS SELECT * FROM r; CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE ta (id int); CREATE TABLE tb (id int); CREATE TABLE tc (id int); CREATE TABLE td (id int); CREATE TRIGGER tr BEFORE UPDATE ON td FOR EACH ROW EXECUTE FUNCTION trg(); CREATE TABLE te (id int)""", [
        "CREATE TABLE IF NOT EXISTS k (a int REFERENCES r)", "CREATE TABLE IF NOT EXISTS p1 PARTITION OF p FOR VALUES FROM (0) TO (10)", "CREATE MATERIALIZED VIEW IF NOT EXISTS mv AS SELECT * FROM r", "CREATE TABLE IF NOT EXISTS mv AS SELECT * FROM r",
        "DROP TRIGGER IF EXISTS tr ON ta", "CREATE TRIGGER tr BEFORE UPDATE ON ta FOR EACH ROW EXECUTE FUNCTION trg()", "DROP POLICY IF EXISTS po ON tb", "DROP RULE IF EXISTS ru ON tc", "DROP TRIGGER IF EXISTS tr ON td", "DROP TRIGGER IF EXISTS tr ON ta",
        "CREATE TABLE IF NOT EXISTS made (id int)", "CREATE TABLE IF NOT EXISTS made (id int REFERENCES r)", "ALTER TABLE IF EXISTS te ADD COLUMN x int", "ALTER TABLE k RENAME TO renamed", "ALTER TABLE renamed RENAME COLUMN v TO w", "ALTER TABLE renamed ALTER b TYPE bigint"]),
    "indexes of a table and a column that are renamed": ("CREATE TABLE k (b int, v varchar(10)); INSERT INTO k VALUES (1, 'a'); CREATE INDEX k_v ON k (b) WHERE v IS NOT NULL", [
        "ALTER TABLE k RENAME TO renamed", "ALTER TABLE renamed RENAME COLUMN v TO w", "ALTER TABLE renamed ALTER w TYPE varchar(20)"]),
    "parts that the plan makes and drops": ("CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, a int, b int, r_id int REFERENCES r); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1, 1, 1)", [
        "ALTER TABLE t ADD CONSTRAINT filled CHECK (a IS NOT NULL) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT filled", "ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t DROP CONSTRAINT filled", "ALTER TABLE t ADD CONSTRAINT more CHECK (b > 0)",
        "ALTER TABLE t DROP CONSTRAINT more", "ALTER TABLE t ADD COLUMN n int", "ALTER TABLE t DROP COLUMN n"]),
    "checks that say more than NOT NULL": ("CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int, e int); INSERT INTO t SELECT g, g, g, g, g, g FROM generate_series(1, 5) g", [
        "ALTER TABLE t ADD CONSTRAINT k1 CHECK (a > 0 AND a IS NOT NULL AND b IS NOT NULL)", "ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t ALTER b SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT k2 CHECK (NOT (c IS NULL))", "ALTER TABLE t ALTER c SET NOT NULL",
        "ALTER TABLE t ADD CONSTRAINT k3 CHECK (d IS NOT NULL OR e IS NOT NULL)", "ALTER TABLE t ALTER d SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT k4 CHECK (e IS NOT NULL AND d > 0)", "ALTER TABLE t DROP COLUMN d", "ALTER TABLE t ALTER e SET NOT NULL"]),
    "parts that are not there": ("CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id serial PRIMARY KEY, a int REFERENCES r, b text)", [
        "ALTER TABLE t DROP COLUMN IF EXISTS nope", "ALTER TABLE t DROP CONSTRAINT IF EXISTS nope", "ALTER TABLE t DROP COLUMN IF EXISTS b", "ALTER TABLE t RENAME COLUMN id TO key",
        "ALTER TABLE t RENAME CONSTRAINT t_a_fkey TO to_r", "ALTER TABLE t DROP CONSTRAINT IF EXISTS to_r", "ALTER TABLE t DROP COLUMN IF EXISTS key"]),
}
SCRIPTS |= {
    "files and constraints that are so already": ("""CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE INDEX b_i ON b (id); CREATE TABLE c (id int); CREATE TABLE d (id int, CONSTRAINT k CHECK (id > 0)); CREATE TABLE p (k int, CONSTRAINT k CHECK (k > 0)) PARTITION BY RANGE (k);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE MATERIALIZED VIEW mv AS SELECT * FROM a; CREATE TABLE e (id int, CONSTRAINT k CHECK (id > 0)); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1); INSERT INTO d VALUES (1); INSERT INTO p VALUES (1); INSERT INTO e VALUES (1)""", [
        "ALTER TABLE a SET TABLESPACE pg_default", "ALTER INDEX b_i SET TABLESPACE pg_default", "ALTER TABLE c SET LOGGED", "ALTER TABLE d VALIDATE CONSTRAINT k", "ALTER TABLE p SET TABLESPACE pg_default", "ALTER MATERIALIZED VIEW mv SET TABLESPACE pg_default", "ALTER TABLE c SET UNLOGGED"]),
    "keys of partitions that are renamed": ("""CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE pk (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE pk1 PARTITION OF pk FOR VALUES IN (1); CREATE TABLE fk (id int CONSTRAINT to_t REFERENCES t, CONSTRAINT k CHECK (id > 0)) PARTITION BY LIST (id);
        CREATE TABLE fk1 PARTITION OF fk FOR VALUES IN (1)""", ["ALTER TABLE pk RENAME CONSTRAINT pk_pkey TO pk_key", "ALTER TABLE fk RENAME CONSTRAINT to_t TO fk_t"]),
    "checks of partitions that are renamed": ("CREATE TABLE p (k int, CONSTRAINT k CHECK (k > 0)) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)", ["ALTER TABLE p RENAME CONSTRAINT k TO k2"]),
    "keys of a parent only": ("CREATE TABLE p (k int, v int) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); INSERT INTO p VALUES (1)", ["ALTER TABLE ONLY p ADD CONSTRAINT u UNIQUE (k)", "CREATE INDEX ON ONLY p (v)"]),
    "tables that the plan makes": ("CREATE TABLE t (id int); INSERT INTO t VALUES (1)", ["CREATE TABLE n (a int)", "ALTER TABLE n ADD COLUMN b int DEFAULT random()", "ALTER TABLE n ADD CHECK (a > 0)", "ALTER TABLE n ALTER a SET NOT NULL", "CREATE INDEX ON n (a)"]),
}
ALREADY = SCRIPTS["files and constraints that are so already"]
SCRIPTS["files and constraints of a plan that is read twice"] = (ALREADY[0], [f"{ALREADY[1][0]} /* {'x' * 4096} */", *ALREADY[1][1:]])
SCRIPTS["triggers on"] = (FIRING + "; " + SCRIPTS["triggers on"][0], SCRIPTS["triggers on"][1])


# What our own grammar does not know is read in its words. The first version of all of a script's statements.
ENFORCED = """CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r SELECT generate_series(1, 5); CREATE TABLE t (id int PRIMARY KEY, a int, r_id int, q int CONSTRAINT on_r REFERENCES r, n int CONSTRAINT off_r REFERENCES r);
INSERT INTO t SELECT g, g, g, g, g FROM generate_series(1, 5) g; CREATE TABLE ch () INHERITS (t)"""
FREED = ENFORCED + "; ALTER TABLE t ALTER CONSTRAINT off_r NOT ENFORCED"
FILLED = """CREATE TABLE t (id int PRIMARY KEY, a int, b int, d int, e int CHECK (e IS NOT NULL), f int, late int); ALTER TABLE t ADD CONSTRAINT later NOT NULL late NOT VALID;
CREATE TABLE alone (id int, a int CONSTRAINT alone_a NOT NULL NO INHERIT); CREATE TABLE below () INHERITS (alone); CREATE TABLE ch () INHERITS (t); INSERT INTO t SELECT g, g, g, g, g, g, g FROM generate_series(1, 5) g; INSERT INTO ch SELECT * FROM t; INSERT INTO alone VALUES (1, 1); INSERT INTO below VALUES (1, 1)"""
VIRTUAL = """CREATE TABLE t (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a * 9) VIRTUAL, s int GENERATED ALWAYS AS (a * 9) STORED, w int GENERATED ALWAYS AS (a)); INSERT INTO t (id, a) SELECT g, g FROM generate_series(1, 5) g"""
PERIODS = """CREATE EXTENSION btree_gist; CREATE TABLE t (id int NOT NULL, v daterange NOT NULL); INSERT INTO t VALUES (1, '[2020-01-01,2021-01-01)'); CREATE TABLE u (id int, v daterange, PRIMARY KEY (id, v WITHOUT OVERLAPS));
INSERT INTO u VALUES (1, '[2020-01-01,2021-01-01)'); CREATE TABLE w (u_id int, v daterange); INSERT INTO w VALUES (1, '[2020-02-01,2020-03-01)')"""
ROWS = """CREATE TABLE t (id int PRIMARY KEY, a int, j jsonb, x text, g int GENERATED ALWAYS AS (a) STORED); INSERT INTO t (id, a, j, x) SELECT g, g, '[1]', 'a' FROM generate_series(1, 5) g; CREATE TABLE s (id int PRIMARY KEY, a int);
INSERT INTO s SELECT g, g FROM generate_series(3, 8) g"""
NEWER = {
    "constraints that are not enforced": (18, ENFORCED, [
        "ALTER TABLE t ADD CONSTRAINT k4 FOREIGN KEY (r_id) REFERENCES r NOT ENFORCED", "ALTER TABLE t ADD CONSTRAINT k1 CHECK (a > 3) NOT ENFORCED", "ALTER TABLE t ADD CONSTRAINT k2 CHECK (a > 0) ENFORCED, ADD COLUMN enforced bool",
        "ALTER TABLE t ADD COLUMN n1 int CHECK (n1 > 0) NOT ENFORCED", "ALTER TABLE t ADD COLUMN n2 int DEFAULT 1 REFERENCES r NOT ENFORCED",
        "CREATE TABLE x (id int REFERENCES r NOT ENFORCED, enforced bool CHECK (NOT enforced), b int CHECK (b > 0) NOT ENFORCED, CONSTRAINT z CHECK (id > 0) NOT ENFORCED)"]),
    "constraints that are not inherited": (18, FILLED, ["ALTER TABLE alone ALTER CONSTRAINT alone_a INHERIT", "ALTER TABLE t ALTER CONSTRAINT later NO INHERIT"]),
    "keys that become enforced": (18, FREED, ["ALTER TABLE t ALTER CONSTRAINT off_r ENFORCED", "ALTER TABLE t ALTER CONSTRAINT on_r NOT ENFORCED"]),
    "columns that become NOT NULL": (18, FILLED, [
        "ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID", "ALTER TABLE t ADD NOT NULL e", "ALTER TABLE t VALIDATE CONSTRAINT nn", "ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT nb NOT NULL b",
        "ALTER TABLE alone ALTER CONSTRAINT alone_a INHERIT", "ALTER TABLE t ADD NOT NULL f NOT VALID", "ALTER TABLE t ALTER f SET NOT NULL", "ALTER TABLE t ALTER late SET NOT NULL", "CREATE TABLE x (a int, CONSTRAINT xx NOT NULL a, NOT NULL b, b int)",
        "ALTER TABLE t ADD COLUMN g int CONSTRAINT gg NOT NULL DEFAULT 1", "ALTER TABLE t ALTER CONSTRAINT nb NO INHERIT"]),
    "columns that are virtual": (18, VIRTUAL, [
        "ALTER TABLE t ADD COLUMN v1 int GENERATED ALWAYS AS (a * 2) VIRTUAL", "ALTER TABLE t ADD COLUMN v2 int GENERATED ALWAYS AS (a * 3), ADD COLUMN virtual int", "ALTER TABLE t ALTER v SET EXPRESSION AS (a * 4)", "ALTER TABLE t ALTER w TYPE bigint",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (v1 < 100)", "ALTER TABLE t ADD COLUMN v3 int GENERATED ALWAYS AS (a * 2) VIRTUAL CHECK (v3 > 0)", "ALTER TABLE t ADD COLUMN v4 int GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL",
        "ALTER TABLE t ADD COLUMN s1 int GENERATED ALWAYS AS (a * 2) STORED", "CREATE TABLE x (a int, b int GENERATED ALWAYS AS (a + 1), c int GENERATED ALWAYS AS (a) VIRTUAL)"]),
    "columns that are stored": (18, VIRTUAL, ["ALTER TABLE t ALTER s SET EXPRESSION AS (a * 4)"]),
    "keys of periods": (18, PERIODS, [
        "ALTER TABLE w ADD FOREIGN KEY (u_id, PERIOD v) REFERENCES u NOT VALID", "ALTER TABLE w ADD CONSTRAINT wf FOREIGN KEY (u_id, PERIOD v) REFERENCES u (id, PERIOD v)", "ALTER TABLE t ADD PRIMARY KEY (id, v WITHOUT OVERLAPS)",
        "CREATE TABLE x (id int, period daterange, PRIMARY KEY (id, period WITHOUT OVERLAPS), FOREIGN KEY (id, PERIOD period) REFERENCES u (id, PERIOD v))"]),
    "rows that are returned": (18, ROWS, [
        "UPDATE t SET a = 3 WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) o.a, n.a", "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE RETURNING WITH (OLD AS o) merge_action(), o.id"]),
    "rows that are merged": (17, ROWS, [
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED BY SOURCE THEN UPDATE SET a = 0 WHEN NOT MATCHED BY TARGET THEN INSERT (id) VALUES (s.id) RETURNING merge_action(), t.id",
        "COPY t (id) FROM PROGRAM 'true' WITH (ON_ERROR ignore, LOG_VERBOSITY verbose, FORMAT csv)"]),
    "JSON of 17": (17, ROWS, [
        "SELECT * FROM t, JSON_TABLE(t.j, '$[*]' COLUMNS (v int PATH '$', NESTED PATH '$.x[*]' COLUMNS (w text PATH '$'))) jt", "CREATE VIEW jv AS SELECT JSON_VALUE(j, '$[0]' RETURNING int DEFAULT 1 ON EMPTY) AS v, JSON_QUERY(j, '$' WITH WRAPPER), JSON_EXISTS(j, '$[0]' ERROR ON ERROR) FROM t",
        "SELECT JSON_SERIALIZE(j RETURNING text), JSON_SCALAR(a), JSON('{}' WITH UNIQUE KEYS) FROM t", "ALTER TABLE t ALTER COLUMN x SET STATISTICS DEFAULT", "SELECT now() AT LOCAL FROM t", "ALTER TABLE t ALTER g SET EXPRESSION AS (a * 2)"]),
    "JSON and others of 16": (16, ROWS, [
        "SELECT JSON_OBJECT('a': id, 'b': JSON_ARRAY(a, id NULL ON NULL) ABSENT ON NULL RETURNING jsonb), JSON_OBJECTAGG(id VALUE a) OVER (), x IS JSON FROM t", "ALTER TABLE t ADD CONSTRAINT jj CHECK (x IS NOT JSON OBJECT WITH UNIQUE KEYS)",
        "SELECT count(*) FROM (SELECT id FROM t), (VALUES (1)) AS v, s, LATERAL (SELECT s.id) WHERE 1_000 > 0x1F", "ALTER TABLE t ADD COLUMN big int DEFAULT 1_000, ADD COLUMN stored text STORAGE EXTERNAL", "CREATE TABLE st (storage text STORAGE main COMPRESSION pglz)",
        "ALTER TABLE t ALTER COLUMN x SET STORAGE DEFAULT", "CREATE STATISTICS ON id, a FROM t", "GRANT pg_monitor TO CURRENT_USER WITH INHERIT TRUE, SET FALSE", "REVOKE INHERIT OPTION FOR pg_monitor FROM CURRENT_USER"]),
}


class PlanMeasured(Staying):
    def planned(self, setup, statements):
        self._database = None
        self.sql(test_plan_truth.LEDGER + setup)
        plan = self.serve(";\n".join(statements) + ";\n").call("MigrationService", "Plan")
        return [one for migration in plan.migrations for step in migration.steps for one in step.statements]

    def measured(self, statements):
        """Of each its SQLSTATE, and what it did."""
        self.sql(BEFORE)
        script = f"SET client_min_messages = error;\n{test_effects.BEGIN}\n"
        for number, one in enumerate(statements):
            script += f"\\o /dev/null\n{one};\n\\o\n\\echo {number} :SQLSTATE\n{test_effects.MEASURE % number}\n{AGAIN}\n"
        answer = subprocess.run(["psql", "-XqtA", "-F", "\x1f", self.url()], input=script + "ROLLBACK;\n", text=True, capture_output=True, check=False, timeout=60)
        states, rows = {}, collections.defaultdict(list)
        for line in answer.stdout.splitlines():
            fields = line.split("\x1f")
            if len(fields) == 1 and fields[0]:
                number, states[int(number)] = fields[0].split()
            elif len(fields) > 1:
                rows[int(fields[0])].append(fields[1:])
        self.assertEqual([states.get(number) for number in range(len(statements))], ["00000"] * len(statements), answer.stderr[:400])
        return [test_effects.Measured(rows[number]) for number in range(len(statements))]

    def compare(self, setup, marked):
        if "-x-icu" in setup and not self.sql("SELECT FROM pg_collation WHERE collname = 'und-x-icu'"):
            self.skipTest("the server was built without ICU")
        statements = [one.removeprefix("?") for one in marked]
        said = self.planned(setup, statements)
        self.assertEqual([one.fails for one in said if one.HasField("fails")], [])
        held = {}
        for mark, sql, one, found in zip(marked, statements, said, self.measured(statements), strict=True):
            with self.subTest(sql):
                self.assertEqual(one.unknown, mark.startswith("?"), one.advice)
                locks = {lock.relation.removeprefix("public."): lock.mode for lock in one.locks}
                taken = {name: mode for name, mode in found.locks.items() if name not in found.owner and mode != held.get(name)}
                self.assertEqual({name: mode for name, mode in taken.items() if locks.get(name) != mode and not one.unknown}, {}, "not said")
                more = {name: mode for name, mode in locks.items() if STRENGTH.index(mode) > STRENGTH.index(found.locks.get(name, ""))}
                self.assertEqual(more, {}, "not so")
                if WORKS[one.work] != "rows" or found.work not in ("none", "scan"):  # where no row was met
                    self.assertEqual(WORKS[one.work], found.work, one.advice)
            held = found.locks


for script_name in NEWER:
    def test(self, name=script_name):
        since, setup, statements = NEWER[name]
        self.needs(since, f"PostgreSQL {since} is the first that knows them")
        self.compare(setup, statements)
    setattr(PlanMeasured, f"test_{script_name.replace(' ', '_')}_are_as_measured", test)

for script_name in SCRIPTS:
    def test(self, name=script_name):
        self.compare(*SCRIPTS[name])
    setattr(PlanMeasured, f"test_{script_name.replace(' ', '_')}_are_as_measured", test)
del test

if __name__ == "__main__":
    harness.main()
