/*
 * Runs one statement after the other: one that the role may not execute must not prevent the others.
 */
#include "branch/putback.h"

#include "branch/registry.h"
#include "branch/server.h"
#include "pg/own_query.h"
#include "pg/own_write.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>
#include <strings.h>

struct putback {
    const struct branch_call *call;
    struct pg_session *session;
    const char *to;
    struct words *warnings;
};

static void warn(const struct putback *putback, const char *what, const struct status *status)
{
    struct arena *const arena = putback->call->arena;
    words_add(
        arena, putback->warnings,
        arena_printf(arena, "%s could not be put back: %s", what, status->message == NULL ? "" : status->message));
}

static void try(const struct putback *putback, const char *what, const struct buffer *sql)
{
    struct status status = {.arena = putback->call->arena};
    if (!pg_exec(putback->session, buffer_string(sql), &status)) {
        warn(putback, what, &status);
    }
}

/* ---- owner and grants ---- */

static void give_to_owner(const struct putback *putback, const char *owner)
{
    struct buffer sql = {.arena = putback->call->arena};
    if (strcmp(owner, pg_session_user(putback->session)) == 0) {
        return;
    }
    buffer_puts(&sql, "ALTER DATABASE ");
    pg_quote_identifier(&sql, putback->to);
    buffer_puts(&sql, " OWNER TO ");
    pg_quote_identifier(&sql, owner);
    try(putback, "The owner", &sql);
}

static bool revoke_all(const struct putback *putback, const char *owner)
{
    struct buffer sql = {.arena = putback->call->arena};
    struct status ignored = {.arena = putback->call->arena};
    if (!server_alter(putback->call, putback->session, "REVOKE ALL ON DATABASE ", putback->to, " FROM PUBLIC")) {
        return false;
    }
    buffer_puts(&sql, "REVOKE ALL ON DATABASE ");
    pg_quote_identifier(&sql, putback->to);
    buffer_puts(&sql, " FROM ");
    pg_quote_identifier(&sql, owner);
    pg_exec(putback->session, buffer_string(&sql), &ignored); /* the rights of the owner are granted below */
    return true;
}

static void grant(const struct putback *putback, const PGresult *grants, int row)
{
    struct buffer sql = {.arena = putback->call->arena};
    buffer_printf(&sql, "GRANT %s ON DATABASE ",
                  pg_field(grants, row, 0)); /* the name of a privilege, from aclexplode */
    pg_quote_identifier(&sql, putback->to);
    buffer_puts(&sql, " TO ");
    if (pg_field(grants, row, 1) == NULL) {
        buffer_puts(&sql, "PUBLIC");
    } else {
        pg_quote_identifier(&sql, pg_field(grants, row, 1));
    }
    buffer_puts(&sql, pg_field_bool(grants, row, 2) ? " WITH GRANT OPTION" : "");
    try(putback, "A grant", &sql);
}

/* A database without grants of its own has the same ones as any new database, and so has the copy. */
static bool put_grants(const struct putback *putback, const char *from, const char *owner)
{
    static const char sql[] =
        "SELECT a.privilege_type, r.rolname, a.is_grantable FROM pg_catalog.pg_database d, "
        "LATERAL pg_catalog.aclexplode(d.datacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee "
        "WHERE d.datname = $1 AND (a.grantee = 0 OR r.oid IS NOT NULL)";
    static const char has_sql[] = "SELECT d.datacl IS NOT NULL FROM pg_catalog.pg_database d WHERE d.datname = $1";
    PG_RESULT(has) = pg_query(putback->session, has_sql, 1, (const char *const[]){from}, putback->call->status);
    if (has == NULL || PQntuples(has) == 0 || !pg_field_bool(has, 0, 0)) {
        return has != NULL;
    }
    PG_RESULT(grants) = pg_query(putback->session, sql, 1, (const char *const[]){from}, putback->call->status);
    if (grants == NULL || !revoke_all(putback, owner)) {
        return false;
    }
    for (int row = 0; row < PQntuples(grants); row++) {
        grant(putback, grants, row);
    }
    return true;
}

/* ---- settings ---- */

/* The stored value of these settings is a list of quoted names, which SET takes one by one. */
static bool is_list(const char *name)
{
    static const char *const lists[] = {
        "search_path",      "local_preload_libraries", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories"};
    bool found = false;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        found = found || strcasecmp(name, lists[i]) == 0;
    }
    return found;
}

/* One item of a list; *rest moves past it and its comma. */
static const char *next_item(struct arena *arena, const char **rest)
{
    struct buffer item = {.arena = arena};
    const char *c = *rest + strspn(*rest, " \t,");
    if (*c == '"') {
        for (c++; *c != '\0' && (*c != '"' || c[1] == '"'); c++) {
            c += *c == '"' ? 1 : 0;
            buffer_putc(&item, *c);
        }
        c += *c == '"' ? 1 : 0;
    } else {
        for (; *c != '\0' && *c != ',' && *c != ' '; c++) {
            buffer_putc(&item, *c);
        }
    }
    *rest = c + strspn(c, " \t,");
    return buffer_string(&item);
}

static void put_value(struct buffer *sql, const char *name, const char *value)
{
    const char *rest = value;
    if (!is_list(name) || value[0] == '\0') {
        pg_quote_literal(sql, text_of(value));
        return;
    }
    for (bool first = true; first || *rest != '\0'; first = false) {
        buffer_puts(sql, first ? "" : ", ");
        pg_quote_literal(sql, text_of(next_item(sql->arena, &rest)));
    }
}

static void put_setting(const struct putback *putback, const char *role, const char *setting)
{
    struct arena *const arena = putback->call->arena;
    struct buffer sql = {.arena = arena};
    const char *const equals = strchr(setting, '=');
    if (equals == NULL) {
        return;
    }
    const char *const name = arena_strndup(arena, setting, (size_t)(equals - setting));
    if (role != NULL) {
        buffer_puts(&sql, "ALTER ROLE ");
        pg_quote_identifier(&sql, role);
        buffer_puts(&sql, " IN DATABASE ");
    } else {
        buffer_puts(&sql, "ALTER DATABASE ");
    }
    pg_quote_identifier(&sql, putback->to);
    buffer_puts(&sql, " SET ");
    pg_quote_identifier(&sql, name);
    buffer_puts(&sql, " TO ");
    put_value(&sql, name, equals + 1);
    try(putback, arena_printf(arena, "The setting %s", name), &sql);
}

static bool put_settings(const struct putback *putback, const char *from)
{
    static const char sql[] =
        "SELECT r.rolname, pg_catalog.unnest(s.setconfig) FROM pg_catalog.pg_db_role_setting s JOIN "
        "pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole "
        "WHERE d.datname = $1 AND (s.setrole = 0 OR r.oid IS NOT NULL)";
    PG_RESULT(settings) = pg_query(putback->session, sql, 1, (const char *const[]){from}, putback->call->status);
    for (int row = 0; settings != NULL && row < PQntuples(settings); row++) {
        put_setting(putback, pg_field(settings, row, 0), pg_field(settings, row, 1));
    }
    return settings != NULL;
}

static bool put_limit(const struct putback *putback, const char *from)
{
    struct buffer sql = {.arena = putback->call->arena};
    PG_RESULT(limit) =
        pg_query(putback->session, "SELECT d.datconnlimit FROM pg_catalog.pg_database d WHERE d.datname = $1", 1,
                 (const char *const[]){from}, putback->call->status);
    if (limit == NULL || pg_field_int(limit, 0, 0, -1) < 0) {
        return limit != NULL;
    }
    buffer_puts(&sql, "ALTER DATABASE ");
    pg_quote_identifier(&sql, putback->to);
    buffer_printf(&sql, " CONNECTION LIMIT %s", pg_field(limit, 0, 0));
    try(putback, "The connection limit", &sql);
    return true;
}

bool putback_database(const struct branch_call *call, struct pg_session *session, const char *from, const char *to,
                      struct words *warnings)
{
    const struct putback putback = {call, session, to, warnings};
    struct database database;
    if (!server_find(call, session, from, &database)) {
        return false;
    }
    if (!database.exists) {
        words_add(
            call->arena, warnings,
            arena_printf(call->arena,
                         "The database \"%s\" is not on this server: the branch has the owner, the grants and the "
                         "settings of a new database.",
                         from));
        return true;
    }
    give_to_owner(&putback, database.owner);
    return put_grants(&putback, from, database.owner) && put_settings(&putback, from) && put_limit(&putback, from);
}

/* ---- inside the database ---- */

static bool empty_ours(const struct branch_call *call, struct pg_session *session, struct words *warnings)
{
    static const char *const tables[] = {"operation_events", "operations",      "idempotency_keys", "branches",
                                         "backups",          "backup_schedule", "webhook_events",   "drift"};
    struct status problem = {.arena = call->arena};
    bool exists;
    if (!registry_exists(session, &exists, &problem)) {
        words_add(call->arena, warnings, problem.message);
        return true;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        PG_RESULT(result) = own_query(
            session, "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', '{truss}', $1::text)) IS NOT NULL", 1,
            (const char *const[]){tables[i]}, call->status);
        if (result == NULL) {
            return false;
        }
        if (pg_field_bool(result, 0, 0)) {
            const char *const table = arena_printf(call->arena, "{truss}.%s", tables[i]);
            const struct own_statement empty = {.table = table,
                                                .sql = arena_printf(call->arena, "DELETE FROM %s", table)};
            PG_RESULT(emptied) = own_write(session, &empty, call->status);
            if (emptied == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* One by one: if one cannot be disabled, the user is warned that it is active. */
static bool disable_triggers(const struct branch_call *call, struct pg_session *session, struct words *warnings)
{
    PG_RESULT(triggers) =
        pg_query(session, "SELECT e.evtname FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D'", 0, NULL,
                 call->status);
    for (int row = 0; triggers != NULL && row < PQntuples(triggers); row++) {
        struct status status = {.arena = call->arena};
        struct buffer sql = {.arena = call->arena};
        buffer_puts(&sql, "ALTER EVENT TRIGGER ");
        pg_quote_identifier(&sql, pg_field(triggers, row, 0));
        buffer_puts(&sql, " DISABLE");
        const bool ok = pg_exec(session, buffer_string(&sql), &status);
        words_add(call->arena, warnings,
                  ok ? arena_printf(call->arena, "The event trigger \"%s\" is disabled in the branch.",
                                    pg_field(triggers, row, 0))
                     : arena_printf(call->arena, "The event trigger \"%s\" could not be disabled: %s",
                                    pg_field(triggers, row, 0), status.message));
    }
    return triggers != NULL;
}

static bool warn_of_actors(const struct branch_call *call, struct pg_session *session, struct words *warnings)
{
    static const char sql[] =
        "SELECT 'The event trigger \"' || e.evtname || '\" acts in the branch too.' FROM pg_catalog.pg_event_trigger e "
        "WHERE e.evtenabled <> 'D' UNION ALL SELECT 'The extension ' || x.extname || ' is in the branch too: what it "
        "sends or schedules may act twice.' FROM pg_catalog.pg_extension x WHERE x.extname IN ('pg_cron', 'pg_net', "
        "'http', 'timescaledb') LIMIT 20";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, call->status);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        words_add(call->arena, warnings, arena_strdup(call->arena, pg_field(result, row, 0)));
    }
    return result != NULL;
}

bool putback_inside(const struct branch_call *call, struct branch_row *row)
{
    const struct conninfo conninfo = conninfo_beside(call->arena, call->branches->conninfo, row->branch);
    struct pg_session *const session = pg_session_open_pinned(&conninfo, call->deadline, call->status);
    struct words *const warnings = &row->warnings;
    const bool ok = session != NULL && (!row->disables_triggers || disable_triggers(call, session, warnings)) &&
                    empty_ours(call, session, warnings) && warn_of_actors(call, session, warnings);
    pg_session_free(session);
    return ok;
}
