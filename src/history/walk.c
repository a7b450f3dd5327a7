/*
 * libgit2's own walk stops at the first commit whose parent is missing, without returning that commit, and cannot
 * report the states of commits; so this one uses a heap ordered by time and a table of reached commits.
 */
#include "history/walk.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536

/* ---- the heap ---- */

static bool is_newer(const struct history_node *a, const struct history_node *b)
{
    return a->seconds > b->seconds;
}

static void push(struct history_walk *walk, struct history_node *node)
{
    walk->heap =
        arena_grow(walk->arena, walk->heap, walk->heap_size, &walk->heap_capacity, sizeof(struct history_node *));
    size_t at = walk->heap_size++;
    for (; at > 0 && is_newer(node, walk->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        walk->heap[at] = walk->heap[(at - 1) / 2];
    }
    walk->heap[at] = node;
}

static struct history_node *pop(struct history_walk *walk)
{
    struct history_node *const first = walk->heap[0];
    struct history_node *const last = walk->heap[--walk->heap_size];
    size_t at = 0;
    for (size_t child = 1; child < walk->heap_size; child = 2 * at + 1) {
        child += child + 1 < walk->heap_size && is_newer(walk->heap[child + 1], walk->heap[child]) ? 1 : 0;
        if (!is_newer(walk->heap[child], last)) {
            break;
        }
        walk->heap[at] = walk->heap[child];
        at = child;
    }
    walk->heap[at] = last;
    return first;
}

/* ---- reached commits ---- */

static struct history_node **bucket_of(const struct history_walk *walk, const git_oid *id)
{
    size_t hash;
    memcpy(&hash, id->id, sizeof hash); /* it is a digest */
    return &walk->buckets[hash % BUCKETS];
}

struct history_node *history_walk_find(const struct history_walk *walk, const git_oid *id)
{
    struct history_node *node = *bucket_of(walk, id);
    while (node != NULL && !git_oid_equal(&node->id, id)) {
        node = node->next_same;
    }
    return node;
}

/* NULL: the clone has no such commit. */
static struct history_node *reach(struct history_walk *walk, const git_oid *id)
{
    struct history_node *node = history_walk_find(walk, id);
    git_commit *commit;
    if (node != NULL || git_commit_lookup(&commit, walk->repository, id) != 0) {
        return node;
    }
    node = arena_alloc(walk->arena, sizeof *node);
    node->id = *id;
    node->seconds = git_commit_time(commit);
    node->commit = commit;
    node->next_same = *bucket_of(walk, id);
    *bucket_of(walk, id) = node;
    push(walk, node);
    return node;
}

void history_walk_begin(struct history_walk *walk, git_repository *repository, struct arena *arena)
{
    walk->arena = arena;
    walk->repository = repository;
    walk->buckets = arena_array(arena, BUCKETS, sizeof(struct history_node *));
}

void history_walk_end(struct history_walk *walk)
{
    for (size_t i = 0; i < walk->heap_size; i++) {
        git_commit_free(walk->heap[i]->commit);
    }
    walk->heap_size = 0;
}

void history_walk_from(struct history_walk *walk, const git_oid *id)
{
    reach(walk, id);
}

struct history_node *history_walk_next(struct history_walk *walk)
{
    if (walk->heap_size == 0) {
        return NULL;
    }
    struct history_node *const node = pop(walk);
    const unsigned parents = git_commit_parentcount(node->commit);
    for (unsigned i = 0; i < parents; i++) {
        if (reach(walk, git_commit_parent_id(node->commit, i)) == NULL) {
            node->lacks_parents = true;
        }
    }
    return node;
}

/* ---- the content of commits ---- */

static void look_up(struct history_walk *walk, git_commit *commit, const char *path, git_oid *state)
{
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    memset(state, 0, sizeof *state);
    int error = git_commit_tree(&tree, commit);
    if (error == 0 && path[0] == '\0') {
        *state = *git_tree_id(tree);
    } else if (error == 0) {
        error = git_tree_entry_bypath(&entry, tree, path);
        if (error == 0) {
            *state = *git_tree_entry_id(entry);
        } else if (error == GIT_ENOTFOUND) {
            /* The path does not exist there, or a tree is missing in a partial clone. */
            const git_error *const said = git_error_last();
            walk->is_incomplete = walk->is_incomplete || (said != NULL && said->klass == GIT_ERROR_ODB);
        }
    }
    walk->is_incomplete = walk->is_incomplete || (error != 0 && error != GIT_ENOTFOUND) || tree == NULL;
    git_tree_entry_free(entry);
    git_tree_free(tree);
}

const git_oid *history_state(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index)
{
    for (; node->known <= index; node->known++) {
        look_up(walk, commit, walk->paths[node->known], &node->states[node->known]);
    }
    return &node->states[index];
}

bool history_is_inherited(struct history_walk *walk, struct history_node *node, git_commit *commit, size_t index,
                          bool *any)
{
    const git_oid *const state = history_state(walk, node, commit, index);
    const unsigned parents = git_commit_parentcount(commit);
    bool is = false;
    *any = false;
    for (unsigned i = 0; i < parents && !is; i++) {
        git_commit *parent;
        struct history_node *const one = history_walk_find(walk, git_commit_parent_id(commit, i));
        if (one == NULL || git_commit_parent(&parent, commit, i) != 0) {
            continue;
        }
        const git_oid *const before = history_state(walk, one, parent, index);
        *any = *any || !git_oid_is_zero(before);
        is = git_oid_equal(before, state) != 0;
        git_commit_free(parent);
    }
    return is;
}
