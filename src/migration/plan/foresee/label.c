#include "migration/plan/foresee/label.h"

#include "pg/values.h"

#include <string.h>

static const char type_sql[] =
    "SELECT t.typname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid "
    "= $1::oid AND a.attname = $2::name AND NOT a.attisdropped AND t.typtype = 'e'";

static const char other_sql[] =
    "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_enum e ON e.enumtypid = a.atttypid WHERE a.attrelid = "
    "$1::oid AND a.attname = $2::name AND e.enumlabel = $3::name";

static const struct relation *relation_of(struct world *world, const struct sql_need *need)
{
    const struct relation *const relation = world_find_surely(world, need->schema, need->name);
    return relation == NULL || relation->oid == 0 || relation->renamed || relation->gone ? NULL : relation;
}

const char *label_type(struct questions *questions, struct world *world, struct arena *arena,
                       const struct sql_need *need)
{
    const struct relation *const relation = relation_of(world, need);
    if (relation == NULL) {
        return NULL;
    }
    PG_RESULT(type) = questions_ask(questions, type_sql, 2,
                                    (const char *const[]){arena_printf(arena, "%u", relation->oid), need->part});
    return type == NULL || PQntuples(type) == 0 ? NULL : arena_strdup(arena, pg_field(type, 0, 0));
}

static const char *why(struct needs *needs, const struct sql_need *need)
{
    const struct relation *const relation = relation_of(needs->world, need);
    if (relation == NULL || needs_mentioned(needs, need->name) || needs_mentioned(needs, need->part) ||
        needs_mentioned_above(needs, relation->oid)) {
        return NULL;
    }
    const char *const type = label_type(needs->questions, needs->world, needs->arena, need);
    if (type == NULL || needs_mentioned(needs, type)) {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), need->part, need->types};
    PG_RESULT(label) = needs_ask(needs, other_sql, 3, values);
    return label == NULL || PQntuples(label) > 0
               ? NULL
               : arena_printf(needs->arena,
                              "\"%s\" has no label \"%s\", which is given for the column \"%s\" of \"%s\", and nothing "
                              "before this statement makes one (22P02).",
                              type, need->types, need->part, need->name);
}

/* Does the statement itself give the column another type? */
static bool is_changed(const struct sql_effects *effects, const char *column)
{
    bool is = false;
    for (size_t i = 0; !is && i < effects->alter_count; i++) {
        const struct sql_alter *const alter = &effects->alters[i];
        is = (alter->kind == SQL_ALTER_TYPE || alter->kind == SQL_ALTER_DROP || alter->kind == SQL_ALTER_ADD) &&
             alter->column != NULL && strcmp(alter->column, column) == 0;
    }
    return is;
}

const char *label_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *found = NULL;
    for (size_t i = 0; found == NULL && !needs->has_cascaded && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        found = need->kind == SQL_NEED_COLUMN_LABEL && !is_changed(effects, need->part) ? why(needs, need) : NULL;
    }
    return found;
}
