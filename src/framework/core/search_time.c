#include "framework/core/search_time.h"

#include "base/answering.h"
#include "base/clock.h"
#include "base/paths.h"

#define MOST_FOR_ANSWER_MS 5000

int64_t search_end(int64_t deadline)
{
    if (deadline == NO_DEADLINE) {
        return 0;
    }
    const int left = deadline_left(deadline);
    return deadline - (left / 5 < MOST_FOR_ANSWER_MS ? left / 5 : MOST_FOR_ANSWER_MS);
}

bool search_goes_on(const struct project *project, struct status *status)
{
    if (project->stopping != NULL && atomic_load(project->stopping)) {
        return status_fail(status, STATUS_CANCELLED, "The search for migrations in %s was ended.", project->root);
    }
    if (project->search_until == 0 || !deadline_passed(project->search_until)) {
        return true;
    }
    status_fail(status, STATUS_DEADLINE_EXCEEDED,
                "The search for migrations in %s was not over in time: there is too much in it, or its disk is slow.",
                project->root);
    status->hint = "Say where the migrations are (--migrations DIR), or name a smaller project (--project DIR); "
                   "--timeout allows more time.";
    return false;
}

bool project_answers(const struct project *project, int64_t deadline, struct status *status)
{
    const char *const named = project->migrations == NULL || path_is_inside(project->migrations)
                                  ? NULL
                                  : path_join(status->arena, project->root, project->migrations);
    return directory_answers(project->root, deadline, status) &&
           (named == NULL || directory_answers(named, deadline, status));
}
