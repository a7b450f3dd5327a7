/*
 * We parse URLs ourselves, because libpq refuses unknown parameters and repeats the URL with its password in error
 * messages. conninfo_parameters.c is the table of parameters.
 */
#include "pg/conninfo.h"

#include "base/file_trace.h"
#include "base/words.h"
#include "pg/conninfo_reading.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define URL_LIMIT 8192

/* ---- the parts of a URL ---- */

static const char *decode(struct reading *reading, struct text part, const char *what)
{
    const char *const decoded = text_percent_decode(reading->arena, part);
    if (decoded == NULL) {
        status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                    "The connection URL's %s has a broken percent-escape; write a literal %% as %%25.", what);
        return NULL;
    }
    if (!text_is_utf8(text_of(decoded), NULL)) {
        status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL's %s is not UTF-8.", what);
        return NULL;
    }
    return decoded;
}

/* A parameter's value; Java writes a space as "+". */
static const char *decode_value(struct reading *reading, struct text part)
{
    if (reading->is_jdbc) {
        char *const copy = arena_strndup(reading->arena, part.data, part.size);
        for (char *c = copy; *c != '\0'; c++) {
            *c = *c == '+' ? ' ' : *c;
        }
        part = text_of(copy);
    }
    return decode(reading, part, "parameters");
}

static bool take_query(struct reading *reading, struct text query)
{
    while (query.size > 0) {
        const size_t end = text_find(query, "&", 0);
        const struct text pair = text_slice(query, 0, end);
        const size_t equals = text_find(pair, "=", 0);
        query = end == SIZE_MAX ? (struct text){0} : text_slice(query, end + 1, query.size);
        if (pair.size == 0) {
            continue;
        }
        const char *const name = decode(reading, text_slice(pair, 0, equals), "parameters");
        const char *const value =
            name == NULL || equals == SIZE_MAX ? "" : decode_value(reading, text_slice(pair, equals + 1, pair.size));
        if (name == NULL || value == NULL || !conninfo_take_parameter(reading, name, value)) {
            return false;
        }
    }
    return true;
}

/* Appends one host, "[::1]:5432", to the lists for libpq. */
static bool take_host(struct reading *reading, struct text one, struct buffer *hosts, struct buffer *ports)
{
    struct text host;
    struct text port = {0};
    if (text_starts_with(one, "[")) {
        const size_t close = text_find(one, "]", 0);
        if (close == SIZE_MAX) {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                               "The connection URL's IPv6 address has no closing bracket.");
        }
        host = text_slice(one, 1, close);
        port = text_slice(one, close + 1, one.size);
        if (port.size > 0 && port.data[0] != ':') {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                               "The connection URL has something between the IPv6 address and the port.");
        }
        port = text_slice(port, 1, port.size);
    } else {
        const size_t colon = text_find(one, ":", 0);
        host = text_slice(one, 0, colon);
        port = colon == SIZE_MAX ? port : text_slice(one, colon + 1, one.size);
    }
    const char *const decoded = decode(reading, host, "host");
    if (decoded == NULL) {
        return false;
    }
    char *end;
    const char *const digits = arena_strndup(reading->arena, port.data, port.size);
    const unsigned long number = strtoul(digits, &end, 10);
    if (port.size > 0 && (*end != '\0' || digits[0] < '0' || digits[0] > '9' || number == 0 || number > 65535)) {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "The connection URL's port is not a number from 1 to 65535; if the password has a \":\", \"@\", "
            "\"/\", \"?\" or \"#\", percent-encode it.");
    }
    buffer_printf(hosts, "%s%s", ports->size == 0 ? "" : ",", decoded);
    buffer_printf(ports, "%s%s", ports->size == 0 ? "" : ",", port.size == 0 ? "5432" : digits);
    return true;
}

static bool take_hosts(struct reading *reading, struct text list)
{
    struct buffer hosts = {.arena = reading->arena};
    struct buffer ports = {.arena = reading->arena};
    for (bool more = list.size > 0; more;) {
        const size_t comma = text_find(list, ",", 0);
        more = comma != SIZE_MAX;
        if (!take_host(reading, text_slice(list, 0, comma), &hosts, &ports)) {
            return false;
        }
        list = more ? text_slice(list, comma + 1, list.size) : list;
    }
    if (hosts.size > 0 && !conninfo_set(reading, "host", buffer_string(&hosts))) {
        return false;
    }
    return ports.size == 0 || conninfo_set(reading, "port", buffer_string(&ports));
}

static bool take_user(struct reading *reading, struct text info)
{
    const size_t colon = text_find(info, ":", 0);
    const char *const user = decode(reading, text_slice(info, 0, colon), "user");
    if (user == NULL || (user[0] != '\0' && !conninfo_set(reading, "user", user))) {
        return false;
    }
    if (colon == SIZE_MAX) {
        return true;
    }
    const char *const password = decode(reading, text_slice(info, colon + 1, info.size), "password");
    return password != NULL && conninfo_set(reading, "password", password);
}

/* The last "@" before the path ends the user's part, so a password may contain an unescaped "@". */
static size_t find_at(struct text authority)
{
    size_t at = SIZE_MAX;
    for (size_t i = text_find(authority, "@", 0); i != SIZE_MAX; i = text_find(authority, "@", i + 1)) {
        at = i;
    }
    return at;
}

static bool take_url(struct reading *reading, struct text rest)
{
    const size_t question = text_find(rest, "?", 0);
    const struct text query = question == SIZE_MAX ? (struct text){0} : text_slice(rest, question + 1, rest.size);
    rest = text_slice(rest, 0, question);
    const size_t slash = text_find(rest, "/", 0);
    const struct text authority = text_slice(rest, 0, slash);
    const struct text path = slash == SIZE_MAX ? (struct text){0} : text_slice(rest, slash + 1, rest.size);
    const size_t at = find_at(authority);
    if (text_find(path, "@", 0) != SIZE_MAX || (at == SIZE_MAX && text_find(query, "@", 0) != SIZE_MAX)) {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "The connection URL has an \"@\" behind a \"/\" or \"?\": if the password has such a character, "
            "percent-encode it (\"/\" is %%2F, \"?\" is %%3F, \"#\" is %%23, \"@\" is %%40).");
    }
    if (at != SIZE_MAX && !take_user(reading, text_slice(authority, 0, at))) {
        return false;
    }
    if (!take_hosts(reading, at == SIZE_MAX ? authority : text_slice(authority, at + 1, authority.size))) {
        return false;
    }
    const char *const database = decode(reading, path, "database");
    if (database == NULL || (database[0] != '\0' && !conninfo_set(reading, "dbname", database))) {
        return false;
    }
    return take_query(reading, query);
}

/* ---- the whole ---- */

/* Defaults of our connections, unless the URL says otherwise. A connection that a router has dropped is noticed within
 * 25 s, whether it waits for an answer or for its data to be accepted. */
static bool finish_defaults(struct reading *reading)
{
    static const char *const defaults[][2] = {
        {"keepalives", "1"},       {"keepalives_idle", "10"},     {"keepalives_interval", "5"},
        {"keepalives_count", "3"}, {"tcp_user_timeout", "19000"}, {"fallback_application_name", "truss"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (conninfo_value(reading->conninfo, defaults[i][0]) == NULL &&
            !conninfo_set(reading, defaults[i][0], defaults[i][1])) {
            return false;
        }
    }
    return conninfo_set(reading, "client_encoding", "UTF8");
}

/* Copies the place from a service file into the keywords, so that the reported place, and the one that a child process
 * connects to, is the one that libpq uses. The file stays named: libpq reads the rest from it at each connection. */
static bool finish_service(struct reading *reading)
{
    static const char *const names[] = {"host", "hostaddr", "port", "dbname", "user", NULL};
    const char *const keywords[] = {"service", "channel_binding", NULL};
    const char *const said = conninfo_value(reading->conninfo, "service");
    const char *const values[] = {said == NULL ? getenv("PGSERVICE") : said, "nothing is to be connected", NULL};
    if (values[0] == NULL || values[0][0] == '\0') {
        return true;
    }
    file_trace_doubt(); /* of that file nothing is noted */
    /* libpq reads the file, and fails at the invalid keyword before it connects. */
    PGconn *const connection = PQconnectStartParams(keywords, values, 0);
    PQconninfoOption *const options = PQconninfo(connection);
    bool ok = true;
    for (const PQconninfoOption *option = options; ok && option != NULL && option->keyword != NULL; option++) {
        if (option->val != NULL && option->val[0] != '\0' && word_is_one_of(text_of(option->keyword), names) &&
            conninfo_value(reading->conninfo, option->keyword) == NULL) {
            ok = conninfo_set(reading, arena_strdup(reading->arena, option->keyword),
                              arena_strdup(reading->arena, option->val));
        }
    }
    PQconninfoFree(options);
    PQfinish(connection);
    return ok;
}

static void finish_display(struct reading *reading)
{
    struct conninfo *const conninfo = reading->conninfo;
    const char *const user = conninfo_value(conninfo, "user");
    const char *const host = conninfo_value(conninfo, "host");
    const char *const port = conninfo_value(conninfo, "port");
    const char *const database = conninfo_value(conninfo, "dbname");
    const bool is_v6 = host != NULL && strchr(host, ':') != NULL && strchr(host, ',') == NULL;
    conninfo->display =
        arena_printf(reading->arena, "postgresql://%s%s%s%s%s%s%s/%s", user == NULL ? "" : user,
                     user == NULL ? "" : "@", is_v6 ? "[" : "", host == NULL ? "" : host, is_v6 ? "]" : "",
                     port == NULL ? "" : ":", port == NULL ? "" : port, database == NULL ? "" : database);
}

/* libpq's defaults: its environment, its service file, the current user. */
static void finish_place(struct reading *reading)
{
    struct conninfo *const conninfo = reading->conninfo;
    const char *const names[] = {"host", "port", "dbname", "user"};
    const char *values[4];
    PQconninfoOption *const options = PQconndefaults();
    for (size_t i = 0; i < 4; i++) {
        values[i] = conninfo_value(conninfo, names[i]);
        for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
            if ((values[i] == NULL || values[i][0] == '\0') && strcmp(option->keyword, names[i]) == 0) {
                values[i] = arena_strdup(reading->arena, option->val);
            }
        }
    }
    PQconninfoFree(options);
    const char *const address = conninfo_value(conninfo, "hostaddr");
    const char *const host = conninfo_value(conninfo, "host") == NULL && address != NULL ? address : values[0];
    conninfo->place = (struct conninfo_place){
        .host = host == NULL || host[0] == '\0' ? "localhost" : host,
        .port = values[1] == NULL || values[1][0] == '\0' ? "5432" : values[1],
        .database = values[2] != NULL && values[2][0] != '\0' ? values[2]
                    : values[3] == NULL                       ? ""
                                                              : values[3],
    };
}

/* postgresql, and the variants of frameworks and drivers: "postgresql+psycopg2", "ecto", "pgx5". */
static bool is_postgres(struct text scheme)
{
    static const char *const names[] = {"postgresql", "postgres",  "postgis",      "ecto", "pgsql",
                                        "pdo-pgsql",  "pdo_pgsql", "pgx",          "pgx4", "pgx5",
                                        "pg",         "psql",      "timescalegis", NULL};
    const size_t plus = text_find(scheme, "+", 0);
    scheme = text_slice(scheme, 0, plus);
    return word_is_one_of_nocase(scheme, names);
}

/* Removes the prefix of "jdbc:postgresql://…" and "db:pg://…"; *found if there was one. */
static struct text without_prefix(struct text url, bool *found)
{
    static const char *const prefixes[] = {"jdbc:", "r2dbc:", "p6spy:", "otel:", "log4jdbc:", "pool:", "db:"};
    *found = false;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t size = strlen(prefixes[i]);
        if (text_is_nocase(text_slice(url, 0, size), prefixes[i])) {
            url = text_slice(url, size, url.size);
            *found = *found || i < 2;
            i = SIZE_MAX; /* "jdbc:p6spy:": look for another */
        }
    }
    return url;
}

/* "jdbc:postgresql:app" and "jdbc:postgresql:/": a database on this machine. */
static bool take_short_jdbc(struct reading *reading, struct text rest)
{
    while (text_starts_with(rest, "/")) {
        rest = text_slice(rest, 1, rest.size);
    }
    return take_url(reading, text_of(arena_printf(reading->arena, "localhost/%.*s", (int)rest.size, rest.data)));
}

/* A string that is no URL, because what should have made it one has not: told without repeating it. */
static bool is_unfinished(struct reading *reading, struct text url)
{
    if (text_starts_with(url, "\"") || text_starts_with(url, "'")) {
        return !status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                            "The database's URL (--database-url, DATABASE_URL) begins with a quote, which is part of "
                            "the value (docker's --env-file keeps quotes): write it without.");
    }
    if (text_starts_with(url, "$")) {
        return !status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                            "The database's URL (--database-url, DATABASE_URL) begins with \"$\", the name of a "
                            "variable that has not been replaced: give the URL itself.");
    }
    return false;
}

static bool take_any(struct reading *reading, const char *string)
{
    const struct text url = without_prefix(text_trim(text_of(string)), &reading->is_jdbc);
    if (is_unfinished(reading, url)) {
        return false;
    }
    const size_t colon = text_find(url, "://", 0);
    const struct text scheme = colon == SIZE_MAX ? (struct text){0} : text_slice(url, 0, colon);
    if (is_postgres(scheme)) {
        return take_url(reading, text_slice(url, colon + 3, url.size));
    }
    if (reading->is_jdbc && text_starts_with(url, "postgresql:")) {
        return take_short_jdbc(reading, text_slice(url, strlen("postgresql:"), url.size));
    }
    if (text_is_nocase(scheme, "prisma") || text_is_nocase(scheme, "prisma+postgres")) {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "DATABASE_URL is a Prisma proxy URL (%.*s://), not a direct connection: set DATABASE_URL to the "
            "direct postgresql:// URL (Prisma's directUrl).",
            (int)scheme.size, scheme.data);
    }
    if (text_is_nocase(scheme, "cockroachdb") || text_is_nocase(scheme, "cockroach") ||
        text_is_nocase(scheme, "crdb-postgres")) {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "The database's URL is one of CockroachDB (%.*s://). Truss is for PostgreSQL only: what keeps "
            "two runs apart are its advisory locks, which do nothing in CockroachDB.",
            (int)scheme.size, scheme.data);
    }
    if (colon == SIZE_MAX && text_find(url, "=", 0) != SIZE_MAX) {
        return text_find(url, ";", 0) != SIZE_MAX ? conninfo_take_npgsql(reading, url)
                                                  : conninfo_take_keywords(reading, string);
    }
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The database's URL (--database-url, DATABASE_URL) is not one of PostgreSQL: it must begin with "
                       "postgresql://.");
}

bool conninfo_parse(struct arena *arena, const char *url, struct conninfo *conninfo, struct status *status)
{
    struct reading reading = {.arena = arena, .conninfo = conninfo, .status = status, .options = {.arena = arena}};
    *conninfo = (struct conninfo){0};
    if (strlen(url) > URL_LIMIT) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The connection URL is longer than %d bytes.", URL_LIMIT);
    }
    if (!take_any(&reading, url) || !conninfo_finish_parameters(&reading) || !finish_defaults(&reading) ||
        !finish_service(&reading)) {
        return false;
    }
    finish_display(&reading);
    finish_place(&reading);
    return true;
}

/* ---- comparing databases ---- */

/* Does the host mean this machine? */
static bool is_local(struct text host)
{
    return host.size == 0 || text_starts_with(host, "/") || text_starts_with(host, "@") ||
           text_is_nocase(host, "localhost") || text_starts_with(host, "127.") || text_is(host, "::1") ||
           text_is(host, "[::1]") || text_is(host, "0.0.0.0");
}

static bool same_host(struct text a, struct text b)
{
    a.size -= text_ends_with(a, ".") ? 1 : 0;
    b.size -= text_ends_with(b, ".") ? 1 : 0;
    return (is_local(a) && is_local(b)) || (a.size == b.size && a.size > 0 && strncasecmp(a.data, b.data, a.size) == 0);
}

struct text conninfo_item(const char *list, size_t number)
{
    struct text rest = text_of(list);
    for (size_t comma; number > 0 && (comma = text_find(rest, ",", 0)) != SIZE_MAX; number--) {
        rest = text_slice(rest, comma + 1, rest.size);
    }
    return text_slice(rest, 0, text_find(rest, ",", 0));
}

size_t conninfo_item_count(const char *list)
{
    size_t count = 1;
    for (const char *c = list; *c != '\0'; c++) {
        count += *c == ',' ? 1 : 0;
    }
    return count;
}

bool conninfo_same_database(const struct conninfo *a, const struct conninfo *b)
{
    const struct conninfo_place x = a->place;
    const struct conninfo_place y = b->place;
    if (strcmp(x.database, y.database) != 0) {
        return false;
    }
    for (size_t i = 0; i < conninfo_item_count(x.host); i++) {
        for (size_t j = 0; j < conninfo_item_count(y.host); j++) {
            if (same_host(conninfo_item(x.host, i), conninfo_item(y.host, j)) &&
                text_equal(conninfo_item(x.port, i), conninfo_item(y.port, j))) {
                return true;
            }
        }
    }
    return false;
}
