/*
 * What a statement does is taken from the first reading of a plan exactly as long as each fact is what it was.
 */
#include "migration/plan/foresee/retold.h"
#include "support/runner.h"

#include <string.h>

/* The database, as the plan has left it. */
static struct {
    bool is_new;
    const char *type; /* of each column */
    enum sql_type_kind kind;
    const char *base;
    bool is_indexed;
    bool is_valid; /* each constraint */
} database;

static struct arena *arena;
static struct retold *retold;
static struct sql_facts facts;

static bool is_new(void *data, const char *schema, const char *relation)
{
    (void)data, (void)schema, (void)relation;
    return database.is_new;
}

static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    (void)data, (void)schema, (void)table, (void)column;
    return database.type;
}

static enum sql_type_kind type_kind(void *data, const char *schema, const char *type, const char **base)
{
    (void)data, (void)schema, (void)type;
    *base = database.base;
    return database.kind;
}

static bool is_indexed(void *data, const char *schema, const char *table, const char *column)
{
    (void)data, (void)schema, (void)table, (void)column;
    return database.is_indexed;
}

/* As asked.c, it needs its data. */
static bool is_so(void *asked, const char *schema, const char *relation, const char *what, const char *name)
{
    (void)schema, (void)relation;
    ck_assert_ptr_eq(asked, &database);
    return strcmp(what, "constraint") == 0 && strcmp(name, "late") == 0 && database.is_valid;
}

static void set_up(void)
{
    arena = arena_new(0);
    retold = retold_new(arena);
    database.is_new = database.is_indexed = database.is_valid = false;
    database.type = "character varying(20)";
    database.kind = SQL_TYPE_NOT_KNOWN;
    database.base = NULL;
    facts = (struct sql_facts){.server_version = 150000,
                               .is_new = is_new,
                               .column_type = column_type,
                               .type_kind = type_kind,
                               .is_indexed = is_indexed,
                               .is_so = is_so,
                               .asked = &database};
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char widened[] = "ALTER TABLE public.users ALTER COLUMN name TYPE varchar(40)";
static const char retyped[] = "ALTER TABLE users ALTER COLUMN name TYPE email";
static const char validated[] = "ALTER TABLE users VALIDATE CONSTRAINT late";

static struct sql_effects note(const char *statement)
{
    struct sql_effects effects;
    retold_note(retold, text_of(statement), &facts, &effects);
    return effects;
}

static bool gives(const char *statement)
{
    struct sql_effects effects;
    return retold_give(retold, text_of(statement), &facts, &effects);
}

START_TEST(what_was_read_is_given_as_it_was_read)
{
    struct sql_effects given;
    struct sql_effects read = note(widened);
    ck_assert_uint_eq(read.count, 1);
    ck_assert_int_eq(read.work, SQL_WORK_NONE);
    read.locks[0].lock = SQL_LOCK_SHARE; /* the first reading adds what it learns */
    read.locks[0].oid = 7;
    ck_assert(retold_give(retold, text_of(widened), &facts, &given));
    ck_assert_uint_eq(given.count, 1);
    ck_assert_str_eq(given.locks[0].relation, "public.users");
    ck_assert_int_eq(given.locks[0].lock, SQL_LOCK_ACCESS_EXCLUSIVE);
    ck_assert_uint_eq(given.locks[0].oid, 0);
    ck_assert_int_eq(given.work, SQL_WORK_NONE);
}
END_TEST

START_TEST(another_fact_gives_nothing)
{
    note(widened);
    note(widened);
    note(retyped);
    note(retyped);
    database.is_new = true;
    ck_assert(!gives(widened));
    database.is_new = false;
    database.type = "text";
    ck_assert(!gives(widened));
    database.type = "character varying(20)";
    database.kind = SQL_TYPE_FREE_DOMAIN;
    ck_assert(!gives(retyped));
    database.kind = SQL_TYPE_NOT_KNOWN;
    database.base = "text";
    ck_assert(!gives(retyped));
}
END_TEST

START_TEST(a_type_that_becomes_known_gives_nothing)
{
    database.type = NULL;
    note(widened);
    database.type = "text";
    ck_assert(!gives(widened));
}
END_TEST

START_TEST(a_constraint_that_becomes_valid_gives_nothing)
{
    ck_assert_int_eq(note(validated).work, SQL_WORK_SCAN);
    note(validated);
    ck_assert(gives(validated));
    database.is_valid = true;
    ck_assert(!gives(validated));
    ck_assert_int_eq(note(validated).work, SQL_WORK_NONE);
}
END_TEST

START_TEST(a_statement_that_was_not_noted_is_not_given_and_those_behind_it_are)
{
    note(widened);
    note(retyped);
    ck_assert(!gives("DROP TABLE users"));
    ck_assert(gives(widened));
    ck_assert(gives(retyped));
    ck_assert(!gives(retyped));
}
END_TEST

START_TEST(a_fact_that_nobody_tells_is_not_asked_for)
{
    facts = (struct sql_facts){0};
    note(widened);
    ck_assert(gives(widened));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("retold");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_read_is_given_as_it_was_read);
    tcase_add_test(tests, another_fact_gives_nothing);
    tcase_add_test(tests, a_type_that_becomes_known_gives_nothing);
    tcase_add_test(tests, a_constraint_that_becomes_valid_gives_nothing);
    tcase_add_test(tests, a_statement_that_was_not_noted_is_not_given_and_those_behind_it_are);
    tcase_add_test(tests, a_fact_that_nobody_tells_is_not_asked_for);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
