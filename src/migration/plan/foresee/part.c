/*
 * The catalogs have the names from before the plan: where it may have renamed a part, nothing is known.
 */
#include "migration/plan/foresee/part.h"

#include "pg/values.h"

#include <string.h>

/* $1 the relation, $2 the part. */
static const char column_sql[] = "SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attname = "
                                 "$2::name AND NOT a.attisdropped";
static const char constraint_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = $1::oid AND k.conname = $2::name";

bool part_is_missing(struct arena *arena, struct questions *questions, const struct relation *relation,
                     const struct sql_reach *reach)
{
    const bool is_column = strcmp(reach->type, "column") == 0;
    const bool is_own = reach->kind == SQL_REACH_DROP; /* what is not there, the plan makes */
    if (!(reach->may_be_missing || is_own) || reach->part == NULL || relation->parts_renamed ||
        !(is_column || strcmp(reach->type, "constraint") == 0)) {
        return false;
    }
    const char *const values[] = {arena_printf(arena, "%u", relation->oid), reach->part};
    PG_RESULT(part) = questions_ask(questions, is_column ? column_sql : constraint_sql, 2, values);
    return part != NULL && PQntuples(part) == 0;
}

static void note(struct world *world, const char *schema, const char *name)
{
    struct relation *const relation = world_find(world, schema, name);
    if (relation != NULL) {
        relation->parts_renamed = true;
    }
}

void part_note(struct world *world, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->alter_count; i++) {
        if (effects->alters[i].kind == SQL_ALTER_RENAME) {
            note(world, effects->alters[i].schema, effects->alters[i].name);
        }
    }
    for (size_t i = 0; i < effects->proof_count; i++) {
        if (effects->proofs[i].kind == SQL_PROOF_DROPPED && effects->proofs[i].is_renamed) {
            note(world, effects->proofs[i].schema, effects->proofs[i].table);
        }
    }
}
