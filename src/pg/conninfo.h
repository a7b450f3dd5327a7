/*
 * Connection URLs as people write them for Prisma and other frameworks, made into what libpq takes. libpq refuses a URI
 * with one parameter that it does not know ("invalid URI query parameter: "schema"", libpq 15), so ours is read here
 * and passed on as keywords and values. Every parameter is understood or refused by its name: one that is left out
 * could be the schema that was meant. conninfo_parameters.c has the list.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#define CONNINFO_KEYWORDS 56

/* Where it leads, for messages and answers: never NULL. Of several hosts all, with commas. */
struct conninfo_place {
    const char *host;
    const char *port;
    const char *database;
};

struct conninfo {
    /* For PQconnectdbParams, NULL-terminated. The password is in here and nowhere else. */
    const char *keywords[CONNINFO_KEYWORDS + 1];
    const char *values[CONNINFO_KEYWORDS + 1];
    size_t count;
    const char *schema;      /* Prisma's ?schema=; NULL: not given */
    const char *own_schema;  /* where our own tables are, as the operator says; NULL: where they usually are */
    const char *search_path; /* as the setting says it, of whichever parameter gave it; NULL: not given */
    struct conninfo_place place;
    const char *display; /* "postgresql://user@host:5432/db": no password, safe for logs and answers */

    /* golang-migrate's own: where its ledger is. NULL: not given. Quoted: the value is "schema"."table" in quotes. */
    const char *migrations_table;
    bool migrations_table_quoted;

    uint32_t statement_timeout_ms; /* of a migration's statements (x-statement-timeout); 0: not given */
    uint32_t pool_limit;           /* connections for reading at a time (connection_limit); 0: not given */
    uint32_t pool_wait_ms;         /* how long one is waited for (pool_timeout); 0: not given */
    uint32_t socket_timeout_ms;    /* how long a reading statement may take (socket_timeout); 0: not given */
    bool pgbouncer;                /* ?pgbouncer=true: a pooler in transaction mode is announced */
};

/* Reads a URL or a keyword string. URLs: postgresql://, postgres://, what frameworks make of these (ecto://,
 * postgresql+psycopg2://, pgx5://, jdbc:postgresql://, db:pg://, …). Keyword strings: libpq's ("host=… dbname=…") and
 * Npgsql's ("Host=…;Database=…"). Everything lives in the arena. Fails with INVALID_ARGUMENT; the message never holds
 * the URL or any part of its password. prisma:// and prisma+postgres:// are told to be no direct connection, with what
 * to do. */
bool conninfo_parse(struct arena *arena, const char *url, struct conninfo *conninfo, struct status *status);

/* The value of a libpq keyword; NULL where unset. */
const char *conninfo_value(const struct conninfo *conninfo, const char *keyword);

/* The same server, role and password, another database; borrows both. */
struct conninfo conninfo_beside(struct arena *arena, const struct conninfo *conninfo, const char *database);

/* True where both mean the same database: host, port and name, with what libpq puts where nothing is said. All names of
 * this machine ("localhost", 127.0.0.1, ::1, a socket directory) are one. */
bool conninfo_same_database(const struct conninfo *a, const struct conninfo *b);

#endif
