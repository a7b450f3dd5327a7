/*
 * What all frameworks ask (the names in a package, its package.json, the first lines of a folder's files) is read once
 * per search and kept in a probe.
 */
#include "framework/core/package.h"

#include "base/bounds.h"
#include "base/file_trace.h"
#include "framework/core/listing.h"
#include "framework/core/pattern.h"
#include "framework/formats/properties.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_LIMIT ((size_t)1024 * 1024)
#define HEAD_LIMIT   4096
#define MOST_LOOKED  50 /* files of a folder that are read */

/* ---- the cache ---- */

/* A folder, and the first bytes of its files. */
struct looked {
    const char *path;
    struct file_list list;
    struct text *heads;
    struct looked *next;
};

/* What is known about a package. */
struct probe {
    struct file_list names; /* in its directory */
    bool is_listed;         /* false: the directory is not readable, so any name may exist */
    bool is_package_read;
    struct text package;         /* package.json; empty: none */
    const char *package_outside; /* why it was not read; NULL: it was */
    struct looked *looked;
    struct probe *project; /* the project's; NULL: this is it */
};

struct probe *probe_new(struct arena *arena, const char *root, const char *base, struct probe *project)
{
    struct status unread = {.arena = arena};
    struct probe *const probe = arena_alloc(arena, sizeof *probe);
    probe->project = project;
    probe->is_listed = directory_list(arena, path_join(arena, root, base), &probe->names, &unread);
    return probe;
}

static int compare_entry(const void *name, const void *entry)
{
    return strcmp(name, ((const struct file_entry *)entry)->name);
}

/* May there be something at this path? Judged by its first component, without a system call. */
static bool may_exist(struct arena *arena, const struct probe *probe, const char *path)
{
    const size_t size = strcspn(path, "/");
    const char *const first = arena_strndup(arena, path, size);
    if (probe == NULL || !probe->is_listed || size == 0 || strcmp(first, ".") == 0 || strcmp(first, "..") == 0) {
        return true;
    }
    return probe->names.count > 0 && bsearch(first, probe->names.entries, probe->names.count,
                                             sizeof *probe->names.entries, compare_entry) != NULL;
}

/* ---- for configure and recognise ---- */

static const char *path_in_package(struct arena *arena, const struct folder *folder, const char *name)
{
    return path_join(arena, path_join(arena, folder->root, folder->base), name);
}

enum file_kind folder_look(struct arena *arena, const struct folder *folder, const char *name)
{
    if (!may_exist(arena, folder->probe, name)) {
        return FILE_NONE;
    }
    const char *const path = path_in_package(arena, folder, name);
    const enum file_kind kind = file_look(path, NULL);
    if (kind == FILE_NONE) {
        bounds_missed(path);
    }
    return kind;
}

/* Text that can be read as configuration: not too long, UTF-8, without NUL. */
static bool read_text(struct arena *arena, const struct folder *folder, const char *name, struct text *content)
{
    struct status unread = {.arena = arena};
    return folder_look(arena, folder, name) == FILE_REGULAR &&
           file_read(arena, path_in_package(arena, folder, name), CONFIG_LIMIT, content, &unread) &&
           text_is_legible(*content);
}

/* A package's package.json; empty: none. */
static struct text package_json(struct arena *arena, const struct folder *folder)
{
    struct probe *const probe = folder->probe;
    struct text content = {NULL, 0};
    struct bounds reading;
    if (probe != NULL && probe->is_package_read) {
        bounds_note(probe->package_outside);
        return probe->package;
    }
    bounds_enter_part(&reading, arena);
    if (!read_text(arena, folder, "package.json", &content)) {
        content = (struct text){NULL, 0};
    }
    bounds_leave(&reading);
    bounds_note(reading.note);
    if (probe != NULL) {
        probe->is_package_read = true;
        probe->package = content;
        probe->package_outside = reading.note;
    }
    return content;
}

bool folder_read(struct arena *arena, const struct folder *folder, const char *name, struct text *content)
{
    if (strcmp(name, "package.json") != 0) {
        return read_text(arena, folder, name, content);
    }
    *content = package_json(arena, folder);
    return content->size > 0;
}

const char *folder_first_file(struct arena *arena, const struct folder *folder, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (folder_look(arena, folder, names[i]) == FILE_REGULAR) {
            return names[i];
        }
    }
    return NULL;
}

struct words folder_matching(struct arena *arena, const struct folder *folder, const char *pattern)
{
    struct status unread = {.arena = arena};
    struct words names = {0};
    struct file_list list = {0};
    if (folder->probe != NULL && folder->probe->is_listed) {
        list = folder->probe->names;
    } else if (!directory_list(arena, path_join(arena, folder->root, folder->base), &list, &unread)) {
        return names;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (!list.entries[i].is_directory && name_is_recordable(name) && pattern_fits(pattern, text_of(name), NULL)) {
            words_add(arena, &names, name);
        }
    }
    return names;
}

static bool depends_on(struct arena *arena, struct text package_json, const char *package)
{
    static const char *const kinds[] = {"dependencies", "devDependencies", "peerDependencies", NULL};
    if (text_find(package_json, arena_printf(arena, "\"%s\"", package), 0) == SIZE_MAX) {
        return false; /* by far the fastest way to find out */
    }
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (property_string(arena, package_json, (const char *const[]){kinds[i], package, NULL}) != NULL) {
            return true;
        }
    }
    return false;
}

bool folder_depends_on(struct arena *arena, const struct folder *folder, const char *package)
{
    struct folder project = *folder;
    project.base = "";
    project.probe = folder->probe == NULL ? NULL : folder->probe->project;
    return depends_on(arena, package_json(arena, folder), package) ||
           (folder->base[0] != '\0' && depends_on(arena, package_json(arena, &project), package));
}

/* The first bytes of a file; empty if it is not readable. */
static struct text read_head(struct arena *arena, const char *path)
{
    char bytes[HEAD_LIMIT];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        file_trace_missed(path, errno);
    }
    const ssize_t size = fd < 0 || !bounds_hold(fd, path, NULL) ? -1 : read(fd, bytes, sizeof bytes);
    if (size >= 0) {
        file_trace_read(fd, path, (struct text){bytes, (size_t)size}, sizeof bytes);
    } else if (fd >= 0) {
        file_trace_doubt();
    }
    if (fd >= 0) {
        close(fd);
    }
    const struct text head = text_without_mark((struct text){bytes, size <= 0 ? 0 : (size_t)size});
    return size <= 0 ? (struct text){NULL, 0} : (struct text){arena_strndup(arena, head.data, head.size), head.size};
}

/* Lists the folder and reads the beginnings of its first files, or uses the cache. */
static const struct looked *look_into(struct arena *arena, const struct folder *folder)
{
    for (const struct looked *known = folder->probe == NULL ? NULL : folder->probe->looked; known != NULL;
         known = known->next) {
        if (strcmp(known->path, folder->path) == 0) {
            return known;
        }
    }
    struct status unread = {.arena = arena};
    struct looked *const looked = arena_alloc(arena, sizeof *looked);
    const char *const path = path_join(arena, folder->root, folder->path);
    looked->path = folder->path;
    if (!directory_list(arena, path, &looked->list, &unread)) {
        looked->list.count = 0;
    }
    looked->heads = arena_array(arena, MOST_LOOKED, sizeof *looked->heads);
    for (size_t i = 0; i < looked->list.count && i < MOST_LOOKED; i++) {
        const struct file_entry *const entry = &looked->list.entries[i];
        if (!entry->is_directory) {
            looked->heads[i] = read_head(arena, path_join(arena, path, entry->name));
        }
    }
    if (folder->probe != NULL) {
        looked->next = folder->probe->looked;
        folder->probe->looked = looked;
    }
    return looked;
}

const char *folder_find(struct arena *arena, const struct folder *folder, entry_search *search, const void *data)
{
    const struct looked *const looked = look_into(arena, folder);
    for (size_t i = 0; i < looked->list.count && i < MOST_LOOKED; i++) {
        const struct file_entry *const entry = &looked->list.entries[i];
        if (name_is_recordable(entry->name) && search(entry->name, entry->is_directory, looked->heads[i], data)) {
            return entry->name;
        }
    }
    return NULL;
}

static bool is_test_passed(const char *name, bool is_directory, struct text head, const void *data)
{
    entry_test *const *const test = data;
    return (*test)(name, is_directory, head);
}

const char *folder_any(struct arena *arena, const struct folder *folder, entry_test *test)
{
    return folder_find(arena, folder, is_test_passed, &test);
}

bool folder_is_empty(struct arena *arena, const struct folder *folder)
{
    return look_into(arena, folder)->list.count == 0;
}
