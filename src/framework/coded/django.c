/*
 * Django: programs in the apps of a project, recorded by app and name. Facts seen with Django 3.2.25. Apps are the
 * directories of the project that have migrations; those of installed packages are not looked for, and their rows are
 * passed over.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <stdlib.h>
#include <string.h>

/* "0001_initial.py" */
static bool is_migration(const char *name)
{
    return leading_digits(text_of(name)).size >= 4 && text_ends_with(text_of(name), ".py") && strchr(name, '_') != NULL;
}

/* Migrations of one app: DIRECTORY/migrations. */
static bool list_app(struct arena *arena, const char *root, const char *directory, struct migration_files *files,
                     struct status *status)
{
    const char *const folder = path_join(arena, directory, "migrations");
    const char *const slash = strrchr(directory, '/');
    const char *const app = slash == NULL ? directory : slash + 1;
    struct file_list list;
    if (file_look(path_join(arena, root, folder), NULL) != FILE_DIRECTORY) {
        return true;
    }
    if (!directory_list(arena, path_join(arena, root, folder), &list, status)) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (list.entries[i].is_directory || !is_migration(name) || !name_is_recordable(name)) {
            continue;
        }
        struct migration_file *const file = listing_add(arena, files);
        *file = (struct migration_file){
            .name = arena_printf(arena, "%s.%.*s", app, (int)(strlen(name) - strlen(".py")), name),
            .filename = path_join(arena, folder, name),
            .is_code = true,
            .own = app,
        };
        file->path = path_join(arena, root, file->filename);
        file_look(file->path, &file->stamp);
    }
    return true;
}

static bool is_app_directory(const struct file_entry *entry)
{
    static const char *const others[] = {"node_modules", "static", "templates", "venv", "__pycache__"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(entry->name, others[i]) == 0) {
            return false;
        }
    }
    return entry->is_directory && entry->name[0] != '.' && name_is_recordable(entry->name);
}

/* Directories of the project, and of those one level below ("apps/blog"). */
static bool django_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const char *const root = path_join(arena, folder->root, folder->path);
    struct file_list top;
    *files = (struct migration_files){0};
    if (!directory_list(arena, root, &top, status)) {
        return false;
    }
    for (size_t i = 0; i < top.count; i++) {
        const char *const name = top.entries[i].name;
        struct file_list below;
        if (!is_app_directory(&top.entries[i])) {
            continue;
        }
        if (!list_app(arena, root, name, files, status) ||
            !directory_list(arena, path_join(arena, root, name), &below, status)) {
            return false;
        }
        for (size_t j = 0; j < below.count; j++) {
            if (is_app_directory(&below.entries[j]) && strcmp(below.entries[j].name, "migrations") != 0 &&
                !list_app(arena, root, path_join(arena, name, below.entries[j].name), files, status)) {
                return false;
            }
        }
    }
    return true;
}

static bool django_recognise(struct arena *arena, struct folder *folder)
{
    struct text manage;
    if (!folder_read(arena, folder, "manage.py", &manage) || text_find(manage, "django", 0) == SIZE_MAX) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->base, "manage.py");
    return true;
}

/* ---- the ledger ---- */

static bool is_known_app(const struct migration_files *files, const char *key)
{
    const size_t size = strcspn(key, ".");
    for (size_t i = 0; i < files->count; i++) {
        const char *const app = files->items[i].own;
        if (strlen(app) == size && strncmp(app, key, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool django_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_rows(
            reading, "SELECT app || '.' || name AS key, id::text AS id, applied AS applied_at FROM %t ORDER BY id")) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (reading->folder == NULL || is_known_app(reading->files, ledger_entry_key(&entries->items[i]))) {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = kept;
    return true;
}

static void django_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" bigserial NOT NULL PRIMARY KEY, \"app\" varchar(255) NOT NULL, "
                "\"name\" varchar(255) NOT NULL, \"applied\" timestamp with time zone NOT NULL);");
}

static void django_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const size_t app = strcspn(record->name, ".");
    ledger_putf(sql, ledger, "INSERT INTO %t (app, name, applied) VALUES (%s, %s, pg_catalog.clock_timestamp());",
                arena_strndup(sql->arena, record->name, app), record->name + app + 1);
}

const struct framework framework_django = {
    .id = "django",
    .display_name = "Django",
    .tool = "python manage.py migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "django_migrations", .columns = "id:int8 app:varchar name:varchar applied:timestamptz"},
            {.table = "django_migrations", .columns = "id:int4 app:varchar name:varchar applied:timestamptz"},
            {0},
        },
    .folder.places = (const char *const[]){".", NULL},
    .hooks.recognise = django_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .missing_note = "django says nothing of it unless another one depends on it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){".venv/bin/python", "venv/bin/python", "python3", NULL},
            .run = (const char *const[]){"manage.py", "migrate", "--noinput", NULL},
        },
    .folder.is_graph = true,
    .hooks.list = django_list,
    .hooks.read_ledger = django_read,
    .hooks.put_create = django_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = django_record,
};
