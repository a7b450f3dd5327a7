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
static const char *variable_of_file(const struct search *search, const char *path, const char *name)
{
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    const char *value = NULL;
    const char *const kept = dotenv_read_file(reading, path, name, &value, &unread) && value != NULL
                                 ? arena_strdup(search->arena, value)
                                 : NULL;
    arena_free(reading);
    return kept;
}

static const char *variable_in_files(struct search *search, const char *name, const char *value, const char **file)
{
    const char *const bases[] = {search->base, "", search->base[0] == '\0' ? "prisma" : ""};
    if (value != NULL && value[0] != '\0') {
        return value;
    }
    if (search->variables++ >= MOST_VARIABLES) {
        return NULL;
    }
    for (size_t i = 0; (value == NULL || value[0] == '\0') && i < sizeof bases / sizeof bases[0]; i++) {
        value = NULL;
        for (size_t j = 0; value == NULL && j < MOST_DOTENVS; j++) {
            const char *const dotenv = search->dotenvs[0] == NULL && j == 0 ? ".env" : search->dotenvs[j];
            const char *const place = dotenv == NULL ? NULL : path_join(search->arena, bases[i], dotenv);
            value =
                place == NULL ? NULL : variable_of_file(search, path_join(search->arena, search->root, place), name);
            *file = value == NULL ? *file : place;
        }
    }
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* The tool's precedence: the environment before the files. */
const char *search_variable(struct search *search, const char *name, const char **file)
{
    *file = "the environment";
    return variable_in_files(search, name, getenv(name), file);
}

bool search_add_variable_of(struct search *search, const char *name)
{
    struct named_database named = {.variable = name};
    const char *const value = variable_in_files(search, name, NULL, &named.file);
    return value != NULL && search_add_url(search, named, value);
}

/* place NULL: its tool reads it by itself. */
bool search_add_variable(struct search *search, const char *name, const struct named_database *place)
{
    const char *file;
    const char *const value = search_variable(search, name, &file);
    const struct named_database named = {
        .file = place == NULL ? file : place->file,
        .line = place == NULL ? 0 : place->line,
        .variable = arena_strdup(search->arena, name),
    };
    return value != NULL && search_add_url(search, named, value);
}
