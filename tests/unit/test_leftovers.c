/*
 * What a statement outside of a transaction may have left, on a server by script: asked before, cleaned up behind.
 */
#include "conversation.h"
#include "migration/run/leftovers.h"

#define INDEXES "array_agg(indexrelid)"
#define NEWER   "pg_stat_progress_create_index"
#define GONE    "to_regclass($1) IS NULL"
#define PENDING "inhdetachpending"

static struct site site;
static struct request request;
static struct run run;
static const char *statement;
static const char *before;
static bool finished;

static void begin(void)
{
    status = (struct status){.arena = arena};
    site = (struct site){.conninfo = &conninfo};
    request = (struct request){.site = &site, .arena = arena, .status = &status, .deadline = NO_DEADLINE};
    run = run_of(&request);
    run.session = session;
}

static bool look(void)
{
    begin();
    return leftovers_before(&run, text_of(statement), &before);
}

static bool clean(void)
{
    begin();
    return leftovers_remove(&run, text_of(statement), "1", before, &finished);
}

/* The next statement, with what was known of it before. */
static void behind(const char *sql, const char *known)
{
    statement = sql;
    before = known;
}

START_TEST(what_leaves_nothing_asks_nothing)
{
    static const char *const others[] = {"VACUUM t",
                                         "CREATE INDEX i ON t (a)",
                                         "DROP INDEX i",
                                         "ALTER TABLE t ADD b int",
                                         "ALTER TABLE p DETACH PARTITION q",
                                         "DROP INDEX CONCURRENTLY i, j",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        have((const struct exchange[]){{0}});
        behind(others[i], "");
        ck_assert_msg(look() && before == NULL, "%s", others[i]);
        ck_assert_msg(clean() && !finished, "%s", others[i]);
    }
}
END_TEST

START_TEST(the_indexes_that_are_there_are_known_before)
{
    static const char *const statements[] = {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY a.t (b)",
                                             "CREATE INDEX CONCURRENTLY ON t (b)", "REINDEX TABLE CONCURRENTLY t"};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        const struct exchange table[] = {{.asked = INDEXES, .has_row = true, .row = {"{16401}"}}, {0}};
        behind(statements[i], NULL);
        have(table);
        ck_assert(look());
        ck_assert_str_eq(before, "{16401}");
        each_place(table, look);
    }
}
END_TEST

START_TEST(what_is_there_can_be_dropped_and_what_is_not_cannot_have_been)
{
    behind("DROP INDEX CONCURRENTLY IF EXISTS a.i", NULL);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(look() && before == NULL);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}});
    ck_assert(look());
    ck_assert_str_eq(before, "{}");
    have((const struct exchange[]){{0}});
    ck_assert(clean() && !finished);
    each_place((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}}, look);
}
END_TEST

START_TEST(an_index_that_is_gone_was_dropped)
{
    behind("DROP INDEX CONCURRENTLY i", NULL);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}});
    ck_assert(clean() && finished);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(clean() && !finished);
    each_place((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}}, clean);
}
END_TEST

START_TEST(a_partition_that_is_none_cannot_have_been_detached)
{
    behind("ALTER TABLE IF EXISTS ONLY a.p DETACH PARTITION a.q CONCURRENTLY", NULL);
    have((const struct exchange[]){{.asked = PENDING, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(look() && before == NULL);
    have((const struct exchange[]){{.asked = PENDING}, {0}});
    ck_assert(look());
    ck_assert_str_eq(before, "{}");
    have((const struct exchange[]){{0}});
    ck_assert(clean() && !finished);
    each_place((const struct exchange[]){{.asked = PENDING}, {0}}, look);
}
END_TEST

START_TEST(a_detach_is_finalized_where_it_is_pending_alone)
{
    const struct exchange pending[] = {
        {.asked = PENDING, .has_row = true, .row = {"t"}},
        {.asked = "ALTER TABLE p DETACH PARTITION q FINALIZE", .is_script = true},
        {0},
    };
    behind("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", NULL);
    have(pending);
    ck_assert(clean() && finished);
    have((const struct exchange[]){{.asked = PENDING, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(clean() && !finished);
    have((const struct exchange[]){{.asked = PENDING}, {0}});
    ck_assert(clean() && finished);
    each_place(pending, clean);
}
END_TEST

START_TEST(an_invalid_index_that_came_is_dropped_and_a_valid_one_is_the_end)
{
    const struct exchange invalid[] = {
        {.asked = NEWER, .has_row = true, .row = {"public.i", "f", ""}},
        {.asked = "DROP INDEX CONCURRENTLY IF EXISTS public.i", .is_script = true},
        {0},
    };
    behind("CREATE INDEX CONCURRENTLY i ON t (a)", "{}");
    have(invalid);
    ck_assert(clean() && !finished);
    have((const struct exchange[]){{.asked = NEWER, .has_row = true, .row = {"public.i", "t", "CREATE INDEX i ON t"}},
                                   {0}});
    ck_assert(clean() && finished);
    have((const struct exchange[]){{.asked = NEWER}, {0}});
    ck_assert(clean() && !finished);
    each_place(invalid, clean);
    behind("REINDEX INDEX CONCURRENTLY i", "{}");
    have((const struct exchange[]){{.asked = NEWER, .has_row = true, .row = {"public.i_ccnew", "t", ""}}, {0}});
    ck_assert(clean() && !finished);
}
END_TEST

START_TEST(a_valid_index_beside_an_invalid_one_is_somebody_elses)
{
    behind("CREATE UNIQUE INDEX CONCURRENTLY ON t (a)", "{}");
    have((const struct exchange[]){
        {.asked = NEWER,
         .has_row = true,
         .row = {"public.t_a_idx", "f", "x"},
         .next = {"public.theirs", "t", "CREATE UNIQUE INDEX theirs ON t (a)"}},
        {.asked = "DROP INDEX CONCURRENTLY IF EXISTS public.t_a_idx", .is_script = true},
        {0},
    });
    ck_assert(clean() && !finished);
}
END_TEST

/* Somebody has made one meanwhile, on the same table. */
START_TEST(of_an_index_without_a_name_only_one_of_its_definition_is_the_end)
{
    static const struct {
        const char *statement;
        const char *there;
        bool is_its;
    } cases[] = {
        {"CREATE INDEX CONCURRENTLY ON t (a)", "CREATE INDEX t_a_idx ON public.t USING btree (a)", true},
        {"CREATE INDEX CONCURRENTLY ON t (a)", "CREATE INDEX t_b_idx ON public.t USING btree (b)", false},
        {"CREATE INDEX CONCURRENTLY ON t (a)", "CREATE INDEX t_a_idx ON public.t USING hash (a)", false},
        {"CREATE UNIQUE INDEX CONCURRENTLY ON t (a)", "CREATE INDEX t_a_idx ON public.t USING btree (a)", false},
        {"CREATE INDEX CONCURRENTLY ON t (A ASC, lower(b)) WHERE c > 10;",
         "CREATE INDEX i ON public.t USING btree (a, lower(b)) WHERE (c > 10)", true},
        {"CREATE INDEX CONCURRENTLY ON t (a, b)", "CREATE INDEX t_a_idx ON public.t USING btree (a)", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        behind(cases[i].statement, "{}");
        have((const struct exchange[]){{.asked = NEWER, .has_row = true, .row = {"public.i", "t", cases[i].there}},
                                       {0}});
        ck_assert_msg(clean() && finished == cases[i].is_its, "%s", cases[i].statement);
    }
}
END_TEST

START_TEST(what_a_repetition_says_is_done)
{
    ck_assert(leftovers_says_done(text_of("CREATE DATABASE d"), "42P04"));
    ck_assert(leftovers_says_done(text_of("DROP TABLESPACE s"), "42704"));
    ck_assert(!leftovers_says_done(text_of("CREATE DATABASE d"), "42501"));
    ck_assert(!leftovers_says_done(text_of("VACUUM d"), "42P04"));
    ck_assert(!leftovers_says_done(text_of("DROP DATABASE d"), NULL));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("leftovers");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_leaves_nothing_asks_nothing);
    tcase_add_test(all, the_indexes_that_are_there_are_known_before);
    tcase_add_test(all, what_is_there_can_be_dropped_and_what_is_not_cannot_have_been);
    tcase_add_test(all, an_index_that_is_gone_was_dropped);
    tcase_add_test(all, a_partition_that_is_none_cannot_have_been_detached);
    tcase_add_test(all, a_detach_is_finalized_where_it_is_pending_alone);
    tcase_add_test(all, an_invalid_index_that_came_is_dropped_and_a_valid_one_is_the_end);
    tcase_add_test(all, a_valid_index_beside_an_invalid_one_is_somebody_elses);
    tcase_add_test(all, of_an_index_without_a_name_only_one_of_its_definition_is_the_end);
    tcase_add_test(all, what_a_repetition_says_is_done);
    return run_suite(suite);
}
