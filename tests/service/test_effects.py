"""The catalogue of locks and work (src/sql/effects.h) held against the server: each statement is run in a transaction, what it
locked, scanned and wrote anew is read from the system views, and rolled back."""
import collections
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case, wait_for

EFFECTS_OF = os.path.join(harness.BIN, "..", "tests", "support", "effects_of")
STRENGTH = ["", "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE",
            "ACCESS EXCLUSIVE"]
MODES = {name.title().replace(" ", "") + "Lock": name for name in STRENGTH[1:]}

SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (l int, r int);
CREATE DOMAIN plain AS int;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
ALTER DOMAIN positive ADD CONSTRAINT late CHECK (VALUE > -1) NOT VALID;
CREATE FUNCTION volatile_one() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child (id int PRIMARY KEY, parent_id int CONSTRAINT child_fk REFERENCES parent, extra int);
CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, a int NOT NULL, b int, flag boolean, s varchar(20), x text, n numeric(10,2),
                ts timestamp, tz timestamptz, ts3 timestamp(3), c char(5), m mood, j json, net cidr, o oid, bits bit(3), d plain,
                si smallint, li int[], iv interval(3), y varchar(20), rep int NOT NULL UNIQUE,
                CONSTRAINT t_b_check CHECK (b > 0));
CREATE INDEX t_s_idx ON t (s);
CREATE UNIQUE INDEX t_b_unique ON t (b);
CREATE UNIQUE INDEX t_a_unique ON t (a);
CREATE TABLE nokey (id int NOT NULL, v int, g int);
CREATE UNIQUE INDEX nokey_unique ON nokey (id);
ALTER TABLE t ADD CONSTRAINT t_late CHECK (a > 0) NOT VALID;
ALTER TABLE child ADD CONSTRAINT child_late FOREIGN KEY (extra) REFERENCES parent NOT VALID;
CREATE TABLE identified (id int GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS (1 + 1) STORED, s int NOT NULL);
CREATE TABLE "User" ("Id" int, "order" int);
CREATE SCHEMA other;
CREATE TABLE other."user" (id int);
CREATE TABLE base (k int);
CREATE TABLE derived () INHERITS (base);
CREATE TABLE joiner (k int);
CREATE TABLE p (k int, v int) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE pd PARTITION OF p DEFAULT;
CREATE INDEX p_idx ON ONLY p (v);
CREATE INDEX p1_idx ON p1 (v);
CREATE TABLE r (k int, v int) PARTITION BY LIST (k);
CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1);
CREATE TABLE loose (k int, v int);
CREATE UNLOGGED TABLE unlogged (k int);
CREATE SEQUENCE seq;
CREATE VIEW v AS SELECT a, b FROM parent AS q (a, b);
CREATE MATERIALIZED VIEW mv AS SELECT id FROM nokey;
CREATE UNIQUE INDEX mv_idx ON mv (id);
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig();
CREATE RULE ru AS ON DELETE TO base DO INSTEAD NOTHING;
CREATE POLICY po ON t USING (true);
CREATE STATISTICS st ON a, b FROM t;
CREATE PUBLICATION pub FOR TABLE base;
CREATE TABLE uses (d positive, e plain);
CREATE TABLE pairs (l int, r int);
CREATE TABLE typed OF pair;
CREATE TYPE lonely AS (l int);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE remote (id int) SERVER far;
CREATE INDEX brin_idx ON nokey USING brin (v);
CREATE INDEX gin_idx ON t USING gin (li);
CREATE INDEX expression_idx ON nokey ((v + 1));
INSERT INTO parent SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO child SELECT i, i, i FROM generate_series(1, 50) i;
INSERT INTO t (id, a, b, s, x, n, ts, tz, c, si, rep, m, j, net, o) SELECT i, i, i, 'a', 'b', 1, now(), now(), 'c', 1, i, 'ok', '1', '10.0.0.0/8', 1
    FROM generate_series(1, 50) i;
INSERT INTO nokey SELECT i, i, i FROM generate_series(1, 50) i;
INSERT INTO identified (s) SELECT i FROM generate_series(1, 50) i;
INSERT INTO base SELECT i FROM generate_series(1, 50) i;
INSERT INTO joiner VALUES (1);
INSERT INTO p SELECT i, i FROM generate_series(1, 3) i;
INSERT INTO loose VALUES (7, 7);
INSERT INTO r VALUES (1, 1);
INSERT INTO uses VALUES (1, 1);
REFRESH MATERIALIZED VIEW mv;
CREATE TABLE before AS SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || quote_ident(c.relname) AS name,
    c.relfilenode, c.relkind, i.indrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE n.nspname IN ('public', 'other') AND c.relname <> 'before';
"""

# The counters of a transaction go on counting in the next one, until they are reported.
COUNTERS = """pg_stat_get_xact_numscans({0}) AS scans,
    pg_stat_get_xact_tuples_inserted({0}) + pg_stat_get_xact_tuples_updated({0}) + pg_stat_get_xact_tuples_deleted({0}) AS changes"""
BEGIN = f"BEGIN; CREATE TEMP TABLE begun ON COMMIT DROP AS SELECT oid, {COUNTERS.format('oid')} FROM before;"

# After the statement, in its transaction: a line for each relation that was there before.
MEASURE = f"""
WITH locks AS MATERIALIZED (SELECT relation, string_agg(mode, ' ') AS modes FROM pg_locks WHERE pid = pg_backend_pid() GROUP BY 1),
     built AS MATERIALIZED (SELECT DISTINCT indrelid FROM pg_index JOIN pg_class ON oid = indexrelid
                            WHERE relfilenode NOT IN (SELECT relfilenode FROM before))
SELECT %d, b.name, b.relkind, owner.name, b.relfilenode <> c.relfilenode, built.indrelid IS NOT NULL,
       now.scans > begun.scans, now.changes > begun.changes, coalesce(locks.modes, '')
FROM before b JOIN begun USING (oid) CROSS JOIN LATERAL (SELECT {COUNTERS.format('b.oid')}) now
LEFT JOIN before owner ON owner.oid = b.indrelid LEFT JOIN pg_class c ON c.oid = b.oid
LEFT JOIN built ON built.indrelid = b.oid LEFT JOIN locks ON relation = b.oid;
"""

# A statement; what it locks with SHARE or stronger without naming it; what is measured where the catalogue says otherwise, with
# the reason; the versions that know it.
Sample = collections.namedtuple("Sample", "sql unnamed work why since until")


def sample(sql, unnamed=(), work=None, why=None, since=0, until=99):
    return Sample(sql, set(unnamed), work, why, since, until)


ADD = "ALTER TABLE t ADD COLUMN new "
TYPE = "ALTER TABLE t ALTER COLUMN "
COLUMNS = [
    sample(ADD + "int"),
    sample(ADD + "text DEFAULT 'x' NOT NULL"),
    sample(ADD + "timestamptz DEFAULT now()"),
    sample(ADD + "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP"),
    sample(ADD + "jsonb NOT NULL DEFAULT '{}'"),
    sample(ADD + "mood NOT NULL DEFAULT 'ok'"),
    sample(ADD + "mood DEFAULT 'ok'::mood"),
    sample(ADD + "int DEFAULT 1 + 2"),
    sample(ADD + "text DEFAULT lower('A') || upper('b')"),
    sample(ADD + "text[] DEFAULT ARRAY['a']::text[]"),
    sample("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"),
    sample(ADD + "float DEFAULT random()"),
    sample(ADD + "timestamptz DEFAULT clock_timestamp()"),
    sample(ADD + "uuid DEFAULT gen_random_uuid()"),
    sample(ADD + "int DEFAULT nextval('seq')"),
    sample(ADD + "int DEFAULT volatile_one()"),
    sample(ADD + "serial"),
    sample(ADD + "bigserial"),
    sample(ADD + "int GENERATED ALWAYS AS IDENTITY"),
    sample(ADD + "bigint GENERATED BY DEFAULT AS IDENTITY"),
    sample(ADD + "int GENERATED ALWAYS AS (a * 2) STORED"),
    sample(ADD + "plain"),
    sample(ADD + "positive", work="rewrite", why="only the database knows which types are domains with a constraint"),
    sample(ADD + "int CHECK (new > 0)"),
    sample(ADD + "int REFERENCES parent"),
    sample(ADD + "int DEFAULT 1 REFERENCES parent (id)"),
    sample(ADD + "int UNIQUE"),
    sample("ALTER TABLE loose ADD COLUMN new int DEFAULT 1 PRIMARY KEY"),
    sample("ALTER TABLE t ADD COLUMN one int, ADD COLUMN two uuid DEFAULT gen_random_uuid(), ALTER COLUMN a SET STATISTICS 10"),
    sample("ALTER TABLE t DROP COLUMN x"),
    sample("ALTER TABLE t DROP COLUMN b CASCADE"),
    sample("ALTER TABLE child DROP COLUMN parent_id", unnamed=["parent"]),
    sample(ADD + "varchar(20) COLLATE \"C\" DEFAULT 'x'"),
    sample(ADD + "uuid DEFAULT gen_random_uuid() UNIQUE"),
    sample("ALTER TABLE ONLY t ALTER COLUMN x SET DEFAULT 'a'"),
    sample("ALTER TABLE t ALTER COLUMN x DROP DEFAULT"),
    sample("ALTER TABLE t ALTER COLUMN b SET NOT NULL"),
    sample("ALTER TABLE t ALTER COLUMN a DROP NOT NULL"),
    sample("ALTER TABLE t ALTER COLUMN a SET STATISTICS 100"),
    sample("ALTER TABLE t ALTER COLUMN a SET (n_distinct = 5)"),
    sample("ALTER TABLE t ALTER COLUMN a RESET (n_distinct)"),
    sample("ALTER TABLE t ALTER COLUMN x SET STORAGE EXTERNAL"),
    sample("ALTER TABLE t ALTER COLUMN x SET COMPRESSION pglz", since=14),
    sample("ALTER TABLE identified ALTER COLUMN g DROP EXPRESSION"),
    sample("ALTER TABLE identified ALTER COLUMN s ADD GENERATED ALWAYS AS IDENTITY"),
    sample("ALTER TABLE identified ALTER COLUMN id SET GENERATED BY DEFAULT", unnamed=["identified_id_seq"]),
    sample("ALTER TABLE identified ALTER COLUMN id DROP IDENTITY", unnamed=["identified_id_seq"]),
    sample('ALTER TABLE "User" RENAME COLUMN "Id" TO id'),
    sample("ALTER TABLE t RENAME a TO aa"),
]

TYPES = [
    sample(TYPE + "s TYPE varchar(40)"),
    sample(TYPE + "s TYPE varchar"),
    sample(TYPE + "s TYPE text"),
    sample(TYPE + "s SET DATA TYPE text USING s::text"),
    sample(TYPE + "y TYPE varchar(10)"),
    sample(TYPE + "x TYPE varchar"),
    sample(TYPE + "x TYPE varchar(50)"),
    sample(TYPE + "x TYPE text USING lower(x)"),
    sample(TYPE + "n TYPE numeric(12,2)"),
    sample(TYPE + "n TYPE numeric"),
    sample(TYPE + "n TYPE numeric(12,3)"),
    sample(TYPE + "n TYPE numeric(9,2)"),
    sample(TYPE + "ts3 TYPE timestamp"),
    sample(TYPE + "ts3 TYPE timestamp(6)"),
    sample(TYPE + "ts TYPE timestamp(3)"),
    sample(TYPE + "ts TYPE timestamptz", work="none", why="the session's TimeZone is UTC: the catalogue cannot know"),
    sample(TYPE + "tz TYPE timestamp", work="none", why="the session's TimeZone is UTC: the catalogue cannot know"),
    sample(TYPE + "iv TYPE interval"),
    sample(TYPE + "a TYPE bigint"),
    sample(TYPE + "a TYPE int"),
    sample(TYPE + "si TYPE int"),
    sample(TYPE + "c TYPE char(8)"),
    sample(TYPE + "c TYPE text"),
    sample(TYPE + "x TYPE name"),
    sample(TYPE + "j TYPE jsonb USING j::jsonb"),
    sample(TYPE + "j TYPE text"),
    sample(TYPE + "m TYPE text"),
    sample(TYPE + "m TYPE mood"),
    sample(TYPE + "m TYPE mood USING m::text::mood"),
    sample(TYPE + "net TYPE inet"),
    sample(TYPE + "o TYPE int USING o::int"),
    sample(TYPE + "bits TYPE varbit"),
    sample(TYPE + "d TYPE int", work="none", why="only the database knows what a domain is made of"),
    sample(TYPE + "li TYPE bigint[]"),
    sample(TYPE + "li TYPE int[]", work="index", why="a GIN index on an array is built anew: only the database knows of it"),
    sample("ALTER TABLE child ALTER parent_id TYPE bigint", unnamed=["parent"]),
    sample("ALTER TABLE loose ALTER v TYPE text, ADD COLUMN new int"),
    sample("ALTER TABLE nokey ALTER v TYPE int", work="index", why="an index on an expression is built anew: only the database knows of it"),
    sample(TYPE + 's TYPE varchar(20) COLLATE "C"'),
]

CONSTRAINTS = [
    sample("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)"),
    sample("ALTER TABLE t ADD CHECK (a > 0) NOT VALID"),
    sample("ALTER TABLE t VALIDATE CONSTRAINT t_late"),
    sample("ALTER TABLE child VALIDATE CONSTRAINT child_late"),
    sample("ALTER TABLE nokey ADD CONSTRAINT k FOREIGN KEY (v) REFERENCES parent (id)"),
    sample("ALTER TABLE nokey ADD FOREIGN KEY (v) REFERENCES public.parent NOT VALID"),
    sample("ALTER TABLE parent ADD FOREIGN KEY (v) REFERENCES parent"),
    sample("ALTER TABLE nokey ADD FOREIGN KEY (v) REFERENCES parent, ADD COLUMN new int"),
    sample("ALTER TABLE child ALTER CONSTRAINT child_fk DEFERRABLE INITIALLY DEFERRED"),
    sample("ALTER TABLE child DROP CONSTRAINT child_fk", unnamed=["parent"]),
    sample("ALTER TABLE t DROP CONSTRAINT t_b_check"),
    sample("ALTER TABLE t DROP CONSTRAINT IF EXISTS nothing"),
    sample("ALTER TABLE t RENAME CONSTRAINT t_b_check TO k"),
    sample("ALTER TABLE t DROP CONSTRAINT t_pkey"),
    sample("ALTER TABLE nokey ADD UNIQUE (v)"),
    sample("ALTER TABLE nokey ADD PRIMARY KEY (id)"),
    sample("ALTER TABLE t ADD CONSTRAINT k EXCLUDE (a WITH =)"),
    sample("ALTER TABLE t ADD CONSTRAINT t_b_unique UNIQUE USING INDEX t_b_unique"),
    sample("ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX t_a_unique"),
    sample("ALTER TABLE nokey ADD CONSTRAINT k PRIMARY KEY USING INDEX nokey_unique"),
]

INDEXES = [
    sample("CREATE INDEX new ON t (a)"),
    sample('CREATE UNIQUE INDEX ON public."User" ("order")'),
    sample("CREATE INDEX IF NOT EXISTS t_s_idx ON t (s)", work="none", why="only the database knows that it is there"),
    sample("CREATE INDEX new ON p (v)", unnamed=["p1", "pd"]),
    sample("CREATE INDEX new ON ONLY p (v)", work="none", why="only the database knows that the table has no rows of its own"),
    sample("ALTER INDEX p_idx ATTACH PARTITION p1_idx"),
    sample("DROP INDEX t_s_idx", unnamed=["t"]),
    sample("REINDEX TABLE t"),
    sample("REINDEX INDEX t_s_idx", unnamed=["t"]),
    sample("ALTER INDEX t_s_idx RENAME TO new"),
    sample("ALTER INDEX t_s_idx SET (fillfactor = 80)"),
    sample("ALTER INDEX t_s_idx SET (deduplicate_items = off)"),
    sample("ALTER INDEX brin_idx SET (pages_per_range = 64)"),
    sample("ALTER INDEX brin_idx SET (autosummarize = on)"),
    sample("ALTER INDEX gin_idx SET (fastupdate = off)"),
    sample("ALTER INDEX gin_idx SET (gin_pending_list_limit = 128)"),
    sample("ALTER INDEX gin_idx RESET (gin_pending_list_limit)"),
    sample("ALTER INDEX expression_idx ALTER COLUMN 1 SET STATISTICS 100"),
    sample("ALTER INDEX t_s_idx DEPENDS ON EXTENSION plpgsql"),
    sample("CREATE INDEX new ON mv (id)"),
    sample("CREATE STATISTICS new ON id, a FROM t"),
    sample("DROP STATISTICS st"),
    sample("ALTER STATISTICS st SET STATISTICS 10"),
]

TABLES = [
    sample("CREATE TABLE new (id int PRIMARY KEY)"),
    sample("CREATE TABLE IF NOT EXISTS t (id int)"),
    sample("CREATE TABLE new (id int REFERENCES parent)"),
    sample("CREATE TABLE new (id int PRIMARY KEY, up int REFERENCES new (id), FOREIGN KEY (id) REFERENCES parent)"),
    sample("CREATE TABLE new (LIKE t INCLUDING ALL)"),
    sample("CREATE TABLE new AS SELECT * FROM t"),
    sample("CREATE TABLE new AS TABLE t WITH NO DATA"),
    sample("SELECT * INTO new FROM t"),
    sample("CREATE TABLE new () INHERITS (base)"),
    sample("CREATE TABLE new PARTITION OF p FOR VALUES IN (9)", unnamed=["pd"], work="scan", why="a DEFAULT partition is read: only the database knows of it"),
    sample("CREATE TABLE new PARTITION OF r FOR VALUES IN (9)"),
    sample("ALTER TABLE p ATTACH PARTITION loose FOR VALUES IN (7)", unnamed=["pd"], work="index", why="an index of the parent is built on it"),
    sample("ALTER TABLE r ATTACH PARTITION loose FOR VALUES IN (7)"),
    sample("ALTER TABLE p DETACH PARTITION p1", unnamed=["pd"]),
    sample("ALTER TABLE r DETACH PARTITION r1"),
    sample("ALTER TABLE p ALTER COLUMN v SET NOT NULL", unnamed=["p1", "pd"]),
    sample("ALTER TABLE joiner INHERIT base"),
    sample("ALTER TABLE derived NO INHERIT base"),
    sample("DROP TABLE child", unnamed=["parent"]),
    sample("DROP TABLE IF EXISTS loose, public.joiner"),
    sample("DROP TABLE p1", unnamed=["p", "pd"]),
    sample("DROP TABLE parent CASCADE", unnamed=["child", "v"]),
    sample("TRUNCATE loose, joiner", work="rewrite", why="new files, and nothing is written into them"),
    sample("TRUNCATE TABLE parent CASCADE", unnamed=["child"], work="rewrite", why="new files, and nothing is written into them"),
    sample("CLUSTER t USING t_pkey"),
    sample("ALTER TABLE t SET UNLOGGED"),
    sample("ALTER TABLE unlogged SET LOGGED"),
    sample("ALTER TABLE t SET (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false)"),
    sample("ALTER TABLE t SET (parallel_workers = 2)"),
    sample("ALTER TABLE t RESET (fillfactor)"),
    sample("ALTER TABLE t SET (user_catalog_table = true)"),
    sample("ALTER TABLE t SET (toast_tuple_target = 200, vacuum_truncate = off, log_autovacuum_min_duration = 0)"),
    sample("ALTER TABLE pairs OF pair"),
    sample("ALTER TABLE typed NOT OF"),
    sample("CREATE TABLE new OF pair"),
    sample("CREATE TABLE new (LIKE other.\"user\", FOREIGN KEY (id) REFERENCES t (a))"),
    sample("ALTER FOREIGN TABLE remote OPTIONS (ADD a '1')"),
    sample("ALTER FOREIGN TABLE remote ADD COLUMN new int"),
    sample("CREATE FOREIGN TABLE new () INHERITS (base) SERVER far"),
    sample("DROP FOREIGN TABLE remote"),
    sample("CLUSTER mv USING mv_idx"),
    sample("ALTER TABLE t CLUSTER ON t_pkey"),
    sample("ALTER TABLE t SET WITHOUT CLUSTER"),
    sample("ALTER TABLE t OWNER TO pg_monitor"),
    sample("ALTER TABLE t REPLICA IDENTITY FULL"),
    sample("ALTER TABLE t REPLICA IDENTITY USING INDEX t_rep_key"),
    sample("ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
    sample("ALTER TABLE t FORCE ROW LEVEL SECURITY"),
    sample("ALTER TABLE t RENAME TO new"),
    sample("ALTER TABLE t SET SCHEMA other", unnamed=[]),
    sample("ALTER TABLE other.\"user\" RENAME TO new"),
    sample("LOCK TABLE t"),
    sample("LOCK t, parent IN SHARE ROW EXCLUSIVE MODE"),
    sample("LOCK t IN ACCESS SHARE MODE"),
    sample("LOCK t IN ROW SHARE MODE"),
    sample("LOCK t IN SHARE MODE"),
    sample("LOCK t IN EXCLUSIVE MODE NOWAIT"),
    sample("ANALYZE t", work="none", why="its scan of a sample is not counted"),
    sample("ANALYZE t (a), parent", work="none", why="its scan of a sample is not counted"),
]

OBJECTS = [
    sample("CREATE POLICY new ON t USING (EXISTS (SELECT FROM parent))"),
    sample("ALTER POLICY po ON t USING (false)"),
    sample("DROP POLICY po ON t"),
    sample("ALTER POLICY po ON t RENAME TO new"),
    sample("CREATE TRIGGER new AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig()"),
    sample("CREATE OR REPLACE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig()", since=14),
    sample("CREATE CONSTRAINT TRIGGER new AFTER INSERT ON t FROM parent FOR EACH ROW EXECUTE FUNCTION trig()"),
    sample("ALTER TABLE t DISABLE TRIGGER tr"),
    sample("ALTER TABLE t ENABLE ALWAYS TRIGGER tr"),
    sample("ALTER TABLE t ENABLE TRIGGER ALL"),
    sample("ALTER TRIGGER tr ON t RENAME TO new"),
    sample("DROP TRIGGER tr ON t"),
    sample("CREATE RULE new AS ON INSERT TO t DO ALSO INSERT INTO loose SELECT id FROM parent"),
    sample("ALTER TABLE base DISABLE RULE ru"),
    sample("DROP RULE ru ON base"),
    sample("CREATE VIEW new AS WITH w AS (SELECT id FROM child) SELECT w.id FROM t JOIN w ON t.id = w.id"),
    sample("CREATE OR REPLACE VIEW v AS SELECT id AS a, v AS b FROM parent"),
    sample("DROP VIEW v"),
    sample("ALTER VIEW v RENAME TO new"),
    sample("ALTER VIEW v RENAME COLUMN a TO new"),
    sample("ALTER VIEW v SET (security_barrier = true)"),
    sample("ALTER VIEW v ALTER COLUMN a SET DEFAULT 1"),
    sample("ALTER VIEW v OWNER TO pg_monitor"),
    sample("CREATE MATERIALIZED VIEW new AS SELECT id FROM t"),
    sample("CREATE MATERIALIZED VIEW new AS SELECT id FROM t WITH NO DATA"),
    sample("REFRESH MATERIALIZED VIEW mv"),
    sample("REFRESH MATERIALIZED VIEW CONCURRENTLY mv", work="scan", why="nothing has changed in it"),
    sample("ALTER MATERIALIZED VIEW mv RENAME TO new"),
    sample("DROP MATERIALIZED VIEW mv"),
    sample("CREATE SEQUENCE new OWNED BY t.a"),
    sample("ALTER SEQUENCE seq RESTART WITH 10"),
    sample("ALTER SEQUENCE seq OWNED BY t.a"),
    sample("ALTER SEQUENCE seq RENAME TO new"),
    sample("ALTER SEQUENCE seq OWNER TO pg_monitor"),
    sample("DROP SEQUENCE seq"),
    sample("COMMENT ON TABLE t IS 'x'"),
    sample("COMMENT ON COLUMN public.t.a IS 'x'"),
    sample("COMMENT ON CONSTRAINT t_b_check ON t IS 'x'"),
    sample("COMMENT ON TRIGGER tr ON public.t IS 'x'"),
    sample("COMMENT ON POLICY po ON t IS 'x'"),
    sample("COMMENT ON INDEX t_s_idx IS 'x'"),
    sample("COMMENT ON VIEW v IS 'x'"),
    sample("COMMENT ON SEQUENCE seq IS 'x'"),
    sample("COMMENT ON MATERIALIZED VIEW mv IS 'x'"),
    sample("COMMENT ON RULE ru ON base IS 'x'"),
    sample("COMMENT ON FOREIGN TABLE remote IS 'x'"),
    sample("COMMENT ON COLUMN lonely.l IS 'x'"),
    sample("COMMENT ON STATISTICS st IS 'x'"),
    sample("COMMENT ON TYPE mood IS 'x'"),
    sample("ALTER TYPE lonely ADD ATTRIBUTE r int"),
    sample("ALTER TYPE lonely RENAME ATTRIBUTE l TO new"),
    sample("DROP TYPE lonely"),
    sample("ALTER TYPE lonely RENAME TO new"),
    sample("ALTER TRIGGER tr ON t DEPENDS ON EXTENSION plpgsql"),
    sample("ALTER VIEW v RESET (security_barrier)"),
    sample("ALTER VIEW v SET SCHEMA other"),
    sample("ALTER MATERIALIZED VIEW mv SET (fillfactor = 70)"),
    sample("ALTER MATERIALIZED VIEW mv SET SCHEMA other"),
    sample("ALTER SEQUENCE seq SET LOGGED", work="none", why="it is logged already", since=15),
    sample("ALTER SEQUENCE seq AS bigint INCREMENT 2"),
    sample("CREATE VIEW new AS SELECT * FROM v"),
    sample("CREATE TEMP VIEW new AS SELECT id FROM t"),
    sample("GRANT SELECT ON t, parent TO pg_monitor"),
    sample("REVOKE ALL ON TABLE t FROM PUBLIC"),
    sample("GRANT USAGE ON SEQUENCE seq TO pg_monitor"),
    sample("CREATE PUBLICATION new FOR TABLE t, parent"),
    sample("ALTER PUBLICATION pub ADD TABLE t"),
    sample("ALTER PUBLICATION pub DROP TABLE base"),
    sample("ALTER PUBLICATION pub SET TABLE t"),
    sample("CREATE TYPE new AS ENUM ('a')"),
    sample("ALTER TYPE mood ADD VALUE 'good'"),
    sample("ALTER TYPE mood RENAME VALUE 'sad' TO 'bad'"),
    sample("ALTER TYPE mood RENAME TO new"),
    sample("ALTER DOMAIN plain ADD CONSTRAINT k CHECK (VALUE > 0)", unnamed=["t", "uses"]),
    sample("ALTER DOMAIN plain ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID"),
    sample("ALTER DOMAIN positive VALIDATE CONSTRAINT late", unnamed=["uses"]),
    sample("ALTER DOMAIN positive SET NOT NULL", unnamed=["uses"]),
    sample("ALTER DOMAIN positive DROP CONSTRAINT positive_check"),
    sample("ALTER DOMAIN positive SET DEFAULT 2"),
    sample("DROP TYPE mood CASCADE", unnamed=["t"]),
    sample("DROP DOMAIN positive CASCADE", unnamed=["uses"]),
    sample("DROP SCHEMA other CASCADE", unnamed=['other."user"']),
    sample("DROP FUNCTION trig() CASCADE", unnamed=["t"]),
    sample("DROP FUNCTION volatile_one()"),
    sample("CREATE FUNCTION new() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    sample("CREATE FUNCTION new() RETURNS int BEGIN ATOMIC SELECT id FROM parent; END", since=14),
    sample("CREATE SCHEMA new"),
    sample("CREATE EXTENSION IF NOT EXISTS plpgsql"),
    sample("CREATE DOMAIN new AS int"),
    sample("SET LOCAL lock_timeout = 0"),
    sample("SAVEPOINT new"),
]

ROWS = [
    sample("SELECT * FROM t"),
    sample("SELECT 1"),
    sample("SELECT set_config('a.b', 'c', true)"),
    sample("SELECT count(*) FROM t, LATERAL (SELECT count(*) FROM child) q"),
    sample("SELECT * FROM t FOR UPDATE"),
    sample("SELECT q.id FROM t AS q JOIN parent ON true FOR SHARE OF q"),
    sample("WITH gone AS (DELETE FROM child RETURNING *) SELECT * FROM gone JOIN nokey USING (id)"),
    sample("INSERT INTO loose VALUES (1, 1)"),
    sample("INSERT INTO loose SELECT id, v FROM parent"),
    sample("UPDATE nokey SET g = 1 WHERE id = 1"),
    sample("UPDATE nokey SET g = parent.v FROM parent WHERE parent.id = nokey.id"),
    sample("DELETE FROM loose"),
    sample("DELETE FROM nokey USING child WHERE nokey.id = child.id"),
    sample("MERGE INTO nokey USING parent ON nokey.id = parent.id WHEN MATCHED THEN UPDATE SET g = 2", since=15),
    sample("COPY t TO '/dev/null'"),
    sample("COPY (SELECT id FROM t) TO '/dev/null'"),
    sample("COPY loose FROM PROGRAM 'echo \"1\t1\"'"),
    sample("EXPLAIN SELECT * FROM t"),
    sample("EXPLAIN ANALYZE DELETE FROM loose"),
    sample("DECLARE new CURSOR FOR SELECT * FROM t", work="none", why="nothing is fetched here"),
    sample("PREPARE new AS SELECT * FROM t"),
]

# What cannot run in a transaction: the lock on a relation shows while the statement waits for who holds another one there.
EXCLUSIVE = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"
SHARE = "LOCK TABLE {} IN SHARE MODE"  # lets VACUUM's first look at the table pass
OF_INDEX = "ALTER INDEX {} SET (fillfactor = 70)"  # takes SHARE UPDATE EXCLUSIVE, on the index alone
Alone = collections.namedtuple("Alone", "sql relation hold since", defaults=(EXCLUSIVE, 0))
ALONE = [
    Alone("CREATE INDEX CONCURRENTLY new ON t (a)", "t"),
    Alone("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS new ON public.t (a)", "t"),
    Alone("DROP INDEX CONCURRENTLY t_s_idx", "t_s_idx", OF_INDEX),
    Alone("REINDEX TABLE CONCURRENTLY t", "t"),
    Alone("REINDEX (CONCURRENTLY) TABLE t", "t", EXCLUSIVE, 14),
    Alone("REINDEX (CONCURRENTLY off) TABLE t", "t", EXCLUSIVE, 14),
    Alone("REINDEX INDEX CONCURRENTLY t_s_idx", "t_s_idx", OF_INDEX),
    Alone("VACUUM t", "t", SHARE),
    Alone("VACUUM (ANALYZE, FULL false) t", "t", SHARE),
    Alone("VACUUM FULL t", "t", SHARE),
    Alone("VACUUM (FULL, ANALYZE) t", "t", SHARE),
    Alone("ALTER TABLE r DETACH PARTITION r1 CONCURRENTLY", "r", EXCLUSIVE, 14),
    # Its last step, when all queries that knew the partition have ended.
    Alone("ALTER TABLE r DETACH PARTITION r1 CONCURRENTLY", "r1", "LOCK TABLE {} IN ACCESS SHARE MODE", 14),
]

FAMILIES = {"columns": COLUMNS, "types": TYPES, "constraints": CONSTRAINTS, "indexes": INDEXES, "tables": TABLES, "objects": OBJECTS, "rows": ROWS}


def effects(statements, version=0, columns=()):
    """What our code says of each statement."""
    result = subprocess.run([EFFECTS_OF, str(version), *columns], input="\0".join(statements), text=True, capture_output=True, check=True,
                            timeout=60)
    return [json.loads(line) for line in result.stdout.splitlines()]


def strongest(names):
    return max(names, key=STRENGTH.index, default="")


Line = collections.namedtuple("Line", "name kind owner file_changed index_built scanned changed modes")


class Measured:
    """What one statement did, from the lines of MEASURE."""

    def __init__(self, rows):
        lines = [Line(*row) for row in rows]
        self.locks = {line.name: strongest([MODES[mode] for mode in line.modes.split()]) for line in lines if line.modes.strip()}
        self.owner = {line.name: line.owner for line in lines if line.owner}
        self.rowless = {line.name for line in lines if line.kind == "c"}
        tables = [line for line in lines if line.kind in "rm"]
        if any(line.file_changed == "t" for line in tables):
            self.work = "rewrite"
        elif any(line.file_changed == "t" and line.kind == "i" or line.index_built == "t" for line in lines):
            self.work = "index"
        elif any(line.changed == "t" for line in tables):
            self.work = "rows"
        else:
            self.work = "scan" if any(line.scanned == "t" for line in tables) else "none"


class Effects(Case):
    def setUp(self):
        super().setUp()
        self.sql(SETUP)
        self.version = int(self.sql("SHOW server_version_num")[0][0])
        self.columns = [f"{table}.{column}={kind}" for table, column, kind in self.sql(
            "SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute JOIN before ON oid = attrelid WHERE attnum > 0")]

    def measure(self, statements):
        """Runs each in a transaction of its own, which is rolled back."""
        script = "SET client_min_messages = error; SET TimeZone = 'UTC';\n"
        # psql ends a result with a line's end, not with the separator of records.
        script += "".join(f"{BEGIN}\\o /dev/null\n{one};\n\\o\n{MEASURE % number}\\echo \x1e\nROLLBACK;\n"
                          for number, one in enumerate(statements))
        rows = collections.defaultdict(list)
        for number, *row in self.sql(script):
            if row:
                rows[int(number)].append(row)
        return [Measured(rows[number]) for number in range(len(statements))]

    def check(self, one, said, found):
        claimed = {name.removeprefix("public."): lock for name, lock in said["locks"].items()}
        existing = {name: found.locks.get(name, "") for name in claimed}
        self.assertEqual(claimed, existing, one.sql)
        strong = {name for name, lock in found.locks.items() if name not in found.rowless and STRENGTH.index(lock) >= STRENGTH.index("SHARE")}
        unnamed = {name for name in strong if name not in claimed and found.owner.get(name, name) not in set(claimed) | one.unnamed}
        unnamed |= strong & one.unnamed
        self.assertEqual(unnamed, one.unnamed, one.sql)
        self.assertEqual(found.work, one.work or said["work"], one.sql)
        if one.work:
            self.assertNotEqual(one.work, said["work"], f"a reason for nothing: {one.sql}")
        if strong:
            self.assertTrue(said["may_stall"], one.sql)
        if one.unnamed:
            self.assertIsNotNone(said["advice"], one.sql)

    def family(self, name):
        samples = [one for one in FAMILIES[name] if one.since <= self.version // 10000 <= one.until]
        answers = effects([one.sql for one in samples], self.version, self.columns)
        self.assertEqual(len(answers), len(samples))
        for one, said, found in zip(samples, answers, self.measure([one.sql for one in samples])):
            with self.subTest(one.sql):
                self.check(one, said, found)

    def wanted_lock(self, one):
        """The lock that a statement waits for; it ends waiting."""
        waiting = f"FROM pg_locks WHERE relation = '{one.relation}'::regclass AND NOT granted"
        with subprocess.Popen(["psql", "-Xqt", self.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            holder.stdin.write(f"BEGIN; {one.hold.format(one.relation)};\n\\echo held\n")
            holder.stdin.flush()
            self.assertEqual(holder.stdout.readline(), "held\n")
            with subprocess.Popen(["psql", "-Xq", self.url(), "-c", one.sql], stderr=subprocess.DEVNULL):
                mode = wait_for(lambda: self.sql(f"SELECT mode {waiting}"))[0][0]
                self.sql(f"SELECT pg_cancel_backend(pid) {waiting}")
        return MODES[mode]

    def test_statements_that_run_alone_want_the_locks_that_are_said(self):
        samples = [one for one in ALONE if one.since <= self.version // 10000]
        for one, said in zip(samples, effects([one.sql for one in samples], self.version)):
            with self.subTest(f"{one.sql}: {one.relation}"):
                claimed = {name.removeprefix("public."): lock for name, lock in said["locks"].items()}
                self.assertEqual(self.wanted_lock(one), claimed[one.relation])


for family_name in FAMILIES:
    def test(self, name=family_name):
        self.family(name)
    setattr(Effects, f"test_the_catalogue_is_true_of_{family_name}", test)
del test

if __name__ == "__main__":
    harness.main()
