/*
 * Restores a backup into a branch: src/backup knows the file, src/branch the database.
 */
#ifndef WORKER_BACKUP_RESTORE_H
#define WORKER_BACKUP_RESTORE_H

#include "backup/backup.h"
#include "branch/branch.h"

enum backup_task { BACKUP_MAKE, BACKUP_READ, BACKUP_TRY, BACKUP_RESTORE };

/* What to do with a row that was claimed for it. BACKUP_TRY: restore into a branch that is dropped afterwards. */
struct backup_job {
    enum backup_task task;
    int64_t id;
    const char *label; /* of the branch, as the next two */
    const char *created_by;
    uint32_t ttl_hours;
};

/* Does BACKUP_RESTORE or BACKUP_TRY with a claimed row; the row then tells how it ended. */
void backup_restore_job(const struct backup_call *call, const struct branches *branches, const struct backup_job *job);

#endif
