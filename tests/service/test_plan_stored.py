"""What a plan says of what a statement stores to be computed later (defaults, CHECKs, indexes, policies, views), of contradictions, and of
what an existing relation cannot be: each script is planned alone, and run in a transaction that is rolled back. What fails there is told,
and of what succeeds nothing is said.

TRUSS_TEST_ALL  looks at every statement; without it at every third of them, another third each day"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_plan_failures
from harness import Case, todays

SETUP = """
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, n int, email varchar(20) UNIQUE, at timestamptz DEFAULT now(), j jsonb, m numeric(5,2)); INSERT INTO users VALUES (1, 'a', NULL, 'a@x'), (2, 'b', 2, 'b@x');
CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, title text); INSERT INTO posts VALUES (1, 1, 't');
CREATE TABLE lazy (id int PRIMARY KEY, user_id int REFERENCES users DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE cas (id int PRIMARY KEY); CREATE TABLE casc (c int REFERENCES cas ON DELETE CASCADE); INSERT INTO cas VALUES (1); INSERT INTO casc VALUES (1);
CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE DOMAIN pos AS int CHECK (VALUE > 0); CREATE DOMAIN word AS text; CREATE TYPE comp AS (a int, b text);
CREATE TABLE dom (d pos, w word, m mood, c comp, a word[]); INSERT INTO dom VALUES (5, 'x', 'ok', ROW(1,'a'), '{x}');
CREATE DOMAIN pos2 AS pos; CREATE TABLE dom2 (d pos2); INSERT INTO dom2 VALUES (7);
CREATE TABLE nulls (a int, b int NOT NULL DEFAULT 3, c text DEFAULT 'x' NOT NULL); INSERT INTO nulls VALUES (NULL, 1, 'y');
CREATE TABLE parted (id int NOT NULL, v text, r int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF parted FOR VALUES IN (2); INSERT INTO parted VALUES (1, 'a', 1);
CREATE TABLE ppk (id int PRIMARY KEY, v text) PARTITION BY LIST (id); CREATE TABLE ppk1 PARTITION OF ppk FOR VALUES IN (1); CREATE TABLE ppk2 PARTITION OF ppk FOR VALUES IN (2);
CREATE TABLE ranged (d date) PARTITION BY RANGE (d); CREATE TABLE hashed (id int) PARTITION BY HASH (id); CREATE TABLE h0 PARTITION OF hashed FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE base (k int, CONSTRAINT kpos CHECK (k > 0)); CREATE TABLE kid (z text) INHERITS (base); CREATE TABLE alone (k int, CHECK (k > 0) NO INHERIT);
CREATE TABLE ix (a int NOT NULL, b int, c int NOT NULL, e int NOT NULL, t text NOT NULL); CREATE INDEX ix_plain ON ix (a); CREATE UNIQUE INDEX ix_part ON ix (a) WHERE b > 0; CREATE UNIQUE INDEX ix_expr ON ix ((a + 1)); CREATE UNIQUE INDEX ix_null ON ix (b); CREATE UNIQUE INDEX ix_ok ON ix (c); CREATE UNIQUE INDEX ix_desc ON ix (e DESC); CREATE INDEX ix_hash ON ix USING hash (a); CREATE UNIQUE INDEX ix_coll ON ix (t COLLATE "C"); CREATE UNIQUE INDEX ix_ops ON ix (t text_pattern_ops);
ALTER TABLE ix ADD CONSTRAINT ix_def UNIQUE (a, c) DEFERRABLE; CREATE TABLE other_ix (a int NOT NULL); CREATE UNIQUE INDEX other_u ON other_ix (a);
CREATE UNLOGGED TABLE un (id int PRIMARY KEY); CREATE UNLOGGED TABLE un_child (id int REFERENCES un); CREATE TABLE lo (id int PRIMARY KEY); CREATE TABLE lo_child (id int REFERENCES lo); CREATE UNLOGGED TABLE un_free (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id, name FROM users; CREATE VIEW grouped AS SELECT name, count(*) FROM users GROUP BY name; CREATE MATERIALIZED VIEW mv AS SELECT id FROM users; CREATE VIEW vopt WITH (security_barrier) AS SELECT id FROM users;
CREATE SEQUENCE sq; CREATE SEQUENCE sq_small AS smallint; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'select 1'; CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE FUNCTION setof_f() RETURNS SETOF int LANGUAGE sql AS 'select 1'; CREATE PROCEDURE pr(int) LANGUAGE sql AS 'select 1'; CREATE FUNCTION volat() RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION filler() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := 1; RETURN NEW; END'; CREATE TABLE filled (a int, b int NOT NULL); CREATE TRIGGER fills BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION filler();
CREATE FUNCTION keeper() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TABLE kept (id int PRIMARY KEY); CREATE TABLE kept_child (k int REFERENCES kept); INSERT INTO kept VALUES (1); INSERT INTO kept_child VALUES (1); CREATE TRIGGER keeps BEFORE DELETE ON kept FOR EACH ROW EXECUTE FUNCTION keeper();
CREATE TABLE gen (a int, g int GENERATED ALWAYS AS (a * 2) STORED, i int GENERATED ALWAYS AS IDENTITY); CREATE TABLE secured (id int, owner text); ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE FOREIGN DATA WRAPPER fw; CREATE SERVER srv FOREIGN DATA WRAPPER fw; CREATE FOREIGN TABLE ft (a int) SERVER srv; CREATE TABLE other (id int PRIMARY KEY, k text UNIQUE, u uuid);
CREATE PUBLICATION pub FOR TABLE users; CREATE PUBLICATION puball FOR ALL TABLES;  CREATE TYPE rng AS RANGE (subtype = int4); CREATE TABLE excl (r int4range, EXCLUDE USING gist (r WITH &&)); CREATE STATISTICS st ON id, n FROM users;
CREATE TYPE used AS (a int); CREATE TABLE typed OF used; CREATE TABLE uses_used (x used); CREATE SCHEMA area; CREATE TABLE area.users (id int); CREATE COLLATION coll (provider = libc, locale = 'C');
"""

# One a line.
FAILING = r"""
CREATE TABLE a (x int DEFAULT 'abc')
CREATE TABLE a (x date DEFAULT 'tomorow')
CREATE TABLE a (x boolean DEFAULT 'maybe')
CREATE TABLE a (x uuid DEFAULT 'nope')
CREATE TABLE a (x jsonb DEFAULT '{')
CREATE TABLE a (x int DEFAULT now())
CREATE TABLE a (x boolean DEFAULT 0)
CREATE TABLE a (x int DEFAULT true)
CREATE TABLE a (x int[] DEFAULT '1,2')
CREATE TABLE a (x int[] DEFAULT ARRAY['a'])
CREATE TABLE a (x inet DEFAULT '1.2.3')
CREATE TABLE a (x interval DEFAULT '1 fortnigt')
CREATE TABLE a (x int DEFAULT y, y int)
CREATE TABLE a (x int DEFAULT (SELECT 1))
CREATE TABLE a (x int DEFAULT count(*))
CREATE TABLE a (x int DEFAULT setof_f())
CREATE TABLE a (x int DEFAULT nextval('nosuch_seq'))
ALTER TABLE users ALTER n SET DEFAULT 'abc'
ALTER TABLE users ALTER at SET DEFAULT 'never'
ALTER TABLE users ADD x int DEFAULT 'abc'
ALTER TABLE users ADD x int DEFAULT 'abc', ADD y int
ALTER DOMAIN pos ADD CHECK (VALUE > 'a')
ALTER DOMAIN pos SET DEFAULT 'abc'
ALTER DOMAIN word SET NOT NULL
ALTER DOMAIN word ADD CHECK (VALUE <> 'x')
ALTER DOMAIN word ADD CHECK (length(VALUE) < 5)
CREATE DOMAIN d AS int DEFAULT 'abc'
CREATE DOMAIN d AS int CHECK (VALUE > 'abc')
CREATE DOMAIN d AS int CHECK (value)
CREATE DOMAIN d AS int CHECK (x > 0)
CREATE DOMAIN d AS text CHECK (VALUE > 0)
CREATE DOMAIN d AS anyelement
CREATE DOMAIN d AS int NOT NULL NULL
CREATE DOMAIN d AS int DEFAULT 1 DEFAULT 2
CREATE DOMAIN d AS int UNIQUE
CREATE DOMAIN d AS int COLLATE "C"
ALTER TABLE parted ADD FOREIGN KEY (r) REFERENCES other NOT VALID
ALTER TABLE ONLY parted ADD FOREIGN KEY (r) REFERENCES other
ALTER TABLE ONLY base ADD COLUMN x int
ALTER TABLE ONLY base ADD CHECK (k > 1)
ALTER TABLE ONLY base ALTER k TYPE bigint
ALTER TABLE ONLY base RENAME COLUMN k TO kk
ALTER TABLE ONLY base RENAME CONSTRAINT kpos TO kp
ALTER TABLE ONLY parted ADD COLUMN x int
ALTER TABLE ONLY parted DROP COLUMN v
ALTER TABLE ONLY parted ALTER v TYPE varchar
ALTER TABLE ONLY parted ALTER v SET NOT NULL
ALTER TABLE ONLY parted ALTER id DROP NOT NULL
ALTER TABLE ONLY parted ADD CHECK (r > 0)
ALTER TABLE ONLY parted ADD CHECK (r > 0) NO INHERIT
ALTER TABLE parted ADD CHECK (r > 0) NO INHERIT
ALTER TABLE ONLY parted RENAME v TO vv
ALTER TABLE kid DROP CONSTRAINT kpos
ALTER TABLE kid RENAME CONSTRAINT kpos TO x
ALTER TABLE p1 ALTER id DROP NOT NULL
ALTER TABLE p1 NO INHERIT parted
ALTER TABLE users NO INHERIT base
ALTER TABLE kid INHERIT base
ALTER TABLE alone INHERIT base
ALTER TABLE users INHERIT users
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_plain
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_part
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_expr
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_desc
ALTER TABLE ix ADD UNIQUE USING INDEX ix_desc
ALTER TABLE ix ADD UNIQUE USING INDEX ix_plain
ALTER TABLE ix ADD UNIQUE USING INDEX ix_coll
ALTER TABLE ix ADD UNIQUE USING INDEX ix_ops
ALTER TABLE ix ADD UNIQUE USING INDEX ix_def
ALTER TABLE ix ADD UNIQUE USING INDEX ix_hash
ALTER TABLE ix ADD UNIQUE USING INDEX other_u
ALTER TABLE users ADD UNIQUE USING INDEX users_email_key
ALTER TABLE ppk ADD UNIQUE USING INDEX ppk_pkey
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_plain
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_part
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_expr
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_null
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_def
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_hash
ALTER TABLE users ALTER n SET STORAGE EXTENDED
ALTER TABLE users ALTER name SET STORAGE WRONG
ALTER TABLE users ALTER n SET COMPRESSION pglz
ALTER TABLE users ALTER name SET COMPRESSION zstd
ALTER TABLE lo SET UNLOGGED
ALTER TABLE un_child SET LOGGED
ALTER TABLE users SET UNLOGGED
CREATE TABLE a (x int REFERENCES un)
CREATE TEMP TABLE a (x int REFERENCES other)
CREATE TABLE a (x int PRIMARY KEY, y int PRIMARY KEY)
CREATE TABLE a (x int PRIMARY KEY, PRIMARY KEY (x))
CREATE TABLE a (x serial PRIMARY KEY, y int, PRIMARY KEY (y))
CREATE TABLE a (x int, PRIMARY KEY (x), PRIMARY KEY (x))
ALTER TABLE users ADD x int PRIMARY KEY
ALTER TABLE users ADD x serial PRIMARY KEY
ALTER TABLE nulls ADD x serial PRIMARY KEY, ADD PRIMARY KEY (b)
CREATE TABLE a (x serial DEFAULT 5)
CREATE TABLE a (x serial NULL)
CREATE TABLE a (x int NULL NOT NULL)
CREATE TABLE a (x int DEFAULT 1 DEFAULT 2)
CREATE TABLE a (x int DEFAULT 1 GENERATED ALWAYS AS IDENTITY)
CREATE TABLE a (x int DEFAULT 1 GENERATED ALWAYS AS (1) STORED)
CREATE TABLE a (x int GENERATED ALWAYS AS IDENTITY GENERATED ALWAYS AS (1) STORED)
CREATE TABLE a (x text GENERATED ALWAYS AS IDENTITY)
CREATE TABLE a (x numeric GENERATED ALWAYS AS IDENTITY)
CREATE TABLE a (x serial[] )
CREATE TABLE a (x int GENERATED ALWAYS AS (x) STORED)
CREATE TABLE a (x int GENERATED ALWAYS AS (y + 1) STORED, y int GENERATED ALWAYS AS (1) STORED)
CREATE TABLE a (x int GENERATED ALWAYS AS ((SELECT 1)) STORED)
CREATE TABLE a (x int, CONSTRAINT c CHECK (x > 0), CONSTRAINT c CHECK (x > 1))
CREATE TABLE a (x int CONSTRAINT c CHECK (x > 0), y int CONSTRAINT c UNIQUE)
CREATE TABLE a (x int CHECK (x > 'abc'))
CREATE TABLE a (x int CHECK (x))
CREATE TABLE a (x int CHECK (x > now()))
CREATE TABLE a (x text CHECK (x > 0))
CREATE TABLE a (x int CHECK (x > (SELECT 1)))
CREATE TABLE a (x int CHECK (count(x) > 0))
CREATE TABLE a (x int CHECK (x IN ('a', 'b')))
CREATE TABLE a (x int) INHERITS (parted)
CREATE TABLE a (x int) INHERITS (p1)
CREATE TABLE a () INHERITS (v)
CREATE TEMP TABLE area.a (x int)
CREATE TABLE a (x int) ON COMMIT DROP
CREATE TABLE a (x anyelement)
CREATE TABLE a (x record)
CREATE TABLE a (x unknown)
CREATE TABLE a (x trigger)
CREATE TABLE a (x varchar(0))
CREATE TABLE a (x varchar(99999999))
CREATE TABLE a (x numeric(5000))
CREATE TABLE a (x bit(0))
CREATE TABLE a (x int COLLATE "C")
CREATE TABLE a (x int) PARTITION BY LIST (x, x)
CREATE TABLE a (x int, y int) PARTITION BY LIST (x, y)
CREATE TABLE a (x int) PARTITION BY LIST (xmin)
CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED) PARTITION BY LIST (x)
CREATE TABLE a (x int) PARTITION BY LIST ((x > 'a'))
CREATE TABLE a (x int) INHERITS (base) PARTITION BY LIST (x)
CREATE TABLE a (x json PRIMARY KEY)
CREATE TABLE a (x json UNIQUE)
CREATE TABLE a (x point UNIQUE)
CREATE TABLE a (x xml PRIMARY KEY)
CREATE TABLE a (x int, UNIQUE (x, x))
CREATE TABLE a (x int, PRIMARY KEY (x, x))
CREATE TABLE a (x int REFERENCES users DEFERRABLE NOT DEFERRABLE)
CREATE TABLE a (x int REFERENCES users NOT DEFERRABLE INITIALLY DEFERRED)
CREATE TABLE a (x int CHECK (x > 0) DEFERRABLE)
CREATE TABLE a (x int NOT NULL DEFERRABLE)
CREATE TABLE a (x int DEFERRABLE)
CREATE TABLE a (x int, y int, FOREIGN KEY (x) REFERENCES users ON DELETE SET NULL (y))
CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED REFERENCES users ON DELETE SET NULL)
TRUNCATE ONLY parted
INSERT INTO grouped (name) VALUES ('x')
INSERT INTO mv VALUES (1)
UPDATE grouped SET name = 'x'
DELETE FROM grouped
DELETE FROM mv
CLUSTER users
CLUSTER ix USING ix_hash
CLUSTER ix USING ix_part
ALTER TABLE ix CLUSTER ON ix_hash
ALTER TABLE ix CLUSTER ON ix_part
CREATE VIEW vv AS SELECT id + name FROM users
CREATE VIEW vv AS SELECT name FROM users GROUP BY id, n HAVING at > 'x'
CREATE VIEW vv AS SELECT name, count(*) FROM users
CREATE VIEW vv AS SELECT * FROM users WHERE name = 5
CREATE VIEW vv AS SELECT * FROM users WHERE n
CREATE VIEW vv AS SELECT name FROM users UNION SELECT id FROM users
CREATE VIEW vv AS SELECT name FROM users UNION SELECT id, name FROM users
CREATE VIEW vv (a, b, c) AS SELECT id, name FROM users
CREATE VIEW vv AS SELECT DISTINCT j::json FROM users
CREATE VIEW vv AS SELECT id FROM users ORDER BY nosuch
CREATE VIEW vv AS SELECT max(count(*)) FROM users
CREATE VIEW vv AS SELECT id FROM users WHERE count(*) > 1
CREATE VIEW vv AS SELECT row_number() OVER (ORDER BY id) AS r FROM users WHERE row_number() OVER () > 1
CREATE VIEW vv AS SELECT u.id FROM users u JOIN posts p USING (nosuch)
CREATE VIEW vv AS SELECT id FROM users u, posts p
CREATE VIEW vv AS SELECT u.id FROM users u JOIN posts u ON true
CREATE VIEW vv AS SELECT x.id FROM users u
CREATE VIEW vv AS SELECT users.id FROM users u
CREATE VIEW vv AS SELECT f('a'::text)
CREATE VIEW vv AS SELECT lower(5)
CREATE VIEW vv AS SELECT coalesce(id, name) FROM users
CREATE VIEW vv AS SELECT CASE WHEN true THEN id ELSE name END FROM users
CREATE VIEW vv AS SELECT ARRAY[id, name] FROM users
CREATE VIEW vv AS SELECT j->'a'->>'b' = 5 FROM users
CREATE TYPE t AS ENUM ('a', 'a')
CREATE TYPE t AS (a int, a text)
CREATE TYPE t AS (a anyelement)
ALTER TYPE used ADD ATTRIBUTE c int
ALTER TYPE used ALTER ATTRIBUTE a TYPE text
ALTER TYPE used ALTER ATTRIBUTE a TYPE text CASCADE
ALTER TYPE used DROP ATTRIBUTE a
ALTER TYPE comp ADD VALUE 'x'
ALTER TYPE mood ADD VALUE 'this label is far longer than sixty three bytes, which is what PostgreSQL can keep'
CREATE TYPE t AS ENUM ('this label is far longer than sixty three bytes, which is what PostgreSQL can keep')
ALTER DOMAIN mood ADD CHECK (true)
CREATE INDEX ON users ((n > 'a'))
CREATE INDEX ON users ((name + 1))
CREATE INDEX ON users (name) WHERE n
CREATE INDEX ON users (name) WHERE n > 'a'
CREATE INDEX ON users (name) WHERE id IN (SELECT 1)
CREATE INDEX ON users (count(n))
CREATE INDEX ON users (n COLLATE "C")
CREATE INDEX ON users USING hash (name, n)
CREATE UNIQUE INDEX ON users USING hash (name)
CREATE UNIQUE INDEX ON users USING gin (j)
CREATE INDEX ON users USING hash (n DESC)
CREATE INDEX ON users USING gin (j NULLS FIRST)
CREATE INDEX ON users USING hash (n) INCLUDE (name)
CREATE INDEX ON users (n) INCLUDE (lower(name))
CREATE INDEX ON users (ctid)
CREATE INDEX ON users (tableoid)
CREATE INDEX pg_x ON posts (id) TABLESPACE pg_global
DROP INDEX CONCURRENTLY ix_plain CASCADE
DROP INDEX CONCURRENTLY ix_plain, ix_part
REFRESH MATERIALIZED VIEW CONCURRENTLY mv WITH NO DATA
CREATE SEQUENCE s INCREMENT 1 INCREMENT 2
SELECT count(*) FROM users FOR UPDATE
CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW WHEN (old.id > 1) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE DELETE ON users FOR EACH ROW WHEN (new.id > 1) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH STATEMENT WHEN (new.id > 1) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (new.id) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (new.name > 5) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (id > 5) EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE TRUNCATE ON users FOR EACH ROW EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW WHEN (new.id IN (SELECT 1)) EXECUTE FUNCTION trg()
CREATE TRIGGER t AFTER UPDATE OF id, id ON users FOR EACH ROW EXECUTE FUNCTION trg()
CREATE TRIGGER t BEFORE INSERT ON users REFERENCING NEW TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION trg()
CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH STATEMENT EXECUTE FUNCTION trg()
CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW WHEN (new.id > 1) EXECUTE FUNCTION trg()
CREATE TRIGGER t INSTEAD OF UPDATE OF id ON v FOR EACH ROW EXECUTE FUNCTION trg()
CREATE POLICY p ON users USING (n)
CREATE POLICY p ON users USING (name > 5)
CREATE POLICY p ON users USING (count(*) > 1)
CREATE POLICY p ON users FOR INSERT USING (true)
CREATE POLICY p ON users FOR SELECT WITH CHECK (true)
CREATE POLICY p ON users FOR DELETE WITH CHECK (true)
ALTER TABLE v ALTER id SET DEFAULT 'abc'
ALTER TABLE users ADD CHECK (n)
ALTER TABLE users ADD CHECK (name > 5)
ALTER TABLE users ADD CHECK (n IN (SELECT 1)) NOT VALID
ALTER TABLE users ADD CHECK (count(n) > 1)
ALTER TABLE users ADD UNIQUE (id, id)
ALTER TABLE users ALTER n TYPE int USING (SELECT 1)
ALTER TABLE users ALTER n TYPE int USING count(*)
ALTER TABLE users ALTER n TYPE int COLLATE "C"
CREATE TABLE t5 PARTITION OF parted (r DEFAULT 'x') FOR VALUES IN (7)
CREATE ROLE pg_nope
CREATE SCHEMA pg_nope
CREATE STATISTICS s ON id FROM users
CREATE STATISTICS s ON id, id FROM users
CREATE STATISTICS s (nope) ON id, n FROM users
CREATE STATISTICS s ON (id + name), n FROM users
CREATE TABLE a (x, y) AS SELECT 1
CREATE TABLE a AS SELECT pg_catalog.unnest(ARRAY[1]) AS x, '(1,2)'::point::int
CREATE MATERIALIZED VIEW m2 AS SELECT id + name FROM users
CREATE MATERIALIZED VIEW m2 AS SELECT 'x'::int AS x
PREPARE q AS SELECT nosuch FROM users
DECLARE c CURSOR FOR SELECT nosuch FROM users
MERGE INTO v USING posts p ON v.id = p.id WHEN MATCHED THEN DELETE
UPDATE users SET (n, name) = (1)
CREATE TABLE a (b uuid DEFAULT gen_random_uuid()::text)
CREATE TABLE a (b int DEFAULT CURRENT_TIMESTAMP)
CREATE TABLE a (b mood DEFAULT 'ok'::text)
ALTER DOMAIN pos ADD CHECK (VALUE > 5)
ALTER DOMAIN pos ADD CONSTRAINT big CHECK (VALUE > 100)
ALTER DOMAIN pos ADD CHECK (VALUE > 6)
ALTER TABLE users SET (nope = 1)
ALTER TABLE users SET (fillfactor = 7)
ALTER TABLE users SET (toast.fillfactor = 70)
ALTER TABLE users SET (toast.nope = 70)
ALTER TABLE users SET (autovacuum_vacuum_scale_factor = 500)
ALTER TABLE users SET (toast_tuple_target = 64)
ALTER TABLE users SET (oids = true)
CREATE INDEX i ON users (n) WITH (nope = 1)
CREATE INDEX i ON users (n) WITH (fillfactor = 500)
CREATE INDEX i ON users (n) WITH (fastupdate = on)
CREATE INDEX i ON users USING gin (j) WITH (fillfactor = 50)
ALTER VIEW v SET (nope = true)
ALTER VIEW v SET (fillfactor = 50)
CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (x uuid REFERENCES a)
DELETE FROM users
DELETE FROM users WHERE id = 1
INSERT INTO users (id, name) VALUES (5, NULL)
INSERT INTO users (id, name) VALUES (NULL, 'x')
INSERT INTO users (id, name) VALUES (5, 'x'), (6, NULL)
INSERT INTO users VALUES (5, NULL)
INSERT INTO users VALUES (5)
INSERT INTO nulls (b) VALUES (NULL)
INSERT INTO nulls (c) VALUES (NULL)
INSERT INTO p1 (id) VALUES (NULL)
CREATE TABLE a (id bool PRIMARY KEY); CREATE TABLE b (x int REFERENCES a)
CREATE TABLE a (id text PRIMARY KEY); CREATE TABLE b (x int REFERENCES a)
CREATE TABLE a (id uuid, PRIMARY KEY (id)); CREATE TABLE b (x text REFERENCES a (id))
CREATE TABLE a (id text PRIMARY KEY); CREATE TABLE b (x int); ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES a
CREATE TABLE a (id text PRIMARY KEY); ALTER TABLE users ADD FOREIGN KEY (n) REFERENCES a
DELETE FROM users WHERE id < 2 AND name = 'a'
"""

PASSING = r"""
CREATE TABLE a (x int DEFAULT '12')
CREATE TABLE a (x timestamp DEFAULT now())
CREATE TABLE a (x int DEFAULT 1.5)
CREATE TABLE a (x text DEFAULT 5)
CREATE TABLE a (x int[] DEFAULT '{}')
CREATE TABLE a (x int DEFAULT nextval('sq'))
CREATE TABLE a (x smallint DEFAULT 99999)
CREATE TABLE a (x int DEFAULT 99999999999)
CREATE TABLE a (x varchar(2) DEFAULT 'abc')
CREATE TABLE a (x numeric(3,1) DEFAULT 1000)
ALTER TABLE users ALTER n SET DEFAULT '5'
ALTER DOMAIN pos ADD CHECK (VALUE > 4)
ALTER DOMAIN pos ADD CONSTRAINT big CHECK (VALUE > 100) NOT VALID
ALTER DOMAIN pos SET DEFAULT '5'
ALTER DOMAIN pos SET NOT NULL
CREATE DOMAIN d AS comp
CREATE DOMAIN d AS users
CREATE DOMAIN d1 AS int CHECK (VALUE > 0); CREATE DOMAIN d2 AS d1; ALTER TABLE users ALTER n TYPE d2
ALTER TABLE users ADD FOREIGN KEY (n) REFERENCES ppk NOT VALID
ALTER TABLE ONLY base ADD CONSTRAINT c CHECK (k > 1) NO INHERIT
ALTER TABLE ONLY base DROP COLUMN k
ALTER TABLE ONLY base DROP CONSTRAINT kpos
ALTER TABLE ONLY base ALTER k SET NOT NULL
ALTER TABLE ONLY base ALTER k SET DEFAULT 5
ALTER TABLE parted ADD CHECK (r > 0)
ALTER TABLE ONLY parted ADD PRIMARY KEY (id)
ALTER TABLE ONLY parted ADD UNIQUE (id)
ALTER TABLE ONLY users ADD COLUMN x int
ALTER TABLE ONLY users ADD CHECK (id > 0)
ALTER TABLE p1 ALTER id SET DEFAULT 1
ALTER TABLE p1 ADD CHECK (r > 0)
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_null
ALTER TABLE ix ADD PRIMARY KEY USING INDEX ix_ok
ALTER TABLE ix ADD CONSTRAINT u UNIQUE USING INDEX ix_null
ALTER TABLE ix REPLICA IDENTITY USING INDEX ix_ok
ALTER TABLE users ALTER n SET STORAGE PLAIN
ALTER TABLE users ALTER name SET STORAGE MAIN
ALTER TABLE users ALTER name SET COMPRESSION pglz
CREATE TABLE a (x text COMPRESSION pglz)
ALTER TABLE users SET (fillfactor = 70)
ALTER TABLE users SET (autovacuum_enabled = off)
ALTER TABLE users SET (toast.autovacuum_enabled = off)
ALTER TABLE users RESET (nope)
ALTER TABLE users RESET (fillfactor)
ALTER TABLE users SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 50)
ALTER TABLE users SET (parallel_workers = 4)
ALTER TABLE users SET (user_catalog_table = true)
ALTER TABLE users SET (vacuum_index_cleanup = auto)
CREATE TABLE a (x int) WITH (fillfactor = 50)
CREATE TABLE a (x int) WITH (oids = false)
CREATE TABLE a PARTITION OF parted FOR VALUES IN (5) WITH (fillfactor = 50)
CREATE INDEX i ON users (n) WITH (fillfactor = 50)
CREATE INDEX i ON users USING gin (j) WITH (fastupdate = off, gin_pending_list_limit = 100)
CREATE INDEX i ON users USING brin (n) WITH (pages_per_range = 16)
CREATE INDEX i ON users USING hash (n) WITH (fillfactor = 50)
CREATE INDEX i ON users (n) WITH (deduplicate_items = off)
ALTER INDEX ix_plain SET (fillfactor = 50)
ALTER VIEW v SET (security_barrier = true)
ALTER VIEW v SET (check_option = local)
CREATE VIEW vv WITH (security_invoker) AS SELECT 1
CREATE VIEW vv AS SELECT id FROM users WITH CHECK OPTION
ALTER TABLE users ALTER n SET (n_distinct = -0.5)
ALTER TABLE users ALTER n SET STATISTICS 100
ALTER TABLE users ALTER n SET STATISTICS 20000
ALTER TABLE lo_child SET UNLOGGED
ALTER TABLE un SET LOGGED
ALTER TABLE un_free SET LOGGED
ALTER TABLE other SET UNLOGGED
ALTER TABLE parted SET UNLOGGED
ALTER TABLE users SET LOGGED
CREATE UNLOGGED TABLE a (x int REFERENCES un)
CREATE UNLOGGED TABLE a (x int REFERENCES other)
ALTER TABLE nulls ADD x serial PRIMARY KEY
CREATE TABLE a (x int NULL PRIMARY KEY)
CREATE TABLE a (x int GENERATED ALWAYS AS (y) STORED, y int)
CREATE TABLE a (x text CHECK (length(x) > 0))
CREATE TABLE a (x text CHECK (x IN ('a', 'b')))
CREATE TABLE a (LIKE v)
CREATE TABLE a OF comp
CREATE TABLE a OF comp (a PRIMARY KEY)
CREATE TABLE a (x timestamp(9))
CREATE TABLE a (x text COLLATE "C")
CREATE TABLE a (x int, y int) PARTITION BY RANGE (x, y)
CREATE UNLOGGED TABLE a (x int) PARTITION BY LIST (x)
CREATE TABLE a (x int4range, EXCLUDE USING gist (x WITH &&))
CREATE TABLE a (x int, EXCLUDE USING hash (x WITH =))
CREATE TABLE a (x int, UNIQUE (x) INCLUDE (x))
CREATE TABLE a (x int PRIMARY KEY, FOREIGN KEY (x) REFERENCES a (x))
CREATE TABLE a (x int REFERENCES users ON DELETE SET NULL (x))
CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED REFERENCES users ON DELETE CASCADE)
CREATE TABLE a (id bigint PRIMARY KEY); CREATE TABLE b (x int REFERENCES a (id))
CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (x int REFERENCES a)
CREATE TABLE a (id int, y int); CREATE UNIQUE INDEX ON a (y); CREATE TABLE b (x int REFERENCES a (y))
DELETE FROM users WHERE id = 2
DELETE FROM users WHERE n = 2
DELETE FROM kept
DELETE FROM posts; DELETE FROM users
DELETE FROM posts
UPDATE users SET id = 5 WHERE id = 2
UPDATE users SET name = NULL WHERE id = 99
UPDATE users SET n = NULL
UPDATE posts SET user_id = 2
TRUNCATE users CASCADE
TRUNCATE posts
INSERT INTO users (id, name) SELECT 5, NULL WHERE false
INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING
INSERT INTO posts (id, user_id) VALUES (5, 1)
INSERT INTO nulls (a) VALUES (NULL)
INSERT INTO nulls (b) VALUES (DEFAULT)
INSERT INTO filled (a) VALUES (1)
INSERT INTO filled (a, b) VALUES (1, NULL)
INSERT INTO dom (d) VALUES (1)
INSERT INTO parted (id) VALUES (1)
INSERT INTO v (id, name) VALUES (7, 'x')
CLUSTER users USING users_pkey
CLUSTER users USING users_pkey; CLUSTER users
CLUSTER ix USING ix_plain
ALTER TABLE ix SET WITHOUT CLUSTER
CREATE RECURSIVE VIEW vv (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM vv WHERE n < 5
ALTER TYPE pos RENAME TO pos3
ALTER TYPE mood ADD VALUE ''
ALTER DOMAIN pos DROP CONSTRAINT pos_check
ALTER DOMAIN pos RENAME CONSTRAINT pos_check TO x
CREATE INDEX ON users (id, id)
CREATE INDEX ON users (name COLLATE "C")
CREATE INDEX ON users (n) INCLUDE (name)
CREATE INDEX ON users (n) WHERE volat() > 1
CREATE UNIQUE INDEX ON users (n) NULLS NOT DISTINCT
CREATE UNIQUE INDEX ON nulls (a) NULLS NOT DISTINCT
CREATE INDEX ON parted (v)
ALTER INDEX ix_expr ALTER COLUMN 1 SET STATISTICS 100
DROP TABLE p1
DROP TABLE parted
DROP TABLE users CASCADE
DROP FUNCTION trg()
DROP SEQUENCE sq
ALTER SEQUENCE sq RESTART 100
ALTER SEQUENCE sq AS smallint
ALTER SEQUENCE sq OWNED BY posts.id
ALTER SEQUENCE sq OWNED BY v.id
ALTER SEQUENCE sq START 5 INCREMENT 2
SELECT setval('sq', 5)
SELECT setval(pg_get_serial_sequence('users', 'id'), 5)
SELECT gen_random_uuid()
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'select id from users'
CREATE FUNCTION g() RETURNS void LANGUAGE sql AS 'insert into users (id) values (1)'
CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'select a + $1'
CREATE FUNCTION g(a int) RETURNS text LANGUAGE sql AS 'select a'
CREATE FUNCTION g(a int) RETURNS SETOF users LANGUAGE sql AS 'select * from users'
CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN nosuch; END'
CREATE FUNCTION g(a anyelement) RETURNS anyelement LANGUAGE sql AS 'select $1'
CREATE FUNCTION g() RETURNS record LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
CREATE AGGREGATE ag(int) (sfunc = int4pl, stype = int, nope = 1)
CREATE OPERATOR @@@ (leftarg = int, rightarg = int, function = int4pl, commutator = @@@)
CREATE CAST (mood AS int) WITH INOUT
CREATE POLICY p ON secured USING (owner = current_user)
ALTER TABLE v ALTER id SET DEFAULT 5
ALTER TABLE mv RENAME COLUMN id TO x
ALTER TABLE mv ALTER id SET STATISTICS 100
ALTER TABLE sq RENAME TO sq5
ALTER TABLE ft ADD CHECK (a > 0)
ALTER TABLE users_pkey RENAME TO x
ALTER TABLE users ADD UNIQUE (j)
ALTER TABLE users ADD EXCLUDE (id WITH =)
ALTER TABLE users ALTER n TYPE text COLLATE "C"
ALTER TABLE gen ALTER g DROP EXPRESSION
ALTER TABLE gen ALTER a DROP EXPRESSION IF EXISTS
ALTER TABLE gen ALTER i RESTART WITH 100
ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY
ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 10)
ALTER TABLE posts ALTER CONSTRAINT posts_user_id_fkey DEFERRABLE
ALTER TABLE base VALIDATE CONSTRAINT kpos
ALTER TABLE users SET WITHOUT OIDS
ALTER TABLE users DISABLE TRIGGER ALL
CREATE TABLE t5 (LIKE parted); ALTER TABLE parted ATTACH PARTITION t5 FOR VALUES IN (7)
CREATE TABLE t5 PARTITION OF ranged FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
CREATE TABLE t5 PARTITION OF parted (v DEFAULT 'x') FOR VALUES IN (7)
CREATE TABLE t5 PARTITION OF parted FOR VALUES IN (7) PARTITION BY RANGE (r)
SET work_mem = '64kB'
SET timezone = 'UTC'
SET CONSTRAINTS lazy_user_id_fkey IMMEDIATE
ANALYZE sq
CREATE STATISTICS s ON id, j FROM users
CREATE STATISTICS s ON (id + 1) FROM users
ALTER STATISTICS st SET STATISTICS 20000
CREATE PUBLICATION pb FOR TABLE users WHERE (id > 1)
CREATE PUBLICATION pb FOR TABLE users (id, name)
CREATE COLLATION c1 FROM "C"
CREATE TABLE a AS SELECT NULL
CREATE TABLE a AS SELECT 'x'
CREATE TABLE a (x) AS SELECT 1, 2
CREATE TEMP VIEW tv AS SELECT 1 AS x
CREATE VIEW area.vv AS SELECT 1 AS x
SELECT id INTO fresh FROM users
PREPARE q AS SELECT 1; EXECUTE q(1)
DO $$ BEGIN IF false THEN RAISE EXCEPTION 'no'; END IF; END $$
MERGE INTO users u USING posts p ON u.id = p.id WHEN NOT MATCHED THEN INSERT (id) VALUES (p.id)
INSERT INTO users (id, name) VALUES (8, now())
ALTER TABLE mv RENAME TO m5
SAVEPOINT a; ROLLBACK TO a
CREATE TABLE a (x int, y int GENERATED ALWAYS AS (volat()) STORED)
CREATE TABLE a (b text DEFAULT gen_random_uuid())
CREATE TABLE a (b timestamptz DEFAULT 'now()')
CREATE TABLE a (b timestamptz DEFAULT CURRENT_TIMESTAMP)
CREATE TABLE a (b date DEFAULT CURRENT_TIMESTAMP)
CREATE TABLE a (b mood[] DEFAULT ARRAY['ok']::mood[])
CREATE TABLE a (b pos DEFAULT -5)
CREATE TABLE a (b text[] DEFAULT '{}', c jsonb DEFAULT '{}', d jsonb DEFAULT '[]'::jsonb, e numeric(10,2) DEFAULT 0.00, f varchar(255) DEFAULT 'abc', g boolean DEFAULT false, h bigint DEFAULT 0, i double precision DEFAULT 1, j char(3) DEFAULT 'USD', k bytea DEFAULT '\x00', l inet DEFAULT '0.0.0.0', m interval DEFAULT '1 day', n time DEFAULT '00:00', o money DEFAULT 0, p bit(3) DEFAULT B'101', q text DEFAULT CURRENT_USER, r name DEFAULT 'x', s "char" DEFAULT 'x', t oid DEFAULT 1, u regclass DEFAULT 'users', v xml DEFAULT '<a/>', w point DEFAULT '(1,2)', x int4range DEFAULT '[1,2)', y tsvector DEFAULT '', z date DEFAULT '2024-01-01')
CREATE TABLE a (id bigserial PRIMARY KEY); CREATE TABLE b (x int REFERENCES a); CREATE TABLE c (x smallint REFERENCES a (id))
CREATE TABLE a (id varchar(9) PRIMARY KEY); CREATE TABLE b (x text REFERENCES a); CREATE TABLE c (x char(9) REFERENCES a)
CREATE TABLE a (id int PRIMARY KEY); ALTER TABLE a ALTER id TYPE text; CREATE TABLE b (x text REFERENCES a)
CREATE TABLE a (id int, x uuid, PRIMARY KEY (x)); CREATE TABLE b (x uuid REFERENCES a); ALTER TABLE users ADD y uuid REFERENCES a
CREATE TYPE a_id AS ENUM ('x'); CREATE TABLE a (id a_id PRIMARY KEY); CREATE TABLE b (x a_id REFERENCES a)
INSERT INTO filled VALUES (1)
INSERT INTO nulls DEFAULT VALUES
INSERT INTO nulls VALUES (1)
INSERT INTO casc VALUES (NULL)
UPDATE posts SET user_id = 2; DELETE FROM users WHERE id = 1
ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey; DELETE FROM users WHERE id = 1
DELETE FROM ONLY users WHERE id = 2 RETURNING id
"""


# Those of another version than all from 13 to 18: since when PostgreSQL takes it, until when it refuses it for what is looked at here.
SINCE = {"ALTER TABLE users SET (vacuum_index_cleanup = auto)": 14, "CREATE VIEW vv WITH (security_invoker) AS SELECT 1": 15, "CREATE STATISTICS s ON (id + 1) FROM users": 14}
BEFORE = {"MERGE INTO v USING posts p ON v.id = p.id WHEN MATCHED THEN DELETE": 17}


def of_version(text, version):
    return "\n".join(line for line in text.split("\n") if SINCE.get(line, 0) <= version < BEFORE.get(line, 99))


def of_today(text):
    return todays([line for line in text.split("\n") if line], 3)


class Stored(Case):
    real = test_plan_failures.Failures.real
    said = test_plan_failures.Failures.said
    agree = test_plan_failures.Failures.agree

    def compare(self, text):
        self.sql(SETUP)
        statements = of_today(of_version(text, self.cluster.version))
        return set(statements), self.agree(statements)

    def test_what_fails_is_told(self):
        statements, fails = self.compare(FAILING)
        if self.cluster.version == 15:
            self.assertEqual(statements - fails, set())

    def test_of_what_succeeds_nothing_is_said(self):
        _, fails = self.compare(PASSING)
        if self.cluster.version == 15:
            self.assertEqual(fails, set())

    def test_a_large_plan_asks_the_server_about_many_statements_at_once(self):
        """Also where one of them is refused, which is found among the others."""
        self.sql("CREATE TABLE users (id int, name text)")
        project = self.project()
        for number in range(120):
            project.add(f"{number:05}", f"ALTER TABLE users ADD CONSTRAINT c{number} CHECK (id > {number}) NOT VALID;\nCREATE VIEW v{number} AS SELECT id + {number} AS n FROM users;\n" if number == 0
                        else f"CREATE TABLE t{number} (a int CHECK (a > {number}), b text CHECK (length(b) > {number if number != 77 else repr('none')}));\n")
        rpc = self.rpc(self.worker(project))
        self.sql(f"ALTER DATABASE {self.database} SET log_statement = 'all'")
        before = self.cluster.log_size()
        plan = rpc.call("MigrationService", "Plan", {})
        told = [(migration.name, one.fails) for migration in plan.migrations for step in migration.steps for one in step.statements if one.HasField("fails")]
        self.assertEqual([name for name, _ in told], ["00077"])
        self.assertIn('invalid input syntax for type integer: "none" (22P02)', told[0][1])
        self.assertLess(self.cluster.logged(before).count("BEGIN TRANSACTION READ ONLY; SET LOCAL lock_timeout"), 60)

    def test_nothing_is_run_and_nobody_is_waited_for(self):
        self.sql("""CREATE TABLE users (id int, name text); CREATE FUNCTION spy(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE LOG ''spied''; RETURN true; END'""")
        self.hold("BEGIN", "LOCK TABLE users")
        said = self.said(["CREATE TABLE a (x int DEFAULT 1, CHECK (spy(1)))", "CREATE INDEX ON users (spy(id))", "CREATE POLICY p ON users USING (spy(id + name))", "CREATE TABLE b (x bool DEFAULT spy(5))"])
        self.assertEqual(said, [[], [], [], []])
        self.assertNotIn("LOG:  spied", self.cluster.logged())

    def test_what_may_be_otherwise_by_then_is_not_judged(self):
        self.sql(SETUP)
        scripts = ["CREATE TYPE tone AS ENUM ('a'); CREATE TABLE a (x tone DEFAULT 'b')", "ALTER TABLE users ALTER n TYPE text; ALTER TABLE users ALTER n SET DEFAULT 'abc'", "SET search_path = area; CREATE VIEW vv AS SELECT id + 1 AS n FROM users",
                   "ALTER TABLE kid NO INHERIT base; ALTER TABLE ONLY base ADD x int", "CREATE UNIQUE INDEX fresh ON users (n); ALTER TABLE users ADD UNIQUE USING INDEX fresh", "ALTER TABLE lo_child SET UNLOGGED; ALTER TABLE lo SET UNLOGGED", "DROP TABLE kid; ALTER TABLE ONLY base ADD COLUMN x int", "DROP TABLE typed, uses_used; ALTER TYPE used ADD ATTRIBUTE c int",
                   "DROP TABLE posts, lazy; DROP PUBLICATION pub; ALTER TABLE users SET UNLOGGED",
                   "SET standard_conforming_strings = off; CREATE TABLE a (x text CHECK (x > E'\\'') )", "CREATE TABLE IF NOT EXISTS users (x int DEFAULT 'abc')", "DO $$ BEGIN DROP TABLE kid; END $$; ALTER TABLE ONLY base ADD COLUMN x int"]
        self.assertEqual(self.said(scripts), [[]] * len(scripts))


if __name__ == "__main__":
    harness.main()
