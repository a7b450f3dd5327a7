/*
 * Threads for work that blocks: a bounded queue, and threads that are started when there is work and end when there was
 * none for a while. Knows nothing of what the work is.
 */
#ifndef RPC_LANES_H
#define RPC_LANES_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of work; embed it in what it is about. */
struct lane_job {
    struct lane_job *next;
    void (*run)(struct lane_job *job);
};

struct lane;

struct lane *lane_new(unsigned max_threads, unsigned max_queue);

/* Runs a job on one of the lane's threads; false where its queue is full or it is stopping. */
bool lane_add(struct lane *lane, struct lane_job *job);

/* Lets the threads finish their jobs, drops none that was added, and waits for the threads; then releases the lane. */
void lane_free(struct lane *lane);

#endif
