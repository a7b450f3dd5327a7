/*
 * A session on a server by script (support/fake_postgres.h), for the tests of what waits for one.
 */
#ifndef TESTS_SESSION_SCENE_H
#define TESTS_SESSION_SCENE_H

#include "pg/query.h"
#include "pg/session.h"
#include "pg/values.h"
#include "support/fake_postgres.h"
#include "support/runner.h"

#include <string.h>
#include <time.h>

#define SOON_MS   300
#define LATE_MS   15000 /* what must end by itself has ended by then, also on a busy machine */
#define FOREVER   60000
#define MOST_SEEN 16

static struct arena *arena;
static struct status status;
static struct conninfo conninfo;
static struct fake_postgres *fake;
static struct pg_session *session;
static int64_t began;

static inline void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

/* Ends the server; what it did not expect fails the test. */
static inline void stop_server(void)
{
    pg_session_free(session);
    session = NULL;
    const char *const problem = fake == NULL ? NULL : fake_stop(fake);
    fake = NULL;
    ck_assert_msg(problem == NULL, "%s", problem);
}

static inline void tear_down(void)
{
    stop_server();
    arena_free(arena);
}

static inline void start_server(const struct fake_options *options)
{
    fake = fake_start(options);
    ck_assert_msg(conninfo_parse(arena, fake_url(fake), &conninfo, &status), "%s", status.message);
}

static inline void open_session(void)
{
    pg_session_free(session);
    status = (struct status){.arena = arena};
    session = pg_session_open(&conninfo, NO_DEADLINE, &status);
    ck_assert_msg(session != NULL, "%s", status.message);
}

/* What a script is given outlives the test: the server is stopped behind it. */
static inline void *kept(const void *data, size_t size)
{
    return data == NULL ? NULL : memcpy(arena_alloc(arena, size), data, size);
}

/* A server with this script, and a session on it. */
static inline void serve_with(fake_script *script, const void *data, size_t size)
{
    start_server(&(struct fake_options){.script = script, .data = kept(data, size)});
    open_session();
    began = clock_ms();
}

static inline void serve(fake_script *script)
{
    serve_with(script, NULL, 0);
}

static inline bool exec(const char *sql)
{
    status = (struct status){.arena = arena};
    return pg_exec(session, sql, &status);
}

static inline PGresult *ask(const char *sql)
{
    status = (struct status){.arena = arena};
    return pg_query(session, sql, 0, NULL, &status);
}

static inline void answers_one(void)
{
    PG_RESULT(result) = ask("SELECT 1");
    ck_assert_msg(result != NULL, "%s", status.message);
    ck_assert_str_eq(pg_field(result, 0, 0), "1");
}

static inline void answer_one(struct fake_client *client)
{
    fake_take_query(client, "SELECT 1");
    fake_parsed(client);
    fake_row_description(client, 1);
    fake_row(client, 1, "1");
    fake_complete(client, "SELECT 1");
    fake_ready(client, 'I');
}

static inline void failed_with(enum status_code code, const char *words)
{
    const char *const message = status.message == NULL ? "" : status.message;
    ck_assert_msg(status.code == code, "%d: %s", status.code, message);
    ck_assert_msg(strstr(message, words) != NULL, "\"%s\" has no \"%s\"", message, words);
}

static inline void took_less_than(int64_t ms)
{
    ck_assert_int_lt(clock_ms() - began, ms);
}

/* The session fails at once from now on, and says that it is lost. */
static inline void is_lost(void)
{
    ck_assert(pg_session_is_lost(session));
    began = clock_ms();
    ck_assert(!exec("SELECT 2"));
    failed_with(STATUS_UNAVAILABLE, "was lost");
    took_less_than(LATE_MS);
}

static inline bool notices_the_end(void *unused)
{
    (void)unused;
    return pg_session_is_lost(session);
}

static inline void wait_until(bool (*what)(void *), void *data)
{
    for (const int64_t until = deadline_in(FOREVER); !what(data);) {
        ck_assert(!deadline_passed(until));
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

#endif
