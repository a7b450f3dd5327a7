/*
 * The target: which database and which project. Every answer contains it, so that nobody has to guess.
 */
#ifndef MIGRATION_LOOK_TARGET_H
#define MIGRATION_LOOK_TARGET_H

#include "migration/look/place.h"

struct target {
    const char *host; /* the connected one of several; for a socket its directory */
    const char *port;
    const char *database;
    const char *user;
    const char *server_version; /* "15.18"; NULL: no connection */
    const char *project;        /* the folder, as given to the worker */
    const char *framework;      /* display name; NULL: not known */
    const char *environment;    /* "production"; NULL: none */
};

/* The target of a session. Without a session it is what the connection URL says, with the server version that was seen
 * last. The framework is left for the caller. Strings are the arena's or the site's. */
struct target target_of(struct arena *arena, const struct site *site, const struct pg_session *session);

/* The same with the framework, which may be NULL. */
struct target target_with(const struct request *request, const struct pg_session *session,
                          const struct framework *framework);

#endif
