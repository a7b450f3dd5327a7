/*
 * Makes the message of path, query, body and headers.
 */
#ifndef BRIDGE_REQUEST_H
#define BRIDGE_REQUEST_H

#include "bridge/passage.h"

/* Makes the message, and the options of the call. name: the value of the path's placeholder; NULL if its escapes are
 * invalid. On failure *http is set if the status code does not determine the HTTP status. */
bool request_read(struct passage *passage, const char *name, struct status *status, unsigned *http);

#endif
