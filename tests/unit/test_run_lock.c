/*
 * The locks that keep two runs apart, on a server by script: taken, waited for, lost by a script, taken again.
 */
#include "conversation.h"
#include "framework/core/framework.h"
#include "migration/run/lock.h"
#include "migration/run/lock_script.h"

#define TRY    "pg_try_advisory_lock"
#define HOLDER "pg_stat_activity"
#define HELD   "'ShareLock'"
#define TOOL   "a.application_name"

/* What the server has of our lock on public._prisma_migrations, and of Prisma's own. */
#define OURS                                                                                                           \
    {                                                                                                                  \
        "1414681939", "4278745057", "2", "f"                                                                           \
    }
#define THEIR                                                                                                          \
    {                                                                                                                  \
        "0", "72707369", "1", "f"                                                                                      \
    }

#define GOT                                                                                                            \
    {                                                                                                                  \
        "4711", "1"                                                                                                    \
    }
#define NOT                                                                                                            \
    {                                                                                                                  \
        "4711", "0"                                                                                                    \
    }

static struct site site;
static struct request request;
static struct run run;
static struct detection detection;
static bool wants_end;
static bool lost;
static size_t words;

static bool is_cancelled(void *data)
{
    (void)data;
    return wants_end;
}

static void count_words(void *data, const struct run_event *event)
{
    (void)data;
    words += event->kind == RUN_EVENT_RUN_LOCK_WAIT || event->kind == RUN_EVENT_NOTE ? 1 : 0;
}

/* A run on the session, as it is between two migrations. */
static void begin(void)
{
    status = (struct status){.arena = arena};
    site = (struct site){.conninfo = &conninfo};
    request = (struct request){.site = &site, .arena = arena, .status = &status, .deadline = NO_DEADLINE};
    detection = (struct detection){.framework = framework_find(text_of("prisma")),
                                   .ledger = {.schema = "public", .table = "_prisma_migrations"}};
    run = run_of(&request);
    run.session = session;
    run.watch = (struct watch){.cancelled = is_cancelled, .event = count_words};
    words = 0;
    wants_end = false;
}

static bool take(void)
{
    begin();
    return lock_take(&run, &detection);
}

static bool verify(void)
{
    begin();
    return lock_verify(&run, &detection, true, &lost);
}

static bool yield(void)
{
    begin();
    return lock_yield(&run, &detection);
}

static bool wait_for_tool(void)
{
    begin();
    return lock_wait_for_tool(&run, "truss tool");
}

START_TEST(ours_is_taken_first_and_then_the_frameworks)
{
    const struct exchange table[] = {{.asked = "<>) 4711 THEN 0 WHEN NOT pg_catalog.pg_try_advisory_lock(1414681939, "
                                               "-16222239) THEN 0 WHEN NOT pg_catalog.pg_try_advisory_lock(72707369) "
                                               "THEN 1 ELSE 2 END",
                                      .is_script = true,
                                      .has_row = true,
                                      .row = {"4711", "2"}},
                                     {0}};
    have(table);
    ck_assert_msg(take(), "%s", status.message);
    each_place(table, take);
}
END_TEST

START_TEST(who_has_it_is_said_and_nothing_is_run)
{
    have((const struct exchange[]){
        {.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
        {.asked = HOLDER, .has_row = true, .row = {"7", "prisma", "app", "idle", "SELECT 1", "", "900", "12"}},
        {0}});
    ck_assert(!take());
    failed_with(STATUS_ABORTED,
                "the Truss lock is held by pid 7 (application \"prisma\", user app, connected for 12 s)");
    ck_assert_str_eq(status.reason, "LOCKED");
}
END_TEST

START_TEST(who_has_it_and_cannot_be_seen_is_another_session)
{
    static const struct fake_error denied = {.sqlstate = "42501", .message = "permission denied"};
    have((const struct exchange[]){{.asked = TRY, .is_script = true, .has_row = true, .row = GOT},
                                   {.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
                                   {.asked = HOLDER, .error = &denied},
                                   {0}});
    ck_assert(!take());
    failed_with(STATUS_ABORTED, "the Prisma lock is held by another session. Nothing was run");
    have((const struct exchange[]){
        {.asked = TRY, .is_script = true, .has_row = true, .row = NOT}, {.asked = HOLDER}, {0}});
    ck_assert(!take());
    failed_with(STATUS_ABORTED, "held by another session");
}
END_TEST

START_TEST(it_is_tried_again_and_who_watches_is_told_once)
{
    have((const struct exchange[]){{.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
                                   {.asked = HOLDER, .has_row = true, .row = {"7", "prisma", "app", "12"}},
                                   {.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
                                   {.asked = TRY, .is_script = true, .has_row = true, .row = GOT},
                                   {.asked = TRY, .is_script = true, .has_row = true, .row = GOT},
                                   {0}});
    begin();
    site.lock_wait_ms = FOREVER;
    ck_assert_msg(lock_take(&run, &detection), "%s", status.message);
    ck_assert_uint_eq(words, 1);
}
END_TEST

START_TEST(a_cancel_between_two_tries_ends_the_wait)
{
    have((const struct exchange[]){{.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
                                   {.asked = HOLDER, .has_row = true, .row = {"7", "prisma", "app", "12"}},
                                   {0}});
    begin();
    site.lock_wait_ms = FOREVER;
    wants_end = true;
    ck_assert(!lock_take(&run, &detection));
    failed_with(STATUS_CANCELLED, "nothing was run");
}
END_TEST

START_TEST(a_backend_that_is_not_ours_is_a_poolers)
{
    have((const struct exchange[]){{.asked = TRY, .is_script = true, .has_row = true, .row = {"4712", "0"}}, {0}});
    ck_assert(!take());
    failed_with(STATUS_FAILED_PRECONDITION, "goes through a pooler");
}
END_TEST

START_TEST(a_session_that_has_its_locks_has_lost_none)
{
    const struct exchange table[] = {{.asked = HELD, .has_row = true, .row = OURS}, {0}};
    have(table);
    begin();
    detection.framework = framework_find(text_of("dbmate")); /* has none of its own */
    ck_assert_msg(lock_verify(&run, &detection, true, &lost), "%s", status.message);
    ck_assert(!lost && words == 0);
    each_place(table, verify);
}
END_TEST

START_TEST(what_a_script_let_go_is_taken_again_and_said)
{
    const struct exchange table[] = {{.asked = HELD, .has_row = true, .row = THEIR},
                                     {.asked = TRY, .is_script = true, .has_row = true, .row = GOT},
                                     {0}};
    have(table);
    ck_assert_msg(verify(), "%s", status.message);
    ck_assert(lost && words == 1);
    each_place(table, verify);
}
END_TEST

START_TEST(what_another_run_took_meanwhile_is_not_ours_again)
{
    have((const struct exchange[]){{.asked = HELD},
                                   {.asked = TRY, .is_script = true, .has_row = true, .row = NOT},
                                   {.asked = HOLDER, .has_row = true, .row = {"7", "truss", "app", "1"}},
                                   {0}});
    ck_assert(!verify());
    failed_with(STATUS_ABORTED, "the Truss lock is held by pid 7");
}
END_TEST

START_TEST(what_a_script_took_and_kept_is_let_go_as_often_as_it_took_it)
{
    const struct exchange table[] = {{.asked = HELD, .has_row = true, .row = {"1", "2", "2", "t"}},
                                     {.asked = TRY, .is_script = true, .has_row = true, .row = GOT},
                                     {.asked = HELD, .has_row = true, .row = {"1", "2", "2", "t"}},
                                     {.asked = "pg_advisory_unlock_shared(1, 2);", .is_script = true},
                                     {.asked = HELD, .has_row = true, .row = {"1", "2", "1", "f"}},
                                     {.asked = "pg_advisory_unlock(4294967298);", .is_script = true},
                                     {.asked = HELD, .has_row = true, .row = OURS},
                                     {0}};
    have(table);
    begin();
    detection.framework = framework_find(text_of("dbmate"));
    ck_assert_msg(lock_verify(&run, &detection, true, &lost), "%s", status.message);
    ck_assert(lost);
}
END_TEST

START_TEST(the_frameworks_is_let_go_and_ours_stays)
{
    const struct exchange table[] = {{.asked = "SELECT pg_catalog.pg_advisory_unlock(72707369);", .is_script = true},
                                     {0}};
    have(table);
    ck_assert(yield());
    each_place(table, yield);
}
END_TEST

START_TEST(a_tool_of_an_earlier_run_is_waited_for)
{
    have((const struct exchange[]){
        {.asked = TOOL, .has_row = true, .row = {"pid 9 (application \"truss tool\", user app, connected for 3 s)"}},
        {.asked = TOOL},
        {0}});
    begin();
    site.lock_wait_ms = FOREVER;
    ck_assert_msg(lock_wait_for_tool(&run, "truss tool"), "%s", status.message);
    ck_assert_uint_eq(words, 1);
    each_place((const struct exchange[]){{.asked = TOOL}, {0}}, wait_for_tool);
}
END_TEST

START_TEST(a_tool_that_stays_is_named_and_nothing_is_run)
{
    have((const struct exchange[]){
        {.asked = TOOL, .has_row = true, .row = {"pid 9 (application \"truss tool\", user app, connected for 3 s)"}},
        {0}});
    ck_assert(!wait_for_tool());
    failed_with(STATUS_ABORTED,
                "a session: pid 9 (application \"truss tool\", user app, connected for 3 s). Nothing was run");
}
END_TEST

START_TEST(a_cancel_while_a_tool_is_waited_for_ends_the_wait)
{
    have((const struct exchange[]){
        {.asked = TOOL, .has_row = true, .row = {"pid 9 (application \"truss tool\", user app, connected for 3 s)"}},
        {0}});
    begin();
    site.lock_wait_ms = FOREVER;
    wants_end = true;
    ck_assert(!lock_wait_for_tool(&run, "truss tool"));
    failed_with(STATUS_CANCELLED, "nothing was run");
}
END_TEST

START_TEST(only_what_runs_something_may_let_locks_go)
{
    static const char *const quiet[] = {"CREATE TABLE t (id int);", "ALTER TABLE t ADD a int; DROP TABLE u;", "",
                                        "ALTER TABLE t ADD a varchar(9) DEFAULT now() REFERENCES u (id)",
                                        "CREATE UNIQUE INDEX i ON t USING btree (a, lower(b))"};
    static const char *const loud[] = {"SELECT 1",
                                       "CREATE TABLE t AS TABLE u",
                                       "DO $$BEGIN END$$",
                                       "DISCARD ALL",
                                       "ALTER TABLE t ADD a int DEFAULT app.f()",
                                       "ALTER TABLE t ALTER a TYPE int USING f(a)",
                                       "CREATE INDEX ON t (a, (f(b)))",
                                       "CREATE INDEX CONCURRENTLY i ON t (a) WHERE f(a)"};
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
        ck_assert_msg(!lock_may_be_let_go(text_of(quiet[i])), "%s", quiet[i]);
    }
    for (size_t i = 0; i < sizeof loud / sizeof loud[0]; i++) {
        ck_assert_msg(lock_may_be_let_go(text_of(loud[i])), "%s", loud[i]);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("run_lock");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, ours_is_taken_first_and_then_the_frameworks);
    tcase_add_test(all, who_has_it_is_said_and_nothing_is_run);
    tcase_add_test(all, who_has_it_and_cannot_be_seen_is_another_session);
    tcase_add_test(all, it_is_tried_again_and_who_watches_is_told_once);
    tcase_add_test(all, a_cancel_between_two_tries_ends_the_wait);
    tcase_add_test(all, a_backend_that_is_not_ours_is_a_poolers);
    tcase_add_test(all, a_session_that_has_its_locks_has_lost_none);
    tcase_add_test(all, what_a_script_let_go_is_taken_again_and_said);
    tcase_add_test(all, what_another_run_took_meanwhile_is_not_ours_again);
    tcase_add_test(all, what_a_script_took_and_kept_is_let_go_as_often_as_it_took_it);
    tcase_add_test(all, the_frameworks_is_let_go_and_ours_stays);
    tcase_add_test(all, a_tool_of_an_earlier_run_is_waited_for);
    tcase_add_test(all, a_tool_that_stays_is_named_and_nothing_is_run);
    tcase_add_test(all, a_cancel_while_a_tool_is_waited_for_ends_the_wait);
    tcase_add_test(all, only_what_runs_something_may_let_locks_go);
    return run_suite(suite);
}
