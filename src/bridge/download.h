/*
 * Downloads in pieces, each requested when the client has taken the one before: POST /api/sql/export and GET
 * /api/backups/{id}/download.
 */
#ifndef BRIDGE_DOWNLOAD_H
#define BRIDGE_DOWNLOAD_H

#include "bridge/passage.h"

/* Answers a request whose message is an ExportRequest or a DownloadBackupRequest. */
void download_begin(struct passage *passage);

#endif
