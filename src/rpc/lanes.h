/*
 * Threads for work that blocks: a bounded queue, and threads that are started when there is work and end when there was
 * none for a while. Knows nothing of what the work is.
 */
#ifndef RPC_LANES_H
#define RPC_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of work; embed it in what it is about. Those of one owner wait behind each other, and not in front of others:
 * who has a hundred of them is served in turn with who has one. */
struct lane_job {
    struct lane_job *next;
    uint64_t owner;
    uint64_t turn; /* the lane's */
    void (*run)(struct lane_job *job);
};

struct lane;

struct lane *lane_new(unsigned max_threads, unsigned max_queue);

/* GREEDY: half of the queue is taken, much of it by the job's owner, while others wait too. */
enum lane_answer { LANE_ADDED, LANE_FULL, LANE_GREEDY };

/* Runs a job on one of the lane's threads; LANE_FULL where its queue is full or it is stopping. */
enum lane_answer lane_add(struct lane *lane, struct lane_job *job);

/* Lets the threads finish their jobs, drops none that was added, and waits for the threads; then releases the lane. */
void lane_free(struct lane *lane);

#endif
