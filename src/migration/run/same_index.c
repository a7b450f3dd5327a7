/*
 * The copy has the table's columns and no rows, so no function of the index is called. LIKE leaves out dropped columns:
 * columns are compared as printed, not by their numbers.
 */
#include "migration/run/same_index.h"

#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

#define COPY_OF_IT "truss_same_index"
#define COPY_MS    2000 /* the longest wait for it */

/* ---- word by word ---- */

/* The next word of a definition; skips parentheses and ASC. */
static const char *next_word(struct arena *arena, struct sql_reader *reader)
{
    while (sql_is_symbol(&reader->token, '(') || sql_is_symbol(&reader->token, ')') ||
           sql_is_symbol(&reader->token, ';') || sql_is_word(&reader->token, "asc")) {
        sql_advance(reader);
    }
    const struct sql_token token = reader->token;
    sql_advance(reader);
    return token.kind == SQL_END ? ""
           : token.kind == SQL_WORD || token.kind == SQL_IDENTIFIER
               ? sql_identifier(arena, &token)
               : arena_strndup(arena, token.text.data, token.text.size);
}

/* "btree" is the default method. */
static struct sql_reader read_rest(struct text rest)
{
    struct sql_reader reader = sql_read(rest);
    if (sql_take(&reader, "using")) {
        sql_take(&reader, "btree");
    }
    return reader;
}

/* Moves behind the table's name in what the server prints. */
static struct sql_reader read_printed(struct arena *arena, const char *definition, bool *unique)
{
    struct sql_reader reader = sql_read(text_of(definition));
    sql_take(&reader, "create");
    *unique = sql_take(&reader, "unique");
    sql_skip_to(&reader, "on");
    sql_take(&reader, "only");
    sql_take_name(arena, &reader, NULL);
    const size_t offset = reader.token.offset;
    return read_rest(text_slice(text_of(definition), offset, strlen(definition)));
}

static bool has_same_words(struct arena *arena, const struct wanted_index *wanted, const char *definition)
{
    bool unique;
    struct sql_reader there = read_printed(arena, definition, &unique);
    struct sql_reader here = read_rest(wanted->rest);
    const char *word;
    bool is_same = unique == wanted->unique;
    do {
        word = next_word(arena, &here);
        is_same = is_same && strcmp(word, next_word(arena, &there)) == 0;
    } while (is_same && word[0] != '\0');
    return is_same;
}

/* ---- as the server makes it ---- */

/* Everything that makes an index what it is, except its name, its table and its tablespace. index: an oid or a name.
 * NULL: it is not there. */
static const char *print(struct run *run, const char *index, struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.concat_ws(' | ', i.indisunique, i.indnkeyatts, i.indclass, i.indcollation, i.indoption, "
        "c.relam, coalesce(c.reloptions::pg_catalog.text, ''), "
        "coalesce(pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'indnullsnotdistinct', 'false'), "
        "(SELECT pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k) FROM "
        "pg_catalog.generate_series(1, i.indnatts::pg_catalog.int4) k), "
        "coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '')) FROM pg_catalog.pg_index i JOIN "
        "pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid WHERE i.indexrelid "
        "OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid";
    PG_RESULT(result) = pg_query(run->session, sql, 1, &index, status);
    return result == NULL || PQntuples(result) == 0 ? NULL : arena_strdup(run->arena, pg_field(result, 0, 0));
}

/* The statement that makes the copy: named like the table, which an expression may mention. Not where an event trigger
 * would hear of it, whose code may do what no rollback undoes. */
static const char *copy_sql(struct run *run, const struct wanted_index *wanted, struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.format('CREATE TEMP TABLE %I (LIKE %I.%I);', c.relname, n.nspname, c.relname), "
        "pg_catalog.format('%I', c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid "
        "OPERATOR(pg_catalog.=) c.relnamespace WHERE c.oid OPERATOR(pg_catalog.=) "
        "pg_catalog.to_regclass($1)::pg_catalog.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE "
        "e.evtenabled OPERATOR(pg_catalog.<>) 'D')";
    PG_RESULT(result) = pg_query(run->session, sql, 1, &wanted->table, status);
    if (result == NULL || PQntuples(result) == 0) {
        return NULL;
    }
    struct buffer copy = {.arena = run->arena};
    buffer_printf(&copy,
                  "BEGIN READ WRITE;SET LOCAL statement_timeout = %d;%sCREATE %sINDEX " COPY_OF_IT " ON pg_temp.%s ",
                  COPY_MS, pg_field(result, 0, 0), wanted->unique ? "UNIQUE " : "", pg_field(result, 0, 1));
    buffer_add(&copy, wanted->rest);
    return buffer_string(&copy);
}

static enum sameness compare_as_made(struct run *run, const struct wanted_index *wanted, const char *oid)
{
    struct status ignored = {.arena = run->arena};
    const char *const there = print(run, oid, &ignored);
    const char *const copy = there == NULL ? NULL : copy_sql(run, wanted, &ignored);
    if (copy == NULL) {
        return INDEX_IS_UNTOLD;
    }
    const char *const here = pg_exec(run->session, copy, &ignored) ? print(run, "pg_temp." COPY_OF_IT, &ignored) : NULL;
    pg_session_roll_back(run->session);
    return here == NULL ? INDEX_IS_UNTOLD : strcmp(here, there) == 0 ? INDEX_IS_SAME : INDEX_IS_OTHER;
}

enum sameness index_compare(struct run *run, const struct wanted_index *wanted, const char *oid, const char *definition)
{
    const enum sameness made = compare_as_made(run, wanted, oid);
    return made == INDEX_IS_UNTOLD && has_same_words(run->arena, wanted, definition) ? INDEX_IS_SAME : made;
}
