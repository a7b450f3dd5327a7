/*
 * A connection in the forms in which tools want to be told, with its password or with *** for it.
 */
#ifndef CONNECTION_FORMS_H
#define CONNECTION_FORMS_H

#include "pg/conninfo.h"

struct connection_form {
    const char *name;
    const char *title;
    const char *text;
};

#define CONNECTION_FORMS 7

/* "postgresql://user:****@host:5432/db?sslmode=require". In the arena. */
const char *connection_url(struct arena *arena, const struct conninfo *conninfo, bool reveal);

/* Fills forms; the number of them. JDBC knows no Unix sockets and Prisma no more than one host: each is
 * left out there. */
size_t connection_forms(struct arena *arena, const struct conninfo *conninfo, bool reveal,
                        struct connection_form forms[CONNECTION_FORMS]);

#endif
