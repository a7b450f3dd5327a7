/*
 * /openapi.json, made from the table of routes and the descriptors of their messages by the rules of the JSON mapper,
 * so that description and behaviour cannot differ.
 */
#ifndef BRIDGE_OPENAPI_H
#define BRIDGE_OPENAPI_H

#include "base/text.h"

/* The OpenAPI 3.1 document of all routes. Made at the first call (2 ms, half a megabyte) and kept, because callers need
 * no login. */
struct text openapi_document(void);

/* {"routes":["GET /…", …]}, the answer to "/". */
struct text openapi_index(struct arena *arena);

#endif
