/*
 * How scripts are cut into steps.
 */
#include "migration/plan/cut.h"
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
    if (!plan_build(arena, text_of(script), false, &plan, &status)) {
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
    ck_assert_str_eq(plan.steps[0].reason, "the new enum value is used later");
    ck_assert_str_eq(steps("alter type t add value 'it''s'; select $${it''s,y}$$; vacuum"),
                     "T[alter type t add value 'it''s']T[select $${it''s,y}$$]A[vacuum]");
    ck_assert_str_eq(steps("alter type t add value 'a$$'; select $$a$$"),
                     "T[alter type t add value 'a$$'; select $$a$$]");
}
END_TEST

START_TEST(a_new_enum_value_that_is_part_of_another_word_is_not_used)
{
    ck_assert_str_eq(steps("alter type t add value 'x'; select 'xy', x, \"x\" -- 'x'"),
                     "T[alter type t add value 'x'; select 'xy', x, \"x\"]");
}
END_TEST

START_TEST(a_script_without_an_end_to_its_parentheses_is_not_cut)
{
    ck_assert_str_eq(steps("select (; vacuum"), "T[select (; vacuum]");
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
    ck_assert_str_eq(steps("begin; prepare transaction 'x'"), "O[begin; prepare transaction 'x']");
}
END_TEST

START_TEST(a_chained_commit_does_not_end_the_script_s_own_piece)
{
    ck_assert_str_eq(steps("begin; select 1; commit and chain; select 2; commit; select 3"),
                     "O[begin; select 1; commit and chain; select 2; commit]T[select 3]");
    ck_assert_str_eq(steps("begin; select 1; commit and no chain; select 2"),
                     "O[begin; select 1; commit and no chain]T[select 2]");
}
END_TEST

START_TEST(a_commit_without_begin_keeps_the_script_whole)
{
    /* Cut before the ROLLBACK, what it undoes would stay. */
    ck_assert_str_eq(steps("select 1; rollback; select 2"), "O[select 1; rollback; select 2]");
    ck_assert_str_eq(steps("begin; select 1; commit; end; vacuum"), "O[begin; select 1; commit; end; vacuum]");
    ck_assert_str_eq(steps("begin; begin; commit; select 1"), "O[begin; begin; commit]T[select 1]");
}
END_TEST

START_TEST(what_stands_alone_inside_the_script_s_own_transaction_is_left_to_the_server)
{
    ck_assert_str_eq(steps("begin; vacuum; commit; vacuum"), "O[begin; vacuum; commit]A[vacuum]");
}
END_TEST

START_TEST(comments_around_statements_are_not_sent)
{
    ck_assert_str_eq(steps("-- a\nvacuum -- b\n; /* c */ select 1 -- d"), "A[vacuum]T[select 1]");
}
END_TEST

START_TEST(what_can_never_run_is_refused_with_its_line)
{
    ck_assert_ptr_nonnull(strstr(steps("select 1;\nbegin;\nselect 2;"), "refused: Line 2: this BEGIN has no COMMIT"));
    ck_assert_ptr_nonnull(strstr(steps("select 1;\n\\connect x\n"), "refused: Line 2: a command of psql"));
    ck_assert_ptr_nonnull(strstr(steps("\ncopy t from stdin;"), "refused: Line 2: COPY"));
    /* The data is no SQL, and its end no command. */
    ck_assert_ptr_nonnull(strstr(steps("select 1;\nCOPY t (a) FROM stdin;\n1\tit's\n\\.\n"), "refused: Line 2: COPY"));
    ck_assert_ptr_nonnull(strstr(steps("select 1 \\gexec"), "refused: Line 1: a command of psql"));
    ck_assert_uint_eq(status.position, 10);
}
END_TEST

START_TEST(what_the_parser_does_not_know_is_sent_whole_and_said_so)
{
    ck_assert_str_eq(steps("create quantum table t; vacuum"), "O[create quantum table t; vacuum]");
    ck_assert_ptr_nonnull(strstr(plan.note, "quantum"));
    /* Without a dangerous word nobody asks the parser. */
    ck_assert_str_eq(steps("create quantum table t"), "T[create quantum table t]");
    ck_assert_ptr_null(plan.note);
    /* Nor for a word that is dangerous only at the beginning of a statement. */
    ck_assert_str_eq(steps("create quantum table t; select case when a then b end, value, \"do\" from system"),
                     "T[create quantum table t; select case when a then b end, value, \"do\" from system]");
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

START_TEST(the_failing_statement_is_found_where_the_parser_knows_nothing)
{
    struct position where;
    const struct text text = text_of("select 1;\nselec 2;\nselect 3;");
    ck_assert_str_eq(plan_failing_statement(arena, text, 0, text.size, 11, 0, &where), "selec 2");
    ck_assert_uint_eq(where.line, 2);
    ck_assert_uint_eq(where.column, 1);
}
END_TEST

START_TEST(the_failing_statement_is_told_in_lines_of_the_file_though_a_part_was_sent)
{
    struct position where;
    const struct text text = text_of("vacuum;\n\nselect 1;\nselect nope;");
    ck_assert_str_eq(plan_failing_statement(arena, text, 9, text.size, 18, 0, &where), "select nope");
    ck_assert_uint_eq(where.line, 4);
    ck_assert_uint_eq(where.column, 8);
}
END_TEST

START_TEST(a_long_statement_is_shown_around_the_error)
{
    struct buffer script = {.arena = arena};
    struct position where;
    buffer_puts(&script, "select ");
    for (int i = 0; i < 600; i++) {
        buffer_puts(&script, i == 300 ? "nope" : "\xC3\xA4,");
    }
    const size_t at = text_find(buffer_text(&script), "nope", 0);
    const size_t position = text_characters(text_slice(buffer_text(&script), 0, at)) + 1;
    const char *const shown = plan_failing_statement(arena, buffer_text(&script), 0, script.size, position, 0, &where);
    ck_assert_ptr_nonnull(strstr(shown, "nope"));
    ck_assert_uint_eq(text_characters(text_of(shown)), 502);
    ck_assert(text_is_utf8(text_of(shown), NULL));
    ck_assert(text_starts_with(text_of(shown), "\xE2\x80\xA6"));
}
END_TEST

/* `size` bytes of a text again and again, between two others. */
static struct text repeated(const char *before, const char *again, size_t size, const char *after)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, before);
    while (out.size < size) {
        buffer_puts(&out, again);
    }
    buffer_puts(&out, after);
    return buffer_text(&out);
}

#define LARGE 5000000

START_TEST(five_megabytes_are_planned_without_the_parser)
{
    const struct text script = repeated("", "insert into t values (1, 'x', now());\n", LARGE, "");
    const size_t before = arena_used(arena);
    ck_assert(plan_build(arena, script, false, &plan, &status));
    ck_assert(plan.one_transaction);
    ck_assert_uint_lt(arena_used(arena) - before, 1000);
}
END_TEST

START_TEST(a_hostile_expression_neither_crashes_nor_stalls)
{
    ck_assert(plan_build(arena, repeated("begin; select 1", "+1", LARGE, "; commit"), false, &plan, &status));
    ck_assert(plan.one_transaction);
    ck_assert(plan_build(arena, repeated("vacuum; select ", "(", LARGE, ""), false, &plan, &status));
    ck_assert_ptr_nonnull(plan.note);
    ck_assert(plan_build(arena, repeated("vacuum; select ", "- ", LARGE, "1"), false, &plan, &status));
    ck_assert_ptr_nonnull(plan.note);
}
END_TEST

START_TEST(what_takes_postgresql_s_scanner_for_ever_is_not_given_to_it)
{
    static const char *const traps[] = {"/*", "+", "+-", "/*/"};
    const struct text script = repeated("vacuum; select 1 ", traps[_i], LARGE, "");
    ck_assert(plan_build(arena, script, false, &plan, &status));
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_ptr_nonnull(strstr(plan.note, "too many operator characters"));
}
END_TEST

START_TEST(a_parser_s_message_that_quotes_the_whole_script_is_cut)
{
    const struct text script = repeated("vacuum; select '", "\xC3\xA4", 10000, "");
    ck_assert(plan_build(arena, script, false, &plan, &status));
    ck_assert_ptr_nonnull(strstr(plan.note, "unterminated quoted string"));
    ck_assert_uint_lt(strlen(plan.note), 400);
    ck_assert(text_is_utf8(text_of(plan.note), NULL));
}
END_TEST

START_TEST(many_new_enum_values_are_not_searched_for_ever)
{
    ck_assert(
        plan_build(arena, repeated("", "alter type t add value 'x';", 1000000, "select 'y'"), false, &plan, &status));
    ck_assert_uint_gt(plan.count, 1);
}
END_TEST

START_TEST(a_row_of_ours_can_commit_with_a_transaction_of_the_script)
{
    static const struct {
        const char *script;
        const char *commit; /* what it is put in front of; NULL: it cannot be */
    } cases[] = {
        {"vacuum; begin; select 1; commit; select 2", "commit"},
        {"\xEF\xBB\xBFvacuum; begin isolation level serializable; select 1; END WORK; select 2", "END WORK"},
        {"vacuum; begin; select 1; rollback", NULL},
        {"vacuum; begin; select 1; prepare transaction 'x'", NULL},
        {"vacuum; begin; select 1; commit and chain; select 2; commit", NULL},
    };
    const struct text script = text_of(cases[_i].script);
    ck_assert(plan_build(arena, script, false, &plan, &status));
    ck_assert_int_eq(plan.steps[1].kind, STEP_OWN);
    ck_assert((plan.steps[1].commit_at == SIZE_MAX) == (cases[_i].commit == NULL));
    ck_assert(cases[_i].commit == NULL ||
              text_is(text_slice(script, plan.steps[1].commit_at, plan.steps[1].end), cases[_i].commit));
}
END_TEST

START_TEST(a_step_that_would_stall_others_is_told_from_one_that_would_not)
{
    ck_assert(plan_build(arena, text_of("insert into t values (1); alter table t add c int"), false, &plan, &status));
    ck_assert(plan.steps[0].stalls);
    ck_assert(
        plan_build(arena, text_of("insert into t values (1); update t set c = 'drop table t'"), false, &plan, &status));
    ck_assert(!plan.steps[0].stalls);
    ck_assert(plan_build(arena, text_of("create index concurrently i on t (c); truncate t"), false, &plan, &status));
    ck_assert(!plan.steps[0].stalls);
    ck_assert(plan.steps[1].stalls);
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
    tcase_add_test(tests, a_new_enum_value_that_is_part_of_another_word_is_not_used);
    tcase_add_test(tests, a_script_without_an_end_to_its_parentheses_is_not_cut);
    tcase_add_test(tests, begin_and_commit_around_everything_are_ours);
    tcase_add_test(tests, a_chained_commit_does_not_end_the_script_s_own_piece);
    tcase_add_test(tests, a_commit_without_begin_keeps_the_script_whole);
    tcase_add_test(tests, what_stands_alone_inside_the_script_s_own_transaction_is_left_to_the_server);
    tcase_add_test(tests, comments_around_statements_are_not_sent);
    tcase_add_test(tests, what_can_never_run_is_refused_with_its_line);
    tcase_add_test(tests, what_the_parser_does_not_know_is_sent_whole_and_said_so);
    tcase_add_test(tests, the_failing_statement_is_found_by_position_or_number);
    tcase_add_test(tests, the_failing_statement_is_found_where_the_parser_knows_nothing);
    tcase_add_test(tests, the_failing_statement_is_told_in_lines_of_the_file_though_a_part_was_sent);
    tcase_add_test(tests, a_long_statement_is_shown_around_the_error);
    tcase_add_test(tests, five_megabytes_are_planned_without_the_parser);
    tcase_add_test(tests, a_hostile_expression_neither_crashes_nor_stalls);
    tcase_add_loop_test(tests, what_takes_postgresql_s_scanner_for_ever_is_not_given_to_it, 0, 4);
    tcase_add_test(tests, a_parser_s_message_that_quotes_the_whole_script_is_cut);
    tcase_add_test(tests, many_new_enum_values_are_not_searched_for_ever);
    tcase_add_loop_test(tests, a_row_of_ours_can_commit_with_a_transaction_of_the_script, 0, 5);
    tcase_add_test(tests, a_step_that_would_stall_others_is_told_from_one_that_would_not);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
