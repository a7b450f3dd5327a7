/*
 * Flyway's placeholders: "${name}" in a script.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_FILL_H
#define FRAMEWORK_FLYWAY_FLYWAY_FILL_H

#include "framework/core/framework.h"

/* Sets request->script->sql: the content with its placeholders replaced; project NULL: without those that the
 * connection tells. False, with a status, where one has no value. */
bool flyway_fill(const struct script_request *request);

#endif
