/*
 * Migrations that are programs are run by the project's own tool, as a child process, where the worker was started with
 * --allow-delegate: it runs the project's code. What came of it is judged by the ledger before and after, never by what
 * the tool says.
 */
#ifndef MIGRATION_RUN_TOOL_H
#define MIGRATION_RUN_TOOL_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

/* The tool of a detection: of its folder, else of its framework; NULL: none. */
const struct delegate *delegate_of(const struct detection *detection);

/* The command that a person would run for everything that is pending, in the arena; secrets are not in it. */
const char *delegate_command(struct arena *arena, const struct site *site, const struct detection *detection);

/* Runs the preparation's migrations by the tool, whose output is told as events, with the password masked. To be called
 * under our own lock (lock_take_ours), but not the framework's: the tool takes that itself. All that the ledger has
 * afterwards and had not before is `applied`, also what was not asked for. False where nothing was started (not
 * allowed, no tool, a selection that the tool cannot run). */
bool delegate_run(struct run *run, const struct run_options *options, const struct preparation *preparation,
                  struct run_result *result);

/* What the tool says that it would send for one migration; *sql is empty where it has no such command or may not be
 * started. */
bool delegate_preview(const struct request *request, const struct detection *detection,
                      const struct migration_file *file, struct text *sql);

#endif
