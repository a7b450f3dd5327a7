/*
 * There are two ways. If a migration is a file and its checksum is computed of that, each version of the file is
 * compared with the tracking table. If the framework's listing computes the checksum (Liquibase's changesets, Atlas's
 * chain), if a file contains several migrations, or if file and name are gone, the versions of the whole folder are
 * written to a temporary folder, which the framework lists like today's.
 */
#include "migration/past/search.h"

#include "base/digest.h"
#include "base/files.h"
#include "framework/core/script_data.h"
#include "migration/look/content.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTER "version https://git-lfs.github.com/spec/v1"

#define MOST_DELETIONS 100000

struct deletion {
    struct past_commit commit;
    const char *path;
    const char *to;
};

/* A migration as the framework lists it. */
struct listed {
    const struct migration_files *files;
    const struct migration_file *file; /* NULL: it does not exist */
};

struct searching {
    const struct request *request;
    const struct catalog *catalog;
    const struct catalog_item *item;
    struct past_result *result;
    const char *stored;  /* the tracking table's checksum; NULL: none */
    int64_t until;       /* if stored is NULL: when it was applied, or NO_TIME */
    struct text content; /* of the current version, until the next piece */
    const char *place;
    struct folder folder; /* the copy, if the whole folder is searched */
    const char *copy;
    const char *prefix; /* of the folder in the repository, with a slash at its end */
    bool failed;
    struct deletion *deletions;
    size_t deletion_count;
    size_t deletion_capacity;
    struct past_commit newer; /* the previously reported version, which is the next newer one */
    const char *newer_sum;
};

/* ---- comparing a version ---- */

static bool is_checksum(const struct searching *searching, struct arena *arena, const struct folder *folder,
                        const struct migration_file *file, struct text content)
{
    const struct framework *const framework = searching->catalog->detection.framework;
    const char *const checksum =
        file->checksum != NULL ? file->checksum : framework_checksum(arena, folder, file, content);
    return (checksum != NULL && strcmp(checksum, searching->stored) == 0) ||
           (framework->hooks.checksum_matches != NULL &&
            framework->hooks.checksum_matches(arena, folder, file, searching->stored, content));
}

/* The text with the other kind of line endings: git may store others than the files have. */
static struct text other_endings(struct arena *arena, struct text content)
{
    return text_with_endings(arena, content, content.size == 0 || memchr(content.data, '\r', content.size) == NULL);
}

static bool file_fits(const struct searching *searching, const struct past_commit *commit, bool *other)
{
    const struct folder *const folder = &searching->catalog->detection.folder;
    *other = false;
    if (searching->stored == NULL) {
        return commit->is_of_head && commit->at <= searching->until;
    }
    struct arena *const trying = arena_new(0);
    bool fits = is_checksum(searching, trying, folder, searching->item->file, searching->content);
    if (!fits) {
        fits = *other =
            is_checksum(searching, trying, folder, searching->item->file, other_endings(trying, searching->content));
    }
    arena_free(trying);
    return fits;
}

static struct past_version version_of(const struct searching *searching, const struct past_commit *commit)
{
    struct arena *const arena = searching->request->arena;
    return (struct past_version){
        .commit = *commit,
        .place = text_clean(arena, searching->place, 4000),
        .content = {arena_strndup(arena, searching->content.data, searching->content.size), searching->content.size},
    };
}

static void keep_later(struct past_result *result, const struct past_commit *commit)
{
    if (commit->is_of_head && result->later_count < PAST_LATER) {
        result->later[result->later_count++] = *commit;
    }
}

/* ---- the versions of a file ---- */

static bool take_file(void *data, const char *path, const char *place, struct text content)
{
    struct searching *const searching = data;
    struct arena *const arena = searching->request->arena;
    (void)path;
    searching->place = arena_strdup(arena, place);
    searching->content = (struct text){arena_strndup(arena, content.data, content.size), content.size};
    searching->result->has_pointers = searching->result->has_pointers || text_starts_with(content, POINTER);
    return true;
}

static bool take_version(void *data, const struct past_commit *commit)
{
    struct searching *const searching = data;
    struct past_result *const result = searching->result;
    bool other;
    if (searching->place == NULL) { /* too large, or a link */
        return true;
    }
    if (result->last.commit.id == NULL) {
        result->last = version_of(searching, commit);
    }
    if (file_fits(searching, commit, &other)) {
        result->fit = version_of(searching, commit);
        result->fit.has_other_endings = other;
        return false;
    }
    keep_later(result, commit);
    searching->place = NULL;
    return true;
}

/* ---- the versions of a folder ---- */

static const char *copied(const struct searching *searching, struct arena *arena, const char *path)
{
    return path_join(arena, path_join(arena, searching->copy, searching->folder.path), path);
}

static bool lay_out(void *data, const char *path, const char *place, struct text content)
{
    struct searching *const searching = data;
    struct arena *const writing = arena_new(0);
    const size_t size = strlen(place) - (strlen(place) < strlen(path) ? 0 : strlen(path));
    searching->prefix = arena_strndup(searching->request->arena, place, size);
    searching->failed = !path_is_inside(path) || !past_file_write(writing, copied(searching, writing, path), content,
                                                                  searching->request->status);
    arena_free(writing);
    return !searching->failed;
}

static bool take_away(void *data, const char *path)
{
    struct searching *const searching = data;
    struct arena *const removing = arena_new(0);
    if (path_is_inside(path)) {
        directory_remove(copied(searching, removing, path));
    }
    arena_free(removing);
    return true;
}

static const struct migration_file *find_key(const struct migration_files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(migration_file_key(&files->items[i]), key) == 0 && !files->items[i].missing) {
            return &files->items[i];
        }
    }
    return NULL;
}

static bool note_deleted(void *data, const struct past_commit *commit, const char *path, const char *to)
{
    struct searching *const searching = data;
    struct arena *const arena = searching->request->arena;
    searching->deletions = arena_grow(arena, searching->deletions, searching->deletion_count,
                                      &searching->deletion_capacity, sizeof *searching->deletions);
    searching->deletions[searching->deletion_count++] =
        (struct deletion){*commit, arena_strdup(arena, path), to[0] == '\0' ? NULL : text_clean(arena, to, 4000)};
    return searching->deletion_count < MOST_DELETIONS;
}

/* Finds the commit that removed this file, among those newer than the version that has it. */
static void find_deletion(struct searching *searching, const char *filename)
{
    for (size_t i = 0; i < searching->deletion_count; i++) {
        if (strcmp(searching->deletions[i].path, filename) == 0) {
            searching->result->deleted = searching->deletions[i].commit;
            searching->result->moved_to = searching->deletions[i].to;
        }
    }
}

/* Takes the migration from the copy of a version: what was sent of it, or its file. */
static bool take_listed(struct searching *searching, struct arena *arena, const struct past_commit *commit,
                        const struct listed *listed)
{
    struct past_result *const result = searching->result;
    const struct migration_file *const file = listed->file;
    struct status status = {.arena = arena};
    struct text content;
    if (!migration_content(arena, file, LIMIT_HISTORY_FILE, &content, &status) ||
        !file_read(arena, file->path, LIMIT_HISTORY_FILE, &searching->content, &status)) {
        return false;
    }
    const bool fits = searching->stored != NULL
                          ? is_checksum(searching, arena, &searching->folder, file, content)
                          : searching->item->file != NULL && commit->is_of_head && commit->at <= searching->until;
    if (fits || result->last.commit.id == NULL) {
        searching->place = arena_printf(arena, "%s%s", searching->prefix, file->filename);
        struct past_version version = version_of(searching, commit);
        version.sql =
            past_is_part(listed->files, file) ? past_sql(searching->request, &searching->folder, file) : version.sql;
        result->last = result->last.commit.id == NULL ? version : result->last;
        result->fit = fits ? version : result->fit;
    }
    return true;
}

/* Of the commits that changed the folder, notes those that changed this migration: its text differs in the version
 * before. */
static void note_change(struct searching *searching, struct arena *arena, const struct past_commit *commit,
                        const struct migration_file *file)
{
    const char *sum = "";
    struct text text = file == NULL ? (struct text){0} : past_sql(searching->request, &searching->folder, file);
    if (file != NULL) {
        sum = sha256_hex_of(arena, text.data == NULL ? searching->content : text);
    }
    if (searching->newer.id != NULL && strcmp(sum, searching->newer_sum) != 0) {
        keep_later(searching->result, &searching->newer);
    }
    searching->newer = *commit;
    searching->newer_sum = arena_strdup(searching->request->arena, sum);
}

static bool list_version(void *data, const struct past_commit *commit)
{
    struct searching *const searching = data;
    struct past_result *const result = searching->result;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct migration_files files = {0};
    const bool ok = framework_list(arena, &searching->folder, &files, &status);
    struct listed listed = {&files, ok ? find_key(&files, searching->item->key) : NULL};
    const bool was_there = result->last.commit.id != NULL;
    if (!ok && result->unlisted == NULL) {
        result->unlisted = arena_strdup(searching->request->arena, status.message);
    }
    if (listed.file != NULL && !take_listed(searching, arena, commit, &listed)) {
        listed.file = NULL;
    }
    if (listed.file != NULL && !was_there) {
        result->deleted = searching->newer; /* the next newer version did not have it */
        find_deletion(searching, listed.file->filename);
    }
    note_change(searching, arena, commit, listed.file);
    arena_free(arena);
    return result->fit.commit.id == NULL &&
           (result->last.commit.id == NULL || searching->stored != NULL || searching->item->file != NULL);
}

/* ---- what to search ---- */

bool past_is_part(const struct migration_files *files, const struct migration_file *file)
{
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++) {
        count += strcmp(files->items[i].filename, file->filename) == 0 ? 1 : 0;
    }
    return count > 1 || file->end != 0;
}

struct text past_sql(const struct request *request, const struct folder *folder, const struct migration_file *file)
{
    struct status ignored = {.arena = request->arena};
    struct migration_script script = {0};
    struct text content;
    if (file->is_code || !migration_content(request->arena, file, MIGRATION_FILE_LIMIT, &content, &ignored)) {
        return (struct text){0};
    }
    const struct script_request asked = {request->arena, &request->site->project, folder, file, content, &script,
                                         &ignored};
    if (!framework_script(&asked)) {
        return (struct text){0};
    }
    const struct text sql = script_with_data(request->arena, &script);
    return (struct text){arena_strndup(request->arena, sql.data, sql.size), sql.size};
}

/* Must the framework list the folder to find this migration? */
static bool wants_folder(const struct searching *searching)
{
    const struct catalog_item *const item = searching->item;
    const struct framework *const framework = searching->catalog->detection.framework;
    return item->file == NULL || item->file->missing || item->file->end != 0 || item->file->checksum != NULL ||
           past_is_part(&searching->catalog->files, item->file) ||
           (searching->stored != NULL && !framework_has_checksum(framework));
}

static bool leads_up(const char *path)
{
    const size_t size = strlen(path);
    return path[0] == '/' || strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0 || strstr(path, "/../") != NULL ||
           (size > 2 && strcmp(path + size - 3, "/..") == 0);
}

static bool search_folder(struct searching *searching, const struct past_question *question)
{
    const struct request *const request = searching->request;
    const struct past_listener listener = {searching, note_deleted, lay_out, take_away, list_version};
    searching->folder = searching->catalog->detection.folder;
    searching->folder.path = leads_up(searching->folder.path) ? "migrations" : searching->folder.path;
    searching->copy = temporary_directory(request->arena, "past", request->status);
    if (searching->copy == NULL) {
        return false;
    }
    searching->folder.root = searching->copy;
    const bool ok = past_git(question, &listener, &searching->result->search) && !searching->failed;
    directory_remove(searching->copy);
    return ok;
}

/* The folder outside of which nothing may be read: the project, or one that the operator has named. */
static const char *root_of(const struct request *request, const char *path)
{
    const struct project *const project = &request->site->project;
    const char *const named =
        project->migrations == NULL ? NULL : path_join(request->arena, project->root, project->migrations);
    return named != NULL && !file_is_within(project->root, path) && file_is_within(named, path) ? named : project->root;
}

static const char *absolute(struct arena *arena, const char *path)
{
    char *const here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    const char *const whole = here == NULL ? path : path_join(arena, here, path);
    free(here);
    return whole;
}

bool past_search(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                 struct past_result *result)
{
    const struct ledger_entry *const entry = item->entry;
    const struct folder *const folder = &catalog->detection.folder;
    struct searching searching = {.request = request, .catalog = catalog, .item = item, .result = result};
    *result = (struct past_result){0};
    searching.stored = entry->checksum;
    searching.until = entry->finished_at != NO_TIME ? entry->finished_at : entry->started_at;
    const bool whole = wants_folder(&searching);
    const char *const path = whole ? path_join(request->arena, folder->root, folder->path) : item->file->path;
    const struct past_question question = {.request = request,
                                           .root = absolute(request->arena, root_of(request, path)),
                                           .path = absolute(request->arena, path),
                                           .is_folder = whole,
                                           .arena = request->arena};
    const struct past_listener listener = {&searching, NULL, take_file, NULL, take_version};
    return whole ? search_folder(&searching, &question) : past_git(&question, &listener, &result->search);
}
