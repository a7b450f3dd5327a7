/*
 * The threads in which backups are made, verified and restored, and the one that looks now and then what is due and
 * what a dead worker has left. A restore is a backup's dump in a branch's empty database: here the two meet.
 */
#ifndef WORKER_BACKUP_JOBS_H
#define WORKER_BACKUP_JOBS_H

#include "worker/backup_restore.h"

struct backup_jobs;

/* Borrows both. A thread looks for what is due where there is a folder. */
struct backup_jobs *backup_jobs_new(const struct backups *backups, const struct branches *branches);

/* False and RESOURCE_EXHAUSTED where too much is under way: the row is as it was. */
bool backup_jobs_add(struct backup_jobs *jobs, const struct backup_call *call, const struct backup_job *job);

/* Is nothing under way? */
bool backup_jobs_are_idle(struct backup_jobs *jobs);

/* Ends what is under way, and waits for it; then releases all. NULL is fine. */
void backup_jobs_free(struct backup_jobs *jobs);

#endif
