/*
 * What a statement needs is queried by its kind (needed.h), a small query for each thing. What it creates must not
 * exist in the schema where it is created.
 */
#include "migration/plan/foresee/missing.h"

#include "base/limits.h"
#include "migration/plan/foresee/dependents.h"
#include "migration/plan/foresee/needed.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

/* ---- asking ---- */

/* The existing things that match the need; parts in their relation. */
static PGresult *find(struct needs *needs, const struct sql_need *need, const struct relation *of)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    const char *const values[] = {of != NULL        ? arena_printf(needs->arena, "%u", of->oid)
                                  : kind->is_global ? NULL
                                                    : need->schema,
                                  kind->is_part ? need->part : need->name, need->part, need->types};
    return needs_ask(needs, kind->sql, kind->count, values);
}

/* Their number, at most two; one if it is not known. */
static int count_there(struct needs *needs, const struct sql_need *need, const struct relation *of)
{
    PG_RESULT(result) = find(needs, need, of);
    return result == NULL ? 1 : PQntuples(result) > 1 ? 2 : PQntuples(result);
}

/* ---- things that come or go without being named ---- */

/* Types and schemas that are created without being named: of arrays and multiranges, those in a schema that the plan
 * has renamed, and the schema of CREATE SCHEMA AUTHORIZATION. */
static bool may_come_unnamed(const struct needs *needs, const struct sql_need *need)
{
    return word_set_has(&needs->mentioned, need->schema) || strstr(need->name, "multirange") != NULL ||
           (need->name[0] == '_' && word_set_has(&needs->mentioned, need->name + 1)) ||
           (need->kind == SQL_NEED_SCHEMA && needs->has_unnamed_schema) ||
           (need->kind == SQL_NEED_OPERATOR && word_set_has(&needs->mentioned, "operator"));
}

/* PostgreSQL's own names for indexes, sequences and constraints begin with the table's name, or a column's, and long
 * ones are cut. A partition gets its own for those of its parent. */
static bool may_be_implicit(struct needs *needs, const char *name)
{
    bool may = strlen(name) >= LIMIT_NAME - 4;
    for (const char *c = strchr(name, '_'); !may && c != NULL; c = strchr(c + 1, '_')) {
        const char *const table = arena_strndup(needs->arena, name, (size_t)(c - name));
        const struct relation *const relation = world_find(needs->world, NULL, table);
        may =
            word_set_has(&needs->mentioned, table) || (relation != NULL && needs_mentioned_above(needs, relation->oid));
    }
    return may;
}

static bool is_column(const struct sql_need *need)
{
    return need->kind == SQL_NEED_COLUMN || need->kind == SQL_NEED_COLUMN_OR_FUNCTION ||
           need->kind == SQL_NEED_NOT_GENERATED || need->kind == SQL_NEED_NOT_ALWAYS;
}

/* Is it about several columns, each of which may have been mentioned? */
static bool is_of_columns(const struct sql_need *need)
{
    return need->kind == SQL_NEED_KEY || need->kind == SQL_NEED_ARBITER || need->kind == SQL_NEED_WITHIN_KEY ||
           need->kind == SQL_NEED_COLUMN_COUNT || need->kind == SQL_NEED_FILLED || need->kind == SQL_NEED_NULLABLE ||
           need->kind == SQL_NEED_INDEXABLE;
}

/* The relation of a part, if the catalogs know its parts: a part of a table that the plan has mentioned may have got
 * its name otherwise, and so may any column of a view. */
static const struct relation *whole_of(const struct needs *needs, const struct sql_need *need)
{
    const struct relation *const relation = need->is_only_read
                                                ? world_find_surely(needs->world, need->schema, need->name)
                                                : world_find(needs->world, need->schema, need->name);
    if (relation == NULL || relation->oid == 0 || relation->renamed) {
        return NULL;
    }
    const bool is_implicit = !is_column(need) || relation->kind == 'v' || relation->kind == 'c';
    return is_implicit && word_set_has(&needs->mentioned, need->name) ? NULL : relation;
}

/* Every session has its own schema for temporary objects, created with the first one. */
static bool is_temporary(const struct sql_need *need)
{
    const char *const schema = need->kind == SQL_NEED_SCHEMA ? need->name : need->schema;
    return schema != NULL && strncmp(schema, "pg_temp", strlen("pg_temp")) == 0;
}

/* Is it judged? Not if it is temporary, or mentioned by an earlier statement. */
static bool is_followed(const struct needs *needs, const struct sql_need *need, const struct relation *of)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    const char *const name = kind->is_part ? need->part : need->name;
    const bool may_be_indexable = needs_mentioned(needs, "extension") || needs_mentioned(needs, "operator");
    return !is_temporary(need) && !(need->kind == SQL_NEED_INDEXABLE && may_be_indexable) &&
           !(!is_of_columns(need) && word_set_has(&needs->mentioned, name)) &&
           !(kind->is_part ? of == NULL : may_come_unnamed(needs, need) || needs_mentioned_type(needs, need->types)) &&
           !(needs->own_schema != NULL && strcmp(needs->own_schema, name) == 0);
}

/* ---- what must exist ---- */

/* A function given without arguments must be the only one in the first schema that has it. */
static const char *why_not_one(struct needs *needs, const struct sql_need *need)
{
    struct sql_need first = *need;
    first.schema = need->schema != NULL ? need->schema : world_place(needs->world, false);
    return need->kind != SQL_NEED_ROUTINE || strchr(need->part, '!') == NULL || first.schema == NULL ||
                   count_there(needs, &first, NULL) < 2
               ? NULL
               : arena_printf(needs->arena,
                              "There are several functions \"%s\": say which by the types of its arguments (42725).",
                              need->name);
}

/* For a relation: the world knows what the plan has done to its name. */
static const char *why_no_relation(struct needs *needs, struct text statement, const struct sql_need *need)
{
    const struct relation *const relation = world_find(needs->world, need->schema, need->name);
    const bool is_found = need->schema != NULL || world_place(needs->world, false) != NULL;
    if (is_found && relation != NULL && relation->oid != 0 && relation->kind != 0 && need->part != NULL &&
        strchr(need->part, relation->kind) == NULL) {
        return arena_printf(needs->arena, "\"%s\" is %s, which this statement does not take (42809).", need->name,
                            needed_relation(relation->kind));
    }
    const bool is_unseen = (need->schema != NULL && strncmp(need->schema, "pg_", 3) == 0) ||
                           (needs->own_table != NULL && strcmp(needs->own_table, need->name) == 0);
    return relation != NULL || need->may_be_missing || is_unseen || world_knows(needs->world, need->name) ||
                   word_set_has(&needs->mentioned, need->name) || word_set_has(&needs->mentioned, need->schema) ||
                   needs_count_in(statement, need->name) > 1 || may_be_implicit(needs, need->name)
               ? NULL
               : arena_printf(needs->arena, "\"%s\" is not there, and nothing before this statement makes it.",
                              need->name);
}

/* Is there something of that name with another number of arguments, or a procedure? */
static bool is_called_otherwise(struct needs *needs, const struct sql_need *need)
{
    struct sql_need any = *need;
    any.part = NULL;
    return need->part != NULL && count_there(needs, &any, NULL) > 0;
}

static const char *say_uncallable(struct arena *arena, const struct sql_need *need)
{
    const bool is_one = strcmp(need->part, "1") == 0;
    return arena_printf(arena,
                        "No function \"%s\" can be called with %s argument%s, and nothing before this statement makes "
                        "one (42883).",
                        need->name, strcmp(need->part, "0") == 0 ? "no" : need->part, is_one ? "" : "s");
}

/* A schema that the plan has dropped or renamed, and that the statement uses. */
static const char *why_no_schema(struct needs *needs, const struct sql_need *need)
{
    const char *const schema = need->kind == SQL_NEED_SCHEMA ? need->name : need->schema;
    return need->may_be_missing || needs->has_unnamed_schema || !needs_lost_schema(needs, schema)
               ? NULL
               : arena_printf(
                     needs->arena,
                     "The schema \"%s\" is not there any more: a statement before drops or renames it (3F000).",
                     schema);
}

static const char *why_missing(struct needs *needs, struct text statement, const struct sql_need *need)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    if (need->kind == SQL_NEED_RELATION) {
        return why_no_relation(needs, statement, need);
    }
    const struct relation *const of = kind != NULL && kind->is_part ? whole_of(needs, need) : NULL;
    if (kind == NULL || need->may_be_missing || !is_followed(needs, need, of) ||
        (kind->is_on_type && word_set_has(&needs->mentioned, need->name))) {
        return NULL;
    }
    const char *const again = kind->is_part && !is_of_columns(need) ? need->part : need->name;
    return count_there(needs, need, of) > 0 ? why_not_one(needs, need)
           : (!need->is_only_read && needs_count_in(statement, again) > 1) ||
                   (of != NULL && !is_column(need) && needs_mentioned_above(needs, of->oid))
               ? NULL
           : need->kind == SQL_NEED_FUNCTION && is_called_otherwise(needs, need) ? say_uncallable(needs->arena, need)
                                                                                 : needed_missing(needs->arena, need);
}

/* What is dropped must not be needed by anything. */
static const char *why_kept(struct needs *needs, struct text statement, const struct sql_need *need)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    if (need->kind == SQL_NEED_RELATION) {
        const struct relation *const relation = world_find(needs->world, need->schema, need->name);
        return relation == NULL || relation->gone ? NULL : dependents_of(needs, statement, need, relation, NULL);
    }
    const struct relation *const of = kind != NULL && kind->is_part ? whole_of(needs, need) : NULL;
    if (kind == NULL || !is_followed(needs, need, of) || needs->has_cascaded) {
        return NULL;
    }
    PG_RESULT(found) = find(needs, need, of);
    return found == NULL ? NULL : dependents_of(needs, statement, need, of, found);
}

/* ---- what must not exist ---- */

/* A relation is renamed in its schema, or moved to the given schema, where the name may be taken. */
static const char *why_relation_there(struct needs *needs, const struct sql_need *make)
{
    const struct relation *const old = make->was == NULL ? NULL : world_find(needs->world, make->was_schema, make->was);
    const bool is_renamed = make->was != NULL && strcmp(make->was, make->name) != 0;
    const char *const place = is_renamed && old != NULL ? world_schema(needs->world, old, make->was) : NULL;
    const struct relation *const relation = place != NULL ? world_find_in(needs->world, place, make->name)
                                            : !is_renamed && make->schema != NULL
                                                ? world_find(needs->world, make->schema, make->name)
                                                : NULL;
    return relation == NULL || relation->oid == 0 || relation == old || needs_took(needs, make->name)
               ? NULL
               : needs_say_there(needs, NULL, make->name);
}

/* May an earlier statement have dropped it, with what it belongs to? An array type's name is freed automatically. */
static bool may_be_gone(const struct needs *needs, const struct sql_need *make)
{
    return is_temporary(make) || needs->has_cascaded || needs_took(needs, make->name) ||
           needs_took(needs, make->part) || needs_took(needs, make->schema) ||
           ((make->kind == SQL_NEED_TYPE || make->kind == SQL_NEED_DOMAIN) && make->name[0] == '_');
}

static bool has_common(const PGresult *some, const PGresult *others)
{
    bool has = false;
    for (int i = 0; !has && some != NULL && i < PQntuples(some); i++) {
        for (int j = 0; !has && others != NULL && j < PQntuples(others); j++) {
            has = strcmp(pg_field(some, i, 0), pg_field(others, j, 0)) == 0;
        }
    }
    return has;
}

/* For a rename or move: may the object found be the one that is renamed, or is it renamed in a schema other than the
 * first of the search path? If no schema has it, the plan has created it, in the first one if there is no other. */
static bool may_stand_elsewhere(struct needs *needs, const struct sql_need *make, const PGresult *found)
{
    struct sql_need old = *make;
    old.name = make->was;
    old.schema = make->was_schema != NULL ? make->was_schema : world_place(needs->world, false);
    PG_RESULT(here) = find(needs, &old, NULL);
    old.schema = NULL;
    const bool is_not_here = make->was_schema == NULL && (here == NULL || PQntuples(here) == 0);
    PG_RESULT(anywhere) = is_not_here ? find(needs, &old, NULL) : NULL;
    const bool is_nowhere = anywhere != NULL && PQntuples(anywhere) == 0;
    return has_common(here, found) || (is_not_here && !(is_nowhere && world_place(needs->world, true) != NULL));
}

static bool is_in_the_way(const PGresult *found)
{
    bool is = false;
    for (int row = 0; found != NULL && !is && row < PQntuples(found); row++) {
        is = PQnfields(found) < 2 || !pg_field_bool(found, row, 1);
    }
    return is;
}

/* An object that is given its own name again stays the same; what the statement drops is dropped first. */
static const char *why_there(struct needs *needs, struct text statement, const struct sql_need *make)
{
    const struct needed_kind *const kind = needed_kind(make->kind);
    const struct relation *const of =
        kind != NULL && kind->is_part ? world_find(needs->world, make->schema, make->name) : NULL;
    struct sql_need made = *make;
    if (make->kind == SQL_NEED_RELATION) {
        return why_relation_there(needs, make);
    }
    const bool is_placed = kind != NULL && !kind->is_global && !kind->is_part;
    made.schema = made.schema == NULL && is_placed ? world_place(needs->world, false) : made.schema;
    if (kind == NULL || (is_placed && made.schema == NULL) || may_be_gone(needs, make) ||
        (kind->is_part && (of == NULL || of->oid == 0 || of->renamed)) ||
        needs_count_in(statement, kind->is_part ? make->part : make->name) > 1) {
        return NULL;
    }
    PG_RESULT(found) = find(needs, &made, of);
    const bool is_other = !is_placed || make->was == NULL || !may_stand_elsewhere(needs, make, found);
    return !is_in_the_way(found) || !is_other ? NULL
           : kind->is_part || kind->is_on_type
               ? needs_say_there(needs, kind->called, make->part)
               : needs_say_there(needs, needed_called(make), needed_display(needs->arena, make));
}

static bool drops_parts(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    return sql_take(&words, "alter") && sql_skip_to(&words, "drop");
}

const char *missing_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; why == NULL && i < effects->make_count; i++) {
        why = effects->makes[i].kind == SQL_NEED_SCHEMA ? NULL : why_no_schema(needs, &effects->makes[i]);
    }
    for (size_t i = 0; why == NULL && i < effects->need_count; i++) {
        why = why_no_schema(needs, &effects->needs[i]);
        why = why == NULL ? why_missing(needs, statement, &effects->needs[i]) : why;
        why = why == NULL && effects->needs[i].goes ? why_kept(needs, statement, &effects->needs[i]) : why;
    }
    const bool looks = !needs->is_tried_again && !world_is_empty(needs->world) && !drops_parts(statement);
    for (size_t i = 0; why == NULL && looks && i < effects->make_count; i++) {
        why = why_there(needs, statement, &effects->makes[i]);
    }
    return why;
}

const char *missing_files_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; why == NULL && !needs_mentioned(needs, "pg_tle") && i < effects->need_count; i++) {
        why = effects->needs[i].kind == SQL_NEED_EXTENSION_FILES ? why_missing(needs, statement, &effects->needs[i])
                                                                 : NULL;
    }
    return why;
}

bool missing_is_installed(struct needs *needs, const struct sql_effects *effects)
{
    bool is = false;
    for (size_t i = 0; !is && i < effects->need_count; i++) {
        const struct sql_need extension = {.kind = SQL_NEED_EXTENSION, .name = effects->needs[i].name};
        if (effects->needs[i].kind == SQL_NEED_EXTENSION_FILES && !needs->has_cascaded) {
            PG_RESULT(found) = find(needs, &extension, NULL);
            is = found == NULL ? questions_are_noted(needs->questions) : PQntuples(found) > 0;
        }
    }
    return is;
}
