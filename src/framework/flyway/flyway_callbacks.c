/*
 * Event.java lists the events, DbMigrate.java shows where `migrate` calls them (13.0): those of the run on a connection
 * of their own, each in its own transaction; those of each migration on its connection, inside its transaction. The
 * callbacks of one event run in the order of their descriptions (DefaultCallbackExecutor.java).
 */
#include "framework/flyway/flyway_callbacks.h"

#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/core/script_data.h"
#include "framework/flyway/flyway_fill.h"
#include "framework/flyway/flyway_names.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *event;
    enum around_when when;
} ours[] = {
    {"beforeMigrate", AROUND_BEFORE_RUN},
    {"beforeEachMigrate", AROUND_BEFORE_EACH},
    {"afterEachMigrate", AROUND_AFTER_EACH},
    {"afterVersioned", AROUND_AFTER_VERSIONED},
    {"beforeRepeatables", AROUND_BEFORE_REPEATABLES},
    {"afterMigrateApplied", AROUND_AFTER_APPLIED},
    {"afterMigrate", AROUND_AFTER_RUN},
    {"afterMigrateError", AROUND_AFTER_ERROR},
};

/* Events of `migrate` that are left to Flyway: those of statements, validation, connections and schemas; and that of a
 * failed migration, which PostgreSQL refuses in an aborted transaction. */
static const char *const left_to_tool[] = {
    "beforeEachMigrateStatement",
    "afterEachMigrateStatement",
    "afterEachMigrateStatementError",
    "afterEachMigrateError",
    "afterMigrateOperationFinish",
    "beforeValidate",
    "afterValidate",
    "afterValidateError",
    "afterValidateOperationFinish",
    "beforeConnect",
    "afterConnect",
    "beforeCreateSchema",
    "createSchema",
    NULL,
};

/* ---- finding them ---- */

/* Which of our events it is; SIZE_MAX: none of them. *is_event: it is an event of Flyway at all. */
static size_t event_of(struct text event, bool *is_event)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (text_is(event, ours[i].event)) {
            *is_event = true;
            return i;
        }
    }
    *is_event = false;
    for (size_t i = 0; left_to_tool[i] != NULL && !*is_event; i++) {
        *is_event = text_is(event, left_to_tool[i]);
    }
    return SIZE_MAX;
}

void flyway_leave_to_tool(struct arena *arena, struct migration_files *files, const char *what)
{
    files->needs_tool = files->needs_tool == NULL ? what : files->needs_tool;
    listing_warn(arena, files, arena_printf(arena, "Only flyway itself runs these migrations: %s.", what));
}

/* A callback's file, and what its name says. */
struct callback {
    const char *script; /* its path in the folder */
    struct text stem;   /* its name without suffix */
    size_t event;       /* the row of `ours`; the first words of the stem */
};

static void add(struct arena *arena, const struct folder *place, const struct callback *callback,
                struct migration_files *files)
{
    const struct text stem = callback->stem;
    const struct flyway_settings *const settings = flyway_settings_of(place);
    const size_t begins = strlen(ours[callback->event].event);
    const size_t from = begins == stem.size ? begins : begins + strlen(settings->separator);
    struct flyway_name *const said = arena_alloc(arena, sizeof *said);
    *said = (struct flyway_name){.script = callback->script,
                                 .description = flyway_description(arena, stem.data + from, stem.size - from)};
    files->around =
        arena_grow(arena, files->around, files->around_count, &files->around_capacity, sizeof *files->around);
    struct around_script *const one = &files->around[files->around_count++];
    *one = (struct around_script){.when = ours[callback->event].when};
    one->file.name = arena_strndup(arena, stem.data, stem.size);
    one->file.filename = path_join(arena, place->path, callback->script);
    one->file.path = path_join(arena, place->root, one->file.filename);
    one->file.own = said;
}

bool flyway_note_callback(struct arena *arena, const struct folder *place, const char *script,
                          struct migration_files *files)
{
    const struct flyway_settings *const settings = flyway_settings_of(place);
    const char *const name = path_name(script);
    bool is_code;
    bool is_event;
    const char *const known = flyway_suffix(settings, name, &is_code);
    const char *const suffix = known == NULL ? flyway_script_suffix(name) : known;
    if (suffix == NULL || is_code || settings->skips_callbacks) {
        return false;
    }
    const struct text stem = {name, strlen(name) - strlen(suffix)};
    const size_t event = event_of(text_slice(stem, 0, text_find(stem, settings->separator, 0)), &is_event);
    if (!is_event) {
        return false;
    }
    if (event == SIZE_MAX || known == NULL) {
        flyway_leave_to_tool(arena, files,
                             arena_printf(arena, "there is the callback %s, which has its place in flyway's own run",
                                          path_join(arena, place->path, script)));
    } else {
        add(arena, place, &(struct callback){script, stem, event}, files);
    }
    return true;
}

/* ---- their order ---- */

static int compare(const void *a, const void *b)
{
    const struct around_script *const x = a;
    const struct around_script *const y = b;
    const int described = strcmp(((const struct flyway_name *)x->file.own)->description,
                                 ((const struct flyway_name *)y->file.own)->description);
    return x->when != y->when ? (x->when < y->when ? -1 : 1)
           : described != 0   ? described
                              : strcmp(x->file.name, y->file.name);
}

/* Flyway stops if two have the same name. */
static void refuse_twins(struct arena *arena, struct migration_files *files)
{
    for (size_t i = 1; i < files->around_count; i++) {
        const struct migration_file *const one = &files->around[i].file;
        const struct migration_file *const before = &files->around[i - 1].file;
        if (strcmp(one->name, before->name) == 0) {
            flyway_leave_to_tool(arena, files,
                                 arena_printf(arena, "there are two callbacks called %s (%s and %s), at which it stops",
                                              one->name, before->filename, one->filename));
        }
    }
}

/* Classes in this package are callbacks (Flyway.java). */
static void look_for_classes(struct arena *arena, const struct folder *folder, struct migration_files *files)
{
    static const char *const languages[] = {"java", "kotlin", "groovy", "scala", NULL};
    for (size_t i = 0; languages[i] != NULL; i++) {
        const char *const place =
            path_join(arena, folder->base, arena_printf(arena, "src/main/%s/db/callback", languages[i]));
        if (file_look(path_join(arena, folder->root, place), NULL) == FILE_DIRECTORY) {
            flyway_leave_to_tool(arena, files, arena_printf(arena, "%s has callbacks that are classes", place));
        }
    }
}

/* Says that callbacks run each time, and that a plan does not show those of the run. */
static void tell(struct arena *arena, struct migration_files *files)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < files->around_count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", files->around[i].file.filename);
    }
    listing_warn(arena, files,
                 arena_printf(arena,
                              "A run also runs the callbacks, each in its place (%s); those around the whole run even "
                              "if nothing is pending. A plan does not show what they lock.",
                              buffer_string(&names)));
}

void flyway_place_callbacks(struct arena *arena, const struct folder *folder, struct migration_files *files)
{
    look_for_classes(arena, folder, files);
    if (files->around_count == 0) {
        return;
    }
    qsort(files->around, files->around_count, sizeof *files->around, compare);
    refuse_twins(arena, files);
    if (files->needs_tool == NULL) {
        tell(arena, files);
    }
    struct migration_files *const around = arena_alloc(arena, sizeof *around);
    *around = *files;
    for (size_t i = 0; i < files->count; i++) {
        struct flyway_name *const said = arena_alloc(arena, sizeof *said);
        *said = *(const struct flyway_name *)files->items[i].own;
        said->around = around;
        files->items[i].own = said;
    }
}

/* ---- around a migration ---- */

static bool read_callback(const struct script_request *request, const struct migration_file *file,
                          struct migration_script *script)
{
    struct script_request filling = *request;
    *script = (struct migration_script){0};
    filling.file = file;
    filling.script = script;
    if (!file_read(request->arena, file->path, MIGRATION_FILE_LIMIT, &filling.content, request->status)) {
        return false;
    }
    if (!text_is_legible(filling.content)) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "The callback %s is not UTF-8 text; save the file as UTF-8.", file->filename);
    }
    return flyway_check_conf(&filling) && flyway_fill(&filling) && script_take_data(&filling, DATA_TO_MARK);
}

/* A script that is being put together. */
struct wrapping {
    struct buffer sql;
    struct script_part *parts;
    size_t count;
    struct script_data *data;
    size_t data_count;
    size_t data_capacity;
};

static void put_data(struct wrapping *wrapping, const struct script_data *one, size_t behind, size_t skipped)
{
    wrapping->data = arena_grow(wrapping->sql.arena, wrapping->data, wrapping->data_count, &wrapping->data_capacity,
                                sizeof *wrapping->data);
    struct script_data *const moved = &wrapping->data[wrapping->data_count++];
    *moved = *one;
    moved->statement += behind - skipped;
    moved->start += behind - skipped;
    moved->end += behind - skipped;
    script_data_count(wrapping->data, wrapping->data_count - 1);
}

static void put(struct wrapping *wrapping, const struct migration_script *script, const char *name)
{
    const struct text sql = script->sql;
    const size_t skipped = sql.size - text_without_mark(sql).size;
    struct script_part *const part = &wrapping->parts[wrapping->count++];
    part->start = wrapping->sql.size;
    part->name = name;
    for (size_t i = 0; i < script->parts.data_count; i++) {
        put_data(wrapping, &script->parts.data[i], part->start, skipped);
    }
    buffer_add(&wrapping->sql, text_slice(sql, skipped, sql.size));
    buffer_puts(&wrapping->sql, "\n;\n"); /* the part before may end with a comment, and without a semicolon */
    part->end = wrapping->sql.size;
}

static bool put_callbacks(const struct script_request *request, const struct migration_files *around,
                          enum around_when when, struct wrapping *wrapping)
{
    for (size_t i = 0; i < around->around_count; i++) {
        const struct migration_file *const file = &around->around[i].file;
        struct migration_script script;
        if (around->around[i].when != when) {
            continue;
        }
        if (!read_callback(request, file, &script)) {
            return false;
        }
        put(wrapping, &script, file->filename);
    }
    return true;
}

bool flyway_wrap(const struct script_request *request)
{
    const struct migration_files *const around = ((const struct flyway_name *)request->file->own)->around;
    bool is_wrapped = false;
    for (size_t i = 0; around != NULL && i < around->around_count; i++) {
        is_wrapped =
            is_wrapped || around->around[i].when == AROUND_BEFORE_EACH || around->around[i].when == AROUND_AFTER_EACH;
    }
    if (!is_wrapped || request->file->is_code) {
        return true;
    }
    struct wrapping wrapping = {.sql = {.arena = request->arena}};
    wrapping.parts = arena_array(request->arena, around->around_count + 1, sizeof *wrapping.parts);
    if (!put_callbacks(request, around, AROUND_BEFORE_EACH, &wrapping)) {
        return false;
    }
    put(&wrapping, request->script, NULL);
    if (!put_callbacks(request, around, AROUND_AFTER_EACH, &wrapping)) {
        return false;
    }
    request->script->sql = buffer_text(&wrapping.sql);
    request->script->parts = (struct script_parts){
        .items = wrapping.parts, .count = wrapping.count, .data = wrapping.data, .data_count = wrapping.data_count};
    return true;
}
