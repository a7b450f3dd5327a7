/*
 * Asks only about tables for which row security is enabled.
 */
#include "migration/plan/foresee/guarded.h"

#include "pg/values.h"

#include <string.h>

const char *guarded_said(const struct relation *relation)
{
    return relation->is_forced ? "f" : relation->is_enabled ? "e" : "";
}

void guarded_note(struct world *world, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->demand_count; i++) {
        const struct sql_demand *const demand = &effects->demands[i];
        struct relation *const relation =
            demand->kind == SQL_DEMAND_SECURES ? world_find(world, demand->schema, demand->name) : NULL;
        if (relation != NULL) {
            relation->has_policies = true;
            relation->is_enabled = true;
            relation->is_forced = relation->is_forced || strcmp(demand->part, "f") == 0;
            relation->reads = relation->reads == FIRES_UNKNOWN ? FIRES_UNKNOWN : FIRES_NOT_ASKED;
            relation->fires = relation->fires == FIRES_UNKNOWN ? FIRES_UNKNOWN : FIRES_NOT_ASKED;
        }
    }
}

static const char guarded_sql[] = "SELECT FROM pg_catalog.pg_class r WHERE r.oid = $1::oid AND " GUARDED_IS("$2");

const char *guarded_why(struct arena *arena, struct questions *questions, struct world *world,
                        const struct sql_touch *touch)
{
    const struct relation *const relation = world_find(world, touch->schema, touch->name);
    if (relation == NULL || relation->oid == 0 || !relation->has_policies || relation->kind == 'v' ||
        strcmp(touch->how, "i") == 0) {
        return NULL;
    }
    const char *const values[] = {arena_printf(arena, "%u", relation->oid), guarded_said(relation)};
    PG_RESULT(guarded) = questions_ask(questions, guarded_sql, 2, values);
    return guarded == NULL || PQntuples(guarded) == 0 ? NULL
           : strcmp(touch->how, "r") == 0
               ? "Row security applies: it reads only the rows that the policies show to the role."
               : "Row security applies: it changes only the rows that the policies show to the role.";
}
