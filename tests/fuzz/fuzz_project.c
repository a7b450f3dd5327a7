/*
 * A whole project with one file replaced by any bytes: its folders are found, listed, and each migration is read,
 * planned and judged, as a status, a plan and a new migration would. The input is the file's name, a line's end, and
 * its new content: "goose/project/migrations/001_a.sql\nSELECT 1". A name that no real tool's project has is taken for
 * one of them.
 *
 * The projects are those of tests/fixtures/frameworks, copied to memory.
 */
#include "framework/core/framework.h"
#include "framework/core/layout.h"
#include "migration/look/content.h"
#include "migration/plan/cut/cut.h"
#include "sql/effects.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FILES     1024
#define MOST_FOLDERS   6
#define MOST_READ      12
#define MOST_STEPS     8
#define SMALL_ENOUGH   ((off_t)20000)
#define NUMBER_OF_DIRS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct sample {
    char *path;
    const char *name; /* in path, behind the directory of all projects */
    char *content;
    size_t size;
};

static struct sample samples[MOST_FILES];
static size_t sample_count;
static char place[] = "/dev/shm/truss-fuzz-XXXXXX";

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* ---- the projects ---- */

static void spill(const struct sample *sample, const void *content, size_t size)
{
    const int fd = open(sample->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    must(fd >= 0 && write(fd, content, size) == (ssize_t)size);
    close(fd);
}

static int remember(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F || stat->st_size > SMALL_ENOUGH || sample_count == MOST_FILES) {
        return 0;
    }
    struct sample *const sample = &samples[sample_count++];
    sample->path = memory_alloc(strlen(path) + 1);
    memcpy(sample->path, path, strlen(path) + 1);
    sample->name = sample->path + sizeof place;
    sample->size = (size_t)stat->st_size;
    sample->content = memory_alloc(sample->size + 1);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd >= 0 && read(fd, sample->content, sample->size) == stat->st_size);
    close(fd);
    return 0;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct sample *)one)->name, ((const struct sample *)other)->name);
}

static void remove_place(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place);
    must(system(command) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char command[512];
    must(mkdtemp(place) != NULL && atexit(remove_place) == 0);
    snprintf(command, sizeof command,
             "cd '%s' && for one in */project; do mkdir '%s'/\"${one%%/project}\" && cp -R \"$one\" "
             "'%s'/\"${one%%/project}\"; done",
             FIXTURES, place, place);
    must(system(command) == 0 && nftw(place, remember, NUMBER_OF_DIRS, FTW_PHYS) == 0 && sample_count > 0);
    qsort(samples, sample_count, sizeof samples[0], by_name);
    return 0;
}

/* ---- what reads them ---- */

static const char *text_column(void *data, const char *schema, const char *table, const char *column)
{
    (void)data;
    (void)schema;
    (void)table;
    (void)column;
    return "text";
}

static void judge(struct arena *arena, struct text script, const struct plan *plan)
{
    const struct sql_facts facts = {.server_version = 150000, .column_type = text_column};
    for (size_t i = 0; i < plan->count && i < MOST_STEPS; i++) {
        struct sql_effects effects;
        sql_effects(arena, text_slice(script, plan->steps[i].start, plan->steps[i].end), &facts, NULL, &effects);
    }
}

static void read_migration(struct arena *arena, const struct project *project, const struct folder *folder,
                           const struct migration_file *file)
{
    const struct framework *const framework = folder->framework;
    struct status status = {.arena = arena};
    struct loaded loaded;
    struct plan plan;
    const struct migration_place at = {project, folder, file};
    if (!migration_load(arena, &at, &loaded, &status)) {
        must(status.code != STATUS_OK && status.message != NULL);
        return;
    }
    const char *const checksum =
        framework_has_checksum(framework) ? framework_checksum(arena, folder, file, loaded.content) : NULL;
    if (checksum != NULL && framework->hooks.checksum_matches != NULL) {
        framework->hooks.checksum_matches(arena, folder, file, checksum, loaded.content);
    }
    if (file->is_code) {
        return;
    }
    const struct plan_options options = {.sent = framework->sent, .is_wish = loaded.script.no_transaction};
    if (plan_build(arena, loaded.script.sql, &options, &plan, &status)) {
        judge(arena, loaded.script.sql, &plan);
    } else {
        must(status.code != STATUS_OK && status.message != NULL);
    }
}

/* A file that is made stays inside its folder. */
static void create(struct arena *arena, const struct folder *folder)
{
    struct status status = {.arena = arena};
    struct new_migration made = {.title = "add x", .wall_us = INT64_C(1700000000000000)};
    if (framework_can_create(folder->framework) && framework_create_migration(arena, folder, &made, &status)) {
        must(made.file[0] != '/' && strcmp(made.file, "..") != 0 && strncmp(made.file, "../", 3) != 0 &&
             strstr(made.file, "/../") == NULL);
    }
}

static void read_folder(struct arena *arena, const struct project *project, const struct folder *folder)
{
    struct status status = {.arena = arena};
    struct migration_files files = {0};
    if (!framework_list(arena, folder, &files, &status)) {
        must(status.code != STATUS_OK && status.message != NULL);
        return;
    }
    if (!framework_check_folder(arena, folder, &files, &status)) {
        must(status.code != STATUS_OK && status.message != NULL);
    }
    for (size_t i = 0; i < files.count && i < MOST_READ; i++) {
        const struct migration_file *const file = &files.items[i];
        must(file->name != NULL && file->filename != NULL && text_is_utf8(text_of(file->name), NULL));
        if (!file->missing) {
            read_migration(arena, project, folder, file);
        }
    }
    create(arena, folder);
}

static void read_project(const char *root)
{
    struct arena *const arena = arena_new(0);
    const struct project project = {.root = root, .database = "d", .user = "u"};
    struct status status = {.arena = arena};
    struct folder_list folders = {0};
    if (folders_find(arena, &project, &folders, &status)) {
        for (size_t i = 0; i < folders.count && i < MOST_FOLDERS; i++) {
            read_folder(arena, &project, &folders.items[i]);
        }
    } else {
        must(status.code != STATUS_OK && status.message != NULL);
    }
    arena_free(arena);
}

/* ---- the input ---- */

static const struct sample *sample_of(struct text name)
{
    size_t sum = 0;
    for (size_t i = 0; i < sample_count; i++) {
        if (text_is(name, samples[i].name)) {
            return &samples[i];
        }
    }
    for (size_t i = 0; i < name.size; i++) {
        sum = sum * 31 + (unsigned char)name.data[i];
    }
    return &samples[sum % sample_count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *const end = size == 0 ? NULL : memchr(data, '\n', size);
    if (end == NULL) {
        return 0;
    }
    char root[256];
    const struct text name = {(const char *)data, (size_t)(end - data)};
    const struct sample *const sample = sample_of(name);
    snprintf(root, sizeof root, "%s/%.*s/project", place, (int)strcspn(sample->name, "/"), sample->name);
    spill(sample, end + 1, size - name.size - 1);
    read_project(root);
    spill(sample, sample->content, sample->size);
    return 0;
}
