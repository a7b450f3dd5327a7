/*
 * Flyway refuses a script that mixes statements that can run in a transaction with others that cannot.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_MIXED_H
#define FRAMEWORK_FLYWAY_FLYWAY_MIXED_H

#include "framework/core/framework.h"

/* Fails if request->script->sql is such a mix, unless the configuration says `mixed` or the file's .conf or the
 * configuration says executeInTransaction. */
bool flyway_check_mixed(const struct script_request *request);

#endif
