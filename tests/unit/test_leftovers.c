/*
 * What a statement outside of a transaction may have left, on a server by script: asked before, cleaned up behind.
 */
#include "conversation.h"
#include "migration/run/leftovers.h"

#define INDEXES "array_agg(indexrelid)"
#define NEWER   "pg_stat_progress_create_index"
#define GONE    "to_regclass($1) IS NULL"
#define PENDING "inhdetachpending"
#define PRINTED "indnkeyatts"
/* A row of what is newer: an index, by its name and what it is. */
#define INDEX(name, definition, valid, made, busy)                                                                     \
    {                                                                                                                  \
        name, "16999", definition, valid, made, busy                                                                   \
    }

static struct site site;
static struct request request;
static struct run run;
static const char *statement;
static const char *before;
static bool has_failed; /* in its session; otherwise that is lost */
static enum leftovers what;

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
    const struct interrupted of = {text_of(statement), "1", before, !has_failed};
    return leftovers_remove(&run, &of, &what);
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
        ck_assert_msg(clean() && what == LEFTOVERS_GONE, "%s", others[i]);
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
    ck_assert(clean() && what == LEFTOVERS_GONE);
    each_place((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}}, look);
}
END_TEST

START_TEST(an_index_that_is_gone_was_dropped)
{
    behind("DROP INDEX CONCURRENTLY i", NULL);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"t"}}, {0}});
    ck_assert(clean() && what == LEFTOVERS_DONE);
    have((const struct exchange[]){{.asked = GONE, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
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
    ck_assert(clean() && what == LEFTOVERS_GONE);
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
    ck_assert(clean() && what == LEFTOVERS_DONE);
    have((const struct exchange[]){{.asked = PENDING, .has_row = true, .row = {"f"}}, {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
    have((const struct exchange[]){{.asked = PENDING}, {0}});
    ck_assert(clean() && what == LEFTOVERS_DONE);
    each_place(pending, clean);
}
END_TEST

#define NEW(...)                                                                                                       \
    {                                                                                                                  \
        .asked = NEWER, .has_row = true, .row = INDEX(__VA_ARGS__)                                                     \
    }
#define DROPPED(name)                                                                                                  \
    {                                                                                                                  \
        .asked = "DROP INDEX CONCURRENTLY IF EXISTS " name, .is_script = true                                          \
    }
#define NOT_PRINTED                                                                                                    \
    {                                                                                                                  \
        .asked = PRINTED                                                                                               \
    } /* then the words are compared */

START_TEST(an_invalid_index_that_came_is_dropped_and_a_valid_one_is_the_end)
{
    const struct exchange invalid[] = {
        NEW("public.i", "x", "f", "f", "f"), NEW("public.i", "x", "f", "f", "f"), DROPPED("public.i"), {0}};
    behind("CREATE INDEX CONCURRENTLY i ON t (a)", "{}");
    have(invalid);
    ck_assert(clean() && what == LEFTOVERS_GONE);
    have((const struct exchange[]){
        NEW("public.i", "CREATE INDEX i ON public.t USING btree (a)", "t", "f", "f"), NOT_PRINTED, {0}});
    ck_assert(clean() && what == LEFTOVERS_DONE);
    ck_assert_uint_eq(run.notices.warning_count, 0);
    have((const struct exchange[]){{.asked = NEWER}, {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
    each_place(invalid, clean);
    behind("REINDEX INDEX CONCURRENTLY i", "{}");
    have((const struct exchange[]){NEW("public.i_ccnew", "x", "t", "f", "f"), {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
}
END_TEST

START_TEST(a_valid_index_beside_an_invalid_one_is_somebody_elses)
{
    const struct exchange both = {.asked = NEWER,
                                  .has_row = true,
                                  .row = INDEX("public.t_a_idx", "x", "f", "t", "f"),
                                  .next = INDEX("public.theirs", "CREATE UNIQUE INDEX theirs ON t (a)", "t", "f", "f")};
    behind("CREATE UNIQUE INDEX CONCURRENTLY ON t (a)", "{}");
    have((const struct exchange[]){both, both, DROPPED("public.t_a_idx"), {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
}
END_TEST

START_TEST(what_somebody_may_be_building_is_left_to_him)
{
    behind("CREATE INDEX CONCURRENTLY ON t (a)", "{}");
    have((const struct exchange[]){NEW("public.i", "x", "f", "f", "f"), NEW("public.i", "x", "f", "f", "t"), {0}});
    ck_assert(clean() && what == LEFTOVERS_BUSY);
    have((const struct exchange[]){NEW("public.i", "x", "f", "f", "t"),
                                   NEW("public.i", "CREATE INDEX i ON t (b)", "f", "f", "f"),
                                   NOT_PRINTED,
                                   {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
}
END_TEST

/* It cannot have made a valid one. */
START_TEST(of_a_statement_that_failed_no_valid_index_is_the_end)
{
    has_failed = true;
    behind("CREATE INDEX CONCURRENTLY ON t (a)", "{}");
    have((const struct exchange[]){NEW("public.i", "CREATE INDEX i ON t (a)", "t", "f", "f"), {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
    behind("DROP INDEX CONCURRENTLY i", NULL);
    have((const struct exchange[]){{0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
    has_failed = false;
}
END_TEST

START_TEST(an_index_that_was_seen_is_its_own_and_another_is_not)
{
    behind("CREATE INDEX CONCURRENTLY ON t (a)", "{16401,0,16999}");
    have((const struct exchange[]){NEW("public.i", "x", "t", "t", "f"), {0}});
    ck_assert(clean() && what == LEFTOVERS_DONE);
    ck_assert_uint_eq(run.notices.warning_count, 0);
    have((const struct exchange[]){NEW("public.i", "CREATE INDEX i ON t (a)", "t", "f", "f"), {0}});
    ck_assert(clean() && what == LEFTOVERS_GONE);
}
END_TEST

START_TEST(what_was_seen_follows_on_what_was_there)
{
    ck_assert_str_eq(leftovers_made(arena, "{}", "7"), "{0,7}");
    ck_assert_str_eq(leftovers_made(arena, "{0,7}", "8"), "{0,7,8}");
    ck_assert_str_eq(leftovers_made(arena, "{5,6}", "7"), "{5,6,0,7}");
    ck_assert_str_eq(leftovers_made(arena, "{5,6,0,7}", "8"), "{5,6,0,7,8}");
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
        have((const struct exchange[]){NEW("public.i", cases[i].there, "t", "f", "f"), NOT_PRINTED, {0}});
        ck_assert_msg(clean() && (what == LEFTOVERS_DONE) == cases[i].is_its, "%s", cases[i].statement);
        ck_assert_uint_eq(run.notices.warning_count, cases[i].is_its ? 1 : 0);
    }
}
END_TEST

START_TEST(the_server_compares_what_it_makes_of_the_statement)
{
    static const char *const printed[] = {"f | 1 | a", "f | 1 | b"};
    behind("CREATE INDEX CONCURRENTLY i ON t (a) WHERE b = 'x'", "{}");
    for (size_t i = 0; i < 2; i++) {
        have((const struct exchange[]){
            NEW("public.i", "CREATE INDEX i ON t (a) WHERE (b = 'x'::text)", "t", "f", "f"),
            {.asked = PRINTED, .has_row = true, .row = {printed[0]}},
            {.asked = "CREATE TEMP TABLE", .has_row = true, .row = {"CREATE TEMP TABLE t (LIKE public.t);", "t"}},
            {.asked = "CREATE INDEX truss_same_index ON pg_temp.t (a) WHERE b = 'x'", .is_script = true, .state = 'T'},
            {.asked = PRINTED, .has_row = true, .row = {printed[i]}, .state = 'T'},
            {.asked = "ROLLBACK", .is_script = true},
            {0}});
        ck_assert(clean() && what == (i == 0 ? LEFTOVERS_DONE : LEFTOVERS_GONE));
        ck_assert_uint_eq(run.notices.warning_count, 0);
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
    tcase_add_test(all, what_somebody_may_be_building_is_left_to_him);
    tcase_add_test(all, of_a_statement_that_failed_no_valid_index_is_the_end);
    tcase_add_test(all, an_index_that_was_seen_is_its_own_and_another_is_not);
    tcase_add_test(all, what_was_seen_follows_on_what_was_there);
    tcase_add_test(all, the_server_compares_what_it_makes_of_the_statement);
    tcase_add_test(all, of_an_index_without_a_name_only_one_of_its_definition_is_the_end);
    tcase_add_test(all, what_a_repetition_says_is_done);
    return run_suite(suite);
}
