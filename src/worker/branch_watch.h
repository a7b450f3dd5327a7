/*
 * The thread of a worker that ends branches whose time is over, and finishes what a worker left.
 */
#ifndef WORKER_BRANCH_WATCH_H
#define WORKER_BRANCH_WATCH_H

#include "branch/branch.h"

struct branch_watch;

/* Looks each so many milliseconds, a little more or less, so that workers do not do so at once. The branches are
 * borrowed. */
struct branch_watch *branch_watch_start(const struct branches *branches, uint32_t every_ms);

/* Waits for what it does up to so long; false where it still does it: the process should exit without touching the
 * rest. NULL is fine. */
bool branch_watch_stop(struct branch_watch *watch, uint32_t grace_ms);

#endif
