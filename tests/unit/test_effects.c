/*
 * The catalogue apart from what a server can be asked (tests/service/test_effects.py does): names, advice, what the
 * plan itself creates, versions, hostile statements, and what stalls others by its words.
 */
#include "base/words.h"
#include "sql/conversion.h"
#include "sql/effects.h"
#include "sql/loss.h"

#include "support/runner.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(0);
}

static void teardown(void)
{
    arena_free(arena);
}

static struct sql_effects effects_of(const char *statement)
{
    struct sql_effects effects;
    sql_effects(arena, text_of(statement), NULL, NULL, &effects);
    return effects;
}

static const char *locks_with(const char *statement, int version, const char *const *created)
{
    const struct sql_facts facts = {.server_version = version};
    struct buffer out = {.arena = arena};
    struct sql_effects effects;
    sql_effects(arena, text_of(statement), &facts, created, &effects);
    for (size_t i = 0; i < effects.count; i++) {
        buffer_printf(&out, "%s%s %s", i == 0 ? "" : ", ", effects.locks[i].relation,
                      sql_lock_name(effects.locks[i].lock));
    }
    return buffer_string(&out);
}

static const char *locks(const char *statement)
{
    return locks_with(statement, 0, NULL);
}

/* ---- names ---- */

START_TEST(names_are_quoted_where_they_must_be)
{
    ck_assert_str_eq(locks("ALTER TABLE Public.\"User\" ADD a int"), "public.\"User\" ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks("LOCK \"order\""), "\"order\" ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks("LOCK \"a b\".\"c\"\"d\""), "\"a b\".\"c\"\"d\" ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks("LOCK \"plain_1\", \"1st\""), "\"1st\" ACCESS EXCLUSIVE, plain_1 ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks("LOCK t\xC3\xA4"
                           "glich"),
                     "\"t\xC3\xA4"
                     "glich\" ACCESS EXCLUSIVE");
}
END_TEST

START_TEST(the_strongest_lock_comes_first_and_each_relation_once)
{
    ck_assert_str_eq(locks("INSERT INTO z SELECT * FROM a JOIN z USING (id)"), "z ROW EXCLUSIVE, a ACCESS SHARE");
    ck_assert_str_eq(locks("ALTER TABLE t VALIDATE CONSTRAINT a, ADD FOREIGN KEY (b) REFERENCES r, ADD c int"),
                     "t ACCESS EXCLUSIVE, r SHARE ROW EXCLUSIVE");
}
END_TEST

START_TEST(names_in_with_are_no_relations_but_their_queries_have_some)
{
    ck_assert_str_eq(locks("WITH a AS (SELECT * FROM b) SELECT * FROM a, public.a"),
                     "b ACCESS SHARE, public.a ACCESS SHARE");
    ck_assert_str_eq(
        locks(
            "WITH b AS (SELECT * FROM b), c AS (SELECT * FROM b), d AS (SELECT * FROM c, e), e AS (SELECT 1) TABLE d"),
        "b ACCESS SHARE, e ACCESS SHARE");
    ck_assert_str_eq(
        locks("WITH RECURSIVE b AS (SELECT 1 UNION ALL SELECT 1 FROM b, c), c AS (SELECT 2) SELECT * FROM b"), "");
    ck_assert_str_eq(locks("WITH gone AS (DELETE FROM b RETURNING *) INSERT INTO c SELECT * FROM gone"),
                     "b ROW EXCLUSIVE, c ROW EXCLUSIVE");
}
END_TEST

START_TEST(locks_have_postgresqls_names_and_block_what_they_block)
{
    ck_assert_str_eq(sql_lock_name(SQL_LOCK_NONE), "");
    ck_assert_str_eq(sql_lock_name(SQL_LOCK_SHARE_ROW_EXCLUSIVE), "SHARE ROW EXCLUSIVE");
    for (enum sql_lock lock = SQL_LOCK_NONE; lock <= SQL_LOCK_ACCESS_EXCLUSIVE; lock++) {
        ck_assert_int_eq(sql_lock_blocks_reads(lock), lock == SQL_LOCK_ACCESS_EXCLUSIVE);
        ck_assert_int_eq(sql_lock_blocks_writes(lock), lock >= SQL_LOCK_SHARE);
    }
}
END_TEST

/* ---- what the plan creates ---- */

START_TEST(relations_that_the_plan_creates_are_left_out)
{
    const char *const created[] = {"made", "public.open", "other.far", NULL};
    ck_assert_str_eq(locks_with("ALTER TABLE made ADD FOREIGN KEY (a) REFERENCES there", 0, created),
                     "there SHARE ROW EXCLUSIVE");
    ck_assert_str_eq(locks_with("LOCK public.made, open, other.far", 0, created), "");
    ck_assert_str_eq(locks_with("LOCK other.made, far", 0, created),
                     "far ACCESS EXCLUSIVE, other.made ACCESS EXCLUSIVE");
}
END_TEST

START_TEST(there_is_no_advice_on_what_the_plan_creates)
{
    const char *const created[] = {"made", NULL};
    struct sql_effects effects;
    sql_effects(arena, text_of("CREATE INDEX ON made (a)"), NULL, created, &effects);
    ck_assert_uint_eq(effects.count, 0);
    ck_assert_ptr_null(effects.advice);
    ck_assert_int_eq(effects.work, SQL_WORK_INDEX);
}
END_TEST

START_TEST(a_statement_locks_nothing_of_what_it_creates_itself)
{
    ck_assert_str_eq(locks("CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a (id))"), "");
    ck_assert_str_eq(locks("CREATE VIEW a AS SELECT 1"), "");
    ck_assert_str_eq(locks("CREATE TABLE a AS SELECT * FROM b"), "b ACCESS SHARE");
}
END_TEST

/* ---- versions and facts ---- */

START_TEST(an_unknown_version_gets_the_worst_of_all)
{
    const char *const detach = "ALTER TABLE p DETACH PARTITION c";
    ck_assert_str_eq(locks_with(detach, 130020, NULL), "p ACCESS EXCLUSIVE, c SHARE UPDATE EXCLUSIVE");
    ck_assert_str_eq(locks_with(detach, 140000, NULL), "c ACCESS EXCLUSIVE, p ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks_with(detach, 0, NULL), "c ACCESS EXCLUSIVE, p ACCESS EXCLUSIVE");
    ck_assert_str_eq(locks_with("GRANT SELECT ON t TO u", 170004, NULL), "");
    ck_assert_str_eq(locks_with("GRANT SELECT ON t TO u", 180000, NULL), "t ACCESS SHARE");
    ck_assert_str_eq(locks_with("GRANT SELECT ON t TO u", 0, NULL), "t ACCESS SHARE");
}
END_TEST

struct asked {
    const char *type;
    char names[100];
};

static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    struct asked *const asked = data;
    snprintf(asked->names, sizeof asked->names, "%s|%s|%s", schema == NULL ? "NULL" : schema, table, column);
    return asked->type;
}

static struct sql_effects change_type(const char *from, const char *to)
{
    struct asked asked = {.type = from};
    const struct sql_facts facts = {.data = &asked, .column_type = column_type};
    const char *const statement = arena_printf(arena, "ALTER TABLE t ALTER c TYPE %s", to);
    struct sql_effects effects;
    sql_effects(arena, text_of(statement), &facts, NULL, &effects);
    return effects;
}

START_TEST(the_column_is_asked_for_by_its_folded_names)
{
    struct asked asked = {.type = "text"};
    const struct sql_facts facts = {.data = &asked, .column_type = column_type};
    struct sql_effects effects;
    sql_effects(arena, text_of("ALTER TABLE \"S\".Tab ALTER \"Col\" TYPE text"), &facts, NULL, &effects);
    ck_assert_str_eq(asked.names, "S|tab|Col");
    sql_effects(arena, text_of("ALTER TABLE tab ALTER col TYPE text"), &facts, NULL, &effects);
    ck_assert_str_eq(asked.names, "NULL|tab|col");
}
END_TEST

START_TEST(a_known_type_tells_a_rewrite_from_a_relabel)
{
    static const struct {
        const char *from;
        const char *to;
        enum sql_work work;
    } changes[] = {
        {"character varying(20)", "varchar(30)", SQL_WORK_NONE},
        {"character varying(20)", "varchar(10)", SQL_WORK_REWRITE},
        {"character varying", "varchar(10)", SQL_WORK_REWRITE},
        {"character varying(20)", "text", SQL_WORK_NONE},
        {"character varying(20)[]", "text", SQL_WORK_REWRITE},
        {"character varying(20)", "text[]", SQL_WORK_REWRITE},
        {"integer", "bigint", SQL_WORK_REWRITE},
        {"integer", "pg_catalog.int4", SQL_WORK_NONE},
        {"numeric(10,2)", "decimal(12, 2)", SQL_WORK_NONE},
        {"numeric(10,0)", "numeric(12)", SQL_WORK_NONE},
        {"numeric", "numeric(12)", SQL_WORK_REWRITE},
        {"timestamp(3) without time zone", "timestamp(6)", SQL_WORK_NONE},
        {"timestamp(3) without time zone", "timestamp(2)", SQL_WORK_REWRITE},
        {"timestamp(3) without time zone", "timestamptz(3)", SQL_WORK_REWRITE},
        {"interval(3)", "interval", SQL_WORK_NONE},
        {"interval day to second", "interval(6)", SQL_WORK_REWRITE},
        {"\"Role\"", "\"Role\"", SQL_WORK_NONE},
        {"public.\"Role\"", "\"Role\"", SQL_WORK_NONE},
        {"\"Role\"", "\"Role_new\"", SQL_WORK_REWRITE},
        {"integer", "other.int4", SQL_WORK_REWRITE},
        {"character varying(20", "varchar(30)", SQL_WORK_REWRITE}, /* whatever comes back, it is read without harm */
        {"", "text", SQL_WORK_REWRITE},
        {NULL, "text", SQL_WORK_REWRITE},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct sql_effects effects = change_type(changes[i].from, changes[i].to);
        ck_assert_msg(effects.work == changes[i].work, "%s to %s is %d", changes[i].from, changes[i].to, effects.work);
        ck_assert_ptr_nonnull(effects.advice);
    }
}
END_TEST

START_TEST(a_conversion_by_using_rewrites_but_a_plain_cast_is_looked_at)
{
    ck_assert_int_eq(change_type("character varying(9)", "text USING c").work, SQL_WORK_NONE);
    ck_assert_int_eq(change_type("character varying(9)", "text USING c::text").work, SQL_WORK_NONE);
    ck_assert_int_eq(change_type("character varying(9)", "text USING c::varchar").work, SQL_WORK_REWRITE);
    ck_assert_int_eq(change_type("character varying(9)", "text USING lower(c)").work, SQL_WORK_REWRITE);
    ck_assert_int_eq(change_type("character varying(9)", "text USING other").work, SQL_WORK_REWRITE);
}
END_TEST

START_TEST(a_timestamp_with_time_zone_is_free_only_in_utc)
{
    ck_assert_ptr_nonnull(strstr(change_type("timestamp without time zone", "timestamptz").advice, "UTC"));
}
END_TEST

/* ---- advice ---- */

START_TEST(the_advice_is_of_the_heaviest_part)
{
    static const struct {
        const char *statement;
        const char *says;
    } samples[] = {
        {"CREATE INDEX ON t (a)", "CONCURRENTLY"},
        {"DROP INDEX i", "table"},
        {"ALTER TABLE t ADD CHECK (a > 0)", "NOT VALID"},
        {"ALTER TABLE t ALTER a SET NOT NULL", "CHECK"},
        {"ALTER TABLE t ADD UNIQUE (a)", "USING INDEX"},
        {"ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()", "batches"},
        {"ALTER TABLE t ADD a int NOT NULL", "DEFAULT"},
        {"ALTER TABLE t DROP a, ADD CONSTRAINT u UNIQUE (b)", "USING INDEX"},
        {"ALTER TABLE t DROP a, ALTER b DROP NOT NULL", "lost"},
        {"DROP TABLE t", "foreign keys"},
        {"DROP SCHEMA s CASCADE", "CASCADE"},
        {"UPDATE t SET a = 1", "batches"},
        {"VACUUM FULL t", "pg_repack"},
        {"CREATE TABLE c PARTITION OF p DEFAULT", "ATTACH"},
        {"ALTER DOMAIN d ADD CHECK (VALUE > 0)", "Every table"},
        {"DROP OWNED BY u", "role"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *const advice = effects_of(samples[i].statement).advice;
        ck_assert_msg(advice != NULL && strstr(advice, samples[i].says) != NULL, "%s: %s", samples[i].statement,
                      advice == NULL ? "NULL" : advice);
    }
}
END_TEST

static bool is_kept(void *asked, const char *schema, const char *table, const char *column)
{
    (void)asked;
    return schema == NULL && strcmp(table, "t") == 0 && strcmp(column, "kept") == 0;
}

START_TEST(whether_every_row_is_taken_is_told)
{
    static const struct {
        const char *statement;
        bool every_row;
    } samples[] = {
        {"DELETE FROM t", true},
        {"DELETE FROM t WHERE true", true},
        {"DELETE FROM t WHERE 1 = 1", true},
        {"UPDATE t SET a = 1", true},
        {"WITH gone AS (DELETE FROM t RETURNING a) SELECT count(*) FROM gone", true},
        {"WITH gone AS (DELETE FROM t RETURNING a) INSERT INTO s SELECT a FROM gone", true},
        {"EXPLAIN ANALYZE DELETE FROM t", true},
        {"DELETE FROM t WHERE true OR a = 1", true},
        {"DELETE FROM t WHERE a = 1 OR (1 = 1)", true},
        {"DELETE FROM t WHERE NOT false", true},
        {"DELETE FROM t WHERE NOT (1 = 2)", true},
        {"DELETE FROM t WHERE 1 <> 2 AND 2 > 1", true},
        {"DELETE FROM t WHERE 'a' = 'a'", true},
        {"DELETE FROM t WHERE 't'::boolean", true},
        {"DELETE FROM t WHERE 'yes'", true},
        {"DELETE FROM t WHERE (true) IS TRUE", true},
        {"DELETE FROM t WHERE 1 IS NOT NULL", true},
        {"DELETE FROM t WHERE a IS NULL OR a IS NOT NULL", true},
        {"DELETE FROM t WHERE a IS NOT DISTINCT FROM a", true},
        {"DELETE FROM t WHERE EXISTS (SELECT 1)", true},
        {"DELETE FROM t WHERE kept = kept", true},
        {"DELETE FROM t WHERE kept IS NOT NULL", true},
        {"DELETE FROM t WHERE kept LIKE '%'", true},
        {"DELETE FROM t WHERE kept IN (SELECT kept FROM t)", true},
        {"DELETE FROM t USING u", true},
        {"DELETE FROM t USING u WHERE u.a = 1", true},
        {"DELETE FROM t AS x USING t AS y WHERE y.a > 1", true},
        {"UPDATE t SET a = u.a FROM u JOIN v USING (a) WHERE v.b = 2", true},
        {"UPDATE t SET a = 1 WHERE EXISTS (SELECT 1 FROM u WHERE u.a = 1)", true},
        {"DELETE FROM t WHERE current_setting('app.purge') = 'on'", true},
        {"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", true},
        {"MERGE INTO t USING u ON t.a = u.a OR true WHEN MATCHED THEN UPDATE SET a = 1", true},
        {"MERGE INTO t USING u ON u.a = 1 WHEN MATCHED AND 1 = 1 THEN UPDATE SET a = 1", true},
        {"TRUNCATE t", true},
        {"CREATE TABLE kept AS WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", true},
        {"CREATE TABLE kept AS WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone WITH NO DATA", false},
        {"COPY (DELETE FROM t RETURNING a) TO STDOUT", true},
        {"DELETE FROM t WHERE a = a", false}, /* not those with NULL */
        {"DELETE FROM t WHERE a IS NOT NULL", false},
        {"DELETE FROM t WHERE a LIKE '%'", false},
        {"DELETE FROM t WHERE kept NOT LIKE '%'", false},
        {"DELETE FROM t WHERE kept NOT ILIKE '%'", false},
        {"DELETE FROM t WHERE a IN (SELECT a FROM t)", false},
        {"DELETE FROM t WHERE kept IN (SELECT kept FROM t LIMIT 5)", false},
        {"DELETE FROM t WHERE kept IN (SELECT kept FROM u)", false},
        {"DELETE FROM t WHERE NOT NULL", false},
        {"DELETE FROM t WHERE NULL = NULL", false},
        {"DELETE FROM t WHERE 1 = 2 AND u", false},
        {"DELETE FROM t WHERE false OR NULL", false},
        {"DELETE FROM t WHERE random() < 0.5", false},
        {"DELETE FROM t WHERE EXISTS (SELECT 1 WHERE false)", false},
        {"DELETE FROM t WHERE EXISTS (SELECT 1 WHERE a = 1)", false},
        {"DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)", false},
        {"DELETE FROM t USING u WHERE u.a = t.a", false},
        {"DELETE FROM t USING u WHERE b", false}, /* of either */
        {"DELETE FROM t AS x USING u WHERE u.a = x.a", false},
        {"UPDATE t SET a = 1 WHERE CURRENT OF c", false},
        {"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", false},
        {"MERGE INTO t USING u ON true WHEN MATCHED AND t.b THEN DELETE", false},
        {"MERGE INTO t USING u ON true WHEN NOT MATCHED THEN INSERT VALUES (1)", false},
        {"DELETE FROM t WHERE a", false},
        {"DELETE FROM t WHERE false", false},
        {"DELETE FROM t WHERE 1 = 2", false},
        {"DELETE FROM t WHERE 1 <> 1", false},
        {"DELETE FROM t WHERE a = 1", false},
        {"UPDATE t SET a = 1 WHERE b", false},
        {"EXPLAIN DELETE FROM t", false},
        {"PREPARE p AS DELETE FROM t", false},
        {"CREATE RULE r AS ON INSERT TO t DO DELETE FROM t", false},
        {"INSERT INTO t VALUES (1)", false},
    };
    const struct sql_facts facts = {.server_version = 150000, .never_null = is_kept};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct sql_effects effects;
        sql_effects(arena, text_of(samples[i].statement), &facts, NULL, &effects);
        ck_assert_msg(effects.every_row == samples[i].every_row, "%s", samples[i].statement);
    }
}
END_TEST

START_TEST(what_loses_data_is_known_by_its_words)
{
    static const struct {
        const char *statement;
        bool loses;
    } samples[] = {
        {"DELETE FROM t WHERE a = 1", true},
        {"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", true},
        {"WITH u AS (SELECT 1 AS a) MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND u.b THEN DELETE", true},
        {"MERGE INTO t USING u ON t.a = u.a WHEN NOT MATCHED BY SOURCE THEN DELETE", true},
        {"CREATE TABLE kept AS WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", true},
        {"CREATE TEMP TABLE kept AS WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", true},
        {"DROP EXTENSION IF EXISTS postgis", true},
        {"ALTER TYPE address DROP ATTRIBUTE street", true},
        {"ALTER TABLE t DROP identity", true},
        {"ALTER TABLE t ALTER a DROP NOT NULL, DROP expression", true},
        {"ALTER TABLE t ALTER a DROP IDENTITY IF EXISTS, ALTER b DROP EXPRESSION, DROP CONSTRAINT c", false},
        {"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET a = 1", false},
        {"SELECT CASE WHEN a THEN delete END FROM t", false},
        {"CREATE RULE r AS ON INSERT TO t DO DELETE FROM t", false},
        {"CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END", false},
        {"CREATE TABLE t (a int REFERENCES u ON DELETE CASCADE)", false},
        {"ALTER TYPE mood ADD VALUE 'x'", false},
        {"DROP INDEX i", false},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ck_assert_msg(sql_loses_data(text_of(samples[i].statement)) == samples[i].loses, "%s", samples[i].statement);
    }
}
END_TEST

/* What is said of a change of a column "c" of this type. */
static struct sql_conversion conversion(const char *from, const char *to)
{
    const struct sql_effects effects = change_type(from, to);
    ck_assert_uint_eq(effects.retype_count, 1);
    ck_assert(effects.loses_values == (effects.retypes[0].becomes.loses != NULL));
    return effects.retypes[0].becomes;
}

START_TEST(using_is_followed_through_casts_and_known_functions)
{
    static const struct {
        const char *from;
        const char *to;
        const char *loses; /* part of what is said; NULL: nothing is lost */
        const char *state; /* of what may fail */
    } changes[] = {
        {"character varying(20)", "varchar(3)", "blanks at their end", "22001"},
        {"character varying(20)", "varchar(3) USING c::varchar(3)", "cut to 3 characters", NULL},
        {"character varying(20)", "varchar(3) USING left(c, 3)", "cut to 3 characters", NULL},
        {"character varying(20)", "varchar(3) USING substring(c from 1 for 3)", "cut to 3 characters", NULL},
        {"character varying(20)", "varchar(30) USING left(c, 25)", NULL, NULL},
        {"character varying(20)", "text USING substring(c from 2 for 3)", "what USING makes of them", NULL},
        {"character varying(20)", "text USING lower(c)", "what USING makes of them", NULL},
        {"character varying(20)", "text USING other", "nothing to do with them", NULL},
        {"character varying(20)", "text USING t.c", NULL, NULL},
        {"character varying(20)", "text USING coalesce(c, '')", NULL, NULL},
        {"character varying(20)", "text[] USING ARRAY[c]", NULL, NULL},
        {"text", "integer USING c::integer", "how they were written", "22P02"},
        {"text", "integer USING (c::numeric)::integer", "how they were written", "22P02"},
        {"text", "jsonb USING to_jsonb(c)", NULL, NULL},
        {"json", "jsonb USING to_jsonb(c)", "equal keys", "22P05"},
        {"timestamp with time zone", "date USING c::date", "time of day", NULL},
        {"timestamp without time zone", "timestamptz USING c AT TIME ZONE 'UTC'", NULL, NULL},
        {"timestamp without time zone", "timestamptz USING c AT TIME ZONE 'Europe/Berlin'", "another moment", NULL},
        {"integer", "boolean USING c::boolean", "true, or false", NULL},
        {"numeric(10,4)", "numeric(10,2)", "rounded to 2 decimals", NULL},
        {"numeric(10,2)", "numeric(10,4)", NULL, "22003"},
        {"numeric(4,3)", "numeric(3,2)", "rounded to 2 decimals", "22003"},
        {"numeric(10,2)", "numeric(5,-2)", "not known", "22P02"},
        {"public.numeric", "bigint", "not known", "22P02"},
        {"integer", "other.int8", "not known", "22P02"},
        {"bigint", "bigint", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct sql_conversion is = conversion(changes[i].from, changes[i].to);
        const char *const loses = is.loses == NULL ? "nothing" : is.loses;
        ck_assert_msg(changes[i].loses == NULL ? is.loses == NULL : strstr(loses, changes[i].loses) != NULL,
                      "%s to %s: %s", changes[i].from, changes[i].to, loses);
        ck_assert_msg(changes[i].state == NULL ? is.state == NULL
                                               : is.state != NULL && strcmp(is.state, changes[i].state) == 0,
                      "%s to %s: %s", changes[i].from, changes[i].to, is.state == NULL ? "no state" : is.state);
    }
}
END_TEST

START_TEST(the_rows_are_asked_by_what_runs_nobodys_code)
{
    static const struct {
        const char *to;
        const char *value; /* NULL: they are not asked */
    } changes[] = {
        {"varchar(3)", "\"c\""},
        {"varchar(3) USING left(c, 3)", "left(c, 3)"},
        {"varchar(3) USING (left(c, 3)), ADD d int", "(left(c, 3))"},
        {"varchar(3) USING f(c)", NULL},
        {"varchar(3) USING other.left(c, 3)", NULL},
        {"varchar(3) USING c::other", NULL},
        {"varchar(3) USING c OPERATOR(other.||) 'x'", NULL},
        {"varchar(3) USING (SELECT c)", NULL},
        {"varchar(3) USING repeat(c, 1000000)", NULL},
        {"varchar(3) USING c || pg_sleep(10)", NULL},
        {"varchar(3) USING 'x'", NULL},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct sql_effects effects = change_type("text", changes[i].to);
        const char *const value = effects.retypes[0].value;
        ck_assert_msg(changes[i].value == NULL ? value == NULL : value != NULL && strcmp(value, changes[i].value) == 0,
                      "%s: %s", changes[i].to, value == NULL ? "not asked" : value);
    }
}
END_TEST

START_TEST(a_type_without_the_old_value_loses_it)
{
    ck_assert(effects_of("ALTER TABLE t ALTER a TYPE int USING 0").loses_values);
    ck_assert(effects_of("ALTER TABLE t ALTER a TYPE text USING (SELECT 'x')").loses_values);
    ck_assert(!effects_of("ALTER TABLE t ALTER a TYPE text USING a::text").loses_values);
    ck_assert(!effects_of("ALTER TABLE t ALTER a TYPE text").loses_values);
    ck_assert(!effects_of("ALTER TABLE t ADD b int DEFAULT 0").loses_values);
}
END_TEST

START_TEST(what_ddl_calls_for_its_rows_is_not_known)
{
    static const struct {
        const char *statement;
        bool unknown;
    } samples[] = {
        {"CREATE TABLE n AS SELECT f()", true},
        {"CREATE TABLE n AS EXECUTE p", true},
        {"CREATE MATERIALIZED VIEW n AS SELECT f()", true},
        {"COPY (SELECT f()) TO STDOUT", true},
        {"ALTER TABLE t ADD c int DEFAULT f()", true},
        {"ALTER TABLE t ADD c int CHECK (f(c))", true},
        {"ALTER TABLE t ADD CHECK (f(a))", true},
        {"ALTER TABLE t ALTER a TYPE bigint USING f(a)", true},
        {"CREATE TABLE n AS SELECT lower(a) FROM t", false},
        {"CREATE TABLE n AS SELECT f() WITH NO DATA", false},
        {"CREATE VIEW n AS SELECT f()", false},
        {"ALTER TABLE t ADD c timestamptz DEFAULT now()", false},
        {"ALTER TABLE t ADD CHECK (f(a)) NOT VALID", false},
        {"ALTER TABLE t ALTER a SET DEFAULT f()", false},
        {"ALTER TABLE t ALTER a TYPE bigint USING length(a)", false},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ck_assert_msg(effects_of(samples[i].statement).unknown == samples[i].unknown, "%s", samples[i].statement);
    }
}
END_TEST

START_TEST(there_is_no_advice_where_nothing_is_to_say)
{
    static const char *const samples[] = {
        "ALTER TABLE t ADD a int",
        "ALTER TABLE t ADD a timestamptz NOT NULL DEFAULT now()",
        "ALTER TABLE t ADD CHECK (a > 0) NOT VALID",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1 WHERE b",
        "CREATE TABLE t (id int)",
        "EXPLAIN DELETE FROM t",
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        ck_assert_ptr_null(effects_of(samples[i]).advice);
    }
}
END_TEST

/* ---- what is not known ---- */

START_TEST(what_cannot_be_known_is_unknown_and_locks_nothing)
{
    static const char *const samples[] = {
        "",
        "-- nothing",
        ";",
        "DO $$ BEGIN END $$",
        "CALL p()",
        "SELECT my_own_function()",
        "EXECUTE prepared",
        "ALTER TABEL t",
        "LOCK a; LOCK b",
        "SELECT 'open",
        "ALTER EXTENSION x UPDATE",
        "\\d t",
        "LOCK \xFF",
        "CREATE SCHEMA s CREATE TABLE t ()",
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sql_effects effects = effects_of(samples[i]);
        ck_assert_msg(effects.work == SQL_WORK_UNKNOWN && effects.count == 0 && effects.unknown, "%s", samples[i]);
    }
    /* What its first words name is said, and is not all. */
    const struct sql_effects newer = effects_of("ALTER TABLE ONLY s.t ADD c int GENERATED ALWAYS AS (1) VIRTUAL");
    ck_assert(newer.unknown && newer.unread && newer.work == SQL_WORK_UNKNOWN && newer.count == 1);
    ck_assert_str_eq(newer.locks[0].relation, "s.t");
    struct sql_effects effects;
    sql_effects(arena, (struct text){"LOCK t\0; LOCK u", 15}, NULL, NULL, &effects);
    ck_assert_int_eq(effects.work, SQL_WORK_UNKNOWN);
}
END_TEST

START_TEST(a_function_of_postgresqls_own_is_known)
{
    ck_assert_int_eq(effects_of("SELECT set_config('a.b', 'c', false)").work, SQL_WORK_NONE);
    ck_assert_int_eq(effects_of("SELECT pg_catalog.count(*) FROM t").work, SQL_WORK_SCAN);
    ck_assert_int_eq(effects_of("SELECT mine.count(*) FROM t").work, SQL_WORK_UNKNOWN);
    ck_assert_int_eq(effects_of("ALTER TABLE t ADD a int DEFAULT mine.now()").work, SQL_WORK_REWRITE);
}
END_TEST

START_TEST(an_option_that_is_switched_off_is_off)
{
    static const char *const off[] = {"off", "FALSE", "'OFF'", "\"False\"", "0"};
    static const char *const on[] = {"", "on", "true", "1", "'ON'"};
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        ck_assert_str_eq(locks(arena_printf(arena, "REINDEX (CONCURRENTLY %s) TABLE t", off[i])), "t SHARE");
        ck_assert_str_eq(locks(arena_printf(arena, "VACUUM (FULL %s) t", off[i])), "t SHARE UPDATE EXCLUSIVE");
        ck_assert_str_eq(locks(arena_printf(arena, "VACUUM (FULL %s) t", on[i])), "t ACCESS EXCLUSIVE");
    }
}
END_TEST

/* ---- hostile statements ---- */

static const char *repeated(const char *start, const char *piece, size_t count, const char *end)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, start);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&out, piece);
    }
    buffer_puts(&out, end);
    return buffer_string(&out);
}

START_TEST(deep_statements_are_unknown_and_do_no_harm)
{
    static const struct {
        const char *start;
        const char *piece;
        const char *end;
    } deep[] = {
        {"SELECT 1", "+1", ""},
        {"SELECT ", "(", "1"},
        {"SELECT ", "abs(", "1"},
        {"SELECT ", "NOT ", "true"},
        {"SELECT 1", "::int", ""},
        {"SELECT 1, 2", " UNION SELECT 1, 2", ""},
        {"SELECT ", "ARRAY[", "1"},
        {"SELECT ", "/*", ""},
        {"SELECT 1", "+", "1"},
        {"SELECT a", " COLLATE c", ""},
        {"SELECT * FROM a", " JOIN a", ""},
        {"SELECT ", "CASE WHEN ", ""},
        {"SELECT f(a, 1", "+1", ")"},
        {"CREATE TABLE t (a int CHECK (true", " AND (a", ""},
    };
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        for (size_t count = 1000; count <= 1000000; count *= 10) {
            const struct sql_effects effects = effects_of(repeated(deep[i].start, deep[i].piece, count, deep[i].end));
            ck_assert_uint_le(effects.count, 1);
            ck_assert(count < 10000 || effects.work == SQL_WORK_UNKNOWN);
        }
    }
}
END_TEST

START_TEST(a_large_insert_is_known_by_its_words)
{
    static const char *const starts[] = {"insert INTO \"A b\" VALUES (0)", "INSERT INTO s.\"A b\" (a) VALUES (0)"};
    static const char *const found[] = {"\"A b\" ROW EXCLUSIVE", "s.\"A b\" ROW EXCLUSIVE"};
    for (size_t i = 0; i < 2; i++) {
        const char *const statement = repeated(starts[i], ",('select')", 100000, " ON CONFLICT DO NOTHING");
        ck_assert_int_eq(effects_of(statement).work, SQL_WORK_ROWS);
        ck_assert_str_eq(locks(statement), found[i]);
    }
    static const char *const ends[] = {", ((SELECT 1))", "; DROP TABLE t", ", ('", " RETURNING (TABLE t)"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        ck_assert_int_eq(effects_of(repeated(starts[0], ",(1)", 100000, ends[i])).work, SQL_WORK_UNKNOWN);
    }
    ck_assert_int_eq(effects_of(repeated("DELETE FROM t WHERE a IN (0", ",1", 100000, ")")).work, SQL_WORK_UNKNOWN);
}
END_TEST

START_TEST(the_list_of_relations_ends_somewhere)
{
    struct buffer names = {.arena = arena};
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&names, "%st%d", i == 0 ? "LOCK " : ",", i);
    }
    const struct sql_effects effects = effects_of(buffer_string(&names));
    ck_assert_uint_eq(effects.count, 1000);
    ck_assert(effects.unknown);
}
END_TEST

/* ---- what stalls others ---- */

START_TEST(statements_that_may_stall_others_are_told_by_their_words)
{
    static const char *const stalling[] = {
        "ALTER TABLE t ADD a int",
        "/* c */ alter\ttable t rename to u",
        "CREATE INDEX i ON t (a)",
        "CREATE UNIQUE INDEX i ON t (a)",
        "DROP TABLE t",
        "DROP INDEX i",
        "TRUNCATE t",
        "REINDEX TABLE t",
        "REINDEX (CONCURRENTLY false) TABLE t",
        "REINDEX (CONCURRENTLY \"OFF\", VERBOSE) TABLE t",
        "REINDEX (CONCURRENTLY 0) TABLE t",
        "REINDEX (VERBOSE) TABLE t",
        "CLUSTER",
        "VACUUM FULL t",
        "VACUUM (FULL) t",
        "LOCK t",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f()",
        "CREATE OR REPLACE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f()",
        "CREATE CONSTRAINT TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE RULE r AS ON INSERT TO t DO NOTHING",
        "CREATE POLICY p ON t",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE OR REPLACE TEMP RECURSIVE VIEW v (a) AS SELECT 1",
        "CREATE TABLE c (a int REFERENCES p)",
        "CREATE UNLOGGED TABLE c PARTITION OF p DEFAULT",
        "CREATE FOREIGN TABLE c () INHERITS (p) SERVER s",
        "CREATE SCHEMA s CREATE TABLE c (a int REFERENCES p)",
        "ALTER DOMAIN d ADD CHECK (VALUE > 0)",
        "DROP FUNCTION f() CASCADE",
        "DROP TYPE d CASCADE",
        "REASSIGN OWNED BY a TO b",
        "DROP OWNED BY a",
        "DO $$ BEGIN ALTER TABLE t ADD a int; END $$",
        "DO LANGUAGE plpgsql 'BEGIN EXECUTE ''truncate t''; END'",
        "DO $$BEGIN PERFORM 1;\nDROP TABLE t;END$$",
        "CALL drop('x')",
        "ALTER TABLE t ALTER detach TYPE concurrently",
        "ALTER TABLE p DETACH PARTITION c",
        "ALTER EXTENSION x UPDATE",
        "ALTER VIEW v RENAME TO w",
        "ALTER TABLE t ADD value int",
    };
    for (size_t i = 0; i < sizeof stalling / sizeof stalling[0]; i++) {
        ck_assert_msg(sql_may_stall_others(text_of(stalling[i])), "%s", stalling[i]);
    }
}
END_TEST

START_TEST(statements_that_stall_nobody_are_told_by_their_words)
{
    static const char *const calm[] = {
        "",
        "SELECT 1",
        "INSERT INTO t VALUES ('drop table t')",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "WITH a AS (SELECT 1) SELECT 1",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX (CONCURRENTLY) TABLE t",
        "REINDEX (CONCURRENTLY on) TABLE t",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY \"off\"",
        "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE t (a int DEFAULT 'references'::text)",
        "CREATE TABLE t (a int) PARTITION BY LIST (a)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TYPE t AS ENUM ('a')",
        "CREATE EXTENSION x",
        "CREATE SCHEMA s",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'DROP TABLE t'",
        "DROP FUNCTION f()",
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO u",
        "ALTER ROLE r LOGIN",
        "ALTER TYPE e ADD VALUE 'v'",
        "COMMENT ON TABLE t IS 'x'",
        "GRANT SELECT ON t TO u",
        "ANALYZE t",
        "VACUUM t",
        "DO $$ BEGIN PERFORM 1; END $$",
        "DO $$ BEGIN created := dropped; END $$",
        "SET lock_timeout = 1",
        "COMMIT",
        "alterx",
    };
    for (size_t i = 0; i < sizeof calm / sizeof calm[0]; i++) {
        ck_assert_msg(!sql_may_stall_others(text_of(calm[i])), "%s", calm[i]);
    }
}
END_TEST

/* A word that names what is made is not a name of what must be there. */
START_TEST(a_type_of_the_user_is_not_the_built_in_one_of_its_name)
{
    const struct sql_type own = type_of_text("app.date");
    const struct sql_type built_in = type_of_text("date");
    ck_assert(!type_is_same(&own, &built_in));
    ck_assert(type_is_same(&built_in, &built_in));
    ck_assert_ptr_nonnull(conversion_of(arena, &own, &built_in, false).loses);
    ck_assert_ptr_null(conversion_of(arena, &built_in, &built_in, false).loses);
}
END_TEST

START_TEST(what_a_statement_makes_it_does_not_need)
{
    static const char *const statements[] = {
        "create tablespace t location '/t'",
        "create role t",
        "create user t password 'x'",
        "create group t",
        "create database t",
        "create schema t",
        "create schema t create table u (a int)",
        "create type t as enum ('a')",
        "create type t as (a int)",
        "create type t as range (subtype = int4)",
        "create type t",
        "create domain t as int",
        "create collation t (locale = 'C')",
        "create aggregate t(int) (sfunc = int4pl, stype = int)",
        "create operator === (leftarg = int, rightarg = int, function = int4eq)",
        "create function t() returns int language sql as 'select 1'",
        "create procedure t() language sql as 'select 1'",
        "create sequence t",
        "create table t (a int)",
        "create view t as select 1",
        "create extension t",
        "create publication t for all tables",
        "create subscription t connection 'x' publication p",
        "create server t foreign data wrapper w",
        "create text search configuration t (copy = english)",
        "create event trigger t on ddl_command_end execute function f()",
        "reindex database t",
        "reindex system t",
        "select extract(year from now()), position('a' in 'b'), now() at time zone 'utc'",
        "grant select on f to public",
    };
    static const char *const others[] = {"f", "now", "int4pl", "int4eq", "sql", "w", "english", NULL};
    const struct sql_effects effects = effects_of(statements[_i]);
    for (size_t i = 0; i < effects.need_count; i++) {
        const struct sql_need *const need = &effects.needs[i];
        ck_assert_msg(word_is_one_of(text_of(need->name), others) || need->kind == SQL_NEED_EXTENSION_FILES, "%s: %s",
                      statements[_i], need->name);
    }
}
END_TEST

START_TEST(what_a_statement_makes_is_counted)
{
    static const struct {
        const char *statement;
        size_t made;
    } cases[] = {
        {"CREATE TABLE t (id int)", 1},
        {"CREATE TABLE t (id bigserial PRIMARY KEY, name text UNIQUE)", 6},
        {"CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int, UNIQUE (a), CHECK (a > 0))", 3},
        {"CREATE TABLE t (id int, at timestamptz, name varchar(20), price numeric(10, 2))", 1},
        {"CREATE TABLE t (tags int[])", 3},
        {"CREATE INDEX ON t (a)", 1},
        {"CREATE VIEW v AS SELECT 1", 1},
        {"ALTER TABLE t ADD a int", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(effects_of(cases[i].statement).made == cases[i].made, "%s: %zu", cases[i].statement,
                      effects_of(cases[i].statement).made);
    }
}
END_TEST

START_TEST(a_new_column_without_a_value_needs_a_table_without_rows)
{
    static const struct {
        const char *statement;
        bool needs;
    } cases[] = {
        {"alter table t add c int not null", true},
        {"alter table t add column c int[] constraint k not null, add d int", true},
        {"alter table t add c int", false},
        {"alter table t add c int not null default 1", false},
        {"alter table t add c serial not null", false},
        {"alter table t add c int generated by default as identity not null", false},
        {"alter table t add c int not null generated always as (1) stored", false},
        {"alter table t add c int check (c is not null or d is not null)", false},
        {"alter table t add c some_domain not null", false},
        {"alter table t add column if not exists c int not null", false},
        {"alter table t add c int not null, drop d", false},
    };
    const struct sql_effects effects = effects_of(cases[_i].statement);
    bool needs = false;
    for (size_t i = 0; i < effects.need_count; i++) {
        needs = needs || effects.needs[i].kind == SQL_NEED_NO_ROWS;
    }
    ck_assert_msg(needs == cases[_i].needs, "%s", cases[_i].statement);
}
END_TEST

/* ---- what a server can be asked to analyze ---- */

/* Each piece that is parsed costs as much as a statement, and only some are tried. */
START_TEST(the_text_of_a_long_expression_is_found_without_parsing_its_pieces)
{
    struct buffer statement = {.arena = arena};
    buffer_puts(&statement, "ALTER TABLE t ALTER c TYPE int USING n + 0");
    for (int i = 1; i < 250; i++) {
        buffer_printf(&statement, " + %d", i);
    }
    const struct sql_effects effects = effects_of(buffer_string(&statement));
    ck_assert_ptr_nonnull(effects.analyzed);
    ck_assert_ptr_nonnull(strstr(effects.analyzed->sql, "CAST((n + 0 + 1 + 2"));
    ck_assert_ptr_nonnull(strstr(effects.analyzed->sql, " + 249\n) AS "));
}
END_TEST

static Suite *suite(void)
{
    Suite *const result = suite_create("effects");
    TCase *const tests = tcase_create("effects");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, names_are_quoted_where_they_must_be);
    tcase_add_test(tests, the_strongest_lock_comes_first_and_each_relation_once);
    tcase_add_test(tests, names_in_with_are_no_relations_but_their_queries_have_some);
    tcase_add_test(tests, locks_have_postgresqls_names_and_block_what_they_block);
    tcase_add_test(tests, relations_that_the_plan_creates_are_left_out);
    tcase_add_test(tests, there_is_no_advice_on_what_the_plan_creates);
    tcase_add_test(tests, a_statement_locks_nothing_of_what_it_creates_itself);
    tcase_add_test(tests, an_unknown_version_gets_the_worst_of_all);
    tcase_add_test(tests, the_column_is_asked_for_by_its_folded_names);
    tcase_add_test(tests, a_known_type_tells_a_rewrite_from_a_relabel);
    tcase_add_test(tests, a_conversion_by_using_rewrites_but_a_plain_cast_is_looked_at);
    tcase_add_test(tests, a_timestamp_with_time_zone_is_free_only_in_utc);
    tcase_add_test(tests, the_advice_is_of_the_heaviest_part);
    tcase_add_test(tests, whether_every_row_is_taken_is_told);
    tcase_add_test(tests, what_loses_data_is_known_by_its_words);
    tcase_add_test(tests, what_ddl_calls_for_its_rows_is_not_known);
    tcase_add_test(tests, using_is_followed_through_casts_and_known_functions);
    tcase_add_test(tests, the_rows_are_asked_by_what_runs_nobodys_code);
    tcase_add_test(tests, a_type_without_the_old_value_loses_it);
    tcase_add_test(tests, there_is_no_advice_where_nothing_is_to_say);
    tcase_add_test(tests, what_cannot_be_known_is_unknown_and_locks_nothing);
    tcase_add_test(tests, a_function_of_postgresqls_own_is_known);
    tcase_add_test(tests, an_option_that_is_switched_off_is_off);
    tcase_add_test(tests, deep_statements_are_unknown_and_do_no_harm);
    tcase_add_test(tests, a_large_insert_is_known_by_its_words);
    tcase_add_test(tests, the_list_of_relations_ends_somewhere);
    tcase_add_test(tests, statements_that_may_stall_others_are_told_by_their_words);
    tcase_add_test(tests, statements_that_stall_nobody_are_told_by_their_words);
    tcase_add_test(tests, a_type_of_the_user_is_not_the_built_in_one_of_its_name);
    tcase_add_loop_test(tests, what_a_statement_makes_it_does_not_need, 0, 30);
    tcase_add_test(tests, what_a_statement_makes_is_counted);
    tcase_add_test(tests, the_text_of_a_long_expression_is_found_without_parsing_its_pieces);
    tcase_add_loop_test(tests, a_new_column_without_a_value_needs_a_table_without_rows, 0, 11);
    suite_add_tcase(result, tests);
    return result;
}

int main(void)
{
    return run_suite(suite());
}
