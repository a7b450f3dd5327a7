/*
 * Searches the packages of a project for each framework's folders.
 */
#include "framework/core/layout.h"

#include "base/bounds.h"
#include "base/words.h"
#include "framework/core/configuration.h"
#include "framework/core/evidence.h"
#include "framework/core/inner_path.h"
#include "framework/core/kept_name.h"
#include "framework/core/listing.h"
#include "framework/core/mention.h"
#include "framework/core/package.h"
#include "framework/core/pattern.h"
#include "framework/core/search_time.h"
#include "framework/core/walk.h"
#include "framework/core/workspace.h"

#include <string.h>

/* ---- one framework in one package ---- */

static const char *const *plain_paths(struct arena *arena, const char *const *paths)
{
    struct words plain = {0};
    for (; paths != NULL && *paths != NULL; paths++) {
        words_add(arena, &plain, plain_path(arena, *paths));
    }
    return paths == NULL ? NULL : words_list(arena, &plain);
}

void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder)
{
    const char *const path = plain_path(arena, folder->path);
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].framework == folder->framework && strcmp(path, folders->items[i].path) == 0) {
            return;
        }
    }
    folders->items = arena_grow(arena, folders->items, folders->count, &folders->capacity, sizeof *folders->items);
    struct folder *const added = &folders->items[folders->count++];
    *added = *folder;
    added->path = path;
    added->others = plain_paths(arena, folder->others);
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

/* Examines an existing directory. It is as certain as the more certain of its configuration and its content. */
static bool is_ours(struct arena *arena, struct folder *folder)
{
    const enum confidence configured = folder->confidence;
    const char *const evidence = folder->evidence;
    const struct framework *const framework = folder->framework;
    if (!recognise(arena, framework, folder)) {
        folder->confidence = configured;
        return folder->configured && framework->folder.counts_before_it_exists && folder_is_empty(arena, folder);
    }
    folder->confidence = folder->confidence > configured ? folder->confidence : configured;
    folder->evidence = evidence != NULL ? evidence : folder->evidence != NULL ? folder->evidence : folder->path;
    return true;
}

bool layout_is_asked(const struct project *project, const struct framework *framework)
{
    return project->framework != NULL && strcmp(project->framework, framework->id) == 0;
}

/* Adds the folder as what the user says it is, unless it is already listed. */
static void add_asked(struct arena *arena, const struct folder *folder, struct folder_list *folders)
{
    struct folder asked = *folder;
    const char *const outside = bounds_why_not(arena, path_join(arena, folder->root, folder->path));
    asked.outside = outside == NULL ? folder->outside : outside;
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].framework == folder->framework) {
            return;
        }
    }
    asked.confidence = CONFIDENCE_CERTAIN;
    asked.evidence = "it was asked for";
    layout_add(arena, folders, &asked);
}

void layout_note_unreadable(struct folder_list *folders, const char *path, const char *whole)
{
    if (folders->unreadable == NULL && file_look(whole, NULL) == FILE_DIRECTORY && !directory_is_readable(whole)) {
        folders->unreadable = path;
    }
}

/* Adds the folder if the framework recognises it. A folder that the configuration names is also added if it does not
 * exist or is not recognised, so that this is reported. */
static void consider(struct arena *arena, const struct folder *folder, struct folder_list *folders)
{
    struct folder found = *folder;
    const char *const whole = path_join(arena, folder->root, folder->path);
    const enum file_kind kind = file_look(whole, NULL);
    const bool is_announced =
        folder->configured &&
        (folder->is_named || folder->framework->folder.counts_before_it_exists || folder->unread != NULL);
    layout_note_unreadable(folders, folder->path, whole);
    const char *const outside = kind == FILE_DIRECTORY ? bounds_why_not(arena, whole) : NULL;
    found.outside = folder->outside == NULL ? outside : folder->outside;
    if (outside != NULL) {
        folders->outside = folders->outside == NULL ? outside : folders->outside;
        if (is_announced) {
            layout_add(arena, folders, &found);
        }
        return;
    }
    const bool is_ours_now = kind == FILE_DIRECTORY && is_ours(arena, &found);
    if (is_ours_now || (is_announced && (kind == FILE_NONE || folder->is_named || folder->unread != NULL))) {
        layout_add(arena, folders, is_ours_now ? &found : folder);
    }
}

/* The folder in the package's configuration; its path is NULL if that names none. */
static struct folder configured_folder(struct arena *arena, const struct framework *framework,
                                       const struct project *project, const char *base, struct probe *probe)
{
    const struct folder plain = {
        .framework = framework, .root = project->root, .base = base, .probe = probe, .given = project->migrations};
    struct folder folder = plain;
    struct bounds reading;
    folder.confidence = CONFIDENCE_CERTAIN;
    bounds_enter_part(&reading, arena);
    folder.configured = configure(arena, framework, &folder);
    ledger_keep_names(arena, &folder.ledger);
    bounds_leave(&reading);
    folder.is_named = folder.configured && folder.path != NULL;
    struct folder found = folder.configured ? folder : plain;
    found.outside = reading.note;
    return found;
}

/* The search of one package. */
struct package_search {
    struct arena *arena;
    const struct project *project;
    const char *base;    /* "" for the project itself */
    struct probe *probe; /* of the package */
    struct folder_list *folders;
};

static void find_in_package(const struct package_search *search, const struct framework *framework)
{
    struct arena *const arena = search->arena;
    struct folder_list *const folders = search->folders;
    const char *const base = search->base;
    const char *const *const places = framework->folder.places;
    struct folder folder = configured_folder(arena, framework, search->project, base, search->probe);
    const size_t before = folders->count;
    struct bounds looking;
    if (folder.path != NULL) {
        consider(arena, &folder, folders);
        return;
    }
    bounds_enter_part(&looking, arena);
    for (size_t i = 0; places[i] != NULL; i++) {
        folder.path = path_join(arena, base, places[i]);
        if (folder_look(arena, &folder, places[i]) == FILE_DIRECTORY) {
            consider(arena, &folder, folders);
        }
    }
    bounds_leave(&looking);
    folders->outside = folders->outside == NULL ? looking.note : folders->outside;
    if (folder.configured && folders->count == before && places[0] != NULL) {
        folder.path = path_join(arena, base, places[0]);
        consider(arena, &folder, folders);
    }
    for (size_t i = 0; layout_is_asked(search->project, framework) && base[0] == '\0' && places[i] != NULL; i++) {
        folder.path = path_join(arena, base, places[i]);
        if (folder_look(arena, &folder, places[i]) == FILE_DIRECTORY && strcmp(places[i], ".") != 0) {
            add_asked(arena, &folder, folders);
        }
    }
}

/* ---- the search ---- */

static const struct framework *const *all_of(const struct project *project)
{
    return project->frameworks == NULL ? frameworks : project->frameworks;
}

/* With the framework's own search. If a link out of the project was not followed, that may have been needed. */
static bool find_itself(const struct package_search *search, const struct framework *framework, struct status *status)
{
    struct arena *const arena = search->arena;
    struct folder_list *const folders = search->folders;
    const size_t before = folders->count;
    struct bounds reading;
    bounds_enter_part(&reading, arena);
    const bool ok = framework->hooks.find(arena, search->project, search->base, folders, status);
    for (size_t i = before; i < folders->count; i++) {
        struct folder *const folder = &folders->items[i];
        const char *const why = bounds_why_not(arena, path_join(arena, folder->root, folder->path));
        folder->outside = why == NULL ? reading.note : why;
    }
    bounds_leave(&reading);
    folders->outside = folders->outside == NULL ? reading.note : folders->outside;
    return ok;
}

static bool search_package(const struct package_search *search, struct status *status)
{
    const struct framework *const *const all = all_of(search->project);
    for (size_t i = 0; all[i] != NULL; i++) {
        const struct framework *const framework = all[i];
        if (!search_goes_on(search->project, status)) {
            return false;
        }
        if (framework->hooks.find == NULL) {
            find_in_package(search, framework);
        } else if (!find_itself(search, framework, status)) {
            return false;
        }
    }
    return true;
}

static bool search_one(const struct package_search *whole, const char *base, struct status *status)
{
    struct package_search search = *whole;
    search.base = base;
    search.probe = probe_new(whole->arena, whole->project->root, base, whole->probe);
    return search_package(&search, status);
}

/* Searches the packages named by the project, which `whole` has searched. */
static bool search_packages(const struct package_search *whole, const struct workspace *workspace,
                            struct status *status)
{
    for (size_t i = 0; i < workspace->count; i++) {
        if (!search_one(whole, workspace->packages[i], status)) {
            return false;
        }
    }
    return true;
}

/* ---- the walk ---- */

/* Is it one of the folders, or below one? */
static bool is_found(const struct folder_list *folders, const char *path)
{
    bool is = false;
    for (size_t i = 0; !is && i < folders->count; i++) {
        is = path_is_within(folders->items[i].path, path);
    }
    return is;
}

static bool is_searched(const struct workspace *workspace, const char *package)
{
    size_t i = 0;
    while (i < workspace->count && strcmp(workspace->packages[i], package) != 0) {
        i++;
    }
    return i < workspace->count;
}

static bool fits_lock(const char *name, bool is_directory, struct text head, const void *pattern)
{
    (void)head;
    return !is_directory && pattern_fits(pattern, text_of(name), NULL);
}

/* Does the directory contain the file that identifies the folders of a framework with its own search? */
static bool has_lock(struct arena *arena, const struct folder *folder)
{
    const char *const pattern = folder->framework->folder.lock;
    return pattern != NULL && folder_find(arena, folder, fits_lock, pattern) != NULL;
}

/* Asks every framework whether it recognises a directory of the package, unless the package's configuration names
 * another. */
static bool ask_all(const struct package_search *search, const char *path, struct status *status)
{
    struct arena *const arena = search->arena;
    const struct framework *const *const all = all_of(search->project);
    struct project given = *search->project;
    given.migrations = path;
    struct package_search walked = *search;
    walked.project = &given;
    for (size_t i = 0; all[i] != NULL; i++) {
        struct folder folder = {
            .framework = all[i], .root = given.root, .base = search->base, .path = path, .probe = search->probe};
        if (all[i]->hooks.find == NULL) {
            folder = configured_folder(arena, all[i], &given, search->base, search->probe);
            if (folder.path == NULL) {
                folder.path = path;
                folder.unread = NULL;
                consider(arena, &folder, search->folders);
            }
        } else if (has_lock(arena, &folder) && !find_itself(&walked, all[i], status)) {
            return false;
        }
    }
    return true;
}

/* Directories that look like folders of migrations, wherever they are. */
static bool ask_walked(const struct package_search *whole, const struct walk *walk, struct status *status)
{
    struct package_search search = *whole;
    for (size_t i = 0; i < walk->folder_count; i++) {
        const struct walked_folder *const folder = &walk->folders[i];
        if (strcmp(search.base, folder->base) != 0) {
            search.base = folder->base;
            search.probe = folder->base[0] == '\0'
                               ? whole->probe
                               : probe_new(whole->arena, whole->project->root, folder->base, whole->probe);
        }
        if (!search_goes_on(whole->project, status) ||
            (!is_found(whole->folders, folder->path) && !ask_all(&search, folder->path, status))) {
            return false;
        }
    }
    return true;
}

/* The same, and packages that no workspace file names. */
static bool search_everywhere(const struct package_search *whole, const struct workspace *workspace,
                              struct status *status)
{
    struct folder_list *const folders = whole->folders;
    const size_t before = folders->count;
    struct walk walk;
    walk_project(whole->arena, whole->project->root, &walk);
    for (size_t i = 0; i < walk.package_count; i++) {
        const char *const package = walk.packages[i];
        if (!is_searched(workspace, package) && !is_found(folders, package) && !search_one(whole, package, status)) {
            return false;
        }
    }
    if (!ask_walked(whole, &walk, status)) {
        return false;
    }
    for (size_t i = before; i < folders->count; i++) {
        folders->items[i].is_walked = true;
    }
    folders->is_cut = walk.is_cut;
    return true;
}

static bool has_folder_of(const struct folder_list *folders, const struct framework *framework)
{
    size_t i = 0;
    while (i < folders->count && folders->items[i].framework != framework) {
        i++;
    }
    return i < folders->count;
}

/* Tools on which the project depends and for which nothing was found; ended by NULL. */
static const struct framework *const *missing_tools(const struct package_search *whole)
{
    const struct framework *const *const all = all_of(whole->project);
    size_t total = 0;
    size_t count = 0;
    while (all[total] != NULL) {
        total++;
    }
    const struct framework **const missing = arena_array(whole->arena, total + 1, sizeof(const struct framework *));
    for (size_t i = 0; i < total; i++) {
        const struct folder own = {
            .framework = all[i], .root = whole->project->root, .base = "", .path = "", .probe = whole->probe};
        if (all[i]->folder.named_by != NULL && !has_folder_of(whole->folders, all[i]) &&
            evidence_holds(whole->arena, &own, all[i]->folder.named_by)) {
            missing[count++] = all[i];
        }
    }
    missing[count] = NULL;
    return missing;
}

/* Searches for their folders everywhere: they are in no usual place, and what was found in one may be a by-product, or
 * for another database. */
static bool search_missing(const struct package_search *whole, struct status *status)
{
    struct project project = *whole->project;
    struct package_search search = *whole;
    struct walk walk;
    project.frameworks = missing_tools(whole);
    search.project = &project;
    if (project.frameworks[0] == NULL) {
        return true;
    }
    walk_project(whole->arena, project.root, &walk);
    return ask_walked(&search, &walk, status);
}

/* Searches the packages; and if the project itself has no folder, everything in it. */
static bool search_beyond(const struct package_search *whole, struct status *status)
{
    struct workspace workspace = {0};
    const bool has_own = whole->folders->count > 0;
    workspace_find(whole->arena, whole->project->root, has_own, &workspace);
    return search_packages(whole, &workspace, status) &&
           (has_own ? search_missing(whole, status) : search_everywhere(whole, &workspace, status));
}

/* Is the nearest existing parent a directory? */
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

/* --migrations. If a configuration names it and further folders, those are read as well. */
static void take_given(struct arena *arena, const struct project *project, struct folder *folder)
{
    const bool is_same =
        folder->path != NULL && strcmp(plain_path(arena, folder->path), plain_path(arena, project->migrations)) == 0;
    folder->others = is_same ? folder->others : NULL;
    folder->path = project->migrations;
}

/* Finds the framework of the folder in --migrations. */
static bool find_given(struct arena *arena, const struct project *project, struct probe *probe,
                       struct folder_list *folders, struct status *status)
{
    if (!can_be_made(arena, path_join(arena, project->root, project->migrations))) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "The migrations folder %s does not exist in the project; check --migrations.",
                           project->migrations);
    }
    const struct package_search here = {arena, project, "", probe, folders};
    const struct framework *const *const all = all_of(project);
    for (size_t i = 0; all[i] != NULL; i++) {
        const struct framework *const framework = all[i];
        if (framework->hooks.find == NULL) {
            struct folder folder = configured_folder(arena, framework, project, "", probe);
            take_given(arena, project, &folder);
            folder.unread = NULL;
            consider(arena, &folder, folders);
        } else if (!find_itself(&here, framework, status)) {
            return false;
        }
    }
    for (size_t i = 0; project->framework != NULL && all[i] != NULL; i++) {
        if (layout_is_asked(project, all[i])) {
            struct folder folder = configured_folder(arena, all[i], project, "", probe);
            take_given(arena, project, &folder);
            add_asked(arena, &folder, folders);
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        folders->items[i].configured = true;
    }
    return true;
}

bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status)
{
    const struct package_search whole = {arena, project, "", probe_new(arena, project->root, "", NULL), folders};
    const bool ok = project->migrations != NULL ? find_given(arena, project, whole.probe, folders, status)
                                                : search_package(&whole, status);
    if (!ok || (project->migrations == NULL && !search_beyond(&whole, status))) {
        return false;
    }
    layout_settle(arena, project, folders);
    mentions_note(arena, project, folders);
    return true;
}
