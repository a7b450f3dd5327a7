/*
 * A server that answers a query with any bytes: the query fails or gives rows, and what is read of them as the rows of
 * a tracking table has a key each. The first byte says what is asked. Real libpq on a real connection.
 */
#include "framework/core/ledger.h"
#include "pg/query.h"
#include "pg/values.h"
#include "support/fake_postgres.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What is waited for at most; a server that says nothing is no finding. */
#define WAIT_MS      2000
#define ANSWER_LIMIT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the server says next. Who says it has a copy of his own, and may still be saying it when nobody listens any
 * more.
 */
static struct {
    pthread_mutex_t mutex;
    char bytes[ANSWER_LIMIT];
    size_t size;
} answer = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct fake_postgres *server;

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void answer_once(struct fake_client *client, void *data)
{
    char bytes[ANSWER_LIMIT];
    (void)data;
    fake_take(client, 0, NULL);
    pthread_mutex_lock(&answer.mutex);
    const size_t size = answer.size;
    memcpy(bytes, answer.bytes, size);
    pthread_mutex_unlock(&answer.mutex);
    fake_bytes(client, bytes, size);
}

static void take_notice(void *data, const struct pg_notice *notice)
{
    (void)data;
    must(notice->severity != NULL && notice->sqlstate != NULL && notice->message != NULL);
}

static bool read_ledger(struct arena *arena, struct pg_session *session, struct status *status)
{
    const struct ledger ledger = {.schema = "s", .table = "t"};
    struct ledger_reading reading = {.arena = arena, .session = session, .status = status, .ledger = &ledger};
    if (!ledger_read_sql(&reading, "SELECT 1")) {
        return false;
    }
    for (size_t i = 0; i < reading.entries.count; i++) {
        must(reading.entries.items[i].key != NULL && reading.entries.items[i].name != NULL);
        must(reading.entries.items[i].state <= ENTRY_ROLLED_BACK);
    }
    return true;
}

static bool ask(struct arena *arena, struct pg_session *session, uint8_t how, struct status *status)
{
    struct pg_failure failure;
    const char *const values[] = {"1"};
    const struct text row = text_of("1\n");
    switch (how % 4) {
    case 0:
        return read_ledger(arena, session, status);
    case 1:
        return pg_script_with(session, "SELECT 1;SELECT 2", &(struct pg_script_with){.data = {&row, 1}}, &failure,
                              status);
    case 2:
        return pg_exec(session, "SELECT 1", status);
    default: {
        PG_RESULT(result) = pg_query(session, "SELECT $1", 1, values, status);
        return result != NULL;
    }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > ANSWER_LIMIT) {
        return 0;
    }
    if (server == NULL) {
        server = fake_start(&(struct fake_options){.script = answer_once});
    }
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    pthread_mutex_lock(&answer.mutex);
    answer.size = size - 1;
    memcpy(answer.bytes, data + 1, size - 1);
    pthread_mutex_unlock(&answer.mutex);
    must(conninfo_parse(arena, fake_url(server), &conninfo, &status));
    struct pg_session *const session = pg_session_open(&conninfo, clock_ms() + WAIT_MS, &status);
    must(session != NULL);
    pg_session_on_notice(session, take_notice, NULL);
    if (!ask(arena, session, data[0], &status)) {
        /* In whatever encoding the server speaks: rpc/envelope.c makes it UTF-8. */
        must(status.code != STATUS_OK && status.message != NULL);
    }
    pg_session_free(session);
    arena_free(arena);
    return 0;
}
