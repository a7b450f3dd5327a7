/*
 * How long a project is searched: a folder that is no project (a home directory, /tmp) can take longer than anybody
 * waits, and one whose file system has lost its server never ends.
 */
#ifndef FRAMEWORK_CORE_SEARCH_TIME_H
#define FRAMEWORK_CORE_SEARCH_TIME_H

#include "base/status.h"
#include "framework/core/folder.h"

/* The time (clock_ms) at which the search of a request that ends at `deadline` is given up: soon enough before it that
 * the answer arrives. 0: never, for NO_DEADLINE. */
int64_t search_end(int64_t deadline);

/* Asked between the steps of a search. Fails with DEADLINE_EXCEEDED if its time is over, CANCELLED if the worker stops;
 * the message names the project. */
bool search_goes_on(const struct project *project, struct status *status);

/* Do the project's directories answer? See directory_answers; asked before anything of the project is read. */
bool project_answers(const struct project *project, int64_t deadline, struct status *status);

#endif
