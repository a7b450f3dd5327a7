#include "framework/core/project_bounds.h"

#include "base/paths.h"

static struct bounds bounds_of(struct arena *arena, const struct project *project)
{
    const bool is_operators = project->migrations != NULL && !project->migrations_are_projects;
    return (struct bounds){
        .arena = arena,
        .root = project->allows_outside ? NULL : project->root,
        .also = is_operators ? path_join(arena, project->root, project->migrations) : NULL,
    };
}

void project_enter_bounds(struct arena *arena, const struct project *project, struct bounds *bounds)
{
    *bounds = bounds_of(arena, project);
    bounds_enter(bounds);
}

void project_enter_bounds_again(struct arena *arena, const struct project *project, struct bounds *bounds)
{
    *bounds = bounds_of(arena, project);
    bounds_enter_again(bounds);
}
