/*
 * The hash of a row covers its number, its time, its texts (each after its length) and the hash of the row before. The
 * lock on the table is one that only a role with the right to write can take, and that lets everybody read.
 */
#include "trust/audit.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "pg/exec.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/rows.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS      11
#define HEX        "0123456789abcdef"
#define SAID_MAX   2000 /* bytes of a text from a caller */
#define DETAIL_MAX 2000
#define WAIT_MS    "2000" /* how long a reader waits for a lock */

static const struct own_tables tables = {
    .last = "{truss}.audit",
    .sql = "CREATE TABLE IF NOT EXISTS {truss}.audit ("
           "number bigint PRIMARY KEY, at timestamptz NOT NULL, request text NOT NULL, actor text NOT NULL, "
           "actor_kind text NOT NULL, origin text NOT NULL, action text NOT NULL, target text NOT NULL, "
           "subject text NOT NULL, plan_hash text NOT NULL, digest text NOT NULL, outcome text NOT NULL, "
           "detail text NOT NULL, hash text NOT NULL UNIQUE);"
           "COMMENT ON TABLE {truss}.audit IS 'Who did what; each row has the hash of the one before it in its own. "
           "truss audit --verify looks whether that is so.';",
};

static const char columns_sql[] =
    "SELECT number, CASE WHEN pg_catalog.isfinite(at) "
    "THEN (EXTRACT(epoch FROM at) OPERATOR(pg_catalog.*) 1000000)::bigint END, "
    "request, actor, actor_kind, origin, action, target, subject, plan_hash, digest, outcome, detail, hash "
    "FROM {truss}.audit ";

/* ---- the chain ---- */

static void list_texts(const struct audit_entry *entry, const char *texts[TEXTS])
{
    const char *const all[TEXTS] = {entry->request, entry->actor,   entry->actor_kind, entry->origin,
                                    entry->action,  entry->target,  entry->subject,    entry->plan_hash,
                                    entry->digest,  entry->outcome, entry->detail};
    memcpy(texts, all, sizeof all);
}

static void add_text(struct sha256 *hash, const char *text)
{
    char size[32];
    snprintf(size, sizeof size, "%zu:", strlen(text));
    sha256_add(hash, text_of(size));
    sha256_add(hash, text_of(text));
}

/* The row's own hash, which includes the hash of the row before ("" for the first). */
static void hash_row(const struct audit_row *row, const char *before, char hex[SHA256_HEX_SIZE])
{
    struct sha256 hash;
    unsigned char digest[SHA256_SIZE];
    const char *texts[TEXTS];
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%" PRId64 " %" PRId64, row->number, row->at);
    list_texts(&row->entry, texts);
    sha256_start(&hash);
    add_text(&hash, before);
    add_text(&hash, numbers);
    for (size_t i = 0; i < TEXTS; i++) {
        add_text(&hash, texts[i]);
    }
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
}

/* Truss never writes NULL: if somebody changed a value to NULL, this must give a text that differs from the
 * original. */
static const char *text_or_null(const PGresult *result, int index, int column)
{
    const char *const text = pg_field(result, index, column);
    return text == NULL ? "(NULL)" : text;
}

/* ---- writing ---- */

bool audit_exists(struct pg_session *session, bool *exists, struct status *status)
{
    return own_tables_exist(session, &tables, exists, status);
}

/* With the table locked: the number and the hash of the last row. */
static bool read_end(struct pg_session *session, int64_t *number, char before[SHA256_HEX_SIZE], struct status *status)
{
    PG_RESULT(result) =
        own_query(session, "SELECT number, hash FROM {truss}.audit ORDER BY number DESC LIMIT 1", 0, NULL, status);
    *number = 0;
    before[0] = '\0';
    if (result != NULL && PQntuples(result) == 1) {
        *number = pg_field_int(result, 0, 0, 0);
        snprintf(before, SHA256_HEX_SIZE, "%s", text_or_null(result, 0, 1));
    }
    return result != NULL;
}

static bool insert(struct pg_session *session, const struct audit_row *row, struct status *status)
{
    static const char sql[] =
        "INSERT INTO {truss}.audit (request, actor, actor_kind, origin, action, target, subject, plan_hash, digest, "
        "outcome, detail, number, at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "pg_catalog.to_timestamp($13::numeric OPERATOR(pg_catalog./) 1000000), $14)";
    const char *values[TEXTS + 3];
    char number[24];
    char at[24];
    list_texts(&row->entry, values);
    snprintf(number, sizeof number, "%" PRId64, row->number);
    snprintf(at, sizeof at, "%" PRId64, row->at);
    values[TEXTS] = number;
    values[TEXTS + 1] = at;
    values[TEXTS + 2] = row->hash;
    PG_RESULT(result) = own_query(session, sql, TEXTS + 3, values, status);
    return result != NULL;
}

static bool add(struct pg_session *session, struct audit_row *row, struct status *status)
{
    char before[SHA256_HEX_SIZE];
    bool exists;
    /* Checked again under the lock: from here on nobody can add a trigger to the table. */
    if (!own_exec(session, OWN_BEGIN "LOCK TABLE {truss}.audit IN SHARE ROW EXCLUSIVE MODE", status) ||
        !audit_exists(session, &exists, status) || !read_end(session, &row->number, before, status)) {
        return false;
    }
    row->number += row->number < INT64_MAX ? 1 : 0; /* somebody else's row: using its number again is refused */
    row->at = clock_wall_us();
    hash_row(row, before, row->hash);
    return insert(session, row, status) && pg_exec(session, "COMMIT", status);
}

/* Makes a caller's text fit for the table and for display in a terminal, so that a request with invalid bytes is
 * recorded like any other. */
static void clean(struct arena *arena, struct audit_entry *entry)
{
    const char **const named[] = {&entry->request, &entry->actor,  &entry->origin,
                                  &entry->subject, &entry->action, &entry->plan_hash};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        *named[i] = text_plain(arena, *named[i], SAID_MAX);
    }
    entry->detail = text_clean(arena, entry->detail, DETAIL_MAX); /* it has lines */
}

/* A database may be in an encoding that lacks a character of it. */
static void make_ascii(struct arena *arena, struct audit_entry *entry)
{
    const char **const named[] = {&entry->request, &entry->actor,     &entry->origin, &entry->target,
                                  &entry->subject, &entry->plan_hash, &entry->action, &entry->detail};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        *named[i] = text_ascii(arena, *named[i]);
    }
}

static bool add_or_nothing(struct pg_session *session, struct audit_row *row, struct status *status)
{
    const bool ok = add(session, row, status);
    pg_session_roll_back(session);
    return ok;
}

bool audit_write(struct pg_session *session, const struct audit_entry *entry, struct audit_row *row,
                 struct status *status)
{
    *row = (struct audit_row){.entry = *entry};
    clean(status->arena, &row->entry);
    if (!own_tables_ensure(session, &tables, status)) {
        return false;
    }
    if (add_or_nothing(session, row, status) || !sqlstate_is(status->sqlstate, SQLSTATE_UNTRANSLATABLE_CHARACTER)) {
        return status->code == STATUS_OK;
    }
    *status = (struct status){.arena = status->arena};
    make_ascii(status->arena, &row->entry);
    return add_or_nothing(session, row, status);
}

/* ---- reading ---- */

static struct audit_row row_of(struct arena *arena, const PGresult *result, int index)
{
    struct audit_row row = {.number = pg_field_int(result, index, 0, 0), .at = pg_field_int(result, index, 1, 0)};
    const char **const texts[TEXTS] = {&row.entry.request, &row.entry.actor,     &row.entry.actor_kind,
                                       &row.entry.origin,  &row.entry.action,    &row.entry.target,
                                       &row.entry.subject, &row.entry.plan_hash, &row.entry.digest,
                                       &row.entry.outcome, &row.entry.detail};
    for (int i = 0; i < TEXTS; i++) {
        *texts[i] = arena_strdup(arena, text_or_null(result, index, i + 2));
    }
    snprintf(row.hash, sizeof row.hash, "%s", text_or_null(result, index, TEXTS + 2));
    return row;
}

/* A reader does not wait for somebody who keeps the table locked: the reader gets an error that says so. */
static bool begin_reading(struct pg_session *session, struct status *status)
{
    return pg_exec(session, "BEGIN TRANSACTION READ ONLY; SET LOCAL lock_timeout = " WAIT_MS, status);
}

/* Also called after a failure, whose message is kept. */
static bool end_reading(struct pg_session *session, bool ok, struct status *status)
{
    struct status ignored = {.arena = status->arena};
    if (!ok && sqlstate_is(status->sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        status_fail(
            status, STATUS_UNAVAILABLE,
            "Another session keeps the audit (%s) locked, so it cannot be read now; pg_locks says which session. "
            "Try again when it has ended.",
            own_sql(status->arena, session, "{truss}.audit"));
    }
    if (!pg_session_in_transaction(session)) {
        return ok;
    }
    return pg_exec(session, "ROLLBACK", ok ? status : &ignored) && ok;
}

static bool read_page(struct pg_session *session, struct audit_page *page, struct status *status)
{
    const uint32_t most = page->most == 0 || page->most > AUDIT_MOST_ROWS ? AUDIT_MOST_ROWS : page->most;
    const char *const sql = arena_printf(status->arena,
                                         "%s WHERE number OPERATOR(pg_catalog.>) %" PRId64
                                         " AND number OPERATOR(pg_catalog.<) %" PRId64 " ORDER BY number %s LIMIT %u",
                                         columns_sql, page->after, page->before == 0 ? INT64_MAX : page->before,
                                         page->is_newest_first ? "DESC" : "", most);
    bool exists;
    page->count = 0;
    if (!audit_exists(session, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(session, sql, 0, NULL, status);
    if (result == NULL) {
        return false;
    }
    page->count = (size_t)PQntuples(result);
    page->rows = arena_array(status->arena, page->count + 1, sizeof *page->rows);
    for (size_t i = 0; i < page->count; i++) {
        page->rows[i] = row_of(status->arena, result, (int)i);
    }
    return true;
}

bool audit_read(struct pg_session *session, struct audit_page *page, struct status *status)
{
    const bool ok = begin_reading(session, status) && read_page(session, page, status);
    return end_reading(session, ok, status);
}

/* ---- verifying ---- */

static void judge(struct audit_verdict *verdict, const struct audit_row *row, const char *kept, struct arena *arena)
{
    char hash[SHA256_HEX_SIZE];
    verdict->rows++;
    if (verdict->broken != 0) {
        return;
    }
    hash_row(row, verdict->hash, hash);
    if (row->number != verdict->rows) {
        verdict->broken = verdict->rows;
        verdict->why = arena_printf(arena, "Row %" PRId64 " is missing.", verdict->rows);
    } else if (strcmp(hash, row->hash) != 0) {
        verdict->broken = row->number;
        verdict->why = arena_printf(arena, "Row %" PRId64 " is not as it was written, or not behind the row before it.",
                                    row->number);
    } else {
        memcpy(verdict->hash, hash, sizeof hash);
        verdict->is_kept = verdict->is_kept || strcmp(hash, kept) == 0;
    }
}

static bool verify_rows(struct pg_session *session, const char *kept, struct audit_verdict *verdict,
                        struct status *status)
{
    bool exists;
    if (!audit_exists(session, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PGresult *result = NULL;
    if (!pg_rows_begin(session,
                       own_sql(status->arena, session, arena_printf(status->arena, "%s ORDER BY number", columns_sql)),
                       0, NULL, status)) {
        return false;
    }
    bool ok;
    while ((ok = pg_rows_next(session, &result, status)) && result != NULL) {
        struct arena *const arena = arena_new(0);
        const struct audit_row row = row_of(arena, result, 0);
        judge(verdict, &row, kept, status->arena);
        PQclear(result);
        arena_free(arena);
    }
    pg_rows_end(session);
    return ok;
}

bool audit_verify(struct pg_session *session, const char *kept, struct audit_verdict *verdict, struct status *status)
{
    *verdict = (struct audit_verdict){.is_kept = kept[0] == '\0'};
    if (kept[0] != '\0' && (strlen(kept) != SHA256_HEX_SIZE - 1 || strspn(kept, HEX) != SHA256_HEX_SIZE - 1)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "The hash of a row of the audit is %d characters of 0-9 and a-f; this is none.",
                           SHA256_HEX_SIZE - 1);
    }
    const bool ok = begin_reading(session, status) && verify_rows(session, kept, verdict, status);
    return end_reading(session, ok, status);
}
