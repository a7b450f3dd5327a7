/*
 * TypeORM: classes recorded by their names, which end in the 13 digits of their time. The file name does not matter, so
 * each file is read for its class. Facts measured with typeorm 1.1.1.
 */
#include "framework/coded/code.h"
#include "framework/coded/typeorm_glob.h"
#include "framework/coded/typeorm_list.h"
#include "framework/core/file_rules.h"
#include "framework/formats/properties.h"
#include "pg/values.h"

#include <ctype.h>
#include <string.h>

#define TIME_DIGITS 13
#define MOST_NAME   255 /* bytes of a class's name */
#define MOST_LINE   500 /* bytes back to the beginning of a line of comment */

/* ---- names ---- */

/* Is it a name that ends with a time? */
static bool is_class_name(struct text name)
{
    size_t digits = 0;
    while (digits < name.size && isdigit((unsigned char)name.data[name.size - 1 - digits]) != 0) {
        digits++;
    }
    return digits >= TIME_DIGITS && digits < name.size && name.size <= MOST_NAME;
}

/* The X of `name = 'X'` or `name: string = "X"`, a property of the class. */
static struct text name_property(struct text source)
{
    for (size_t at = 0; (at = code_find_word(source, "name", at)) != SIZE_MAX;) {
        size_t value = code_skip_blanks(source, at);
        if (text_starts_with(text_slice(source, value, source.size), ":")) {
            value = code_skip_blanks(source, value + 1);
            value = code_skip_blanks(source, value + code_word(source, value).size);
        }
        if (!text_starts_with(text_slice(source, value, source.size), "=")) {
            continue;
        }
        const struct text name = code_word(source, code_skip_blanks(source, value + 1) + 1); /* after the quote */
        if (is_class_name(name)) {
            return name;
        }
    }
    return (struct text){NULL, 0};
}

static struct text class_name(struct text source)
{
    for (size_t at = 0; (at = code_find_word(source, "class", at)) != SIZE_MAX;) {
        const struct text name = code_word(source, code_skip_blanks(source, at));
        if (is_class_name(name)) {
            return name;
        }
    }
    return (struct text){NULL, 0};
}

/* Is the word that ends at this offset in a comment of its own line? */
static bool is_commented(struct text source, size_t end)
{
    size_t start = end;
    while (start > 0 && end - start < MOST_LINE && source.data[start - 1] != '\n') {
        start--;
    }
    const struct text line = text_trim(text_slice(source, start, end));
    return text_starts_with(line, "//") || text_starts_with(line, "*") || text_starts_with(line, "/*");
}

/* Does it have another class of a migration than this one? */
static bool has_another(struct text source, struct text class)
{
    for (size_t at = 0; (at = code_find_word(source, "class", at)) != SIZE_MAX;) {
        const struct text name = code_word(source, code_skip_blanks(source, at));
        if (is_class_name(name) && !text_equal(name, class) && !is_commented(source, at)) {
            return true;
        }
    }
    return false;
}

/* "CreateUsers1704067200000" for the generated file 1704067200000-CreateUsers.ts; NULL for other files. */
static const char *name_of_file(struct arena *arena, const char *stem)
{
    const struct text digits = leading_digits(text_of(stem));
    const char *const rest = stem + digits.size;
    return digits.size != TIME_DIGITS || rest[0] != '-' || rest[1] == '\0'
               ? NULL
               : arena_printf(arena, "%s%.*s", rest + 1, TIME_DIGITS, stem);
}

/* ---- the folder ---- */

/* Is it the source of a compiled file beside it, or the other way round, and the glob takes that one? */
static bool has_twin(struct arena *arena, const struct typeorm_settings *settings, const struct migration_file *file)
{
    const char *const dot = strrchr(file->path, '.');
    if (settings == NULL || settings->ending == NULL || dot == NULL || strcmp(dot + 1, settings->ending) == 0) {
        return false;
    }
    const char *const twin = arena_printf(arena, "%.*s.%s", (int)(dot - file->path), file->path, settings->ending);
    return file_look(twin, NULL) == FILE_REGULAR;
}

static bool typeorm_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                           const char **warning)
{
    const struct typeorm_settings *const settings = folder->settings;
    struct status unread = {.arena = arena};
    struct text source = {NULL, 0};
    if (has_twin(arena, settings, file) || (settings != NULL && settings->directories != NULL &&
                                            !typeorm_glob_fits(settings->directories, file->filename))) {
        return false;
    }
    file_read(arena, file->path, MIGRATION_FILE_LIMIT, &source, &unread);
    const struct text property = name_property(source);
    const struct text class = property.size > 0 ? property : class_name(source);
    file->name = class.size > 0 ? arena_strndup(arena, class.data, class.size) : name_of_file(arena, file->name);
    if (file->name == NULL) {
        *warning = arena_printf(arena, "%s is left out: it has no class whose name ends in a time of 13 digits.",
                                file->filename);
        return false;
    }
    file->version = file->name + strlen(file->name) - TIME_DIGITS;
    file->own =
        class.size > 0 && class_name(source).size > 0 && has_another(source, class_name(source)) ? file->name : NULL;
    if (settings != NULL && settings->listed.data != NULL && text_find(settings->listed, file->name, 0) == SIZE_MAX) {
        *warning = arena_printf(arena, "%s is left out: the list of migrations in code does not name its class %s.",
                                file->filename, file->name);
        return false;
    }
    return true;
}

/* Each class that a file exports is a migration (DirectoryExportedClassesLoader.ts); here a file is one. */
static bool typeorm_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    const bool ok = files_list(arena, folder, files, status);
    for (size_t i = 0; ok && i < files->count; i++) {
        if (files->items[i].own != NULL && files->unrecordable == NULL) {
            files->unrecordable = arena_printf(
                arena, "%s has several classes of migrations, of which Truss reads one: put each into its own file.",
                files->items[i].filename);
        }
    }
    return ok;
}

/* `typeorm migration:run -d FILE`, with the program that can load the file. */
static const struct delegate *delegate_for(struct arena *arena, const char *data_source)
{
    static const char *const plain[] = {"node_modules/.bin/typeorm", NULL};
    static const char *const typescript[] = {"node_modules/.bin/typeorm-ts-node-commonjs",
                                             "node_modules/.bin/typeorm-ts-node-esm", NULL};
    struct delegate *const delegate = arena_alloc(arena, sizeof *delegate);
    const char **const run = arena_array(arena, 4, sizeof *run);
    run[0] = "migration:run";
    run[1] = "-d";
    run[2] = data_source;
    delegate->programs = text_ends_with(text_of(data_source), "ts") ? typescript : plain;
    delegate->run = run;
    delegate->is_atomic = true;
    return delegate;
}

/* Notes what the globs of the data source say besides the folder. */
static void take_globs(struct arena *arena, struct folder *folder, const struct source_file *file, bool is_read)
{
    const char *const directories = is_read ? typeorm_glob_find(arena, folder, file) : NULL;
    const char *const ending = typeorm_glob_ending(arena, file);
    if (directories != NULL || ending != NULL) {
        struct typeorm_settings *const settings = arena_alloc(arena, sizeof *settings);
        *settings = (struct typeorm_settings){.directories = directories, .ending = ending};
        folder->settings = settings;
    }
}

static bool typeorm_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"data-source.ts",
                                        "data-source.js",
                                        "data-source.mjs",
                                        "data-source.cjs",
                                        "src/data-source.ts",
                                        "src/data-source.js",
                                        "src/database/data-source.ts",
                                        "src/db/data-source.ts",
                                        "src/config/data-source.ts",
                                        "src/config/typeorm.ts",
                                        "typeorm.config.ts",
                                        "src/typeorm.config.ts",
                                        "ormconfig.ts",
                                        "ormconfig.js",
                                        "ormconfig.json",
                                        NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    const bool is_old =
        name != NULL && text_starts_with(text_of(name), "ormconfig"); /* before 0.3; typeorm finds it by itself */
    if (name == NULL || (!is_old && !code_has(source, WORDS("DataSource")))) {
        return false;
    }
    const char *const unread = folder->unread;
    folder->path = code_directory(arena, folder, name, source, "migrations");
    if (folder->path == NULL && folder->unread != unread &&
        typeorm_list_find(arena, folder, &(const struct source_file){name, source})) {
        folder->unread = unread;
    }
    if (folder->settings == NULL && folder->path != NULL) {
        take_globs(arena, folder, &(const struct source_file){name, source}, folder->unread == unread);
    }
    folder->ledger.table = code_ledger_name(arena, folder, name, source, WORDS("migrationsTableName"));
    folder->ledger.schema = code_ledger_name(arena, folder, name, source, WORDS("schema"));
    folder->delegate = is_old ? NULL : delegate_for(arena, name);
    return true;
}

/* ---- the ledger ---- */

/* TypeORM names a key "PK_" and the first 27 digits of a SHA-1 of table and column. */
static void put_key_name(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const named = arena_printf(sql->arena, "%s_id", ledger->table);
    const char *const hash = digest_hex_of(sql->arena, "SHA1", text_of(named));
    (void)record;
    pg_quote_identifier(sql, arena_printf(sql->arena, "PK_%.27s", hash));
}

#define RUNS_QUERIES "*: MigrationInterface|queryRunner|QueryRunner"

const struct framework framework_typeorm = {
    .id = "typeorm",
    .display_name = "TypeORM",
    .tool = "typeorm migration:run",
    .ledger =
        {
            .shapes =
                SHAPES({.table = "migrations", .columns = "id:int4 timestamp:int8 name:varchar", .only_columns = true}),
            .read = "SELECT name AS key FROM {ledger} ORDER BY id",
            .create = "CREATE TABLE {ledger} (\"id\" SERIAL NOT NULL, \"timestamp\" bigint NOT NULL, "
                      "\"name\" character varying NOT NULL, CONSTRAINT {key_name} PRIMARY KEY (\"id\"));",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"timestamp\", name) VALUES ({version}, {name});",
            .words = (const struct ledger_word[]){{.name = "key_name", .sql = put_key_name}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "src/migration", "migration", "db/migrations",
                            "src/db/migrations", "src/database/migrations"),
            .sure_by = WORDS("package.json: typeorm & " RUNS_QUERIES),
            .likely_by = WORDS(RUNS_QUERIES),
            .files = FILES(SCRIPTS),
            .merges_folders = true,
            .order = ORDER_OF_NUMBERS,
            .key = KEY_OF_HOOK,
        },
    .mentions = MENTIONS({.words = "-d|--dataSource", .beside = "typeorm|migration:run", .part = MENTION_PATH},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "migrationsTableName"},
                         /* Variables of versions before 0.3, whose names data sources still use. */
                         {.words = "TYPEORM_MIGRATIONS_TABLE_NAME", .beside = "TYPEORM_"},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "schema",
                          .beside = "TypeOrmModule.forRoot|new DataSource(",
                          .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "typeorm runs it, after those that are applied already.",
            .missing_note = "typeorm says nothing of it.",
        },
    .delegate = &(const struct delegate){.programs = WORDS("node_modules/.bin/typeorm"),
                                         .run = WORDS("migration:run"),
                                         .is_atomic = true},
    .hooks = {.configure = typeorm_configure, .accept = typeorm_accept, .list = typeorm_list},
};
