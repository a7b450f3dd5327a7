/*
 * /openapi.json, made from the table of routes and the descriptors of their messages by the rules of the JSON mapper,
 * so that the description and what is done cannot part.
 */
#ifndef BRIDGE_OPENAPI_H
#define BRIDGE_OPENAPI_H

#include "base/text.h"

/* The OpenAPI 3.1 document of all routes. Made when somebody asks for it first, 2 ms and half a megabyte, and kept: who
 * asks need not have logged in. */
struct text openapi_document(void);

/* {"routes":["GET /…", …]} for people who ask for "/". */
struct text openapi_index(struct arena *arena);

#endif
