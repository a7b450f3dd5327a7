/*
 * What only the server can tell about a connection.
 */
#ifndef CONNECTION_SERVER_H
#define CONNECTION_SERVER_H

#include "connection/pooler.h"

struct server_setting {
    const char *name;
    const char *value;
    const char *note; /* its meaning for migrations */
};

#define SERVER_SETTINGS 20

struct server_facts {
    const char *version; /* "15.18" */
    bool knows_tls;
    bool has_tls;
    const char *tls_protocol; /* NULL: none; so is the cipher */
    const char *tls_cipher;
    struct pooler pooler;
    struct server_setting settings[SERVER_SETTINGS];
    size_t setting_count;
};

/* Queries a pinned session. Fails if it does not answer. Strings are copies in the arena. */
bool server_look(struct arena *arena, struct pg_session *session, const struct conninfo *conninfo,
                 struct server_facts *facts, struct status *status);

#endif
