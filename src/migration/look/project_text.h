/*
 * Databases that a project's files name: a search under way, and how the text of a file is read. Which files of which
 * framework is project_database.c's.
 */
#ifndef MIGRATION_LOOK_PROJECT_TEXT_H
#define MIGRATION_LOOK_PROJECT_TEXT_H

#include "base/arena.h"
#include "base/text.h"
#include "pg/conninfo.h"

#include <stdbool.h>

/* A place in the project that names a database. Members that it does not say are NULL. */
struct named_database {
    const char *file;     /* relative to the project */
    uint32_t line;        /* 1-based; 0: the whole file */
    const char *variable; /* the environment variable that holds it; NULL: it stands there itself */
    const char *host;
    const char *port;
    const char *database;
};

struct named_databases {
    struct named_database *items;
    size_t count;
    size_t capacity;
};

#define MOST_DOTENVS 5

struct search {
    const char *dotenvs[MOST_DOTENVS]; /* the files that the configuration loads, the first one counts; none: ".env" */
    struct arena *arena;
    const char *root;
    const char *base;
    struct named_databases *found;
    bool name_is_database; /* "NAME" is the database's, as in Django's settings */
    bool is_code;          /* of the file under way: a value without quotes is computed */
};

void search_add(struct search *search, const struct named_database *named);

/* The value of an environment variable as a tool would see it, and where it is set; NULL: nowhere. */
const char *search_variable(struct search *search, const char *name, const char **file);

/* What an environment variable holds; place is where it is named, NULL: its tool reads it by itself. False where it is
 * not set, or holds no database of ours. */
bool search_add_variable_of(struct search *search, const char *name);
bool search_add_variable(struct search *search, const char *name, const struct named_database *place);

/* All that the text of a file says. */
void search_text(struct search *search, const char *file, struct text content);

#endif
