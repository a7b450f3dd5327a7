"""The six projects of the crash suite. Every transaction of theirs leaves a word in the table `witness`, so that one that ran
twice is seen; where it cannot (a statement that stands outside of transactions), the transactions around it do. Nothing in
them depends on the time or on a sequence: what two runs leave is the same to the last row.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from harness import Project


def word(step):
    return f"INSERT INTO witness VALUES ('{step}');\n"


def project(*scripts):
    """The files 001_step, 002_step, …; the first of them makes the witness."""
    files = Project()
    for number, script in enumerate(scripts, 1):
        begin = "CREATE TABLE witness (step TEXT NOT NULL);\n" if number == 1 else ""
        files.add(f"{number:03}_step", begin + script)
    return files


def transactional():
    scripts = [
        word("01") + "CREATE TABLE users (id INT PRIMARY KEY, email TEXT NOT NULL UNIQUE);\n",
        word("02") + "INSERT INTO users SELECT n, 'user' || n || '@example.org' FROM generate_series(1, 3000) n;\n",
        word("03") + "CREATE TABLE posts (id INT PRIMARY KEY, author INT NOT NULL REFERENCES users (id), title TEXT);\nCREATE INDEX ON posts (author);\n",
        "INSERT INTO posts SELECT n, 1 + n % 3000, 'post ' || n FROM generate_series(1, 6000) n;\n" + word("04"),
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';\nUPDATE users SET name = split_part(email, '@', 1);\n" + word("05"),
        "CREATE FUNCTION slug(title TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$ SELECT replace(title, ' ', '-') $$;\n" + word("06"),
        "ALTER TABLE posts ADD COLUMN slug TEXT;\nUPDATE posts SET slug = slug(title);\n" + word("07") + "ALTER TABLE posts ALTER COLUMN slug SET NOT NULL;\n",
        "BEGIN;\nCREATE VIEW latest AS SELECT * FROM posts WHERE id > 5900;\n" + word("08") + "COMMIT;\n",
        "CREATE UNIQUE INDEX posts_slug ON posts (slug);\n" + word("09"),
        "DELETE FROM posts WHERE id % 3 = 0;\n" + word("10"),
        "CREATE TABLE balance (id INT PRIMARY KEY, amount INT NOT NULL);\nINSERT INTO balance SELECT id, 100 FROM users;\n" + word("11"),
        "UPDATE balance SET amount = amount + 1;\n" + word("12"),
    ]
    return project(*scripts)


def concurrently():
    return project(
        "CREATE TABLE items (id INT NOT NULL, kind INT NOT NULL, name TEXT NOT NULL);\n" + word("01")
        + "INSERT INTO items SELECT n, n % 97, md5(n::text) FROM generate_series(1, 12000) n;\n",
        word("02.1") + "CREATE INDEX CONCURRENTLY items_name ON items (name);\n" + word("02.3")
        + "CREATE UNIQUE INDEX CONCURRENTLY items_id ON items (id);\n" + word("02.5") + "UPDATE items SET kind = kind + 1 WHERE id <= 500;\n",
        "CREATE INDEX CONCURRENTLY items_kind ON items (kind, lower(name));\n",
        "ALTER TABLE items ADD COLUMN rank INT NOT NULL DEFAULT 0;\n" + word("04.1") + "DROP INDEX CONCURRENTLY items_name;\n"
        + "UPDATE items SET rank = rank + 1;\n" + word("04.3") + "REINDEX INDEX CONCURRENTLY items_kind;\n" + word("04.5"),
        "CREATE INDEX CONCURRENTLY ON items (rank, id) WHERE kind > 10;\n" + word("05.2") + "REINDEX TABLE CONCURRENTLY items;\n"
        + "VACUUM (ANALYZE) items;\n" + word("05.5"),
        "CREATE TABLE events (id INT, part INT) PARTITION BY LIST (part);\nCREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);\n"
        "CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);\n" + word("06.1")
        + "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;\n" + word("06.3"),
        "DROP INDEX CONCURRENTLY IF EXISTS items_kind;\n")


def enum():
    return project(
        "CREATE TYPE state AS ENUM ('new', 'done');\nCREATE TABLE jobs (id INT PRIMARY KEY, state state NOT NULL);\n" + word("01")
        + "INSERT INTO jobs SELECT n, 'new' FROM generate_series(1, 4000) n;\n",
        word("02.1") + "ALTER TYPE state ADD VALUE 'running';\nUPDATE jobs SET state = 'running' WHERE id % 3 = 0;\n" + word("02.2"),
        "ALTER TYPE state ADD VALUE 'failed' BEFORE 'done';\nALTER TABLE jobs ALTER COLUMN state SET DEFAULT 'failed';\n" + word("03.1")
        + "ALTER TYPE state ADD VALUE IF NOT EXISTS 'lost' AFTER 'failed';\nINSERT INTO jobs VALUES (5000, 'lost'), (5001, DEFAULT);\n" + word("03.2"),
        "ALTER TYPE state ADD VALUE 'unused';\n" + word("04"),
        word("05.1") + "".join(f"ALTER TYPE state ADD VALUE 'extra{n}';\nINSERT INTO jobs VALUES ({6000 + n}, 'extra{n}');\n" for n in range(5)) + word("05.2"),
        "CREATE TYPE mood AS ENUM ('calm');\nALTER TYPE mood ADD VALUE 'glad';\nCREATE TABLE people (mood mood DEFAULT 'glad');\n"
        "INSERT INTO people DEFAULT VALUES;\n" + word("06"))


def blocks():
    batches = """DO $$
DECLARE n INT;
BEGIN
    LOOP
        UPDATE rows SET touched = touched + 1 WHERE id IN (SELECT id FROM rows WHERE touched = %d ORDER BY id LIMIT 400);
        GET DIAGNOSTICS n = ROW_COUNT;
        EXIT WHEN n = 0;
        COMMIT;
    END LOOP;
    INSERT INTO witness VALUES ('%s');
END $$;
"""
    return project(
        word("01") + "CREATE TABLE rows (id INT PRIMARY KEY, touched INT NOT NULL DEFAULT 0);\nINSERT INTO rows SELECT generate_series(1, 6000);\n",
        batches % (0, "02"),
        word("03.1") + batches % (1, "03.2") + word("03.3"),
        """DO $$
BEGIN
    FOR n IN 1..40 LOOP
        EXECUTE format('CREATE TABLE made_%s (id INT)', n);
        INSERT INTO witness VALUES ('04.' || n);
    END LOOP;
END $$;
""",
        word("05.1") + "VACUUM rows;\n" + "DO $$ BEGIN UPDATE rows SET touched = touched * 10; INSERT INTO witness VALUES ('05.3'); END $$;\n" + batches % (20, "05.4"))


def session():
    """Scripts whose meaning hangs on the session: a role and settings that go on behind a cut, DO blocks that commit, statements that stand
    alone between them, and scripts that let every advisory lock go."""
    owner = "current_setting('truss_test.owner', true)"
    return project(
        word("01") + "CREATE TABLE items (id INT PRIMARY KEY, note TEXT, by TEXT NOT NULL DEFAULT current_user);\n"
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;\nGRANT ALL ON SCHEMA public TO PUBLIC;\n"
        "INSERT INTO items SELECT n, 'x' FROM generate_series(1, 6000) n;\n",
        # A role carried over a cut.
        "SET ROLE pg_monitor;\n" + word("02.1") + "INSERT INTO items VALUES (7001, 'before');\nRESET ROLE;\nCREATE INDEX CONCURRENTLY items_note ON items (note);\n"
        "SET ROLE pg_monitor;\nINSERT INTO items VALUES (7002, 'behind');\n" + word("02.3") + "RESET ROLE;\nVACUUM items;\nSET ROLE pg_monitor;\n"
        + word("02.5") + "INSERT INTO items VALUES (7003, 'at last');\n",
        # SET LOCAL in a script that is cut by a value of an enum.
        "SET LOCAL truss_test.owner = 'local';\nCREATE TYPE kind AS ENUM ('a');\nALTER TABLE items ADD COLUMN kind kind;\n"
        f"UPDATE items SET note = {owner} WHERE id = 1;\n" + word("03.1") + "ALTER TYPE kind ADD VALUE 'b';\n"
        f"UPDATE items SET kind = 'b', note = coalesce({owner}, 'lost') WHERE id = 2;\n" + word("03.2"),
        # A DO block that commits, between statements, with a setting of the session. Interrupted, it is run again: what it does is the same
        # however often.
        "SET truss_test.owner = 'session';\n" + word("04.1")
        + "DO $$ BEGIN FOR i IN 1..30 LOOP UPDATE items SET note = 'batch ' || i WHERE id % 30 = i - 1; COMMIT; END LOOP;\n"
        "INSERT INTO witness VALUES ('04.2'); END $$;\n"
        f"UPDATE items SET note = {owner} WHERE id = 3;\n" + word("04.3"),
        # Lets our locks go, in the midst of what needs several transactions.
        "SELECT pg_advisory_unlock_all();\n" + word("05.1") + "CREATE INDEX CONCURRENTLY items_by ON items (by, id);\n" + word("05.3")
        + "SELECT pg_advisory_unlock_all();\nVACUUM items;\n" + word("05.5"),
        "SELECT pg_advisory_unlock_all();\nCREATE TABLE last (id INT);\n" + word("06"))


def many():
    scripts = [word("001") + "CREATE TABLE counter (n INT NOT NULL);\nINSERT INTO counter VALUES (0);\n"]
    for number in range(2, 201):
        more = f"CREATE TABLE t{number} (id INT);\n" if number % 5 == 0 else ""
        scripts.append(more + "UPDATE counter SET n = n + 1;\n" + word(f"{number:03}"))
    return project(*scripts)


PROJECTS = {"transactional": transactional, "concurrently": concurrently, "enum": enum, "blocks": blocks, "session": session, "many": many}
