/*
 * Connection URLs as people write them for Prisma and other frameworks, made into what libpq takes. libpq refuses a URI
 * with one parameter that it does not know ("invalid URI query parameter: "schema"", libpq 15), so ours is read here
 * and passed on as keywords and values. See the list in tests/unit/test_conninfo.c for what is accepted.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#define CONNINFO_KEYWORDS 48

struct conninfo {
    /* For PQconnectdbParams, NULL-terminated. The password is in here and nowhere else. */
    const char *keywords[CONNINFO_KEYWORDS + 1];
    const char *values[CONNINFO_KEYWORDS + 1];
    size_t count;
    const char *schema;         /* ?schema=, where the ledger lives for frameworks that say it so; NULL: not given */
    bool pgbouncer;             /* ?pgbouncer=true: a pooler in transaction mode is announced */
    const char *display;        /* "postgresql://user@host:5432/db": no password, safe for logs and answers */
    const char *const *ignored; /* parameters that were set aside, NULL-terminated, for the log */
};

/* Reads a URL (postgresql:// or postgres://) or a libpq keyword string ("host=… dbname=…"). Everything lives in the
 * arena. Fails with INVALID_ARGUMENT; the message never holds the URL or any part of its password. prisma:// and
 * prisma+postgres:// are told to be no direct connection, with what to do. */
bool conninfo_parse(struct arena *arena, const char *url, struct conninfo *conninfo, struct status *status);

/* The value of a libpq keyword; NULL where unset. */
const char *conninfo_value(const struct conninfo *conninfo, const char *keyword);

#endif
