/*
 * A list of what statements have established, for each relation under whatever name. What is removed from a relation
 * that may have children (which lose it, too), or from an unknown one, is removed from all.
 */
#include "migration/plan/foresee/proven.h"

#include "migration/plan/foresee/check_tree.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/plpgsql.h"

#include <string.h>

#define SINCE_18 180000 /* NOT NULL is a named constraint */

struct proven_item {
    const struct relation *relation; /* NULL: any */
    struct sql_proof proof;
    bool is_over; /* no longer valid */
};

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_of(const struct proven_item *item, const struct relation *relation)
{
    return item->relation == NULL || relation == NULL || item->relation == relation;
}

/* The last valid one of this kind, constraint and column (NULL: any); NULL: none. */
static const struct proven_item *find(const struct proven *proven, const struct relation *relation,
                                      const struct sql_proof *wanted)
{
    for (size_t i = proven->count; i-- > 0;) {
        const struct proven_item *const item = &proven->items[i];
        if (item->proof.kind == wanted->kind && !item->is_over && is_of(item, relation) &&
            (wanted->constraint == NULL || is_same(item->proof.constraint, wanted->constraint)) &&
            (wanted->column == NULL || is_same(item->proof.column, wanted->column)) &&
            (!wanted->may_be_row || item->proof.may_be_row)) {
            return item;
        }
    }
    return NULL;
}

static bool has(const struct proven *proven, const struct relation *relation, struct sql_proof wanted)
{
    return find(proven, relation, &wanted) != NULL;
}

/* ---- the catalogs ---- */

/* $1 the relation, $2 the column: whether it is NOT NULL and by which constraints; whether its type is composite; and
 * of each CHECK on it the name, whether it is valid, whether it is about this column only, its tree, and the column's
 * number in it. */
static const char column_sql[] =
    "SELECT a.attnotnull, (SELECT k.conname FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND "
    "k.contype = 'n' AND k.conkey = ARRAY[a.attnum] LIMIT 1), coalesce((SELECT k.convalidated FROM "
    "pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] LIMIT "
    "1), true), t.typtype = 'c' OR (t.typtype = 'd' AND EXISTS (SELECT FROM pg_catalog.pg_type b WHERE b.oid = "
    "t.typbasetype AND b.typtype IN ('c', 'd'))), k.conname, k.convalidated, k.conkey = ARRAY[a.attnum], "
    "k.conbin::text, a.attnum FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = "
    "a.atttypid LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY "
    "(k.conkey) AND NOT k.connoinherit WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT a.attisdropped";

/* $1 the table, $2 the index: its oid and its key columns. */
static const char index_sql[] =
    "SELECT i.indexrelid, a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND "
    "x.relname = $2::name JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY "
    "(i.indkey[0:i.indnkeyatts - 1]) WHERE i.indrelid = $1::oid AND i.indexprs IS NULL";

/* Is it NOT NULL, by something valid that was not dropped? */
static bool is_not_null(const struct proven *proven, const struct relation *relation, const PGresult *column)
{
    const char *const constraint = pg_field(column, 0, 1);
    return pg_field_bool(column, 0, 0) &&
           (pg_field_bool(column, 0, 2) ||
            has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_VALIDATED, .constraint = constraint})) &&
           (constraint == NULL ||
            !has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_DROPPED, .constraint = constraint}));
}

/* Does the CHECK in this row prove it? A CHECK is dropped with any of its columns. */
static bool is_check(const struct proven *proven, const struct relation *relation, const PGresult *column, int row)
{
    const char *const constraint = pg_field(column, row, 4);
    return constraint != NULL && !pg_field_bool(column, row, 3) &&
           (pg_field_bool(column, row, 5) ||
            has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_VALIDATED, .constraint = constraint})) &&
           !has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_DROPPED, .constraint = constraint}) &&
           (pg_field_bool(column, row, 6) || !has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_COLUMN})) &&
           check_tree_proves(pg_field(column, row, 7), pg_field(column, row, 8));
}

static bool ask(const struct proven *proven, const struct relation *relation, const char *name, bool is_said)
{
    const char *const values[] = {arena_printf(proven->arena, "%u", relation->oid), name};
    PG_RESULT(column) = questions_ask(proven->questions, column_sql, 2, values);
    if (column == NULL || PQntuples(column) == 0) {
        return false;
    }
    bool is = is_not_null(proven, relation, column) || (is_said && !pg_field_bool(column, 0, 3));
    for (int i = 0; !is && i < PQntuples(column); i++) {
        is = is_check(proven, relation, column, i);
    }
    return is;
}

static bool is_proven(const struct proven *proven, const struct relation *relation, const char *column)
{
    const struct sql_proof own = {.kind = SQL_PROOF_IS, .constraint = "", .column = column};
    const struct sql_proof any = {.kind = SQL_PROOF_IS, .column = column};
    const struct sql_proof changed = {.kind = SQL_PROOF_COLUMN, .column = column};
    const bool is_said = find(proven, relation, &any) != NULL;
    const bool may_be_row =
        has(proven, relation, (struct sql_proof){.kind = SQL_PROOF_COLUMN, .column = column, .may_be_row = true});
    if (find(proven, relation, &own) != NULL) {
        return true;
    }
    return relation->oid == 0 || proven->is_lost || find(proven, relation, &changed) != NULL
               ? is_said && !may_be_row
               : ask(proven, relation, column, is_said);
}

bool proven_never_null(struct proven *proven, const char *schema, const char *table, const char *column)
{
    const struct relation *const relation = world_find(proven->world, schema, table);
    return relation != NULL && is_proven(proven, relation, column);
}

bool proven_index(struct proven *proven, const char *schema, const char *table, const char *index)
{
    const struct relation *const relation = world_find(proven->world, schema, table);
    const struct relation *const built = world_find(proven->world, schema, index);
    if (relation == NULL || relation->oid == 0 || built == NULL || built->oid == 0) {
        return false;
    }
    const char *const values[] = {arena_printf(proven->arena, "%u", relation->oid), index};
    PG_RESULT(columns) = questions_ask(proven->questions, index_sql, 2, values);
    bool is = columns != NULL && PQntuples(columns) > 0;
    for (int i = 0; is && i < PQntuples(columns); i++) {
        is = (uint32_t)pg_field_int(columns, i, 0, 0) == built->oid &&
             is_proven(proven, relation, pg_field(columns, i, 1));
    }
    return is;
}

/* ---- what the plan does ---- */

static void add(struct proven *proven, const struct relation *relation, const struct sql_proof *proof)
{
    proven->items = arena_grow(proven->arena, proven->items, proven->count, &proven->capacity, sizeof *proven->items);
    proven->items[proven->count++] = (struct proven_item){relation,
                                                          {.kind = proof->kind,
                                                           .constraint = arena_strdup(proven->arena, proof->constraint),
                                                           .column = arena_strdup(proven->arena, proof->column),
                                                           .is_shared = proof->is_shared,
                                                           .may_be_row = proof->may_be_row},
                                                          false};
}

/* Does the new item end the other? An unnamed CHECK may be any. */
static bool ends(const struct proven *proven, const struct sql_proof *noted, const struct sql_proof *other)
{
    const bool is_own = is_same(other->constraint, "");
    return noted->kind == SQL_PROOF_COLUMN ? other->is_shared || is_same(noted->column, other->column)
           : is_own                        ? pg_session_server_version(questions_session(proven->questions)) >= SINCE_18
                                           : other->constraint == NULL || is_same(noted->constraint, other->constraint);
}

static void take_away(struct proven *proven, const struct relation *relation, const struct sql_proof *noted)
{
    for (size_t i = 0; i < proven->count; i++) {
        struct proven_item *const item = &proven->items[i];
        const bool is_good = item->proof.kind != SQL_PROOF_DROPPED && item->proof.kind != SQL_PROOF_COLUMN;
        if (is_good && is_of(item, relation) && ends(proven, noted, &item->proof)) {
            item->is_over = true;
        }
    }
}

static void note_proof(struct proven *proven, const struct sql_proof *proof)
{
    struct relation *const relation = world_find(proven->world, proof->schema, proof->table);
    const bool takes = proof->kind == SQL_PROOF_DROPPED || proof->kind == SQL_PROOF_COLUMN;
    const bool is_alone = relation != NULL && relation->oid != 0 && !relation->has_children;
    if (takes) {
        take_away(proven, is_alone ? relation : NULL, proof);
        add(proven, is_alone ? relation : NULL, proof);
        return;
    }
    const struct sql_proof promised = {.kind = SQL_PROOF_PROMISED, .constraint = proof->constraint};
    const struct proven_item *const promise =
        proof->kind == SQL_PROOF_VALIDATED ? find(proven, relation, &promised) : NULL;
    if (relation != NULL && promise != NULL && promise->relation == relation) {
        struct sql_proof kept = promise->proof;
        kept.kind = SQL_PROOF_IS;
        add(proven, relation, &kept);
    } else if (relation != NULL) {
        add(proven, relation, proof);
    }
}

/* DROP TYPE … CASCADE drops columns, DROP FUNCTION … CASCADE the CHECKs that call it. */
static bool may_cascade(struct sql_reader words)
{
    static const char *const others[] = {"table",        "view",    "index",  "sequence", "foreign",
                                         "materialized", "trigger", "policy", "rule",     NULL};
    static const char *const all[] = {"cascade", "owned", NULL};
    bool may = sql_take(&words, "drop") && !sql_is_any_word(&words.token, others);
    while (may && words.token.kind != SQL_END && !sql_is_any_word(&words.token, all)) {
        sql_advance(&words);
    }
    return may && words.token.kind != SQL_END;
}

/* A block's body tells; a procedure, a function, and unreadable statements may drop anything. */
static bool may_take_away(struct arena *arena, struct text statement)
{
    static const char *const rows[] = {"insert", "update", "delete", "merge", "copy", "create", NULL};
    static const char *const takes[] = {"drop", "rename", "execute", "perform", "call", NULL};
    const struct sql_reader words = sql_read(statement);
    struct sql_code code;
    if (sql_is_any_word(&words.token, rows)) {
        return false;
    }
    if (!sql_is_word(&words.token, "do") || !sql_code(arena, statement, &code)) {
        return true;
    }
    return sql_has_any_word(code.body, takes);
}

void proven_note(struct proven *proven, struct text statement, const struct sql_effects *effects)
{
    static const char *const undoing[] = {"rollback", "abort", NULL};
    const struct sql_reader words = sql_read(statement);
    const bool is_lost = may_cascade(words) || (effects->unknown && may_take_away(proven->arena, statement));
    if (is_lost || sql_is_any_word(&words.token, undoing)) {
        for (size_t i = 0; i < proven->count; i++) {
            const enum sql_proof_kind kind = proven->items[i].proof.kind;
            proven->items[i].is_over =
                proven->items[i].is_over || (kind != SQL_PROOF_DROPPED && kind != SQL_PROOF_COLUMN);
        }
    }
    proven->is_lost = proven->is_lost || is_lost;
    for (size_t i = 0; i < effects->proof_count; i++) {
        note_proof(proven, &effects->proofs[i]);
    }
}
