/*
 * The versions of a file are its blobs, those of a folder its trees; each is reported once, with the commit that made
 * it. For a folder only the difference to the version before is reported, so that the worker can keep one copy up to
 * date.
 */
#include "history/history.h"
#include "history/walk.h"

#include "base/clock.h"
#include "base/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOST_DELTAS  20000 /* in a commit that is searched for a file's earlier name */
#define MOST_SIMILAR 2000  /* of those, if texts that are only similar count too */

struct telling {
    const struct history_limits *limits;
    bool is_folder;
    const char *where;
    struct history_walk walk;
    git_oid *seen; /* states that were reported */
    size_t seen_count;
    size_t seen_capacity;
    uint64_t bytes;
    size_t commits;
    git_tree *before; /* of a folder: the version reported last */
    const char *why;  /* why it ends; NULL: it goes on */
};

void history_record(const char *const *fields)
{
    for (; *fields != NULL; fields++) {
        fwrite(*fields, 1, strlen(*fields) + 1, stdout);
    }
}

/* ---- reporting a version ---- */

static void tell_file(struct telling *telling, const char *path, const char *place, const git_oid *id)
{
    git_blob *blob;
    git_odb *odb;
    size_t size;
    git_object_t type;
    char digits[24];
    if (git_repository_odb(&odb, telling->walk.repository) != 0) {
        return;
    }
    const bool is_there = git_odb_read_header(&size, &type, odb, id) == 0 && type == GIT_OBJECT_BLOB;
    git_odb_free(odb);
    if (!is_there) {
        telling->walk.is_incomplete = true;
    } else if (telling->bytes + size > telling->limits->bytes) {
        telling->why = "bytes";
    } else if (size <= telling->limits->file && git_blob_lookup(&blob, telling->walk.repository, id) == 0) {
        snprintf(digits, sizeof digits, "%zu", size);
        history_record((const char *const[]){"file", path, place, digits, NULL});
        fwrite(git_blob_rawcontent(blob), 1, size, stdout);
        telling->bytes += size;
        git_blob_free(blob);
    }
}

/* Reports one difference between two versions of a folder. A name from a tree may be anything: one that leads elsewhere
 * is left out. Links and submodules are not files. */
static int tell_delta(const git_diff_delta *delta, float progress, void *data)
{
    struct telling *const telling = data;
    const bool is_file =
        delta->new_file.mode == GIT_FILEMODE_BLOB || delta->new_file.mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    const char *const path = delta->status == GIT_DELTA_DELETED ? delta->old_file.path : delta->new_file.path;
    (void)progress;
    if (!path_is_inside(path)) {
        return 0;
    }
    if (delta->status == GIT_DELTA_DELETED || !is_file) {
        history_record((const char *const[]){"gone", path, NULL});
    } else {
        const char *const folder = telling->walk.paths[0];
        tell_file(telling, path, path_join(telling->walk.arena, folder, path), &delta->new_file.id);
    }
    return telling->why == NULL && !deadline_passed(telling->limits->deadline) ? 0 : GIT_EUSER;
}

static void tell_folder(struct telling *telling, const git_oid *state)
{
    git_tree *tree;
    git_diff *diff = NULL;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SKIP_BINARY_CHECK;
    if (git_tree_lookup(&tree, telling->walk.repository, state) != 0) {
        telling->walk.is_incomplete = true;
        return;
    }
    if (git_diff_tree_to_tree(&diff, telling->walk.repository, telling->before, tree, &options) == 0) {
        git_diff_foreach(diff, tell_delta, NULL, NULL, NULL, telling);
    } else {
        telling->walk.is_incomplete = true;
    }
    git_diff_free(diff);
    git_tree_free(telling->before);
    telling->before = tree;
}

/* ---- earlier and later names of a file ---- */

/* The part of a path below a folder; NULL: it is not below it. */
static const char *below(const char *folder, const char *path)
{
    const size_t size = strlen(folder);
    return size == 0 ? path : strncmp(path, folder, size) == 0 && path[size] == '/' ? path + size + 1 : NULL;
}

static git_diff *diff_of(struct telling *telling, git_commit *commit, git_commit *parent)
{
    git_tree *old = NULL;
    git_tree *new = NULL;
    git_diff *diff = NULL;
    git_diff_options options;
    git_diff_find_options similar;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    git_diff_find_options_init(&similar, GIT_DIFF_FIND_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SKIP_BINARY_CHECK;
    similar.flags = GIT_DIFF_FIND_RENAMES;
    if (git_commit_tree(&new, commit) == 0 && git_commit_tree(&old, parent) == 0 &&
        git_diff_tree_to_tree(&diff, telling->walk.repository, old, new, &options) == 0) {
        const size_t count = git_diff_num_deltas(diff);
        similar.flags |= count > MOST_SIMILAR ? GIT_DIFF_FIND_EXACT_MATCH_ONLY : 0;
        if (count <= MOST_DELTAS) {
            git_diff_find_similar(diff, &similar);
        }
    }
    git_tree_free(old);
    git_tree_free(new);
    return diff;
}

/* If a file "db/old/x" is "db/new/x" now and "db/new" is searched for, returns "db/old"; NULL: this is no such move. */
static const char *folder_before(struct arena *arena, const char *folder, const git_diff_delta *delta)
{
    const char *const rest = below(folder, delta->new_file.path);
    const size_t old = strlen(delta->old_file.path);
    const size_t size = rest == NULL ? 0 : strlen(rest);
    if (rest == NULL || old <= size || strcmp(delta->old_file.path + old - size, rest) != 0 ||
        delta->old_file.path[old - size - 1] != '/') {
        return NULL;
    }
    return arena_strndup(arena, delta->old_file.path, old - size - 1);
}

static void add_path(struct history_walk *walk, const char *path)
{
    for (size_t i = 0; i < walk->path_count; i++) {
        if (strcmp(walk->paths[i], path) == 0) {
            return;
        }
    }
    if (walk->path_count < HISTORY_PATHS) {
        walk->paths[walk->path_count++] = path;
    }
}

/* This commit added the path: finds the name that it had before. */
static void follow(struct telling *telling, git_commit *commit, git_commit *parent, size_t index)
{
    struct history_walk *const walk = &telling->walk;
    git_diff *const diff = diff_of(telling, commit, parent);
    const size_t count = diff == NULL ? 0 : git_diff_num_deltas(diff);
    for (size_t i = 0; i < count; i++) {
        const git_diff_delta *const delta = git_diff_get_delta(diff, i);
        if (delta->status != GIT_DELTA_RENAMED) {
            continue;
        }
        const char *const path = walk->paths[index];
        const char *const old = telling->is_folder ? folder_before(walk->arena, path, delta)
                                : strcmp(delta->new_file.path, path) == 0
                                    ? arena_strdup(walk->arena, delta->old_file.path)
                                    : NULL;
        if (old != NULL && path_is_inside(old)) {
            add_path(walk, old);
            break;
        }
    }
    git_diff_free(diff);
}

/* Reports what this commit removed from the folder, and where that moved. */
static void tell_deleted(struct telling *telling, git_commit *commit, git_commit *parent, size_t index)
{
    git_diff *const diff = diff_of(telling, commit, parent);
    const size_t count = diff == NULL ? 0 : git_diff_num_deltas(diff);
    for (size_t i = 0; i < count; i++) {
        const git_diff_delta *const delta = git_diff_get_delta(diff, i);
        const bool is_moved = delta->status == GIT_DELTA_RENAMED;
        const char *const old = below(telling->walk.paths[index], delta->old_file.path);
        if (old != NULL && path_is_inside(old) && (is_moved || delta->status == GIT_DELTA_DELETED)) {
            history_record((const char *const[]){"deleted", old, is_moved ? delta->new_file.path : "", NULL});
        }
    }
    git_diff_free(diff);
}

/* ---- the commits ---- */

static void tell_commit(const struct telling *telling, const struct history_node *node, git_commit *commit)
{
    char id[GIT_OID_HEXSZ + 1];
    char seconds[24];
    const git_signature *const author = git_commit_author(commit);
    const char *const summary = git_commit_summary(commit);
    snprintf(seconds, sizeof seconds, "%" PRId64, node->seconds);
    history_record((const char *const[]){"commit", git_oid_tostr(id, sizeof id, &node->id), seconds,
                                         author == NULL ? "" : author->name, summary == NULL ? "" : summary,
                                         telling->where, node->lacks_parents ? "1" : "", NULL});
}

static bool is_told(struct telling *telling, const git_oid *state)
{
    for (size_t i = 0; i < telling->seen_count; i++) {
        if (git_oid_equal(&telling->seen[i], state)) {
            return true;
        }
    }
    return false;
}

static void remember(struct telling *telling, const git_oid *state)
{
    telling->seen = arena_grow(telling->walk.arena, telling->seen, telling->seen_count, &telling->seen_capacity,
                               sizeof *telling->seen);
    telling->seen[telling->seen_count++] = *state;
}

/* Does the parent have the same content under another name? Then this commit only moved it, and an older one made
 * it. */
static bool is_moved_only(struct telling *telling, const git_oid *state, git_commit *parent)
{
    struct history_walk *const walk = &telling->walk;
    struct history_node *const node = history_walk_find(walk, git_commit_id(parent));
    for (size_t i = 0; node != NULL && i < walk->path_count; i++) {
        if (git_oid_equal(history_state(walk, node, parent, i), state)) {
            return true;
        }
    }
    return false;
}

static void tell_version(struct telling *telling, const git_oid *state, size_t index)
{
    remember(telling, state);
    if (telling->is_folder) {
        tell_folder(telling, state);
    } else {
        tell_file(telling, "", telling->walk.paths[index], state);
    }
    history_record((const char *const[]){"state", NULL});
}

/* A commit that made a version of the path, moved it, or deleted it. */
static void tell_change(struct telling *telling, struct history_node *node, git_commit *commit, size_t index, bool had)
{
    struct history_walk *const walk = &telling->walk;
    const git_oid state = *history_state(walk, node, commit, index);
    const bool is_there = !git_oid_is_zero(&state);
    git_commit *parent = NULL;
    const bool has_parent = git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0;
    if (has_parent && is_there && !had) {
        follow(telling, commit, parent, index);
    }
    tell_commit(telling, node, commit);
    if (has_parent && had && (telling->is_folder || !is_there)) {
        tell_deleted(telling, commit, parent, index);
    }
    if (is_there && !is_told(telling, &state) && (!has_parent || !is_moved_only(telling, &state, parent))) {
        tell_version(telling, &state, index);
    }
    git_commit_free(parent);
}

static void tell_one(struct telling *telling, struct history_node *node)
{
    git_commit *const commit = node->commit;
    node->commit = NULL;
    telling->commits++;
    for (size_t i = 0; i < telling->walk.path_count && telling->why == NULL; i++) {
        bool had;
        const bool is_inherited = history_is_inherited(&telling->walk, node, commit, i, &had);
        const bool is_there = !git_oid_is_zero(history_state(&telling->walk, node, commit, i));
        if (!is_inherited && (is_there || had)) {
            tell_change(telling, node, commit, i, had);
        }
    }
    git_commit_free(commit);
}

static void tell_all(struct telling *telling)
{
    const struct history_limits *const limits = telling->limits;
    for (struct history_node *node; telling->why == NULL && (node = history_walk_next(&telling->walk)) != NULL;) {
        tell_one(telling, node);
        telling->why = telling->why != NULL                  ? telling->why
                       : deadline_passed(limits->deadline)   ? "time"
                       : telling->commits >= limits->commits ? "commits"
                                                             : NULL;
        if (fflush(stdout) != 0) { /* nobody reads any more */
            telling->why = "time";
        }
    }
}

static int from_reference(const char *name, void *data)
{
    struct telling *const telling = data;
    git_object *commit = NULL;
    git_reference *reference = NULL;
    if (git_reference_lookup(&reference, telling->walk.repository, name) == 0 &&
        git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT) == 0) {
        history_walk_from(&telling->walk, git_object_id(commit));
    }
    git_object_free(commit);
    git_reference_free(reference);
    return 0;
}

void history_tell(git_repository *repository, const struct history_place *place, bool is_folder,
                  const struct history_limits *limits)
{
    struct telling telling = {.limits = limits, .is_folder = is_folder, .where = "head"};
    char id[GIT_OID_HEXSZ + 1] = "";
    char commits[24];
    git_oid head;
    history_walk_begin(&telling.walk, repository, place->arena);
    add_path(&telling.walk, place->inside);
    if (git_reference_name_to_id(&head, repository, "HEAD") == 0) {
        git_oid_tostr(id, sizeof id, &head);
    }
    history_record((const char *const[]){"repository", id, git_repository_is_shallow(repository) ? "1" : "", NULL});
    if (id[0] != '\0') {
        history_walk_from(&telling.walk, &head);
        tell_all(&telling);
    }
    telling.where = "other";
    if (telling.why == NULL) {
        git_reference_foreach_name(repository, from_reference, &telling);
        tell_all(&telling);
    }
    snprintf(commits, sizeof commits, "%zu", telling.commits);
    history_record((const char *const[]){"end",
                                         telling.why != NULL          ? telling.why
                                         : telling.walk.is_incomplete ? "missing"
                                                                      : "all",
                                         commits, NULL});
    history_walk_end(&telling.walk);
    git_tree_free(telling.before);
}
