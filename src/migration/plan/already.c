/*
 * Relations are asked of the world, which follows what the plan renames and drops. Of the other things only the
 * catalogs know, so that of a name which a statement before has dropped or renamed nothing is said.
 */
#include "migration/plan/already.h"

#include "migration/look/objects_query.h"
#include "pg/session.h"
#include "sql/classify.h"
#include "sql/lexer.h"

/* ---- what the statements say ---- */

/* CREATE OR REPLACE, or IF NOT EXISTS wherever it stands: ALTER has it behind names, and may have several. It is
 * content with what is there, or puts itself in its place. No other statement is read through: one may be a file of
 * rows. */
static bool is_content(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool makes = sql_is_word(&words.token, "create") || sql_is_word(&words.token, "alter");
    bool is = sql_take(&words, "create") && sql_take(&words, "or") && sql_take(&words, "replace");
    while (makes && !is && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN) {
        const bool may_be = sql_is_word(&words.token, "if");
        sql_advance(&words);
        is = may_be && sql_take(&words, "not") && sql_is_word(&words.token, "exists");
    }
    return is;
}

static bool takes_away(struct text statement)
{
    static const char *const words[] = {"drop", "rename", "schema", NULL};
    struct sql_reader reader = sql_read(statement);
    bool takes = sql_is_word(&reader.token, "drop");
    if (!takes && !sql_is_word(&reader.token, "alter")) {
        return false;
    }
    for (; !takes && reader.token.kind != SQL_END && reader.token.kind != SQL_BROKEN; sql_advance(&reader)) {
        takes = sql_is_any_word(&reader.token, words);
    }
    return takes;
}

/* Remembers what the statement may take away. */
static void note(const struct already_search *search, struct text statement)
{
    static const char *const others[] = {"cascade", "owned", "extension", NULL};
    struct already *const already = search->already;
    struct sql_reader words = sql_read(statement);
    for (const bool takes = takes_away(statement);
         takes && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
        const char *const name = sql_identifier(search->request->arena, &words.token);
        already->has_cascaded = already->has_cascaded || sql_is_any_word(&words.token, others);
        if (name != NULL) {
            words_add(search->request->arena, &already->handled, name);
        }
    }
}

/* ---- relations ---- */

/* An index is made in the schema of its table, which a search path of several does not tell. */
static const char *relation_in_the_way(const struct already_search *search, const struct sql_effects *effects,
                                       bool is_index)
{
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        const char *const place = change->schema != NULL ? change->schema : world_place(search->world, is_index);
        const struct relation *const relation =
            change->kind != SQL_CHANGE_CREATES || place == NULL ? NULL : world_find(search->world, place, change->name);
        if (relation != NULL && relation->oid != 0) {
            return change->name;
        }
    }
    return NULL;
}

static bool makes_index(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "create")) {
        return true; /* a constraint's */
    }
    sql_take(&words, "unique");
    return sql_is_word(&words.token, "index");
}

/* ---- what is no relation ---- */

/* Is it of a kind of which only the catalogs know, and is the schema known in which it would be made? */
static bool is_askable(const struct sql_object *object, const char *place)
{
    static const char *const of_schemas[] = {"column", "constraint", "trigger",    "policy",
                                             "type",   "domain",     "enum value", NULL};
    static const char *const of_databases[] = {"schema", "extension", NULL};
    const char *const schema = object->parent == NULL ? object->schema : object->parent_schema;
    return word_is_one_of(text_of(object->type), of_databases) ||
           (word_is_one_of(text_of(object->type), of_schemas) && (schema != NULL || place != NULL));
}

/* Nothing is said of what a statement before has handled, or may have taken with it. */
static bool may_be_gone(const struct already *already, const struct sql_object *object)
{
    return words_have(&already->handled, object->name) || words_have(&already->handled, object->parent) ||
           words_have(&already->handled, object->schema);
}

static const char *other_in_the_way(const struct already_search *search, struct text statement)
{
    struct arena *const arena = search->request->arena;
    const struct objects_place place = {arena, search->session, world_place(search->world, false)};
    struct status unanswered = {.arena = arena};
    struct sql_objects made = {0};
    size_t count = 0;
    sql_created_objects(arena, statement, &made);
    for (size_t i = 0; i < made.count; i++) {
        if (is_askable(&made.items[i], place.default_schema)) {
            made.items[count++] = made.items[i];
        }
    }
    made.count = search->already->has_cascaded ? 0 : count;
    PG_RESULT(result) = made.count == 0 ? NULL : objects_exist(&place, &made, &unanswered);
    for (size_t i = 0; result != NULL && i < made.count; i++) {
        if (pg_field_bool(result, (int)i, 0) && !may_be_gone(search->already, &made.items[i])) {
            return arena_printf(arena, "The %s \"%s\"", made.items[i].type, made.items[i].name);
        }
    }
    return NULL;
}

const char *already_there(const struct already_search *search, struct text statement, const struct sql_effects *effects)
{
    note(search, statement);
    if (is_content(statement) || world_is_empty(search->world)) {
        return NULL;
    }
    const char *const relation = relation_in_the_way(search, effects, makes_index(statement));
    const char *const other = relation == NULL ? other_in_the_way(search, statement) : NULL;
    return other != NULL || (relation != NULL && !words_have(&search->already->handled, relation))
               ? arena_printf(search->request->arena,
                              "%s is there already. If this migration was applied before, by hand or by another tool, "
                              "say so (truss mark-applied); else drop or rename what is there.",
                              other != NULL ? other : arena_printf(search->request->arena, "\"%s\"", relation))
               : NULL;
}
