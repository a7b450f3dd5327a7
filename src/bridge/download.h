/*
 * POST /api/sql/export: a file that comes piece by piece, each asked for when the client has taken the one before.
 */
#ifndef BRIDGE_DOWNLOAD_H
#define BRIDGE_DOWNLOAD_H

#include "bridge/passage.h"

/* Answers a request whose message is an ExportRequest. */
void download_begin(struct passage *passage);

#endif
