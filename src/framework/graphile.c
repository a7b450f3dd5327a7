/*
 * graphile-migrate: committed files in a chain of hashes. Facts seen with graphile-migrate 1.4.1; 2.0.0-rc.3 has the
 * same table, hash and lock.
 */
#include "framework/layout.h"
#include "framework/ledger.h"
#include "framework/listing.h"
#include "framework/properties.h"

#include <ctype.h>
#include <string.h>

#define CONFIG_LIMIT ((size_t)1024 * 1024)

/* What a file's head says. */
struct header {
    const char *previous; /* NULL: it is the first */
    const char *hash;
    bool may_be_invalid;
    size_t body; /* where the script begins */
};

/* ---- the files ---- */

/* ^([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$, recorded by its digits. */
static bool graphile_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    if (digits.size == 0 || !text_ends_with(text_of(name), ".sql")) {
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

/* "--! Name: value" lines up to the first empty one. */
static struct header header_of(struct arena *arena, struct text content)
{
    struct header header = {0};
    struct text rest = content;
    for (struct text line; text_next_line(&rest, &line) && text_starts_with(line, "--!");) {
        const struct text said = text_trim(text_slice(line, 3, line.size));
        const size_t colon = text_find(said, ":", 0);
        const struct text name = text_slice(said, 0, colon);
        const struct text value =
            colon == SIZE_MAX ? (struct text){0} : text_trim(text_slice(said, colon + 1, said.size));
        const char *const copy = arena_strndup(arena, value.data == NULL ? "" : value.data, value.size);
        if (text_is(name, "Previous")) {
            header.previous = text_is(value, "-") ? NULL : copy;
        } else if (text_is(name, "Hash")) {
            header.hash = copy;
        } else if (text_is(name, "AllowInvalidHash")) {
            header.may_be_invalid = true;
        }
        header.body = content.size - rest.size;
    }
    return header;
}

/* "sha1:" and SHA-1 of trim(previous + newline + trim(body)) + newline (seen in every file that it committed). */
static const char *hash_of(struct arena *arena, const struct header *header, struct text content)
{
    struct buffer both = {.arena = arena};
    struct buffer ended = {.arena = arena};
    buffer_puts(&both, header->previous == NULL ? "" : header->previous);
    buffer_putc(&both, '\n');
    buffer_add(&both, text_trim(text_slice(content, header->body, content.size)));
    buffer_add(&ended, text_trim(buffer_text(&both)));
    buffer_putc(&ended, '\n');
    return arena_printf(arena, "sha1:%s", digest_hex_of(arena, "SHA1", buffer_text(&ended)));
}

static const char *graphile_checksum(struct arena *arena, const struct folder *folder,
                                     const struct migration_file *file, struct text content)
{
    const struct header header = header_of(arena, content);
    (void)folder;
    (void)file;
    return hash_of(arena, &header, content);
}

/* ---- the folder ---- */

static const char *const config_names[] = {".gmrc", ".gmrc.jsonc", ".gmrc.json", ".gmrc.js", ".gmrc.cjs", NULL};

static bool graphile_configure(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_first_file(arena, folder, config_names);
    if (name == NULL) {
        return false;
    }
    folder->path = path_join(arena, folder->base, "migrations/committed");
    folder->evidence = path_join(arena, folder->base, name);
    folder->settings = arena_strdup(arena, folder->evidence);
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

static const struct layout graphile_layout = {
    .places = (const char *const[]){"migrations/committed", "db/migrations/committed", NULL},
    .configure = graphile_configure,
    .recognise = graphile_recognise,
    .counts_before_it_exists = true,
};

static bool read_config(struct arena *arena, const struct folder *folder, struct text *source)
{
    struct status ignored = {.arena = arena};
    *source = (struct text){0};
    return folder->settings != NULL &&
           file_read(arena, path_join(arena, folder->root, folder->settings), CONFIG_LIMIT, source, &ignored);
}

/* Is there a list of this name with something in it? */
static bool has_actions(struct text source, const char *name)
{
    size_t at = text_find(source, name, 0);
    at = at == SIZE_MAX ? SIZE_MAX : text_find(source, "[", at);
    if (at == SIZE_MAX) {
        return false;
    }
    const struct text rest = text_trim(text_slice(source, at + 1, source.size));
    return rest.size > 0 && rest.data[0] != ']';
}

/* The chain from the first to the last: each names the hash of the one before it. */
static bool check_chain(struct arena *arena, const struct migration_files *files, struct status *status)
{
    const char *previous = NULL;
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        struct text content;
        if (!file_read(arena, file->path, MIGRATION_FILE_LIMIT, &content, status)) {
            return false;
        }
        const struct header header = header_of(arena, content);
        if (header.hash == NULL ||
            strcmp(header.previous == NULL ? "" : header.previous, previous == NULL ? "" : previous) != 0) {
            status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "%s does not follow on the file before it: its \"--! Previous:\" is another hash. Is a file missing?",
                file->filename);
            status->migration = file->name;
            return false;
        }
        if (!header.may_be_invalid && strcmp(hash_of(arena, &header, content), header.hash) != 0) {
            status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "%s was edited after it was committed: its \"--! Hash:\" is not that of its text. graphile-migrate "
                "refuses it while it is pending.",
                file->filename);
            status->migration = file->name;
            return false;
        }
        previous = header.hash;
    }
    return true;
}

static bool graphile_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                                  struct status *status)
{
    static const char *const actions[] = {"beforeAllMigrations", "afterAllMigrations"};
    struct text source;
    for (size_t i = 0; read_config(arena, folder, &source) && i < 2; i++) {
        if (has_actions(source, actions[i])) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s has %s, which only graphile-migrate itself can do: run it with graphile-migrate.",
                               (const char *)folder->settings, actions[i]);
        }
    }
    return check_chain(arena, files, status);
}

/* ---- scripts ---- */

/* :NAME, as graphile-migrate replaces it: two of its own, and those of the configuration. NULL: it stays. */
static const char *placeholder(struct arena *arena, const struct project *project, struct text config, struct text name)
{
    const char *const key = arena_strndup(arena, name.data, name.size);
    if (strcmp(key, ":DATABASE_NAME") == 0) {
        return project->database;
    }
    return property_string(arena, config, (const char *const[]){"placeholders", key, NULL});
}

static bool graphile_script(struct arena *arena, const struct project *project, const struct folder *folder,
                            const struct migration_file *file, struct text content, struct migration_script *script,
                            struct status *status)
{
    const struct header header = header_of(arena, content);
    struct buffer out = {.arena = arena};
    struct text config;
    size_t done = 0;
    const struct text body = text_trim(text_slice(content, header.body, content.size));
    script->each_alone = text_starts_with(body, "--! no-transaction");
    read_config(arena, folder, &config);
    for (size_t at = 0; (at = text_find(content, ":", at)) != SIZE_MAX; at++) {
        size_t end = at + 1;
        while (end < content.size && (isupper((unsigned char)content.data[end]) != 0 || content.data[end] == '_' ||
                                      isdigit((unsigned char)content.data[end]) != 0)) {
            end++;
        }
        const struct text name = text_slice(content, at, end);
        if (name.size < 2 || (at > 0 && content.data[at - 1] == ':')) {
            continue;
        }
        if (text_is(name, ":DATABASE_OWNER")) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s uses :DATABASE_OWNER, which only graphile-migrate fills in: write the role's name.",
                               file->filename);
        }
        const char *const value = placeholder(arena, project, config, name);
        if (value != NULL) {
            buffer_add(&out, text_slice(content, done, at));
            buffer_puts(&out, value);
            done = end;
        }
        at = end - 1;
    }
    buffer_add(&out, text_slice(content, done, content.size));
    script->sql = done == 0 ? content : buffer_text(&out);
    return true;
}

/* ---- the ledger ---- */

static bool graphile_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT filename AS key, hash AS checksum, date AS applied_at FROM %t ORDER BY filename");
}

static void graphile_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (hash text primary key, previous_hash text references %t, filename text not null, "
                "date timestamptz not null default now());");
    ledger_putf(
        sql, &(struct ledger){.schema = ledger->schema, .table = "current"},
        "CREATE TABLE IF NOT EXISTS %t (filename text primary key default 'current.sql', content text not null, "
        "date timestamptz not null default now());");
}

static void graphile_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct header header = header_of(sql->arena, record->script);
    ledger_putf(sql, ledger, "INSERT INTO %t (hash, previous_hash, filename) VALUES (%s, %s, %s);", record->checksum,
                header.previous, record->key);
}

static size_t graphile_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(4727445306447283);
    return 1;
}

const struct framework framework_graphile = {
    .id = "graphile-migrate",
    .display_name = "graphile-migrate",
    .tool = "graphile-migrate migrate",
    .ledgers =
        (const struct ledger_shape[]){
            {.table = "migrations",
             .columns = "hash:text previous_hash:text filename:text date:timestamptz",
             .by_shape = true},
            {0},
        },
    .default_schema = "graphile_migrate",
    .layout = &graphile_layout,
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "graphile-migrate refuses it: the chain of hashes has no place for it.",
            .edited_note = "graphile-migrate does not look at the text of applied migrations.",
            .missing_blocks = true,
            .missing_note = "graphile-migrate stops at the gap in the chain.",
        },
    .records_in_order = true,
    .list = graphile_list,
    .check_folder = graphile_check_folder,
    .script = graphile_script,
    .checksum = graphile_checksum,
    .read_ledger = graphile_read,
    .advisory_locks = graphile_locks,
    .create = graphile_create,
    .record = graphile_record,
};
