/*
 * The commits of a repository, the newest first, each with what it has in a few places and where it differs from all
 * its parents there. A parent that the clone has not (a shallow one) is none.
 */
#ifndef HISTORY_WALK_H
#define HISTORY_WALK_H

#include "history/history.h"

#include <stdbool.h>

/* A commit that was reached. */
struct history_node {
    git_oid id;
    int64_t seconds;
    git_commit *commit;             /* NULL once it was taken */
    git_oid states[HISTORY_PATHS];  /* what it has at each path: all zero for nothing */
    size_t known;                   /* how many of them were looked up */
    bool lacks_parents;             /* a parent is not in this clone */
    struct history_node *next_same; /* in its bucket */
};

struct history_walk {
    struct arena *arena;
    git_repository *repository;
    const char *paths[HISTORY_PATHS]; /* names of what is looked for, the newest first; "" for all of a tree */
    size_t path_count;
    size_t reached;
    bool is_incomplete; /* objects were missing */
    struct history_node **heap;
    size_t heap_size;
    size_t heap_capacity;
    struct history_node **buckets;
};

void history_walk_begin(struct history_walk *walk, git_repository *repository, struct arena *arena);
void history_walk_end(struct history_walk *walk);

/* Also goes from this commit; nothing where it was reached already. */
void history_walk_from(struct history_walk *walk, const git_oid *id);

/* The newest that was not taken yet; its parents are reached now, and its commit is the caller's to free. NULL: all
 * were. */
struct history_node *history_walk_next(struct history_walk *walk);

/* The node of a commit that was reached; NULL: it was not. */
struct history_node *history_walk_find(const struct history_walk *walk, const git_oid *id);

/* What this commit has at path number `index`. */
const git_oid *history_state(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index);

/* Has a parent the same there, so that this commit changed nothing? *any: has one something there at all? */
bool history_is_inherited(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index,
                          bool *any);

#endif
