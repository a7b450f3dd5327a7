/*
 * Statements that contradict themselves. PostgreSQL refuses each with the SQLSTATE beside it
 * (tests/service/test_plan_stored.py holds them against the server).
 */
#include "sql/effects.h"

#include "support/runner.h"

#include <string.h>

static const struct {
    const char *statement;
    const char *state;
} contradictions[] = {
    {"CREATE TABLE a (x int DEFAULT y, y int)", "0A000"},
    {"CREATE TABLE a (x int DEFAULT (SELECT 1))", "0A000"},
    {"CREATE DOMAIN d AS anyelement", "42804"},
    {"CREATE DOMAIN d AS int NOT NULL NULL", "42601"},
    {"CREATE DOMAIN d AS int DEFAULT 1 DEFAULT 2", "42601"},
    {"CREATE DOMAIN d AS int UNIQUE", "42601"},
    {"ALTER TABLE users ALTER name SET STORAGE WRONG", "22023"},
    {"ALTER TABLE users ALTER name SET COMPRESSION zstd", "22023"},
    {"CREATE TABLE a (x int PRIMARY KEY, y int PRIMARY KEY)", "42P16"},
    {"CREATE TABLE a (x int PRIMARY KEY, PRIMARY KEY (x))", "42P16"},
    {"CREATE TABLE a (x serial PRIMARY KEY, y int, PRIMARY KEY (y))", "42P16"},
    {"CREATE TABLE a (x int, PRIMARY KEY (x), PRIMARY KEY (x))", "42P16"},
    {"ALTER TABLE nulls ADD x serial PRIMARY KEY, ADD PRIMARY KEY (b)", "42P16"},
    {"CREATE TABLE a (x serial DEFAULT 5)", "42601"},
    {"CREATE TABLE a (x serial NULL)", "42601"},
    {"CREATE TABLE a (x int NULL NOT NULL)", "42601"},
    {"CREATE TABLE a (x int DEFAULT 1 DEFAULT 2)", "42601"},
    {"CREATE TABLE a (x int DEFAULT 1 GENERATED ALWAYS AS IDENTITY)", "42601"},
    {"CREATE TABLE a (x int DEFAULT 1 GENERATED ALWAYS AS (1) STORED)", "42601"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS IDENTITY GENERATED ALWAYS AS (1) STORED)", "42601"},
    {"CREATE TABLE a (x text GENERATED ALWAYS AS IDENTITY)", "22023"},
    {"CREATE TABLE a (x numeric GENERATED ALWAYS AS IDENTITY)", "22023"},
    {"CREATE TABLE a (x serial[] )", "0A000"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS (x) STORED)", "42P17"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS (y + 1) STORED, y int GENERATED ALWAYS AS (1) STORED)", "42P17"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS ((SELECT 1)) STORED)", "0A000"},
    {"CREATE TABLE a (x int, CONSTRAINT c CHECK (x > 0), CONSTRAINT c CHECK (x > 1))", "42710"},
    {"CREATE TABLE a (x int CONSTRAINT c CHECK (x > 0), y int CONSTRAINT c UNIQUE)", "42710"},
    {"CREATE TABLE a (x int CHECK (x > (SELECT 1)))", "0A000"},
    {"CREATE TEMP TABLE area.a (x int)", "42P16"},
    {"CREATE TABLE a (x int) ON COMMIT DROP", "42P16"},
    {"CREATE TABLE a (x anyelement)", "42P16"},
    {"CREATE TABLE a (x record)", "42P16"},
    {"CREATE TABLE a (x unknown)", "42P16"},
    {"CREATE TABLE a (x trigger)", "42P16"},
    {"CREATE TABLE a (x int) PARTITION BY LIST (x, x)", "42P17"},
    {"CREATE TABLE a (x int, y int) PARTITION BY LIST (x, y)", "42P17"},
    {"CREATE TABLE a (x int) PARTITION BY LIST (xmin)", "42P17"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED) PARTITION BY LIST (x)", "42P17"},
    {"CREATE TABLE a (x int) INHERITS (base) PARTITION BY LIST (x)", "42P17"},
    {"CREATE TABLE a (x json PRIMARY KEY)", "42704"},
    {"CREATE TABLE a (x json UNIQUE)", "42704"},
    {"CREATE TABLE a (x point UNIQUE)", "42704"},
    {"CREATE TABLE a (x xml PRIMARY KEY)", "42704"},
    {"CREATE TABLE a (x int, UNIQUE (x, x))", "42701"},
    {"CREATE TABLE a (x int, PRIMARY KEY (x, x))", "42701"},
    {"CREATE TABLE a (x int REFERENCES users DEFERRABLE NOT DEFERRABLE)", "42601"},
    {"CREATE TABLE a (x int REFERENCES users NOT DEFERRABLE INITIALLY DEFERRED)", "42601"},
    {"CREATE TABLE a (x int CHECK (x > 0) DEFERRABLE)", "42601"},
    {"CREATE TABLE a (x int NOT NULL DEFERRABLE)", "42601"},
    {"CREATE TABLE a (x int DEFERRABLE)", "42601"},
    {"CREATE TABLE a (x int, y int, FOREIGN KEY (x) REFERENCES users ON DELETE SET NULL (y))", "42P10"},
    {"CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED REFERENCES users ON DELETE SET NULL)", "42601"},
    {"CREATE TYPE t AS ENUM ('a', 'a')", "23505"},
    {"CREATE TYPE t AS (a int, a text)", "42701"},
    {"CREATE TYPE t AS (a anyelement)", "42P16"},
    {"ALTER TYPE mood ADD VALUE 'this label is far longer than sixty three bytes, which is what PostgreSQL can keep'",
     "42602"},
    {"CREATE TYPE t AS ENUM ('this label is far longer than sixty three bytes, which is what PostgreSQL can keep')",
     "42602"},
    {"CREATE INDEX ON users (name) WHERE id IN (SELECT 1)", "0A000"},
    {"CREATE INDEX ON users USING hash (name, n)", "0A000"},
    {"CREATE UNIQUE INDEX ON users USING hash (name)", "0A000"},
    {"CREATE UNIQUE INDEX ON users USING gin (j)", "0A000"},
    {"CREATE INDEX ON users USING hash (n DESC)", "0A000"},
    {"CREATE INDEX ON users USING gin (j NULLS FIRST)", "0A000"},
    {"CREATE INDEX ON users USING hash (n) INCLUDE (name)", "0A000"},
    {"CREATE INDEX ON users (n) INCLUDE (lower(name))", "0A000"},
    {"CREATE INDEX ON users (ctid)", "0A000"},
    {"CREATE INDEX ON users (tableoid)", "0A000"},
    {"CREATE INDEX pg_x ON posts (id) TABLESPACE pg_global", "22023"},
    {"CREATE SEQUENCE s INCREMENT 1 INCREMENT 2", "42601"},
    {"CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW WHEN (old.id > 1) EXECUTE FUNCTION trg()", "42P17"},
    {"CREATE TRIGGER t BEFORE DELETE ON users FOR EACH ROW WHEN (new.id > 1) EXECUTE FUNCTION trg()", "42P17"},
    {"CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH STATEMENT WHEN (new.id > 1) EXECUTE FUNCTION trg()", "42P17"},
    {"CREATE TRIGGER t BEFORE TRUNCATE ON users FOR EACH ROW EXECUTE FUNCTION trg()", "0A000"},
    {"CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW WHEN (new.id IN (SELECT 1)) EXECUTE FUNCTION trg()",
     "0A000"},
    {"CREATE TRIGGER t AFTER UPDATE OF id, id ON users FOR EACH ROW EXECUTE FUNCTION trg()", "42701"},
    {"CREATE TRIGGER t BEFORE INSERT ON users REFERENCING NEW TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION trg()",
     "42P17"},
    {"CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH STATEMENT EXECUTE FUNCTION trg()", "0A000"},
    {"CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW WHEN (new.id > 1) EXECUTE FUNCTION trg()", "0A000"},
    {"CREATE TRIGGER t INSTEAD OF UPDATE OF id ON v FOR EACH ROW EXECUTE FUNCTION trg()", "0A000"},
    {"CREATE POLICY p ON users FOR INSERT USING (true)", "42601"},
    {"CREATE POLICY p ON users FOR SELECT WITH CHECK (true)", "42601"},
    {"CREATE POLICY p ON users FOR DELETE WITH CHECK (true)", "42601"},
    {"ALTER TABLE users ADD CHECK (n IN (SELECT 1)) NOT VALID", "0A000"},
    {"ALTER TABLE users ADD UNIQUE (id, id)", "42701"},
    {"ALTER TABLE users ALTER n TYPE int USING (SELECT 1)", "0A000"},
    {"CREATE ROLE pg_nope", "42939"},
    {"CREATE SCHEMA pg_nope", "42939"},
    {"CREATE STATISTICS s ON id FROM users", "42P17"},
    {"CREATE STATISTICS s ON id, id FROM users", "42701"},
    {"CREATE STATISTICS s (nope) ON id, n FROM users", "42601"},
    {"ALTER TABLE users SET (nope = 1)", "22023"},
    {"ALTER TABLE users SET (fillfactor = 7)", "22023"},
    {"ALTER TABLE users SET (toast.fillfactor = 70)", "22023"},
    {"ALTER TABLE users SET (autovacuum_vacuum_scale_factor = 100.5)", "22023"},
    {"ALTER TABLE users SET (toast_tuple_target = 64)", "22023"},
    {"ALTER TABLE users ALTER n SET (nope = 1)", "22023"},
    {"CREATE TABLE a (x int) WITH (nope = 1)", "22023"},
    {"CREATE TABLE a (x int) WITH (oids = true)", "0A000"},
    {"CREATE TABLE a (x int) PARTITION BY LIST (x) WITH (fillfactor = 50)", "22023"},
    {"CREATE INDEX i ON users (n) WITH (fastupdate = on)", "22023"},
    {"CREATE INDEX i ON users USING gin (j) WITH (fillfactor = 50)", "22023"},
    {"ALTER VIEW v SET (fillfactor = 50)", "22023"},
    {"CREATE VIEW v WITH (nope) AS SELECT 1", "22023"},
    {"CREATE MATERIALIZED VIEW v WITH (fillfactor = 5) AS SELECT 1 AS x", "22023"},
};

static const char *const consistent[] = {
    "ALTER TABLE users SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = off, "
    "log_autovacuum_min_duration = -1)",
    "ALTER TABLE users RESET (nope)",
    "ALTER TABLE users SET (timescaledb.compress, timescaledb.compress_segmentby = 'a')",
    "ALTER TABLE users ALTER n SET (n_distinct = -0.5)",
    "CREATE TABLE a (x int) WITH (oids = false)",
    "CREATE TABLE a (x int) WITHOUT OIDS",
    "CREATE TABLE a (x int) USING columnar WITH (nope = 1)",
    "CREATE INDEX i ON users USING hnsw (v) WITH (m = 16, ef_construction = 64)",
    "ALTER INDEX i SET (m = 16)",
    "ALTER TABLE v SET (security_barrier = true, fastupdate = off)",
    "CREATE MATERIALIZED VIEW v WITH (timescaledb.continuous) AS SELECT 1 AS x",
    "CREATE TABLE a (x int NULL, y serial NOT NULL, z int DEFAULT 1 NOT NULL, CONSTRAINT c CHECK (x > 0), CONSTRAINT d "
    "UNIQUE (x))",
    "CREATE TABLE a (x int PRIMARY KEY, y int UNIQUE DEFERRABLE INITIALLY DEFERRED REFERENCES b NOT DEFERRABLE "
    "INITIALLY IMMEDIATE)",
    "CREATE TABLE a (x int GENERATED ALWAYS AS (y + 1) STORED, y int, UNIQUE (x, y) INCLUDE (y))",
    "CREATE TABLE a (x bigint GENERATED ALWAYS AS IDENTITY, y json, PRIMARY KEY (x))",
    "CREATE TABLE a (x json[], y public.json UNIQUE, z public.record)",
    "CREATE TEMP TABLE a (x int) ON COMMIT DROP",
    "CREATE TEMP TABLE pg_temp.a (x int)",
    "CREATE TABLE a (x int, y int) PARTITION BY RANGE (x, y)",
    "CREATE TABLE a PARTITION OF b FOR VALUES IN (1) PARTITION BY LIST (c)",
    "CREATE TABLE a (x int GENERATED ALWAYS AS (1) STORED REFERENCES b ON DELETE CASCADE ON UPDATE RESTRICT)",
    "CREATE TABLE a (x int, y int, FOREIGN KEY (x, y) REFERENCES b ON DELETE SET NULL (y))",
    "ALTER TABLE a DROP CONSTRAINT c, ADD PRIMARY KEY (x), ADD CONSTRAINT c CHECK (x > 0)",
    "ALTER TABLE a ADD COLUMN IF NOT EXISTS x int PRIMARY KEY, ADD COLUMN IF NOT EXISTS y int PRIMARY KEY",
    "CREATE TABLE IF NOT EXISTS a (x int PRIMARY KEY, y int PRIMARY KEY)",
    "CREATE INDEX ON a USING hash (x)",
    "CREATE INDEX ON a USING gist (x, y) INCLUDE (z)",
    "CREATE INDEX ON a USING spgist (x) INCLUDE (z)",
    "CREATE UNIQUE INDEX ON a USING own (x, y DESC) INCLUDE (z)",
    "CREATE INDEX ON a (x DESC NULLS LAST, lower(y))",
    "CREATE STATISTICS s (mcv, ndistinct) ON x, y FROM a",
    "CREATE STATISTICS s ON (x + 1) FROM a",
    "CREATE TYPE t AS ENUM ('a', 'A', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')",
    "CREATE DOMAIN d AS int NOT NULL DEFAULT 1 CHECK (value > 0) CHECK (value < 9)",
    "CREATE POLICY p ON a USING (true) WITH CHECK (true)",
    "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON a FOR EACH ROW WHEN (new.x > 1) EXECUTE FUNCTION f()",
    "CREATE TRIGGER t AFTER TRUNCATE ON a FOR EACH STATEMENT EXECUTE FUNCTION f()",
    "CREATE TRIGGER t AFTER UPDATE ON a REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION "
    "f()",
    "CREATE ROLE pgadmin",
    "CREATE SCHEMA pgq",
    "CREATE SCHEMA AUTHORIZATION joe",
    "CREATE SEQUENCE s INCREMENT 2 START 4 CACHE 1",
};

/* "" if nothing is known against it. */
static const char *wrong_with(struct arena *arena, const char *statement)
{
    struct sql_effects effects;
    sql_effects(arena, text_of(statement), NULL, NULL, &effects);
    ck_assert_msg(!effects.unread, "not read: %s", statement);
    return effects.wrong == NULL ? "" : effects.wrong;
}

START_TEST(a_contradiction_is_told_with_its_sqlstate)
{
    struct arena *const arena = arena_new(0);
    const char *const said = wrong_with(arena, contradictions[_i].statement);
    ck_assert_msg(strstr(said, arena_printf(arena, "(%s)", contradictions[_i].state)) != NULL, "%s: \"%s\", not %s",
                  contradictions[_i].statement, said, contradictions[_i].state);
    arena_free(arena);
}
END_TEST

START_TEST(of_what_is_consistent_nothing_is_said)
{
    struct arena *const arena = arena_new(0);
    ck_assert_str_eq(wrong_with(arena, consistent[_i]), "");
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("never");
    TCase *const tests = tcase_create("all");
    tcase_add_loop_test(tests, a_contradiction_is_told_with_its_sqlstate, 0,
                        (int)(sizeof contradictions / sizeof contradictions[0]));
    tcase_add_loop_test(tests, of_what_is_consistent_nothing_is_said, 0,
                        (int)(sizeof consistent / sizeof consistent[0]));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
