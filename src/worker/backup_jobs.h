/*
 * The threads that make, verify and restore backups, and one that periodically looks for due backups and for what a
 * dead worker left. A restore loads a backup's dump into the empty database of a branch, so backups and branches meet
 * here.
 */
#ifndef WORKER_BACKUP_JOBS_H
#define WORKER_BACKUP_JOBS_H

#include "worker/backup_restore.h"

struct backup_jobs;

/* Makes the jobs; borrows both arguments. The periodic thread runs only if there is a backup folder. */
struct backup_jobs *backup_jobs_new(const struct backups *backups, const struct branches *branches);

/* Starts a job. Fails with RESOURCE_EXHAUSTED if too many are running; the row is then unchanged. */
bool backup_jobs_add(struct backup_jobs *jobs, const struct backup_call *call, const struct backup_job *job);

/* Is nothing under way? */
bool backup_jobs_are_idle(struct backup_jobs *jobs);

/* Waits for the ends of the running jobs, which the backups' `stopping` cancels if it is set, and frees the jobs. NULL
 * is fine. */
void backup_jobs_free(struct backup_jobs *jobs);

#endif
