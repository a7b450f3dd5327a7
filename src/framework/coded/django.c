/*
 * Django: programs in the apps of a project, recorded by app and name. Facts seen with Django 3.2.25. Apps are the
 * directories of the project that have migrations; those of installed packages are not looked for, and their rows are
 * passed over.
 */
#include "framework/core/listing.h"

#include "base/words.h"
#include "framework/core/reading.h"

#include <stdint.h>
#include <string.h>

#define MOST_DEPTH 6 /* of directories in which apps are */

/* "0001_initial.py" */
static bool is_migration(const char *name)
{
    return leading_digits(text_of(name)).size >= 4 && text_ends_with(text_of(name), ".py") && strchr(name, '_') != NULL;
}

#define APPS_LIMIT ((size_t)256 * 1024)

/* label = "shop_orders" of the AppConfig in DIRECTORY/apps.py, by which rows have the app; NULL: it has none that
 * stands there as text. */
static const char *label_of(struct arena *arena, const char *root, const char *directory)
{
    const char *const path = path_join(arena, path_join(arena, root, directory), "apps.py");
    struct status unread = {.arena = arena};
    struct text rest;
    const char *label = NULL;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read(arena, path, APPS_LIMIT, &rest, &unread)) {
        return NULL;
    }
    for (struct text line; text_next_line(&rest, &line);) {
        const struct text said = text_trim(line);
        const size_t equals = text_find(said, "=", 0);
        const struct text name = text_trim(text_slice(said, 0, equals == SIZE_MAX ? 0 : equals));
        const struct text value = text_trim(text_slice(said, equals == SIZE_MAX ? said.size : equals + 1, said.size));
        const bool is_label = text_is(text_trim(text_slice(name, 0, text_find(name, ":", 0))), "label");
        const size_t end = !is_label || value.size < 2 || strchr("'\"", value.data[0]) == NULL
                               ? SIZE_MAX
                               : text_find(value, (const char[]){value.data[0], '\0'}, 1);
        label = end == SIZE_MAX ? label : arena_strndup(arena, value.data + 1, end - 1);
    }
    return label;
}

/* Migrations of one app: DIRECTORY/migrations. */
static bool list_app(struct arena *arena, const char *root, const char *directory, struct migration_files *files,
                     struct status *status)
{
    const char *const folder = path_join(arena, directory, "migrations");
    const char *const slash = strrchr(directory, '/');
    struct file_list list;
    if (file_look(path_join(arena, root, folder), NULL) != FILE_DIRECTORY) {
        return true;
    }
    const char *const label = label_of(arena, root, directory);
    const char *const app = label != NULL && label[0] != '\0' ? label : slash == NULL ? directory : slash + 1;
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

/* Is a directory looked into? depth: 0 for one of the project itself. Apps of tests are not installed; at the top of a
 * project such a name is an app's as well. */
static bool is_app_directory(const struct file_entry *entry, int depth)
{
    static const char *const others[] = {"node_modules", "static",     "templates",     "venv",
                                         "__pycache__",  "migrations", "site-packages", NULL};
    static const char *const of_tests[] = {"tests", "test", "testing", NULL};
    return entry->is_directory && entry->name[0] != '.' && !word_is_one_of(text_of(entry->name), others) &&
           (depth < 2 || !word_is_one_of(text_of(entry->name), of_tests)) && name_is_recordable(entry->name);
}

/* Of what is in this directory: 0 in "", 1 in "apps". */
static int depth_of(const char *directory)
{
    int depth = directory[0] == '\0' ? 0 : 1;
    for (const char *c = directory; *c != '\0'; c++) {
        depth += *c == '/' ? 1 : 0;
    }
    return depth;
}

/* The apps below a directory of the project: "apps/blog", "shop/contrib/sites". */
static bool list_below(struct arena *arena, const char *root, const char *directory, struct migration_files *files,
                       struct status *status)
{
    struct file_list list;
    const int depth = depth_of(directory);
    if (!directory_list(arena, path_join(arena, root, directory), &list, status)) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct file_entry *const entry = &list.entries[i];
        const char *const path = path_join(arena, directory, entry->name);
        if (is_app_directory(entry, depth) && (!list_app(arena, root, path, files, status) ||
                                               (depth < MOST_DEPTH && !list_below(arena, root, path, files, status)))) {
            return false;
        }
    }
    return true;
}

static bool django_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    *files = (struct migration_files){0};
    return list_below(arena, path_join(arena, folder->root, folder->path), "", files, status);
}

/* ---- the settings ---- */

/* "sites" and "shop.contrib.sites.migrations", with their quotes. */
static bool names_usual(struct text app, struct text module)
{
    static const char end[] = ".migrations";
    if (app.size < 2 || module.size < 2 + strlen(end)) {
        return false;
    }
    app = text_slice(app, 1, app.size - 1);
    module = text_slice(module, 1, module.size - 1);
    const struct text owner = text_slice(module, 0, module.size - strlen(end));
    return text_equal(text_slice(module, owner.size, module.size), text_of(end)) && owner.size >= app.size &&
           text_equal(text_slice(owner, owner.size - app.size, owner.size), app) &&
           (owner.size == app.size || owner.data[owner.size - app.size - 1] == '.');
}

/* Behind MIGRATION_MODULES: does each app have its migrations where they are looked for ("sites":
 * "shop.contrib.sites.migrations"), or none? */
static bool is_usual(struct text rest)
{
    const size_t begin = text_find(rest, "{", 0);
    const size_t end = text_find(rest, "}", 0);
    size_t at = begin == SIZE_MAX ? 0 : begin + 1;
    while (at < end && end != SIZE_MAX) {
        struct text pair = text_slice(rest, at, end);
        const size_t comma = text_find(pair, ",", 0);
        pair = text_trim(text_slice(pair, 0, comma == SIZE_MAX ? pair.size : comma));
        at = comma == SIZE_MAX ? end : at + comma + 1;
        const size_t colon = text_find(pair, ":", 0);
        if (colon == SIZE_MAX && pair.size > 0) {
            return false;
        }
        const struct text app = text_trim(text_slice(pair, 0, colon == SIZE_MAX ? 0 : colon));
        const struct text module = text_trim(text_slice(pair, colon == SIZE_MAX ? 0 : colon + 1, pair.size));
        if (pair.size > 0 && !text_is(module, "None") && !names_usual(app, module)) {
            return false;
        }
    }
    return begin != SIZE_MAX && end != SIZE_MAX && text_trim(text_slice(rest, 0, begin)).size <= strlen("=");
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

extern const struct framework framework_django;

static bool django_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_facts(reading, &framework_django.ledger)) {
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

/* "blog" of blog.0001_initial. */
static const char *app_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return arena_strndup(arena, record->name, strcspn(record->name, "."));
}

static const char *rest_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return record->name + strcspn(record->name, ".") + 1;
}

const struct framework framework_django = {
    .id = "django",
    .display_name = "Django",
    .tool = "python manage.py migrate",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "django_migrations", .columns = "id:int8 app:varchar name:varchar applied:timestamptz"},
                {.table = "django_migrations", .columns = "id:int4 app:varchar name:varchar applied:timestamptz"}),
            .read = "SELECT app OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) name AS key, "
                    "id::pg_catalog.text AS id, applied AS applied_at FROM {ledger} ORDER BY id",
            .create = "CREATE TABLE {ledger} (\"id\" bigserial NOT NULL PRIMARY KEY, \"app\" varchar(255) NOT NULL, "
                      "\"name\" varchar(255) NOT NULL, \"applied\" timestamp with time zone NOT NULL);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (app, name, applied) VALUES ({app}, {rest}, {clock});",
            .words =
                (const struct ledger_word[]){{.name = "app", .text = app_of}, {.name = "rest", .text = rest_of}, {0}},
        },
    .folder = {.places = WORDS("."), .is_graph = true, .sure_by = WORDS("manage.py: django")},
    .mentions = MENTIONS(
        {.files = "*.py", .words = "MIGRATION_MODULES", .part = MENTION_FOLDER, .is_usual = is_usual},
        {.files = "*.py", .words = "search_path|-csearch_path", .beside = "DATABASES", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .missing_note = "django says nothing of it unless another one depends on it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS(".venv/bin/python", "venv/bin/python", "python3"),
            .run = WORDS("manage.py", "migrate", "--noinput"),
        },
    .hooks = {.list = django_list, .read_ledger = django_read},
};
