/*
 * Unqualified names are looked up along the scripts' search path. What cannot be queried is not known.
 */
#include "migration/plan/foresee/asked.h"

#include "pg/search.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

/* $1 the relation, $2 the column, as in the next ones. The type of an array's elements or a range's bounds in an index
 * differs from the column's. */
static const char specially_sql[] =
    "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = "
    "$2::name WHERE i.indrelid = $1::oid"
    " AND (((i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM "
    "pg_catalog.pg_depend d WHERE d.objid = i.indexrelid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))) OR EXISTS (SELECT FROM pg_catalog.generate_series(0, "
    "i.indnkeyatts - 1) AS g(number) JOIN pg_catalog.pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = "
    "g.number + 1 JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[g.number] JOIN pg_catalog.pg_type t ON t.oid = "
    "o.opcintype WHERE i.indkey[g.number] = a.attnum AND t.typtype = 'p' AND x.atttypid <> a.atttypid))";

static const char indexed_sql[] =
    "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = "
    "$2::name AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) WHERE i.indrelid = $1::oid";

/* An index over a column that has another collation than its type. */
static const char collated_sql[] =
    "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = "
    "$2::name AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND "
    "t.typcollation <> a.attcollation WHERE i.indrelid = $1::oid";

static const char virtual_sql[] = "SELECT FROM pg_catalog.pg_attribute a WHERE a.attname = $2::name AND a.attgenerated "
                                  "= 'v' AND a.attrelid = $1::oid";

static const char checked_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attname = "
    "$2::name WHERE k.conrelid = $1::oid AND k.contype = 'c' AND k.convalidated AND a.attnum = ANY (k.conkey)";

/* $1 schema or NULL, $2 name: kind, base type (of a domain over domains what the last one is of), and whether it or a
 * type below it has a check. */
static const char type_sql[] =
    "WITH RECURSIVE found AS (SELECT t.* FROM pg_catalog.unnest(CASE WHEN $1::text IS NOT NULL THEN "
    "ARRAY[$1::name] WHEN 'pg_catalog' = ANY (" PG_SCRIPT_SCHEMAS ") THEN " PG_SCRIPT_SCHEMAS
    " ELSE pg_catalog.array_prepend('pg_catalog'::name, " PG_SCRIPT_SCHEMAS ") END) WITH ORDINALITY AS "
    "s(schema, number) JOIN pg_catalog.pg_namespace n ON n.nspname = s.schema JOIN pg_catalog.pg_type t ON "
    "t.typnamespace = n.oid AND t.typname = $2::name ORDER BY s.number LIMIT 1), below(oid) AS (SELECT oid FROM found "
    "UNION SELECT t.typbasetype FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid AND t.typtype = 'd') "
    "SELECT f.typtype, pg_catalog.format_type(CASE f.typtype WHEN 'd' THEN (SELECT t.oid FROM below JOIN "
    "pg_catalog.pg_type t ON t.oid = below.oid AND t.typtype <> 'd') ELSE f.typbasetype END, f.typtypmod), EXISTS "
    "(SELECT FROM below JOIN "
    "pg_catalog.pg_type t ON t.oid = below.oid WHERE t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k "
    "WHERE k.contypid = t.oid AND k.contype = 'c')) FROM found f";

/* ---- the catalogs ---- */

static bool has_rows(const struct asked *asked, const char *sql, int count, const char *const *values)
{
    PG_RESULT(result) = questions_ask(asked->questions, sql, count, values);
    return result != NULL && PQntuples(result) > 0;
}

/* The relation, if it was there before the plan. */
static const struct relation *existing(const struct asked *asked, const char *schema, const char *relation)
{
    const struct relation *const found = world_find(asked->world, schema, relation);
    return found == NULL || found->oid == 0 ? NULL : found;
}

/* sql: about a column of a relation that was there before the plan, under whatever name. */
static bool has_of_column(const struct asked *asked, const char *sql, const struct relation *relation,
                          const char *column)
{
    const char *const was = relation == NULL ? NULL : columns_was(&asked->columns, relation, column);
    return was != NULL &&
           has_rows(asked, sql, 2, (const char *const[]){arena_printf(asked->arena, "%u", relation->oid), was});
}

static bool never_null(void *data, const char *schema, const char *table, const char *column)
{
    struct asked *const asked = data;
    return proven_never_null(&asked->proven, schema, table, column);
}

static bool index_never_null(void *data, const char *schema, const char *table, const char *index)
{
    struct asked *const asked = data;
    return proven_index(&asked->proven, schema, table, index);
}

static bool is_indexed_specially(void *data, const char *schema, const char *table, const char *column)
{
    return has_of_column(data, specially_sql, existing(data, schema, table), column);
}

static bool is_indexed(void *data, const char *schema, const char *table, const char *column)
{
    return has_of_column(data, indexed_sql, existing(data, schema, table), column);
}

static bool is_collated(void *data, const char *schema, const char *table, const char *column)
{
    return has_of_column(data, collated_sql, existing(data, schema, table), column);
}

static bool is_virtual(void *data, const char *schema, const char *table, const char *column)
{
    return has_of_column(data, virtual_sql, existing(data, schema, table), column);
}

static bool is_checked(void *data, const char *schema, const char *table, const char *column)
{
    return has_of_column(data, checked_sql, existing(data, schema, table), column);
}

/* What the database has under this name; queried once. */
static const struct asked_type *type_of(struct asked *asked, const char *schema, const char *type)
{
    struct arena *const arena = asked->arena;
    const char *const name = arena_printf(arena, "%s.%s", schema == NULL ? "" : schema, type);
    for (size_t i = 0; i < asked->type_count; i++) {
        if (strcmp(asked->types[i].name, name) == 0) {
            return &asked->types[i];
        }
    }
    PG_RESULT(result) = questions_ask(asked->questions, type_sql, 2, (const char *const[]){schema, type});
    const bool is_there = result != NULL && PQntuples(result) > 0;
    asked->types = arena_grow(arena, asked->types, asked->type_count, &asked->type_capacity, sizeof *asked->types);
    asked->types[asked->type_count] = (struct asked_type){
        .name = name,
        .base = is_there ? arena_strdup(arena, pg_field(result, 0, 1)) : NULL,
        .kind = !is_there                          ? SQL_TYPE_NOT_KNOWN
                : pg_field(result, 0, 0)[0] == 'e' ? SQL_TYPE_ENUM
                : pg_field(result, 0, 0)[0] != 'd' ? SQL_TYPE_PLAIN
                : pg_field_bool(result, 0, 2)      ? SQL_TYPE_CHECKED_DOMAIN
                                                   : SQL_TYPE_FREE_DOMAIN,
    };
    return &asked->types[asked->type_count++];
}

/* If the plan uses a name for a domain and the database for another type, the worse is returned. */
static enum sql_type_kind type_kind(void *data, const char *schema, const char *type, const char **base)
{
    struct asked *const asked = data;
    if (words_have(&asked->checked_domains, type) || words_have(&asked->enums, type)) {
        return words_have(&asked->enums, type) ? SQL_TYPE_ENUM : SQL_TYPE_CHECKED_DOMAIN;
    }
    const struct asked_type *const found = type_of(asked, schema, type);
    const bool is_made = words_have(&asked->free_domains, type);
    *base = is_made ? NULL : found->base;
    return is_made && found->kind != SQL_TYPE_CHECKED_DOMAIN ? SQL_TYPE_FREE_DOMAIN : found->kind;
}

static const char *base_of(void *data, const char *type)
{
    const struct asked *const asked = data;
    size_t i = 0;
    while (i < asked->bases.count && strcmp(asked->bases.items[i], type) != 0) {
        i += 2;
    }
    return i < asked->bases.count ? asked->bases.items[i + 1] : NULL;
}

/* Queried together with the base type. */
static void know_base(struct asked *asked, const char *type, const char *base)
{
    if (base != NULL && base_of(asked, type) == NULL) {
        words_add(asked->arena, &asked->bases, type);
        words_add(asked->arena, &asked->bases, arena_strdup(asked->arena, base));
    }
}

const char *asked_column_type(struct asked *asked, const char *schema, const char *table, const char *column)
{
    const char *base;
    const char *const type = columns_type(&asked->columns, schema, table, column, &base);
    if (type != NULL) {
        know_base(asked, type, base);
    }
    return type;
}

static bool has_beside(void *data, const char *schema, const char *table, const char *name)
{
    const struct asked *const asked = data;
    const struct relation *const beside = world_find(asked->world, schema, table);
    const char *const place = beside == NULL ? NULL : world_schema(asked->world, beside, table);
    const struct relation *const found = place == NULL ? NULL : world_find_in(asked->world, place, name);
    return found != NULL && found->oid != 0;
}

/* sql: has the relation's oid as $1. */
static bool has_rows_of(const struct asked *asked, const char *sql, const struct relation *relation)
{
    const char *const oid = arena_printf(asked->arena, "%u", relation->oid);
    return has_rows(asked, sql, 1, &oid);
}

static bool is_partitioned(void *data, const char *schema, const char *relation)
{
    const struct relation *const found = existing(data, schema, relation);
    return found != NULL && found->kind == 'p';
}

static const char default_sql[] =
    "SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = $1::oid AND p.partdefid <> 0";

static bool has_default(void *data, const char *schema, const char *relation)
{
    const struct relation *const found = existing(data, schema, relation);
    return found != NULL && found->kind == 'p' && has_rows_of(data, default_sql, found);
}

static const char referred_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.confrelid = $1::oid LIMIT 1";

static bool is_referred(void *data, const char *schema, const char *relation)
{
    const struct relation *const found = existing(data, schema, relation);
    return found != NULL && has_rows_of(data, referred_sql, found);
}

/* $1 the relation, $2 what, $3 its name. What is partitioned has no files of its own. */
static const char so_sql[] =
    "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() "
    "WHERE "
    "c.oid = $1::oid AND CASE $2 WHEN 'tablespace' THEN c.relkind IN ('p', 'I') OR EXISTS (SELECT FROM "
    "pg_catalog.pg_tablespace t WHERE t.spcname = $3::name AND t.oid = coalesce(nullif(c.reltablespace, 0), "
    "d.dattablespace)) WHEN 'no trigger' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid "
    "AND t.tgname = $3::name) WHEN 'no rule' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = "
    "c.oid AND w.rulename = $3::name) WHEN 'no policy' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_policy y WHERE "
    "y.polrelid = c.oid AND y.polname = $3::name) WHEN 'method' THEN EXISTS (SELECT FROM pg_catalog.pg_am m WHERE "
    "m.oid = c.relam AND m.amname = "
    "$3::name) WHEN 'persistence' THEN c.relpersistence::text = $3 ELSE EXISTS (SELECT FROM pg_catalog.pg_constraint k "
    "WHERE k.conrelid = c.oid AND k.conname = $3::name AND k.convalidated) END";

static const char no_column_sql[] =
    "SELECT FROM pg_catalog.pg_class c WHERE c.oid = $1::oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a "
    "WHERE a.attrelid = c.oid AND a.attname = $2::name AND NOT a.attisdropped)";

static bool is_so(void *data, const char *schema, const char *relation, const char *what, const char *name)
{
    struct asked *const asked = data;
    const struct relation *const found = existing(data, schema, relation);
    const bool denies = strncmp(what, "no ", strlen("no ")) == 0;
    if (strcmp(what, "no column") == 0) {
        return found != NULL && !asked->needs->has_unknown &&
               (columns_was(&asked->columns, found, name) == NULL || has_of_column(asked, no_column_sql, found, name));
    }
    if (found == NULL || needs_mentioned(asked->needs, relation) || needs_took(asked->needs, name) ||
        (denies && (needs_mentioned(asked->needs, name) || asked->needs->has_unknown))) {
        return false;
    }
    const char *const values[] = {arena_printf(asked->arena, "%u", found->oid), what, name};
    return has_rows(asked, so_sql, 3, values);
}

static bool is_found(void *data, const char *schema, const char *relation)
{
    const struct asked *const asked = data;
    return world_find_surely(asked->world, schema, relation) != NULL;
}

static bool is_made(void *data, const char *schema, const char *relation)
{
    const struct asked *const asked = data;
    const char *const place = schema == NULL ? world_place(asked->world, false) : NULL;
    const struct relation *const found = schema != NULL  ? world_find(asked->world, schema, relation)
                                         : place == NULL ? NULL
                                                         : world_find_in(asked->world, place, relation);
    return found != NULL && (found->oid != 0 || !(asked->needs->has_cascaded || asked->needs->has_set));
}

static bool is_free(void *data, const char *schema, const char *relation)
{
    const struct asked *const asked = data;
    return !asked->needs->has_unknown && world_find(asked->world, schema, relation) == NULL &&
           world_is_new(asked->world, schema, relation);
}

static bool is_volatile(void *data, const char *schema, const char *function)
{
    struct asked *const asked = data;
    return volatility_may(&asked->volatility, schema, function);
}

static bool is_zone_utc(void *data)
{
    const struct asked *const asked = data;
    return needs_zone_is_utc(asked->needs);
}

struct asked asked_begin(struct arena *arena, struct questions *questions, struct world *world)
{
    return (struct asked){.arena = arena,
                          .questions = questions,
                          .world = world,
                          .columns = {.arena = arena, .questions = questions, .world = world},
                          .proven = {.arena = arena, .questions = questions, .world = world},
                          .volatility = {.arena = arena, .questions = questions}};
}

void asked_answer(struct asked *asked, const struct needs *needs, struct sql_facts *facts)
{
    asked->needs = needs;
    facts->type_kind = type_kind;
    facts->base_of = base_of;
    facts->never_null = never_null;
    facts->index_never_null = index_never_null;
    facts->is_indexed_specially = is_indexed_specially;
    facts->is_indexed = is_indexed;
    facts->is_collated = is_collated;
    facts->is_checked = is_checked;
    facts->is_virtual = is_virtual;
    facts->is_volatile = is_volatile;
    facts->is_zone_utc = is_zone_utc;
    facts->has_beside = has_beside;
    facts->is_partitioned = is_partitioned;
    facts->is_referred = is_referred;
    facts->has_default = has_default;
    facts->is_so = is_so;
    facts->is_found = is_found;
    facts->is_made = is_made;
    facts->is_free = is_free;
    facts->asked = asked;
}

/* ---- what the plan does ---- */

static bool says_check(struct sql_reader words)
{
    bool says = false;
    for (; !says && words.token.kind != SQL_END; sql_advance(&words)) {
        const bool denies = sql_take(&words, "not");
        says = sql_is_word(&words.token, "check") || (denies && sql_is_word(&words.token, "null"));
    }
    return says;
}

/* After CREATE DOMAIN. Checks of its base type count, too. */
static void note_domain(struct asked *asked, struct sql_reader words)
{
    const char *schema;
    const char *unused;
    const char *const name = sql_take_name(asked->arena, &words, &schema);
    sql_take(&words, "as");
    struct sql_reader type = words;
    const char *const base = sql_take_name(asked->arena, &type, &schema);
    if (name != NULL) {
        const bool is_checked =
            says_check(words) || (base != NULL && type_kind(asked, schema, base, &unused) == SQL_TYPE_CHECKED_DOMAIN);
        words_add(asked->arena, is_checked ? &asked->checked_domains : &asked->free_domains, name);
    }
}

/* After ALTER DOMAIN. Dropped checks are not tracked. */
static void note_change(struct asked *asked, struct sql_reader words)
{
    const char *schema;
    const char *const name = sql_take_name(asked->arena, &words, &schema);
    const bool is_renamed = sql_take(&words, "rename") && sql_take(&words, "to");
    const char *const other = is_renamed ? sql_take_name(asked->arena, &words, &schema) : NULL;
    if (name != NULL && (sql_is_word(&words.token, "add") || sql_is_word(&words.token, "set")) && says_check(words)) {
        words_add(asked->arena, &asked->checked_domains, name);
    } else if (other != NULL && type_of(asked, NULL, name)->kind != SQL_TYPE_FREE_DOMAIN) {
        words_add(asked->arena, &asked->checked_domains, other);
    }
}

/* After CREATE TYPE: is it an enum? */
static void note_enum(struct asked *asked, struct sql_reader words)
{
    const char *schema;
    const char *const name = sql_take_name(asked->arena, &words, &schema);
    if (name != NULL && sql_take_words(&words, "as enum")) {
        words_add(asked->arena, &asked->enums, name);
    }
}

void asked_note(struct asked *asked, struct text statement, const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    struct sql_reader type = words;
    if (sql_take_words(&type, "create type")) {
        note_enum(asked, type);
    }
    columns_note(&asked->columns, effects);
    volatility_note(&asked->volatility, statement);
    const bool alters = sql_take(&words, "alter");
    proven_note(&asked->proven, statement, effects);
    if ((alters || sql_take(&words, "create")) && sql_take(&words, "domain")) {
        if (alters) {
            note_change(asked, words);
        } else {
            note_domain(asked, words);
        }
    }
}
