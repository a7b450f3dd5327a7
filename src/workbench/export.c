/*
 * An open export is a read-only transaction whose rows wait at the server. CSV is written by the server with COPY; JSON
 * is written here, one row at a time. A thread ends exports that nobody reads any more.
 *
 * A reading belongs to its call and uses the arena of that call. An export outlives calls, so it has an arena and a
 * call of its own.
 */
#include "workbench/export.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "base/threads.h"
#include "base/uuid.h"
#include "pg/rows.h"
#include "pg/values.h"
#include "workbench/columns.h"
#include "workbench/policy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_EXPORTS 8
#define PIECE        ((size_t)512 * 1024)
#define IDLE_MS      30000
#define VALUE_LENGTH ((size_t)2 * 1024 * 1024)
#define LOOK_MS      1000

struct export
{
    struct export *next;
    char id[UUID_SIZE];
    struct arena *arena; /* for the statement and its columns */
    struct status status;
    struct workbench_call call;
    struct readonly reading;
    struct sql_statement statement;
    struct columns columns;
    const char *format;
    bool is_csv;
    bool is_ndjson;
    bool spreadsheet_safe;
    bool has_rows; /* at least one was written */
    bool is_first_line;
    size_t before; /* characters that were put before the query */
    int64_t since; /* when it was last read */
};

struct exports {
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    pthread_t thread;
    bool has_thread;
    bool is_stopping;
    struct export *first; /* exports that are open and not being read */
    size_t count;         /* of all exports */
};

/* ---- the list ---- */

static void release(struct exports *exports, struct export *one)
{
    readonly_end(&one->reading);
    arena_free(one->arena);
    free(one);
    pthread_mutex_lock(&exports->mutex);
    exports->count--;
    pthread_mutex_unlock(&exports->mutex);
}

/* Call with the mutex held. Removes from the list those that were not read for a while, or were cancelled. */
static struct export *take_idle(struct exports *exports, int64_t now)
{
    struct export *idle = NULL;
    for (struct export **link = &exports->first; *link != NULL;) {
        struct export *const one = *link;
        if (now - one->since > IDLE_MS || atomic_load(&one->reading.running.is_cancelled)) {
            *link = one->next;
            one->next = idle;
            idle = one;
        } else {
            link = &one->next;
        }
    }
    return idle;
}

static void release_all(struct exports *exports, struct export *one)
{
    while (one != NULL) {
        struct export *const next = one->next;
        release(exports, one);
        one = next;
    }
}

static void *watch(void *data)
{
    struct exports *const exports = data;
    pthread_mutex_lock(&exports->mutex);
    while (!exports->is_stopping) {
        thread_wait(&exports->stop, &exports->mutex, deadline_in(LOOK_MS));
        struct export *const idle = take_idle(exports, clock_ms());
        pthread_mutex_unlock(&exports->mutex);
        release_all(exports, idle);
        pthread_mutex_lock(&exports->mutex);
    }
    pthread_mutex_unlock(&exports->mutex);
    return NULL;
}

struct exports *exports_new(void)
{
    struct exports *exports = memory_alloc(sizeof *exports);
    pthread_mutex_init(&exports->mutex, NULL);
    thread_condition(&exports->stop);
    exports->has_thread = pthread_create(&exports->thread, NULL, watch, exports) == 0;
    return exports;
}

void exports_free(struct exports *exports)
{
    if (exports == NULL) {
        return;
    }
    pthread_mutex_lock(&exports->mutex);
    exports->is_stopping = true;
    pthread_cond_signal(&exports->stop);
    pthread_mutex_unlock(&exports->mutex);
    if (exports->has_thread) {
        pthread_join(exports->thread, NULL);
    }
    release_all(exports, exports->first);
    pthread_cond_destroy(&exports->stop);
    pthread_mutex_destroy(&exports->mutex);
    free(exports);
}

static bool enter(struct exports *exports, struct status *status)
{
    pthread_mutex_lock(&exports->mutex);
    const bool has_room = exports->count < MOST_EXPORTS;
    exports->count += has_room ? 1 : 0;
    pthread_mutex_unlock(&exports->mutex);
    return has_room ||
           status_fail(status, STATUS_RESOURCE_EXHAUSTED, "%d exports are open; try again later.", MOST_EXPORTS);
}

static void put(struct exports *exports, struct export *one)
{
    one->since = clock_ms();
    pthread_mutex_lock(&exports->mutex);
    one->next = exports->first;
    exports->first = one;
    pthread_mutex_unlock(&exports->mutex);
}

static struct export *take(struct exports *exports, const char *id)
{
    struct export *found = NULL;
    pthread_mutex_lock(&exports->mutex);
    for (struct export **link = &exports->first; found == NULL && *link != NULL;) {
        if (strcmp((*link)->id, id) == 0) {
            found = *link;
            *link = found->next;
        } else {
            link = &(*link)->next;
        }
    }
    pthread_mutex_unlock(&exports->mutex);
    return found;
}

/* ---- a piece ---- */

/* A line of CSV in which no field begins like a formula. The fields come from the server, quoted or not. */
static void put_safe_line(struct buffer *out, struct text line)
{
    bool quoted = false;
    bool at_start = true;
    for (size_t i = 0; i < line.size; i++) {
        const char c = line.data[i];
        if (at_start && c == '"') {
            quoted = true;
            buffer_putc(out, c);
            continue;
        }
        if (at_start && strchr("=+-@\t\r", c) != NULL) {
            buffer_putc(out, '\'');
        }
        at_start = false;
        if (quoted && c == '"') {
            quoted = i + 1 < line.size && line.data[i + 1] == '"';
            buffer_putc(out, c);
            if (quoted) {
                buffer_putc(out, line.data[++i]);
            }
            continue;
        }
        buffer_putc(out, c);
        at_start = !quoted && (c == ',' || c == '\n');
    }
}

static bool read_csv(struct export *one, struct buffer *out, bool *ended)
{
    char *data;
    int size;
    while (out->size < PIECE) {
        if (!pg_copy_next(one->reading.session, &data, &size, &one->status)) {
            return false;
        }
        if (data == NULL) {
            *ended = true;
            return true;
        }
        const struct text line = {data, (size_t)size};
        if (one->spreadsheet_safe) {
            put_safe_line(out, line);
        } else {
            buffer_add(out, line);
        }
        PQfreemem(data);
    }
    return true;
}

/* A value that is too long makes the export fail: a file must not lack part of a value. */
static bool put_row(struct export *one, struct buffer *out, const PGresult *row)
{
    bool cut = false;
    buffer_puts(out, one->is_ndjson ? "" : one->has_rows ? ",\n" : "[\n");
    columns_write_row(out, &one->columns, row, false, &cut);
    buffer_puts(out, one->is_ndjson ? "\n" : "");
    one->has_rows = true;
    return !cut ||
           status_fail(&one->status, STATUS_RESOURCE_EXHAUSTED,
                       "A value is longer than %zu characters; cut it in the query, or export as csv.", VALUE_LENGTH);
}

static bool read_json(struct export *one, struct buffer *out, bool *ended)
{
    PGresult *row;
    while (out->size < PIECE) {
        if (!pg_rows_next(one->reading.session, &row, &one->status)) {
            return false;
        }
        if (row == NULL) {
            *ended = true;
            buffer_puts(out, one->is_ndjson ? "" : one->has_rows ? "\n]\n" : "[]\n");
            return true;
        }
        const bool ok = put_row(one, out, row);
        PQclear(row);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* Reads the next piece; then the export goes back to the list, or is released. */
static bool read_piece(const struct workbench_call *call, struct export *one, struct export_piece *piece)
{
    struct exports *const exports = call->workbench->exports;
    struct buffer data = {.arena = call->arena};
    bool ended = false;
    buffer_reserve(&data, PIECE + PIECE / 4);
    one->status = (struct status){.arena = call->arena};
    const bool ok = one->is_csv ? read_csv(one, &data, &ended) : read_json(one, &data, &ended);
    if (!ok) {
        readonly_explain_failure(&one->reading, &one->statement, one->before, WORKBENCH_EXPORT_MS);
        *call->status = one->status;
        release(exports, one);
        return false;
    }
    *piece = (struct export_piece){
        .data = buffer_text(&data),
        .is_last = ended,
        .id = ended ? "" : arena_strdup(call->arena, one->id),
    };
    if (ended) {
        release(exports, one);
    } else {
        put(exports, one);
    }
    return true;
}

/* ---- beginning ---- */

static const struct {
    const char *format;
    const char *content_type;
} formats[] = {
    {"csv", "text/csv; charset=utf-8; header=present"},
    {"json", "application/json"},
    {"ndjson", "application/x-ndjson"},
};

static const char *content_type_of(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].format, format) == 0) {
            return formats[i].content_type;
        }
    }
    return NULL;
}

static bool send_query(struct export *one)
{
    struct arena *const arena = one->arena;
    const struct text query = one->statement.query;
    PG_RESULT(described) = readonly_describe(&one->reading, &one->statement);
    if (described == NULL || !columns_read(&one->reading, described, &one->columns)) {
        return false;
    }
    if (one->is_csv) {
        one->before = strlen("COPY (");
        return pg_copy_begin(
            one->reading.session,
            arena_printf(arena, "COPY (%.*s\n) TO STDOUT (FORMAT csv, HEADER)", (int)query.size, query.data),
            &one->status);
    }
    const struct columns_bounds most = {.rows = 0, .bytes = VALUE_LENGTH};
    const char *const sql = columns_wrap(arena, &one->columns, query, most, &one->before);
    return pg_rows_begin(one->reading.session, sql, 0, NULL, &one->status);
}

static bool open_export(struct export *one)
{
    if (!readonly_begin(&one->call, WORKBENCH_EXPORT_MS, &one->reading)) {
        return false;
    }
    if (readonly_admits(&one->reading, &one->statement) && send_query(one)) {
        return true;
    }
    readonly_explain_failure(&one->reading, &one->statement, one->before, WORKBENCH_EXPORT_MS);
    readonly_end(&one->reading);
    return false;
}

static struct export *export_new(const struct workbench_call *call, const struct export_request *request)
{
    struct export *const one = memory_alloc(sizeof *one);
    one->arena = arena_new(0);
    one->status.arena = one->arena;
    one->format = arena_strdup(one->arena, request->format);
    one->is_csv = strcmp(request->format, "csv") == 0;
    one->is_ndjson = strcmp(request->format, "ndjson") == 0;
    one->spreadsheet_safe = request->spreadsheet_safe;
    one->call = (struct workbench_call){
        .workbench = call->workbench,
        .arena = one->arena,
        .status = &one->status,
        .deadline = NO_DEADLINE,
        .database = arena_strdup(one->arena, call->database),
        .query_id = arena_strdup(one->arena, call->query_id),
    };
    uuid_v4(one->id);
    return one;
}

bool export_begin(const struct workbench_call *call, const struct export_request *request, struct export_piece *piece)
{
    static const struct statement_rules rules = {0};
    struct exports *const exports = call->workbench->exports;
    if (content_type_of(request->format) == NULL) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "\"format\" is csv, json or ndjson.");
    }
    if (!enter(exports, call->status)) {
        return false;
    }
    struct export *const one = export_new(call, request);
    const struct text sql = {arena_strndup(one->arena, request->sql.data, request->sql.size), request->sql.size};
    bool ok = statement_read(one->arena, sql, &rules, &one->statement, &one->status) &&
              policy_check_names(&one->statement.uses, &one->status);
    if (ok && one->statement.is_explain) {
        ok = status_fail_because(&one->status, STATUS_INVALID_ARGUMENT, REASON_KIND,
                                 "A plan cannot be exported; ask /api/sql/explain.");
    }
    if (!ok || !open_export(one)) {
        *call->status = status_keep(call->arena, &one->status);
        arena_free(one->arena);
        free(one);
        pthread_mutex_lock(&exports->mutex);
        exports->count--;
        pthread_mutex_unlock(&exports->mutex);
        return false;
    }
    const char *const format = arena_strdup(call->arena, one->format);
    if (!read_piece(call, one, piece)) {
        return false;
    }
    piece->content_type = content_type_of(format);
    piece->filename = arena_printf(call->arena, "query.%s", format);
    return true;
}

bool export_next(const struct workbench_call *call, const char *id, struct export_piece *piece)
{
    struct export *const one = take(call->workbench->exports, id);
    return one != NULL
               ? read_piece(call, one, piece)
               : status_fail(call->status, STATUS_NOT_FOUND,
                             "There is no such export: it has ended, or was not read for %d seconds.", IDLE_MS / 1000);
}
