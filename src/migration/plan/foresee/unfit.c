/*
 * Compares a statement's beginning with the rows of a table; the row's query tells whether the relation is unfit, and
 * its first column names the obstacle.
 */
#include "migration/plan/foresee/unfit.h"

#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

/* ---- the relation ---- */

/* The relation that is named here; moves the reader after it. NULL: the plan creates or has mentioned it; or, kept: has
 * dropped or renamed something with it. */
static const struct relation *take_relation(struct needs *needs, struct sql_reader *words, bool kept)
{
    const char *schema;
    const char *const name = sql_take_name(needs->arena, words, &schema);
    const bool is_mentioned = name == NULL || (kept ? needs_took : needs_mentioned)(needs, name);
    const struct relation *const relation = is_mentioned ? NULL : world_find(needs->world, schema, name);
    return relation == NULL || relation->oid == 0 ? NULL : relation;
}

/* ---- what follows the name ---- */

static bool any(struct sql_reader rest)
{
    (void)rest;
    return true;
}

/* ADD [CONSTRAINT k] PRIMARY KEY; what the same statement drops is dropped first. */
static bool adds_primary_key(struct sql_reader rest)
{
    if (!sql_take(&rest, "add")) {
        return false;
    }
    if (sql_take(&rest, "constraint")) {
        sql_advance(&rest);
    }
    return sql_take(&rest, "primary") && !sql_skip_to(&rest, "drop");
}

static bool detaches_concurrently(struct sql_reader rest)
{
    return sql_take(&rest, "detach") && sql_skip_to(&rest, "concurrently");
}

/* ---- the table ---- */

#define ONE_OF(kinds)                                                                                                  \
    "SELECT pg_catalog.concat('The relation is ', CASE c.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN "                \
    "'a materialized view' WHEN 'S' THEN 'a sequence' WHEN 'f' THEN 'a foreign table' WHEN 'i' THEN 'an index' "       \
    "WHEN 'I' THEN 'an index' WHEN 'c' THEN 'a composite type' ELSE 'a table' END) FROM pg_catalog.pg_class c "        \
    "WHERE c.oid = $1::oid AND c.relkind NOT IN (" kinds ")"

/* The plan may have dropped it. */
#define NAME_OF_DEFAULT "(SELECT d.relname FROM pg_catalog.pg_class d WHERE d.oid = p.partdefid)"

static const struct row {
    const char *words;   /* the beginning of the statement */
    const char *between; /* the relation follows the next of these words; NULL: at once */
    bool (*test)(struct sql_reader rest);
    const char *sql; /* $1 the relation's oid: returns a row if it is unfit; the second column is something that must
                        not have been mentioned */
    const char *why; /* follows the row's text in the message */
} table[] = {
    {"alter table", NULL, adds_primary_key,
     "SELECT pg_catalog.concat('The primary key ', k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = "
     "$1::oid AND k.contype = 'p'",
     "is there already: a table has one (42P16)."},
    {"alter table", NULL, detaches_concurrently,
     "SELECT 'The DEFAULT partition', " NAME_OF_DEFAULT
     " FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = $1::oid AND "
     "p.partdefid <> 0",
     "keeps partitions from being detached CONCURRENTLY (55000)."},
    {"drop index", NULL, any,
     "SELECT pg_catalog.concat('The constraint ', k.conname) FROM pg_catalog.pg_constraint k WHERE k.conindid = "
     "$1::oid AND k.contype IN ('p', 'u', 'x')",
     "requires the index: drop the constraint (2BP01)."},
    {"create table", "of", any, ONE_OF("'p', 'c'"), "and not a partitioned table (42P17)."},
    {"refresh materialized view concurrently", NULL, any,
     "SELECT CASE WHEN c.relispopulated THEN 'No unique index over all of its rows' ELSE 'No first REFRESH' END FROM "
     "pg_catalog.pg_class c WHERE c.oid = $1::oid AND c.relkind = 'm' AND NOT (c.relispopulated AND EXISTS (SELECT "
     "FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND "
     "i.indexprs IS NULL))",
     "is there, which CONCURRENTLY needs (55000)."},
    {"refresh materialized view", NULL, any, ONE_OF("'m'"), "and not a materialized view (42809)."},
    {"truncate", NULL, any, ONE_OF("'r', 'p', 'f'"), "and cannot be emptied (42809)."},
    {"truncate table", NULL, any, ONE_OF("'r', 'p', 'f'"), "and cannot be emptied (42809)."},
    {"create index", "on", any, ONE_OF("'r', 'p', 'm'"), "and cannot have indexes (42809)."},
    {"create unique index", "on", any, ONE_OF("'r', 'p', 'm'"), "and cannot have indexes (42809)."},
    {"create policy", "on", any, ONE_OF("'r', 'p'"), "and cannot have policies (42809)."},
};

/* Moves the reader to the relation's name; true if it is there. Statements with IF [NOT] EXISTS are not judged. */
static bool find_name(struct sql_reader *words, const char *between)
{
    while (between != NULL && words->token.kind != SQL_END && !sql_is_word(&words->token, between)) {
        if (sql_is_symbol(&words->token, '(') || sql_is_word(&words->token, "if")) {
            return false;
        }
        sql_advance(words);
    }
    if (between != NULL) {
        sql_advance(words);
    }
    if (sql_is_word(&words->token, "if")) {
        return false;
    }
    sql_take(words, "only");
    return words->token.kind != SQL_END;
}

static const char *ask(struct needs *needs, const struct row *row, const struct relation *relation)
{
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    PG_RESULT(result) = needs_ask(needs, row->sql, 1, &oid);
    const bool is_unfit = result != NULL && PQntuples(result) > 0;
    return is_unfit && !(PQnfields(result) > 1 && needs_mentioned(needs, pg_field(result, 0, 1)))
               ? arena_printf(needs->arena, "%s %s", pg_field(result, 0, 0), row->why)
               : NULL;
}

/* ---- a second primary key, of the plan ---- */

/* CREATE TABLE and ALTER TABLE that make one, and drop nothing: the table, as it is named; NULL for other statements.
 */
static const char *keyed_table(struct arena *arena, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool is_made = sql_take_words(&words, "create table") || sql_take_words(&words, "create unlogged table");
    const char *schema = NULL;
    if ((!is_made && !sql_take_words(&words, "alter table")) || !sql_has_words(statement, "primary", "key") ||
        sql_has_word(statement, "drop") || !find_name(&words, NULL)) {
        return NULL;
    }
    const char *const name = sql_take_name(arena, &words, &schema);
    return name == NULL ? NULL : arena_printf(arena, "%s\x1E%s", schema == NULL ? "" : schema, name);
}

static const char *why_second_key(struct needs *needs, struct text statement)
{
    const char *const keyed = keyed_table(needs->arena, statement);
    const bool has = word_set_has(&needs->keyed, keyed);
    if (keyed == NULL) {
        return NULL;
    }
    word_set_add(needs->arena, &needs->keyed, keyed);
    return has && !needs->has_set && !needs->may_undo && !needs_took(needs, strchr(keyed, '\x1E') + 1)
               ? "An earlier statement of this plan gives the table a primary key: a table has one (42P16)."
               : NULL;
}

const char *unfit_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    const char *why = why_second_key(needs, statement);
    if (why != NULL) {
        return why;
    }
    if ((effects->count == 0 && effects->change_count == 0) || needs->has_cascaded) {
        return NULL;
    }
    for (size_t i = 0; why == NULL && i < sizeof table / sizeof table[0]; i++) {
        struct sql_reader words = sql_read(statement);
        if (!sql_take_words(&words, table[i].words) || !find_name(&words, table[i].between)) {
            continue;
        }
        const struct relation *const relation = take_relation(needs, &words, table[i].test == adds_primary_key);
        why = relation != NULL && table[i].test(words) ? ask(needs, &table[i], relation) : NULL;
    }
    return why;
}
