/*
 * The console of a pooler is a database of its own ("pgbouncer" in PgBouncer, "pgcat" in PgCat) that knows only SHOW
 * and accepts only users that its configuration names (stats_users, admin_users). It refuses all others with messages
 * that PostgreSQL does not have.
 */
#include "connection/pooler.h"

#include "pg/exec.h"
#include "pg/values.h"

#include <string.h>
#include <strings.h>

#define CONSOLE_MS 2000

/* ---- known services ---- */

static const struct {
    const char *host; /* a part of the host's name */
    const char *also; /* and another part; NULL: none is needed */
    const char *port; /* NULL: any */
    const char *name;
    const char *mode;
    const char *advice;
} places[] = {
    {".pooler.supabase.com", NULL, "6543", "Supavisor", "transaction",
     "Supabase: give the worker the direct connection, db.PROJECT.supabase.co with port 5432."},
    {".pooler.supabase.com", NULL, NULL, "Supavisor", "session",
     "Supabase: give the worker the direct connection, db.PROJECT.supabase.co with port 5432."},
    {"-pooler.", ".neon.tech", NULL, "PgBouncer", "transaction",
     "Neon: the direct host has the same name without \"-pooler\"."},
    {".proxy-", ".rds.amazonaws.com", NULL, "RDS Proxy", "transaction",
     "AWS: give the worker the endpoint of the instance, or the writer endpoint of the cluster."},
    {".db.ondigitalocean.com", NULL, "25061", "PgBouncer", "", "DigitalOcean: the direct port is 25060."},
    {".postgres.database.azure.com", NULL, "6432", "PgBouncer", "transaction", "Azure: the direct port is 5432."},
    {".db.postgresbridge.com", NULL, "5431", "PgBouncer", "transaction", "Crunchy Bridge: the direct port is 5432."},
};

static const struct {
    const char *mode;
    const char *meaning;
} modes[] = {
    {"session",
     "A client keeps its backend as long as it is connected, but its process id is the pooler's own, so that Truss "
     "cannot see who holds or waits for a lock: looking works, a run is refused."},
    {"transaction",
     "Each transaction may get another backend: session settings, session locks and prepared statements are lost in "
     "between, and a framework's lock would belong to somebody else. A status works, a run is refused."},
    {"statement",
     "Each statement may get another backend, and no transaction of several is allowed: nothing works but single "
     "statements. A run is refused."},
    {"", "Who gets which backend is not known, so that locks and settings of a session cannot be relied on: looking "
         "works, a run is refused."},
};

static const char *meaning_of(const char *mode)
{
    size_t i = 0;
    while (modes[i].mode[0] != '\0' && strcmp(modes[i].mode, mode) != 0) {
        i++;
    }
    return modes[i].meaning;
}

static void put_advice(struct arena *arena, const char *where, struct pooler *pooler)
{
    const bool is_bouncer = strcmp(pooler->name, "PgBouncer") == 0 || strcmp(pooler->name, "PgCat") == 0;
    pooler->meaning = meaning_of(pooler->mode);
    pooler->advice = arena_printf(
        arena, "%s Programs may go on through the pooler.%s",
        where[0] != '\0' ? where
                         : "Give the worker the host and port of PostgreSQL itself (Prisma: directUrl, or DIRECT_URL).",
        is_bouncer ? " For branches its configuration needs an entry that leads to any database (\"* = host=…\")."
                   : "");
}

static bool fits(size_t i, const struct conninfo *conninfo)
{
    const char *const host = conninfo->place.host;
    return strstr(host, places[i].host) != NULL && (places[i].also == NULL || strstr(host, places[i].also) != NULL) &&
           (places[i].port == NULL || strcmp(places[i].port, conninfo->place.port) == 0);
}

void pooler_of_url(struct arena *arena, const struct conninfo *conninfo, struct pooler *pooler)
{
    const char *where = "";
    *pooler = (struct pooler){false, "", "", "", "", "", ""};
    for (size_t i = 0; !pooler->is_found && i < sizeof places / sizeof places[0]; i++) {
        if (fits(i, conninfo)) {
            pooler->is_found = true;
            pooler->name = places[i].name;
            pooler->mode = places[i].mode;
            pooler->evidence = "the name of the host";
            where = places[i].advice;
        }
    }
    if (conninfo->pgbouncer && !pooler->is_found) {
        pooler->is_found = true;
        pooler->name = "PgBouncer";
        pooler->evidence = "the URL says pgbouncer=true";
    }
    if (pooler->is_found) {
        put_advice(arena, where, pooler);
    }
}

/* ---- the pooler's console ---- */

/* "PgBouncer 1.18.0", "PgCat 1.1.1" */
static bool read_version(struct arena *arena, const char *text, struct pooler *pooler)
{
    static const char *const names[] = {"PgBouncer", "PgCat"};
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++) {
        const size_t size = strlen(names[i]);
        if (strncasecmp(text, names[i], size) == 0) {
            const char *const version = text + size + strspn(text + size, " ");
            pooler->name = names[i];
            pooler->version = arena_strndup(arena, version, strcspn(version, " "));
            return true;
        }
    }
    return false;
}

/* The value in the column `wanted` of the first row in which the column `name` is `key`; NULL if there is none. */
static const char *look_up(struct arena *arena, const PGresult *rows, const char *name, const char *key,
                           const char *wanted)
{
    const int by = rows == NULL ? -1 : PQfnumber(rows, name);
    const int at = rows == NULL ? -1 : PQfnumber(rows, wanted);
    for (int i = 0; by >= 0 && at >= 0 && i < PQntuples(rows); i++) {
        const char *const value = pg_field(rows, i, at);
        if (strcmp(pg_field(rows, i, by) == NULL ? "" : pg_field(rows, i, by), key) == 0 && value != NULL &&
            value[0] != '\0') {
            return arena_strdup(arena, value);
        }
    }
    return NULL;
}

static const char *mode_of(struct arena *arena, struct pg_session *console, const char *database)
{
    struct status ignored = {.arena = arena};
    PG_RESULT(databases) = pg_query_simple(console, "SHOW DATABASES", &ignored);
    const char *const own = look_up(arena, databases, "name", database, "pool_mode");
    PG_RESULT(config) = own == NULL ? pg_query_simple(console, "SHOW CONFIG", &ignored) : NULL;
    const char *const usual = own == NULL ? look_up(arena, config, "key", "pool_mode", "value") : own;
    return usual == NULL ? "" : usual;
}

/* Is this a message that PostgreSQL never sends? */
static bool is_bouncers_refusal(const char *message)
{
    static const char *const words[] = {"not allowed", "no such database", "no such user", "pgbouncer cannot"};
    for (size_t i = 0; message != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strstr(message, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Returns true if it is now known what answers. */
static bool ask_console(struct arena *arena, const struct conninfo *conninfo, const char *name, struct pooler *pooler)
{
    struct status status = {.arena = arena};
    struct conninfo beside = conninfo_beside(arena, conninfo, name);
    beside.is_console = true;
    struct pg_session *const console = pg_session_open(&beside, deadline_in(CONSOLE_MS), &status);
    bool is_known = false;
    if (console != NULL) {
        PG_RESULT(version) = pg_query_simple(console, "SHOW VERSION", &status);
        is_known = version != NULL && PQntuples(version) > 0 && read_version(arena, pg_field(version, 0, 0), pooler);
        if (is_known) {
            pooler->mode = mode_of(arena, console, conninfo->place.database);
            pooler->evidence = arena_printf(arena, "its console answers: %s %s", pooler->name, pooler->version);
        }
    } else if (strcmp(name, "pgbouncer") == 0 && is_bouncers_refusal(status.message)) {
        is_known = true;
        pooler->name = "PgBouncer";
        pooler->evidence = "its console refuses us in PgBouncer's words; an entry in its stats_users lets us see more";
    }
    pg_session_free(console);
    return is_known;
}

void pooler_look(struct arena *arena, struct pg_session *session, const struct conninfo *conninfo,
                 struct pooler *pooler)
{
    pooler_of_url(arena, conninfo, pooler);
    const bool is_hosted = pooler->is_found && !conninfo->pgbouncer;
    if (!pooler->is_found && !pg_session_is_pooled(session)) {
        return;
    }
    if (!pooler->is_found) {
        pooler->is_found = true;
        pooler->evidence = "another backend answers than the one that the connection was given";
    }
    if (!is_hosted && !ask_console(arena, conninfo, "pgbouncer", pooler)) {
        ask_console(arena, conninfo, "pgcat", pooler);
    }
    if (!is_hosted) {
        put_advice(arena, "", pooler);
    }
}
