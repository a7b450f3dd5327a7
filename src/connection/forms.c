/*
 * Made of what the URL meant, and not of its text: each tool has its own words for the same.
 */
#include "connection/forms.h"

#include <string.h>

/* What travels in the query of a URL, in libpq's words. */
static const char *const passed[] = {
    "sslmode",         "sslrootcert",      "sslcert",
    "sslkey",          "sslnegotiation",   "channel_binding",
    "gssencmode",      "options",          "target_session_attrs",
    "connect_timeout", "application_name",
};

static void put_encoded(struct buffer *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr(plain, *c) != NULL) {
            buffer_putc(out, *c);
        } else {
            buffer_printf(out, "%%%02X", (unsigned char)*c);
        }
    }
}

static const char *or_else(const char *value, const char *other)
{
    return value == NULL || value[0] == '\0' ? other : value;
}

static const char *host_of(const struct conninfo *conninfo)
{
    return or_else(conninfo_value(conninfo, "host"), or_else(conninfo->place.host, "localhost"));
}

static bool is_socket(const struct conninfo *conninfo)
{
    return host_of(conninfo)[0] == '/';
}

/* ---- URLs ---- */

/* The n-th item of a list with commas; the last one, where there are fewer. */
static struct text item(const char *list, size_t n)
{
    struct text rest = text_of(list);
    for (size_t comma; n > 0 && (comma = text_find(rest, ",", 0)) != SIZE_MAX; n--) {
        rest = text_slice(rest, comma + 1, rest.size);
    }
    return text_slice(rest, 0, text_find(rest, ",", 0));
}

/* "host:5432,other:5433"; an address of IPv6 in brackets. */
static void put_hosts(struct buffer *out, const struct conninfo *conninfo)
{
    const char *const hosts = host_of(conninfo);
    const char *const ports = or_else(conninfo_value(conninfo, "port"), or_else(conninfo->place.port, "5432"));
    size_t count = 1;
    for (const char *c = hosts; *c != '\0'; c++) {
        count += *c == ',' ? 1 : 0;
    }
    for (size_t i = 0; i < count; i++) {
        const struct text host = item(hosts, i);
        const bool is_v6 = host.size > 0 && memchr(host.data, ':', host.size) != NULL;
        const struct text port = item(ports, i);
        buffer_puts(out, i == 0 ? "" : ",");
        buffer_puts(out, is_v6 ? "[" : "");
        buffer_add(out, host);
        buffer_puts(out, is_v6 ? "]:" : ":");
        buffer_add(out, port.size == 0 ? text_of("5432") : port);
    }
}

static void put_user(struct buffer *out, const struct conninfo *conninfo, bool reveal)
{
    const char *const user = conninfo_value(conninfo, "user");
    const char *const password = conninfo_value(conninfo, "password");
    if (user == NULL && password == NULL) {
        return;
    }
    put_encoded(out, or_else(user, ""));
    if (password != NULL) {
        buffer_putc(out, ':');
        if (reveal) {
            put_encoded(out, password);
        } else {
            buffer_puts(out, "***");
        }
    }
    buffer_putc(out, '@');
}

static void put_parameter(struct buffer *out, bool *has_some, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        buffer_printf(out, "%s%s=", *has_some ? "&" : "?", name);
        put_encoded(out, value);
        *has_some = true;
    }
}

static void put_parameters(struct buffer *out, bool *has_some, const struct conninfo *conninfo)
{
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        put_parameter(out, has_some, passed[i], conninfo_value(conninfo, passed[i]));
    }
}

static const char *url_with(struct arena *arena, const char *scheme, const struct conninfo *conninfo, bool reveal,
                            const char *schema)
{
    struct buffer out = {.arena = arena};
    bool has_some = false;
    buffer_printf(&out, "%s://", scheme);
    put_user(&out, conninfo, reveal);
    if (!is_socket(conninfo)) {
        put_hosts(&out, conninfo);
    }
    buffer_putc(&out, '/');
    put_encoded(&out, or_else(conninfo->place.database, ""));
    if (is_socket(conninfo)) {
        put_parameter(&out, &has_some, "host", host_of(conninfo));
        put_parameter(&out, &has_some, "port", conninfo_value(conninfo, "port"));
    }
    put_parameters(&out, &has_some, conninfo);
    put_parameter(&out, &has_some, "schema", schema);
    return buffer_string(&out);
}

const char *connection_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    return url_with(arena, "postgresql", conninfo, reveal, NULL);
}

/* ---- other forms ---- */

/* In quotes of a shell, or of a .env file. */
static const char *quoted(struct arena *arena, const char *before, char quote, const char *text)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, before);
    buffer_putc(&out, quote);
    buffer_puts(&out, text); /* a URL of ours has no quotes: they are percent-encoded */
    buffer_putc(&out, quote);
    return buffer_string(&out);
}

static const char *jdbc_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    struct buffer out = {.arena = arena};
    const char *const password = conninfo_value(conninfo, "password");
    bool has_some = false;
    buffer_puts(&out, "jdbc:postgresql://");
    put_hosts(&out, conninfo);
    buffer_putc(&out, '/');
    put_encoded(&out, or_else(conninfo->place.database, ""));
    put_parameter(&out, &has_some, "user", conninfo_value(conninfo, "user"));
    if (password != NULL && !reveal) {
        buffer_printf(&out, "%spassword=***", has_some ? "&" : "?");
        has_some = true;
    } else {
        put_parameter(&out, &has_some, "password", password);
    }
    put_parameter(&out, &has_some, "sslmode", conninfo_value(conninfo, "sslmode"));
    put_parameter(&out, &has_some, "options", conninfo_value(conninfo, "options"));
    return buffer_string(&out);
}

size_t connection_forms(struct arena *arena, const struct conninfo *conninfo, bool reveal,
                        struct connection_form forms[CONNECTION_FORMS])
{
    const char *const url = connection_url(arena, conninfo, reveal);
    const char *const prisma = url_with(arena, "postgresql", conninfo, reveal, or_else(conninfo->schema, "public"));
    size_t count = 0;
    forms[count++] = (struct connection_form){"url", "URL", url};
    forms[count++] = (struct connection_form){"psql", "psql", quoted(arena, "psql ", '\'', url)};
    forms[count++] = (struct connection_form){"env", ".env", quoted(arena, "DATABASE_URL=", '"', url)};
    if (!is_socket(conninfo)) {
        forms[count++] = (struct connection_form){"jdbc", "JDBC", jdbc_url(arena, conninfo, reveal)};
    }
    forms[count++] = (struct connection_form){"prisma", "Prisma", quoted(arena, "DATABASE_URL=", '"', prisma)};
    forms[count++] = (struct connection_form){"sqlalchemy", "SQLAlchemy",
                                              url_with(arena, "postgresql+psycopg", conninfo, reveal, NULL)};
    forms[count++] = (struct connection_form){"go", "Go", url_with(arena, "postgres", conninfo, reveal, NULL)};
    return count;
}
