/*
 * A connection in the formats of various tools, with its password or with ***.
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

/* Fills the forms and returns their number. JDBC does not support Unix sockets, and Prisma only one host: they are left
 * out in these cases. */
size_t connection_forms(struct arena *arena, const struct conninfo *conninfo, bool reveal,
                        struct connection_form forms[CONNECTION_FORMS]);

#endif
