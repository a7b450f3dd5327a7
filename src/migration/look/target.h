/*
 * Which database and which project this is: in every answer, so that nobody has to guess.
 */
#ifndef MIGRATION_LOOK_TARGET_H
#define MIGRATION_LOOK_TARGET_H

#include "migration/look/place.h"

struct target {
    const char *host; /* of several the one that is connected; a socket's directory */
    const char *port;
    const char *database;
    const char *user;
    const char *server_version; /* "15.18"; NULL: it was not reached */
    const char *project;        /* the folder, as the worker was told */
    const char *framework;      /* its display name; NULL: not known */
    const char *environment;    /* "production"; NULL: none was said */
};

/* Of the session; where that is NULL, what the connection URL says, and the server said before. The framework is for
 * the caller to add. Its strings are the arena's or the site's. */
struct target target_of(struct arena *arena, const struct site *site, const struct pg_session *session);

/* The same with the framework; NULL: not known. */
struct target target_with(const struct request *request, const struct pg_session *session,
                          const struct framework *framework);

#endif
