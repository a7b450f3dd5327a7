/*
 * truss.backup.v1.BackupService.
 */
#ifndef WORKER_SERVICE_SERVICE_BACKUP_H
#define WORKER_SERVICE_SERVICE_BACKUP_H

#include "backup/download.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "worker/backup_jobs.h"

struct backup_context {
    const struct site *site;
    const struct backups *backups;
    struct backup_jobs *jobs;
    struct downloads *downloads;
};

/* Borrows the context. */
struct rpc_service backup_service(struct backup_context *context);

#endif
