/*
 * Checks in PostgreSQL's order: names first, then their properties.
 */
#include "migration/plan/foresee/wrong.h"

#include "migration/plan/foresee/bounds.h"
#include "migration/plan/foresee/demanded.h"
#include "migration/plan/foresee/dependents.h"
#include "migration/plan/foresee/fitting.h"
#include "migration/plan/foresee/label.h"
#include "migration/plan/foresee/made_rows.h"
#include "migration/plan/foresee/missing.h"
#include "migration/plan/foresee/other_rows.h"
#include "migration/plan/foresee/replaced.h"
#include "migration/plan/foresee/retyped.h"
#include "migration/plan/foresee/understood.h"
#include "migration/plan/foresee/unfit.h"
#include "migration/plan/foresee/unplaced.h"
#include "migration/plan/foresee/violated.h"
#include "migration/plan/foresee/written.h"

const char *wrong_why(struct needs *needs, struct text statement, struct sql_effects *effects)
{
    const char *why = missing_why(needs, statement, effects);
    for (size_t i = 0; why == NULL && i < effects->reach_count; i++) {
        why = dependents_reached(needs, statement, &effects->reaches[i]);
    }
    if (why == NULL && effects->replaced != NULL) {
        why = replaced_why(needs, effects->replaced);
    }
    why = why == NULL ? fitting_why(needs, effects) : why;
    why = why == NULL ? unfit_why(needs, statement, effects) : why;
    why = why == NULL ? demanded_why(needs, effects) : why;
    why = why == NULL ? understood_stored_why(needs, effects) : why;
    why = why == NULL ? violated_why(needs, effects) : why;
    why = why == NULL ? other_rows_why(needs, effects) : why;
    why = why == NULL ? written_why(needs, effects) : why;
    const char *const by_made = made_rows_why(needs, effects);
    why = why == NULL ? by_made : why;
    const char *const by_rows = retyped_why(needs, statement, effects);
    why = why == NULL ? by_rows : why;
    why = why == NULL ? bounds_why(needs, effects) : why;
    why = why == NULL ? unplaced_why(needs, effects) : why;
    why = why == NULL ? understood_why(needs, statement, effects) : why;
    needs->only_adds = written_only_adds(needs, effects);
    return why == NULL ? label_why(needs, effects) : why;
}
