/*
 * Settings and encryption; what is between Truss and the server is examined in pooler.c.
 */
#include "connection/server.h"

#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

static const struct {
    const char *name;
    const char *note;
} known[] = {
    {"default_transaction_isolation", "of every transaction that names no other"},
    {"default_transaction_read_only", "on: nothing can be migrated"},
    {"idle_in_transaction_session_timeout", "ends a session that waits inside of a transaction"},
    {"idle_session_timeout", "ends a session that waits"},
    {"lock_timeout", "how long a statement waits for a lock, if a run sets no other limit"},
    {"max_connections", "of all clients together"},
    {"max_locks_per_transaction", "a migration of very many tables needs more of it"},
    {"row_security", "off: a query that a policy would filter fails"},
    {"search_path", "where unqualified names are found and made"},
    {"session_replication_role", "replica: triggers and foreign keys do nothing"},
    {"standard_conforming_strings", "off: a backslash in '…' is an escape"},
    {"statement_timeout", "ends a statement that takes longer, also one of a migration"},
    {"synchronous_commit", "off: a commit may be lost by a crash"},
    {"transaction_timeout", "ends a transaction that takes longer"},
    {"wal_level", "logical: what replication reads must be thought of"},
};

static bool read_settings(struct arena *arena, struct pg_session *session, struct server_facts *facts,
                          struct status *status)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        buffer_printf(&names, "%c%s", i == 0 ? '{' : ',', known[i].name);
    }
    buffer_putc(&names, '}');
    const char *const value = buffer_string(&names);
    /* The search path and the limit that a new session gets, because ours sets its own. */
    PG_RESULT(result) = pg_query(session,
                                 "SELECT s.name, CASE WHEN s.name IN ('search_path', 'transaction_timeout') THEN "
                                 "pg_catalog.concat(s.reset_val, s.unit) ELSE pg_catalog.concat(s.setting, s.unit) END "
                                 "FROM pg_catalog.pg_settings s WHERE s.name = ANY ($1::pg_catalog.text[]) ORDER BY 1",
                                 1, &value, status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        struct server_setting *const setting = &facts->settings[facts->setting_count++];
        setting->name = arena_strdup(arena, pg_field(result, i, 0));
        setting->value = arena_strdup(arena, pg_field(result, i, 1));
        for (size_t j = 0; j < sizeof known / sizeof known[0]; j++) {
            setting->note = strcmp(known[j].name, setting->name) == 0 ? known[j].note : setting->note;
        }
    }
    return result != NULL;
}

/* The pooler's own connection to the server may or may not be encrypted, whatever ours is. */
static bool read_session(struct arena *arena, struct pg_session *session, struct server_facts *facts,
                         struct status *status)
{
    PG_RESULT(result) = pg_query(session,
                                 "SELECT s.ssl, s.version, s.cipher FROM (SELECT 1) one "
                                 "LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = pg_catalog.pg_backend_pid()",
                                 0, NULL, status);
    if (result == NULL) {
        return false;
    }
    facts->knows_tls = !facts->pooler.is_found && pg_field(result, 0, 0) != NULL;
    facts->has_tls = pg_field_bool(result, 0, 0);
    facts->tls_protocol = arena_strdup(arena, pg_field(result, 0, 1));
    facts->tls_cipher = arena_strdup(arena, pg_field(result, 0, 2));
    return true;
}

bool server_look(struct arena *arena, struct pg_session *session, const struct conninfo *conninfo,
                 struct server_facts *facts, struct status *status)
{
    const char *const version = pg_session_parameter(session, "server_version");
    *facts = (struct server_facts){0};
    facts->version = version == NULL ? NULL : arena_strndup(arena, version, strcspn(version, " "));
    pooler_look(arena, session, conninfo, &facts->pooler);
    return read_session(arena, session, facts, status) && read_settings(arena, session, facts, status);
}
