/*
 * Threads for work that blocks: a bounded queue whose threads are started when there is work and end after being idle
 * for a while. Work that is not done seconds after its deadline may be stuck where nothing can end it (a file system
 * whose server is gone): another thread may then be started in place of its own, as often as the lane has threads. It
 * does not know what the work is.
 */
#ifndef RPC_LANES_H
#define RPC_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of work; embed it in a struct of your own; the lane does not touch it after `run` was called. Owners are
 * served round robin: the jobs of one owner wait for each other and not in front of other owners' jobs. */
struct lane_job {
    struct lane_job *next;
    uint64_t owner;
    uint64_t turn;    /* the lane's */
    int64_t deadline; /* clock_ms: until then it should be done; 0 or NO_DEADLINE: it may take any time */
    void (*run)(struct lane_job *job);
};

struct lane;

struct lane *lane_new(unsigned max_threads, unsigned max_queue);

/* LANE_GREEDY: the queue is half full, mostly with jobs of this owner, while other owners wait too. */
enum lane_answer { LANE_ADDED, LANE_FULL, LANE_GREEDY };

/* Queues a job for the lane's threads. LANE_FULL also if the lane is stopping. */
enum lane_answer lane_add(struct lane *lane, struct lane_job *job);

/* Waits until the threads have finished all jobs that were added, then frees the lane. */
void lane_free(struct lane *lane);

#endif
