/*
 * A backup into a branch: src/backup knows the file, src/branch the database.
 */
#ifndef WORKER_BACKUP_RESTORE_H
#define WORKER_BACKUP_RESTORE_H

#include "backup/backup.h"
#include "branch/branch.h"

enum backup_task { BACKUP_MAKE, BACKUP_READ, BACKUP_TRY, BACKUP_RESTORE };

/* What is to be done with a row that was claimed for it. TRY: restore it into a branch that is dropped again. */
struct backup_job {
    enum backup_task task;
    int64_t id;
    const char *label; /* of the branch, as the next two */
    const char *created_by;
    uint32_t ttl_hours;
};

/* Does RESTORE or TRY with a row that is claimed for it; its row tells how that ended. */
void backup_restore_job(const struct backup_call *call, const struct branches *branches, const struct backup_job *job);

#endif
