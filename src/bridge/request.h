/*
 * The message out of path, query, body and headers.
 */
#ifndef BRIDGE_REQUEST_H
#define BRIDGE_REQUEST_H

#include "bridge/passage.h"

/* Makes the message, and the options of the call. name is the path's part that stands for the placeholder; NULL where
 * its escapes are broken. *http is set where the code does not tell the HTTP status. */
bool request_read(struct passage *passage, const char *name, struct status *status, unsigned *http);

#endif
