/*
 * Says only what is certain: what a program computes, and apps with squashed migrations, whose graph depends on the
 * rows, are left to Django. Facts measured with Django 3.2.25.
 */
#include "framework/coded/django_graph.h"

#include "base/word_set.h"
#include "base/words.h"
#include "framework/core/entry_index.h"
#include "framework/core/file_index.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MOST_NAMED 5

/* ---- reading programs ---- */

void django_needs(struct arena *arena, struct text source, struct django_migration *own)
{
    const struct text list = django_value(source, "dependencies");
    struct words keys = {0};
    if (list.size > 0 && !django_pairs(arena, list, &keys, &own->is_unclear)) {
        own->is_unclear = true;
    }
    own->needs = keys.count == 0 ? NULL : words_list(arena, &keys);
}

/* ---- the graph ---- */

static const struct django_migration *own_of(const struct migration_file *file)
{
    return file->own;
}

/* One app's part of the graph. */
struct app {
    const char *name;
    size_t roots; /* that need none of the app */
    bool has_unclear_root;
    bool replaces; /* has squashed migrations */
    struct words leaves;
    const char
        *lonely; /* a migration that needs one of the app without a file, which Django does not find; NULL: none */
    const char *absent; /* that one */
};

struct graph {
    struct arena *arena;
    struct migration_files *files;
    struct file_index index;
    struct word_set numbers; /* of the apps, from 1 */
    struct app *apps;
    size_t app_count;
    bool *followed; /* by file: does one of its app need it? */
};

static struct app *app_of_file(struct graph *graph, const struct migration_file *file)
{
    const char *const name = own_of(file)->app;
    const int known = word_set_number(&graph->numbers, name);
    if (known > 0) {
        return &graph->apps[known - 1];
    }
    graph->apps[graph->app_count] = (struct app){.name = name};
    word_set_put(graph->arena, &graph->numbers, name, (int)++graph->app_count);
    return &graph->apps[graph->app_count - 1];
}

/* Takes what the file needs of its own app. */
static void take_file(struct graph *graph, const struct migration_file *file)
{
    const struct django_migration *const own = own_of(file);
    struct app *const app = app_of_file(graph, file);
    const size_t size = strlen(own->app);
    bool is_root = true;
    for (size_t i = 0; own->needs != NULL && own->needs[i] != NULL; i++) {
        if (strncmp(own->needs[i], own->app, size) != 0 || own->needs[i][size] != '.') {
            continue;
        }
        const struct migration_file *const need = file_index_find(&graph->index, own->needs[i]);
        is_root = false;
        if (need == NULL) {
            app->lonely = file->name;
            app->absent = own->needs[i];
        } else if (need != file) {
            graph->followed[need - graph->files->items] = true;
        }
    }
    app->roots += is_root ? 1 : 0;
    app->has_unclear_root = app->has_unclear_root || (is_root && own->is_unclear);
    app->replaces = app->replaces || own->replaces != NULL;
}

/* Why Django stops at the app; NULL: it does not, or that is not certain. */
static const char *problem_of(struct arena *arena, const struct app *app)
{
    if (app->replaces) {
        return NULL;
    }
    if (app->lonely != NULL) {
        return arena_printf(arena, "%s depends on %s, which is not there: django stops at that (NodeNotFoundError).",
                            app->lonely, app->absent);
    }
    if (app->leaves.count < 2 || (app->roots > 1 && app->has_unclear_root)) {
        return NULL;
    }
    return arena_printf(arena,
                        "The app %s has %zu migrations that none follows (%s): django stops at that (\"Conflicting "
                        "migrations detected\"). Join them with \"python manage.py makemigrations --merge\".",
                        app->name, app->leaves.count, words_some(arena, &app->leaves, MOST_NAMED));
}

void django_note_graph(struct arena *arena, struct migration_files *files)
{
    struct graph graph = {.arena = arena, .files = files, .index = file_index_of(arena, files)};
    graph.apps = arena_array(arena, files->count + 1, sizeof *graph.apps);
    graph.followed = arena_array(arena, files->count + 1, sizeof *graph.followed);
    for (size_t i = 0; i < files->count; i++) {
        take_file(&graph, &files->items[i]);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!graph.followed[i]) {
            words_add(arena, &app_of_file(&graph, &files->items[i])->leaves, files->items[i].name);
        }
    }
    for (size_t i = 0; i < graph.app_count && files->stops_tool == NULL; i++) {
        files->stops_tool = problem_of(arena, &graph.apps[i]);
    }
    if (files->stops_tool != NULL) {
        listing_warn(arena, files, files->stops_tool);
    }
}

/* ---- the rows ---- */

/* A need that has a file and no row; NULL: there is none. */
static const char *unapplied_need(struct file_index *files, struct entry_index *rows,
                                  const struct django_migration *own)
{
    for (size_t i = 0; own->needs != NULL && own->needs[i] != NULL; i++) {
        if (file_index_find(files, own->needs[i]) != NULL && entry_index_last(rows, own->needs[i]) == NULL) {
            return own->needs[i];
        }
    }
    return NULL;
}

void django_note_history(struct ledger_reading *reading)
{
    struct arena *const arena = reading->arena;
    const struct migration_files *const files = reading->files;
    struct file_index index = file_index_of(arena, files);
    struct entry_index rows = entry_index_of(arena, &reading->entries);
    bool has_squashed = false;
    for (size_t i = 0; i < files->count; i++) {
        has_squashed = has_squashed || own_of(&files->items[i])->replaces != NULL;
    }
    for (size_t i = 0; i < files->count && !has_squashed && reading->entries.stops_tool == NULL; i++) {
        const struct migration_file *const file = &files->items[i];
        const char *const need = entry_index_last(&rows, migration_file_key(file)) == NULL
                                     ? NULL
                                     : unapplied_need(&index, &rows, own_of(file));
        if (need != NULL) {
            reading->entries.stops_tool =
                arena_printf(arena,
                             "%s is applied, and %s, on which it depends, is not: django stops at that "
                             "(InconsistentMigrationHistory). If what %s does is there already, mark it as applied.",
                             file->name, need, need);
            ledger_warn(reading, reading->entries.stops_tool);
        }
    }
}
