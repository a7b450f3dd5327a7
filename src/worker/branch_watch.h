/*
 * The thread of a worker that deletes expired branches and cleans up what a dead worker left.
 */
#ifndef WORKER_BRANCH_WATCH_H
#define WORKER_BRANCH_WATCH_H

#include "branch/branch.h"

struct branch_watch;

/* Starts it; it runs about every every_ms milliseconds, with jitter, so that workers do not coincide. Borrows the
 * branches. */
struct branch_watch *branch_watch_start(const struct branches *branches, uint32_t every_ms);

/* Stops it, waiting up to grace_ms. Returns false if it is still busy: the process should then exit without touching
 * what it uses. NULL is fine. */
bool branch_watch_stop(struct branch_watch *watch, uint32_t grace_ms);

#endif
