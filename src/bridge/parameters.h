/*
 * The query of a request: for GET and DELETE the whole message, for others at most one field of it.
 */
#ifndef BRIDGE_PARAMETERS_H
#define BRIDGE_PARAMETERS_H

#include "bridge/passage.h"

/* UTF-8 without control characters: suitable for a protobuf message and for a log line. What comes by query, path or
 * header must be. */
bool parameter_is_plain(const char *string);

/* *json becomes the message of a request without a body, as JSON of its fields in the query; the requested fields of
 * the answer go into the passage. Fails with INVALID_ARGUMENT, about the first parameter that is wrong, or that this
 * route does not know. */
bool parameters_read(struct passage *passage, struct text *json, struct status *status);

/* Sets the field that may be in the query of a request with a body (route.also_in_query), if the body has none. Fails
 * with INVALID_ARGUMENT if it is wrong, and for any parameter that would change nothing (see ROUTE_ANY_QUERY). */
bool parameters_add(struct passage *passage, struct status *status);

#endif
