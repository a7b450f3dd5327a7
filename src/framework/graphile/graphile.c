/*
 * graphile-migrate: committed files in a chain of hashes. Facts measured with graphile-migrate 1.4.1; 2.0.0-rc.3 has
 * the same table, hash and lock.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"
#include "framework/graphile/graphile_file.h"

#include <string.h>

/* The part of the configuration that is kept. */
struct settings {
    const char *name;
    struct text source;
    const struct config_pair *session; /* pgSettings */
    size_t session_count;
};

/* ---- the files ---- */

/* ^([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$, recorded by its digits. */
static bool graphile_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    static const char slug_characters[] = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const struct text digits = leading_digits(text_of(name));
    const char *const slug = name + digits.size;
    (void)warning;
    if (digits.size == 0 || (slug[0] != '-' && slug[0] != '.') ||
        strcmp(slug + strspn(slug, slug_characters), ".sql") != 0) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".sql"));
    file->version = arena_strndup(arena, digits.data, digits.size);
    file->key = arena_printf(arena, "%s.sql", file->version);
    return true;
}

static bool graphile_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    const struct listing_rule rule = {.accept = graphile_accept, .compare = listing_by_version};
    return listing_read(arena, folder, &rule, files, status);
}

/* AllowInvalidHash: the hash that the file names is recorded. */
static const char *graphile_checksum(struct arena *arena, const struct folder *folder,
                                     const struct migration_file *file, struct text content)
{
    const struct graphile_header header = graphile_header_of(arena, content);
    (void)folder;
    (void)file;
    return header.may_be_invalid && header.hash != NULL ? header.hash : graphile_hash_of(arena, &header, content);
}

/* ---- the folder ---- */

static bool graphile_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {".gmrc", ".gmrc.js", ".gmrc.cjs", NULL};
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL) {
        return false;
    }
    struct settings *const settings = arena_alloc(arena, sizeof *settings);
    settings->name = path_join(arena, folder->base, name);
    if (folder_read(arena, folder, name, &settings->source)) {
        settings->session = property_pairs(arena, settings->source, (const char *const[]){"pgSettings", NULL},
                                           &settings->session_count);
    }
    static const char *const path[] = {"migrationsFolder", NULL};
    const char *const root = property_string(arena, settings->source, path);
    unread_folder(arena, folder, (struct source_file){name, settings->source}, property_unread(settings->source, path),
                  path[0]);
    folder->path = path_join(arena, path_join(arena, folder->base, root == NULL ? "migrations" : root), "committed");
    folder->evidence = settings->name;
    folder->settings = settings;
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool has_header(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && text_starts_with(head, "--! Previous:");
}

static bool graphile_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, has_header);
    if (name != NULL && folder->evidence == NULL) {
        folder->evidence =
            arena_printf(arena, "%s begins with \"--! Previous:\"", path_join(arena, folder->path, name));
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    return folder->evidence != NULL;
}

/* Refuses settings that only the tool itself can follow. */
static bool check_settings(const struct settings *settings, struct status *status)
{
    static const char *const actions[] = {"beforeAllMigrations", "afterAllMigrations"};
    for (size_t i = 0; i < 2; i++) {
        if (property_is_set(settings->source, (const char *const[]){actions[i], NULL})) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s has %s, which only graphile-migrate itself can do: run it with graphile-migrate.",
                               settings->name, actions[i]);
        }
    }
    for (size_t i = 0; i < settings->session_count; i++) {
        if (settings->session[i].value == NULL) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "pgSettings of %s has a computed value for %s: write it there as a string.",
                               settings->name, settings->session[i].key);
        }
    }
    return true;
}

/* Does the file follow the one with the hash *last? Then its own hash is stored there. */
static bool check_link(struct arena *arena, const struct migration_file *file, const char **last, struct status *status)
{
    struct arena *const reading = arena_new(0);
    struct text content;
    bool ok = file_read(reading, file->path, MIGRATION_FILE_LIMIT, &content, status);
    if (ok) {
        const struct graphile_header header = graphile_header_of(reading, content);
        if (header.problem != NULL) {
            ok = status_fail(status, STATUS_FAILED_PRECONDITION, "%s %s.", file->filename, header.problem);
        } else if (strcmp(header.previous == NULL ? "" : header.previous, *last) != 0) {
            ok = status_fail(status, STATUS_FAILED_PRECONDITION,
                             "%s does not follow on the file before it: its \"--! Previous:\" is another hash. Is a "
                             "file missing?",
                             file->filename);
        } else {
            *last = arena_strdup(arena, header.hash);
        }
    }
    arena_free(reading);
    return ok;
}

static bool graphile_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                                  struct status *status)
{
    const char *last = "";
    bool ok = folder->settings == NULL || check_settings(folder->settings, status);
    for (size_t i = 0; ok && i < files->count; i++) {
        ok = check_link(arena, &files->items[i], &last, status);
        status->migration = ok ? NULL : files->items[i].name;
    }
    return ok;
}

/* It does not care about an applied file that was edited; a file that is to run must be the one that was committed. */
static bool graphile_script(const struct script_request *request)
{
    const struct settings *const settings = request->folder->settings;
    const struct graphile_header header = graphile_header_of(request->arena, request->content);
    if (header.problem == NULL && !header.may_be_invalid &&
        strcmp(graphile_hash_of(request->arena, &header, request->content), header.hash) != 0) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s was edited after it was committed: its \"--! Hash:\" is not that of its text; "
                           "graphile-migrate refuses to run it.",
                           request->file->filename);
    }
    request->script->no_transaction = graphile_has_no_transaction(&header, request->content);
    return graphile_fill(request, settings == NULL ? (struct text){NULL, 0} : settings->source);
}

/* ---- the ledger ---- */

/* As on its own connections: sets pgSettings for the session. */
static void put_settings(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct settings *const settings = ledger->folder == NULL ? NULL : ledger->folder->settings;
    (void)record;
    for (size_t i = 0; settings != NULL && i < settings->session_count; i++) {
        if (settings->session[i].value != NULL) {
            ledger_putf(sql, ledger, "SELECT pg_catalog.set_config(%s, %s, false);", settings->session[i].key,
                        settings->session[i].value);
        }
    }
}

static struct session_path search_path_of(const struct ledger *ledger)
{
    const struct settings *const settings = ledger->folder == NULL ? NULL : ledger->folder->settings;
    bool sets = false;
    for (size_t i = 0; settings != NULL && i < settings->session_count; i++) {
        sets = sets || text_is_nocase(text_of(settings->session[i].key), "search_path");
    }
    return (struct session_path){.place = sets ? PATH_BY_SQL : PATH_STAYS};
}

static const char *previous_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return graphile_header_of(arena, record->script).previous;
}

const struct framework framework_graphile = {
    .id = "graphile-migrate",
    .display_name = "graphile-migrate",
    .tool = "graphile-migrate migrate",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "migrations",
                .columns = "hash:text previous_hash:text filename:text date:timestamptz",
                .by_shape = true,
            }),
            .schema = "graphile_migrate",
            .records_in_order = true,
            .read = "SELECT filename AS key, hash AS checksum, date AS applied_at FROM {ledger} ORDER BY filename",
            .create = "CREATE TABLE {ledger} (hash text primary key, previous_hash text references {ledger}, filename "
                      "text not null, date timestamptz not null default now());"
                      "CREATE TABLE IF NOT EXISTS {ledger:current} (filename text primary key default 'current.sql', "
                      "content text not null, date timestamptz not null default now());",
            .session = "{settings}",
            .path = search_path_of,
            .record = "INSERT INTO {ledger} (hash, previous_hash, filename) VALUES ({checksum}, {previous}, {key});",
            .words = (const struct ledger_word[]){{.name = "settings", .sql = put_settings},
                                                  {.name = "previous", .text = previous_of},
                                                  {0}},
            .advisory_locks = KEYS(INT64_C(4727445306447283)),
        },
    .folder = {.places = WORDS("migrations/committed", "db/migrations/committed"), .counts_before_it_exists = true},
    .mentions = MENTIONS({.words = "--config", .beside = "graphile-migrate", .part = MENTION_PATH}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "graphile-migrate refuses it: the chain of hashes has no place for it.",
            .edited_note = "graphile-migrate does not look at the text of applied migrations.",
            .missing_blocks = true,
            .missing_note = "graphile-migrate stops at the gap in the chain.",
        },
    .hooks = {.configure = graphile_configure,
              .recognise = graphile_recognise,
              .list = graphile_list,
              .check_folder = graphile_check_folder,
              .script = graphile_script,
              .checksum = graphile_checksum},
};
