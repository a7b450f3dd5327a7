/*
 * The search for folders. What all frameworks ask about (the names in a package, its package.json, the first lines of a
 * folder's files) is read once a search and kept in a probe.
 */
#include "framework/core/layout.h"

#include "framework/core/configuration.h"
#include "framework/core/evidence.h"
#include "framework/core/listing.h"
#include "framework/formats/properties.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_LIMIT  ((size_t)1024 * 1024)
#define HEAD_LIMIT    4096
#define MOST_LOOKED   50   /* files of a folder that are looked into */
#define MOST_PACKAGES 1000 /* of a monorepo */

/* Directories of a project that hold packages of a monorepo, and then any directory of the project itself. */
static const char *const package_parents[] = {"packages", "apps", "services", "libs", "", NULL};
static const char *const never_packages[] = {"node_modules", "vendor", "target", "dist", "build", NULL};

/* ---- what is read once ---- */

/* A folder, and the first bytes of the files in it. */
struct looked {
    const char *path;
    struct file_list list;
    struct text *heads;
    struct looked *next;
};

/* What is known of a package. */
struct probe {
    struct file_list names; /* in it */
    bool is_listed;         /* false: the directory cannot be read, any name may be there */
    bool is_package_read;
    struct text package; /* package.json, empty where there is none */
    struct looked *looked;
    struct probe *project; /* the project's; NULL: this is it */
};

static struct probe *probe_new(struct arena *arena, const char *root, const char *base, struct probe *project)
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

/* Can there be something at this path? Its first component tells without asking the system. */
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
    return may_exist(arena, folder->probe, name) ? file_look(path_in_package(arena, folder, name), NULL) : FILE_NONE;
}

/* Text that can be read as configuration: not too long, UTF-8, no NUL. */
static bool read_text(struct arena *arena, const struct folder *folder, const char *name, struct text *content)
{
    struct status unread = {.arena = arena};
    return folder_look(arena, folder, name) == FILE_REGULAR &&
           file_read(arena, path_in_package(arena, folder, name), CONFIG_LIMIT, content, &unread) &&
           text_is_utf8(*content, NULL) && memchr(content->data, '\0', content->size) == NULL;
}

/* package.json of a package; empty where there is none. */
static struct text package_json(struct arena *arena, const struct folder *folder)
{
    struct probe *const probe = folder->probe;
    struct text content = {NULL, 0};
    if (probe != NULL && probe->is_package_read) {
        return probe->package;
    }
    if (!read_text(arena, folder, "package.json", &content)) {
        content = (struct text){NULL, 0};
    }
    if (probe != NULL) {
        probe->is_package_read = true;
        probe->package = content;
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

static bool depends_on(struct arena *arena, struct text package_json, const char *package)
{
    static const char *const kinds[] = {"dependencies", "devDependencies", "peerDependencies", NULL};
    if (text_find(package_json, arena_printf(arena, "\"%s\"", package), 0) == SIZE_MAX) {
        return false; /* by far the quickest way to say so */
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

/* The first bytes of a file; empty where it cannot be read. */
static struct text read_head(struct arena *arena, const char *path)
{
    char bytes[HEAD_LIMIT];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (fd >= 0) {
        close(fd);
    }
    return size <= 0 ? (struct text){NULL, 0} : (struct text){arena_strndup(arena, bytes, (size_t)size), (size_t)size};
}

/* Lists the folder and reads the heads of its first files, or remembers them. */
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

/* ---- one framework in one package ---- */

/* "m" of "./m/."; "." of "./". */
static struct text without_dots(struct text path)
{
    while (text_starts_with(path, "./")) {
        do {
            path = text_slice(path, 1, path.size);
        } while (text_starts_with(path, "/"));
    }
    while (path.size > 1 && (text_ends_with(path, "/") || text_ends_with(path, "/."))) {
        path.size--;
    }
    return path.size == 0 ? text_of(".") : path;
}

void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder)
{
    const struct text path = without_dots(text_of(folder->path));
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].framework == folder->framework && text_is(path, folders->items[i].path)) {
            return;
        }
    }
    folders->items = arena_grow(arena, folders->items, folders->count, &folders->capacity, sizeof *folders->items);
    struct folder *const added = &folders->items[folders->count++];
    *added = *folder;
    added->path = arena_strndup(arena, path.data, path.size);
    added->probe = NULL; /* the search ends, and files may change */
}

static bool recognise(struct arena *arena, const struct framework *framework, struct folder *folder)
{
    return framework->hooks.recognise != NULL ? framework->hooks.recognise(arena, folder)
                                              : evidence_find(arena, folder);
}

static bool configure(struct arena *arena, const struct framework *framework, struct folder *folder)
{
    const struct configuration *const configuration = framework->folder.configuration;
    return framework->hooks.configure != NULL
               ? framework->hooks.configure(arena, folder)
               : configuration != NULL && configuration_read(arena, configuration, folder);
}

/* Looks into a directory that is there. One of ours is as sure as the surer of its configuration and its content. */
static bool is_ours(struct arena *arena, struct folder *folder)
{
    const enum confidence configured = folder->confidence;
    const char *const evidence = folder->evidence;
    const struct framework *const framework = folder->framework;
    if (!recognise(arena, framework, folder)) {
        folder->confidence = configured;
        return folder->configured && framework->folder.counts_before_it_exists &&
               look_into(arena, folder)->list.count == 0;
    }
    folder->confidence = folder->confidence > configured ? folder->confidence : configured;
    folder->evidence = evidence != NULL ? evidence : folder->evidence != NULL ? folder->evidence : folder->path;
    return true;
}

/* Adds the folder if there is one of ours at its path. */
static void consider(struct arena *arena, const struct folder *folder, struct folder_list *folders)
{
    struct folder found = *folder;
    const enum file_kind kind = file_look(path_join(arena, folder->root, folder->path), NULL);
    const bool is_announced = folder->configured && folder->framework->folder.counts_before_it_exists;
    if (kind == FILE_DIRECTORY ? is_ours(arena, &found) : kind == FILE_NONE && is_announced) {
        layout_add(arena, folders, &found);
    }
}

/* What the configuration in the package says; the folder has no path where that says none. */
static struct folder configured_folder(struct arena *arena, const struct framework *framework,
                                       const struct project *project, const char *base, struct probe *probe)
{
    const struct folder plain = {.framework = framework, .root = project->root, .base = base, .probe = probe};
    struct folder folder = plain;
    folder.confidence = CONFIDENCE_CERTAIN;
    folder.configured = configure(arena, framework, &folder);
    return folder.configured ? folder : plain;
}

static void find_in_package(struct arena *arena, const struct framework *framework, const struct project *project,
                            const char *base, struct probe *probe, struct folder_list *folders)
{
    const char *const *const places = framework->folder.places;
    struct folder folder = configured_folder(arena, framework, project, base, probe);
    const size_t before = folders->count;
    if (folder.path != NULL) {
        consider(arena, &folder, folders);
        return;
    }
    for (size_t i = 0; places[i] != NULL; i++) {
        folder.path = path_join(arena, base, places[i]);
        if (folder_look(arena, &folder, places[i]) == FILE_DIRECTORY) {
            consider(arena, &folder, folders);
        }
    }
    if (folder.configured && folders->count == before && places[0] != NULL) {
        folder.path = path_join(arena, base, places[0]);
        consider(arena, &folder, folders);
    }
}

/* ---- the search ---- */

static bool search_package(struct arena *arena, const struct project *project, const char *base,
                           struct probe *project_probe, struct folder_list *folders, struct status *status)
{
    struct probe *const probe = base[0] == '\0' ? project_probe : probe_new(arena, project->root, base, project_probe);
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct framework *const framework = frameworks[i];
        if (framework->hooks.find == NULL) {
            find_in_package(arena, frameworks[i], project, base, probe, folders);
        } else if (!framework->hooks.find(arena, project, base, folders, status)) {
            return false;
        }
    }
    return true;
}

static bool is_package(const struct file_entry *entry)
{
    bool is = entry->is_directory && entry->name[0] != '.' && name_is_recordable(entry->name);
    for (size_t i = 0; is && never_packages[i] != NULL; i++) {
        is = strcmp(entry->name, never_packages[i]) != 0;
    }
    return is;
}

/* Of a project that has a folder itself only the usual parents are searched: any other directory would cost each status
 * time, and hardly ever has one. */
static bool search_packages(struct arena *arena, const struct project *project, struct probe *project_probe,
                            struct folder_list *folders, struct status *status)
{
    const bool has_own = folders->count > 0;
    size_t searched = 0;
    for (size_t i = 0; package_parents[i] != NULL; i++) {
        if (has_own && package_parents[i][0] == '\0') {
            continue;
        }
        struct status unread = {.arena = arena};
        struct file_list list;
        const char *const parent = package_parents[i];
        if (!directory_list(arena, path_join(arena, project->root, parent), &list, &unread)) {
            continue;
        }
        for (size_t j = 0; j < list.count && searched < MOST_PACKAGES; j++) {
            if (!is_package(&list.entries[j])) {
                continue;
            }
            searched++;
            const char *const base = path_join(arena, parent, list.entries[j].name);
            if (!search_package(arena, project, base, project_probe, folders, status)) {
                return false;
            }
        }
    }
    return true;
}

/* Is the nearest directory above it, of those that are there, one? */
static bool can_be_made(struct arena *arena, const char *path)
{
    char *const above = arena_strdup(arena, path);
    enum file_kind kind = file_look(above, NULL);
    for (char *slash; kind == FILE_NONE && (slash = strrchr(above, '/')) != NULL && slash > above;) {
        *slash = '\0';
        kind = file_look(above, NULL);
    }
    return kind == FILE_DIRECTORY;
}

/* The folder of --migrations, whose it may be. */
static bool find_given(struct arena *arena, const struct project *project, struct probe *probe,
                       struct folder_list *folders, struct status *status)
{
    if (!can_be_made(arena, path_join(arena, project->root, project->migrations))) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "The migrations folder %s does not exist in the project; check --migrations.",
                           project->migrations);
    }
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct framework *const framework = frameworks[i];
        if (framework->hooks.find == NULL) {
            struct folder folder = configured_folder(arena, frameworks[i], project, "", probe);
            folder.path = project->migrations;
            consider(arena, &folder, folders);
        } else if (!framework->hooks.find(arena, project, "", folders, status)) {
            return false;
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        folders->items[i].configured = true;
    }
    return true;
}

/* ---- the surest first ---- */

static bool is_surer(const struct folder *a, const struct folder *b)
{
    return a->configured != b->configured ? a->configured : a->confidence > b->confidence;
}

static void sort(struct folder_list *folders)
{
    for (size_t i = 1; i < folders->count; i++) {
        const struct folder folder = folders->items[i];
        size_t at = i;
        for (; at > 0 && is_surer(&folder, &folders->items[at - 1]); at--) {
            folders->items[at] = folders->items[at - 1];
        }
        folders->items[at] = folder;
    }
}

bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status)
{
    struct probe *const probe = probe_new(arena, project->root, "", NULL);
    const bool ok = project->migrations != NULL ? find_given(arena, project, probe, folders, status)
                                                : search_package(arena, project, "", probe, folders, status);
    if (!ok || (project->migrations == NULL && !search_packages(arena, project, probe, folders, status))) {
        return false;
    }
    sort(folders);
    return true;
}
