/*
 * A URL is cut by hand, because libpq's own reader refuses what it does not know and repeats the URL, password and all,
 * in its errors. What each parameter becomes is a table.
 */
#include "pg/conninfo.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define URL_LIMIT    8192
#define SCHEMA_LIMIT 63
#define MOST_IGNORED 32

/* ---- keywords ---- */

const char *conninfo_value(const struct conninfo *conninfo, const char *keyword)
{
    for (size_t i = 0; i < conninfo->count; i++) {
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            return conninfo->values[i];
        }
    }
    return NULL;
}

static bool set_keyword(struct conninfo *conninfo, const char *keyword, const char *value, struct status *status)
{
    for (size_t i = 0; i < conninfo->count; i++) {
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            conninfo->values[i] = value;
            return true;
        }
    }
    if (conninfo->count == CONNINFO_KEYWORDS) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The connection URL has too many parameters.");
    }
    conninfo->keywords[conninfo->count] = keyword;
    conninfo->values[conninfo->count] = value;
    conninfo->count++;
    return true;
}

static bool is_libpq_keyword(const char *name)
{
    PQconninfoOption *const options = PQconndefaults();
    bool known = false;
    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        known = known || strcmp(option->keyword, name) == 0;
    }
    PQconninfoFree(options);
    return known;
}

/* ---- parameters ---- */

struct reading {
    struct arena *arena;
    struct conninfo *conninfo;
    struct status *status;
    const char *ignored[MOST_IGNORED + 1];
    size_t ignored_count;
    bool strict_tls;
};

static bool set_aside(struct reading *reading, const char *name)
{
    if (reading->ignored_count < MOST_IGNORED) {
        reading->ignored[reading->ignored_count++] = name;
    }
    return true;
}

static bool take_schema(struct reading *reading, const char *value)
{
    if (value[0] == '\0' || strlen(value) > SCHEMA_LIMIT) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "The connection URL's schema must have 1 to %d bytes.", SCHEMA_LIMIT);
    }
    reading->conninfo->schema = value;
    return true;
}

static bool take_pgbouncer(struct reading *reading, const char *value)
{
    reading->conninfo->pgbouncer = strcmp(value, "true") == 0;
    return true;
}

/* Prisma verifies the server's certificate with "strict" only, which is its default: see finish_tls. */
static bool take_sslaccept(struct reading *reading, const char *value)
{
    reading->strict_tls = strcmp(value, "strict") == 0;
    return true;
}

/* Prisma's sslcert is the certificate of the authority that the server is checked against; libpq's is the client's own.
 */
static bool take_sslcert(struct reading *reading, const char *value)
{
    return set_keyword(reading->conninfo, "sslrootcert", value, reading->status);
}

static bool take_sslidentity(struct reading *reading, const char *value)
{
    (void)value;
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's sslidentity is a PKCS#12 file, which libpq cannot read: export its "
                       "certificate and key, and give them as sslclientcert and sslkey.");
}

static bool take_sslclientcert(struct reading *reading, const char *value)
{
    return set_keyword(reading->conninfo, "sslcert", value, reading->status);
}

/* In JDBC's and Prisma's way of saying it, "ssl=true". */
static bool take_ssl(struct reading *reading, const char *value)
{
    return strcmp(value, "true") != 0 || set_keyword(reading->conninfo, "sslmode", "require", reading->status);
}

/* What libpq does not know, or knows with another meaning. NULL: understood by others, of no use to us. */
static const struct {
    const char *name;
    bool (*take)(struct reading *reading, const char *value);
} parameters[] = {
    {"schema", take_schema},   {"pgbouncer", take_pgbouncer},         {"sslaccept", take_sslaccept},
    {"sslcert", take_sslcert}, {"sslclientcert", take_sslclientcert}, {"sslidentity", take_sslidentity},
    {"ssl", take_ssl},
};

static bool take_parameter(struct reading *reading, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (strcmp(parameters[i].name, name) == 0) {
            return parameters[i].take(reading, value);
        }
    }
    if (!is_libpq_keyword(name)) {
        return set_aside(reading, name);
    }
    return set_keyword(reading->conninfo, name, value, reading->status);
}

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
        const char *const value = name == NULL || equals == SIZE_MAX
                                      ? ""
                                      : decode(reading, text_slice(pair, equals + 1, pair.size), "parameters");
        if (name == NULL || value == NULL || !take_parameter(reading, name, value)) {
            return false;
        }
    }
    return true;
}

/* ---- the parts of a URL ---- */

/* One host of the list, "[::1]:5432", appended to the lists that libpq takes. */
static bool take_host(struct reading *reading, struct text one, struct buffer *hosts, struct buffer *ports)
{
    struct text host = one;
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
    if (hosts.size > 0 && !set_keyword(reading->conninfo, "host", buffer_string(&hosts), reading->status)) {
        return false;
    }
    return ports.size == 0 || set_keyword(reading->conninfo, "port", buffer_string(&ports), reading->status);
}

static bool take_user(struct reading *reading, struct text info)
{
    const size_t colon = text_find(info, ":", 0);
    const char *const user = decode(reading, text_slice(info, 0, colon), "user");
    if (user == NULL || (user[0] != '\0' && !set_keyword(reading->conninfo, "user", user, reading->status))) {
        return false;
    }
    if (colon == SIZE_MAX) {
        return true;
    }
    const char *const password = decode(reading, text_slice(info, colon + 1, info.size), "password");
    return password != NULL && set_keyword(reading->conninfo, "password", password, reading->status);
}

/* The last "@" before the path ends the user's part: a password with a bare "@" in it is understood all the same. */
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
    if (database == NULL ||
        (database[0] != '\0' && !set_keyword(reading->conninfo, "dbname", database, reading->status))) {
        return false;
    }
    return take_query(reading, query);
}

/* "host=… dbname=…": libpq's own reader is right here; its errors are not repeated, they may hold the password. */
static bool take_keywords(struct reading *reading, const char *string)
{
    char *error = NULL;
    PQconninfoOption *const options = PQconninfoParse(string, &error);
    bool ok = options != NULL;
    PQfreemem(error);
    if (!ok) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "DATABASE_URL is neither a postgresql:// URL nor a libpq keyword string that can be read.");
    }
    for (const PQconninfoOption *option = options; ok && option->keyword != NULL; option++) {
        if (option->val != NULL) {
            ok = set_keyword(reading->conninfo, arena_strdup(reading->arena, option->keyword),
                             arena_strdup(reading->arena, option->val), reading->status);
        }
    }
    PQconninfoFree(options);
    return ok;
}

/* ---- the whole ---- */

/* "strict" is Prisma's word for checking the certificate of a connection that must be encrypted. libpq does where it
 * has an authority to check against, the host's name too; without one, before libpq 16 ("sslrootcert=system"), there is
 * nothing to check with, and "require" stays what it is. */
static bool finish_tls(struct reading *reading)
{
    const char *const mode = conninfo_value(reading->conninfo, "sslmode");
    const bool checkable =
        mode != NULL && strcmp(mode, "require") == 0 && conninfo_value(reading->conninfo, "sslrootcert") != NULL;
    return !reading->strict_tls || !checkable ||
           set_keyword(reading->conninfo, "sslmode", "verify-full", reading->status);
}

/* What every connection of ours has, unless the URL says otherwise. */
static bool finish_defaults(struct reading *reading)
{
    struct conninfo *const conninfo = reading->conninfo;
    return set_keyword(conninfo, "client_encoding", "UTF8", reading->status) &&
           set_keyword(conninfo, "fallback_application_name", "truss", reading->status);
}

static void finish_display(struct reading *reading)
{
    struct conninfo *const conninfo = reading->conninfo;
    const char *const user = conninfo_value(conninfo, "user");
    const char *const host = conninfo_value(conninfo, "host");
    const char *const port = conninfo_value(conninfo, "port");
    const char *const database = conninfo_value(conninfo, "dbname");
    conninfo->display = arena_printf(reading->arena, "postgresql://%s%s%s%s%s/%s", user == NULL ? "" : user,
                                     user == NULL ? "" : "@", host == NULL ? "" : host, port == NULL ? "" : ":",
                                     port == NULL ? "" : port, database == NULL ? "" : database);
    const char **const ignored = arena_array(reading->arena, reading->ignored_count + 1, sizeof *ignored);
    memcpy(ignored, reading->ignored, reading->ignored_count * sizeof *ignored);
    conninfo->ignored = ignored;
}

static bool take_any(struct reading *reading, struct text url)
{
    const size_t colon = text_find(url, "://", 0);
    const struct text scheme = colon == SIZE_MAX ? (struct text){0} : text_slice(url, 0, colon);
    if (text_is_nocase(scheme, "postgresql") || text_is_nocase(scheme, "postgres")) {
        return take_url(reading, text_slice(url, colon + 3, url.size));
    }
    if (text_is_nocase(scheme, "prisma") || text_is_nocase(scheme, "prisma+postgres")) {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "DATABASE_URL is a Prisma proxy URL (%.*s://), not a direct connection: set DATABASE_URL to the "
            "direct postgresql:// URL (Prisma's directUrl).",
            (int)scheme.size, scheme.data);
    }
    if (colon == SIZE_MAX && text_find(url, "=", 0) != SIZE_MAX) {
        return take_keywords(reading, url.data);
    }
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "DATABASE_URL is not a PostgreSQL URL: it must begin with postgresql://.");
}

bool conninfo_parse(struct arena *arena, const char *url, struct conninfo *conninfo, struct status *status)
{
    struct reading reading = {.arena = arena, .conninfo = conninfo, .status = status};
    *conninfo = (struct conninfo){0};
    if (strlen(url) > URL_LIMIT) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The connection URL is longer than %d bytes.", URL_LIMIT);
    }
    if (!take_any(&reading, text_of(url)) || !finish_tls(&reading) || !finish_defaults(&reading)) {
        return false;
    }
    finish_display(&reading);
    return true;
}
