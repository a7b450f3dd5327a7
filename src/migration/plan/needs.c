/*
 * One small query for each name that a statement needs, and none for a name that was asked for before; another for what
 * a statement drops, empties or gives another type. A name without a schema is there where any schema has it: what a
 * search path would find of it is the server's to say.
 */
#include "migration/plan/needs.h"

#include "pg/search.h"
#include "sql/lexer.h"

#include <string.h>

#define MOST_ASKED 2000 /* queries for one plan */

/* What the catalogs have said of a name. */
enum { ASKED_NOT, ASKED_IS_THERE, ASKED_IS_MISSING };

/* ---- words ---- */

bool needs_mentioned(const struct needs *needs, const char *name)
{
    return word_set_has(&needs->mentioned, name);
}

static bool authorizes_schema(struct sql_reader words)
{
    return sql_take(&words, "create") && sql_take(&words, "schema") && sql_is_word(&words.token, "authorization");
}

void needs_note(struct needs *needs, struct text statement)
{
    static const char *const verbs[] = {"create", "alter",   "drop",  "truncate", "delete",
                                        "with",   "refresh", "merge", NULL};
    /* INSERT, UPDATE and COPY by a trigger. */
    static const char *const emptying[] = {"drop",   "truncate", "delete", "with",    "merge",
                                           "insert", "update",   "copy",   "explain", NULL};
    struct sql_reader words = sql_read(statement);
    struct arena *const reading = arena_new(0);
    needs->may_have_emptied = needs->may_have_emptied || sql_is_any_word(&words.token, emptying);
    needs->has_unnamed_schema = needs->has_unnamed_schema || authorizes_schema(words);
    for (bool notes = sql_is_any_word(&words.token, verbs);
         notes && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
        const char *const word = sql_identifier(reading, &words.token);
        if (word != NULL) {
            word_set_add(needs->arena, &needs->mentioned, word);
        }
    }
    arena_free(reading);
}

/* How often the statement names it: what it makes itself it names twice. */
static size_t count_in(struct text statement, const char *name)
{
    struct sql_reader words = sql_read(statement);
    struct arena *const reading = arena_new(0);
    size_t count = 0;
    for (; words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
        const char *const word = sql_identifier(reading, &words.token);
        count += word != NULL && strcmp(word, name) == 0 ? 1 : 0;
    }
    arena_free(reading);
    return count;
}

/* ---- what must be there ---- */

#define IN_SCHEMA(class, prefix)                                                                                       \
    "SELECT FROM pg_catalog." class " o JOIN pg_catalog.pg_namespace n ON n.oid = o." prefix                           \
                                    "namespace WHERE o." prefix                                                        \
                                    "name = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)"

/* $1 schema or NULL, $2 name; of a part $1 the relation's oid, $2 its name. A call may be a cast, or a column. */
static const struct {
    const char *sql;
    const char *called;
    bool is_part;
} kinds[] = {
    [SQL_NEED_ROLE] = {"SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = $2::name AND $1::text IS NULL", "role"},
    [SQL_NEED_TYPE] = {IN_SCHEMA("pg_type", "typ"), "type"},
    [SQL_NEED_FUNCTION] = {IN_SCHEMA("pg_proc", "pro") " UNION ALL " IN_SCHEMA(
                               "pg_type", "typ") " UNION ALL SELECT "
                                                 "FROM pg_catalog.pg_attribute a WHERE a.attname = $2::name LIMIT 1",
                           "function"},
    [SQL_NEED_SCHEMA] = {"SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = $2::name AND $1::text IS NULL",
                         "schema"},
    [SQL_NEED_COLLATION] = {IN_SCHEMA("pg_collation", "coll"), "collation"},
    [SQL_NEED_TABLESPACE] = {"SELECT FROM pg_catalog.pg_tablespace s WHERE s.spcname = $2::name AND $1::text IS NULL",
                             "tablespace"},
    [SQL_NEED_METHOD] = {"SELECT FROM pg_catalog.pg_am a WHERE a.amname = $2::name AND $1::text IS NULL",
                         "access method"},
    [SQL_NEED_SETTING] = {"SELECT WHERE pg_catalog.current_setting($2, true) IS NOT NULL AND $1::text IS NULL",
                          "setting"},
    [SQL_NEED_COLUMN] = {"SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = $2::name "
                         "AND NOT a.attisdropped",
                         "column", true},
    [SQL_NEED_CONSTRAINT] = {"SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = $1::oid AND k.conname = "
                             "$2::name",
                             "constraint", true},
    [SQL_NEED_TRIGGER] = {"SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::oid AND t.tgname = $2::name",
                          "trigger", true},
    [SQL_NEED_POLICY] = {"SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = $1::oid AND p.polname = $2::name",
                         "policy", true},
    [SQL_NEED_KEY] =
        {"SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL AND "
         "i.indexprs IS NULL AND CASE WHEN $2 = '' THEN i.indisprimary ELSE ARRAY(SELECT a.attname FROM "
         "pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) "
         "ORDER BY 1) = ARRAY(SELECT u.name::name FROM pg_catalog.unnest(pg_catalog.string_to_array($2, "
         "pg_catalog.chr(31))) AS u(name) ORDER BY 1) END",
         "unique constraint", true},
};

PGresult *needs_ask(struct needs *needs, const char *sql, int count, const char *const *values)
{
    struct status unanswered = {.arena = needs->arena};
    if (needs->asked == MOST_ASKED) {
        needs->gave_up = true;
        return NULL;
    }
    needs->asked++;
    return pg_query(needs->session, sql, count, values, &unanswered);
}

/* False only where the catalogs say so. */
static bool is_there(struct needs *needs, enum sql_need_kind kind, const char *first, const char *name)
{
    const char *const key = arena_printf(needs->arena, "%d %s %s", (int)kind, first == NULL ? "" : first, name);
    const int known = word_set_number(&needs->answers, key);
    if (known != ASKED_NOT) {
        return known == ASKED_IS_THERE;
    }
    PG_RESULT(result) = needs_ask(needs, kinds[kind].sql, 2, (const char *const[]){first, name});
    const bool is_missing = result != NULL && PQntuples(result) == 0;
    if (!needs->gave_up) {
        word_set_put(needs->arena, &needs->answers, key, is_missing ? ASKED_IS_MISSING : ASKED_IS_THERE);
    }
    return !is_missing;
}

/* The columns of a key as a person writes them: "a", "b". */
static const char *with_commas(struct arena *arena, const char *columns)
{
    struct buffer list = {.arena = arena};
    for (; *columns != '\0'; columns++) {
        buffer_printf(&list, *columns == '\x1F' ? "\", \"" : "%c", *columns);
    }
    return buffer_string(&list);
}

static const char *say_missing(struct arena *arena, const struct sql_need *need)
{
    const char *const called = kinds[need->kind].called;
    return need->kind == SQL_NEED_KEY && need->part[0] == '\0'
               ? arena_printf(arena, "\"%s\" has no primary key, and nothing before this statement makes one.",
                              need->name)
           : need->kind == SQL_NEED_KEY
               ? arena_printf(arena,
                              "\"%s\" has no unique constraint over \"%s\", and nothing before this statement makes "
                              "one.",
                              need->name, with_commas(arena, need->part))
           : kinds[need->kind].is_part
               ? arena_printf(arena, "\"%s\" has no %s \"%s\", and nothing before this statement makes one.",
                              need->name, called, need->part)
               : arena_printf(arena, "The %s \"%s\" is not there, and nothing before this statement makes it.", called,
                              need->name);
}

/* Types and schemas that nobody names where they are made: of arrays and multiranges, what is in a schema that the plan
 * has renamed, and the schema of CREATE SCHEMA AUTHORIZATION. */
static bool may_come_unnamed(const struct needs *needs, const struct sql_need *need)
{
    return word_set_has(&needs->mentioned, need->schema) || strstr(need->name, "multirange") != NULL ||
           (need->name[0] == '_' && word_set_has(&needs->mentioned, need->name + 1)) ||
           (need->kind == SQL_NEED_SCHEMA && needs->has_unnamed_schema);
}

/* The relation whose part it is, where the catalogs know its parts: a part of a table that the plan has mentioned may
 * have come by another's name, as may any column of a view. */
static const struct relation *whole_of(const struct needs *needs, const struct sql_need *need)
{
    const struct relation *const relation = world_find(needs->world, need->schema, need->name);
    if (relation == NULL || relation->oid == 0 || relation->renamed) {
        return NULL;
    }
    const bool is_implicit = need->kind == SQL_NEED_KEY || need->kind == SQL_NEED_CONSTRAINT ||
                             need->kind == SQL_NEED_TRIGGER || relation->kind == 'v';
    return is_implicit && word_set_has(&needs->mentioned, need->name) ? NULL : relation;
}

static const char *why_missing(struct needs *needs, struct text statement, const struct sql_need *need,
                               const char *own_schema)
{
    const bool is_part = need->kind != SQL_NEED_NO_ROWS && kinds[need->kind].is_part;
    const char *const name = is_part ? need->part : need->name;
    const char *first = need->schema;
    const bool is_key = need->kind == SQL_NEED_KEY;
    if (need->kind == SQL_NEED_NO_ROWS || (!is_key && word_set_has(&needs->mentioned, name)) ||
        (!is_part && may_come_unnamed(needs, need)) || (own_schema != NULL && strcmp(own_schema, name) == 0)) {
        return NULL;
    }
    if (is_part) {
        const struct relation *const relation = whole_of(needs, need);
        if (relation == NULL) {
            return NULL;
        }
        first = arena_printf(needs->arena, "%u", relation->oid);
    }
    return is_there(needs, need->kind, first, name) || count_in(statement, is_key ? need->name : name) > 1
               ? NULL
               : say_missing(needs->arena, need);
}

/* ---- what must not be there ---- */

/* $1 the relation, $2 a column of it or NULL: views of it, tables with foreign keys to it (a partition may go with the
 * table that it is of), with defaults from it, and those that inherit from it. Of each its name, what it is, and what
 * the world knows it by. */
#define OTHER(what) "SELECT DISTINCT c.relname::text, '" what "', c.oid, " PG_SCRIPT_NAME("c.oid") ", c.relkind "
#define OF_VIEWS                                                                                                       \
    OTHER("The view")                                                                                                  \
    "FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = "                                             \
    "d.objid JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE d.classid = "                                      \
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "  \
    "d.refobjid = $1::oid AND c.oid <> $1::oid AND ($2::text IS NULL OR d.refobjsubid = (SELECT a.attnum FROM "        \
    "pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = $2::name))"
#define FOREIGN_KEYS                                                                                                   \
    OTHER("The foreign key of")                                                                                        \
    "FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class "                                                        \
    "c ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.confrelid = $1::oid AND k.conrelid <> $1::oid AND "           \
    "k.conparentid = 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = k.conrelid) AND "       \
    "($2::text IS NULL OR (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = "                         \
    "$1::oid AND a.attname = $2::name) = ANY (k.confkey))"

static const struct {
    enum sql_reach_kind kind;
    const char *type; /* of the reach */
    const char *sql;
    const char *holds;
    const char *fails;
} obstacles[] = {
    {SQL_REACH_DROP, "relation",
     OF_VIEWS " UNION ALL " FOREIGN_KEYS " UNION ALL " OTHER(
         "A default of") "FROM pg_catalog.pg_depend d JOIN "
                         "pg_catalog.pg_attrdef f ON f.oid = d.objid JOIN pg_catalog.pg_class c ON c.oid = f.adrelid "
                         "WHERE d.classid = "
                         "'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = "
                         "'pg_catalog.pg_class'::pg_catalog.regclass AND "
                         "d.refobjid = $1::oid AND d.refobjsubid = 0 AND f.adrelid <> $1::oid AND d.deptype = 'n' "
                         "UNION ALL " OTHER(
                             "The child") "FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = "
                                          "i.inhrelid "
                                          "WHERE i.inhparent = $1::oid AND NOT c.relispartition AND c.relkind = 'r'",
     "depends on", ": it cannot be dropped without CASCADE (2BP01)."},
    {SQL_REACH_DROP, "column", OF_VIEWS " UNION ALL " FOREIGN_KEYS, "depends on",
     ": it cannot be dropped without CASCADE (2BP01)."},
    {SQL_REACH_RETYPE, "column", OF_VIEWS, "shows", ": it cannot get another type (0A000)."},
    {SQL_REACH_TRUNCATE, "relation", FOREIGN_KEYS, "refers to",
     ": it cannot be emptied without CASCADE, or that table beside it (0A000)."},
};

static const char *why_held(struct needs *needs, struct text statement, const struct sql_reach *reach, size_t number)
{
    const struct relation *const relation = world_find(needs->world, reach->schema, reach->name);
    if (relation == NULL || relation->oid == 0 || relation->gone || needs->has_cascaded) {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), reach->part};
    PG_RESULT(result) = needs_ask(needs, obstacles[number].sql, 2, values);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const other = pg_field(result, i, 0);
        const struct relation *const holder = world_of_oid(needs->world, (uint32_t)pg_field_int(result, i, 2, 0),
                                                           pg_field(result, i, 3), pg_field(result, i, 4)[0]);
        if (!word_set_has(&needs->mentioned, other) && count_in(statement, other) == 0 && !holder->gone) {
            return arena_printf(needs->arena, "%s \"%s\" %s \"%s\"%s", pg_field(result, i, 1), other,
                                obstacles[number].holds, reach->part == NULL ? reach->name : reach->part,
                                obstacles[number].fails);
        }
    }
    return NULL;
}

const char *needs_why(struct needs *needs, struct text statement, const struct sql_effects *effects,
                      const char *own_schema)
{
    const char *why = NULL;
    for (size_t i = 0; why == NULL && i < effects->need_count; i++) {
        why = why_missing(needs, statement, &effects->needs[i], own_schema);
    }
    for (size_t i = 0; why == NULL && i < effects->reach_count; i++) {
        const struct sql_reach *const reach = &effects->reaches[i];
        for (size_t j = 0; why == NULL && j < sizeof obstacles / sizeof obstacles[0]; j++) {
            if (obstacles[j].kind == reach->kind && strcmp(obstacles[j].type, reach->type) == 0) {
                why = why_held(needs, statement, reach, j);
            }
        }
    }
    return why;
}

const char *needs_summary(const struct needs *needs, const char *summary)
{
    return needs->gave_up ? arena_printf(needs->arena,
                                         "%s So much would have to be looked for that it was not looked whether "
                                         "all that its last statements need is there.",
                                         summary)
                          : summary;
}
