/*
 * Django: programs in the apps of a project, recorded by app and name. Facts measured with Django 3.2.25. Apps are the
 * directories of the project that have migrations; those of installed packages are not searched for, and their rows are
 * ignored.
 */
#include "framework/coded/django_apps.h"
#include "framework/coded/django_graph.h"
#include "framework/coded/django_modules.h"
#include "framework/coded/django_replaces.h"
#include "framework/core/listing.h"
#include "framework/core/package.h"

#include "base/words.h"
#include "framework/core/evidence.h"
#include "framework/core/inner_path.h"
#include "framework/core/reading.h"

#include <stdint.h>
#include <string.h>

#define MOST_DEPTH   6       /* how deep in directories apps are searched for */
#define MOST_ENTRIES 1000000 /* names in all directories that are searched */

/* A module of the package, as pkgutil.iter_modules names it, that Django reads (load_disk of loader.py): of any name,
 * if it has no dot and does not begin with "_" or "~". */
static bool is_module(const char *name)
{
    const size_t stem = strlen(name) - (text_ends_with(text_of(name), ".py") ? strlen(".py") : strlen(name));
    return stem > 0 && strchr("_~", name[0]) == NULL && memchr(name, '.', stem) == NULL;
}

/* "0001_initial.py", as makemigrations calls them */
static bool is_usual_name(const char *name)
{
    return leading_digits(text_of(name)).size >= 4 && strchr(name, '_') != NULL;
}

/* What is listed, and where. */
struct listing {
    struct arena *arena;
    const char *root;
    struct django_settings settings;
    struct django_modules modules;
    struct django_apps apps;
    struct migration_files *files;
    size_t *entries; /* names seen so far */
    struct status *status;
};

/* A directory on the way down. */
struct level {
    const char *path;
    struct file_way way;
    int depth; /* 0 for the project's */
};

/* Lists a module. Django stops at one without a class Migration; one with a name of its own may belong to something
 * else. */
static void list_module(const struct listing *listing, const char *app, const char *folder, const char *name)
{
    struct arena *const arena = listing->arena;
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct text source = {0};
    bool is_computed = false;
    struct django_migration *const own = arena_alloc(arena, sizeof *own);
    struct migration_file file = {
        .name = arena_printf(arena, "%s.%.*s", app, (int)(strlen(name) - strlen(".py")), name),
        .filename = path_join(arena, folder, name),
        .is_code = true,
        .own = own,
    };
    file.path = path_join(arena, listing->root, file.filename);
    const bool is_read = file_read(reading, file.path, MIGRATION_FILE_LIMIT, &source, &unread);
    own->app = app;
    own->replaces = django_replaces(arena, source, &is_computed);
    django_needs(arena, source, own);
    if (!is_read || is_usual_name(name) || text_find(source, "Migration", 0) != SIZE_MAX) {
        file_look(file.path, &file.stamp);
        *listing_add(arena, listing->files) = file;
    } else {
        listing_warn(arena, listing->files,
                     arena_printf(arena,
                                  "%s has no class Migration: django stops at it (BadMigrationError). Begin its name "
                                  "with _, or put it elsewhere.",
                                  file.filename));
    }
    if (is_computed) {
        listing_warn(arena, listing->files,
                     arena_printf(arena,
                                  "%s computes what it replaces, which cannot be read without running it: django may "
                                  "count it as applied although it has no row.",
                                  file.filename));
    }
    arena_free(reading);
}

/* Django takes a directory that is no package for an app without migrations. */
static bool is_package(const struct file_list *list)
{
    size_t i = 0;
    while (i < list->count && strncmp(list->entries[i].name, "__init__.py", strlen("__init__.py")) != 0) {
        i++;
    }
    return i < list->count;
}

/* Migrations of one app, from a folder of the project. */
static bool list_folder(const struct listing *listing, const char *app, const char *folder)
{
    struct arena *const arena = listing->arena;
    struct file_list list;
    if (!directory_list(arena, path_join(arena, listing->root, folder), &list, listing->status)) {
        return false;
    }
    const bool is_seen = is_package(&list);
    bool has_some = false;
    for (size_t i = 0; i < list.count; i++) {
        const char *const name = list.entries[i].name;
        if (list.entries[i].is_directory || !is_module(name) || !name_is_recordable(name)) {
            continue;
        }
        has_some = has_some || is_usual_name(name);
        if (is_seen) {
            list_module(listing, app, folder, name);
        }
    }
    if (has_some && !is_seen) {
        listing_warn(
            arena, listing->files,
            arena_printf(arena,
                         "The migrations in %s are left out: it has no __init__.py, and django takes %s for an "
                         "app without migrations.",
                         folder, app));
    }
    return true;
}

static bool is_directory(const struct listing *listing, const char *path)
{
    return file_look(path_join(listing->arena, listing->root, path), NULL) == FILE_DIRECTORY;
}

/* Warns of an app that may not be installed; returns false for one that is not. */
static bool is_installed(const struct listing *listing, const char *directory)
{
    struct arena *const arena = listing->arena;
    switch (django_app_state(arena, &listing->apps, directory)) {
    case DJANGO_INSTALLED:
        return true;
    case DJANGO_PERHAPS:
        listing_warn(arena, listing->files,
                     arena_printf(arena,
                                  "The settings that were read do not name %s: if it is not in INSTALLED_APPS, django "
                                  "does not run its migrations.",
                                  directory));
        return true;
    default:
        listing_warn(arena, listing->files,
                     arena_printf(arena,
                                  "The migrations of %s are left out: INSTALLED_APPS does not name it, and django "
                                  "does not run them.",
                                  directory));
        return false;
    }
}

/* Migrations of one app, in DIRECTORY/migrations unless the settings name another place or none. */
static bool list_app(const struct listing *listing, const char *directory)
{
    struct arena *const arena = listing->arena;
    const char *const folder = path_join(arena, directory, "migrations");
    if (!is_directory(listing, folder)) {
        return true;
    }
    const char *computed = NULL;
    const char *const label = django_label(arena, &listing->apps, directory, &computed);
    const char *const app = label != NULL && label[0] != '\0' ? label : path_name(directory);
    const struct django_module *const module = django_module_of(&listing->modules, app);
    const bool is_usual = module == NULL || (module->directory != NULL && strcmp(module->directory, folder) == 0);
    struct migration_files found = {0};
    struct listing own = *listing;
    own.files = &found;
    if (!is_usual || !list_folder(&own, app, folder)) {
        return !is_usual;
    }
    if (found.count > 0 && !is_installed(listing, directory)) {
        return true;
    }
    for (size_t i = 0; i < found.count; i++) {
        *listing_add(arena, listing->files) = found.items[i];
    }
    listing_take_notes(arena, listing->files, &found);
    if (found.count > 0 && computed != NULL && listing->files->unrecordable == NULL) {
        listing->files->unrecordable = arena_printf(arena, "%s: by it rows know the app.", computed);
        listing_warn(arena, listing->files, listing->files->unrecordable);
    }
    return true;
}

static const char *app_in(const struct migration_file *file)
{
    return ((const struct django_migration *)file->own)->app;
}

/* Migrations of apps whose place the settings name, wherever the apps themselves are. */
static bool list_modules(const struct listing *listing)
{
    bool ok = true;
    for (size_t i = 0; ok && i < listing->modules.count; i++) {
        const struct django_module *const module = &listing->modules.items[i];
        const bool is_absent = module->directory != NULL && !is_directory(listing, module->directory);
        bool is_listed = module->directory == NULL || is_absent;
        if (is_absent) {
            listing_warn(listing->arena, listing->files,
                         arena_printf(listing->arena,
                                      "MIGRATION_MODULES names %s for the app %s, which is not in the project: its "
                                      "migrations are not listed.",
                                      module->directory, module->app));
        }
        for (size_t j = 0; !is_listed && j < listing->files->count; j++) {
            is_listed = strcmp(app_in(&listing->files->items[j]), module->app) == 0;
        }
        ok = is_listed || list_folder(listing, module->app, module->directory);
    }
    return ok;
}

static bool is_of_tests(const char *name)
{
    static const char *const of_tests[] = {"tests", "test", "testing", NULL};
    return word_is_one_of(text_of(name), of_tests);
}

/* Should this directory be searched? depth: 0 for one in the project itself. Apps of tests are not installed, but near
 * the top of a project a directory with such a name may be a normal app; and one that INSTALLED_APPS names always is.
 */
static bool is_app_directory(const struct listing *listing, const struct file_entry *entry, const char *path, int depth)
{
    static const char *const others[] = {"node_modules", "static",     "templates",     "venv",
                                         "__pycache__",  "migrations", "site-packages", NULL};
    const bool is_other = word_is_one_of(text_of(entry->name), others) || (depth >= 2 && is_of_tests(entry->name));
    const char *const whole = path_join(listing->arena, listing->root, path);
    return entry->is_directory && entry->name[0] != '.' && name_is_recordable(entry->name) &&
           (!is_other || django_apps_lead_to(listing->arena, &listing->apps, path)) &&
           file_look(path_join(listing->arena, whole, "pyvenv.cfg"), NULL) == FILE_NONE; /* a virtual environment */
}

/* The names in a directory, of which there may not be too many: links may lead to one place on many ways. */
static bool read_names(const struct listing *listing, const char *path, struct file_list *list)
{
    if (!directory_list(listing->arena, path, list, listing->status)) {
        return false;
    }
    *listing->entries += list->count;
    return *listing->entries <= MOST_ENTRIES ||
           status_fail(listing->status, STATUS_RESOURCE_EXHAUSTED,
                       "The project has more than %d names in which apps of Django would be searched for: name a "
                       "smaller one (--project DIR).",
                       MOST_ENTRIES);
}

/* The apps below a directory of the project: "apps/blog", "shop/contrib/sites". */
static bool list_below(const struct listing *listing, struct level *level)
{
    struct arena *const arena = listing->arena;
    const char *const whole = path_join(arena, listing->root, level->path);
    struct file_list list;
    file_look(whole, &level->way.stamp);
    if (file_way_is_circle(&level->way)) {
        return true;
    }
    bool ok = read_names(listing, whole, &list);
    for (size_t i = 0; ok && i < list.count; i++) {
        const struct file_entry *const entry = &list.entries[i];
        struct level below = {
            .path = path_join(arena, level->path, entry->name), .way.above = &level->way, .depth = level->depth + 1};
        ok = !is_app_directory(listing, entry, below.path, level->depth) ||
             (list_app(listing, below.path) &&
              (level->depth >= MOST_DEPTH || is_of_tests(entry->name) || list_below(listing, &below)));
    }
    return ok;
}

static bool django_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    size_t entries = 0;
    struct level top = {.path = ""};
    struct listing listing = {.arena = arena,
                              .root = path_join(arena, folder->root, folder->path),
                              .files = files,
                              .entries = &entries,
                              .status = status};
    *files = (struct migration_files){0};
    django_settings_read(arena, listing.root, &listing.settings);
    django_modules_read(arena, &listing.settings, &listing.modules);
    django_apps_read(arena, listing.root, &listing.settings, &listing.apps);
    if (listing.modules.unread != NULL) {
        listing_warn(arena, files,
                     arena_printf(arena,
                                  "%s, which cannot be read without running it: migrations of an app that it puts in "
                                  "another place are not listed.",
                                  listing.modules.unread));
    }
    const bool ok = list_below(&listing, &top) && list_modules(&listing);
    if (ok && files->unrecordable == NULL && listing.modules.unread == NULL) {
        django_note_graph(arena, files);
    }
    return ok;
}

/* ---- the project ---- */

/* How a project without manage.py is started: by django-admin with its settings, or as the one program that it is. */
static const struct delegate *starter(struct arena *arena, const struct django_settings *settings,
                                      const struct source_file *file)
{
    static const char *const programs[] = {".venv/bin/python", "venv/bin/python", "python3", NULL};
    struct delegate *const starter = arena_alloc(arena, sizeof *starter);
    struct words run = {0};
    struct words environment = {0};
    if (settings->module != NULL || strchr(file->name, '/') != NULL) {
        char *const module = arena_strndup(arena, file->name, strlen(file->name) - strlen(".py"));
        for (char *c = module; *c != '\0'; c++) {
            *c = *c == '/' ? '.' : *c;
        }
        words_add(arena, &run, "-m");
        words_add(arena, &run, "django");
        words_add(
            arena, &environment,
            arena_printf(arena, "DJANGO_SETTINGS_MODULE=%s", settings->module != NULL ? settings->module : module));
        words_add(arena, &environment, "PYTHONPATH=.");
    } else {
        words_add(arena, &run, file->name);
    }
    words_add(arena, &run, "migrate");
    words_add(arena, &run, "--noinput");
    *starter = (struct delegate){
        .programs = programs, .run = words_list(arena, &run), .environment = words_list(arena, &environment)};
    return starter;
}

/* Has a directory between the folder and a file below it a manage.py? Then the file is of that project. */
static bool is_of_project_below(struct arena *arena, const struct folder *folder, const char *file)
{
    const char *directory = path_above(arena, file);
    while (directory[0] != '\0' && folder_look(arena, folder, path_join(arena, directory, "manage.py")) == FILE_NONE) {
        directory = path_above(arena, directory);
    }
    return directory[0] != '\0';
}

/* manage.py may leave all to a module of the project, and there are projects without it: then settings that install
 * apps tell. */
static bool django_recognise(struct arena *arena, struct folder *folder)
{
    static const char *const python[] = {
        "manage.py", "pyproject.toml", "requirements.txt", "setup.py", "Pipfile", "~*.py", NULL};
    struct django_settings settings;
    if (evidence_find(arena, folder)) {
        return true;
    }
    size_t i = 0;
    while (python[i] != NULL && !evidence_holds(arena, folder, python[i])) {
        i++;
    }
    if (python[i] == NULL ||
        strcmp(plain_path(arena, folder->path), plain_path(arena, path_join(arena, folder->base, "."))) != 0) {
        return false;
    }
    django_settings_read(arena, path_join(arena, folder->root, folder->base), &settings);
    const struct source_file *const file = django_settings_with(&settings, "INSTALLED_APPS");
    if (file == NULL || is_of_project_below(arena, folder, file->name)) {
        return false;
    }
    folder->confidence = i == 0 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence = arena_printf(arena, "%s has INSTALLED_APPS", path_join(arena, folder->base, file->name));
    folder->delegate = i == 0 ? NULL : starter(arena, &settings, file);
    return true;
}

/* ---- the ledger ---- */

static bool is_known_app(const struct migration_files *files, const char *key)
{
    const size_t size = strcspn(key, ".");
    for (size_t i = 0; i < files->count; i++) {
        const char *const app = app_in(&files->items[i]);
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
    django_settle_replaced(reading);
    django_note_history(reading);
    for (size_t i = 0; i < entries->count; i++) {
        if (reading->folder == NULL || is_known_app(reading->files, ledger_entry_key(&entries->items[i]))) {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = kept;
    return true;
}

/* "blog" for blog.0001_initial. */
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
            .record = "INSERT INTO {ledger} (app, name, applied) VALUES ({app}, {rest}, {clock});{replaced}",
            .words = (const struct ledger_word[]){{.name = "app", .text = app_of},
                                                  {.name = "rest", .text = rest_of},
                                                  {.name = "replaced", .sql = django_put_replaced},
                                                  {0}},
        },
    .folder = {.places = WORDS("."), .is_graph = true, .sure_by = WORDS("manage.py: django")},
    .mentions = MENTIONS(
        {.files = "*.py", .words = "MIGRATION_MODULES", .part = MENTION_FOLDER, .is_usual = django_modules_are_plain},
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
    .hooks = {.recognise = django_recognise, .list = django_list, .read_ledger = django_read},
};
