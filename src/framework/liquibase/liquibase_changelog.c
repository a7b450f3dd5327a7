/*
 * Walks from the root changelog through its includes, as DatabaseChangeLog.java (Liquibase 4.28) does: what Liquibase
 * cannot read stops it, and so it does here. Nothing outside of the project is read.
 */
#include "framework/liquibase/liquibase_changelog.h"

#include "framework/liquibase/liquibase_changelog_walk.h"

#include <stdlib.h>
#include <string.h>

#define MOST_FILES      20000
#define MOST_DEPTH      32
#define MOST_CHANGESETS 100000

static bool read_log(struct liquibase_walk *walk, const char *path, const struct liquibase_log *parent,
                     const struct tree_node *include, bool may_be_other);

/* ---- changesets ---- */

/* "changes/001.sql::1::alice", the key that joins ledger and files. */
static const char *liquibase_key(struct arena *arena, const char *path, const char *id, const char *author)
{
    return arena_printf(arena, "%s::%s::%s", path, id, author);
}

static void leave_out(struct liquibase_walk *walk, const char *key)
{
    struct liquibase_left_out *const out = walk->left_out;
    out->keys = arena_grow(walk->arena, out->keys, out->count, &out->capacity, sizeof *out->keys);
    out->keys[out->count++] = key;
}

/* The key with the logicalFilePath of a changelog around this one, or of its include; NULL: it is the same. */
static const char *passed_key(const struct liquibase_log *log, const struct liquibase_changeset *changeset)
{
    struct arena *const arena = log->walk->arena;
    const char *const logical = log->logical == NULL ? log->included_logical : log->logical;
    const char *const path = logical == NULL ? NULL : liquibase_path(arena, "", logical);
    return path == NULL || strcmp(path, changeset->path) == 0
               ? NULL
               : liquibase_key(arena, path, changeset->id, changeset->author);
}

static bool add_changeset(const struct liquibase_log *log, const struct tree_node *node)
{
    struct liquibase_walk *const walk = log->walk;
    struct arena *const arena = walk->arena;
    struct liquibase_migration *const migration = arena_alloc(arena, sizeof *migration);
    struct liquibase_changeset *const changeset = &migration->changeset;
    struct liquibase_around around = log->around;
    const char *const logical = liquibase_value(arena, node, "logicalFilePath", &around);
    around.path = logical == NULL ? around.path : liquibase_path(arena, "", logical);
    if (around.path == NULL || walk->files->count >= MOST_CHANGESETS) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION, "%s has too many changesets or a bad path.",
                           log->path);
    }
    liquibase_changeset_read(arena, node, &around, changeset);
    const char *const key = liquibase_key(arena, changeset->path, changeset->id, changeset->author);
    migration->left_out = walk->left_out;
    migration->passed_key = passed_key(log, changeset);
    if (log->is_ignored || liquibase_bool(arena, node, "ignore", false, &around) ||
        !liquibase_is_for_us(arena, node, "dbms", &around) ||
        !liquibase_holds(changeset->contexts, walk->settings->contexts) ||
        !liquibase_holds(walk->settings->labels, changeset->labels)) {
        leave_out(walk, key);
        leave_out(walk, migration->passed_key == NULL ? key : migration->passed_key);
        return true;
    }
    const bool always =
        liquibase_bool(arena, node, "runAlways", liquibase_bool(arena, node, "alwaysRun", false, &around), &around);
    struct migration_file *const file = listing_add(arena, walk->files);
    *file = (struct migration_file){
        .name = key,
        .key = key,
        .filename = log->path,
        .path = path_join(arena, walk->directory, log->path),
        .checksum = changeset->has_others ? NULL : liquibase_sum(arena, changeset, 9),
        .is_code = changeset->reason != NULL,
        .repeatable = always || liquibase_bool(arena, node, "runOnChange", false, &around),
        .stamp = log->stamp,
        .own = migration,
    };
    walk->first_always = walk->first_always == NULL && always ? key : walk->first_always;
    walk->first_delegated = walk->first_delegated == NULL && file->is_code ? migration : walk->first_delegated;
    walk->delegated += file->is_code ? 1 : 0;
    return true;
}

/* ---- includes ---- */

static bool fail_missing(struct liquibase_walk *walk, const struct liquibase_log *log, const char *what,
                         const struct tree_node *node)
{
    return status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                       "%s, line %zu: what it includes is not in the project: \"%.*s\".", log->path, node->line,
                       (int)tree_text(node, what).size, tree_text(node, what).data);
}

static bool include(const struct liquibase_log *log, const struct tree_node *node)
{
    struct liquibase_walk *const walk = log->walk;
    const char *const path = liquibase_log_path(log, node, "file");
    if (path == NULL || file_look(path_join(walk->arena, walk->directory, path), NULL) != FILE_REGULAR) {
        return !liquibase_bool(walk->arena, node, "errorIfMissing", true, &log->around) ||
               fail_missing(walk, log, "file", node);
    }
    return read_log(walk, path, log, node, false);
}

static size_t depth_of(const char *name)
{
    size_t depth = 1;
    for (; *name != '\0'; name++) {
        depth += *name == '/' ? 1 : 0;
    }
    return depth;
}

static size_t number(const struct tree_node *node, const char *name, size_t otherwise)
{
    const struct text text = leading_digits(text_trim(tree_text(node, name)));
    return text.size == 0 || text.size > 6 ? otherwise : (size_t)strtoul(text.data, NULL, 10);
}

/* May a file of this name be a changelog? */
static bool counts(struct arena *arena, const struct folder *place, const char *name)
{
    (void)arena;
    (void)place;
    return liquibase_may_be_log(name);
}

static bool include_all(const struct liquibase_log *log, const struct tree_node *node)
{
    struct liquibase_walk *const walk = log->walk;
    struct arena *const arena = walk->arena;
    struct migration_files found;
    const char *const path = liquibase_log_path(log, node, "path");
    const char *const ending = liquibase_value(arena, node, "endsWithFilter", &log->around);
    const size_t deepest = number(node, "maxDepth", SIZE_MAX);
    const size_t highest = number(node, "minDepth", 1);
    if (tree_child(node, "filter") != NULL || tree_child(node, "resourceFilter") != NULL ||
        tree_child(node, "resourceComparator") != NULL) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %zu: its includeAll is filtered or sorted by a Java class, which only liquibase "
                           "can run.",
                           log->path, node->line);
    }
    if (path == NULL || file_look(path_join(arena, walk->directory, path), NULL) != FILE_DIRECTORY) {
        return !liquibase_bool(arena, node, "errorIfMissingOrEmpty", true, &log->around) ||
               fail_missing(walk, log, "path", node);
    }
    struct folder place = {.root = walk->directory, .base = "", .path = path};
    const struct listing_rule rule = {.counts = counts, .compare = listing_by_name, .recursive = true};
    bool ok = listing_read(arena, &place, &rule, &found, walk->status);
    listing_take_notes(arena, walk->files, &found);
    size_t taken = 0;
    for (size_t i = 0; ok && i < found.count; i++) {
        const char *const name = found.items[i].filename;
        if (depth_of(name) >= highest && depth_of(name) <= deepest &&
            (ending == NULL || text_ends_with(text_of(name), ending))) {
            ok = read_log(walk, path_join(arena, path, name), log, node, true);
            taken++;
        }
    }
    if (ok && taken == 0 && liquibase_bool(arena, node, "errorIfMissingOrEmpty", true, &log->around)) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %zu: there is nothing for it in %s, at which liquibase stops.", log->path,
                           node->line, path);
    }
    return ok;
}

/* ---- changelogs ---- */

/* Reads the file of a sqlFile. */
static bool read_sql_file(void *data, const struct tree_node *change, struct text *content)
{
    const struct liquibase_log *const log = data;
    struct status ignored = {.arena = log->walk->arena};
    const char *const path = liquibase_log_path(log, change, "path");
    return path != NULL && liquibase_file_read(log->walk, path, content, &ignored);
}

/* The settings around the changesets of a changelog: inner contexts come first. */
static void surround(struct liquibase_log *log, const struct tree_node *node, const struct liquibase_log *parent,
                     const struct tree_node *include)
{
    struct arena *const arena = log->walk->arena;
    const struct tree_node *const from[] = {node, include};
    const char *const logical = liquibase_value(arena, node, "logicalFilePath", &log->around);
    log->around.path = logical == NULL ? log->path : liquibase_path(arena, "", logical);
    log->logical = logical == NULL && parent != NULL ? parent->logical : logical;
    log->included_logical =
        include == NULL ? NULL : liquibase_value(arena, include, "logicalFilePath", &parent->around);
    if (log->included_logical == NULL && parent != NULL) {
        log->included_logical = parent->included_logical;
    }
    for (size_t i = 0; i < 2 && from[i] != NULL; i++) {
        /* An include has the properties of the changelog that it is in (handleChildNodeHelper). */
        const struct liquibase_around *const around = i == 0 ? &log->around : &parent->around;
        const char *const contexts = liquibase_value(arena, from[i], "contextFilter", around);
        const char *const older = liquibase_value(arena, from[i], "context", around);
        log->around.contexts =
            liquibase_join_contexts(arena, log->around.contexts, text_of(contexts == NULL ? older : contexts));
        log->around.labels = liquibase_join_labels(arena, log->around.labels,
                                                   text_of(liquibase_value(arena, from[i], "labels", around)));
        log->is_ignored = log->is_ignored || liquibase_bool(arena, from[i], "ignore", false, around);
    }
    if (parent != NULL) {
        const char *const outer = parent->around.contexts;
        const char *const labels = parent->around.labels;
        log->around.contexts = log->around.contexts == NULL ? outer
                               : outer == NULL              ? log->around.contexts
                                               : arena_printf(arena, "%s AND %s", log->around.contexts, outer);
        log->around.labels =
            log->around.labels == NULL ? labels : liquibase_join_labels(arena, log->around.labels, text_of(labels));
        log->is_ignored = log->is_ignored || parent->is_ignored;
        log->around.reason = parent->around.reason;
    }
}

static bool read_child(struct liquibase_log *log, const struct tree_node *node)
{
    struct liquibase_walk *const walk = log->walk;
    log->around.properties = walk->properties;
    log->around.property_count = walk->property_count;
    if (strcmp(node->name, "changeSet") == 0) {
        return add_changeset(log, node);
    }
    if (strcmp(node->name, "include") == 0) {
        return include(log, node);
    }
    if (strcmp(node->name, "includeAll") == 0) {
        return include_all(log, node);
    }
    if (strcmp(node->name, "property") == 0) {
        return liquibase_is_yaml(log->path) || liquibase_property_read(log, node);
    }
    if (strcmp(node->name, "preConditions") == 0 && !liquibase_preconditions_hold(walk->arena, node, &log->around)) {
        log->around.reason = "its changelog has preconditions";
    } else if (strcmp(node->name, "modifyChangeSets") == 0) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %zu: modifyChangeSets is what only liquibase can read.", log->path, node->line);
    }
    return true;
}

/* Reads a changelog and all that it includes; may_be_other: a file that is not a changelog is skipped. */
static bool read_log(struct liquibase_walk *walk, const char *path, const struct liquibase_log *parent,
                     const struct tree_node *include_node, bool may_be_other)
{
    struct tree_node root = {.name = ""};
    struct liquibase_log log = {.path = path, .walk = walk, .around = {.read = read_sql_file}};
    const size_t before = walk->property_count;
    bool is_log;
    if (++walk->file_count > MOST_FILES || walk->depth >= MOST_DEPTH) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                           "The changelogs include each other too often, or in a circle: the last one is %s.", path);
    }
    if (!liquibase_tree_read(walk, path, &root, &is_log)) {
        return false;
    }
    const struct tree_node *const node = is_log ? tree_child(&root, "databaseChangeLog") : NULL;
    if (node == NULL) {
        return may_be_other || status_fail(walk->status, STATUS_FAILED_PRECONDITION,
                                           "%s is not a changelog of Liquibase: it has no databaseChangeLog.", path);
    }
    log.around.data = &log;
    file_look(path_join(walk->arena, walk->directory, path), &log.stamp);
    surround(&log, node, parent, include_node);
    if (log.around.path == NULL) {
        return status_fail(walk->status, STATUS_FAILED_PRECONDITION, "%s has a bad logicalFilePath.", path);
    }
    walk->depth++;
    /* All properties of a file of YAML or JSON count from its beginning (YamlChangeLogParser.java). */
    bool ok = true;
    for (const struct tree_node *one = liquibase_is_yaml(path) ? tree_child(node, "property") : NULL; ok && one != NULL;
         one = tree_next(one)) {
        ok = liquibase_property_read(&log, one);
    }
    for (const struct tree_node *child = node->first; ok && child != NULL; child = child->next) {
        ok = read_child(&log, child);
    }
    walk->depth--;
    liquibase_properties_drop(walk, before);
    return ok;
}

bool liquibase_changelog_read(struct arena *arena, const struct folder *folder,
                              const struct liquibase_settings *settings, struct migration_files *files,
                              struct status *status)
{
    struct liquibase_walk walk = {
        .arena = arena,
        .directory = path_join(arena, folder->root, settings->search),
        .settings = settings,
        .files = files,
        .status = status,
        .left_out = arena_alloc(arena, sizeof *walk.left_out),
    };
    if (settings->missing_property != NULL && strcasecmp(settings->missing_property, "PRESERVE") != 0) {
        liquibase_property_add(&walk, (struct liquibase_property){
                                          .value = strcasecmp(settings->missing_property, "EMPTY") == 0 ? "" : NULL});
    }
    for (size_t i = 0; i < settings->parameter_count; i++) {
        liquibase_property_add(
            &walk, (struct liquibase_property){settings->parameters[i].key, settings->parameters[i].value, false});
    }
    if (!read_log(&walk, settings->root, NULL, NULL, false)) {
        return false;
    }
    if (walk.delegated > 0) {
        const struct liquibase_changeset *const first = &walk.first_delegated->changeset;
        listing_warn(arena, files,
                     arena_printf(arena,
                                  "Only liquibase itself can run %zu of the changesets: of %s::%s::%s, because %s.",
                                  walk.delegated, first->path, first->id, first->author, first->reason));
    }
    if (walk.first_always != NULL) {
        listing_warn(arena, files,
                     arena_printf(arena,
                                  "liquibase runs %s at each update (runAlways); Truss runs it when it is changed.",
                                  walk.first_always));
    }
    return true;
}
