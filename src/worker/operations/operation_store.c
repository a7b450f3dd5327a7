/*
 * An ended operation is stored as the whole packed message, so that every worker gives the same answer; a running one
 * as columns that a person can read with psql.
 */
#include "worker/operations/operation_store.h"

#include "base/memory.h"
#include "base/shortage.h"
#include "migration/look/store.h"
#include "migration/record/make.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_write.h"
#include "pg/values.h"
#include "worker/messages/messages.h"

#include <stdio.h>
#include <string.h>

#define LOST_SECONDS "30"
#define KEPT         "30 days"

#define OPERATIONS "{truss}.operations"
#define EVENTS     "{truss}.operation_events"

typedef Truss__Migration__V1__Operation Operation;

/* Appends bytes as SQL. */
static void put_bytes(struct buffer *sql, struct text bytes)
{
    buffer_puts(sql, "pg_catalog.decode('");
    message_put_hex(sql, bytes);
    buffer_puts(sql, "', 'hex')");
}

/* The message's bytes, if there is memory for them and their SQL. If only its result is too large that is left out: the
 * summary tells the outcome, and an operation without an end would be taken for lost. */
static bool pack(const Operation *operation, struct text *bytes, struct status *status)
{
    Operation message = *operation;
    size_t size = truss__migration__v1__operation__get_packed_size(&message);
    if (!memory_has_room(size + MESSAGE_HEX_ROOM(size))) {
        message.result = NULL;
        size = truss__migration__v1__operation__get_packed_size(&message);
    }
    if (!room_for(size + MESSAGE_HEX_ROOM(size), status, "keep", "the operation")) {
        return false;
    }
    uint8_t *const packed = arena_alloc(status->arena, size + 1);
    truss__migration__v1__operation__pack(&message, packed);
    *bytes = (struct text){(const char *)packed, size};
    return true;
}

bool operation_store_add(struct pg_session *session, const char *id, const char *worker, struct status *status)
{
    const struct own_statement add = {
        .table = OPERATIONS,
        .beside = EVENTS,
        .sql = "DELETE FROM {truss}.operations WHERE started_at < pg_catalog.now() - interval '" KEPT "';"
               "INSERT INTO {truss}.operations (id, kind, state, worker) VALUES ($1, 'run', 'running', $2)",
        .count = 2,
        .values = (const char *const[]){id, worker},
    };
    PG_RESULT(result) = store_ensure(session, status) ? own_write(session, &add, status) : NULL;
    return result != NULL;
}

/* SQL with foreign text in it. */
static PGresult *write_complete(struct pg_session *session, const char *table, const struct buffer *sql,
                                struct status *status)
{
    const struct own_statement statement = {.table = table, .sql = buffer_string(sql), .is_complete = true};
    return own_write(session, &statement, status);
}

static bool add_events(struct pg_session *session, const char *id, const struct stored_event *events, size_t count,
                       struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    if (count == 0) {
        return true;
    }
    own_put(&sql, pg_session_own_schema(session),
            "INSERT INTO {truss}.operation_events (operation, id, at, kind, message, event) VALUES ");
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&sql, "%s('%s', %u, pg_catalog.to_timestamp(%lld::numeric / 1000000), '%s', ", i == 0 ? "" : ", ",
                      id, events[i].id, (long long)events[i].at, events[i].kind);
        pg_quote_literal(&sql, text_of(events[i].message));
        buffer_puts(&sql, ", ");
        put_bytes(&sql, events[i].bytes);
        buffer_putc(&sql, ')');
    }
    buffer_puts(&sql, " ON CONFLICT DO NOTHING");
    PG_RESULT(result) = write_complete(session, EVENTS, &sql, status);
    return result != NULL;
}

bool operation_store_note(struct pg_session *session, const struct operation_news *news, bool *cancel,
                          struct status *status)
{
    const Operation *const operation = news->operation;
    struct buffer sql = {.arena = status->arena};
    if (!add_events(session, operation->id, news->events, news->count, status)) {
        return false;
    }
    own_put(&sql, pg_session_own_schema(session),
            "UPDATE {truss}.operations SET heartbeat_at = pg_catalog.clock_timestamp(), summary = ");
    pg_quote_literal(&sql, text_of(operation->summary));
    buffer_puts(&sql, ", migration = ");
    if (operation->_migration_case == 0) {
        buffer_puts(&sql, "NULL");
    } else {
        pg_quote_literal(&sql, text_of(operation->migration));
    }
    buffer_printf(&sql, ", step = %u, steps = %u WHERE id OPERATOR(pg_catalog.=) '%s' RETURNING cancel_requested",
                  operation->step, operation->steps, operation->id);
    PG_RESULT(result) = write_complete(session, OPERATIONS, &sql, status);
    *cancel = result != NULL && PQntuples(result) > 0 && pg_field_bool(result, 0, 0);
    return result != NULL;
}

bool operation_store_sign(struct pg_session *session, const char *ids, const struct cancel_wish *wish,
                          struct status *status)
{
    const struct own_statement sign = {
        .table = OPERATIONS,
        .sql = "UPDATE {truss}.operations SET heartbeat_at = pg_catalog.clock_timestamp() "
               "WHERE id = ANY ($1::uuid[]) AND state = 'running' RETURNING id, cancel_requested",
        .count = 1,
        .values = &ids,
    };
    PG_RESULT(result) = own_write(session, &sign, status);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        if (pg_field_bool(result, row, 1)) {
            wish->told(wish->data, pg_field(result, row, 0));
        }
    }
    return result != NULL;
}

/* Instead of "failed"; clients that do not know the word treat it so. */
#define REFUSED "refused"

static const char *const state_words[] = {
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_UNSPECIFIED] = "failed",
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING] = "running",
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED] = "succeeded",
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_FAILED] = "failed",
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_CANCELLED] = "cancelled",
};

static Truss__Migration__V1__OperationState state_of(const char *word)
{
    for (size_t i = 1; word != NULL && i < sizeof state_words / sizeof state_words[0]; i++) {
        if (strcmp(state_words[i], word) == 0) {
            return (Truss__Migration__V1__OperationState)i;
        }
    }
    return TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_FAILED;
}

bool operation_store_end(struct pg_session *session, const Operation *operation, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const Google__Protobuf__Timestamp *const finished = operation->finished_at;
    struct text bytes;
    if (!pack(operation, &bytes, status)) {
        return false;
    }
    own_put(&sql, pg_session_own_schema(session), "UPDATE {truss}.operations SET ");
    buffer_printf(&sql,
                  "state = '%s', finished_at = pg_catalog.to_timestamp(%lld) + "
                  "interval '%d microseconds', summary = ",
                  operation->refused ? REFUSED : state_words[operation->state], (long long)finished->seconds,
                  finished->nanos / 1000);
    pg_quote_literal(&sql, text_of(operation->summary));
    buffer_puts(&sql, ", outcome = ");
    put_bytes(&sql, bytes);
    buffer_printf(&sql, " WHERE id = '%s'", operation->id);
    PG_RESULT(result) = write_complete(session, OPERATIONS, &sql, status);
    return result != NULL;
}

static bool has_store(struct pg_session *session, bool *has, struct status *status)
{
    *has = false;
    return store_exists(session, has, status);
}

bool operation_store_add_ended(struct pg_session *session, const struct operation_ended *ended, bool *is_kept,
                               struct status *status)
{
    const Operation *const operation = ended->operation;
    struct buffer sql = {.arena = status->arena};
    struct text bytes;
    if (!has_store(session, is_kept, status) || !*is_kept) {
        return status->code == STATUS_OK;
    }
    if (!pack(operation, &bytes, status)) {
        return false;
    }
    own_put(&sql, pg_session_own_schema(session),
            "INSERT INTO {truss}.operations (id, finished_at, kind, state, worker, outcome) VALUES (");
    buffer_printf(&sql, "'%s', pg_catalog.now(), '%s', '%s', ", operation->id, operation->kind,
                  state_words[operation->state]);
    pg_quote_literal(&sql, text_of(ended->worker));
    buffer_puts(&sql, ", ");
    put_bytes(&sql, bytes);
    buffer_putc(&sql, ')');
    PG_RESULT(result) = write_complete(session, OPERATIONS, &sql, status);
    return result != NULL;
}

/* ---- reading ---- */

#define EVENT_HEX "pg_catalog.encode(e.event, 'hex')"

/* An ended operation is read from the stored message, or, for a list, from columns, which are always short. */
#define OPERATION_COLUMNS(summary, outcome)                                                                            \
    "SELECT o.id, " summary ", o.migration, o.step, o.steps, o.cancel_requested, " outcome ", "                        \
    "(extract(epoch FROM o.started_at) * 1000000)::bigint, "                                                           \
    "o.heartbeat_at < pg_catalog.clock_timestamp() - interval '" LOST_SECONDS " s', "                                  \
    "coalesce((SELECT max(e.id) FROM {truss}.operation_events e WHERE e.operation = o.id), 0), "                       \
    "(extract(epoch FROM o.heartbeat_at) * 1000000)::bigint, o.state, "                                                \
    "(extract(epoch FROM o.finished_at) * 1000000)::bigint, "                                                          \
    "(SELECT " EVENT_HEX " FROM {truss}.operation_events e WHERE e.operation = o.id AND e.id = 1), o.kind "            \
    "FROM {truss}.operations o "

static void set_lost(struct arena *arena, Operation *operation, int64_t last_heard)
{
    operation->state = TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_LOST;
    operation->done = true;
    operation->finished_at = message_time(arena, last_heard);
    operation->summary = message_string("Its worker has not been heard of for " LOST_SECONDS " s. The status tells "
                                        "what is applied; a new run goes on from there.");
}

/* Its first event contains it: there is no column. If the event is unreadable only this is missing. */
static bool read_started_by(struct arena *arena, const char *first_event, const char **name, struct status *status)
{
    struct status why = {.arena = status->arena};
    const Truss__Migration__V1__Event *const event =
        first_event == NULL ? NULL
                            : (const Truss__Migration__V1__Event *)message_kept(
                                  arena, &truss__migration__v1__event__descriptor, first_event, &why);
    *name = event == NULL ? "" : event->started_by;
    if (why.code != STATUS_OK && why.code != STATUS_DATA_LOSS) {
        *status = why;
        return false;
    }
    return true;
}

/* NULL with the status if it cannot be read. */
static Operation *operation_of(struct arena *arena, const PGresult *result, int row, struct status *status)
{
    const char *const outcome = pg_field(result, row, 6);
    const char *by;
    if (outcome != NULL) {
        return (Operation *)message_kept(arena, &truss__migration__v1__operation__descriptor, outcome, status);
    }
    if (!read_started_by(arena, pg_field(result, row, 13), &by, status)) {
        return NULL;
    }
    Operation *const operation = MESSAGE_NEW(arena, Truss__Migration__V1__Operation, truss__migration__v1__operation);
    operation->id = arena_strdup(arena, pg_field(result, row, 0));
    operation->kind = arena_strdup(arena, pg_field(result, row, 14));
    operation->summary = arena_strdup(arena, pg_field(result, row, 1));
    operation->step = (uint32_t)pg_field_int(result, row, 3, 0);
    operation->steps = (uint32_t)pg_field_int(result, row, 4, 0);
    operation->cancel_requested = pg_field_bool(result, row, 5);
    operation->started_at = message_time(arena, pg_field_us(result, row, 7));
    operation->last_event = (uint32_t)pg_field_int(result, row, 9, 0);
    operation->state = state_of(pg_field(result, row, 11));
    operation->refused = strcmp(pg_field(result, row, 11), REFUSED) == 0;
    operation->finished_at = message_time(arena, pg_field_us(result, row, 12));
    operation->started_by = message_string(by);
    operation->done = operation->state != TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
    if (pg_field(result, row, 2) != NULL) {
        operation->_migration_case = TRUSS__MIGRATION__V1__OPERATION___MIGRATION_MIGRATION;
        operation->migration = arena_strdup(arena, pg_field(result, row, 2));
    }
    if (!operation->done && pg_field_bool(result, row, 8)) {
        set_lost(arena, operation, pg_field_us(result, row, 10));
    }
    return operation;
}

bool operation_store_get(struct arena *arena, struct pg_session *session, const char *id, Operation **operation,
                         struct status *status)
{
    bool has;
    *operation = NULL;
    if (!has_store(session, &has, status) || !has) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(
        session, OPERATION_COLUMNS("o.summary", "pg_catalog.encode(o.outcome, 'hex')") "WHERE o.id = $1::uuid", 1,
        (const char *const[]){id}, status);
    if (result != NULL && PQntuples(result) > 0) {
        *operation = operation_of(arena, result, 0, status);
        return *operation != NULL;
    }
    return result != NULL;
}

bool operation_store_events(struct arena *arena, struct pg_session *session, const struct events_wanted *wanted,
                            struct stored_events *events, struct status *status)
{
    const char *const values[] = {wanted->operation, arena_printf(arena, "%u", wanted->after),
                                  arena_printf(arena, "%zu", wanted->most)};
    PG_RESULT(result) =
        own_query(session,
                  "SELECT " EVENT_HEX " FROM {truss}.operation_events e WHERE e.operation = $1::uuid AND "
                  "e.id > $2::int ORDER BY e.id LIMIT $3::int",
                  3, values, status);
    events->count = 0;
    if (result == NULL) {
        return false;
    }
    events->items = arena_array(arena, (size_t)PQntuples(result), sizeof *events->items);
    struct status why = {.arena = status->arena};
    size_t bytes = 0;
    for (int row = 0; row < PQntuples(result) && why.code == STATUS_OK && bytes < OPERATION_EVENTS_BYTES; row++) {
        const char *const hex = pg_field(result, row, 0);
        ProtobufCMessage *const event = message_kept(arena, &truss__migration__v1__event__descriptor, hex, &why);
        bytes += strlen(hex) / 2;
        if (event != NULL) {
            events->items[events->count++] = (Truss__Migration__V1__Event *)event;
        }
    }
    if (events->count == 0 && why.code != STATUS_OK) {
        *status = why;
        return false;
    }
    return true;
}

bool operation_store_cancel(struct pg_session *session, const char *id, struct status *status)
{
    const struct own_statement cancel = {
        .table = OPERATIONS,
        .sql = "UPDATE {truss}.operations SET cancel_requested = true WHERE id = $1::uuid AND state = 'running'",
        .count = 1,
        .values = &id,
    };
    PG_RESULT(result) = own_write(session, &cancel, status);
    return result != NULL;
}

bool operation_store_list(struct arena *arena, struct pg_session *session, uint32_t limit,
                          struct stored_operations *list, struct status *status)
{
    bool has;
    list->count = 0;
    if (!has_store(session, &has, status) || !has) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(
        session,
        OPERATION_COLUMNS("pg_catalog.left(o.summary, 400)", "NULL") "ORDER BY o.started_at DESC LIMIT $1::int", 1,
        (const char *const[]){arena_printf(arena, "%u", limit)}, status);
    if (result == NULL) {
        return false;
    }
    list->items = arena_array(arena, (size_t)PQntuples(result), sizeof *list->items);
    for (int row = 0; row < PQntuples(result); row++) {
        Operation *const operation = operation_of(arena, result, row, status);
        if (operation == NULL) {
            return false;
        }
        list->items[list->count++] = operation;
    }
    return true;
}
