#include "framework/core/project_bounds.h"

#include "base/paths.h"

static struct bounds bounds_of(struct arena *arena, const struct project *project)
{
    return (struct bounds){
        .arena = arena,
        .root = project->allows_outside ? NULL : project->root,
        .also = project->migrations == NULL ? NULL : path_join(arena, project->root, project->migrations),
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
