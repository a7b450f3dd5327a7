/*
 * ALTER SEQUENCE … INCREMENT BY with the same value gives the sequence a new relfilenode, transactionally (PostgreSQL
 * 10 and newer): later nextval() calls are undone by the rollback. Resetting the value instead would hand out a number
 * twice if the application took one meanwhile.
 */
#include "migration/run/sequences.h"

#include "base/sorting.h"
#include "base/words.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <stdlib.h>
#include <string.h>

/* ---- which are named ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Also inside strings and dollar quotes: nextval('s'), and the body of a DO. */
static void add_words(struct arena *arena, struct text text, struct words *words)
{
    for (size_t i = 0; i < text.size;) {
        const size_t start = i;
        while (i < text.size && text.data[i] != '\0' &&
               strchr(" \t\r\n,;:.()[]{}'\"$=<>+-*/%&|!?@#^`~\\", text.data[i]) == NULL) {
            i++;
        }
        if (i > start) {
            char *const word = arena_strndup(arena, text.data + start, i - start);
            for (char *c = word; *c != '\0'; c++) {
                *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
            }
            words_add(arena, words, word);
        }
        i += i == start ? 1 : 0;
    }
}

/* In a sorted list. */
static bool is_among(const struct words *words, const char *word)
{
    return word != NULL && words->count > 0 &&
           bsearch(&word, words->items, words->count, sizeof *words->items, by_text) != NULL;
}

/* Any of these words, which are separated by spaces? */
static bool has_any(const struct words *words, const char *list)
{
    for (const char *start = list; *start != '\0';) {
        const size_t size = strcspn(start, " ");
        char word[256];
        if (size < sizeof word) {
            memcpy(word, start, size);
            word[size] = '\0';
            if (is_among(words, word)) {
                return true;
            }
        }
        start += size + strspn(start + size, " ");
    }
    return false;
}

static bool read_words(struct run *run, struct arena *arena, const struct preparation *preparation, struct words *words)
{
    for (size_t i = 0; i < preparation->count; i++) {
        struct arena *const reading = arena_new(0);
        struct loaded loaded;
        const bool ok = migration_load(reading, &preparation->items[i].place, &loaded, run->status);
        if (ok) {
            add_words(arena, loaded.script.sql, words);
        }
        arena_free(reading);
        if (!ok) {
            return false;
        }
    }
    sort_items(words->items, words->count, sizeof *words->items, by_text);
    return true;
}

bool sequences_find(struct run *run, const struct preparation *preparation, struct sequences *sequences)
{
    /* With the tables that own a sequence, and those that use it in a default. Only its owner may alter it.
     * pg_sequence_last_value() is NULL before the first nextval(). */
    static const char sql[] =
        "SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), "
        "coalesce(pg_catalog.pg_sequence_last_value(c.oid)::text, '-'), pg_catalog.lower(c.relname), "
        "pg_catalog.pg_has_role(c.relowner, 'USAGE'), "
        "pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.lower(t.relname) FROM pg_catalog.pg_depend d "
        "JOIN pg_catalog.pg_class t ON t.oid = d.refobjid "
        "WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid "
        "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass UNION "
        "SELECT pg_catalog.lower(t.relname) FROM pg_catalog.pg_depend d "
        "JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid JOIN pg_catalog.pg_class t ON t.oid = a.adrelid "
        "WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid "
        "AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass), ' ') "
        "FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND "
        "pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT') ORDER BY c.oid";
    struct arena *const arena = arena_new(0);
    struct words words = {0};
    *sequences = (struct sequences){0};
    PG_RESULT(result) = pg_query(run->session, sql, 0, NULL, run->status);
    const bool ok = result != NULL && (PQntuples(result) == 0 || read_words(run, arena, preparation, &words));
    sequences->items = arena_array(run->arena, ok ? (size_t)PQntuples(result) : 0, sizeof *sequences->items);
    for (int row = 0; ok && row < PQntuples(result); row++) {
        sequences->items[sequences->count++] = (struct sequence){
            .oid = arena_strdup(run->arena, pg_field(result, row, 0)),
            .name = arena_strdup(run->arena, pg_field(result, row, 1)),
            .value = arena_strdup(run->arena, pg_field(result, row, 2)),
            .named = pg_field_bool(result, row, 4) &&
                     (is_among(&words, pg_field(result, row, 3)) || has_any(&words, pg_field(result, row, 5))),
        };
    }
    arena_free(arena);
    return ok;
}

/* ---- around the try ---- */

bool sequences_set_aside(struct run *run, const struct sequences *sequences, uint32_t lock_timeout_ms,
                         struct failure *failure)
{
    struct buffer sql = {.arena = run->arena};
    if (lock_timeout_ms > 0) {
        buffer_printf(&sql, "SET LOCAL lock_timeout = %u;", lock_timeout_ms);
    }
    buffer_puts(&sql, "DO $truss_try$ DECLARE s record; BEGIN FOR s IN SELECT c.oid::pg_catalog.regclass AS name, "
                      "q.seqincrement AS step FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = "
                      "q.seqrelid WHERE c.oid IN (0");
    size_t named = 0;
    for (size_t i = 0; i < sequences->count; i++) {
        if (sequences->items[i].named) {
            buffer_printf(&sql, ", %s", sequences->items[i].oid);
            named++;
        }
    }
    buffer_puts(&sql, ") LOOP EXECUTE pg_catalog.format('ALTER SEQUENCE %s INCREMENT BY %s', s.name, s.step); END "
                      "LOOP; END $truss_try$;");
    if (named == 0 || pg_exec(run->session, buffer_string(&sql), run->status)) {
        return true;
    }
    return failure_take(failure, run->status);
}

/* Did this session advance it? currval() knows, and fails with 55000 if it did not. */
static const char moved_sql[] =
    "DO $truss_try$ BEGIN PERFORM pg_catalog.currval(%s::pg_catalog.regclass); EXCEPTION WHEN "
    "object_not_in_prerequisite_state THEN RAISE EXCEPTION 'not moved'; END $truss_try$";

void sequences_check(struct run *run, const struct sequences *sequences, struct run_result *result)
{
    static const char sql[] =
        "SELECT c.oid, coalesce(pg_catalog.pg_sequence_last_value(c.oid)::text, '-') FROM pg_catalog.pg_sequence q "
        "JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid WHERE c.relpersistence <> 't' AND "
        "pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT') ORDER BY c.oid";
    if (run->session == NULL || sequences->count == 0) {
        return;
    }
    PG_RESULT(rows) = pg_query(run->session, sql, 0, NULL, run->status);
    size_t i = 0;
    /* Both are sorted by oid; sequences created or dropped meanwhile are in only one of them. */
    for (int row = 0; rows != NULL && row < PQntuples(rows); row++) {
        const unsigned long oid = strtoul(pg_field(rows, row, 0), NULL, 10);
        while (i < sequences->count && strtoul(sequences->items[i].oid, NULL, 10) < oid) {
            i++;
        }
        const struct sequence *const one = &sequences->items[i];
        struct status status = {.arena = run->arena};
        if (i == sequences->count || strtoul(one->oid, NULL, 10) != oid || one->named ||
            strcmp(one->value, pg_field(rows, row, 1)) == 0) {
            continue;
        }
        if (pg_exec(run->session, arena_printf(run->arena, moved_sql, one->oid), &status)) {
            result_add_warning(
                run->arena, result,
                arena_printf(run->arena,
                             "The sequence %s was moved by the try, from %s to %s: its next value is a later one.",
                             one->name, one->value, pg_field(rows, row, 1)));
        }
    }
}
