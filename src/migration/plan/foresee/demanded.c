/*
 * A query for each demand (demanded_kinds.h).
 */
#include "migration/plan/foresee/demanded.h"

#include "migration/plan/foresee/demanded_kinds.h"
#include "pg/values.h"

/* The relation, unless an earlier statement has mentioned it, or a table above it. */
static const struct relation *untouched(struct needs *needs, const char *schema, const char *name)
{
    const struct relation *const relation = needs_untouched(needs, schema, name);
    return relation == NULL || needs_mentioned_above(needs, relation->oid) ? NULL : relation;
}

static const char *ask(struct needs *needs, const struct demanded_kind *kind, const char *const *values)
{
    PG_RESULT(found) = needs_ask(needs, kind->sql, kind->count, values);
    const bool has = found != NULL && PQntuples(found) > 0 && !PQgetisnull(found, 0, 0);
    return has && (PQnfields(found) < 2 || !needs_mentioned_any(needs, pg_field(found, 0, 1)))
               ? arena_strdup(needs->arena, pg_field(found, 0, 0))
               : NULL;
}

static const char *why_not_type(struct needs *needs, const struct sql_demand *demand)
{
    const char *const values[] = {demand->schema, demand->name, demand->part};
    return needs_mentioned(needs, demand->name) || needs_took(needs, demand->schema)
               ? NULL
               : ask(needs, demanded_kind(demand->kind), values);
}

/* Only tables and views that cannot be changed are of interest, and most are known not to be. */
static bool is_needless(const struct sql_demand *demand, const struct relation *relation)
{
    return (demand->kind == SQL_DEMAND_CHANGEABLE && relation->kind != 'm' && relation->kind != 'S') ||
           (demand->kind == SQL_DEMAND_NO_PARTITIONS && relation->kind != 'p') ||
           (demand->kind == SQL_DEMAND_ONLY_PARTITIONED && relation->kind != 'p') ||
           (demand->kind == SQL_DEMAND_ONLY_IT && !relation->has_children);
}

static const char *why_not(struct needs *needs, const struct sql_demand *demand)
{
    const struct relation *const relation = untouched(needs, demand->schema, demand->name);
    const bool is_of_two = demanded_kind(demand->kind)->is_of_two;
    const struct relation *const other = is_of_two ? untouched(needs, demand->other_schema, demand->other) : relation;
    if (relation == NULL || other == NULL || is_needless(demand, relation) ||
        (demand->part != NULL && needs_mentioned(needs, demand->part))) {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid),
                                  is_of_two ? arena_printf(needs->arena, "%u", other->oid) : demand->part,
                                  demand->other == NULL ? "" : demand->other};
    return ask(needs, demanded_kind(demand->kind), values);
}

const char *demanded_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; why == NULL && !needs->has_cascaded && i < effects->demand_count; i++) {
        const struct sql_demand *const demand = &effects->demands[i];
        if (demanded_kind(demand->kind)->sql == NULL) {
            continue;
        }
        why = demanded_kind(demand->kind)->is_of_type ? why_not_type(needs, demand) : why_not(needs, demand);
    }
    return why;
}
