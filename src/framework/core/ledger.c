/*
 * Names are always quoted and qualified: a migration may have changed the search path.
 */
#include "framework/core/ledger.h"

#include "pg/query.h"
#include "pg/values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WARNINGS 20

/* The name, in a query, of a ledger with as_read. */
#define AS_READ "ledger_as_read"

/* PostgreSQL's epoch is 2000-01-01. */
#define POSTGRES_EPOCH_US INT64_C(946684800000000)
#define EARLIEST_US       INT64_C(-63082281600000000) /* 0001-01-01 */
#define LATEST_US         INT64_C(252455615999999999) /* 9999-12-31 23:59:59.999999 */

const char *ledger_full_name(struct arena *arena, const struct ledger *ledger)
{
    return arena_printf(arena, "%s.%s", ledger->schema, ledger->table);
}

void ledger_put_as_read(struct buffer *sql, const struct ledger *ledger)
{
    if (ledger->as_read != NULL) {
        buffer_printf(sql, "WITH " AS_READ " AS (%s) ", ledger->as_read);
    }
}

void ledger_put_name(struct buffer *sql, const struct ledger *ledger)
{
    if (ledger->as_read != NULL) {
        buffer_puts(sql, AS_READ);
        return;
    }
    pg_quote_identifier(sql, ledger->schema);
    buffer_putc(sql, '.');
    pg_quote_identifier(sql, ledger->table);
}

void ledger_put_text(struct buffer *sql, const char *value)
{
    if (value == NULL) {
        buffer_puts(sql, "NULL");
    } else {
        pg_quote_literal(sql, text_of(value));
    }
}

static void put_formatted(struct buffer *sql, const struct ledger *ledger, const char *format, va_list arguments)
{
    for (const char *percent; (percent = strchr(format, '%')) != NULL; format = percent + 2) {
        buffer_add(sql, (struct text){format, (size_t)(percent - format)});
        switch (percent[1]) {
        case 't':
            ledger_put_name(sql, ledger);
            break;
        case 's':
            ledger_put_text(sql, va_arg(arguments, const char *));
            break;
        default:
            if (percent[1] != '%') {
                abort(); /* an unknown letter: an error in our own code */
            }
            buffer_putc(sql, '%');
            break;
        }
    }
    buffer_puts(sql, format);
}

void ledger_putf(struct buffer *sql, const struct ledger *ledger, const char *format, ...)
{
    va_list arguments;
    if (sql->size == 0) {
        ledger_put_as_read(sql, ledger);
    }
    va_start(arguments, format);
    put_formatted(sql, ledger, format, arguments);
    va_end(arguments);
}

/* ---- fields ---- */

/* A big-endian integer of `size` bytes; false for NULL and for another size. */
static bool read_integer(const PGresult *result, int row, int column, int size, uint64_t *bits)
{
    const unsigned char *const bytes = (const unsigned char *)PQgetvalue(result, row, column);
    if (PQgetisnull(result, row, column) != 0 || PQgetlength(result, row, column) != size) {
        return false;
    }
    *bits = 0;
    for (int i = 0; i < size; i++) {
        *bits = *bits << 8 | bytes[i];
    }
    return true;
}

/* A timestamptz as microseconds since 1970 UTC: NO_TIME for NULL and for ±infinity. */
static int64_t binary_time(const PGresult *result, int row, int column)
{
    uint64_t bits;
    if (!read_integer(result, row, column, 8, &bits)) {
        return NO_TIME;
    }
    const int64_t since_2000 = (int64_t)bits;
    /* ±infinity, and times outside of the years 1 to 9999, which clients cannot represent. */
    if (since_2000 < EARLIEST_US || since_2000 > LATEST_US) {
        return NO_TIME;
    }
    return since_2000 + POSTGRES_EPOCH_US;
}

/* An int4; 0 for NULL. */
static int32_t binary_int(const PGresult *result, int row, int column)
{
    uint64_t bits;
    return read_integer(result, row, column, 4, &bits) ? (int32_t)(uint32_t)bits : 0;
}

/* ---- reading rows ---- */

/* pg_catalog's type oids, which never change. */
enum { BOOL = 16, NAME = 19, BIGINT = 20, INTEGER = 23, TEXT = 25, BPCHAR = 1042, VARCHAR = 1043, TIMESTAMPTZ = 1184 };

/* The possible columns of a ledger's query. */
enum column {
    KEY,
    SHOWN,
    CHECKSUM,
    ID,
    LOGS,
    STATE,
    BASELINE,
    APPLIED_AT,
    STARTED_AT,
    ROLLED_BACK_AT,
    DURATION,
    STEPS,
    BATCH,
    COLUMNS
};

static const struct {
    const char *name;
    Oid type; /* TEXT stands for all that are read as text */
} columns[COLUMNS] = {
    [KEY] = {"key", TEXT},
    [SHOWN] = {"name", TEXT},
    [CHECKSUM] = {"checksum", TEXT},
    [ID] = {"id", TEXT},
    [LOGS] = {"logs", TEXT},
    [STATE] = {"state", TEXT},
    [BASELINE] = {"baseline", BOOL},
    [APPLIED_AT] = {"applied_at", TIMESTAMPTZ},
    [STARTED_AT] = {"started_at", TIMESTAMPTZ},
    [ROLLED_BACK_AT] = {"rolled_back_at", TIMESTAMPTZ},
    [DURATION] = {"duration_ms", BIGINT},
    [STEPS] = {"steps", INTEGER},
    [BATCH] = {"batch", BIGINT},
};

static bool is_text(Oid type)
{
    return type == TEXT || type == VARCHAR || type == BPCHAR || type == NAME;
}

static const char *type_name(Oid type)
{
    return type == BOOL          ? "boolean"
           : type == BIGINT      ? "bigint"
           : type == INTEGER     ? "integer"
           : type == TIMESTAMPTZ ? "timestamptz"
                                 : "text";
}

/* The index of each column in the result; -1: missing. A column of another type is refused, because its bytes would be
 * misread. */
static bool find_columns(const PGresult *result, int at[COLUMNS], struct status *status)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        at[i] = PQfnumber(result, columns[i].name);
        const Oid type = at[i] < 0 ? columns[i].type : PQftype(result, at[i]);
        if (type != columns[i].type && !(columns[i].type == TEXT && is_text(type))) {
            return status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "The query of the tracking table gives \"%s\" in a type that is not read (%u): it is to be %s.",
                columns[i].name, type, type_name(columns[i].type));
        }
    }
    return at[KEY] >= 0 || status_fail(status, STATUS_INTERNAL, "The query of a tracking table gives no \"key\".");
}

static const char *field_text(struct arena *arena, const PGresult *result, int row, int column)
{
    return column < 0 ? NULL : arena_strdup(arena, pg_field(result, row, column));
}

static enum entry_state field_state(const PGresult *result, int row, int column)
{
    const char *const state = column < 0 ? NULL : pg_field(result, row, column);
    if (state == NULL) {
        return ENTRY_APPLIED;
    }
    return strcmp(state, "failed") == 0        ? ENTRY_FAILED
           : strcmp(state, "rolled_back") == 0 ? ENTRY_ROLLED_BACK
                                               : ENTRY_APPLIED;
}

static int64_t field_time(const PGresult *result, int row, int column)
{
    return column < 0 ? NO_TIME : binary_time(result, row, column);
}

static int64_t field_number(const PGresult *result, int row, int column, int64_t missing)
{
    uint64_t bits;
    return column >= 0 && read_integer(result, row, column, 8, &bits) ? (int64_t)bits : missing;
}

static struct ledger_entry read_row(struct arena *arena, const PGresult *result, int row, const int at[COLUMNS])
{
    uint64_t bits;
    const char *const key = field_text(arena, result, row, at[KEY]);
    const char *const name = field_text(arena, result, row, at[SHOWN]);
    return (struct ledger_entry){
        .name = name == NULL ? key : name,
        .key = key,
        .id = field_text(arena, result, row, at[ID]),
        .checksum = field_text(arena, result, row, at[CHECKSUM]),
        .logs = field_text(arena, result, row, at[LOGS]),
        .started_at = field_time(result, row, at[STARTED_AT]),
        .finished_at = field_time(result, row, at[APPLIED_AT]),
        .rolled_back_at = field_time(result, row, at[ROLLED_BACK_AT]),
        .steps = at[STEPS] < 0 ? 0 : (uint32_t)binary_int(result, row, at[STEPS]),
        .duration_ms = field_number(result, row, at[DURATION], -1),
        .state = field_state(result, row, at[STATE]),
        .baseline = at[BASELINE] >= 0 && read_integer(result, row, at[BASELINE], 1, &bits) && bits != 0,
    };
}

bool ledger_read_sql(struct ledger_reading *reading, const char *sql)
{
    struct ledger_entries *const entries = &reading->entries;
    int at[COLUMNS];
    const struct pg_meanwhile meanwhile = reading->meanwhile;
    reading->meanwhile = (struct pg_meanwhile){0};
    PG_RESULT(result) = pg_query_binary(reading->session, sql, &meanwhile, reading->status);
    if (result == NULL || !find_columns(result, at, reading->status)) {
        return false;
    }
    entries->items = arena_array(reading->arena, (size_t)PQntuples(result) + 1, sizeof *entries->items);
    entries->count = 0;
    entries->last_batch = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        if (PQgetisnull(result, row, at[KEY]) == 0) {
            const int64_t batch = field_number(result, row, at[BATCH], 0);
            entries->last_batch = batch > entries->last_batch ? batch : entries->last_batch;
            entries->items[entries->count++] = read_row(reading->arena, result, row, at);
        }
    }
    if (entries->count < (size_t)PQntuples(result)) {
        ledger_warn(reading, "The tracking table has rows that name no migration; they are passed over.");
    }
    return true;
}

bool ledger_read_rows(struct ledger_reading *reading, const char *format)
{
    struct buffer sql = {.arena = reading->arena};
    ledger_putf(&sql, reading->ledger, format);
    return ledger_read_sql(reading, buffer_string(&sql));
}

const char *ledger_folded_name(struct arena *arena, const char *name)
{
    bool has_upper = false;
    bool has_lower = false;
    for (const char *c = name; c != NULL && *c != '\0'; c++) {
        has_upper = has_upper || isupper((unsigned char)*c) != 0;
        has_lower = has_lower || islower((unsigned char)*c) != 0;
    }
    char *const folded = arena_strdup(arena, name);
    for (char *c = folded; c != NULL && *c != '\0' && !(has_upper && has_lower); c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return folded;
}

struct session_path ledger_path_alone(const struct ledger *ledger)
{
    return (struct session_path){PATH_ALONE, ledger->schema};
}

struct session_path ledger_path_of_scripts(const struct ledger *ledger)
{
    const char *const schema = ledger->folder == NULL ? NULL : ledger->folder->script_schema;
    return (struct session_path){schema == NULL ? PATH_STAYS : PATH_IN_FRONT, schema};
}

struct ledger_entry ledger_entry_of(const char *name, const char *key)
{
    return (struct ledger_entry){.name = name,
                                 .key = key,
                                 .started_at = NO_TIME,
                                 .finished_at = NO_TIME,
                                 .rolled_back_at = NO_TIME,
                                 .duration_ms = -1};
}

void ledger_warn(struct ledger_reading *reading, const char *warning)
{
    struct ledger_entries *const entries = &reading->entries;
    if (entries->warnings == NULL) {
        entries->warnings = arena_array(reading->arena, MOST_WARNINGS, sizeof *entries->warnings);
    }
    if (entries->warning_count < MOST_WARNINGS) {
        entries->warnings[entries->warning_count++] = warning;
    }
}
