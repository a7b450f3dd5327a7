/*
 * The places for each framework are a table; project_text.c reads a file.
 */
#include "migration/look/project_database.h"

#include "base/direct_url.h"
#include "base/dotenv.h"
#include "base/files.h"
#include "base/status.h"
#include "base/toml.h"
#include "base/words.h"
#include "migration/look/project_kind.h"
#include "migration/look/project_text.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1024 * 1024)

/* The files that name the database, relative to the package, and variables that the tool reads by itself. A folder
 * ending in "/" stands for its files of that kind. Lists end with NULL. */
struct naming {
    const char *framework;
    const char *files[12];
    const char *variables[4];
};

/* If one of the variables is set, it takes precedence over the files, as for the tools. */
static const struct naming namings[] = {
    {"prisma",
     {"prisma/schema.prisma", "schema.prisma", "prisma/schema/*.prisma", "prisma.config.ts", "prisma.config.js",
      "prisma.config.mjs", "prisma.config.mts", "prisma.config.cjs"},
     {0}},
    {"alembic", {"alembic.ini"}, {0}},
    {"flyway",
     {"flyway.conf", "flyway.toml", "conf/flyway.conf", "conf/flyway.toml", "src/main/resources/application.properties",
      "src/main/resources/application.yml", "src/main/resources/application.yaml"},
     {"FLYWAY_URL"}},
    {"liquibase",
     {"liquibase.properties", "src/main/resources/liquibase.properties", "src/main/resources/application.properties",
      "src/main/resources/application.yml", "src/main/resources/application.yaml"},
     {"LIQUIBASE_COMMAND_URL"}},
    {"goose", {0}, {"GOOSE_DBSTRING"}},
    {"knex",
     {"knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs", "src/knexfile.js", "src/knexfile.ts",
      "db/knexfile.js", "db/knexfile.ts"},
     {0}},
    {"typeorm",
     {"ormconfig.json", "ormconfig.js", "ormconfig.ts", "ormconfig.yml", "data-source.js", "data-source.ts",
      "src/data-source.ts", "src/data-source.js", "src/database/data-source.ts", "src/db/data-source.ts",
      "src/config/data-source.ts"},
     {"TYPEORM_URL"}},
    {"sequelize", {"config/config.json", "config/config.js", "config/config.cjs", "config/database.js"}, {0}},
    {"rails", {"config/database.yml"}, {"DATABASE_URL"}},
    {"drizzle",
     {"drizzle.config.ts", "drizzle.config.js", "drizzle.config.mjs", "drizzle.config.json", "drizzle.config.cjs"},
     {0}},
    {"kysely",
     {"kysely.config.ts", "kysely.config.js", "kysely.config.mts", "kysely.config.mjs", ".config/kysely.config.ts",
      ".config/kysely.config.js", ".config/kysely.ts"},
     {0}},
    {"mikro-orm",
     {"mikro-orm.config.ts", "mikro-orm.config.js", "src/mikro-orm.config.ts", "src/mikro-orm.config.js"},
     {"MIKRO_ORM_CLIENT_URL"}},
    {"node-pg-migrate", {"config/default.json", "config/production.json"}, {0}},
    {"db-migrate", {"database.json"}, {0}},
    {"graphile-migrate", {".gmrc", ".gmrc.js"}, {0}},
    {"postgrator", {".postgratorrc.json", ".postgratorrc.js"}, {0}},
    {"sql-migrate", {"dbconfig.yml"}, {0}},
    {"yoyo", {"yoyo.ini"}, {0}},
    {"phinx", {"phinx.php", "phinx.yml", "phinx.yaml", "phinx.json"}, {0}},
    {"rambler", {"rambler.hjson", "rambler.json"}, {0}},
    {"refinery", {"refinery.toml"}, {0}},
    {"tern", {"tern.conf"}, {0}},
    {"sqitch", {"sqitch.conf"}, {"SQITCH_TARGET"}},
    {"atlas", {"atlas.hcl"}, {0}},
    {"ecto", {"config/config.exs", "config/dev.exs", "config/runtime.exs", "config/prod.exs"}, {0}},
    {"efcore", {"appsettings.json", "appsettings.Development.json"}, {"ConnectionStrings__DefaultConnection"}},
    {"laravel", {0}, {"DB_URL"}},
    {"doctrine", {"migrations-db.php", "cli-config.php"}, {0}},
};

/* ---- files ---- */

static bool read_content(struct search *search, const char *file, struct text *content)
{
    struct status unread = {.arena = search->arena};
    const char *const path = path_join(search->arena, search->root, file);
    return file_look(path, NULL) == FILE_REGULAR && file_read(search->arena, path, FILE_LIMIT, content, &unread) &&
           text_is_legible(*content);
}

static bool read_file(struct search *search, const char *name)
{
    struct text content;
    const char *const file = path_join(search->arena, search->base, name);
    if (!read_content(search, file, &content)) {
        return false;
    }
    search_text(search, file, content);
    return true;
}

/* The offset behind the block whose first brace comes after this place. A quote ends with its line, and what is behind
 * "#" or "//" is a comment. */
static size_t behind_block(struct text content, size_t at)
{
    char quote = '\0';
    int depth = 0;
    for (; at < content.size; at++) {
        const char c = content.data[at];
        if (quote != '\0' || c == '\'' || c == '"') {
            quote = quote == '\0' ? c : c == quote || c == '\n' ? '\0' : quote;
        } else if (c == '#' || (c == '/' && at + 1 < content.size && content.data[at + 1] == '/')) {
            const size_t line = text_find(content, "\n", at);
            at = line == SIZE_MAX ? content.size - 1 : line;
        } else {
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (c == '}' && depth <= 0) {
                return at + 1;
            }
        }
    }
    return content.size;
}

/* Reads what is between two strings, wherever they are in the file; end NULL: up to the end of the block. */
static void read_part(struct search *search, const char *name, const char *begin, const char *end)
{
    struct text content;
    const char *const file = path_join(search->arena, search->base, name);
    if (!read_content(search, file, &content)) {
        return;
    }
    char *const part = arena_strndup(search->arena, content.data, content.size);
    size_t done = 0;
    for (size_t at; (at = text_find(content, begin, done)) != SIZE_MAX;) {
        const size_t until = end == NULL ? behind_block(content, at) : text_find(content, end, at);
        text_blank(part + done, at - done);
        done = until == SIZE_MAX ? content.size : until;
    }
    text_blank(part + done, content.size - done);
    search_text(search, file, (struct text){part, content.size});
}

/* In a build file only the tool's own part counts. */
static void read_build(struct search *search, const char *framework)
{
    const char *const plugin = arena_printf(search->arena, "<artifactId>%s-maven-plugin</artifactId>", framework);
    const char *const property = arena_printf(search->arena, "<%s.url>", framework);
    const char *const block = arena_printf(search->arena, "%s {", framework);
    read_part(search, "pom.xml", plugin, "</plugin>");
    read_part(search, "pom.xml", property, "</");
    read_part(search, "build.gradle", block, NULL);
    read_part(search, "build.gradle.kts", block, NULL);
}

static size_t find_quote(struct text text, size_t from)
{
    while (from < text.size && text.data[from] != '"' && text.data[from] != '\'') {
        from++;
    }
    return from;
}

/* The DATABASES in the settings that manage.py names. */
static void read_django(struct search *search)
{
    static const char mark[] = "DJANGO_SETTINGS_MODULE";
    struct text content;
    if (!read_content(search, path_join(search->arena, search->base, "manage.py"), &content)) {
        return;
    }
    const size_t at = text_find(content, mark, 0);
    const size_t begin = at == SIZE_MAX ? content.size : find_quote(content, at + sizeof mark) + 1;
    if (begin >= content.size) {
        return;
    }
    const size_t end = find_quote(content, begin);
    char *const module = arena_strndup(search->arena, content.data + begin, end - begin);
    for (char *dot = strchr(module, '.'); dot != NULL; dot = strchr(dot, '.')) {
        *dot = '/';
    }
    search->name_is_database = true;
    static const char *const spellings[] = {"DATABASES = {", "DATABASES={", "DATABASES: "};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        read_part(search, arena_printf(search->arena, "%s.py", module), spellings[i], NULL);
        read_part(search, arena_printf(search->arena, "%s/__init__.py", module), spellings[i], NULL);
    }
}

/* For "folder" and a star: every file with that extension. */
static void read_files(struct search *search, const char *pattern)
{
    const char *const star = strchr(pattern, '*');
    if (star == NULL) {
        read_file(search, pattern);
        return;
    }
    struct status unread = {.arena = search->arena};
    struct file_list list;
    const char *const folder = arena_strndup(search->arena, pattern, (size_t)(star - pattern) - 1);
    const char *const path = path_join(search->arena, path_join(search->arena, search->root, search->base), folder);
    if (!directory_list(search->arena, path, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (!list.entries[i].is_directory && text_ends_with(text_of(list.entries[i].name), star + 1)) {
            read_file(search, path_join(search->arena, folder, list.entries[i].name));
        }
    }
}

/* Laravel's DB_HOST, DB_PORT and DB_DATABASE. */
static void add_parts(struct search *search)
{
    const char *file;
    const char *const host = search_variable(search, "DB_HOST", &file);
    const char *const port = search_variable(search, "DB_PORT", &file);
    const char *const kind = search_variable(search, "DB_CONNECTION", &file);
    const char *const database = search_variable(search, "DB_DATABASE", &file);
    if (database != NULL && strchr(database, '/') == NULL && (kind == NULL || strcmp(kind, "pgsql") == 0)) {
        search_add(search,
                   &(const struct named_database){
                       .file = file, .variable = "DB_DATABASE", .host = host, .port = port, .database = database});
    }
}

/* The kinds that goose and Laravel take from the environment, beside a connection that may be of any form. */
static void note_kind(struct search *search, const char *framework)
{
    const bool is_goose = strcmp(framework, "goose") == 0;
    const char *const variable = is_goose ? "GOOSE_DRIVER" : strcmp(framework, "laravel") == 0 ? "DB_CONNECTION" : NULL;
    const char *file;
    const char *const value = variable == NULL ? NULL : search_variable(search, variable, &file);
    const char *const kind = value == NULL ? NULL : project_kind_of_word(value);
    if (kind != NULL) {
        search->other = (struct named_database){.file = file, .variable = variable, .kind = kind};
    }
}

/* A database of another kind counts if the project names none of PostgreSQL and computes nothing. Tools that take
 * DATABASE_URL before their files have in these what is on a developer's machine: only a variable counts for them. In
 * others a driver that is written out counts whatever the URL is. */
static void add_other(struct search *search, const char *framework)
{
    static const char *const by_variable[] = {"rails", "django", NULL};
    static const char *const by_driver[] = {"knex", "typeorm", "prisma", NULL};
    const bool is_driver =
        search->driver.kind != NULL && !search->may_be_postgres_driver && word_is_one_of(text_of(framework), by_driver);
    const struct named_database *const other = is_driver ? &search->driver : &search->other;
    if (is_driver || (other->kind != NULL && !search->may_be_postgres &&
                      (other->variable != NULL || !word_is_one_of(text_of(framework), by_variable)))) {
        search->found->count = 0; /* names of databases that are of that kind */
        search_add(search, other);
    }
}

/* env.py may take the URL from the environment, which then takes precedence over alembic.ini. */
static bool read_alembic_environment(struct search *search)
{
    static const char *const places[] = {"alembic/env.py", "migrations/env.py", "env.py"};
    bool is_computed = false;
    bool is_plain = false; /* it takes what alembic.ini says, as far as can be seen */
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct status unread = {.arena = search->arena};
        struct text content;
        const char *const path =
            path_join(search->arena, path_join(search->arena, search->root, search->base), places[i]);
        if (file_look(path, NULL) == FILE_REGULAR && file_read(search->arena, path, FILE_LIMIT, &content, &unread)) {
            is_computed = is_computed || text_find(content, "environ", 0) != SIZE_MAX ||
                          text_find(content, "getenv", 0) != SIZE_MAX ||
                          text_find(content, "set_main_option(\"sqlalchemy.url\"", 0) != SIZE_MAX ||
                          text_find(content, "set_main_option('sqlalchemy.url'", 0) != SIZE_MAX;
            is_plain = text_find(content, "engine_from_config(", 0) != SIZE_MAX &&
                       text_find(content, "set_main_option(", 0) == SIZE_MAX;
            read_file(search, places[i]);
        }
    }
    search->may_be_postgres = search->may_be_postgres || !is_plain;
    return is_computed;
}

/* The variable that the tool takes unless it is told otherwise. sqlx 0.9 has the name in sqlx.toml
 * (sqlx-core/src/config/common.rs), and does not read DATABASE_URL then. */
static const char *usual_variable(struct search *search, const char *framework)
{
    static const char file[] = "sqlx.toml";
    struct status unread = {.arena = search->arena};
    struct toml toml;
    struct text content;
    if (strcmp(framework, "sqlx") != 0 ||
        !read_content(search, path_join(search->arena, search->base, file), &content) ||
        !toml_read(search->arena, file, content, &toml, &unread)) {
        return "DATABASE_URL";
    }
    const struct toml_entry *const entry = toml_find(&toml, "common", "database-url-var");
    return entry == NULL || entry->kind != TOML_STRING ? "DATABASE_URL" : entry->value;
}

void project_databases(struct arena *arena, const char *root, const char *base, const char *framework,
                       struct named_databases *databases)
{
    struct search search = {.arena = arena, .root = root, .base = base == NULL ? "" : base, .found = databases};
    *databases = (struct named_databases){.usual = usual_variable(&search, framework)};
    if (strcmp(framework, "prisma") == 0) {
        databases->direct = direct_url_variable(arena, path_join(arena, root, search.base));
    }
    for (size_t i = 0; i < sizeof namings / sizeof namings[0]; i++) {
        const struct naming *const naming = &namings[i];
        if (strcmp(naming->framework, framework) != 0) {
            continue;
        }
        for (size_t j = 0; naming->variables[j] != NULL; j++) {
            search_add_variable(&search, naming->variables[j], NULL);
        }
        add_other(&search, framework);
        const bool is_computed =
            databases->count > 0 || (strcmp(framework, "alembic") == 0 && read_alembic_environment(&search));
        for (size_t j = 0; naming->files[j] != NULL && !is_computed; j++) {
            read_files(&search, naming->files[j]);
        }
    }
    if (databases->count == 0 && (strcmp(framework, "flyway") == 0 || strcmp(framework, "liquibase") == 0)) {
        read_build(&search, framework);
    }
    if (strcmp(framework, "django") == 0) {
        read_django(&search);
    }
    if (strcmp(framework, "laravel") == 0) {
        add_parts(&search);
    }
    note_kind(&search, framework);
    add_other(&search, framework);
    if (databases->count == 0 && databases->unread.file == NULL) {
        search_add_variable(&search, databases->usual, NULL);
        databases->is_usual = databases->count > 0;
        add_other(&search, framework);
    }
}

/* ---- comparing ---- */

/* What is not given is no difference. */
static bool is_same(const struct named_database *named, const struct conninfo *conninfo)
{
    if (named->kind != NULL) {
        return false;
    }
    struct conninfo other = *conninfo;
    other.place = (struct conninfo_place){
        .host = named->host != NULL ? named->host : conninfo->place.host,
        .port = named->port != NULL ? named->port : conninfo->place.port,
        .database = named->database != NULL ? named->database : conninfo->place.database,
    };
    return conninfo_same_database(&other, conninfo);
}

/* What is known of an address that cannot be read completely may show that it is another. */
const struct named_database *project_database_other(const struct named_databases *databases,
                                                    const struct conninfo *conninfo)
{
    const struct named_database *const unread = &databases->unread;
    for (size_t i = 0; i < databases->count; i++) {
        if (is_same(&databases->items[i], conninfo)) {
            return NULL;
        }
    }
    if (databases->count > 0) {
        return &databases->items[0];
    }
    return unread->file != NULL && !databases->is_default && !is_same(unread, conninfo) ? unread : NULL;
}

/* does: what the place does with the name; from: what leads to its variable, if it has one. */
static const char *not_known(struct arena *arena, const struct named_database *place, const char *does,
                             const char *from, const struct conninfo *conninfo)
{
    const bool has_variable = place->variable != NULL;
    return arena_printf(
        arena, "Which database the project means is not known: %s, line %u, %s%s%s%s. This worker's is %s:%s/%s.",
        place->file, place->line, does, has_variable ? from : "", has_variable ? place->variable : "",
        has_variable ? ", which is not set here" : "", conninfo->place.host, conninfo->place.port,
        conninfo->place.database);
}

const char *project_database_unread(struct arena *arena, const struct named_databases *databases,
                                    const struct conninfo *conninfo)
{
    const struct named_database *const unread = &databases->unread;
    return unread->file == NULL || databases->count > 0 || (databases->is_default && is_same(unread, conninfo))
               ? NULL
               : not_known(arena, unread, "puts its URL together", ", also from ", conninfo);
}

const char *project_database_computed(struct arena *arena, const struct named_databases *databases,
                                      const struct conninfo *conninfo)
{
    const struct named_database *const computed = &databases->computed;
    return (databases->count > 0 && !databases->is_usual) || databases->unread.file != NULL || computed->file == NULL
               ? NULL
               : not_known(arena, computed, "computes its name", ", from ", conninfo);
}

/* The variables that may name it: the usual one, and those in the project's files. */
static const char *variable_of(const struct named_databases *databases, size_t i)
{
    return i == 0 ? databases->usual : databases->items[i - 1].variable;
}

/* The variable that Prisma takes for migrations, if the worker's database is the one in it; NULL: it is not. The
 * application's URL is another way to that database then, as through a pooler. */
static const char *direct_of(const struct named_databases *databases, const struct conninfo *conninfo)
{
    for (size_t i = 0; databases->direct != NULL && i < databases->count; i++) {
        const char *const variable = databases->items[i].variable;
        if (variable != NULL && strcmp(variable, databases->direct) == 0 && is_same(&databases->items[i], conninfo)) {
            return databases->direct;
        }
    }
    return NULL;
}

static const char *aside_of(struct arena *arena, const struct search *search, const struct named_databases *databases,
                            const char *file, const struct conninfo *conninfo)
{
    const char *const direct = direct_of(databases, conninfo);
    for (size_t i = 0; i <= (direct != NULL ? 0 : databases->count); i++) {
        const char *const name = direct != NULL ? direct : variable_of(databases, i);
        struct named_databases found = {0};
        struct search one = *search;
        one.found = &found;
        one.dotenvs[0] = file;
        if (name != NULL && search_add_variable_of(&one, name) && !is_same(&found.items[0], conninfo)) {
            return arena_printf(
                arena,
                "A file of the project names another database: %s. This worker's is %s:%s/%s. Which one counts "
                "depends on the environment that the application is started in.",
                named_database_text(arena, &found.items[0]), conninfo->place.host, conninfo->place.port,
                conninfo->place.database);
        }
    }
    return NULL;
}

const char *project_database_aside(struct arena *arena, const char *root, const char *base,
                                   const struct named_databases *databases, const struct conninfo *conninfo)
{
    static const char *const files[] = {
        ".env", ".env.local", ".env.development", ".env.development.local", ".env.production", ".env.production.local"};
    const struct search search = {.arena = arena, .root = root, .base = base};
    const char *said = NULL;
    for (size_t i = 0; said == NULL && i < sizeof files / sizeof files[0]; i++) {
        said = aside_of(arena, &search, databases, files[i], conninfo);
    }
    return said;
}

const char *named_database_text(struct arena *arena, const struct named_database *named)
{
    struct buffer text = {.arena = arena};
    if (named->is_borrowed) {
        buffer_puts(&text, "one whose address is put together from the environment");
    } else if (named->host != NULL || (named->port != NULL && named->database == NULL)) {
        buffer_printf(&text, "%s%s%s/", named->host == NULL ? "?" : named->host, named->port == NULL ? "" : ":",
                      named->port == NULL ? "" : named->port);
    }
    buffer_printf(&text, "%s (%s",
                  named->is_borrowed        ? ""
                  : named->kind != NULL     ? named->kind
                  : named->database == NULL ? "?"
                                            : named->database,
                  named->file);
    if (named->line > 0) {
        buffer_printf(&text, ", line %u", named->line);
    }
    if (named->variable != NULL) {
        buffer_printf(&text, ", by %s", named->variable);
    }
    buffer_puts(&text, ")");
    return buffer_string(&text);
}
