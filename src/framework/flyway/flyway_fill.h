/*
 * Flyway's placeholders: "${name}" in a script.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_FILL_H
#define FRAMEWORK_FLYWAY_FLYWAY_FILL_H

#include "framework/core/framework.h"

/* Sets request->script->sql to the content with its placeholders replaced; project NULL: except those whose values come
 * from the connection. Fails if one has no value. */
bool flyway_fill(const struct script_request *request);

#endif
