"""The plan held against pg_locks: each statement is a migration whose plan is asked for, and is then run in a transaction that is
rolled back. Every relation that was there before, and on which the transaction holds a lock, must be named by the plan with at
least that lock: a check says of each of them who would be waited for. Too much is counted where it is SHARE or stronger (it stops
writers, or readers too), and kept small.

TRUSS_TEST_ALL  looks at every statement; without it at every tenth of them, another tenth each day"""
import collections
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "frameworks"))
import fixtures
import harness
import test_effects
from harness import Staying, todays
from test_effects import MODES, STRENGTH

harness.Cluster.keeps = True

PLAN = os.path.join(harness.FIXTURES, "plan")
SHARE = STRENGTH.index("SHARE")
# Tables, partitioned ones, views, materialized views, foreign tables, sequences: what others read and write; by the names they had.
BEFORE = """CREATE TABLE truss_before AS SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"""
HELD = """SELECT b.name, string_agg(l.mode, ' ') FROM pg_catalog.pg_locks l JOIN public.truss_before b ON b.oid = l.relation
    WHERE l.pid = pg_catalog.pg_backend_pid() GROUP BY 1"""


# Beside the snapshot schema: inheritance of several levels, partitions of partitions, foreign keys of and to partitioned tables.
MORE = """SET search_path = s, public;
CREATE TABLE par (id int PRIMARY KEY, b_id int REFERENCES b (id), v int) PARTITION BY RANGE (id);
CREATE TABLE par1 PARTITION OF par FOR VALUES FROM (0) TO (100) PARTITION BY LIST (id);
CREATE TABLE par1a PARTITION OF par1 FOR VALUES IN (1, 2, 3);
CREATE TABLE par2 PARTITION OF par FOR VALUES FROM (100) TO (200);
CREATE TABLE pard PARTITION OF par DEFAULT;
CREATE TABLE ofpar (id int PRIMARY KEY, par_id int REFERENCES par (id));
CREATE TABLE loose (id int NOT NULL, b_id int, v int);
CREATE TABLE k1 (x int CHECK (x > 0)); CREATE TABLE k2 () INHERITS (k1); CREATE TABLE k3 () INHERITS (k2);
CREATE TABLE ref1 (id int PRIMARY KEY, k int UNIQUE); CREATE TABLE ref2 (id int PRIMARY KEY REFERENCES ref1 (id) ON DELETE CASCADE, k int REFERENCES ref1 (k));
CREATE TABLE ref3 (id int PRIMARY KEY REFERENCES ref2 (id));
CREATE TYPE node AS (l int, r text); CREATE TABLE typed OF node; CREATE TABLE typed2 OF node; CREATE DOMAIN deep AS pos CHECK (VALUE < 1000);
CREATE TABLE doms (d pos, e deep, f pos[]); CREATE TYPE boxed AS (d pos); CREATE TABLE boxes (b text);
CREATE VIEW vk AS SELECT x FROM k1; CREATE VIEW vvk AS SELECT x FROM vk; CREATE MATERIALIZED VIEW mvk AS SELECT x FROM vvk;
CREATE UNIQUE INDEX mvk_x ON mvk (x);
CREATE FUNCTION only_reads(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION does() RETURNS void LANGUAGE plpgsql AS 'BEGIN LOCK TABLE s.k1; END';
CREATE PROCEDURE calls() LANGUAGE plpgsql AS 'BEGIN LOCK TABLE s.k1; END';
CREATE FUNCTION chk(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE TABLE uses (x int CHECK (chk(x)), y int DEFAULT only_reads(1)); CREATE INDEX uses_i ON uses (chk(x));
CREATE TRIGGER tpar AFTER INSERT ON par FOR EACH ROW EXECUTE FUNCTION trf();
CREATE SEQUENCE free; CREATE TABLE counts (id int DEFAULT nextval('free'), o serial, i int GENERATED ALWAYS AS IDENTITY);
CREATE INDEX cl ON k1 (x); CLUSTER k1 USING cl;
ALTER TABLE ref2 ADD CONSTRAINT late FOREIGN KEY (k) REFERENCES ref1 (id) NOT VALID;
ALTER TABLE k1 ADD CONSTRAINT small CHECK (x < 1000) NOT VALID;
CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY, m s.mood); CREATE TABLE other.u (id int REFERENCES other.t, b int REFERENCES s.b);
CREATE VIEW public.far AS SELECT * FROM other.t; CREATE ROLE truss_locks; ALTER TABLE other.u OWNER TO truss_locks;
CREATE POLICY pk ON k1 USING (only_reads(x) > 0);
CREATE STATISTICS st2 ON id, b_id FROM par1a;
"""
# A statement for each kind; (since, statement) for what older servers do not know. The DO blocks and calls are unknown.
STATEMENTS = [
    "ALTER TABLE a ADD COLUMN new int", "ALTER TABLE b ADD COLUMN new int", "ALTER TABLE ONLY k1 ALTER COLUMN x SET DEFAULT 1",
    "ALTER TABLE par ADD COLUMN new int DEFAULT 3", "ALTER TABLE par1 ALTER COLUMN v SET DEFAULT 1", "ALTER TABLE k1 ADD COLUMN IF NOT EXISTS x int",
    "ALTER TABLE k1 RENAME COLUMN x TO z", "ALTER TABLE a RENAME COLUMN total TO sum", "ALTER TABLE p ADD COLUMN u mood", "ALTER TABLE loose ADD COLUMN r int REFERENCES par (id)",
    "ALTER TABLE loose ADD COLUMN r int REFERENCES a (id) DEFAULT NULL", "ALTER TABLE b DROP COLUMN a_id CASCADE", "ALTER TABLE ref2 DROP COLUMN k",
    "ALTER TABLE ref1 DROP COLUMN k CASCADE", "ALTER TABLE ofpar DROP COLUMN par_id", "ALTER TABLE par DROP COLUMN b_id", "ALTER TABLE k1 DROP COLUMN x CASCADE",
    "ALTER TABLE counts DROP COLUMN o", "ALTER TABLE counts DROP COLUMN i", "ALTER TABLE counts ALTER COLUMN i DROP IDENTITY", "ALTER TABLE counts ALTER COLUMN i SET GENERATED BY DEFAULT",
    "ALTER TABLE ref1 ALTER COLUMN id TYPE bigint", "ALTER TABLE ref2 ALTER COLUMN k TYPE bigint", "ALTER TABLE par ALTER COLUMN b_id TYPE bigint",
    "ALTER TABLE counts ALTER COLUMN i TYPE bigint", "ALTER TABLE counts ALTER COLUMN o TYPE bigint", "ALTER TABLE loose ALTER COLUMN v TYPE text", "ALTER TABLE uses ALTER COLUMN y TYPE bigint",
    "ALTER TABLE par ALTER COLUMN v SET NOT NULL", "ALTER TABLE par ALTER COLUMN v DROP NOT NULL", "ALTER TABLE a ALTER COLUMN code SET STATISTICS 100", "ALTER TABLE par ALTER COLUMN v SET STORAGE plain",
    "ALTER TABLE k1 ADD CONSTRAINT c CHECK (x < 100)", "ALTER TABLE par ADD CONSTRAINT c CHECK (v < 100) NOT VALID", "ALTER TABLE k1 DROP CONSTRAINT k1_x_check",
    "ALTER TABLE loose ADD PRIMARY KEY (id)", "ALTER TABLE loose ADD UNIQUE (v)", "ALTER TABLE par ADD UNIQUE (id, v)", "ALTER TABLE loose ADD EXCLUDE USING btree (v WITH =)",
    "ALTER TABLE loose ADD FOREIGN KEY (b_id) REFERENCES b (id)", "ALTER TABLE loose ADD FOREIGN KEY (v) REFERENCES par (id) NOT VALID", "ALTER TABLE par ADD FOREIGN KEY (v) REFERENCES ref1 (id)",
    "ALTER TABLE ref2 VALIDATE CONSTRAINT late", "ALTER TABLE k1 VALIDATE CONSTRAINT small", "ALTER TABLE ref2 DROP CONSTRAINT late", "ALTER TABLE ofpar DROP CONSTRAINT ofpar_par_id_fkey", "ALTER TABLE par DROP CONSTRAINT par_b_id_fkey",
    "ALTER TABLE ref1 DROP CONSTRAINT ref1_pkey CASCADE", "ALTER TABLE par DROP CONSTRAINT par_pkey CASCADE", "ALTER TABLE ref2 ALTER CONSTRAINT late DEFERRABLE",
    "ALTER TABLE ref2 RENAME CONSTRAINT late TO later", "ALTER TABLE k1 RENAME CONSTRAINT k1_x_check TO kk",
    "ALTER TABLE par ATTACH PARTITION loose FOR VALUES FROM (300) TO (400)", "ALTER TABLE par DETACH PARTITION par2", "ALTER TABLE par DETACH PARTITION pard", "ALTER TABLE p DETACH PARTITION p1",
    "ALTER TABLE par1 DETACH PARTITION par1a", "CREATE TABLE par3 PARTITION OF par FOR VALUES FROM (200) TO (300)", "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200)",
    "CREATE TABLE h2 (LIKE h INCLUDING ALL)", "CREATE TABLE k4 () INHERITS (k1)", "ALTER TABLE k3 NO INHERIT k2", "ALTER TABLE k2 INHERIT k1", "CREATE TABLE n (x int REFERENCES par (id), y int REFERENCES ref1 (k))",
    "CREATE TABLE n AS SELECT * FROM v2", "CREATE TABLE n (s serial, i int GENERATED ALWAYS AS IDENTITY)", "CREATE TEMP TABLE n (x int)", "SELECT * INTO n FROM a",
    "DROP TABLE par", "DROP TABLE par CASCADE", "DROP TABLE par1 CASCADE", "DROP TABLE par1a", "DROP TABLE pard", "DROP TABLE ref1 CASCADE", "DROP TABLE ref3", "DROP TABLE ofpar", "DROP TABLE b CASCADE", "DROP TABLE k1 CASCADE",
    "DROP TABLE k3", "DROP TABLE ref3, ref2", "DROP TABLE IF EXISTS nothing", "DROP TABLE a CASCADE", "DROP TABLE p, h",
    "TRUNCATE ref1 CASCADE", "TRUNCATE par CASCADE", "TRUNCATE k1", "TRUNCATE ONLY k1", "TRUNCATE counts RESTART IDENTITY", "TRUNCATE b, inh",
    "DROP VIEW vk CASCADE", "DROP VIEW v2 CASCADE", "DROP MATERIALIZED VIEW mvk", "CREATE OR REPLACE VIEW vk AS SELECT x FROM k1 WHERE x > 0", "CREATE VIEW vn AS SELECT * FROM v4",
    "REFRESH MATERIALIZED VIEW mvk", "REFRESH MATERIALIZED VIEW CONCURRENTLY mvk", "ALTER VIEW vk ALTER COLUMN x SET DEFAULT 1", "ALTER VIEW v2 RENAME TO v22", "CREATE MATERIALIZED VIEW nm AS SELECT * FROM vvk",
    "ALTER MATERIALIZED VIEW mvk RENAME COLUMN x TO y",
    "DROP SEQUENCE free CASCADE", "ALTER SEQUENCE free RESTART", "ALTER SEQUENCE free OWNED BY loose.id", "CREATE SEQUENCE ns OWNED BY loose.id", "DROP SEQUENCE sq", "ALTER SEQUENCE sq RENAME TO sqq", "DROP SEQUENCE b_id_seq CASCADE",
    "DROP TYPE mood CASCADE", "DROP DOMAIN pos CASCADE", "DROP DOMAIN em", "DROP TYPE node CASCADE", "DROP TYPE addr CASCADE", "ALTER TYPE mood ADD VALUE 'new'", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER TYPE node ADD ATTRIBUTE z int CASCADE", "ALTER TYPE node RENAME ATTRIBUTE l TO ll CASCADE", "ALTER DOMAIN deep ADD CONSTRAINT dd CHECK (VALUE > -5)", "ALTER DOMAIN deep SET NOT NULL",
    "ALTER DOMAIN deep ADD CONSTRAINT dd CHECK (VALUE > -5) NOT VALID", "ALTER DOMAIN pos DROP CONSTRAINT pos_check", "ALTER DOMAIN pos SET DEFAULT 1", "ALTER TYPE addr RENAME TO address", "CREATE TYPE fresh AS ENUM ('a')",
    "DROP FUNCTION trf() CASCADE", "DROP FUNCTION chk(int) CASCADE", "DROP FUNCTION only_reads(int) CASCADE", "DROP FUNCTION f2 CASCADE", "DROP PROCEDURE pr", "DROP AGGREGATE mysum(int)", "CREATE OR REPLACE FUNCTION trf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP SCHEMA other CASCADE", "DROP SCHEMA s CASCADE", "ALTER SCHEMA other RENAME TO another", "DROP OPERATOR === (int, int)", "DROP COLLATION cl CASCADE", "DROP TEXT SEARCH CONFIGURATION tc",
    "CREATE INDEX n ON par (v)", "CREATE INDEX n ON ONLY par (v)", "CREATE UNIQUE INDEX n ON k1 (x)", "CREATE INDEX IF NOT EXISTS bi ON b (id)", "DROP INDEX bi", "DROP INDEX p_v_idx", "DROP INDEX uses_i", "ALTER INDEX bi RENAME TO bii", "ALTER INDEX bi SET (fillfactor = 70)",
    "REINDEX INDEX bi", "REINDEX TABLE b", "CLUSTER k1 USING cl", "CLUSTER k1", "ALTER TABLE k1 SET WITHOUT CLUSTER", "ALTER TABLE k1 CLUSTER ON cl", "ANALYZE k1", "ANALYZE",
    "CREATE TRIGGER n BEFORE INSERT ON par FOR EACH ROW EXECUTE FUNCTION trf()", "CREATE TRIGGER n BEFORE INSERT ON loose FOR EACH ROW EXECUTE FUNCTION trf()", "DROP TRIGGER tpar ON par", "ALTER TRIGGER t1 ON a RENAME TO t11",
    "ALTER TABLE par DISABLE TRIGGER tpar", "ALTER TABLE b ENABLE TRIGGER ALL", "CREATE CONSTRAINT TRIGGER n AFTER INSERT ON loose FROM b FOR EACH ROW EXECUTE FUNCTION trf()",
    "CREATE RULE n AS ON DELETE TO loose DO ALSO DELETE FROM ref3", "DROP RULE rl ON v1", "CREATE POLICY n ON par USING (EXISTS (SELECT FROM ref1))", "DROP POLICY po ON a", "ALTER POLICY po ON a USING (true)", "ALTER TABLE par ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE a FORCE ROW LEVEL SECURITY", "ALTER TABLE b REPLICA IDENTITY FULL", "ALTER TABLE b SET (fillfactor = 60)", "ALTER TABLE v2 SET (security_barrier = false)", "ALTER VIEW v2 SET (security_barrier = false)",
    "ALTER TABLE counts OWNER TO truss_locks", "ALTER TABLE counts SET SCHEMA other", "ALTER TABLE par SET SCHEMA other", "ALTER TABLE k1 RENAME TO kk1", "ALTER TABLE loose SET UNLOGGED", "ALTER TABLE counts SET UNLOGGED", "ALTER TABLE loose OF node",
    "GRANT SELECT ON a, b TO public", "REVOKE ALL ON ALL TABLES IN SCHEMA s FROM public", "COMMENT ON TABLE par IS 'x'", "COMMENT ON COLUMN a.code IS 'x'", "COMMENT ON CONSTRAINT a_tot ON a IS 'x'", "COMMENT ON TRIGGER t1 ON a IS 'x'", "COMMENT ON TYPE mood IS 'x'",
    "CREATE PUBLICATION n FOR TABLE par, k1", "ALTER PUBLICATION pub ADD TABLE ref1", "ALTER PUBLICATION pub SET TABLE a", "DROP PUBLICATION pub", "CREATE STATISTICS n ON x, y FROM b", "DROP STATISTICS st", "DROP STATISTICS st2",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO public", "LOCK par IN SHARE MODE", "LOCK v1", "LOCK ONLY k1 IN EXCLUSIVE MODE", "SELECT only_reads(1)", "SELECT does()", "CALL calls()", "SELECT * FROM a FOR UPDATE",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE s.' || 'loose ADD z int'; END $$", "DO $$ BEGIN ALTER TABLE s.loose ADD z int; END $$", "INSERT INTO v2 VALUES (1)", "UPDATE b SET x = 1", "DELETE FROM ref1", "INSERT INTO par VALUES (1)", "UPDATE b SET x = does_not() WHERE false",
    "UPDATE loose SET v = only_reads(v)", "DROP OWNED BY truss_locks", "REASSIGN OWNED BY truss_locks TO CURRENT_USER", "PREPARE q AS SELECT * FROM a", "EXPLAIN SELECT * FROM a", "CREATE EXTENSION IF NOT EXISTS plpgsql", "COPY a TO STDOUT",
    "CREATE SCHEMA fresh CREATE TABLE x (id int REFERENCES s.ref1 (id))", "DROP LANGUAGE plpgsql CASCADE", "DROP ROLE IF EXISTS nobody", "SET CONSTRAINTS ALL IMMEDIATE", "ALTER FUNCTION f1 (int, int, OUT int) VOLATILE", "CREATE EVENT TRIGGER n ON ddl_command_start EXECUTE FUNCTION nothing()",
    "MERGE INTO ref3 USING ref2 ON ref3.id = ref2.id WHEN MATCHED THEN DELETE",
]

# What is locked on the other side: of a foreign key, of a parent, of what is read.
SIDES = """CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE t1 (uid int REFERENCES users); CREATE TABLE t2 (uid int REFERENCES users); CREATE TABLE t3 (uid int REFERENCES users);
CREATE TABLE users2 (id int PRIMARY KEY); CREATE TABLE c2 (uid int REFERENCES users2); CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE pc (id int REFERENCES p); CREATE VIEW pv AS SELECT * FROM p;
CREATE TABLE q (id int PRIMARY KEY); CREATE TABLE qc (id int REFERENCES q); CREATE TABLE parent (id int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parent FOR VALUES IN (1);
CREATE TABLE inhp (id int); CREATE TABLE inhc () INHERITS (inhp); CREATE TYPE mood AS ENUM ('a'); CREATE TABLE tm (m mood, x int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE tf (x int); CREATE TRIGGER g BEFORE INSERT ON tf FOR EACH ROW EXECUTE FUNCTION f();
CREATE TABLE vp (id int PRIMARY KEY); CREATE TABLE v (x int); ALTER TABLE v ADD CONSTRAINT v_fk FOREIGN KEY (x) REFERENCES vp NOT VALID; CREATE SEQUENCE s; CREATE TABLE ts (id int DEFAULT nextval('s'));
CREATE TABLE users3 (id int PRIMARY KEY); CREATE TABLE c3 (uid int REFERENCES users3); CREATE TABLE vw (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE vw1 PARTITION OF vw DEFAULT;
CREATE TABLE w (x int); ALTER TABLE w ADD CONSTRAINT w_fk FOREIGN KEY (x) REFERENCES vw NOT VALID; ALTER TABLE inhp ADD CONSTRAINT late CHECK (id > 0) NOT VALID;
CREATE TABLE deep (k int, v int) PARTITION BY LIST (k); CREATE TABLE deep1 PARTITION OF deep FOR VALUES IN (1) PARTITION BY LIST (v); CREATE TABLE deep1a PARTITION OF deep1 FOR VALUES IN (1); CREATE TABLE alone (k int, v int);
CREATE TABLE read (id int); CREATE TABLE heir () INHERITS (read); CREATE VIEW rv AS SELECT * FROM read; CREATE MATERIALIZED VIEW first AS SELECT * FROM rv; CREATE MATERIALIZED VIEW second AS SELECT * FROM first;
CREATE UNIQUE INDEX ON second (id); CREATE INDEX whole ON ONLY parent (id); CREATE INDEX of_part ON part1 (id); CREATE PUBLICATION pub FOR TABLE read, tm;"""
OF_SIDES = ["DROP TABLE t1", "ALTER TABLE t2 DROP CONSTRAINT t2_uid_fkey", "ALTER TABLE t3 DROP COLUMN uid", "ALTER TABLE users2 DROP CONSTRAINT users2_pkey CASCADE", "DROP TABLE p CASCADE", "TRUNCATE q CASCADE",
    "DROP TABLE part1", "ALTER TABLE inhp ADD COLUMN x int", "DROP TYPE mood CASCADE", "DROP FUNCTION f() CASCADE", "ALTER TABLE v VALIDATE CONSTRAINT v_fk", "ALTER TABLE w VALIDATE CONSTRAINT w_fk",
    "ALTER TABLE inhp VALIDATE CONSTRAINT late", "DROP SEQUENCE s CASCADE", "ALTER TABLE users3 ALTER COLUMN id TYPE bigint", "ALTER TABLE deep1 DETACH PARTITION deep1a", "ALTER TABLE deep1 ATTACH PARTITION alone FOR VALUES IN (2)",
    "CREATE TABLE deep1b PARTITION OF deep1 FOR VALUES IN (2)", "REFRESH MATERIALIZED VIEW first", "REFRESH MATERIALIZED VIEW CONCURRENTLY second", "REFRESH MATERIALIZED VIEW first WITH NO DATA", "ANALYZE read", "ANALYZE parent",
    "ALTER INDEX whole ATTACH PARTITION of_part", "ALTER PUBLICATION pub SET TABLE q", "ALTER PUBLICATION pub ADD TABLE q", "ALTER PUBLICATION pub DROP TABLE tm"]

# Views of views, partitions of partitions, keys that cascade: with the rows that make each of them happen.
ROWS = """CREATE TABLE top (id int PRIMARY KEY, code int UNIQUE, free text); CREATE TABLE checked (id int PRIMARY KEY, top_id int REFERENCES top, n int);
CREATE TABLE gone (id int PRIMARY KEY, top_id int REFERENCES top ON DELETE CASCADE ON UPDATE CASCADE); CREATE TABLE below (id int PRIMARY KEY, gone_id int REFERENCES gone ON DELETE CASCADE);
CREATE TABLE emptied (id int PRIMARY KEY, code int UNIQUE REFERENCES top (code) ON DELETE SET NULL ON UPDATE CASCADE); CREATE TABLE beside (code int REFERENCES emptied (code) ON UPDATE CASCADE);
CREATE TABLE fallen (id int PRIMARY KEY, top_id int DEFAULT 9 REFERENCES top ON DELETE SET DEFAULT); CREATE TABLE own (id int PRIMARY KEY, up int REFERENCES own ON DELETE CASCADE);
CREATE TABLE tree (id int, v int); CREATE TABLE twig () INHERITS (tree); CREATE TABLE leaf () INHERITS (twig);
CREATE TABLE whole (k int, v int, top_id int REFERENCES top, PRIMARY KEY (k)) PARTITION BY RANGE (k); CREATE TABLE w1 PARTITION OF whole FOR VALUES FROM (0) TO (10) PARTITION BY LIST (k);
CREATE TABLE w1a PARTITION OF w1 FOR VALUES IN (1); CREATE TABLE w1b PARTITION OF w1 DEFAULT; CREATE TABLE w2 PARTITION OF whole FOR VALUES FROM (10) TO (20); CREATE TABLE of_whole (k int REFERENCES whole ON DELETE CASCADE);
CREATE TABLE of_parts (id int, k int REFERENCES whole) PARTITION BY LIST (id); CREATE TABLE op1 PARTITION OF of_parts DEFAULT; CREATE TABLE plain (id int PRIMARY KEY, v int); CREATE TABLE looked (id int);
CREATE VIEW near AS SELECT * FROM plain WHERE id NOT IN (SELECT id FROM looked); CREATE VIEW far AS SELECT id AS x, v AS y FROM near; CREATE VIEW keyed AS SELECT id AS key, top_id AS up FROM checked;
CREATE VIEW joined AS SELECT plain.id, looked.id AS other FROM plain JOIN looked USING (id); CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON joined FOR EACH ROW EXECUTE FUNCTION nothing(); CREATE VIEW whole_v AS SELECT * FROM whole;
CREATE SEQUENCE loose; CREATE TABLE counted (a serial, b int GENERATED BY DEFAULT AS IDENTITY, c int DEFAULT nextval('loose'), d int);
CREATE TABLE moved (id int PRIMARY KEY, top_id int REFERENCES top, n int); CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.top_id := 9; RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON moved FOR EACH ROW EXECUTE FUNCTION moves(); CREATE TABLE made (base int, top_id int GENERATED ALWAYS AS (base) STORED REFERENCES top);
INSERT INTO top VALUES (1, 1), (2, 2), (9, 9); INSERT INTO checked VALUES (1, 2); INSERT INTO gone VALUES (1, 1); INSERT INTO below VALUES (1, 1); INSERT INTO emptied VALUES (1, 1); INSERT INTO beside VALUES (1);
INSERT INTO fallen VALUES (1, 1); INSERT INTO own VALUES (1, NULL), (2, 1); INSERT INTO tree VALUES (1); INSERT INTO leaf VALUES (1); INSERT INTO whole VALUES (1, 1, 2), (2, 1, 2), (11, 1, 2);
INSERT INTO of_whole VALUES (1); INSERT INTO of_parts VALUES (1, 11); INSERT INTO plain VALUES (1, 1); INSERT INTO looked VALUES (5); INSERT INTO moved VALUES (1, 2); INSERT INTO made VALUES (9);"""
CHANGES = ["INSERT INTO far VALUES (2, 2)", "UPDATE far SET y = 3", "DELETE FROM near", "INSERT INTO joined VALUES (1, 1)", "UPDATE joined SET id = 2", "DELETE FROM joined", "INSERT INTO keyed VALUES (2, 1)",
    "UPDATE keyed SET up = 1", "UPDATE whole_v SET v = 2 WHERE k = 1", "INSERT INTO plain SELECT x + 1, y FROM far", "INSERT INTO looked SELECT id FROM joined", "SELECT * FROM far FOR UPDATE", "SELECT * FROM tree",
    "INSERT INTO checked VALUES (2, 1)", "UPDATE checked SET n = 1", "UPDATE checked SET top_id = 1", "DELETE FROM checked", "DELETE FROM top WHERE id = 1", "UPDATE top SET free = 'x'", "UPDATE top SET code = 7 WHERE id = 1",
    "DELETE FROM gone", "DELETE FROM own WHERE id = 1", "UPDATE moved SET n = 2", "UPDATE made SET base = 2", "WITH x AS (DELETE FROM below RETURNING id) INSERT INTO looked SELECT id FROM x",
    "INSERT INTO checked VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET top_id = 1", "INSERT INTO plain VALUES (1, 2) ON CONFLICT DO NOTHING",
    "UPDATE tree SET v = 1", "UPDATE ONLY tree SET v = 1", "DELETE FROM tree", "INSERT INTO tree VALUES (2)", "DELETE FROM twig", "UPDATE whole SET v = 2", "UPDATE whole SET k = 12 WHERE k = 2", "DELETE FROM whole WHERE k = 1",
    "INSERT INTO whole VALUES (3, 1, 2), (12, 1, 2), (0, 1, 1)", "INSERT INTO w1a (k) SELECT 1 WHERE false", "DELETE FROM w2 WHERE k = 15", "INSERT INTO of_whole VALUES (2)", "INSERT INTO of_parts VALUES (2, 2)", "COPY whole (k) FROM '/dev/null'",
    "INSERT INTO counted DEFAULT VALUES", "INSERT INTO counted (a, b, d) VALUES (1, 1, 1)", "INSERT INTO counted (a, b, c) VALUES (1, DEFAULT, 1)", "INSERT INTO counted (a, b, c) VALUES (1, 2, 3)", "EXPLAIN DELETE FROM whole", "EXPLAIN INSERT INTO checked VALUES (7, 1)",
    (15, "MERGE INTO checked c USING plain p ON c.id = p.id WHEN MATCHED THEN UPDATE SET top_id = 1 WHEN NOT MATCHED THEN INSERT (id, top_id) VALUES (p.id, 1)"), (15, "MERGE INTO gone g USING far f ON g.id = f.x WHEN MATCHED THEN DELETE")]
# The plan does not know which rows are met, nor which columns of a table those of a view are.
MORE_THAN_HELD = {
    "COPY whole (k) FROM '/dev/null'": {"top": "ROW SHARE", "w1": "ROW EXCLUSIVE", "w1a": "ROW EXCLUSIVE", "w1b": "ROW EXCLUSIVE", "w2": "ROW EXCLUSIVE"},
    "DELETE FROM w2 WHERE k = 15": {"of_parts": "ROW SHARE", "of_whole": "ROW EXCLUSIVE", "op1": "ROW SHARE"}, "DELETE FROM whole WHERE k = 1": {"w1b": "ROW EXCLUSIVE", "w2": "ROW EXCLUSIVE"},
    "INSERT INTO counted (a, b, c) VALUES (1, DEFAULT, 1)": {"counted_a_seq": "ROW EXCLUSIVE", "loose": "ROW EXCLUSIVE"}, "INSERT INTO of_parts VALUES (2, 2)": {"w1a": "ROW SHARE", "w2": "ROW SHARE"},
    "INSERT INTO of_whole VALUES (2)": {"w1a": "ROW SHARE", "w2": "ROW SHARE"}, "INSERT INTO w1a (k) SELECT 1 WHERE false": {"top": "ROW SHARE", "w1": "ACCESS SHARE", "whole": "ACCESS SHARE"},
    "INSERT INTO whole VALUES (3, 1, 2), (12, 1, 2), (0, 1, 1)": {"w1a": "ROW EXCLUSIVE"}, "SELECT * FROM far FOR UPDATE": {"looked": "ROW SHARE"}, "UPDATE whole SET k = 12 WHERE k = 2": {"w1a": "ROW EXCLUSIVE"},
    "UPDATE whole_v SET v = 2 WHERE k = 1": {"of_parts": "ROW SHARE", "of_whole": "ROW SHARE", "op1": "ROW SHARE", "top": "ROW SHARE", "w1b": "ROW EXCLUSIVE", "w2": "ROW EXCLUSIVE"}}


def bare(name):
    """The plan says what the statement says, the catalogue may add the schema: here a name is in one of them only."""
    return name.removeprefix("public.").removeprefix("s.")


def strong(locks):
    return {name: mode for name, mode in locks.items() if STRENGTH.index(mode) >= SHARE}


# What the plan leaves out: the sequence of a default, which only the rows of a rewritten table ask; what is not a plan's, but refused.
LEFT_OUT = ["ALTER TABLE t ADD COLUMN new int DEFAULT nextval('seq'): ROW EXCLUSIVE on seq (said nothing)", "COPY a TO STDOUT: ACCESS SHARE on a (said nothing)"]
# What the plan says too much: it does not ask whether a column is there already, nor which triggers a partition's key has.
FALSE = ["ALTER TABLE k1 ADD COLUMN IF NOT EXISTS x int: ACCESS EXCLUSIVE on k2 (held nothing)",
         "ALTER TABLE k1 ADD COLUMN IF NOT EXISTS x int: ACCESS EXCLUSIVE on k3 (held nothing)",
         "DROP TABLE par1 CASCADE: ACCESS EXCLUSIVE on b (held nothing)"]
UNKNOWN = ["SELECT does()", "CALL calls()", "CREATE SCHEMA fresh CREATE TABLE x (id int REFERENCES s.ref1 (id))",
           "DO $$ BEGIN EXECUTE 'ALTER TABLE s.' || 'loose ADD z int'; END $$",
           "DROP OWNED BY truss_locks", "REASSIGN OWNED BY truss_locks TO CURRENT_USER", "UPDATE b SET x = does_not() WHERE false"]
# On the server, for what depends on it or is not so. The plan is made all the same.
FAILING = ["ALTER TABLE k2 INHERIT k1", "DROP TABLE par", "DROP TABLE par1a", "DROP TABLE pard", "TRUNCATE b, inh", "ALTER TABLE loose OF node", "INSERT INTO v2 VALUES (1)",
           "UPDATE b SET x = 1", "UPDATE b SET x = does_not() WHERE false", "DROP LANGUAGE plpgsql CASCADE", "CREATE EVENT TRIGGER n ON ddl_command_start EXECUTE FUNCTION nothing()"]


class PlanLocks(Staying):
    parameters = {}  # of the connections of the worker, and of what is held against it

    def planned(self, statements, path=None):
        """What the plan says of each: ({relation: lock}, unknown)."""
        rpc = self.stay(url=self.url(**self.parameters))
        for number, sql in enumerate(statements):
            self.files.add(f"{number:05}", (f"SET search_path = {path};\n" if path else "") + sql + ";")
        answers = []
        for number in range(len(statements)):
            plan = rpc.call("MigrationService", "Plan", {"migrations": [f"{number:05}"], "allow_out_of_order": True})
            listed = [one for migration in plan.migrations for step in migration.steps for one in step.statements]
            locks = collections.defaultdict(str)
            for lock in (lock for one in listed for lock in one.locks):
                locks[bare(lock.relation)] = max(locks[bare(lock.relation)], lock.mode, key=STRENGTH.index)
            answers.append((dict(locks), any(one.unknown for one in listed)))
        return answers

    def held(self, statements, path="public"):
        """What each holds before its transaction is rolled back; None where it fails."""
        script = f"SET client_min_messages = error; SET search_path = {path};\n\\set ON_ERROR_STOP off\n"
        for number, sql in enumerate(statements):
            script += f"BEGIN;\n\\o /dev/null\n{sql};\n\\o\n\\echo '#{number}' :ERROR\n{HELD};\nROLLBACK;\n"
        found, number = [None] * len(statements), None
        for row in self.psql_rows(script):
            if row[0].startswith("#"):
                number = int(row[0].split()[0][1:])
                found[number] = None if row[0].endswith("true") else {}
            elif number is not None and found[number] is not None:
                found[number][bare(row[0])] = max((MODES[mode] for mode in row[1].split()), key=STRENGTH.index)
        return found

    def psql_rows(self, script):
        out = subprocess.run(["psql", "-XqAt", "-F\x1f", self.url(**self.parameters)], input=script, text=True, capture_output=True, timeout=120)
        return [line.split("\x1f") for line in out.stdout.splitlines() if line]

    def compare(self, statements, path=None, false_ones=(), unknown_ones=(), failing=()):
        """Nothing is missing; what is too much, unknown, or fails on the server is listed by who calls."""
        statements = todays(statements, 10)
        planned = self.planned(statements, path)
        held = self.held(statements, path or "public")
        missing, false, unread, failed = [], [], [], []
        for sql, (said, unknown), real in zip(statements, planned, held):
            if unknown:
                unread.append(sql)
            if real is None:
                failed.append(sql)
                continue
            for name, mode in real.items():
                if STRENGTH.index(said.get(name, "")) < STRENGTH.index(mode) and not unknown:
                    missing.append(f"{sql}: {mode} on {name} (said {said.get(name) or 'nothing'})")
            for name, mode in strong(said).items():
                if name in self.tables and STRENGTH.index(real.get(name, "")) < STRENGTH.index(mode):
                    false.append(f"{sql}: {mode} on {name} (held {real.get(name) or 'nothing'})")
        self.assertEqual([one for one in missing if one not in LEFT_OUT], [])
        self.assertEqual(sorted(false), sorted(one for one in false_ones if one.split(": ")[0] in statements))
        self.assertEqual(sorted(unread), sorted(set(unknown_ones) & set(statements)))
        self.assertEqual(sorted(failed), sorted(set(failing) & set(statements)))

    def remember(self):
        self.sql(BEFORE)
        self.tables = {bare(name) for name, in self.sql("SELECT name FROM truss_before")}

    def test_the_catalogue_of_statements(self):
        self.sql(test_effects.SETUP)
        version = int(self.sql("SHOW server_version_num")[0][0]) // 10000
        self.remember()
        samples = [one.sql for family in test_effects.FAMILIES.values() for one in family if one.since <= version <= one.until]
        self.compare(samples, unknown_ones=("ALTER TABLE t ADD COLUMN new int DEFAULT volatile_one()",))  # a function of anybody's runs for each row

    def test_the_snapshot_schema(self):
        with open(os.path.join(PLAN, "rich.sql"), encoding="utf-8") as file:
            self.sql(file.read())
        self.sql(MORE)
        self.remember()
        version = int(self.sql("SHOW server_version_num")[0][0]) // 10000
        self.compare([one if isinstance(one, str) else one[1] for one in STATEMENTS if isinstance(one, str) or one[0] <= version], "s, public", FALSE, UNKNOWN, FAILING)

    # ---- rows ----

    def test_a_change_of_rows_names_every_relation_that_it_locks(self):
        """Each mode counts here: what a view is made of, partitions and children, both sides of foreign keys, what these cascade to, sequences."""
        self.sql(ROWS)
        self.sql("ANALYZE")
        self.remember()
        version = int(self.sql("SHOW server_version_num")[0][0]) // 10000
        statements = [one if isinstance(one, str) else one[1] for one in CHANGES if isinstance(one, str) or one[0] <= version]
        planned, held = self.planned(statements), self.held(statements)
        self.assertEqual([sql for sql, real in zip(statements, held) if real is None], [])
        missing = [f"{sql}: {mode} on {name} (said {said.get(name) or 'nothing'})" for sql, (said, _), real in zip(statements, planned, held)
                   for name, mode in real.items() if STRENGTH.index(said.get(name, "")) < STRENGTH.index(mode)]
        more = {sql: {name: mode for name, mode in said.items() if STRENGTH.index(real.get(name, "")) < STRENGTH.index(mode)} for sql, (said, _), real in zip(statements, planned, held)}
        self.assertEqual(missing, [])
        expected = dict(MORE_THAN_HELD)
        if version < 15:  # a row that an update moves is deleted, and inserted elsewhere
            expected["UPDATE whole_v SET v = 2 WHERE k = 1"] = expected["UPDATE whole_v SET v = 2 WHERE k = 1"] | {"of_whole": "ROW EXCLUSIVE"}
        self.assertEqual({sql: names for sql, names in more.items() if names}, expected)
        self.assertEqual([sql for sql, (said, unknown) in zip(statements, planned) if unknown or strong(said)], [])

    def test_what_is_locked_on_the_other_side_is_named(self):
        """Each mode counts here, too."""
        self.sql(SIDES)
        self.remember()
        planned, held = self.planned(OF_SIDES), self.held(OF_SIDES)
        self.assertEqual([sql for sql, real in zip(OF_SIDES, held) if real is None], [])
        self.assertEqual([f"{sql}: {mode} on {name} (said {said.get(name) or 'nothing'})" for sql, (said, _), real in zip(OF_SIDES, planned, held)
                          for name, mode in real.items() if STRENGTH.index(said.get(name, "")) < STRENGTH.index(mode)], [])
        self.assertEqual({sql: more for sql, (said, _), real in zip(OF_SIDES, planned, held)
                          if (more := {name: mode for name, mode in said.items() if name in self.tables and STRENGTH.index(real.get(name, "")) < STRENGTH.index(mode)})},
                         # The bounds of the parent's parent are read where something else is compared with them.
                         {sql: {"deep": "ACCESS SHARE"} for sql in ("ALTER TABLE deep1 DETACH PARTITION deep1a", "CREATE TABLE deep1b PARTITION OF deep1 FOR VALUES IN (2)")})
        self.assertFalse(any(unknown for _, unknown in planned))

    def test_a_function_in_the_query_of_a_materialized_view_may_block(self):
        """Its own, or that of a view below it; a built-in one does not, nor does what another materialized view once called."""
        self.sql("CREATE TABLE t (x int); CREATE FUNCTION locks() RETURNS int LANGUAGE plpgsql AS 'BEGIN LOCK TABLE public.t IN SHARE MODE; RETURN 1; END'; CREATE MATERIALIZED VIEW own AS SELECT locks() AS x;"
                 "CREATE VIEW near AS SELECT locks() AS x; CREATE MATERIALIZED VIEW below AS SELECT * FROM near; CREATE MATERIALIZED VIEW over AS SELECT abs(x) FROM own; CREATE MATERIALIZED VIEW plain AS SELECT lower('A') FROM t")
        statements = [f"REFRESH MATERIALIZED VIEW {name}" for name in ("own", "below", "over", "plain", "own WITH NO DATA")]
        self.assertEqual([unknown for _, unknown in self.planned(statements)], [True, True, False, False, False])
        self.remember()
        self.assertEqual(["t" in strong(real) for real in self.held(statements)], [True, True, False, False, False])

    def test_who_has_the_other_table_of_a_foreign_key_that_is_validated_is_waited_for(self):
        """Also where the plan itself adds the key, and where a materialized view reads the table."""
        self.sql("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (user_id int); ALTER TABLE posts ADD CONSTRAINT late FOREIGN KEY (user_id) REFERENCES users NOT VALID;"
                 "CREATE VIEW near AS SELECT id FROM users; CREATE MATERIALIZED VIEW kept AS SELECT id FROM near")
        key = "ALTER TABLE posts ADD CONSTRAINT second FOREIGN KEY (user_id) REFERENCES users NOT VALID"
        say = self.talk()
        for scripts in (("ALTER TABLE posts VALIDATE CONSTRAINT late",), (key, "ALTER TABLE posts VALIDATE CONSTRAINT second"), ("REFRESH MATERIALIZED VIEW kept",)):
            rpc = self.serve(*scripts)
            self.assertNotIn("would wait", "\n".join(rpc.call("MigrationService", "Check").warnings), scripts)
            last = rpc.call("MigrationService", "Plan").migrations[-1].steps[-1].statements[-1]
            self.assertIn("users", [lock.relation for lock in last.locks], scripts)
            say("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            check = rpc.call("MigrationService", "Check")
            say("ROLLBACK")
            self.assertRegex("\n".join(check.warnings), "This run would wait for pid .* a lock on users", scripts)

    def test_of_many_partitions_the_first_are_listed_and_all_are_counted(self):
        """The other table of a foreign key comes before them; a plan of many such statements lists fewer of each."""
        self.sql("CREATE TABLE hub (id int PRIMARY KEY); INSERT INTO hub VALUES (1); CREATE TABLE par (id int, hub_id int REFERENCES hub) PARTITION BY LIST (id);"
                 + "".join(f"CREATE TABLE par{number:03} PARTITION OF par FOR VALUES IN ({number});" for number in range(300)))
        plan = self.serve("INSERT INTO par VALUES (1, 1);\n" * 50).call("MigrationService", "Plan")
        first, *_, last = plan.migrations[0].steps[0].statements
        more = "It also locks {} more relations that are not listed; these locks stop neither readers nor writers."
        self.assertEqual([(lock.relation, lock.mode) for lock in first.locks], [("par", "ROW EXCLUSIVE"), *((f"par{number:03}", "ROW EXCLUSIVE") for number in range(199)), ("hub", "ROW SHARE")])
        self.assertEqual((first.advice, last.advice), (more.format(101), more.format(296)))
        self.assertEqual([lock.relation for lock in last.locks], ["par", *(f"par{number:03}" for number in range(4)), "hub"])
        self.assertEqual((plan.blocks_reads, plan.blocks_writes, plan.unknown), (False, False, False))

    def test_a_foreign_key_that_the_plan_makes_locks_its_other_table_with_the_rows(self):
        self.sql("CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1)")
        plan = self.serve("CREATE TABLE n (u int REFERENCES users); INSERT INTO n VALUES (1);").call("MigrationService", "Plan")
        self.assertEqual([(lock.relation, lock.mode) for lock in plan.migrations[0].steps[0].statements[1].locks], [("users", "ROW SHARE")])

    # ---- statements that follow each other ----

    def all_at_once(self, *scripts):
        """The plan of all, and what a transaction holds that runs them one after the other, on what was there before."""
        plan = self.serve(*scripts).call("MigrationService", "Plan")
        said = collections.defaultdict(str)
        for lock in (lock for migration in plan.migrations for step in migration.steps for one in step.statements for lock in one.locks):
            said[bare(lock.relation)] = max(said[bare(lock.relation)], lock.mode, key=STRENGTH.index)
        real, = self.held([";\n".join(one.rstrip("; \n") for one in scripts)], '"$user", public')
        self.assertIsNotNone(real, scripts)
        return plan, {name: mode for name, mode in strong(said).items() if name in self.tables}, strong(real)

    def test_what_the_plan_makes_renames_and_drops_is_followed(self):
        self.sql("""CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE orders (id int PRIMARY KEY, u int REFERENCES users);
            CREATE TABLE par (id int, k int) PARTITION BY LIST (id); CREATE TABLE pard PARTITION OF par DEFAULT; CREATE TABLE loose (id int, k int);
            CREATE SCHEMA s; CREATE TABLE s.users (id int); CREATE VIEW v AS SELECT * FROM users; CREATE SEQUENCE sq; CREATE TYPE mood AS ENUM ('ok');""")
        self.remember()
        for scripts in (["CREATE INDEX i ON users (name)", "DROP INDEX i"],
                        ["CREATE INDEX ON users (name)", "DROP INDEX users_name_idx"],
                        ["ALTER TABLE users RENAME TO people", "ALTER TABLE people ADD COLUMN x int"],
                        ["ALTER TABLE users RENAME TO people", "CREATE TABLE users (id int)", "ALTER TABLE users ADD COLUMN y int", "DROP TABLE users"],
                        ["DROP VIEW v", "CREATE VIEW v AS SELECT 1 AS x", "DROP VIEW v"],
                        ["CREATE TABLE IF NOT EXISTS users (id int)", "ALTER TABLE users ADD COLUMN x int"],
                        ["CREATE OR REPLACE VIEW v AS SELECT * FROM users", "DROP VIEW v"],
                        ["CREATE TABLE n (u int REFERENCES users)", "DROP TABLE n"],
                        ["CREATE TABLE n (u int)", "ALTER TABLE n ADD CONSTRAINT f FOREIGN KEY (u) REFERENCES users", "ALTER TABLE n DROP CONSTRAINT f"],
                        ["ALTER TABLE loose ADD CONSTRAINT f FOREIGN KEY (k) REFERENCES users", "ALTER TABLE loose DROP COLUMN k"],
                        ["CREATE TABLE p1 PARTITION OF par FOR VALUES IN (1)", "DROP TABLE p1"],
                        ["ALTER TABLE par ATTACH PARTITION loose FOR VALUES IN (7)", "ALTER TABLE par ADD COLUMN z int"],
                        ["CREATE TABLE kid () INHERITS (users)", "ALTER TABLE users ADD COLUMN z int", "DROP TABLE kid"],
                        ["SET search_path = s", "ALTER TABLE users ADD COLUMN x int"],
                        ["SELECT set_config('search_path', 's', false)", "ALTER TABLE users ADD COLUMN x int"],
                        ["SET search_path = s; RESET search_path", "ALTER TABLE users ADD COLUMN x int"],
                        ["ALTER TABLE loose SET SCHEMA s", "ALTER TABLE s.loose ADD COLUMN x int"],
                        ["ALTER SCHEMA s RENAME TO t", "ALTER TABLE t.users ADD COLUMN x int"],
                        ["ALTER TABLE orders RENAME COLUMN u TO user_id", "ALTER TABLE orders DROP COLUMN user_id"],
                        ["ALTER TABLE orders RENAME CONSTRAINT orders_u_fkey TO o", "ALTER TABLE orders DROP CONSTRAINT o"],
                        ["DROP TABLE users CASCADE", "CREATE TABLE users (id int PRIMARY KEY)", "CREATE INDEX i ON users (id)", "ALTER TABLE users ADD COLUMN x int"],
                        ["DROP SCHEMA s CASCADE", "CREATE SCHEMA s", "CREATE TABLE s.users (id int)", "ALTER TABLE s.users ADD COLUMN x int"],
                        ["CREATE TEMP TABLE users (id int)", "ALTER TABLE users ADD COLUMN x int", "DROP TABLE users"],
                        ["CREATE SEQUENCE sq2 OWNED BY loose.id", "DROP SEQUENCE sq2"],
                        ["CREATE TABLE big AS SELECT * FROM users", "TRUNCATE big", "ALTER TABLE big RENAME TO huge", "DROP TABLE huge"]):
            with self.subTest(scripts):
                plan, said, real = self.all_at_once(*scripts)
                self.assertFalse(plan.unknown)
                for name, mode in real.items():
                    self.assertGreaterEqual(STRENGTH.index(said.get(name, "")), STRENGTH.index(mode), name)
                self.assertEqual(set(said), set(real))

    def test_a_foreign_key_of_the_plan_hands_no_change_of_columns_to_its_other_table(self):
        self.sql("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE loose (id int, k int)")
        scripts = ["ALTER TABLE loose ADD CONSTRAINT f FOREIGN KEY (k) REFERENCES users", "ALTER TABLE loose ADD COLUMN x int",
                   "ALTER TABLE loose ALTER k SET NOT NULL", "ALTER TABLE users ADD COLUMN y int", "ALTER TABLE loose DROP COLUMN k"]
        plan = self.serve(*scripts).call("MigrationService", "Plan")
        self.assertEqual([sorted(lock.relation for lock in one.steps[0].statements[0].locks) for one in plan.migrations],
                         [["loose", "users"], ["loose"], ["loose"], ["users"], ["loose", "users"]])

    def test_on_an_empty_database_nothing_stops_anybody(self):
        plan = self.serve("""CREATE TABLE packages (id int primary key); CREATE INDEX packages_i ON packages (id); CREATE VIEW v AS SELECT 1 AS x;
            CREATE TABLE c AS SELECT 1 AS id; CREATE SEQUENCE s; CREATE TYPE mood AS ENUM ('ok'); CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';""", """DROP INDEX packages_i; ALTER TABLE packages RENAME TO crates; ALTER TABLE crates ADD COLUMN x int; DROP VIEW v; ALTER TABLE c ADD COLUMN y int;
            ALTER SEQUENCE s RESTART WITH 10; DROP TYPE mood CASCADE; SELECT f(); DO $$ BEGIN ALTER TABLE crates ADD z int; END $$; DROP TABLE IF EXISTS crates CASCADE;
            DO $$ BEGIN CREATE TEMP TABLE keep (id int) ON COMMIT DELETE ROWS; END $$; DELETE FROM c WHERE id IN (SELECT id FROM keep);""").call("MigrationService", "Plan")
        self.assertEqual([lock for migration in plan.migrations for step in migration.steps for one in step.statements for lock in one.locks], [])
        self.assertEqual((plan.blocks_reads, plan.blocks_writes, plan.unknown, plan.HasField("blocks_reads")), (False, False, False, True))
        self.assertIn("no statement stops readers or writers", plan.summary)
        self.assertEqual([one.advice for migration in plan.migrations for step in migration.steps for one in step.statements if "may block" in one.advice], [])

    # ---- what is listed is less than what is looked at ----

    def test_a_lock_behind_a_hundred_statements_is_found(self):
        self.sql("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int)")
        made = "".join(f"CREATE TABLE t{number} (id int);\n" for number in range(200))
        rpc = self.serve(made + "ALTER TABLE users ADD COLUMN x text;\nCREATE INDEX users_x ON users (x);\nDROP TABLE orders;\nALTER TABLE t199 ADD COLUMN y int;")
        plan = rpc.call("MigrationService", "Plan")
        step = plan.migrations[0].steps[0]
        self.assertEqual([(one.line, lock.relation, lock.mode) for one in step.statements for lock in one.locks],
                         [(201, "users", "ACCESS EXCLUSIVE"), (202, "users", "SHARE"), (203, "orders", "ACCESS EXCLUSIVE")])
        self.assertEqual((step.statement_count, len(step.statements), step.unlisted_count), (204, 103, 0))
        self.assertEqual((plan.blocks_reads, plan.blocks_writes), (True, True))
        shown = self.truss("plan", worker=self.process).stdout
        self.assertIn("ACCESS EXCLUSIVE on orders", shown)
        self.assertIn("201 other statements that lock nothing that exists", shown)
        for output in ("github", "sarif"):
            self.assertIn("ACCESS EXCLUSIVE on orders", self.truss("plan", "--output", output, worker=self.process).stdout)

    def test_more_locks_than_can_be_listed_are_counted(self):
        self.sql("CREATE TABLE users (id int)")
        rpc = self.serve("UPDATE users SET id = 1;\n" * 6000 + "DROP TABLE users;")
        plan = rpc.call("MigrationService", "Plan")
        step = plan.migrations[0].steps[0]
        self.assertEqual((step.statement_count, len(step.statements), step.unlisted_count), (6001, 5000, 1001))
        self.assertEqual((plan.blocks_reads, plan.blocks_writes, plan.unknown), (True, True, False))
        told = self.truss("plan", "--timeout", str(harness.PATIENCE), worker=self.process)
        self.assertIn("1001 other statements that lock what exists, or may; too many to list", told.stdout, told.stderr)

    def test_names_beyond_the_first_are_followed_as_those_before_them(self):
        """Behind the first names all others are loaded at once: what the plan has done to names by then stays done."""
        long = "l" * 63
        self.sql("".join(f"CREATE TABLE t{number} (id int);" for number in range(60)) + f"CREATE TABLE {long} (id int); CREATE SCHEMA other; "
                 "CREATE TABLE other.t0 (id int); CREATE TABLE other.t50 (id int);")
        script = "DROP TABLE t0; ALTER TABLE t1 RENAME TO moved; CREATE TABLE t0 (id int); CREATE TABLE fresh (id int);\n"
        script += "".join(f"ALTER TABLE t{number} ADD COLUMN x int;\n" for number in range(2, 50))
        script += "".join(f"ALTER TABLE {name} ADD COLUMN y int;\n" for name in ("t0", "moved", "fresh", "t50", "other.t50", "other.t0", long + "er", "nowhere"))
        step = self.serve(script).call("MigrationService", "Plan").migrations[0].steps[0]
        self.assertEqual([(one.line, lock.relation) for one in step.statements for lock in one.locks],
                         [(1, "t0"), (1, "t1"), *((number, f"t{number}") for number in range(2, 50)),
                          (51, "t1"), (53, "t50"), (54, "other.t50"), (55, "other.t0"), (56, long)])

    def test_a_reindex_stops_the_readers_of_its_table(self):
        """Its table is locked against writers only; but who plans a query opens every index of a table, and waits for these."""
        self.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.p (id int PRIMARY KEY) PARTITION BY RANGE (id);"
                 "CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (9)")
        parts = {"p": "SHARE", "p1": "SHARE", "p_pkey": "ACCESS EXCLUSIVE", "p1_pkey": "ACCESS EXCLUSIVE"}
        said = self.planned(["REINDEX TABLE t", "REINDEX TABLE s.p", "REINDEX SCHEMA s", "REINDEX TABLE CONCURRENTLY t"])
        self.assertEqual([locks for locks, _ in said], [{"t": "SHARE", "t_pkey": "ACCESS EXCLUSIVE"}, parts, parts, {"t": "SHARE UPDATE EXCLUSIVE"}])

    def test_a_vacuum_is_one_of_children_too_since_18(self):
        self.sql("CREATE TABLE up (id int); CREATE TABLE down () INHERITS (up)")
        version = int(self.sql("SHOW server_version_num")[0][0]) // 10000
        (locks, _), = self.planned(["VACUUM FULL up"])
        self.assertEqual(locks, {"up": "ACCESS EXCLUSIVE", **({"down": "ACCESS EXCLUSIVE"} if version >= 18 else {})})
        self.hold("BEGIN", "LOCK TABLE down IN ACCESS SHARE MODE")
        vacuum = subprocess.run(["psql", "-Xqc", "SET lock_timeout = 300", "-c", "VACUUM FULL up", self.url()], capture_output=True, text=True, check=False)
        self.assertEqual("lock timeout" in vacuum.stderr, version >= 18, vacuum.stderr)

    # ---- not known ----

    def test_what_is_not_known_may_block(self):
        self.sql("CREATE TABLE users (id int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN LOCK users; RETURN 1; END'; CREATE FUNCTION g() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
        for sql, named in (("DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD COLUMN y int'; END $$", []), ("UPDATE users SET id = f()", ["users"]), ("INSERT INTO users SELECT f()", ["users"]), ("SELECT f()", []), ("CALL p()", []),
                           ("SELECT pg_terminate_backend(1)", []), ("SELECT lo_unlink(1)", []),
                           ("DROP CAST (int AS text) CASCADE", [])):
            with self.subTest(sql):
                plan = self.serve(sql + ";").call("MigrationService", "Plan")
                one, = plan.migrations[0].steps[0].statements
                self.assertTrue(plan.unknown and one.unknown)
                self.assertEqual([lock.relation for lock in one.locks], named)
                self.assertFalse(plan.HasField("blocks_writes") and not plan.blocks_writes)
                self.assertRegex(plan.summary, "not known|may block")
                self.assertIn("may block", self.truss("plan", worker=self.process).stdout)
                self.assertRegex(self.truss("plan", "--json", worker=self.process).stdout, r'"blocks_reads":\s*(null|true)')
                self.assertIn("it may block readers and writers", self.truss("plan", "--output", "github", worker=self.process).stdout)
                self.assertIn("may-block", self.truss("plan", "--output", "sarif", worker=self.process).stdout)

    def test_a_name_behind_what_is_not_known_may_be_anything(self):
        """A DO block, a function or an EXECUTE may have renamed a table that exists: nobody can say that its new name locks nothing."""
        setup = "CREATE TABLE users (id int); CREATE FUNCTION renames() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''ALTER TABLE users RENAME TO people''; END';"
        for before, unknown in (("DO $$ BEGIN EXECUTE 'ALTER TABLE users RENAME TO ' || 'people'; END $$", True), ("SELECT renames()", True), ("CALL renames()", True),
                                ("PREPARE x AS SELECT renames(); EXECUTE x", True), ("CREATE TABLE people (id int)", False), ("CREATE EXTENSION pgcrypto; CREATE TABLE people (id int)", False)):
            for statement in ("ALTER TABLE people ADD name text", "DROP TABLE people", "CREATE INDEX ON people (id)", "INSERT INTO people VALUES (1)", "CREATE TABLE other (id int REFERENCES people)"):
                with self.subTest(f"{before}; {statement}"):
                    self.database = None
                    self.sql(setup)
                    plan = self.serve(f"{before}; {statement};").call("MigrationService", "Plan")
                    one = plan.migrations[0].steps[0].statements[-1]
                    self.assertEqual((one.unknown, list(one.locks)), (unknown, []))
                    self.assertEqual("may be something that an earlier statement has renamed" in one.advice, unknown)

    def test_what_was_not_read_is_not_called_harmless(self):
        plan = self.serve("CREATE TABLE t (id int); INSERT INTO t VALUES ('never closed);").call("MigrationService", "Plan")
        self.assertIn("cannot run", plan.refusal)
        self.assertRegex(plan.summary, r'^"[^"]+" cannot run\.$')
        self.assertTrue(plan.unknown)
        self.assertFalse(plan.HasField("blocks_reads") or plan.HasField("blocks_writes"))
        self.assertNotIn("no statement stops", plan.summary)

    def test_what_is_known_is_not_called_unknown(self):
        self.sql("CREATE TABLE users (id int); CREATE FUNCTION g() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
        plan = self.serve("UPDATE users SET id = g(); INSERT INTO users VALUES (floor(random() * 10)); SELECT pg_size_pretty(1::bigint);").call("MigrationService", "Plan")
        self.assertFalse(plan.unknown)
        self.assertTrue(plan.HasField("blocks_reads") and plan.HasField("blocks_writes"))
        self.assertFalse(plan.blocks_reads or plan.blocks_writes)

    def test_what_a_trigger_locks_is_read_or_may_block(self):
        """A change of rows fires triggers, by keys and partitions, too: their functions are read, and what is not harmless there is told."""
        self.sql("""CREATE TABLE audit (what text); CREATE TABLE other (id int); CREATE TABLE calm (id int PRIMARY KEY, n int); CREATE TABLE free (id int);
            CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := coalesce(NEW.n, (SELECT max(n) FROM calm)); INSERT INTO audit (what) VALUES (upper(TG_OP));
                IF (NEW.n > 1) THEN RAISE NOTICE ''LOCK TABLE other''; END IF; RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT OR UPDATE ON calm FOR EACH ROW EXECUTE FUNCTION calm();
            CREATE TABLE direct (id int); CREATE TABLE by_call (id int); CREATE TABLE by_text (id int); CREATE TABLE by_other (id int); CREATE TABLE off (id int);
            CREATE FUNCTION locks() RETURNS void LANGUAGE plpgsql AS 'BEGIN LOCK other; END';
            CREATE FUNCTION direct() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF true THEN LOCK TABLE other; END IF; RETURN NULL; END';
            CREATE FUNCTION by_call() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.locks(); RETURN NULL; END';
            CREATE FUNCTION by_text() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE ''LO'' || ''CK other''; RETURN NULL; END';
            CREATE FUNCTION by_other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO direct VALUES (1); RETURN NULL; END';
            CREATE TABLE up (id int PRIMARY KEY); CREATE TABLE down (id int REFERENCES up ON DELETE CASCADE);
            CREATE TABLE whole (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF whole DEFAULT""")
        for table, function in (("direct", "direct"), ("by_call", "by_call"), ("by_text", "by_text"), ("by_other", "by_other"), ("off", "direct"), ("down", "direct"), ("part", "direct")):
            self.sql(f"CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION {function}()" if table not in ("down", "part")
                     else f"CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
        self.sql("ALTER TABLE off DISABLE TRIGGER t; INSERT INTO up VALUES (1)")
        unknown = ["INSERT INTO direct VALUES (1)", "UPDATE by_call SET id = 2", "DELETE FROM by_text", "COPY by_other (id) FROM '/dev/null'", "DELETE FROM up WHERE id = 1",
                   "INSERT INTO whole VALUES (1)", "WITH x AS (INSERT INTO direct VALUES (1) RETURNING id) SELECT * FROM x"]
        known = ["INSERT INTO calm VALUES (1, 2)", "UPDATE calm SET n = 3", "INSERT INTO off VALUES (1)", "INSERT INTO free VALUES (1)", "EXPLAIN INSERT INTO direct VALUES (1)", "SELECT * FROM direct"]
        planned = self.planned(unknown + known)
        self.assertEqual([sql for sql, (_, is_unknown) in zip(unknown + known, planned) if is_unknown], unknown)
        # What these lock is what the plan could not have named.
        self.remember()
        held = self.held(unknown[:3] + known)
        self.assertTrue(all("ACCESS EXCLUSIVE" in one.values() for one in held[:3]), held)
        self.assertFalse(any(strong(one) for one in held[3:]), held)

    def test_what_a_rule_does_is_not_known_and_a_view_passes_changes_on(self):
        self.sql("""CREATE TABLE ruled (id int); CREATE TABLE part (id int); CREATE TABLE none (id int); CREATE TABLE off (id int); CREATE TABLE free (id int);
            CREATE TABLE below (id int); CREATE TABLE by_trigger (id int); CREATE VIEW one AS SELECT * FROM below; CREATE VIEW two AS SELECT * FROM one;
            CREATE VIEW calm AS SELECT * FROM free; CREATE FUNCTION locks() RETURNS void LANGUAGE plpgsql AS 'BEGIN LOCK free; END';
            CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK free; RETURN NULL; END';
            CREATE FUNCTION inserts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO ruled VALUES (1); RETURN NULL; END';
            CREATE TRIGGER t AFTER INSERT ON below EXECUTE FUNCTION fires(); CREATE TRIGGER t AFTER INSERT ON by_trigger EXECUTE FUNCTION inserts();
            CREATE RULE r AS ON INSERT TO ruled DO ALSO SELECT locks(); CREATE RULE r AS ON INSERT TO part WHERE new.id = 1 DO INSTEAD SELECT locks();
            CREATE RULE r AS ON INSERT TO none DO INSTEAD NOTHING; CREATE RULE r AS ON INSERT TO off DO ALSO SELECT locks(); ALTER TABLE off DISABLE RULE r""")
        unknown = [f"INSERT INTO {name} VALUES (1)" for name in ("ruled", "part", "two", "by_trigger")]
        known = [f"INSERT INTO {name} VALUES (1)" for name in ("none", "off", "calm", "free")]
        planned = self.planned(unknown + known)
        self.assertEqual([sql for sql, (_, is_unknown) in zip(unknown + known, planned) if is_unknown], unknown)
        self.remember()
        held = self.held(unknown + known)
        self.assertTrue(all("ACCESS EXCLUSIVE" in one.values() for one in held[:4]), held)
        self.assertFalse(any(strong(one) for one in held[4:]), held)

    def test_a_rule_that_the_plan_makes_may_block(self):
        self.sql("CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int)")
        plan = self.serve("CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM c; INSERT INTO a VALUES (1);"
                          "CREATE RULE r AS ON INSERT TO b DO INSTEAD NOTHING; INSERT INTO b VALUES (1);").call("MigrationService", "Plan")
        _, fires, _, nothing = plan.migrations[0].steps[0].statements
        self.assertTrue(fires.unknown)
        self.assertIn("rule", fires.advice)
        self.assertFalse(nothing.unknown)

    def test_a_trigger_that_the_plan_makes_may_block(self):
        self.sql("CREATE TABLE users (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK users; RETURN NULL; END'")
        plan = self.serve("CREATE TRIGGER t AFTER INSERT ON users EXECUTE FUNCTION f(); INSERT INTO users VALUES (1);").call("MigrationService", "Plan")
        _, insert = plan.migrations[0].steps[0].statements
        self.assertTrue(insert.unknown)
        self.assertIn("trigger", insert.advice)

    def test_what_defaults_checks_domains_and_views_call_may_block(self):
        """Those of the database and those of the plan; held against what each really locks."""
        loud = self.LOUD
        self.sql(f"""CREATE TABLE busy (id int); CREATE FUNCTION loud() RETURNS int {loud}; CREATE FUNCTION loud(int) RETURNS int {loud}; CREATE FUNCTION quiet() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
            CREATE FUNCTION chosen() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE busy; RETURN NEW; END';
            CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE DOMAIN dom AS int CHECK (loud(VALUE) = 1); CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1);
            CREATE TABLE d (id int DEFAULT loud(), v int); CREATE TABLE c (id int CHECK (loud(id) = 1), v int); CREATE TABLE o (id dom); CREATE VIEW w AS SELECT id, loud() AS f FROM t; CREATE VIEW over AS SELECT id FROM w;
            CREATE TABLE par (id int, v int DEFAULT loud()) PARTITION BY LIST (id); CREATE TABLE par1 PARTITION OF par FOR VALUES IN (1); CREATE TABLE trig (id int); INSERT INTO trig VALUES (1); CREATE TRIGGER x BEFORE INSERT OR DELETE ON trig FOR EACH ROW EXECUTE FUNCTION fired();
            CREATE TABLE k (id int PRIMARY KEY); INSERT INTO k VALUES (1); CREATE TABLE mild (id int); CREATE TRIGGER x BEFORE INSERT ON mild FOR EACH ROW EXECUTE FUNCTION calm(); INSERT INTO busy VALUES (1);
            CREATE TABLE fine (id int DEFAULT quiet(), u text DEFAULT md5(random()::text), n int DEFAULT chosen() CHECK (n > 0), s serial); CREATE VIEW seen AS SELECT id, quiet() FROM fine;""")
        self.remember()
        make = f"CREATE FUNCTION made() RETURNS int {loud};\n"
        blocking = ["INSERT INTO d (v) VALUES (1)", "INSERT INTO c VALUES (1)", "INSERT INTO o VALUES (1)", "INSERT INTO par VALUES (1)", "SELECT * FROM over", "SELECT * FROM w", "CREATE TABLE n AS SELECT * FROM w",
                    "INSERT INTO t SELECT * FROM w", "UPDATE t SET v = (SELECT f FROM w)", "ALTER TABLE t ADD z dom DEFAULT 1", "ALTER TABLE t ALTER v TYPE dom",
                    "CREATE TABLE n (LIKE d INCLUDING ALL);\nINSERT INTO n (v) VALUES (1)", "CREATE TABLE n () INHERITS (d);\nINSERT INTO n (v) VALUES (1)", "CREATE TABLE n (id dom);\nINSERT INTO n VALUES (1)",
                    "CREATE DOMAIN mine AS int DEFAULT loud();\nCREATE TABLE n (id mine);\nINSERT INTO n DEFAULT VALUES", "ALTER TABLE t ALTER v SET DEFAULT loud();\nINSERT INTO t (id) VALUES (1)",
                    "CREATE TABLE n (id int DEFAULT loud());\nINSERT INTO n DEFAULT VALUES", "CREATE VIEW n AS SELECT loud() FROM t;\nSELECT * FROM n", "CREATE OR REPLACE VIEW over AS SELECT id FROM t WHERE loud() = 1;\nSELECT * FROM over",
                    "CREATE VIEW n AS SELECT * FROM trig;\nINSERT INTO n VALUES (1)", "CREATE VIEW n AS SELECT * FROM trig;\nCREATE VIEW m AS SELECT * FROM n;\nINSERT INTO m VALUES (1)",
                    "ALTER TABLE trig ADD FOREIGN KEY (id) REFERENCES k ON DELETE CASCADE;\nDELETE FROM k",
                    make + "ALTER TABLE t ALTER v SET DEFAULT made();\nINSERT INTO t (id) VALUES (1)", make + "ALTER TABLE t ADD CHECK (made() = 1) NOT VALID;\nINSERT INTO t VALUES (1, 1)",
                    make.replace("made", "quiet").replace("CREATE", "CREATE OR REPLACE") + "INSERT INTO fine (u) VALUES (NULL)", make.replace("made", "quiet").replace("CREATE", "CREATE OR REPLACE") + "SELECT quiet()",
                    make.replace("made", "calm").replace("CREATE", "CREATE OR REPLACE").replace("int", "trigger", 1).replace("1;", "NEW;") + "INSERT INTO mild VALUES (1)"]
        known = ["INSERT INTO fine (n) VALUES (1)", "UPDATE fine SET n = 2", "SELECT * FROM seen", "INSERT INTO mild VALUES (1)", "INSERT INTO t SELECT n, n FROM fine", "EXPLAIN SELECT * FROM w", "CREATE VIEW n AS SELECT * FROM w",
                 "CREATE FUNCTION slug(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';\nUPDATE t SET v = length(slug('A'))", "CREATE FUNCTION made() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';\nUPDATE t SET v = made()",
                 "CREATE VIEW n AS SELECT * FROM t;\nUPDATE n SET v = 1", "CREATE TABLE n (id int DEFAULT quiet());\nINSERT INTO n DEFAULT VALUES", "ALTER TABLE d ADD z int"]
        self.agree(blocking, known)

    def agree(self, blocking, known):
        """What locks `busy` unseen is not known, the rest is."""
        statements = blocking + known
        for sql, (_, unknown), real in zip(statements, self.planned(statements), self.held(statements)):
            with self.subTest(sql):
                self.assertIsNotNone(real)
                self.assertEqual((unknown, "busy" in real), (sql in blocking,) * 2)

    LOUD = "LANGUAGE plpgsql AS 'BEGIN LOCK TABLE public.busy; RETURN 1; END'"

    def test_what_operators_and_domains_call_may_block(self):
        """Also without any table."""
        loud = self.LOUD.replace("1;", "true;")
        self.sql(f"""CREATE TABLE busy (id int); CREATE FUNCTION loud(int, int) RETURNS bool {loud}; CREATE FUNCTION still(int, int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN $1 = $2; END'; CREATE FUNCTION loud(int) RETURNS bool {loud};
            CREATE OPERATOR === (FUNCTION = loud, LEFTARG = int, RIGHTARG = int); CREATE OPERATOR ==== (FUNCTION = still, LEFTARG = int, RIGHTARG = int); CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 1);
            CREATE DOMAIN dom AS int CHECK (loud(VALUE)); CREATE DOMAIN above AS dom; CREATE DOMAIN over AS above CHECK (VALUE > 0); CREATE TABLE deep (id over); CREATE TABLE many (id over[]); CREATE TABLE checked (id int CHECK (id === 1));""")
        self.remember()
        make = f"CREATE FUNCTION made(int, int) RETURNS bool {loud};\nCREATE OPERATOR <=> (FUNCTION = made, LEFTARG = int, RIGHTARG = int);\n"
        self.agree(["SELECT 1 === 2", "SELECT * FROM t WHERE id OPERATOR(public.===) v", "UPDATE t SET v = 2 WHERE id === 1", "SELECT 1 === ANY (SELECT 2)", "SELECT 5::dom", "SELECT 5::over", "SELECT '{5}'::over[]", "INSERT INTO deep VALUES (1)",
                    "INSERT INTO many VALUES ('{1}')", "INSERT INTO checked VALUES (1)", make + "SELECT 1 <=> 2", make + "CREATE TABLE n (id int CHECK (id <=> 1));\nINSERT INTO n VALUES (1)", "CREATE TABLE n (id int CHECK (id === 1));\nINSERT INTO n VALUES (1)",
                    "ALTER TABLE t ADD CHECK (id === v)", "CREATE VIEW n AS SELECT id === v FROM t;\nSELECT * FROM n"],
                   ["SELECT 1 ==== 2", "SELECT 1 = 2 AND 3 BETWEEN 1 AND 4 AND 'a' LIKE 'b' AND 1 IN (1, 2)", "UPDATE t SET v = 2 WHERE id ==== 1", "SELECT 5::int", "EXPLAIN SELECT 5::dom", "CREATE TABLE n (id dom)", "SELECT '{5}'::int[]",
                    make.replace("LOCK TABLE busy;", "") + "SELECT 1 <=> 2"])

    def test_what_policies_call_may_block_who_is_under_them(self):
        role = f"{self.database}_reader"
        self.sql(f"""CREATE TABLE busy (id int); CREATE FUNCTION loud() RETURNS int {self.LOUD}; CREATE ROLE {role}; GRANT {role} TO app; CREATE TABLE t (id int); CREATE TABLE guarded (id int); INSERT INTO guarded VALUES (1); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON guarded USING (loud() = 1); CREATE TABLE plain (id int); INSERT INTO plain VALUES (1); ALTER TABLE plain ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON plain USING (id > 0 AND current_setting('a.b', true) IS NULL);
            CREATE TABLE mine (id int); INSERT INTO mine VALUES (1); ALTER TABLE mine OWNER TO {role}, ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON mine USING (loud() = 1); GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON SCHEMA public TO {role};""")
        self.addCleanup(lambda: self.sql(f"REASSIGN OWNED BY {role} TO app; DROP OWNED BY {role}; DROP ROLE {role}"))
        self.remember()
        self.sql(f"GRANT SELECT ON truss_before TO {role}")
        guarded = ["SELECT * FROM guarded", "UPDATE guarded SET id = 2", "INSERT INTO t SELECT id FROM guarded", "CREATE TABLE n AS SELECT * FROM guarded"]
        self.agree([], guarded + ["SELECT * FROM mine"])
        self.parameters = {"options": f"-crole%3D{role}"}
        self.agree(guarded, ["SELECT * FROM plain", "UPDATE plain SET id = 2", "SELECT * FROM mine", "INSERT INTO t VALUES (1)"])

    def test_what_aggregates_and_explicit_casts_call_may_block(self):
        """Also what a function calls that itself may not write."""
        loud = self.LOUD
        self.sql(f"""CREATE TABLE busy (id int); CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'a'); CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION loud() RETURNS int {loud}; CREATE FUNCTION loud(int, int) RETURNS int {loud};
            CREATE AGGREGATE noisy(int) (SFUNC = loud, STYPE = int, INITCOND = 0); CREATE AGGREGATE calm(int) (SFUNC = int4pl, STYPE = int, INITCOND = 0); CREATE FUNCTION last(int) RETURNS int {loud}; CREATE AGGREGATE ends(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = last, INITCOND = 0);
            CREATE FUNCTION ton(text) RETURNS mood {loud.replace("RETURN 1", "RETURN 'x'").replace("'x'", "''a''")}; CREATE CAST (text AS mood) WITH FUNCTION ton(text);
            CREATE FUNCTION wraps() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN loud(); END'; CREATE FUNCTION wraps_sql() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT loud()'; CREATE FUNCTION still() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN length(''a''); END';
            CREATE FUNCTION tenant() RETURNS text STABLE LANGUAGE sql AS 'SELECT current_setting(''a.b'', true)'; CREATE VIEW w AS SELECT noisy(id) FROM t; CREATE TABLE d (id int DEFAULT wraps(), v int);""")
        self.remember()
        make = f"CREATE FUNCTION made(int, int) RETURNS int {loud};\nCREATE AGGREGATE fresh(int) (SFUNC = made, STYPE = int, INITCOND = 0);\n"
        cast = f"CREATE FUNCTION made(mood) RETURNS int {loud};\nCREATE CAST (mood AS int) WITH FUNCTION made(mood);\n"
        self.agree(["SELECT noisy(id) FROM t", "SELECT noisy(id) OVER () FROM t", "SELECT ends(id) FROM t", "UPDATE t SET id = (SELECT noisy(id) FROM t)", "SELECT * FROM w", "SELECT v::mood FROM t", "SELECT CAST(v AS mood) FROM t", "CREATE TABLE n AS SELECT noisy(id) FROM t",
                    "SELECT wraps()", "SELECT wraps_sql()", "UPDATE t SET id = wraps()", "INSERT INTO d (v) VALUES (1)", make + "SELECT fresh(id) FROM t", cast + "SELECT 'a'::mood::int",
                    "CREATE VIEW n AS SELECT noisy(id) FROM t;\nSELECT * FROM n", "CREATE FUNCTION over() RETURNS int STABLE LANGUAGE sql AS 'SELECT loud()';\nSELECT over()"],
                   ["SELECT calm(id), count(*) FROM t", "SELECT 'a'::mood", "SELECT v::varchar, id::text FROM t", "SELECT still(), tenant()", "UPDATE t SET v = tenant()", make.replace("LOCK TABLE busy;", "") + "SELECT fresh(id) FROM t", "EXPLAIN SELECT noisy(id) FROM t"])

    def test_what_is_called_without_being_named_may_block(self):
        """An assignment cast and an operator class of an index."""
        loud = self.LOUD
        self.sql(f"""CREATE TABLE busy (id int); CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int, m mood); CREATE FUNCTION ton(int) RETURNS mood {loud.replace("RETURN 1", "RETURN ''a''")}; CREATE CAST (int AS mood) WITH FUNCTION ton(int) AS ASSIGNMENT;""")
        self.remember()
        self.agree(["INSERT INTO t (m) VALUES (1)", "UPDATE t SET m = id WHERE false OR 1 = 1"][:1], ["CREATE TABLE n (id int)", "ALTER TABLE t ADD x int"])
        self.database = None
        self.sql(f"""CREATE TABLE busy (id int); CREATE FUNCTION cmp(int, int) RETURNS int {loud.replace("RETURN 1", "RETURN btint4cmp($1, $2)")}; CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2);
            CREATE OPERATOR CLASS mine FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp(int, int); CREATE INDEX ON t (id mine)""")
        self.remember()
        self.agree(["INSERT INTO t VALUES (3)"], ["ALTER TABLE t ADD x int"])

    def test_row_security_that_the_plan_enables_counts_and_is_told(self):
        """Policies that exist; for rows that are changed, and that are read."""
        role = f"{self.database}_user"
        self.sql(f"""CREATE TABLE busy (id int); CREATE FUNCTION loud() RETURNS int {self.LOUD}; CREATE ROLE {role}; GRANT {role} TO app; CREATE TABLE t (id int); CREATE TABLE mine (id int); INSERT INTO mine VALUES (1); CREATE POLICY p ON mine USING (loud() = 1);
            CREATE TABLE quiet (id int); INSERT INTO quiet VALUES (1); CREATE POLICY p ON quiet USING (id > 0); ALTER TABLE mine OWNER TO {role}; ALTER TABLE quiet OWNER TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON SCHEMA public TO {role};
            CREATE TABLE others (id int); ALTER TABLE others ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON others USING (id > 0); GRANT ALL ON others TO {role}""")
        self.addCleanup(lambda: self.sql(f"REASSIGN OWNED BY {role} TO app; DROP OWNED BY {role}; DROP ROLE {role}"))
        self.remember()
        self.sql(f"GRANT SELECT ON truss_before TO {role}")
        enable, force = "ALTER TABLE mine ENABLE ROW LEVEL SECURITY;\n", "ALTER TABLE mine ENABLE ROW LEVEL SECURITY;\nALTER TABLE mine FORCE ROW LEVEL SECURITY;\n"
        self.agree([], [force + "UPDATE mine SET id = 2"])
        self.parameters = {"options": f"-crole%3D{role}"}
        self.agree([force + "UPDATE mine SET id = 2", force + "INSERT INTO t SELECT id FROM mine", force + "SELECT * FROM mine"],
                   [enable + "UPDATE mine SET id = 2", force.replace("mine", "quiet") + "UPDATE quiet SET id = 2", "UPDATE mine SET id = 2"])
        self.stay("UPDATE others SET id = 2; DELETE FROM others WHERE id = 5; INSERT INTO t SELECT id FROM others; UPDATE t SET id = 1; ALTER TABLE quiet FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY; DELETE FROM quiet WHERE id = 1;", url=self.url(**self.parameters))
        plan = self.connection.call("MigrationService", "Plan")
        told = [one.advice.partition(": ")[2].split()[1] if one.advice.startswith("Row security applies") else "" for one in plan.migrations[0].steps[0].statements]
        self.assertEqual(told, ["changes", "changes", "reads", "", "", "changes"])

    def test_a_view_that_the_plan_makes_is_locked_with_its_tables(self):
        self.sql("CREATE TABLE t (id int)")
        self.remember()
        for script in ("CREATE VIEW n AS SELECT * FROM t;\nLOCK TABLE n", "CREATE VIEW n AS SELECT * FROM t;\nCREATE VIEW m AS SELECT * FROM n;\nLOCK TABLE m IN SHARE MODE", "CREATE VIEW n AS SELECT * FROM t;\nDROP VIEW n",
                       "CREATE VIEW n AS SELECT * FROM t;\nDELETE FROM n"):
            with self.subTest(script):
                (said, unknown), = self.planned([script])
                real, = self.held([script])
                self.assertEqual((strong(said), unknown), (strong(real), False))
                self.assertIn("t", said)

    def test_views_over_each_other_are_followed_to_an_end(self):
        """PostgreSQL refuses the circle when it is used; many views over each other are not known."""
        self.sql("CREATE TABLE t (id int)")
        circle = "CREATE VIEW a AS SELECT 1 AS id;\nCREATE VIEW b AS SELECT a.id FROM a, a AS x, a AS y;\nCREATE OR REPLACE VIEW a AS SELECT b.id FROM b, b AS x, b AS y;\nINSERT INTO a VALUES (1);\nLOCK TABLE b;\nSELECT * FROM a"
        tower = "CREATE VIEW v0 AS SELECT * FROM t;\n" + "".join(f"CREATE VIEW v{i + 1} AS SELECT a.id FROM v{i} a JOIN v{i} b USING (id);\n" for i in range(30)) + "LOCK TABLE v30;\nSELECT * FROM v30"
        began = time.monotonic()
        self.assertEqual([unknown for _, unknown in self.planned([circle, tower])], [True, True])
        self.assertLess(time.monotonic() - began, 30)

    # ---- the projects of the frameworks ----

    def test_projects_of_every_framework(self):
        """On an empty database none of them stops anybody; with all but the last applied, the last is held against pg_locks."""
        looked_at = 0
        for name in fixtures.names():
            if name in fixtures.PROGRAMS | fixtures.MIXED:
                continue
            with self.subTest(name):
                project = fixtures.Project(name)
                self.addCleanup(project.remove)
                database = self.cluster.create_database()
                self.addCleanup(self.cluster.drop_database, database)
                self.database = database
                rpc = self.rpc(self.worker(project, "--allow-other-database"))
                plan = rpc.call("MigrationService", "Plan")
                self.assertEqual([(one.sql, lock.relation) for migration in plan.migrations for step in migration.steps for one in step.statements for lock in one.locks], [])
                self.assertFalse(plan.blocks_reads or plan.blocks_writes)
                self.assertEqual(plan.unknown, any(one.delegate for one in plan.migrations))
                names = [one.name for one in plan.migrations]
                if len(names) < 2 or name == "hasura" or plan.refusal:  # its own server makes the ledger; programs
                    continue
                self.assertTrue(rpc.call("MigrationService", "Run", {"target": names[-2]}).ok)
                self.sql("DROP TABLE IF EXISTS truss_before")
                self.remember()
                plan = rpc.call("MigrationService", "Plan")
                statements = [one for migration in plan.migrations for step in migration.steps if step.kind == 1 for one in step.statements]
                held = self.held([one.sql for one in statements])
                for one, real in zip(statements, held):
                    said = {bare(lock.relation): lock.mode for lock in one.locks}
                    for relation, mode in strong(real or {}).items():
                        self.assertTrue(one.unknown or STRENGTH.index(said.get(relation, "")) >= STRENGTH.index(mode), (one.sql, relation, mode, said))
                    looked_at += real is not None
        self.assertGreater(looked_at, 5)


if __name__ == "__main__":
    harness.main()
