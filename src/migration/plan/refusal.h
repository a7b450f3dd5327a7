/*
 * Why a run of what was planned would be refused as things are: found out by the plan that is shown, and by the run
 * before it begins. What a plan cannot know is not among it: locks, and an approval.
 */
#ifndef MIGRATION_PLAN_REFUSAL_H
#define MIGRATION_PLAN_REFUSAL_H

#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"
#include "pg/session.h"

/* The refusal in *refusal; NULL: a run would begin. False where the database did not answer. */
bool refusal_find(const struct request *request, struct pg_session *session, const struct run_options *options,
                  const struct preparation *preparation, const char **refusal);

/* Can the project's own tool run just these, and may it be started? Fails with its reason, and names a program. */
bool refusal_check_tool(const struct request *request, const struct run_options *options,
                        const struct preparation *preparation, struct status *status);

/* The tool's arguments for all that is pending, for one, or for all up to one; NULL: it cannot run just these. */
const char *const *tool_arguments_for(const struct delegate *delegate, const struct preparation *preparation);

/* The first of them that is a program; of none the last. */
const char *preparation_first_program(const struct preparation *preparation);

#endif
