/*
 * The search for databases that a project's files name: what it has found so far, and how to add to it.
 */
#ifndef MIGRATION_LOOK_PROJECT_SEARCH_H
#define MIGRATION_LOOK_PROJECT_SEARCH_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* A place in the project that names a database. Members that are not given there are NULL. */
struct named_database {
    const char *file;     /* relative to the project */
    uint32_t line;        /* 1-based; 0: the whole file */
    const char *variable; /* the environment variable that holds it; NULL: the value itself is in the file */
    const char *host;
    const char *port;
    const char *database;
    const char *kind; /* "MySQL": it is no database of PostgreSQL; NULL: it is one */
    bool is_borrowed; /* a part is the value of a variable of the environment that may be anything: it is not shown */
};

struct named_databases {
    struct named_database *items;
    size_t count;
    size_t capacity;
    /* The first URL whose database cannot be read: it is put together at run time. Its variable is the one that is not
     * set here (NULL: it is computed otherwise); file NULL: there is none. */
    struct named_database unread;
    struct named_database computed; /* the first setting of a database's name that is computed; file NULL: none */
    const char *usual;              /* the variable that the tool takes unless it is told otherwise: DATABASE_URL */
    bool is_usual;                  /* the only one is in that variable */
    bool is_default;                /* of its parts some are only the defaults of variables that are not set here */
    const char *direct; /* the variable that Prisma takes for migrations (base/direct_url.h); NULL: none is named */
};

#define MOST_DOTENVS 5

struct search {
    const char *dotenvs[MOST_DOTENVS]; /* the .env files that the configuration loads, the first takes precedence; none:
                                          ".env" */
    struct arena *arena;
    const char *root;
    const char *base;
    struct named_databases *found;
    struct named_database other; /* the first of another kind than PostgreSQL; its kind is NULL: none was seen */
    bool may_be_postgres;        /* something is computed, or for PostgreSQL: the other kind is not all that there is */
    struct named_database driver; /* likewise, by the literal value of a setting like client, type or dialect */
    bool may_be_postgres_driver;  /* such a setting is computed, or for PostgreSQL */
    bool is_only_driver;          /* of the current line only such settings count: it names a database otherwise */
    bool name_is_database;        /* "NAME" is the database's name, as in Django's settings */
    bool is_code;                 /* the current file is code: an unquoted value is computed */
    unsigned variables;           /* how many were looked for in the files */
    bool has_borrowed;            /* set by search_variable: its value is not to be shown */
};

void search_add(struct search *search, const struct named_database *named);

/* Notes a database of another kind than PostgreSQL; the first one counts. */
void search_note_other(struct search *search, struct named_database named, const char *kind);

/* Adds what a connection URL or string names, at the place of `named`; returns false if it is none. */
bool search_add_url(struct search *search, struct named_database named, const char *url);

/* The value of an environment variable as the tool would see it, and the file that sets it; NULL: not set. Sets
 * has_borrowed if it is, or contains, the value of a variable of the environment whose name does not say that it is
 * part of an address: a project could have any secret of the worker's shown as the name of a database. */
const char *search_variable(struct search *search, const char *name, const char **file);

/* Adds the database that an environment variable holds. place is where the variable is named; search_add_variable_of is
 * for a variable that the tool reads by itself. Returns false if it is not set or holds no PostgreSQL database. */
bool search_add_variable_of(struct search *search, const char *name);
bool search_add_variable(struct search *search, const char *name, const struct named_database *place);

#endif
