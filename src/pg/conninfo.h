/*
 * Parses connection URLs as people write them for Prisma and other frameworks, into what libpq accepts. libpq refuses a
 * URI with a parameter that it does not know ("invalid URI query parameter: "schema"", libpq 15), so we read the URL
 * ourselves and pass keywords and values. Every parameter is either understood or refused by name: an ignored one could
 * be the schema that was meant. The list is in conninfo_parameters.c.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#define CONNINFO_KEYWORDS 56

/* Item `number` of a list with commas (hosts, ports); of a short list the last item is repeated. */
struct text conninfo_item(const char *list, size_t number);
size_t conninfo_item_count(const char *list);

/* Where a connection leads, for messages and answers; never NULL. Several hosts are separated by commas. */
struct conninfo_place {
    const char *host;
    const char *port;
    const char *database;
};

struct conninfo {
    /* For PQconnectdbParams, NULL-terminated. The password is only in here. */
    const char *keywords[CONNINFO_KEYWORDS + 1];
    const char *values[CONNINFO_KEYWORDS + 1];
    size_t count;
    const char *schema;      /* Prisma's ?schema=; NULL: not given */
    const char *own_schema;  /* --state-schema, the schema of our own tables; NULL: the usual one */
    const char *search_path; /* the setting, from whichever parameter gave it; NULL: not given */
    struct conninfo_place place;
    const char *display; /* "postgresql://user@host:5432/db": no password, safe for logs and answers */

    /* golang-migrate's parameter for its ledger; NULL: not given. quoted: the value is "schema"."table", with the
     * quotes. */
    const char *migrations_table;
    bool migrations_table_quoted;

    uint32_t statement_timeout_ms; /* for a migration's statements (x-statement-timeout); 0: not given */
    uint32_t pool_limit;           /* the most read connections at a time (connection_limit); 0: not given */
    uint32_t pool_wait_ms;         /* how long to wait for one (pool_timeout); 0: not given */
    uint32_t socket_timeout_ms;    /* the longest that a read statement may take (socket_timeout); 0: not given */
    bool pgbouncer;                /* ?pgbouncer=true: there is a pooler in transaction mode */
    bool is_console;               /* a pooler's own, whose version is the pooler's */
};

/* Parses a URL or a keyword string. URLs: postgresql://, postgres:// and the frameworks' variants (ecto://,
 * postgresql+psycopg2://, pgx5://, jdbc:postgresql://, db:pg://, …). Keyword strings: libpq's ("host=… dbname=…") and
 * Npgsql's ("Host=…;Database=…"). Everything lives in the arena. Fails with INVALID_ARGUMENT; the message never
 * contains the URL or a part of its password. For prisma:// and prisma+postgres:// it says that these are no direct
 * connections, and what to do. */
bool conninfo_parse(struct arena *arena, const char *url, struct conninfo *conninfo, struct status *status);

/* The value of a libpq keyword; NULL if it is not set. */
const char *conninfo_value(const struct conninfo *conninfo, const char *keyword);

/* The same server, role and password, with another database; borrows both arguments. */
struct conninfo conninfo_beside(struct arena *arena, const struct conninfo *conninfo, const char *database);

/* Do both mean the same database: host, port and name, with libpq's defaults? All names of this machine ("localhost",
 * 127.0.0.1, ::1, a socket directory) are equal. */
bool conninfo_same_database(const struct conninfo *a, const struct conninfo *b);

#endif
