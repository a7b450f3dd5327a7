/*
 * How scripts are cut into steps.
 */
#include "migration/plan.h"
#include "support/runner.h"

#include <string.h>

static struct arena *arena;
static struct status status;
static struct plan plan;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

/* The steps: T transaction, A alone, O the script's own; with the text of each. */
static const char *steps(const char *script)
{
    static const char letters[] = {[STEP_TRANSACTION] = 'T', [STEP_ALONE] = 'A', [STEP_OWN] = 'O'};
    struct buffer out = {.arena = arena};
    if (!plan_build(arena, text_of(script), &plan, &status)) {
        return arena_printf(arena, "refused: %s", status.message);
    }
    for (size_t i = 0; i < plan.count; i++) {
        buffer_printf(&out, "%c[%.*s]", letters[plan.steps[i].kind], (int)(plan.steps[i].end - plan.steps[i].start),
                      script + plan.steps[i].start);
    }
    return buffer_string(&out);
}

START_TEST(the_usual_script_is_one_transaction)
{
    ck_assert_str_eq(steps("create table a (); create table b ();"), "T[create table a (); create table b ();]");
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps("-- nothing\n"), "");
    ck_assert_str_eq(steps("\xEF\xBB\xBFselect 1"), "T[select 1]");
}
END_TEST

START_TEST(what_cannot_share_a_transaction_stands_alone)
{
    ck_assert_str_eq(
        steps("create table a (); create table b (); create index concurrently on a (x); select 1; select 2"),
        "T[create table a (); create table b ()]A[create index concurrently on a (x)]T[select 1; select 2]");
    ck_assert_str_eq(plan.steps[1].reason, "CREATE INDEX CONCURRENTLY");
    ck_assert(!plan.one_transaction);
    ck_assert_str_eq(steps("vacuum;"), "A[vacuum]");
}
END_TEST

START_TEST(a_word_that_only_looks_dangerous_changes_nothing)
{
    ck_assert_str_eq(steps("insert into t (value) select case when x then 1 end; select 2"),
                     "T[insert into t (value) select case when x then 1 end; select 2]");
    ck_assert(plan.one_transaction);
}
END_TEST

START_TEST(a_new_enum_value_is_committed_before_it_is_used)
{
    ck_assert_str_eq(steps("alter type t add value 'x'; select 1"), "T[alter type t add value 'x'; select 1]");
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps("select 0; alter type t add value 'x'; update a set b = 'x'"),
                     "T[select 0; alter type t add value 'x']T[update a set b = 'x']");
    ck_assert_str_eq(steps("alter type t add value 'x'; alter type t add value 'y' after 'x'; select 1"),
                     "T[alter type t add value 'x'; alter type t add value 'y' after 'x'; select 1]");
    ck_assert_str_eq(
        steps("alter type t add value 'x'; create function f() returns t as $$ select 'x'::t $$ language sql"),
        "T[alter type t add value 'x']T[create function f() returns t as $$ select 'x'::t $$ language sql]");
}
END_TEST

START_TEST(begin_and_commit_around_everything_are_ours)
{
    ck_assert_str_eq(steps("BEGIN; select 1; select 2; COMMIT;"), "T[select 1; select 2]");
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps("begin isolation level serializable; select 1; commit"),
                     "O[begin isolation level serializable; select 1; commit]");
    ck_assert_str_eq(steps("select 0; begin; select 1; commit; select 2"),
                     "T[select 0]O[begin; select 1; commit]T[select 2]");
    ck_assert_str_eq(steps("begin; select 1; rollback"), "O[begin; select 1; rollback]");
    ck_assert_str_eq(steps("select 1; commit; select 2"), "T[select 1]O[commit]T[select 2]");
}
END_TEST

START_TEST(what_can_never_run_is_refused_with_its_line)
{
    ck_assert_ptr_nonnull(strstr(steps("select 1;\nbegin;\nselect 2;"), "refused: Line 2: this BEGIN has no COMMIT"));
    ck_assert_ptr_nonnull(strstr(steps("select 1;\n\\connect x\n"), "refused: Line 2: a command of psql"));
    ck_assert_ptr_nonnull(strstr(steps("\ncopy t from stdin;"), "refused: Line 2: COPY"));
}
END_TEST

START_TEST(what_the_parser_does_not_know_is_sent_whole_and_said_so)
{
    ck_assert_str_eq(steps("create quantum table t; vacuum"), "O[create quantum table t; vacuum]");
    ck_assert_ptr_nonnull(strstr(plan.note, "quantum"));
    /* Without a dangerous word nobody asks the parser. */
    ck_assert_str_eq(steps("create quantum table t"), "T[create quantum table t]");
    ck_assert_ptr_null(plan.note);
}
END_TEST

START_TEST(the_failing_statement_is_found_by_position_or_number)
{
    const char script[] = "select 1;\n  select '\xC3\xA4', nope;\nselect 3;";
    struct position where;
    const struct text text = text_of(script);
    ck_assert_str_eq(plan_failing_statement(arena, text, 0, text.size, 25, 0, &where), "select '\xC3\xA4', nope");
    ck_assert_uint_eq(where.line, 2);
    ck_assert_uint_eq(where.column, 15);
    ck_assert_str_eq(plan_failing_statement(arena, text, 0, text.size, 0, 2, &where), "select 3");
    ck_assert_uint_eq(where.line, 3);
    ck_assert_ptr_null(plan_failing_statement(arena, text, 0, text.size, 0, 3, &where));
}
END_TEST

START_TEST(five_megabytes_are_planned_at_once_and_a_hostile_expression_does_not_crash)
{
    struct buffer large = {.arena = arena};
    buffer_puts(&large, "select 1");
    while (large.size < 5000000) {
        buffer_puts(&large, "+1");
    }
    buffer_puts(&large, "; vacuum");
    ck_assert(plan_build(arena, buffer_text(&large), &plan, &status));
    ck_assert_uint_ge(plan.count, 1);
    struct buffer deep = {.arena = arena};
    for (int i = 0; i < 200000; i++) {
        buffer_putc(&deep, '(');
    }
    buffer_puts(&deep, "; vacuum");
    ck_assert(plan_build(arena, buffer_text(&deep), &plan, &status));
    ck_assert_ptr_nonnull(plan.note);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("plan");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_usual_script_is_one_transaction);
    tcase_add_test(tests, what_cannot_share_a_transaction_stands_alone);
    tcase_add_test(tests, a_word_that_only_looks_dangerous_changes_nothing);
    tcase_add_test(tests, a_new_enum_value_is_committed_before_it_is_used);
    tcase_add_test(tests, begin_and_commit_around_everything_are_ours);
    tcase_add_test(tests, what_can_never_run_is_refused_with_its_line);
    tcase_add_test(tests, what_the_parser_does_not_know_is_sent_whole_and_said_so);
    tcase_add_test(tests, the_failing_statement_is_found_by_position_or_number);
    tcase_add_test(tests, five_megabytes_are_planned_at_once_and_a_hostile_expression_does_not_crash);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
