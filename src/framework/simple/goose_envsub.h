/*
 * goose's "-- +goose ENVSUB ON": environment variables in a script.
 */
#ifndef FRAMEWORK_SIMPLE_GOOSE_ENVSUB_H
#define FRAMEWORK_SIMPLE_GOOSE_ENVSUB_H

#include "framework/core/framework.h"

/* Replaces variables in request->script->sql, on the lines between ENVSUB ON and OFF. FAILED_PRECONDITION for a
 * variable without a default, or one that .env or our own environment sets: the environment in which goose would run is
 * not known, and both contain secrets that must not get into scripts and previews. */
bool goose_envsub(const struct script_request *request);

#endif
