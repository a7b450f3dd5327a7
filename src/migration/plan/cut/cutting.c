/*
 * What all files of the cutter use: statements, refusals, steps.
 */
#include "migration/plan/cut/cutting.h"

bool planning_fail(const struct planning *planning, size_t offset, const char *what)
{
    return hold_fail(&planning->hold, offset, planning->status, what);
}

struct text planning_statement(const struct planning *planning, size_t i)
{
    return text_slice(planning->script, planning->split.statements[i].start, planning->split.statements[i].end);
}

struct step *planning_add(struct planning *planning, enum step_kind kind, size_t start, size_t end, const char *reason)
{
    struct plan *const plan = planning->plan;
    plan->steps = arena_grow(planning->arena, plan->steps, plan->count, &planning->capacity, sizeof *plan->steps);
    struct step *const step = &plan->steps[plan->count++];
    *step = (struct step){.kind = kind, .start = start, .end = end, .reason = reason};
    return step;
}
