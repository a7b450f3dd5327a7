/*
 * goose's "-- +goose ENVSUB ON": variables of the environment in a script.
 */
#ifndef FRAMEWORK_SIMPLE_GOOSE_ENVSUB_H
#define FRAMEWORK_SIMPLE_GOOSE_ENVSUB_H

#include "framework/core/framework.h"

/* Fills in request->script->sql what its file's lines between ENVSUB ON and OFF say. FAILED_PRECONDITION where that is
 * a variable of the environment without a default: what the environment of who runs goose would say is not known here,
 * and the worker's own, which has secrets, is not for scripts and previews. */
bool goose_envsub(const struct script_request *request);

#endif
