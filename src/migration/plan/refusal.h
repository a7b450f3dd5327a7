/*
 * Why a run of the planned migrations would be refused. The plan that is shown and the run itself both ask here. Locks
 * and approvals are not considered: a plan cannot know them.
 */
#ifndef MIGRATION_PLAN_REFUSAL_H
#define MIGRATION_PLAN_REFUSAL_H

#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"
#include "pg/session.h"

/* Sets *refusal to the reason; NULL: a run would start. Returns false if the database did not answer. */
bool refusal_find(const struct request *request, struct pg_session *session, const struct run_options *options,
                  const struct preparation *preparation, const char **refusal);

/* Can the project's own tool run exactly these migrations, and may it be started? Fails with the reason, and names a
 * migration that is a program. */
bool refusal_check_tool(const struct request *request, const struct run_options *options,
                        const struct preparation *preparation, struct status *status);

/* The tool's arguments for all pending migrations, for one, or for all up to one; NULL: it cannot run exactly these. */
const char *const *tool_arguments_for(const struct delegate *delegate, const struct preparation *preparation);

/* The first of them that is a program; if none is, the last. */
const char *preparation_first_program(const struct preparation *preparation);

#endif
