/*
 * Whether an INVALID index is ours is decided by what existed before: ours is an index of the statement's table (and of
 * its name, if it gives one) that appeared afterwards and that nobody is building now. Observed on PostgreSQL 13 to 18:
 * an interrupted CREATE INDEX CONCURRENTLY leaves its index with indisvalid = false, REINDEX CONCURRENTLY one named
 * …_ccnew (or the old one as …_ccold), DETACH PARTITION CONCURRENTLY a row of pg_inherits with inhdetachpending.
 */
#include "migration/run/leftovers.h"

#include "base/sqlstate.h"
#include "migration/events.h"
#include "sql/lexer.h"

#include <string.h>

enum kind { KIND_OTHER, KIND_CREATE_INDEX, KIND_DROP_INDEX, KIND_REINDEX, KIND_DETACH };

/* The objects of the statement. Names are as written, for to_regclass. */
struct target {
    enum kind kind;
    struct text statement;
    const char *index; /* CREATE INDEX: without its schema; DROP INDEX: the first one; NULL: not given */
    const char *table; /* CREATE INDEX: its table; DETACH: the parent */
    const char *partition;
};

/* ---- reading the statement ---- */

/* A qualified name as written; NULL: none. */
static const char *take_name(struct arena *arena, struct sql_reader *reader)
{
    const size_t start = reader->token.offset;
    size_t end = start;
    while (reader->token.kind == SQL_WORD || reader->token.kind == SQL_IDENTIFIER) {
        end = reader->token.offset + reader->token.text.size;
        sql_advance(reader);
        if (!sql_is_symbol(&reader->token, '.')) {
            break;
        }
        sql_advance(reader);
    }
    return end == start ? NULL : arena_strndup(arena, reader->lexer.text.data + start, end - start);
}

static struct target read_create_index(struct arena *arena, struct sql_reader *reader)
{
    struct target target = {.kind = KIND_CREATE_INDEX};
    sql_take_if(reader);
    const bool is_named = !sql_is_word(&reader->token, "on");
    target.index = is_named ? sql_identifier(arena, &reader->token) : NULL;
    sql_skip_to(reader, "on");
    sql_take(reader, "only");
    target.table = take_name(arena, reader);
    return target;
}

static struct target read_detach(struct arena *arena, struct sql_reader *reader)
{
    struct target target = {.kind = KIND_DETACH};
    sql_take_if(reader);
    sql_take(reader, "only");
    target.table = take_name(arena, reader);
    if (!sql_skip_to(reader, "detach") || !sql_take(reader, "partition")) {
        return (struct target){0};
    }
    target.partition = take_name(arena, reader);
    return sql_take(reader, "concurrently") ? target : (struct target){0};
}

static struct target read_target(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    if (sql_take(&reader, "create")) {
        sql_take(&reader, "unique");
        return sql_take(&reader, "index") && sql_take(&reader, "concurrently") ? read_create_index(arena, &reader)
                                                                               : (struct target){0};
    }
    if (sql_take(&reader, "drop")) {
        struct target target = {.kind = KIND_DROP_INDEX};
        if (!sql_take(&reader, "index") || !sql_take(&reader, "concurrently")) {
            return (struct target){0};
        }
        sql_take_if(&reader);
        target.index = take_name(arena, &reader);
        /* Several names are not handled: dropping them again fails if the first is gone, and a person decides. */
        return sql_is_symbol(&reader.token, ',') ? (struct target){0} : target;
    }
    if (sql_take(&reader, "reindex")) {
        return (struct target){.kind = KIND_REINDEX};
    }
    if (sql_take(&reader, "alter") && sql_take(&reader, "table")) {
        return read_detach(arena, &reader);
    }
    return (struct target){0};
}

/* ---- before ---- */

/* What did not exist before cannot be dropped by the statement: "{}", as for a table without indexes. */
#define WAS_NOT_THERE "{}"

static const char pending_sql[] = "SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhparent "
                                  "OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid AND inhrelid "
                                  "OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2)::pg_catalog.oid";

static PGresult *ask_pending(struct run *run, const struct target *target)
{
    return pg_query(run->session, pending_sql, 2, (const char *const[]){target->table, target->partition}, run->status);
}

static bool is_gone(struct run *run, const char *name, bool *gone)
{
    PG_RESULT(result) = pg_query(run->session, "SELECT pg_catalog.to_regclass($1) IS NULL", 1,
                                 (const char *const[]){name}, run->status);
    *gone = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

/* Does the object to be dropped or detached exist? */
static bool look_for_goal(struct run *run, const struct target *target, const char **before)
{
    bool gone = false;
    if (target->kind == KIND_DROP_INDEX && target->index != NULL) {
        if (!is_gone(run, target->index, &gone)) {
            return false;
        }
    } else if (target->kind == KIND_DETACH && target->partition != NULL) {
        PG_RESULT(result) = ask_pending(run, target);
        if (result == NULL) {
            return false;
        }
        gone = PQntuples(result) == 0;
    }
    *before = gone ? WAS_NOT_THERE : NULL;
    return true;
}

bool leftovers_before(struct run *run, struct text statement, const char **before)
{
    /* Of a table all its indexes, including INVALID ones: later ones are new. For REINDEX, all INVALID ones. */
    static const char of_table[] =
        "SELECT coalesce(pg_catalog.array_agg(indexrelid), '{}')::pg_catalog.text FROM pg_catalog.pg_index "
        "WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid";
    static const char invalid[] =
        "SELECT coalesce(pg_catalog.array_agg(indexrelid), '{}')::pg_catalog.text FROM pg_catalog.pg_index "
        "WHERE NOT indisvalid";
    const struct target target = read_target(run->arena, statement);
    const bool is_create = target.kind == KIND_CREATE_INDEX && target.table != NULL;
    *before = NULL;
    if (!is_create && target.kind != KIND_REINDEX) {
        return look_for_goal(run, &target, before);
    }
    PG_RESULT(result) = pg_query(run->session, is_create ? of_table : invalid, is_create ? 1 : 0,
                                 (const char *const[]){target.table}, run->status);
    if (result == NULL) {
        return false;
    }
    *before = arena_strdup(run->arena, pg_field(result, 0, 0));
    return true;
}

/* ---- after ---- */

static bool drop_index(struct run *run, const char *name, const char *migration)
{
    const char *const sql = arena_printf(run->arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name);
    if (!pg_exec(run->session, sql, run->status)) {
        return false;
    }
    watch_note(&run->watch, migration,
               arena_printf(run->arena, "Dropped the INVALID index %s that the interrupted statement had left.", name));
    return true;
}

/* Moves from the table's name on, with "btree" as the default method; skips parentheses and ASC. */
static const char *next_of_index(struct arena *arena, struct sql_reader *reader)
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

static struct sql_reader read_columns(struct arena *arena, struct text sql, bool *unique)
{
    struct sql_reader reader = sql_read(sql);
    sql_take(&reader, "create");
    *unique = sql_take(&reader, "unique");
    sql_skip_to(&reader, "on");
    sql_take(&reader, "only");
    take_name(arena, &reader);
    if (sql_take(&reader, "using")) {
        sql_take(&reader, "btree");
    }
    return reader;
}

/* Is it this statement's index, word by word? If the server prints it differently (casts, defaults) it counts as
 * another one, and the statement creates its own. */
static bool is_index_of(struct arena *arena, struct text statement, const char *definition)
{
    bool unique[2];
    struct sql_reader wanted = read_columns(arena, statement, &unique[0]);
    struct sql_reader there = read_columns(arena, text_of(definition), &unique[1]);
    const char *word;
    bool is_same = unique[0] == unique[1];
    do {
        word = next_of_index(arena, &wanted);
        is_same = is_same && strcmp(word, next_of_index(arena, &there)) == 0;
    } while (is_same && word[0] != '\0');
    return is_same;
}

/* Removes indexes that appeared after the statement began, except those that another session is building. */
static bool remove_indexes(struct run *run, const struct target *target, const char *migration, const char *before,
                           bool *finished)
{
    static const char sql[] =
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), i.indisvalid, "
        "pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid "
        "OPERATOR(pg_catalog.=) i.indexrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
        "WHERE i.indexrelid OPERATOR(pg_catalog.<>) ALL ($1::pg_catalog.oid[]) "
        "AND n.nspname OPERATOR(pg_catalog.<>) 'pg_toast' AND NOT EXISTS (SELECT 1 FROM "
        "pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid OPERATOR(pg_catalog.=) i.indexrelid) "
        "AND CASE WHEN $2::pg_catalog.text IS NULL THEN NOT i.indisvalid "
        "AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' "
        "ELSE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2)::pg_catalog.oid "
        "AND ($3::pg_catalog.text IS NULL OR c.relname OPERATOR(pg_catalog.=) $3::pg_catalog.name) END";
    const bool is_create = target->kind == KIND_CREATE_INDEX;
    const char *const values[] = {before, is_create ? target->table : NULL, is_create ? target->index : NULL};
    PG_RESULT(result) = pg_query(run->session, sql, 3, values, run->status);
    if (result == NULL) {
        return false;
    }
    bool has_valid = false;
    bool has_invalid = false;
    for (int row = 0; row < PQntuples(result); row++) {
        const bool is_valid = pg_field_bool(result, row, 1);
        /* An unnamed one may be anybody's. */
        const bool is_its =
            is_valid && is_create &&
            (target->index != NULL || is_index_of(run->arena, target->statement, pg_field(result, row, 2)));
        has_valid = has_valid || is_its;
        has_invalid = has_invalid || !is_valid;
        if (!is_valid && !drop_index(run, pg_field(result, row, 0), migration)) {
            return false;
        }
    }
    /* An attempt makes one index: if that is INVALID, a valid one beside it is somebody else's. */
    *finished = has_valid && !has_invalid;
    return true;
}

/* Completes a half-finished detach with FINALIZE. */
static bool finish_detach(struct run *run, const struct target *target, const char *migration, bool *finished)
{
    PG_RESULT(result) = ask_pending(run, target);
    if (result == NULL) {
        return false;
    }
    *finished = PQntuples(result) == 0 || pg_field_bool(result, 0, 0);
    if (PQntuples(result) == 0 || !*finished) {
        return true;
    }
    watch_note(&run->watch, migration,
               arena_printf(run->arena, "Finalizing the interrupted DETACH of %s.", target->partition));
    return pg_exec(
        run->session,
        arena_printf(run->arena, "ALTER TABLE %s DETACH PARTITION %s FINALIZE", target->table, target->partition),
        run->status);
}

bool leftovers_remove(struct run *run, struct text statement, const char *migration, const char *before, bool *finished)
{
    struct target target = read_target(run->arena, statement);
    target.statement = statement;
    *finished = false;
    switch (target.kind) {
    case KIND_CREATE_INDEX:
    case KIND_REINDEX:
        return before == NULL || remove_indexes(run, &target, migration, before, finished);
    case KIND_DROP_INDEX:
        return target.index == NULL || before != NULL || is_gone(run, target.index, finished);
    case KIND_DETACH:
        return target.partition == NULL || before != NULL || finish_detach(run, &target, migration, finished);
    case KIND_OTHER:
        break;
    }
    return true;
}

bool leftovers_says_done(struct text statement, const char *sqlstate)
{
    static const struct {
        const char *verb;
        const char *sqlstate;
    } done[] = {
        {"create", SQLSTATE_DUPLICATE_DATABASE},
        {"create", SQLSTATE_DUPLICATE_OBJECT},
        {"drop", SQLSTATE_INVALID_CATALOG_NAME},
        {"drop", SQLSTATE_UNDEFINED_OBJECT},
    };
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token verb = sql_next(&lexer);
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
        if (sql_is_word(&verb, done[i].verb) && sqlstate_is(sqlstate, done[i].sqlstate)) {
            return true;
        }
    }
    return false;
}
