/*
 * A project in a directory of its own, and what a framework makes of the files that a test puts there.
 */
#ifndef TESTS_UNIT_FRAMEWORK_PROJECT_H
#define TESTS_UNIT_FRAMEWORK_PROJECT_H

#include "framework/core/framework.h"
#include "framework/core/layout.h"
#include "unit/project_files.h"

/* The only folder of the project, which this framework has. */
static const struct folder *folder_of(const char *id)
{
    struct folder_list folders = {0};
    ck_assert_msg(folders_find(arena, &project, &folders, &status), "%s", status.message);
    for (size_t i = 0; i < folders.count; i++) {
        if (strcmp(folders.items[i].framework->id, id) == 0) {
            /* cppcheck-suppress returnDanglingLifetime ; items are the arena's */
            return &folders.items[i];
        }
    }
    ck_abort_msg("no folder of %s was found", id);
}

static struct migration_files list(const struct folder *folder)
{
    struct migration_files files;
    ck_assert_msg(framework_list(arena, folder, &files, &status), "%s", status.message);
    return files;
}

/* "name=key" of each migration, joined by commas. */
static const char *listed(const char *id)
{
    const struct migration_files files = list(folder_of(id));
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&out, "%s%s=%s", i == 0 ? "" : ",", files.items[i].name, migration_file_key(&files.items[i]));
    }
    return buffer_string(&out);
}

/* Is the folder fit for a run? Else status says why. */
static inline bool is_fit(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct migration_files files = list(folder);
    return framework_check_folder(arena, folder, &files, &status);
}

static struct text content_of(const struct migration_file *file)
{
    struct text content;
    ck_assert_msg(file_read(arena, file->path, MIGRATION_FILE_LIMIT, &content, &status), "%s", status.message);
    return content;
}

/* What runs of the first migration, without the blanks around it; NULL where it is refused. */
static const char *script_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct migration_files files = list(folder);
    const struct text content = content_of(&files.items[0]);
    struct migration_script script = {.sql = content};
    const struct script_request request = {arena, &project, folder, &files.items[0], content, &script, &status};
    if (!framework_script(&request)) {
        return NULL;
    }
    const struct text sql = text_trim(script.sql);
    return arena_printf(arena, "%s%.*s", script.no_transaction ? "ALONE " : "", (int)sql.size, sql.data);
}

static inline const char *checksum_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct migration_files files = list(folder);
    /* cppcheck-suppress returnDanglingLifetime ; items are the arena's */
    return framework_checksum(arena, folder, &files.items[0], content_of(&files.items[0]));
}

/* The SQL that records the first migration. */
static inline const char *row_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct migration_files files = list(folder);
    const struct migration_file *const file = &files.items[0];
    const struct ledger ledger = {.schema = "s", .table = "t", .folder = folder};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, folder->framework, LEDGER_RECORD, &ledger,
               &(struct ledger_record){
                   .name = file->name,
                   .key = migration_file_key(file),
                   .checksum = "sum",
                   .folder = folder,
                   .file = file,
                   .script = content_of(file),
               });
    return buffer_string(&sql);
}

static inline const char *session_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    const struct ledger ledger = {.schema = "s", .table = "t", .folder = folder};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, folder->framework, LEDGER_SESSION, &ledger, NULL);
    return buffer_string(&sql);
}

static void says(const char *words)
{
    ck_assert_msg(status.message != NULL && strstr(status.message, words) != NULL, "\"%s\"", status.message);
}

#endif
