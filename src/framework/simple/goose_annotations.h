/*
 * goose's annotations: "-- +goose StatementBegin" and the others.
 */
#ifndef FRAMEWORK_SIMPLE_GOOSE_ANNOTATIONS_H
#define FRAMEWORK_SIMPLE_GOOSE_ANNOTATIONS_H

#include "framework/core/framework.h"

/* Fails if goose's parser stops at the file, or if it cuts a statement in two. request->script->sql is the up part,
 * with the lines of the file. */
bool goose_annotations(const struct script_request *request);

#endif
