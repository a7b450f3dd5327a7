/*
 * Which database this is: in every answer, so that nobody has to guess.
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
};

/* Of the session; where that is NULL, what the connection URL says. Its strings are the arena's or the URL's. */
struct target target_of(struct arena *arena, const struct site *site, const struct pg_session *session);

#endif
