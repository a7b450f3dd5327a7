/*
 * Which index a statement has made: one of its table (and of its name, if it gives one) that appeared afterwards. That
 * may also be somebody else's, who builds an equal one. So while the statement runs, the server is asked which index it
 * builds, and the answer is kept. Without that: a failed statement has made no valid index; and of an unnamed one it is
 * said, after a lost connection, that it may be another's. Observed on PostgreSQL 13 to 18: an interrupted CREATE INDEX
 * CONCURRENTLY leaves its index with indisvalid = false, REINDEX CONCURRENTLY one named …_ccnew (or the old one as
 * …_ccold), DETACH PARTITION CONCURRENTLY a row of pg_inherits with inhdetachpending.
 */
#include "migration/run/leftovers.h"

#include "base/sqlstate.h"
#include "migration/events.h"
#include "migration/run/notices.h"
#include "migration/run/same_index.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

enum kind { KIND_OTHER, KIND_CREATE_INDEX, KIND_DROP_INDEX, KIND_REINDEX, KIND_DETACH };

/* The objects of the statement. Names are as written, for to_regclass. */
struct target {
    enum kind kind;
    struct wanted_index wanted; /* CREATE INDEX */
    const char *index;          /* CREATE INDEX: without its schema; DROP INDEX: the first one; NULL: not given */
    const char *table;          /* CREATE INDEX: its table; DETACH: the parent */
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
    target.wanted.table = target.table;
    target.wanted.rest = text_slice(reader->lexer.text, reader->token.offset, reader->lexer.text.size);
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
        const bool unique = sql_take(&reader, "unique");
        if (!sql_take(&reader, "index") || !sql_take(&reader, "concurrently")) {
            return (struct target){0};
        }
        struct target target = read_create_index(arena, &reader);
        target.wanted.unique = unique;
        return target;
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

/* PostgreSQL 13 has neither the statement nor the column, and its error is to be the one of the statement. */
static const char pending_sql[] = "SELECT (pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'inhdetachpending')"
                                  "::pg_catalog.bool IS TRUE FROM pg_catalog.pg_inherits i WHERE inhparent "
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

/* ---- indexes ---- */

/* In the list of those that existed before, the ones that the statement was seen to build follow a 0, which is no
 * index. */
struct known {
    const char *before;
    const char *made;
};

static struct known split_known(struct arena *arena, const char *list)
{
    const char *const at = strncmp(list, "{0,", 3) == 0 ? list : strstr(list, ",0,");
    if (at == NULL) {
        return (struct known){list, "{}"};
    }
    return (struct known){
        .before = at == list ? "{}" : arena_printf(arena, "%.*s}", (int)(at - list), list),
        .made = arena_printf(arena, "{%s", at + 3),
    };
}

const char *leftovers_made(struct arena *arena, const char *before, const char *oid)
{
    const struct known known = split_known(arena, before);
    const bool is_first = strcmp(known.made, "{}") == 0;
    const char *const between = !is_first ? "," : strcmp(before, "{}") == 0 ? "0," : ",0,";
    return arena_printf(arena, "%.*s%s%s}", (int)strlen(before) - 1, before, between, oid);
}

/* An interrupted statement, and the indexes that have appeared since it began. */
struct search {
    struct run *run;
    const struct interrupted *of;
    const struct target *target;
    struct known known;
    PGresult *found; /* with columns as below; owned */
};

enum column { NAME, OID, DEFINITION, IS_VALID, IS_MADE, IS_BUSY };

/* An INVALID index may be in the making as long as a session that builds has its table's lock, or its row's last change
 * is not committed, which comes after the lock. Of other roles' sessions the server shows only that they build. */
static const char found_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), i.indexrelid, pg_catalog.pg_get_indexdef(i.indexrelid), "
    "i.indisvalid, i.indexrelid OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.oid[]), NOT i.indisvalid AND (EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid "
    "OPERATOR(pg_catalog.=) l.pid "
    "AND p.datid OPERATOR(pg_catalog.=) l.database WHERE p.datname OPERATOR(pg_catalog.=) "
    "pg_catalog.current_database() "
    "AND l.relation OPERATOR(pg_catalog.=) i.indrelid AND l.mode OPERATOR(pg_catalog.=) 'ShareUpdateExclusiveLock' AND "
    "l.granted AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) OR EXISTS (SELECT 1 FROM "
    "pg_catalog.pg_locks l WHERE l.transactionid OPERATOR(pg_catalog.=) i.xmax)) "
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "WHERE i.indexrelid OPERATOR(pg_catalog.<>) ALL ($1::pg_catalog.oid[]) "
    "AND n.nspname OPERATOR(pg_catalog.<>) 'pg_toast' "
    "AND CASE WHEN $3::pg_catalog.text IS NULL THEN NOT i.indisvalid "
    "AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' "
    "ELSE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($3)::pg_catalog.oid "
    "AND ($4::pg_catalog.text IS NULL OR c.relname OPERATOR(pg_catalog.=) $4::pg_catalog.name) END ORDER BY 2";

static bool find_new(struct search *search)
{
    const struct target *const target = search->target;
    const char *const values[] = {search->known.before, search->known.made, target->table, target->index};
    PQclear(search->found);
    search->found = pg_query(search->run->session, found_sql, 4, values, search->run->status);
    return search->found != NULL;
}

static bool has_any(const struct search *search, enum column column, bool value)
{
    for (int row = 0; row < PQntuples(search->found); row++) {
        if (pg_field_bool(search->found, row, (int)column) == value) {
            return true;
        }
    }
    return false;
}

static enum sameness compare(const struct search *search, int row)
{
    const char *const definition = pg_field(search->found, row, DEFINITION);
    return index_compare(search->run, &search->target->wanted, pg_field(search->found, row, OID),
                         definition == NULL ? "" : definition);
}

/* Is this INVALID index, which nobody is building, what the statement left? An unnamed one may be anybody's. */
static bool is_left(const struct search *search, int row)
{
    return search->target->kind == KIND_REINDEX || search->target->index != NULL ||
           pg_field_bool(search->found, row, IS_MADE) || compare(search, row) == INDEX_IS_SAME;
}

static bool remove_invalid(const struct search *search, bool *has_removed)
{
    *has_removed = false;
    for (int row = 0; row < PQntuples(search->found); row++) {
        if (pg_field_bool(search->found, row, IS_VALID) || !is_left(search, row)) {
            continue;
        }
        if (!drop_index(search->run, pg_field(search->found, row, NAME), search->of->migration)) {
            return false;
        }
        *has_removed = true;
    }
    return true;
}

/* Is this valid index the lost statement's? *unsure: it fits, but may be somebody else's. */
static bool is_its(const struct search *search, int row, bool *unsure)
{
    const bool has_name = search->target->index != NULL;
    if (pg_field_bool(search->found, row, IS_MADE)) {
        *unsure = false;
        return true;
    }
    if (!has_name && strcmp(search->known.made, "{}") != 0) {
        return false;
    }
    const enum sameness sameness = compare(search, row);
    *unsure = !has_name || sameness == INDEX_IS_UNTOLD;
    return sameness == INDEX_IS_SAME || (has_name && sameness == INDEX_IS_UNTOLD);
}

/* One that has the statement's name and is what it would make is what it is for, whoever has built it. */
static enum leftovers judge_valid(const struct search *search)
{
    struct run *const run = search->run;
    int found = -1;
    bool unsure = true;
    for (int row = 0; row < PQntuples(search->found) && unsure; row++) {
        if (pg_field_bool(search->found, row, IS_VALID) && is_its(search, row, &unsure)) {
            found = row;
        }
    }
    if (found >= 0 && unsure) {
        run_warn(run, search->of->migration,
                 arena_printf(run->arena,
                              "The connection was lost in a CREATE INDEX CONCURRENTLY, and the index %s has appeared "
                              "since it began: it counts as built by that. If somebody else has built it, the "
                              "statement's own is missing.",
                              pg_field(search->found, found, NAME)));
    }
    return found >= 0 ? LEFTOVERS_DONE : LEFTOVERS_GONE;
}

/* What is INVALID is looked at twice: its builder may have finished after the first look had begun, and is gone at
 * once. */
static bool settle_indexes(struct search *search, enum leftovers *what)
{
    bool has_removed = false;
    if (!find_new(search) || (has_any(search, IS_VALID, false) && !find_new(search))) {
        return false;
    }
    if (has_any(search, IS_BUSY, true)) {
        *what = LEFTOVERS_BUSY;
        return true;
    }
    if (!remove_invalid(search, &has_removed)) {
        return false;
    }
    /* An attempt makes one index: if that was INVALID, a valid one beside it is somebody else's. */
    if (!has_removed && search->of->is_lost && search->target->kind == KIND_CREATE_INDEX) {
        *what = judge_valid(search);
    }
    return true;
}

static bool remove_indexes(struct run *run, const struct target *target, const struct interrupted *of,
                           enum leftovers *what)
{
    struct search search = {
        .run = run, .of = of, .target = target, .known = split_known(run->arena, of->before), .found = NULL};
    const bool ok = settle_indexes(&search, what);
    PQclear(search.found);
    return ok;
}

/* ---- what is dropped or detached ---- */

static bool find_dropped(struct run *run, const struct target *target, enum leftovers *what)
{
    bool gone;
    if (!is_gone(run, target->index, &gone)) {
        return false;
    }
    *what = gone ? LEFTOVERS_DONE : LEFTOVERS_GONE;
    return true;
}

/* Completes a half-finished detach with FINALIZE. */
static bool finish_detach(struct run *run, const struct target *target, const struct interrupted *of,
                          enum leftovers *what)
{
    PG_RESULT(result) = ask_pending(run, target);
    if (result == NULL) {
        return false;
    }
    const bool is_there = PQntuples(result) > 0;
    const bool is_pending = is_there && pg_field_bool(result, 0, 0);
    *what = is_pending || (!is_there && of->is_lost) ? LEFTOVERS_DONE : LEFTOVERS_GONE;
    if (!is_pending) {
        return true;
    }
    watch_note(&run->watch, of->migration,
               arena_printf(run->arena, "Finalizing the interrupted DETACH of %s.", target->partition));
    return pg_exec(
        run->session,
        arena_printf(run->arena, "ALTER TABLE %s DETACH PARTITION %s FINALIZE", target->table, target->partition),
        run->status);
}

bool leftovers_remove(struct run *run, const struct interrupted *of, enum leftovers *what)
{
    const struct target target = read_target(run->arena, of->statement);
    *what = LEFTOVERS_GONE;
    switch (target.kind) {
    case KIND_CREATE_INDEX:
    case KIND_REINDEX:
        return of->before == NULL || remove_indexes(run, &target, of, what);
    case KIND_DROP_INDEX:
        return target.index == NULL || of->before != NULL || !of->is_lost || find_dropped(run, &target, what);
    case KIND_DETACH:
        return target.partition == NULL || of->before != NULL || finish_detach(run, &target, of, what);
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
