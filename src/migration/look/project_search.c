/* Keeps what the search finds, and looks up environment variables as the project's tool would see them. */
#include "migration/look/project_search.h"

#include "base/dotenv.h"
#include "base/files.h"
#include "base/status.h"
#include "migration/look/project_kind.h"
#include "pg/conninfo.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NAMED 64 /* of one project */
/* Looks for a variable in the files of one project; behind them one counts as not set. */
#define MOST_VARIABLES 128

/* ---- what is not shown ---- */

/* Does the name say that the value is no secret? "DB_HOST", "PGPORT", "POSTGRES_DB", "APP_DATABASE_NAME" */
static bool is_telling(const char *name, const char *value)
{
    static const char *const plain[] = {"HOST", "PORT", "DB", "DATABASE", "NAME", "SERVER"};
    static const char *const secret[] = {"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH"};
    bool is = false;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        is = is || strcasestr(name, plain[i]) != NULL;
    }
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        is = is && strcasestr(name, secret[i]) == NULL;
    }
    return is && strpbrk(value, ":@=/") == NULL;
}

/* ---- what is found ---- */

void search_add(struct search *search, const struct named_database *named)
{
    struct named_databases *const found = search->found;
    if (found->count < MOST_NAMED) {
        found->items = arena_grow(search->arena, found->items, found->count, &found->capacity, sizeof *found->items);
        found->items[found->count++] = *named;
    }
}

void search_note_other(struct search *search, struct named_database named, const char *kind)
{
    if (search->other.kind == NULL) {
        named.kind = kind;
        search->other = named;
    }
}

bool search_add_url(struct search *search, struct named_database named, const char *url)
{
    struct status unread = {.arena = search->arena};
    struct conninfo conninfo;
    const bool is_url = strstr(url, "://") != NULL || strncmp(url, "jdbc:", 5) == 0;
    /* The parameters name no database, and an unknown one must not prevent reading the rest. */
    const char *const bare = is_url ? arena_strndup(search->arena, url, strcspn(url, "?")) : url;
    const char *const kind = project_kind_of_url(text_of(url));
    if (kind != NULL) {
        search_note_other(search, named, kind);
        return false;
    }
    if ((!is_url && strchr(url, '=') == NULL) || !conninfo_parse(search->arena, bare, &conninfo, &unread)) {
        return false;
    }
    named.host = conninfo.place.host;
    named.port = conninfo.place.port;
    named.database = conninfo.place.database;
    search->may_be_postgres = true;
    search_add(search, &named);
    return true;
}

/* In memory of its own, because a file may be large, and may be asked for many variables. */
static const char *variable_of_file(const struct search *search, const char *path, const char *name, bool *is_borrowed)
{
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct words taken = {0};
    const char *value = NULL;
    const bool ok = dotenv_read_taking(reading, path, name, &(struct dotenv_taken){&value, &taken}, &unread);
    const char *const kept = ok && value != NULL ? arena_strdup(search->arena, value) : NULL;
    for (size_t i = 0; i < taken.count; i++) {
        *is_borrowed = *is_borrowed || !is_telling(taken.items[i], getenv(taken.items[i]));
    }
    arena_free(reading);
    return kept;
}

/* Also sets *is_borrowed, if it is. */
static const char *variable_in_files(struct search *search, const char *name, const char **file, bool *is_borrowed)
{
    const char *const bases[] = {search->base, "", search->base[0] == '\0' ? "prisma" : ""};
    const char *value = NULL;
    if (search->variables++ >= MOST_VARIABLES) {
        return NULL;
    }
    for (size_t i = 0; (value == NULL || value[0] == '\0') && i < sizeof bases / sizeof bases[0]; i++) {
        value = NULL;
        for (size_t j = 0; value == NULL && j < MOST_DOTENVS; j++) {
            const char *const dotenv = search->dotenvs[0] == NULL && j == 0 ? ".env" : search->dotenvs[j];
            const char *const place = dotenv == NULL ? NULL : path_join(search->arena, bases[i], dotenv);
            value = place == NULL
                        ? NULL
                        : variable_of_file(search, path_join(search->arena, search->root, place), name, is_borrowed);
            *file = value == NULL ? *file : place;
        }
    }
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* The tool's precedence: the environment before the files. */
static const char *variable_of_tool(struct search *search, const char *name, const char **file, bool *is_borrowed)
{
    const char *const value = getenv(name);
    *file = "the environment";
    return value != NULL && value[0] != '\0' ? value : variable_in_files(search, name, file, is_borrowed);
}

const char *search_variable(struct search *search, const char *name, const char **file)
{
    const char *const own = getenv(name);
    const bool is_own = own != NULL && own[0] != '\0';
    bool is_borrowed = is_own && !is_telling(name, own);
    const char *const value = variable_of_tool(search, name, file, &is_borrowed);
    search->has_borrowed = search->has_borrowed || (value != NULL && is_borrowed);
    return value;
}

bool search_add_variable_of(struct search *search, const char *name)
{
    struct named_database named = {.variable = name};
    const char *const value = variable_in_files(search, name, &named.file, &named.is_borrowed);
    return value != NULL && search_add_url(search, named, value);
}

/* place NULL: its tool reads it by itself. */
bool search_add_variable(struct search *search, const char *name, const struct named_database *place)
{
    struct named_database named = {.variable = arena_strdup(search->arena, name)};
    const char *const value = variable_of_tool(search, name, &named.file, &named.is_borrowed);
    named.file = place == NULL ? named.file : place->file;
    named.line = place == NULL ? 0 : place->line;
    return value != NULL && search_add_url(search, named, value);
}
