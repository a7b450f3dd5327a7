/*
 * Row security: whether it applies to the role that runs the plan, also where the plan itself enables it for a table
 * with policies.
 */
#ifndef MIGRATION_PLAN_FORESEE_GUARDED_H
#define MIGRATION_PLAN_FORESEE_GUARDED_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* SQL: is the role under the policies of r, which is the relation $1 or reached from it? For those behind a view that
 * is said of the view's owner, and not known. secured: guarded_said() of the relation. */
#define GUARDED_IS(secured)                                                                                            \
    "(r.oid <> $1::oid OR pg_catalog.row_security_active(r.oid) OR (" secured "::text <> '' AND NOT EXISTS (SELECT "   \
    "FROM pg_catalog.pg_roles o WHERE o.rolname = current_user AND (o.rolsuper OR o.rolbypassrls)) AND EXISTS "        \
    "(SELECT "                                                                                                         \
    "FROM pg_catalog.pg_class t WHERE t.oid = r.oid AND (" secured " = 'f' OR t.relforcerowsecurity OR NOT "           \
    "pg_catalog.pg_has_role(current_user, t.relowner, 'USAGE')))))"

/* SQL: the policies of r. */
#define GUARDED(secured)                                                                                               \
    "SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::oid AS class, y.oid AS object FROM pg_catalog.pg_policy y "   \
    "WHERE y.polrelid = r.oid AND " GUARDED_IS(secured)

/* What the plan has done to its row security: "e" enabled, "f" forced, "" nothing. */
const char *guarded_said(const struct relation *relation);

/* Records ENABLE and FORCE ROW LEVEL SECURITY. */
void guarded_note(struct world *world, const struct sql_effects *effects);

/* What row security does to a statement that touches the relation so, as a sentence; NULL: nothing, or it is not known.
 */
const char *guarded_why(struct arena *arena, struct questions *questions, struct world *world,
                        const struct sql_touch *touch);

#endif
