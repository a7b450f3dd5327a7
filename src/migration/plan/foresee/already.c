/*
 * The world tracks what the plan renames and drops.
 */
#include "migration/plan/foresee/already.h"

#include "sql/lexer.h"

/* ---- the statements' words ---- */

/* Does it say OR REPLACE, or IF NOT EXISTS anywhere? (ALTER has it after names, possibly several times.) Then an
 * existing object is fine. Other statements are not read: one may be a file of rows. */
static bool is_content(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool makes = sql_is_word(&words.token, "create") || sql_is_word(&words.token, "alter");
    bool is = sql_take(&words, "create") && sql_take(&words, "or") && sql_take(&words, "replace");
    while (makes && !is && !sql_is_end(&words.token)) {
        const bool may_be = sql_is_word(&words.token, "if");
        sql_advance(&words);
        is = may_be && sql_take(&words, "not") && sql_is_word(&words.token, "exists");
    }
    return is;
}

/* ---- relations ---- */

/* Something of the plan counts if nothing before may have dropped it, or changed where names are made. */
static bool is_there(const struct needs *needs, const struct relation *relation)
{
    return relation != NULL && (relation->oid != 0 || !(needs->has_cascaded || needs->has_set));
}

/* An index is created in its table's schema, which is not known with several schemas in the search path. */
static const struct sql_change *relation_in_the_way(const struct needs *needs, const struct sql_effects *effects,
                                                    bool is_index, bool *is_new)
{
    struct world *const world = needs->world;
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        const char *const place = change->schema == NULL ? world_place(world, is_index) : NULL;
        const struct relation *const relation = change->kind != SQL_CHANGE_CREATES ? NULL
                                                : change->schema != NULL
                                                    ? world_find(world, change->schema, change->name)
                                                : place == NULL ? NULL
                                                                : world_find_in(world, place, change->name);
        if (is_there(needs, relation)) {
            *is_new = relation->oid == 0;
            return change;
        }
    }
    return NULL;
}

static bool makes_index(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "create")) {
        return true; /* an index of a constraint */
    }
    sql_take(&words, "unique");
    return sql_is_word(&words.token, "index");
}

const char *already_there(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    bool is_new = false;
    const struct sql_change *const made =
        effects->change_count == 0 ? NULL : relation_in_the_way(needs, effects, makes_index(statement), &is_new);
    return made == NULL || is_content(statement) || needs_took(needs, made->name) ? NULL
           : is_new ? arena_printf(needs->arena, "An earlier statement of this plan makes \"%s\" already (42P07).",
                                   made->name)
                    : needs_say_there(needs, NULL, made->name);
}
