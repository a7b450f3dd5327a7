/*
 * Iterates over the commits of a repository, newest first, and tells what each has at a few paths and whether that
 * differs from all its parents. Parents that are not in the clone (a shallow one) do not count.
 */
#ifndef HISTORY_WALK_H
#define HISTORY_WALK_H

#include "history/history.h"

#include <stdbool.h>

/* A commit that was reached. */
struct history_node {
    git_oid id;
    int64_t seconds;
    git_commit *commit;             /* NULL after history_walk_next returned it */
    git_oid states[HISTORY_PATHS];  /* the object at each path; all zero: none */
    size_t known;                   /* how many of them are known */
    bool lacks_parents;             /* a parent is not in this clone */
    struct history_node *next_same; /* in its hash bucket */
};

struct history_walk {
    struct arena *arena;
    git_repository *repository;
    const char *paths[HISTORY_PATHS]; /* names of the file, newest first; "" for the whole tree */
    size_t path_count;
    bool is_incomplete; /* objects were missing */
    struct history_node **heap;
    size_t heap_size;
    size_t heap_capacity;
    struct history_node **buckets;
};

void history_walk_begin(struct history_walk *walk, git_repository *repository, struct arena *arena);
void history_walk_end(struct history_walk *walk);

/* Adds a starting commit; nothing if it was reached already. */
void history_walk_from(struct history_walk *walk, const git_oid *id);

/* Returns the newest commit not returned yet, after reaching its parents; the caller frees its git_commit. NULL: there
 * are no more. */
struct history_node *history_walk_next(struct history_walk *walk);

/* The node of a commit; NULL: it was not reached. */
struct history_node *history_walk_find(const struct history_walk *walk, const git_oid *id);

/* The object of this commit at path number `index`. */
const git_oid *history_state(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index);

/* Does a parent have the same object there, so that this commit changed nothing? *any: does any parent have an object
 * there? */
bool history_is_inherited(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index,
                          bool *any);

#endif
