"""What a plan knows cannot succeed, held against the server: each statement is planned alone, and run in a transaction that is rolled
back. What fails there for a reason that the catalogs show is told, and of what succeeds nothing is said."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import harness
from harness import Case

SETUP = """CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, n int); INSERT INTO users VALUES (1, 'a', NULL), (2, 'a', 2);
    CREATE VIEW v AS SELECT * FROM users; CREATE VIEW dep AS SELECT name FROM users; CREATE TYPE mood AS ENUM ('ok'); CREATE SEQUENCE sq;
    CREATE TABLE child (id int PRIMARY KEY, user_id int REFERENCES users); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'select 1';
    CREATE MATERIALIZED VIEW mv AS SELECT 1 AS x; CREATE TABLE parted (id int) PARTITION BY LIST (id); CREATE TABLE pdef PARTITION OF parted DEFAULT; CREATE INDEX parted_key ON parted (id);
    CREATE TABLE ref (id int); CREATE TABLE empty (i int); CREATE TABLE base (k int); CREATE TABLE kid () INHERITS (base);
    CREATE TABLE h (id int, z int UNIQUE, CONSTRAINT zz CHECK (z > 0)); CREATE TABLE bare (id int) PARTITION BY LIST (id);
    CREATE TABLE tenants (tenant_id int, id int, other int, UNIQUE (tenant_id, id)); CREATE TABLE cased (tenant int, "Id" int, UNIQUE ("Id", tenant));
    CREATE TABLE one (i int); CREATE TABLE two (i int); CREATE VIEW joined AS SELECT one.i FROM one, two;
    CREATE SCHEMA old; CREATE TABLE far (id int PRIMARY KEY); CREATE TABLE old.orders (id int REFERENCES far);
    CREATE TABLE leaf (id int PRIMARY KEY); CREATE TABLE tree (id int) PARTITION BY LIST (id);
    CREATE TABLE branch PARTITION OF tree (FOREIGN KEY (id) REFERENCES leaf) DEFAULT;
    CREATE FUNCTION g0() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE wide (x mood, y int, PRIMARY KEY (x)); CREATE VIEW calling AS SELECT y, g0() AS f FROM wide;
    CREATE DOMAIN filled AS text DEFAULT ''; CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS x WITH NO DATA; CREATE UNIQUE INDEX ON unfilled (x);
    CREATE TABLE authors (id int PRIMARY KEY); CREATE TABLE notes (author int REFERENCES authors ON DELETE CASCADE);
    INSERT INTO authors VALUES (1); INSERT INTO notes VALUES (1); INSERT INTO child VALUES (1, 1);
    CREATE FUNCTION fill_n() RETURNS int LANGUAGE plpgsql AS 'BEGIN UPDATE users SET n = 5 WHERE n IS NULL; RETURN 1; END';
    CREATE PROCEDURE fill_p() LANGUAGE plpgsql AS 'BEGIN UPDATE users SET n = 5 WHERE n IS NULL; END'; CREATE VIEW calls_fill AS SELECT fill_n();
    CREATE TYPE old.old_mood AS ENUM ('a'); CREATE FUNCTION old.old_f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW narrow AS SELECT id FROM h;
    CREATE TABLE fired (id int) PARTITION BY LIST (id); CREATE TABLE loose (id int);
    CREATE TRIGGER cloned BEFORE UPDATE ON fired FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
    CREATE TABLE clearing (i int); CREATE TABLE cleared (i int); INSERT INTO cleared VALUES (1);
    CREATE FUNCTION clear_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM cleared; RETURN NEW; END';
    CREATE TRIGGER clears AFTER INSERT ON clearing FOR EACH ROW EXECUTE FUNCTION clear_it()"""

LONG = "a_long_name_" * 6
WIDE = "x" + "\u00e4" * 40

# Each fails, and the catalogs say why.
FAILING = [
    'ALTER TABLE v ADD COLUMN x int',
    'ALTER TABLE IF EXISTS mv ALTER COLUMN x SET NOT NULL',
    'ALTER TABLE sq ADD CONSTRAINT more CHECK (last_value > 0)',
    'ALTER TABLE users ALTER COLUMN n DROP EXPRESSION',
    'ALTER TABLE parted SET (fillfactor = 50)',
    'DROP INDEX pdef_id_idx',
    'ALTER TABLE IF EXISTS users ADD COLUMN name text',
    'ALTER TABLE IF EXISTS users ADD COLUMN nn int NOT NULL',
    'ALTER TABLE IF EXISTS users ADD CONSTRAINT ff FOREIGN KEY (n) REFERENCES nowhere',
    'ALTER TABLE IF EXISTS users RENAME COLUMN n TO name',
    'ALTER INDEX IF EXISTS users_pkey RENAME TO users',
    'CREATE TABLE IF NOT EXISTS fresh (id int REFERENCES nowhere)',
    'CREATE TABLE IF NOT EXISTS fresh (id int, id int)',
    'CREATE TABLE IF NOT EXISTS fresh AS SELECT nope FROM users',
    'CREATE UNIQUE INDEX IF NOT EXISTS fresh ON users (name)',
    'CREATE INDEX IF NOT EXISTS fresh ON users (nope)',
    "ALTER TABLE loose ALTER COLUMN id TYPE boolean USING id::boolean, ALTER COLUMN id SET DEFAULT 7",
    'GRANT SELECT ON users TO nobody_here',
    'ALTER TABLE users OWNER TO nobody_here',
    'CREATE TABLE a (x no_type)',
    'CREATE TABLE a (x int COLLATE nope)',
    'ALTER TABLE users DROP COLUMN nothere',
    'ALTER TABLE users ALTER COLUMN nothere TYPE text',
    'ALTER TABLE users RENAME COLUMN nothere TO x',
    'ALTER TABLE users DROP CONSTRAINT nothere',
    'DROP TABLE users',
    'DROP TABLE nothere',
    'ALTER TABLE users ALTER COLUMN name TYPE int',
    'ALTER TABLE users DROP COLUMN name',
    'ALTER TABLE users ALTER COLUMN name TYPE varchar(9)',
    'DROP TYPE nothere',
    'DROP FUNCTION nothere()',
    'CREATE INDEX ON v (id)',
    'TRUNCATE users',
    'TRUNCATE v',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY mv',
    'REFRESH MATERIALIZED VIEW v',
    'CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION nofunc()',
    "ALTER TYPE mood ADD VALUE 'ok'",
    'ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (n) REFERENCES ref(id)',
    'ALTER TABLE child ADD CONSTRAINT x FOREIGN KEY (user_id) REFERENCES nothere(id)',
    'ALTER TABLE users ADD PRIMARY KEY (id)',
    'ALTER TABLE users ADD COLUMN z int NOT NULL',
    'ALTER TABLE users ADD COLUMN z int NOT NULL, ADD COLUMN y int',
    'ALTER TABLE notes ADD COLUMN z int NOT NULL',
    'ALTER TABLE users ADD COLUMN z int; ALTER TABLE users ALTER COLUMN z SET NOT NULL',
    'ALTER TABLE users ADD COLUMN z int, ALTER COLUMN z SET NOT NULL',
    'ALTER TABLE notes ADD COLUMN z int; CREATE INDEX ON notes (z); ALTER TABLE notes ALTER z SET DEFAULT 1; ALTER TABLE notes ADD PRIMARY KEY (author, z)',
    'ALTER TABLE cleared ADD COLUMN z int NOT NULL',
    'CREATE TABLE a (t int, i int, FOREIGN KEY (i, t) REFERENCES tenants (id, other))',
    'CREATE TABLE a (t int, i int REFERENCES tenants (id))',
    'CREATE TABLE a (t int, i int REFERENCES one)',
    'DROP TABLE two',
    'TRUNCATE far',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY unfilled',
    'ALTER TABLE parted DETACH PARTITION pdef CONCURRENTLY',
    'ALTER TABLE users ADD CONSTRAINT c UNIQUE USING INDEX nothere',
    'CREATE TABLE q PARTITION OF parted DEFAULT',
    'CREATE TABLE q PARTITION OF users FOR VALUES IN (1)',
    'DROP INDEX users_pkey',
    "COMMENT ON COLUMN users.nothere IS 'x'",
    'CREATE POLICY p ON v USING (true)',
    'ALTER TABLE users ENABLE TRIGGER nothere',
    'DROP TRIGGER nothere ON users',
    'DROP POLICY nothere ON users',
    'ALTER TABLE users VALIDATE CONSTRAINT nothere',
    'SET ROLE nobody_here',
    'CREATE SCHEMA x AUTHORIZATION nobody_here',
    'CREATE TABLE a (i int) TABLESPACE nowhere',
    'SET nosetting = 1',
    'INSERT INTO users (nothere) VALUES (1)',
    'UPDATE users SET nothere = 1',
    'CREATE TABLE a (i int DEFAULT nofunc())',
    'CREATE DOMAIN d AS notype',
    'ALTER TABLE users ADD COLUMN name text',
    "CREATE TYPE mood AS ENUM ('a')",
    'CREATE INDEX i ON users(nothere)',
    'CREATE INDEX i ON users USING nomethod (id)',
    'ALTER TABLE users SET SCHEMA noschema',
    'CREATE TABLE noschema.x (i int)',
    'DELETE FROM ONLY nothere',
    'LOCK TABLE nothere',
    'REINDEX TABLE nothere',
]

# Each succeeds: it makes what it needs, or finds it.
PASSING = [
    "ALTER TABLE v ALTER COLUMN n SET DEFAULT 3; ALTER TABLE joined SET (security_barrier); ALTER TABLE mv SET (fillfactor = 50); ALTER TABLE users_pkey SET (fillfactor = 50)",
    'ALTER TABLE users ALTER COLUMN n DROP EXPRESSION IF EXISTS; ALTER TABLE parted RESET (fillfactor); DROP INDEX parted_key',
    'ALTER TABLE loose ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE boolean USING id::boolean, ALTER COLUMN id SET DEFAULT true',
    "ALTER TABLE loose ADD COLUMN says text, ALTER COLUMN says SET DEFAULT 'a', ALTER COLUMN id TYPE text, ALTER COLUMN id SET DEFAULT 'b'",
    'ALTER TABLE IF EXISTS nowhere ADD COLUMN x int REFERENCES nowhere_else; ALTER INDEX IF EXISTS nowhere RENAME TO users',
    'CREATE TABLE IF NOT EXISTS users (id int REFERENCES nowhere); CREATE TABLE IF NOT EXISTS fresh (id int); CREATE TABLE IF NOT EXISTS fresh (id int REFERENCES nowhere)',
    'DROP TABLE child; CREATE TABLE IF NOT EXISTS child (id int); ALTER TABLE IF EXISTS child ADD COLUMN user_id int NOT NULL; CREATE UNIQUE INDEX IF NOT EXISTS child_u ON child (user_id)',
    'ALTER TABLE users ADD COLUMN x int, ALTER COLUMN x SET DEFAULT 3',
    'ALTER TABLE users ADD COLUMN x int; UPDATE users SET x = 1; ALTER TABLE users ALTER COLUMN x SET NOT NULL; CREATE INDEX ON users (x)',
    'ALTER TABLE users RENAME COLUMN n TO m; ALTER TABLE users ALTER COLUMN m SET DEFAULT 2; UPDATE users SET m = 1',
    'DROP VIEW v, dep; DROP TABLE child; DROP TABLE users',
    'DROP TABLE child, users CASCADE',
    'DROP VIEW v; DROP VIEW dep; ALTER TABLE users ALTER COLUMN name TYPE varchar(50); CREATE VIEW v AS SELECT name FROM users',
    'DROP VIEW v; DROP VIEW dep; ALTER TABLE users DROP COLUMN name',
    'TRUNCATE users, child',
    'TRUNCATE child; TRUNCATE users CASCADE',
    'ALTER TABLE child DROP CONSTRAINT child_user_id_fkey; TRUNCATE users',
    'ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE; ALTER TABLE users ADD PRIMARY KEY (id)',
    'CREATE TYPE t2 AS (a int, b mood); CREATE TABLE tt OF t2; CREATE TABLE uu (x t2, y mood[], z users)',
    'CREATE DOMAIN d AS int; CREATE TABLE dd (x d, y d[])',
    "CREATE TABLE kk (LIKE users INCLUDING ALL); ALTER TABLE kk DROP COLUMN n; INSERT INTO kk (id,name) VALUES (1,'x')",
    'CREATE TABLE kk AS SELECT 1 AS one; ALTER TABLE kk ALTER COLUMN one SET NOT NULL; UPDATE kk SET one = 2',
    'ALTER TABLE base ADD COLUMN g int; ALTER TABLE kid ALTER COLUMN g SET DEFAULT 1; UPDATE kid SET g = 1; CREATE INDEX ON kid (g)',
    "CREATE FUNCTION ff() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION ff(); ALTER TABLE users DISABLE TRIGGER tr; DROP TRIGGER tr ON users",
    'ALTER TABLE empty ADD COLUMN q int NOT NULL',
    'ALTER TABLE empty ADD COLUMN q int; ALTER TABLE empty ALTER COLUMN q SET NOT NULL; ALTER TABLE empty ADD PRIMARY KEY (q)',
    'ALTER TABLE users ADD COLUMN q int DEFAULT 1; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    'ALTER TABLE users ADD COLUMN q filled; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    'ALTER TABLE users ADD COLUMN q serial; ALTER TABLE users ALTER COLUMN q SET NOT NULL; ALTER TABLE child ADD COLUMN q int',
    'ALTER TABLE users ADD COLUMN q int; ALTER TABLE users ALTER COLUMN q TYPE int USING 1; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    'ALTER TABLE users ADD COLUMN q int; ALTER TABLE users DROP COLUMN q; ALTER TABLE users ADD COLUMN q int DEFAULT 3; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    'ALTER TABLE users ADD COLUMN q int; DO $$ BEGIN UPDATE users SET q = 1; END $$; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    'ALTER TABLE users ADD COLUMN q int; PREPARE fill AS UPDATE users SET q = 1; EXECUTE fill; ALTER TABLE users ALTER COLUMN q SET NOT NULL',
    "ALTER TABLE users ADD COLUMN q int; CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS 'UPDATE users SET q = 1'; SELECT fill(); ALTER TABLE users ALTER COLUMN q SET NOT NULL",
    'ALTER TABLE users ADD COLUMN q int; SELECT fill_n(); ALTER TABLE users ALTER COLUMN n SET NOT NULL',
    'CREATE TABLE filled_n AS SELECT fill_n(); ALTER TABLE users ALTER COLUMN n SET NOT NULL',
    'SELECT 1 FROM calls_fill; ALTER TABLE users ALTER COLUMN n SET NOT NULL',
    'CALL fill_p(); ALTER TABLE users ALTER COLUMN n SET NOT NULL',
    'SET session_replication_role = replica; DELETE FROM users',
    "SELECT set_config('session_replication_role', 'replica', true); DELETE FROM users",
    'ALTER TABLE users DISABLE TRIGGER ALL; DELETE FROM users WHERE id = 1; ALTER TABLE users ENABLE TRIGGER ALL',
    "CREATE TYPE mode AS ENUM ('a'); DROP VIEW calling; ALTER TABLE wide ALTER x TYPE mode USING 'a'::mode, ALTER x SET DEFAULT 'a', ADD CHECK (x <> 'a')",
    "ALTER TABLE wide ALTER x TYPE text, ADD CHECK (x <> 'angry')",
    'DELETE FROM child; DELETE FROM users; ALTER TABLE users ADD COLUMN q int NOT NULL',
    'ALTER TABLE users ADD COLUMN q int NOT NULL DEFAULT 1',
    'ALTER TABLE users ADD q bigserial NOT NULL',
    'ALTER TABLE users ADD COLUMN q int GENERATED ALWAYS AS IDENTITY NOT NULL',
    'ALTER TABLE users ADD CONSTRAINT nn CHECK (n IS NOT NULL) NOT VALID',
    'ALTER TABLE empty ADD COLUMN user_id int REFERENCES users',
    'ALTER TABLE empty ADD COLUMN user_id int REFERENCES users (id)',
    'ALTER TABLE empty ADD UNIQUE (i); ALTER TABLE h ADD FOREIGN KEY (z) REFERENCES empty (i)',
    'CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self)',
    'CREATE TABLE self (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES self (id))',
    'ALTER TABLE empty ADD PRIMARY KEY (i), ADD COLUMN up int REFERENCES empty',
    'CREATE TABLE pp PARTITION OF bare DEFAULT',
    'CREATE TABLE pp PARTITION OF bare FOR VALUES IN (1); CREATE TABLE pd PARTITION OF bare DEFAULT',
    "CREATE SCHEMA sc; CREATE TABLE sc.t (i int); ALTER TABLE empty SET SCHEMA sc; CREATE TYPE sc.ty AS ENUM ('a'); CREATE TABLE sc.u (x sc.ty)",
    'CREATE SCHEMA IF NOT EXISTS sc; CREATE TABLE sc.t (i int)',
    "SET search_path = public; SET statement_timeout = 0; SET client_min_messages TO warning; SET LOCAL lock_timeout = '5s'; SET TIME ZONE 'UTC'; SET SESSION my.setting = 'x'; SET ROLE NONE; SET NAMES 'utf8'; SET default_table_access_method = heap; SET xmloption = content; SET row_security = off; SET SESSION AUTHORIZATION DEFAULT; SET seed TO 0.5",
    'CREATE AGGREGATE mysum(int) (SFUNC = int4pl, STYPE = int); SELECT mysum(id) FROM users',
    'SELECT name(users.name) FROM users',
    "SELECT coalesce(n,1), greatest(1,2), extract(epoch from now()), position('a' in 'b'), trim(both from 'a'), overlay('abc' placing 'x' from 1), current_date, xmlelement(name a), cast('1' as int), nullif(1,2), (now() at time zone 'utc') FROM users",
    'ALTER TABLE h RENAME CONSTRAINT zz TO yy; ALTER TABLE h DROP CONSTRAINT yy',
    'ALTER TABLE empty ADD CHECK (i > 0); ALTER TABLE empty DROP CONSTRAINT empty_i_check',
    'ALTER TABLE h DROP CONSTRAINT h_z_key; CREATE UNIQUE INDEX h_z_key ON h(z); DROP INDEX h_z_key',
    'CREATE TABLE t1(a text COLLATE "C", b text COLLATE pg_catalog."default")',
    "CREATE COLLATION mine (provider = libc, locale = 'C'); CREATE TABLE t1 (a text COLLATE mine)",
    "CREATE INDEX ON users USING hash (name); CREATE INDEX ON users USING gin (to_tsvector('english', name)); CREATE INDEX ON users USING btree (lower(name) text_pattern_ops)",
    "INSERT INTO users (id, name) VALUES (9,'z') ON CONFLICT (id) DO UPDATE SET name = excluded.name; UPDATE users u SET name = 'q' FROM child c WHERE c.user_id = u.id; UPDATE users SET (name, n) = ('a', 1)",
    "INSERT INTO v (name) SELECT 'x' WHERE false",
    "COMMENT ON COLUMN v.name IS 'x'; COMMENT ON COLUMN users.n IS 'y'",
    "CREATE FUNCTION g(mood, users) RETURNS SETOF users LANGUAGE sql AS 'SELECT * FROM users'; SELECT g('ok', u) FROM users u; DROP FUNCTION g(mood, users)",
    "CREATE OR REPLACE FUNCTION g2(a anyelement, VARIADIC b int[]) RETURNS TABLE (x int, y mood) LANGUAGE sql AS 'SELECT 1, ''ok''::mood'; DROP FUNCTION g2",
    "CREATE EXTENSION IF NOT EXISTS pgcrypto; SELECT gen_salt('bf')",
    'CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); SELECT 1 === 1',
    'CREATE CAST (mood AS int) WITH INOUT; DROP CAST (mood AS int)',
    "CREATE SEQUENCE sx OWNED BY users.id; ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('sx'); SELECT setval('sx', 10); SELECT currval('sx')",
    "CREATE TABLE ser (id serial, big bigserial PRIMARY KEY); ALTER SEQUENCE ser_id_seq RESTART; COMMENT ON COLUMN ser.big IS 'a'",
    "CREATE TEMP TABLE tmp (x mood) ON COMMIT DROP; INSERT INTO tmp (x) VALUES ('ok'); ALTER TABLE tmp ADD COLUMN z int; UPDATE tmp SET z = 1",
    'CREATE POLICY p ON users TO CURRENT_USER USING (true); ALTER POLICY p ON users USING (false); DROP POLICY p ON users; ALTER TABLE users ENABLE ROW LEVEL SECURITY',
    'CREATE UNLOGGED TABLE ul (i int) TABLESPACE pg_default; ALTER TABLE ul SET TABLESPACE pg_default',
    'CREATE STATISTICS st ON id, n FROM users; DROP STATISTICS st; CREATE TEXT SEARCH CONFIGURATION tc (COPY = english); DROP TEXT SEARCH CONFIGURATION tc',
    'CREATE TABLE "MixedCase" ("Id" int, "order" int); ALTER TABLE "MixedCase" RENAME "Id" TO "ID"; UPDATE "MixedCase" SET "ID" = 1; CREATE INDEX ON "MixedCase" ("ID", "order")',
    'CREATE TYPE rng AS RANGE (subtype = int4); CREATE TABLE rr (a rng, b rng[]); SELECT rng(1,2)',
    'CREATE MATERIALIZED VIEW m AS SELECT id FROM users; CREATE UNIQUE INDEX ON m (id); REFRESH MATERIALIZED VIEW CONCURRENTLY m; DROP MATERIALIZED VIEW m',
    'SAVEPOINT a; CREATE TABLE sp (i int); ROLLBACK TO a; CREATE TABLE sp (j int); UPDATE sp SET j = 1',
    "ALTER TYPE mood ADD VALUE 'n2'; ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE mood RENAME TO mod; CREATE TABLE mm (x mod)",
    "WITH x AS (INSERT INTO users (id, name) VALUES (5,'p') RETURNING id) UPDATE child SET user_id = x.id FROM x",
    'GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC',
    "CREATE VIEW nv AS SELECT id AS the_id FROM users; COMMENT ON COLUMN nv.the_id IS 'x'; ALTER VIEW nv RENAME COLUMN the_id TO other; COMMENT ON COLUMN nv.other IS 'y'; ALTER TABLE nv ALTER COLUMN other SET DEFAULT 1",
    'CREATE TRIGGER ct BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    "PREPARE q(mood) AS SELECT $1; EXECUTE q('ok'); DEALLOCATE q",
    # The columns of a key are a set.
    'CREATE TABLE a (t int, i int, FOREIGN KEY (t, i) REFERENCES tenants (tenant_id, id)); CREATE TABLE b (t int, i int, FOREIGN KEY (i, t) REFERENCES tenants (id, tenant_id))',
    'CREATE TABLE a (t int, i int, FOREIGN KEY (i, t) REFERENCES cased ("Id", tenant))',
    # What went with another is in nobody's way.
    'DROP TABLE one CASCADE; DROP TABLE two',
    'DROP SCHEMA old CASCADE; TRUNCATE far',
    'DROP TABLE tree; DROP TABLE leaf',
    'DROP TABLE tree; TRUNCATE leaf',
    'DROP FUNCTION g0() CASCADE; ALTER TABLE wide DROP COLUMN y',
    'DROP TYPE mood CASCADE; ALTER TABLE wide ADD PRIMARY KEY (y)',
    # A new column may be NOT NULL elsewhere than in its own constraint, have a value by its type, or find no rows.
    'ALTER TABLE users ADD COLUMN ended int CHECK (ended IS NULL OR n IS NOT NULL)',
    "ALTER TABLE users ADD COLUMN q filled NOT NULL",
    'DELETE FROM authors; ALTER TABLE notes ADD COLUMN q int NOT NULL',
    'WITH gone AS (DELETE FROM notes RETURNING *) SELECT 1; ALTER TABLE notes ADD COLUMN q int NOT NULL',
    'INSERT INTO clearing VALUES (1); ALTER TABLE cleared ADD COLUMN q int NOT NULL',
    'EXPLAIN ANALYZE DELETE FROM cleared; ALTER TABLE cleared ADD COLUMN q int NOT NULL',
    'DROP TABLE pdef; CREATE TABLE pdef PARTITION OF parted DEFAULT',
    'CREATE TABLE IF NOT EXISTS pdef PARTITION OF parted DEFAULT',
    'CREATE TABLE IF NOT EXISTS child PARTITION OF users FOR VALUES IN (1)',
    'REFRESH MATERIALIZED VIEW unfilled; REFRESH MATERIALIZED VIEW CONCURRENTLY unfilled',
    # What is made without its name being said.
    'ALTER SCHEMA old RENAME TO older; CREATE TABLE a (x older.old_mood, y older.orders, z int DEFAULT older.old_f())',
    'CREATE TYPE pricerange AS RANGE (subtype = int4); CREATE TABLE a (x pricemultirange); SELECT pricemultirange(pricerange(1, 2))',
    "CREATE TYPE col AS ENUM ('a'); CREATE TABLE a (x _col, y _mood)",
    'CREATE OR REPLACE VIEW narrow AS SELECT * FROM h; UPDATE narrow SET z = 1; INSERT INTO narrow (id, z) VALUES (1, 2)',
    'ALTER TABLE fired ATTACH PARTITION loose DEFAULT; ALTER TABLE loose DISABLE TRIGGER cloned',
    'CREATE SCHEMA AUTHORIZATION CURRENT_USER; CREATE TABLE app.a (i int)',
    # A partition goes with its table.
    'TRUNCATE tree, leaf',
    'DROP TABLE tree, leaf',
    # What a statement drops, it drops before it adds.
    'ALTER TABLE child ADD CONSTRAINT new PRIMARY KEY (user_id), DROP CONSTRAINT child_pkey',
    'ALTER TABLE child ADD PRIMARY KEY (user_id), DROP COLUMN id',
    # What the parser itself calls is not looked for.
    "SELECT extract(epoch FROM now()), trim(both 'x' FROM 'xax'), substring('abc' from 1 for 2), normalize('a'), (now(), now()) OVERLAPS (now(), now())",
    # A name is cut at 63 bytes wherever it stands, at a character.
    f'CREATE POLICY "{LONG}" ON users USING (true); DROP POLICY "{LONG}" ON users',
    f'ALTER TABLE users ADD COLUMN {LONG} int; ALTER TABLE users ALTER COLUMN {LONG} SET DEFAULT 1; UPDATE users SET {LONG} = 1',
    f'CREATE TRIGGER "{WIDE}" BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); DROP TRIGGER "{WIDE}" ON users',
]


def refused_questions(logged, statements):
    """Our own questions that were an error in this part of the log. A statement of a script itself the server may refuse: it is asked
    whether it takes it."""
    errors = re.findall(r"ERROR: .*(?:\n.*(?:HINT|DETAIL|CONTEXT|LINE).*)*\n.* STATEMENT:  (.*(?:\n\t.*)*)", logged)
    scripts = "; ".join(statements)
    asked = [one.replace("\n\t", "\n").removesuffix("\n;SELECT").removeprefix("PREPARE truss AS ") for one in errors]  # the last two: grammar.c, of servers before 15
    return [one for one in asked if one not in scripts and "/* read by a plan, not run */" not in one]


class Failures(Case):
    def real(self, statements):
        """For each whether it fails on the server."""
        script = "SET client_min_messages = error;\n\\set ON_ERROR_STOP off\n\\o /dev/null\n"
        for number, sql in enumerate(statements):
            script += f"BEGIN;\nSAVEPOINT truss_before;\n\\set ON_ERROR_ROLLBACK off\n{sql};\nSELECT 1 AS still;\n\\o\n\\echo {number} :ERROR\n\\o /dev/null\nROLLBACK;\n"
        out = subprocess.run(["psql", "-XqAt", self.url()], input=script, text=True, capture_output=True, timeout=120).stdout
        found = dict(line.split() for line in out.splitlines() if line)
        return [found[str(number)] == "true" for number in range(len(statements))]

    def said(self, statements):
        """For each what the plan says that fails in it."""
        project = self.project()
        for number, sql in enumerate(statements):
            project.add(f"{number:05}", sql + ";")
        rpc = self.rpc(self.worker(project))
        answers = []
        for number in range(len(statements)):
            plan = rpc.call("MigrationService", "Plan", {"migrations": [f"{number:05}"], "allow_out_of_order": True})
            answers.append([one.fails for migration in plan.migrations for step in migration.steps for one in step.statements if one.HasField("fails")])
        return answers

    def agree(self, statements):
        """Those that fail on the server. Of each the plan must say so, of the others nothing, and no question of ours is an error,
        but for a statement of a script itself, which the server is asked whether it takes."""
        real = self.real(statements)
        before = self.cluster.log_size()
        said = self.said(statements)
        self.assertEqual(refused_questions(self.cluster.logged(before), statements), [])
        self.assertEqual([sql for sql, fails, words in zip(statements, real, said) if fails and not words], [])
        self.assertEqual([(sql, words) for sql, fails, words in zip(statements, real, said) if words and not fails], [])
        return {sql for sql, fails in zip(statements, real) if fails}

    def test_what_fails_is_told(self):
        self.sql(SETUP)
        self.assertEqual([sql for sql, fails in zip(FAILING, self.real(FAILING)) if not fails], [])
        self.assertEqual([sql for sql, fails in zip(FAILING, self.said(FAILING)) if not fails], [])

    def test_of_what_succeeds_nothing_is_said(self):
        passing = [sql for sql in PASSING if self.cluster.version >= 14 or "multirange" not in sql]
        self.sql(SETUP)
        self.assertEqual([sql for sql, fails in zip(passing, self.real(passing)) if fails], [])
        self.assertEqual([(sql, fails) for sql, fails in zip(passing, self.said(passing)) if fails], [])

    def test_nobody_is_waited_for_to_see_whether_a_table_has_rows(self):
        self.sql("CREATE TABLE kept (i int); INSERT INTO kept VALUES (1)")
        self.hold("BEGIN", "LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        self.assertEqual(self.said(["ALTER TABLE kept ADD COLUMN z int NOT NULL"]), [[]])
        self.assertLess(time.monotonic() - begun, harness.allowed(15))

    def test_a_plan_of_many_names_looks_for_all(self):
        self.sql(SETUP)
        project = self.project()
        # Ten thousand names are asked for together, and so are those that come behind them.
        many = "".join(f"GRANT SELECT ON users TO {', '.join(f'crowd_{number}_{name}' for name in range(200))};" for number in range(50))
        project.add("1", many + "".join(f"GRANT SELECT ON users TO nobody_{number};" for number in range(2100)))
        rpc = self.rpc(self.worker(project))
        plan = rpc.call("MigrationService", "Plan", {})
        fails = sum(one.HasField("fails") for migration in plan.migrations for step in migration.steps for one in step.statements)
        self.assertEqual(fails, 2150)
        self.assertNotIn("looks for", plan.summary)

    def test_a_large_plan_asks_few_questions(self):
        """Hundreds of statements that need hundreds of things: those that are alike are asked for together."""
        self.sql(SETUP + "; " + "; ".join(f"CREATE TABLE many{n} (id int PRIMARY KEY, a int, b text)" for n in range(60)))
        project = self.project()
        for n in range(60):
            project.add(f"{n:05}", f"ALTER TABLE many{n} ADD COLUMN c int, ADD CONSTRAINT k{n} CHECK (a > 0);\nALTER TABLE many{n} ALTER COLUMN a SET NOT NULL;\n"
                                   f"ALTER TABLE many{n} ALTER COLUMN b TYPE varchar(9);\nCREATE TYPE kind{n} AS ENUM ('a');\nGRANT SELECT ON many{n} TO nobody_{n};\n"
                                   f"CREATE FUNCTION fn{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
                                   f"CREATE TRIGGER t BEFORE UPDATE ON many{n} FOR EACH ROW EXECUTE FUNCTION fn{n}();\nDROP TABLE many{n};\n")
        self.sql(f"ALTER DATABASE {self.database} SET log_statement = 'all'")
        rpc = self.rpc(self.worker(project))
        before = self.cluster.log_size()
        plan = rpc.call("MigrationService", "Plan", {})
        fails = [one.fails for migration in plan.migrations for step in migration.steps for one in step.statements if one.HasField("fails")]
        self.assertEqual([re.search("nobody_[0-9]+", words)[0] for words in fails], [f"nobody_{n}" for n in range(60)])
        asked = [line for line in self.cluster.logged(before).split("\n") if re.search("LOG: +(execute|statement)", line)]
        self.assertLess(len(asked), 100)


if __name__ == "__main__":
    harness.main()
