/*
 * Finds three things in a file: names of environment variables in its language's syntax, connection URLs, and groups of
 * settings called host, port and database. One reader serves all files, because those of thirty frameworks are in six
 * languages and have this in common.
 */
#include "migration/look/project_text.h"

#include "base/words.h"
#include "migration/look/project_kind.h"
#include "migration/look/project_setting.h"
#include "migration/look/project_template.h"

#include <ctype.h>
#include <string.h>

#define VALUE_LIMIT 4096

/* ---- URLs ---- */

/* A URL at the start of the text, up to a character that cannot be in one; empty: none. */
static struct text url_at(struct text text)
{
    static const char *const schemes[] = {
        "postgres", "postgis:", "ecto:", "pgsql:", "pdo-pgsql:", "pgx", "jdbc:postgresql:", "db:pg:", NULL};
    bool begins = false;
    for (size_t i = 0; schemes[i] != NULL && !begins; i++) {
        begins = text_starts_with(text, schemes[i]);
    }
    size_t size = 0;
    while (begins && size < text.size && size < VALUE_LIMIT && (unsigned char)text.data[size] > 0x20 &&
           strchr("\"'`<>,;)]}", text.data[size]) == NULL) {
        size++;
    }
    const struct text url = text_slice(text, 0, size);
    const bool is_jdbc = text_starts_with(text, "jdbc:");
    /* A value that is put together at run time names nothing. */
    return (text_find(url, "://", 0) == SIZE_MAX && !is_jdbc) || text_find(url, "{", 0) != SIZE_MAX ||
                   text_find(url, "$", 0) != SIZE_MAX || text_find(url, "%(", 0) != SIZE_MAX
               ? (struct text){0}
               : url;
}

/* ---- groups of settings ---- */

struct group {
    const char *host;
    const char *port;
    const char *database;
    const char *variable; /* from which the database's name comes, or NULL */
    uint32_t line;
    bool is_computed; /* the database's name cannot be read */
    bool is_other;    /* for another kind of database */
    bool is_borrowed; /* as in named_database */
};

static const struct {
    const char *name;
    size_t member;
} setting_names[] = {
    {"host", offsetof(struct group, host)},         {"hostname", offsetof(struct group, host)},
    {"server", offsetof(struct group, host)},       {"db_host", offsetof(struct group, host)},
    {"port", offsetof(struct group, port)},         {"db_port", offsetof(struct group, port)},
    {"database", offsetof(struct group, database)}, {"dbname", offsetof(struct group, database)},
    {"db_name", offsetof(struct group, database)},  {"db_database", offsetof(struct group, database)},
    {"db", offsetof(struct group, database)},
};

#define SETTINGS (sizeof setting_names / sizeof setting_names[0])

static void end_group(struct search *search, const char *file, struct group *group)
{
    const bool is_file = group->database != NULL && strpbrk(group->database, "/\\") != NULL; /* SQLite's */
    if (group->database != NULL && !group->is_computed && !group->is_other && !is_file) {
        search_add(search, &(const struct named_database){.file = file,
                                                          .line = group->line,
                                                          .variable = group->variable,
                                                          .host = group->host,
                                                          .port = group->port,
                                                          .database = group->database,
                                                          .is_borrowed = group->is_borrowed});
    }
    if (group->is_computed && !group->is_other && search->found->computed.file == NULL) {
        search->found->computed =
            (struct named_database){.file = file, .line = group->line, .variable = group->variable};
    }
    *group = (struct group){0};
}

/* Is it a language in which an unquoted word is a variable, not a value? */
static bool is_code_file(struct text file)
{
    static const char *const ends[] = {".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".py", ".exs", ".php", NULL};
    size_t i = 0;
    while (ends[i] != NULL && !text_ends_with(file, ends[i])) {
        i++;
    }
    return ends[i] != NULL;
}

/* Does the setting say that the database is not PostgreSQL? value NULL: it is computed. */
static bool says_other(struct search *search, struct text name, const char *value, const struct named_database *place)
{
    static const char *const settings[] = {"adapter", "dialect", "client", "driver", "type", "engine", NULL};
    const bool is_prisma = text_is(name, "provider") && text_ends_with(text_of(place->file), ".prisma");
    const char *const kind = value == NULL ? NULL : project_kind_of_word(value);
    if ((!is_prisma && !word_is_one_of_nocase(name, settings)) ||
        (is_prisma && kind == NULL && value != NULL && strstr(value, "postgres") == NULL)) { /* a generator's */
        return false;
    }
    if (kind != NULL) {
        search_note_other(search, *place, kind);
    }
    if (kind != NULL && search->driver.kind == NULL) {
        search->driver = *place;
        search->driver.kind = kind;
    }
    search->may_be_postgres_driver = search->may_be_postgres_driver || kind == NULL;
    search->may_be_postgres = search->may_be_postgres || kind == NULL;
    return kind != NULL;
}

/* The value that a setting takes from a variable, which is told then; NULL: none, or it is not known. */
static const char *variable_value(struct search *search, struct text setting, const char **variable)
{
    const char *missing;
    const char *name;
    const char *file;
    if (!setting_of_variable(search->arena, setting, &name, &missing)) {
        return NULL;
    }
    const char *const value = search_variable(search, name, &file);
    *variable = name;
    return value != NULL ? value : missing;
}

struct piece {
    struct text text;
    struct text behind; /* the line from its beginning on */
    uint32_t line;
};

/* The row of setting_names that this name means; the number of rows: none. */
static size_t row_of(const struct search *search, struct text name)
{
    const struct text called = search->name_is_database && text_is(name, "NAME") ? text_of("database") : name;
    size_t row = 0;
    while (row < SETTINGS && !text_is_nocase(called, setting_names[row].name)) {
        row++;
    }
    return row;
}

/* Takes a setting; ignores anything else. */
static void take_setting(struct search *search, const char *file, const struct piece *piece, struct group *group)
{
    struct text name;
    struct text rest;
    if (!setting_split(piece->text, &name, &rest)) {
        return;
    }
    const char *value = setting_plain(search->arena, rest, search->is_code);
    const char *variable = NULL;
    const struct named_database place = {.file = file, .line = piece->line};
    if (search->is_only_driver) {
        says_other(search, name, value, &place);
        return;
    }
    if (value != NULL && (text_is_nocase(name, "use_env_variable") || text_is(name, "ENV"))) {
        search_add_variable(search, value, &place);
        return;
    }
    const size_t row = row_of(search, name);
    if (value == NULL && row < SETTINGS) {
        const struct text whole = setting_whole(piece->behind);
        const struct text setting = text_slice(whole, (size_t)(rest.data - whole.data), whole.size);
        search->has_borrowed = false;
        value = variable_value(search, setting, &variable);
        group->is_borrowed = group->is_borrowed || search->has_borrowed;
    }
    if (row < SETTINGS && text_trim(rest).size > 0) {
        const char **const member = (const char **)(void *)((char *)group + setting_names[row].member);
        const bool is_database = member == &group->database;
        *member = value;
        group->line = piece->line;
        group->variable = is_database ? variable : group->variable;
        group->is_computed = group->is_computed || (is_database && value == NULL);
    }
    group->is_other = says_other(search, name, variable == NULL ? value : NULL, &place) || group->is_other;
}

/* "[section]", "development:", and anything less indented than the group begin another group. */
static bool begins_group(struct text line, size_t indent, size_t group_indent)
{
    const struct text content = text_trim(line);
    return content.size > 0 && (content.data[0] == '[' || indent < group_indent ||
                                (text_ends_with(content, ":") && content.data[0] != ':'));
}

/* Settings are separated by line ends, commas and braces; a brace begins or ends a group. */
static void take_line(struct search *search, const char *file, struct text line, uint32_t number, struct group *group)
{
    char quote = '\0';
    size_t start = 0;
    bool is_index = false; /* env["NAME"], not a list */
    for (size_t i = 0; i <= line.size; i++) {
        const char c = i < line.size ? line.data[i] : ',';
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
            continue;
        }
        if (c == '"' || c == '\'' || c == '`') {
            quote = c;
        } else if (strchr("{}[](),;", c) != NULL) {
            take_setting(search, file,
                         &(const struct piece){text_slice(line, start, i), text_slice(line, start, line.size), number},
                         group);
            is_index = c == '[' ? i > 0 && isalnum((unsigned char)line.data[i - 1]) != 0 : is_index && c == ']';
            if (!is_index &&
                (c == '{' || c == '}' || (c == '[' && i + 1 < line.size && line.data[i + 1] != ']') || c == ']')) {
                end_group(search, file, group);
            }
            start = i + 1;
        }
    }
}

static bool is_comment(struct text line)
{
    line = text_trim(line);
    return text_starts_with(line, "//") || text_starts_with(line, "#") || text_starts_with(line, "*") ||
           text_starts_with(line, "/*") || text_starts_with(line, "<!--") || text_starts_with(line, ";");
}

/* "dbname=app host=db" and "Host=db;Database=app" after a setting's sign, in quotes or to the end of the line. */
static bool take_keywords(struct search *search, struct text line, const struct named_database *place)
{
    static const char *const words[] = {"dbname=", "Database=", "database="};
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && at == SIZE_MAX; i++) {
        at = text_find(line, words[i], 0);
    }
    if (at == SIZE_MAX) {
        return false;
    }
    size_t start = at;
    while (start > 0 && strchr("\"'`", line.data[start - 1]) == NULL &&
           !(line.data[start - 1] == ' ' && start > 1 && strchr(":=", line.data[start - 2]) != NULL)) {
        start--;
    }
    size_t end = at;
    while (end < line.size && strchr("\"'`#", line.data[end]) == NULL) {
        end++;
    }
    const struct text string = text_trim(text_slice(line, start, end));
    return text_find(string, "$", 0) == SIZE_MAX && text_find(string, "{", 0) == SIZE_MAX &&
           search_add_url(search, *place, arena_strndup(search->arena, string.data, string.size));
}

static const char *value_of(void *data, const char *name)
{
    const char *file;
    return search_variable(data, name, &file);
}

/* Takes a URL that is put together at run time, with the variables that are known here. A default counts for less: it
 * is often for development. */
static bool take_template(struct search *search, const struct named_database *place, const struct template_url *url)
{
    struct template_values values = {.arena = search->arena, .value = value_of, .data = search};
    struct named_databases *const found = search->found;
    struct named_database named = *place;
    search->has_borrowed = false;
    named.host = template_part(&values, url->host);
    named.port = template_part(&values, url->port);
    named.database = template_part(&values, url->database);
    named.is_borrowed = search->has_borrowed;
    const bool is_known = named.database != NULL && (named.host != NULL || url->host.size == 0) && !values.has_default;
    if (is_known) {
        search_add(search, &named);
    } else if (found->unread.file == NULL) {
        named.variable = values.missing;
        found->unread = named;
        found->is_default = values.has_default;
    }
    return is_known;
}

/* Takes the variables and URLs of a line; returns true if one names a database. */
static bool take_references(struct search *search, const char *file, struct text line, uint32_t number)
{
    const struct named_database place = {.file = file, .line = number};
    bool found = false;
    bool has_variable = false; /* then a URL after it is its default */
    bool is_computed = false;  /* a variable is named, set or not */
    for (size_t i = 0; i < line.size; i++) {
        const bool is_start = i == 0 || (isalnum((unsigned char)line.data[i - 1]) == 0 && line.data[i - 1] != '_');
        const struct text rest = text_slice(line, i, line.size);
        const struct text name = is_start ? setting_referenced(rest) : (struct text){0};
        const struct text url = is_start ? url_at(rest) : (struct text){0};
        struct template_url template;
        if (is_start && !has_variable && template_url_read(rest, &template)) {
            found = take_template(search, &place, &template) || found;
            i += template.whole.size;
        } else if (name.size > 0 && name.size < 100) {
            has_variable = search_add_variable(search, arena_strndup(search->arena, name.data, name.size), &place);
            found = found || has_variable;
            is_computed = true;
        } else if (is_start && project_kind_of_url(rest) != NULL) {
            search->may_be_postgres = search->may_be_postgres || is_computed; /* it is what a variable replaces */
            search_note_other(search, place, project_kind_of_url(rest));
        } else if (url.size > 0 && !has_variable) {
            found = search_add_url(search, place, arena_strndup(search->arena, url.data, url.size)) || found;
            i += url.size;
        }
    }
    return found || take_keywords(search, line, &place);
}

/* ---- which .env ---- */

static void add_dotenv(struct search *search, const char *name)
{
    for (size_t i = 0; i < MOST_DOTENVS; i++) {
        if (search->dotenvs[i] == NULL || strcmp(search->dotenvs[i], name) == 0) {
            search->dotenvs[i] = name;
            return;
        }
    }
}

/* A configuration may load other files than .env: dotenv's config({path: ".env.local"}), which does not override
 * variables, and @next/env's loadEnvConfig, which reads those for production unless told otherwise. */
static void find_dotenvs(struct search *search, struct text content)
{
    static const char *const of_next[] = {".env.production.local", ".env.local", ".env.production", ".env"};
    memset(search->dotenvs, 0, sizeof search->dotenvs);
    if (text_find(content, "loadEnvConfig(", 0) != SIZE_MAX) {
        for (size_t i = 0; i < sizeof of_next / sizeof of_next[0]; i++) {
            add_dotenv(search, of_next[i]);
        }
        return;
    }
    const size_t usual = text_find(content, "dotenv/config", 0);
    bool has_usual = false;
    for (size_t at = 0; (at = text_find(content, ".env", at)) != SIZE_MAX; at++) {
        size_t end = at + 1;
        while (end < content.size &&
               (isalnum((unsigned char)content.data[end]) != 0 || strchr("._-", content.data[end]) != NULL)) {
            end++;
        }
        const char quote = at == 0 ? ' ' : content.data[at - 1];
        const bool is_here =
            quote == '/' && at >= 3 && content.data[at - 2] == '.' && strchr("\"'`", content.data[at - 3]) != NULL;
        if ((is_here || strchr("\"'`", quote) != NULL) && end < content.size &&
            strchr("\"'`", content.data[end]) != NULL) {
            if (usual < at && !has_usual) {
                add_dotenv(search, ".env");
                has_usual = true;
            }
            add_dotenv(search, arena_strndup(search->arena, content.data + at, end - at));
        }
    }
}

void search_text(struct search *search, const char *file, struct text content)
{
    find_dotenvs(search, content);
    struct group group = {0};
    size_t group_indent = 0;
    uint32_t number = 0;
    search->is_code = is_code_file(text_of(file));
    for (struct text line; text_next_line(&content, &line);) {
        number++;
        const size_t indent = (size_t)(text_trim(line).data - line.data);
        if (is_comment(line) || text_trim(line).size == 0) {
            continue;
        }
        if (begins_group(line, indent, group_indent)) {
            end_group(search, file, &group);
            group_indent = 0;
        }
        const bool was_empty = group.database == NULL && group.host == NULL && group.port == NULL;
        search->is_only_driver = take_references(search, file, line, number);
        take_line(search, file, line, number, search->is_only_driver ? &(struct group){0} : &group);
        if (was_empty && (group.database != NULL || group.host != NULL || group.port != NULL)) {
            group_indent = indent;
        }
    }
    end_group(search, file, &group);
}
