/*
 * The answer to GetStatus.
 */
#ifndef WORKER_SERVICE_SERVICE_STATUS_H
#define WORKER_SERVICE_SERVICE_STATUS_H

#include "migration/look/catalog.h"
#include "truss/migration/v1/migration.pb-c.h"

/* A GetStatusResponse in work->arena, whose session is open. */
ProtobufCMessage *status_reply(struct work *work, const struct catalog *catalog);

#endif
