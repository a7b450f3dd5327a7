"""What a plan knows of columns in expressions, calls of functions, bounds of partitions, and schemas that it renames itself: each script
is planned alone, and run in a transaction that is rolled back. What fails there is told, and of what succeeds nothing is said."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
sys.path.insert(0, os.path.dirname(__file__))
import harness
import test_plan_failures
from harness import Case

SETUP = """CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, n int, email text, UNIQUE (email, n)); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users, title text, j jsonb);
CREATE VIEW v AS SELECT id, name FROM users; CREATE MATERIALIZED VIEW mv AS SELECT id FROM users; CREATE FUNCTION full_name(users) RETURNS text LANGUAGE sql AS 'select $1.name';
CREATE FUNCTION f(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql AS 'select 1'; CREATE FUNCTION vf(VARIADIC a int[]) RETURNS int LANGUAGE sql AS 'select 1'; CREATE PROCEDURE pr(a int) LANGUAGE sql AS 'select 1';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE pl (id int, v text) PARTITION BY LIST (id); CREATE TABLE pl1 PARTITION OF pl FOR VALUES IN (1, -2); CREATE TABLE pldef PARTITION OF pl DEFAULT;
CREATE TABLE pr1 (d date, x int) PARTITION BY RANGE (d); CREATE TABLE pr1a PARTITION OF pr1 FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); CREATE TABLE loose (d date, x int);
CREATE TABLE pts (t timestamptz) PARTITION BY RANGE (t); CREATE TABLE pts1 PARTITION OF pts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE pt (t text) PARTITION BY LIST (t); CREATE TABLE pt1 PARTITION OF pt FOR VALUES IN ('a', 'b', NULL);
CREATE TABLE ph (id int) PARTITION BY HASH (id); CREATE TABLE ph0 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE p2 (a int, b int) PARTITION BY RANGE (a, b); CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (1, 1) TO (1, 10); CREATE TABLE p2b PARTITION OF p2 FOR VALUES FROM (5, MINVALUE) TO (9, MINVALUE);
CREATE TYPE mood AS ENUM ('ok','bad'); CREATE TABLE pe (m mood) PARTITION BY LIST (m); CREATE TABLE pe1 PARTITION OF pe FOR VALUES IN ('ok');
CREATE SCHEMA area; CREATE TABLE area.t (id int PRIMARY KEY); CREATE TABLE area.only_app (z int); CREATE TYPE area.kind AS ENUM ('a'); CREATE FUNCTION area.g() RETURNS int LANGUAGE sql AS 'select 1'; CREATE INDEX t_idx ON area.t (id); CREATE VIEW area.vw AS SELECT id FROM area.t;
CREATE TABLE "Mixed" ("Id" int PRIMARY KEY, "userName" text);"""

FAILING = [
    "CREATE INDEX ON users (lower(nme))",
    "CREATE INDEX ON users (name) WHERE nme > 0",
    "CREATE INDEX ON users ((users.nme))",
    "ALTER TABLE users ADD CHECK (nme > 0)",
    "ALTER TABLE users ADD COLUMN x int CHECK (y > 0)",
    "ALTER TABLE users ADD COLUMN x int GENERATED ALWAYS AS (nme * 2) STORED",
    "ALTER TABLE users ALTER COLUMN n TYPE text USING nme::text",
    "UPDATE users SET n = nosuch",
    "UPDATE users SET n = n + nosuch",
    "UPDATE users u SET n = 1 WHERE u.nosuch = 1",
    "UPDATE users SET n = 1 WHERE nosuch IS NULL",
    "DELETE FROM users WHERE nosuch = 1",
    "DELETE FROM users USING posts p WHERE p.nosuch = users.id",
    "INSERT INTO users (id, name) SELECT id, nosuch FROM posts",
    "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (nosuch) DO NOTHING",
    "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (name) DO NOTHING",
    "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET nosuch = 1",
    "INSERT INTO users (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = excluded.nosuch",
    "INSERT INTO users (id, name) VALUES (9, 'a') RETURNING nosuch",
    "CREATE VIEW x AS SELECT id, nosuch FROM users",
    "CREATE VIEW x AS SELECT u.id, p.nosuch FROM users u JOIN posts p ON p.user_id = u.id",
    "CREATE VIEW x AS SELECT u.id FROM users u JOIN posts p ON p.nosuch = u.id",
    "CREATE VIEW x AS SELECT u.id, (SELECT count(*) FROM posts p WHERE p.nosuch = u.id) FROM users u",
    "CREATE MATERIALIZED VIEW x AS SELECT nosuch FROM users",
    "CREATE TABLE x AS SELECT nosuch FROM users WHERE id > 1",
    "CREATE POLICY p ON users USING (nosuch = 1)",
    "CREATE POLICY p ON users USING (id IN (SELECT user_id FROM posts WHERE posts.nosuch = users.id))",
    "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.nosuch IS DISTINCT FROM NEW.n) EXECUTE FUNCTION trg()",
    "SELECT f(1, 2, 3)",
    "SELECT f()",
    "UPDATE users SET n = f()",
    "SELECT pr(1)",
    "CREATE INDEX ON users (lower(name, n))",
    "SELECT now(1)",
    "ALTER TABLE users ALTER COLUMN n SET DEFAULT f(1,2,3)",
    "SELECT length()",
    "SELECT v.nosuch FROM v",
    "SELECT nosuch FROM v",
    "SELECT nosuch FROM mv",
    "CREATE TABLE x PARTITION OF pl FOR VALUES IN (1)",
    "CREATE TABLE x PARTITION OF pl FOR VALUES IN ('-2')",
    "CREATE TABLE x PARTITION OF pl FOR VALUES IN (0, -2)",
    "CREATE TABLE x PARTITION OF pl DEFAULT",
    "CREATE TABLE x PARTITION OF pr1 FOR VALUES FROM ('2024-01-15') TO ('2024-03-01')",
    "CREATE TABLE x PARTITION OF pr1 FOR VALUES FROM (DATE '2023-01-15') TO (MAXVALUE)",
    "CREATE TABLE x PARTITION OF pr1 FOR VALUES FROM ('2025-01-15') TO ('2025-01-15')",
    "ALTER TABLE pr1 ATTACH PARTITION loose FOR VALUES FROM ('2024-01-31') TO ('2024-02-02')",
    "CREATE TABLE x PARTITION OF pts FOR VALUES FROM ('2024-01-15') TO ('2024-03-01')",
    "CREATE TABLE x PARTITION OF pt FOR VALUES IN ('c', 'b')",
    "CREATE TABLE x PARTITION OF pt FOR VALUES IN (NULL)",
    "CREATE TABLE x PARTITION OF ph FOR VALUES WITH (MODULUS 8, REMAINDER 4)",
    "CREATE TABLE x PARTITION OF ph FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE x PARTITION OF p2 FOR VALUES FROM (6, 1) TO (6, 2)",
    "CREATE TABLE x PARTITION OF pe FOR VALUES IN ('ok', 'bad')",
    "CREATE TABLE IF NOT EXISTS x PARTITION OF pe FOR VALUES IN ('ok', 'bad')",
    "ALTER SCHEMA area RENAME TO old; CREATE TABLE old.t (id int)",
    "CREATE TABLE x (a int, CHECK (b > 0))",
    "CREATE TABLE x (a int, PRIMARY KEY (b))",
    "CREATE TABLE x (a int, FOREIGN KEY (b) REFERENCES users)",
    "CREATE TABLE x (a int, a text)",
    "CREATE TABLE x (a int, b int GENERATED ALWAYS AS (c + 1) STORED)",
    "CREATE TABLE x (a int) PARTITION BY RANGE (b)",
    "CREATE TABLE x (a int, UNIQUE (a, b))",
]

PASSING = [
    "CREATE INDEX ON users (lower(name), (n + id)) WHERE users.n > 0 AND users IS NOT NULL",
    "CREATE INDEX ON users ((users.full_name))",
    "CREATE VIEW x AS SELECT u.full_name, u.id, u FROM users u WHERE u.ctid IS NOT NULL",
    "SELECT full_name(users), users.full_name FROM users",
    "SELECT tableoid, xmin, id FROM users",
    "ALTER TABLE users ADD COLUMN q int, ADD CHECK (q > 0 OR n > 0), ADD COLUMN z int GENERATED ALWAYS AS (n * 2) STORED",
    "ALTER TABLE users RENAME COLUMN n TO m; UPDATE users SET m = m + 1 WHERE m > 0; CREATE INDEX ON users (abs(m))",
    "WITH x AS (SELECT id AS foo FROM users) SELECT foo, x.foo FROM x",
    "WITH users AS (SELECT 1 AS zz) SELECT zz FROM users",
    "SELECT zz FROM (SELECT 1 AS zz) users",
    "SELECT a, b FROM users AS u (a, b)",
    "SELECT u.a FROM users AS u (a, b)",
    "UPDATE users SET n = p.id FROM posts p WHERE p.user_id = users.id AND title IS NULL",
    "UPDATE users u SET (n, name) = (SELECT p.id, p.title FROM posts p WHERE p.user_id = u.id LIMIT 1) WHERE EXISTS (SELECT FROM posts WHERE user_id = u.id)",
    "DELETE FROM users WHERE id IN (SELECT user_id FROM posts WHERE title = name)",
    "INSERT INTO users AS u (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = excluded.name || u.name WHERE u.n > 1 RETURNING u.id, name",
    "INSERT INTO users (id, name) VALUES (1,'x') ON CONFLICT (n, email) DO NOTHING",
    "INSERT INTO users (id, name) VALUES (1,'x') ON CONFLICT DO NOTHING",
    "INSERT INTO users (id, name) VALUES (1,'x') ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING",
    "CREATE UNIQUE INDEX ON posts (title); INSERT INTO posts (id, title) VALUES (1,'x') ON CONFLICT (title) DO NOTHING",
    "INSERT INTO v (id, name) VALUES (77,'x') ON CONFLICT (id) DO NOTHING",
    "SELECT name AS nn, count(*) FROM users GROUP BY nn ORDER BY nn",
    "SELECT id AS q FROM users ORDER BY q",
    "SELECT id FROM users UNION SELECT id FROM posts ORDER BY id",
    "SELECT p.j->>'a' FROM posts p, LATERAL jsonb_array_elements(p.j) AS e(x) WHERE e.x IS NULL",
    "SELECT e.value FROM posts p CROSS JOIN LATERAL jsonb_each(p.j) e",
    "SELECT x.id FROM (SELECT id FROM users) x JOIN LATERAL (SELECT title FROM posts WHERE user_id = x.id) y ON true",
    "SELECT f(1), f(1,2), f(b => 1, a => 2), vf(1,2,3), vf(VARIADIC ARRAY[1]), count(*), string_agg(name, ',' ORDER BY id), percentile_cont(0.5) WITHIN GROUP (ORDER BY n), lag(n) OVER (ORDER BY id) FROM users GROUP BY id, n",
    "CALL pr(1)",
    "SELECT text(name), int4('1'), date('2024-01-01'), name(users.name) FROM users",
    "SELECT coalesce(n, 1), nullif(n, 1), greatest(n, 2) FROM users",
    "SELECT concat_ws(',', name, n), format('%s', name), jsonb_build_object('a', 1, 'b', 2), json_build_array() FROM users",
    "SELECT make_interval(days => 3), to_tsvector('english', name), substring(name from 1 for 2), trim(name), extract(year from now()), overlay(name placing 'x' from 1) FROM users",
    "SELECT rank() OVER w FROM users WINDOW w AS (PARTITION BY n ORDER BY name)",
    "SELECT * FROM generate_series(1, 3) g WHERE g > 1",
    "SELECT now() AT TIME ZONE 'UTC', current_user, localtime",
    "CREATE TABLE x PARTITION OF pl FOR VALUES IN (3, 0)",
    "CREATE TABLE x PARTITION OF pr1 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01'); CREATE TABLE y PARTITION OF pr1 FOR VALUES FROM (MINVALUE) TO ('2024-01-01')",
    "ALTER TABLE pr1 ATTACH PARTITION loose FOR VALUES FROM ('2024-02-01') TO ('2024-02-02')",
    "CREATE TABLE x PARTITION OF pts FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
    "SET TIME ZONE 'Asia/Tokyo'; CREATE TABLE x PARTITION OF pts FOR VALUES FROM ('2024-02-02') TO ('2024-03-01')",
    "SET TIME ZONE 'America/New_York'; CREATE TABLE x PARTITION OF pts FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
    "SET TIME ZONE 'Asia/Tokyo'; CREATE TABLE x PARTITION OF pts FOR VALUES FROM ('2023-12-01') TO ('2024-01-01 06:00')",
    "CREATE TABLE x PARTITION OF pt FOR VALUES IN ('c', 'B')",
    "CREATE TABLE x PARTITION OF ph FOR VALUES WITH (MODULUS 8, REMAINDER 5)",
    "CREATE TABLE x PARTITION OF p2 FOR VALUES FROM (1, 10) TO (1, 20)",
    "CREATE TABLE x PARTITION OF p2 FOR VALUES FROM (9, MINVALUE) TO (MAXVALUE, MAXVALUE)",
    "CREATE TABLE x PARTITION OF pe FOR VALUES IN ('bad')",
    "DROP TABLE pl1; CREATE TABLE x PARTITION OF pl FOR VALUES IN (1)",
    "ALTER TABLE pl DETACH PARTITION pl1; CREATE TABLE x PARTITION OF pl FOR VALUES IN (1)",
    "CREATE TABLE IF NOT EXISTS pl1 PARTITION OF pl FOR VALUES IN (1, -2)",
    "ALTER SCHEMA area RENAME TO old; CREATE SCHEMA area; CREATE TABLE area.t (id int); CREATE INDEX t_idx ON area.t (id); CREATE VIEW area.vw AS SELECT id FROM area.t; CREATE TYPE area.kind AS ENUM ('b'); CREATE FUNCTION area.g() RETURNS int LANGUAGE sql AS 'select 1'; INSERT INTO area.t SELECT id FROM old.t",
    "ALTER SCHEMA area RENAME TO old; CREATE SCHEMA area; SET search_path = area; CREATE TABLE t (id int, q int); ALTER TABLE t ADD PRIMARY KEY (id); UPDATE t SET q = 1 WHERE q > 0",
    "ALTER SCHEMA area RENAME TO old; ALTER TABLE old.t RENAME TO t2; CREATE TABLE old.t (id int, z int); UPDATE old.t SET z = 1",
    "ALTER SCHEMA area RENAME TO tmp; ALTER SCHEMA tmp RENAME TO area; ALTER TABLE area.t ADD COLUMN x int; SELECT z FROM area.only_app",
    "ALTER SCHEMA area RENAME TO a2; CREATE SCHEMA area; ALTER TABLE a2.t SET SCHEMA area; ALTER TABLE a2.only_app SET SCHEMA area; DROP SCHEMA a2 CASCADE; UPDATE area.only_app SET z = 2",
    "DROP SCHEMA area CASCADE; CREATE SCHEMA area; CREATE TABLE area.t (id int, zz int); CREATE INDEX t_idx ON area.t (zz)",
    "CREATE INDEX ON \"Mixed\" (lower(\"userName\")); UPDATE \"Mixed\" SET \"userName\" = 'x' WHERE \"Id\" = 1",
    'SELECT m."userName" FROM "Mixed" m',
    "CREATE TABLE x (a int, b int, CHECK (a > b AND x.a > 0), PRIMARY KEY (a), UNIQUE (b) INCLUDE (a), FOREIGN KEY (a) REFERENCES users, c int GENERATED ALWAYS AS (a + b) STORED) ",
    "CREATE TABLE x (LIKE users, CHECK (n > 0), PRIMARY KEY (id))",
    "CREATE TABLE x () INHERITS (users)",
    "CREATE TABLE x (CHECK (n > 0), UNIQUE (n)) INHERITS (users)",
    "CREATE TABLE x (a int, up int REFERENCES x (a), PRIMARY KEY (a))",
    "CREATE TABLE x PARTITION OF pr1 (x NOT NULL, CHECK (x > 0)) FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    "CREATE TABLE x (a int, b text) PARTITION BY RANGE (a, lower(b))",
    "CREATE TABLE x (a int, CHECK (tableoid > 0::oid))",
    "CREATE POLICY p ON users USING (id = current_setting('a.b', true)::int AND EXISTS (SELECT FROM posts WHERE posts.user_id = users.id AND title = name)) WITH CHECK (users.n > 0)",
    "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND new.n > 1) EXECUTE FUNCTION trg()",
    "CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO users (id, name) VALUES (NEW.id, NEW.name)",
    "MERGE INTO users u USING posts p ON p.user_id = u.id WHEN MATCHED THEN UPDATE SET name = p.title",
    "SELECT c.relname, c.oid FROM pg_catalog.pg_class c WHERE relkind = 'r'",
    "SELECT relname FROM pg_class",
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'x'",
    "SELECT last_value FROM (SELECT 1 AS last_value) s",
    "CREATE TEMP TABLE users (foo int); SELECT foo FROM users; UPDATE users SET foo = 1",
]


class Expressions(Case):
    real = test_plan_failures.Failures.real
    said = test_plan_failures.Failures.said

    def compare(self, statements):
        """Those that fail on the server. Of each the plan must say so, of the others nothing, and no question of ours is an error."""
        self.sql(SETUP)
        real = self.real(statements)
        log = os.path.join(self.cluster.directory, "log")
        before = os.path.getsize(log)
        said = self.said(statements)
        with open(log, encoding="utf-8") as file:
            file.seek(before)
            self.assertEqual([line for line in file if "ERROR" in line], [])
        self.assertEqual([sql for sql, fails, words in zip(statements, real, said) if fails and not words], [])
        self.assertEqual([(sql, words) for sql, fails, words in zip(statements, real, said) if words and not fails], [])
        return {sql for sql, fails in zip(statements, real) if fails}

    def test_what_fails_is_told(self):
        self.assertEqual(set(FAILING) - self.compare(FAILING), set())

    def test_of_what_succeeds_nothing_is_said(self):
        self.assertEqual(self.compare([sql for sql in PASSING if self.cluster.version >= 15 or not sql.startswith("MERGE")]), set())


if __name__ == "__main__":
    harness.main()
