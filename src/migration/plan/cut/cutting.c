/*
 * What all files of the cutter use: statements, refusals, steps.
 */
#include "migration/plan/cut/cutting.h"

#include "framework/core/script_data.h"

bool planning_fail(const struct planning *planning, size_t offset, const char *what)
{
    return hold_fail(&planning->hold, offset, planning->status, what);
}

/* The data of the COPY that begins at this offset; NULL: it is none, or the script has none. */
static const struct script_data *data_of(const struct planning *planning, size_t statement)
{
    const struct script_parts *const parts = &planning->options->parts;
    return script_data_at(parts, planning->skipped + statement, planning->skipped + statement + 1, 1);
}

bool planning_has_data(const struct planning *planning, size_t statement)
{
    return data_of(planning, statement) != NULL;
}

size_t planning_end_of(const struct planning *planning, size_t i)
{
    const struct sql_statement *const statement = &planning->split.statements[i];
    const struct script_data *const data = data_of(planning, statement->start);
    return data == NULL ? statement->end : data->end - planning->skipped;
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
