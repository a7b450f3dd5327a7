/*
 * Notes statements. Texts and digests only: of a thousand rows 32 bytes are left.
 */
#include "pg/query_trace_private.h"

#include "base/arena.h"
#include "base/text.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ITEMS 40
#define MOST_BYTES ((size_t)64 * 1024) /* of all texts */

static _Thread_local struct query_trace *current;

void query_trace_begin(const struct pg_session *session)
{
    struct query_trace *const trace = memory_alloc(sizeof *trace);
    trace->arena = arena_new(0);
    trace->session = session;
    current = trace;
}

void query_trace_free(struct query_trace *trace)
{
    if (trace != NULL) {
        arena_free(trace->arena);
        free(trace);
    }
}

struct query_trace *query_trace_end(void)
{
    struct query_trace *const trace = current;
    current = NULL;
    if (trace != NULL && (trace->has_doubt || trace->session->is_pooled)) {
        query_trace_free(trace);
        return NULL;
    }
    return trace;
}

size_t query_trace_bytes(const struct query_trace *trace)
{
    return sizeof *trace + arena_used(trace->arena);
}

void query_trace_doubt(void)
{
    if (current != NULL) {
        current->has_doubt = true;
    }
}

static void set_table(struct query_trace *trace, struct told *told, const char *table)
{
    if (trace->tables < TRACE_TABLES) {
        told->table = arena_strdup(trace->arena, table);
        told->number = trace->tables++;
    }
}

void query_trace_reads(struct query_trace *trace, const char *table)
{
    struct told *only = NULL;
    size_t binary = 0;
    for (size_t i = 0; i < trace->count; i++) {
        if (trace->items[i].by == TOLD_IN_BINARY) {
            only = &trace->items[i];
            binary++;
        }
    }
    if (binary == 1) {
        set_table(trace, only, table);
    }
}

void query_trace_just_read(const char *table)
{
    if (current != NULL && !current->has_doubt && current->count > 0 && !pg_session_in_transaction(current->session)) {
        set_table(current, &current->items[current->count - 1], table);
    }
}

/* ---- digests ---- */

static void add_number(struct sha256 *hash, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                   (unsigned char)(number >> 8), (unsigned char)number};
    sha256_add(hash, (struct text){(const char *)bytes, sizeof bytes});
}

static void add_field(struct sha256 *hash, const PGresult *result, int row, int column)
{
    const bool is_null = PQgetisnull(result, row, column) != 0;
    const int size = PQgetlength(result, row, column);
    add_number(hash, is_null ? UINT32_MAX : (uint32_t)size);
    sha256_add(hash, (struct text){PQgetvalue(result, row, column), is_null ? 0 : (size_t)size});
}

void told_digest(const PGresult *result, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_start(&hash);
    add_number(&hash, (uint32_t)PQntuples(result));
    add_number(&hash, (uint32_t)PQnfields(result));
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < PQnfields(result); column++) {
            add_field(&hash, result, row, column);
        }
    }
    sha256_finish(&hash, digest);
}

/* Of what record_send makes of each row (PostgreSQL, rowtypes.c): the number of fields; of each its type's oid, its
 * size, and the bytes that the binary result has. */
static void binary_digest(const PGresult *result, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_start(&hash);
    for (int row = 0; row < PQntuples(result); row++) {
        add_number(&hash, (uint32_t)PQnfields(result));
        for (int column = 0; column < PQnfields(result); column++) {
            add_number(&hash, PQftype(result, column));
            add_field(&hash, result, row, column);
        }
    }
    sha256_finish(&hash, digest);
}

/* ---- noting ---- */

static void note_values(struct arena *arena, const struct query_noted *noted, struct told *told)
{
    told->count = noted->count;
    told->values = arena_array(arena, (size_t)noted->count + 1, sizeof *told->values);
    for (int i = 0; i < noted->count; i++) {
        told->values[i] = arena_strdup(arena, noted->values[i]);
    }
}

static void note_text(struct arena *arena, const struct query_noted *noted, struct told *told)
{
    struct buffer filled = {.arena = arena};
    pg_put_filled(&filled, noted->sql, noted->count, noted->values);
    told->by = noted->is_binary ? TOLD_IN_BINARY : TOLD_BY_TEXT;
    told->sql = buffer_string(&filled);
}

void query_trace_note(const struct pg_session *session, const struct query_noted *noted, const PGresult *result)
{
    struct query_trace *const trace = current;
    if (trace == NULL || trace->has_doubt || noted->results == 0) {
        return;
    }
    if (session != trace->session || trace->count == MOST_ITEMS || arena_used(trace->arena) > MOST_BYTES) {
        trace->has_doubt = true;
        return;
    }
    struct told *told;
    trace->items = arena_grow(trace->arena, trace->items, trace->count, &trace->capacity, sizeof *trace->items);
    told = &trace->items[trace->count++];
    *told = (struct told){.results = noted->results, .is_only_done = result == NULL};
    if (noted->name != NULL) {
        told->by = TOLD_BY_NAME;
        told->sql = arena_strdup(trace->arena, noted->name);
        note_values(trace->arena, noted, told);
    } else {
        note_text(trace->arena, noted, told);
    }
    if (told->by == TOLD_IN_BINARY) {
        binary_digest(result, told->digest);
    } else if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        told_digest(result, told->digest);
    }
}

void query_trace_pinned(const char *before, const char *behind)
{
    if (current != NULL && !current->has_doubt && current->count > 0) {
        struct told *const told = &current->items[current->count - 1];
        told->by = TOLD_BY_PIN;
        told->sql = arena_strdup(current->arena, before);
        told->behind = arena_strdup(current->arena, behind);
    }
}

/* ---- comparing ---- */

static bool are_equal(const struct told *a, const struct told *b)
{
    bool are = a->by == b->by && a->count == b->count && a->results == b->results &&
               a->is_only_done == b->is_only_done && memcmp(a->digest, b->digest, sizeof a->digest) == 0 &&
               strcmp(a->sql, b->sql) == 0 && string_equal(a->behind, b->behind) && string_equal(a->table, b->table);
    for (int i = 0; are && i < a->count; i++) {
        are = string_equal(a->values[i], b->values[i]);
    }
    return are;
}

bool query_trace_equal(const struct query_trace *a, const struct query_trace *b)
{
    bool are = a->count == b->count;
    for (size_t i = 0; are && i < a->count; i++) {
        are = are_equal(&a->items[i], &b->items[i]);
    }
    return are;
}
