/*
 * Built from the meaning of the URL, not from its text, because each tool has its own words for the same thing.
 */
#include "connection/forms.h"

#include <ctype.h>
#include <string.h>

#define MASK "****" /* always this long, however long the secret is */

/* A parameter: libpq's name for it, and the tool's. */
struct parameter {
    const char *ours;
    const char *theirs; /* NULL: the same */
};

/* The parameters in the query of a URL for any program that uses libpq. */
static const struct parameter of_libpq[] = {
    {"hostaddr", NULL},
    {"sslmode", NULL},
    {"sslrootcert", NULL},
    {"sslcert", NULL},
    {"sslkey", NULL},
    {"sslcrl", NULL},
    {"sslsni", NULL},
    {"sslnegotiation", NULL},
    {"ssl_min_protocol_version", NULL},
    {"ssl_max_protocol_version", NULL},
    {"channel_binding", NULL},
    {"require_auth", NULL},
    {"gssencmode", NULL},
    {"krbsrvname", NULL},
    {"passfile", NULL},
    {"options", NULL},
    {"target_session_attrs", NULL},
    {"load_balance_hosts", NULL},
    {"connect_timeout", NULL},
    {"application_name", NULL},
    {NULL, NULL},
};

/* pgx (ParseConfig) takes an unknown parameter for a setting of the server, which then refuses it. */
static const struct parameter of_go[] = {
    {"sslmode", NULL},
    {"sslrootcert", NULL},
    {"sslcert", NULL},
    {"sslkey", NULL},
    {"sslsni", NULL},
    {"options", NULL},
    {"target_session_attrs", NULL},
    {"connect_timeout", NULL},
    {"application_name", NULL},
    {NULL, NULL},
};

/* Prisma's sslcert is that of the server; sslmode is written by put_prisma_tls. */
static const struct parameter of_prisma[] = {
    {"sslrootcert", "sslcert"}, {"channel_binding", NULL},  {"options", NULL},
    {"connect_timeout", NULL},  {"application_name", NULL}, {NULL, NULL},
};

static const struct parameter of_jdbc[] = {
    {"sslmode", NULL},
    {"sslrootcert", NULL},
    {"options", NULL},
    {"connect_timeout", "connectTimeout"},
    {"application_name", "ApplicationName"},
    {NULL, NULL},
};

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
    return host_of(conninfo)[0] == '/' || host_of(conninfo)[0] == '@';
}

/* ---- URLs ---- */

static const char *ports_of(const struct conninfo *conninfo)
{
    return or_else(conninfo_value(conninfo, "port"), or_else(conninfo->place.port, "5432"));
}

static size_t count_hosts(const struct conninfo *conninfo)
{
    return conninfo_item_count(host_of(conninfo));
}

/* "host:5432"; an IPv6 address in brackets. Characters that do not belong in a host name are encoded, because people
 * paste the result into a shell. */
static void put_host(struct buffer *out, const struct conninfo *conninfo, size_t i)
{
    const struct text host = conninfo_item(host_of(conninfo), i);
    const struct text port = conninfo_item(ports_of(conninfo), i);
    const bool is_v6 = host.size > 0 && memchr(host.data, ':', host.size) != NULL;
    if (is_v6 && strspn(host.data, "0123456789abcdefABCDEF:.%") >= host.size) {
        buffer_printf(out, "[%.*s]:", (int)host.size, host.data);
    } else {
        buffer_put_encoded(out, host, "");
        buffer_putc(out, ':');
    }
    buffer_put_encoded(out, port.size == 0 ? text_of("5432") : port, "");
}

/* "host:5432,other:5433" */
static void put_hosts(struct buffer *out, const struct conninfo *conninfo)
{
    for (size_t i = 0; i < count_hosts(conninfo); i++) {
        buffer_puts(out, i == 0 ? "" : ",");
        put_host(out, conninfo, i);
    }
}

static void put_user(struct buffer *out, const struct conninfo *conninfo, bool reveal)
{
    const char *const user = conninfo_value(conninfo, "user");
    const char *const password = conninfo_value(conninfo, "password");
    if (user == NULL && password == NULL) {
        return;
    }
    buffer_put_encoded(out, text_of(or_else(user, "")), "");
    if (password != NULL) {
        buffer_putc(out, ':');
        if (reveal) {
            buffer_put_encoded(out, text_of(password), "");
        } else {
            buffer_puts(out, MASK);
        }
    }
    buffer_putc(out, '@');
}

static void put_parameter(struct buffer *out, bool *has_some, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        buffer_printf(out, "%s%s=", *has_some ? "&" : "?", name);
        buffer_put_encoded(out, text_of(value), "");
        *has_some = true;
    }
}

/* Is the value of this setting possibly secret? Yes for a setting of an application, which has a dot in its name.
 * PostgreSQL's own secret settings cannot be set there. */
static bool is_secret(struct text setting)
{
    const size_t size = text_find(setting, "=", 0);
    return size != SIZE_MAX && text_find(text_slice(setting, 0, size), ".", 0) != SIZE_MAX;
}

/* "-c search_path=app -c app.secret=…": words separated by white space, except after a backslash (pg_split_opts of the
 * server). */
static const char *masked_options(struct arena *arena, const char *options)
{
    struct buffer out = {.arena = arena};
    for (const char *word = options; *word != '\0';) {
        const char *end = word;
        while (*end != '\0' && isspace((unsigned char)*end) == 0) {
            end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
        }
        const struct text setting = {word, (size_t)(end - word)};
        if (is_secret(setting)) {
            buffer_add(&out, text_slice(setting, 0, text_find(setting, "=", 0) + 1));
            buffer_puts(&out, MASK);
        } else {
            buffer_add(&out, setting);
        }
        buffer_add(&out, (struct text){end, *end == '\0' ? 0 : 1});
        word = *end == '\0' ? end : end + 1;
    }
    return buffer_string(&out);
}

/* What is written for a tool, and whether secrets are shown. */
struct wanted {
    const struct parameter *parameters;
    bool reveal;
};

static void put_parameters(struct buffer *out, bool *has_some, const struct conninfo *conninfo, struct wanted wanted)
{
    for (const struct parameter *one = wanted.parameters; one->ours != NULL; one++) {
        const char *const value = conninfo_value(conninfo, one->ours);
        const bool is_masked = value != NULL && !wanted.reveal && strcmp(one->ours, "options") == 0;
        put_parameter(out, has_some, one->theirs == NULL ? one->ours : one->theirs,
                      is_masked ? masked_options(out->arena, value) : value);
    }
}

static void put_socket(struct buffer *out, bool *has_some, const struct conninfo *conninfo)
{
    if (is_socket(conninfo)) {
        put_parameter(out, has_some, "host", host_of(conninfo));
        put_parameter(out, has_some, "port", conninfo_value(conninfo, "port"));
    }
}

static struct buffer start_url(struct arena *arena, const char *scheme, const struct conninfo *conninfo, bool reveal)
{
    struct buffer out = {.arena = arena};
    buffer_printf(&out, "%s://", scheme);
    put_user(&out, conninfo, reveal);
    return out;
}

static void put_database(struct buffer *out, const struct conninfo *conninfo)
{
    buffer_putc(out, '/');
    buffer_put_encoded(out, text_of(or_else(conninfo->place.database, "")), "");
}

static const char *libpq_url(struct arena *arena, const char *scheme, const struct conninfo *conninfo,
                             struct wanted wanted)
{
    struct buffer out = start_url(arena, scheme, conninfo, wanted.reveal);
    bool has_some = false;
    if (!is_socket(conninfo)) {
        put_hosts(&out, conninfo);
    }
    put_database(&out, conninfo);
    put_socket(&out, &has_some, conninfo);
    put_parameters(&out, &has_some, conninfo, wanted);
    return buffer_string(&out);
}

const char *connection_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    return libpq_url(arena, "postgresql", conninfo, (struct wanted){of_libpq, reveal});
}

/* ---- other forms ---- */

/* Quoted for a shell, or for a .env file. */
static const char *quoted(struct arena *arena, const char *before, char quote, const char *text)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, before);
    buffer_putc(&out, quote);
    buffer_puts(&out, text); /* our URLs contain neither quotes nor $: these are percent-encoded */
    buffer_putc(&out, quote);
    return buffer_string(&out);
}

/* Several hosts go into SQLAlchemy's query, because its URL has room for only one. */
static const char *sqlalchemy_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    struct buffer out = start_url(arena, "postgresql+psycopg", conninfo, reveal);
    const size_t count = count_hosts(conninfo);
    bool has_some = false;
    if (is_socket(conninfo) || count == 1) {
        return libpq_url(arena, "postgresql+psycopg", conninfo, (struct wanted){of_libpq, reveal});
    }
    put_database(&out, conninfo);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&out, i == 0 ? "?host=" : "&host=");
        put_host(&out, conninfo, i);
        has_some = true;
    }
    put_parameters(&out, &has_some, conninfo, (struct wanted){of_libpq, reveal});
    return buffer_string(&out);
}

/* Prisma knows disable, prefer and require; with require it accepts any certificate unless told to check it. */
static void put_prisma_tls(struct buffer *out, bool *has_some, const struct conninfo *conninfo)
{
    const char *const mode = or_else(conninfo_value(conninfo, "sslmode"), "");
    const bool is_strict = strncmp(mode, "verify-", 7) == 0;
    put_parameter(out, has_some, "sslmode", is_strict ? "require" : strcmp(mode, "allow") == 0 ? "prefer" : mode);
    put_parameter(out, has_some, "sslaccept", is_strict ? "strict" : NULL);
}

/* Prisma needs a host even if the folder of a socket already says where the server is. */
static const char *prisma_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    struct buffer out = start_url(arena, "postgresql", conninfo, reveal);
    bool has_some = false;
    if (is_socket(conninfo)) {
        buffer_puts(&out, "localhost");
    } else {
        put_hosts(&out, conninfo);
    }
    put_database(&out, conninfo);
    put_socket(&out, &has_some, conninfo);
    put_prisma_tls(&out, &has_some, conninfo);
    put_parameters(&out, &has_some, conninfo, (struct wanted){of_prisma, reveal});
    put_parameter(&out, &has_some, "schema", or_else(conninfo->schema, "public"));
    return buffer_string(&out);
}

static const char *jdbc_target(const char *attributes)
{
    static const char *const words[][2] = {{"any", "any"},           {"read-write", "primary"},
                                           {"primary", "primary"},   {"read-only", "secondary"},
                                           {"standby", "secondary"}, {"prefer-standby", "preferSecondary"}};
    for (size_t i = 0; attributes != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], attributes) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

static const char *jdbc_url(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    struct buffer out = {.arena = arena};
    const char *const password = conninfo_value(conninfo, "password");
    bool has_some = false;
    buffer_puts(&out, "jdbc:postgresql://");
    put_hosts(&out, conninfo);
    buffer_putc(&out, '/');
    buffer_put_encoded(&out, text_of(or_else(conninfo->place.database, "")), "");
    put_parameter(&out, &has_some, "user", conninfo_value(conninfo, "user"));
    if (password != NULL && !reveal) {
        buffer_printf(&out, "%spassword=" MASK, has_some ? "&" : "?");
        has_some = true;
    } else {
        put_parameter(&out, &has_some, "password", password);
    }
    put_parameters(&out, &has_some, conninfo, (struct wanted){of_jdbc, reveal});
    put_parameter(&out, &has_some, "targetServerType", jdbc_target(conninfo_value(conninfo, "target_session_attrs")));
    return buffer_string(&out);
}

size_t connection_forms(struct arena *arena, const struct conninfo *conninfo, bool reveal,
                        struct connection_form forms[CONNECTION_FORMS])
{
    const char *const url = connection_url(arena, conninfo, reveal);
    size_t count = 0;
    forms[count++] = (struct connection_form){"url", "URL", url};
    forms[count++] = (struct connection_form){"psql", "psql", quoted(arena, "psql ", '\'', url)};
    forms[count++] = (struct connection_form){"env", ".env", quoted(arena, "DATABASE_URL=", '"', url)};
    if (!is_socket(conninfo)) {
        forms[count++] = (struct connection_form){"jdbc", "JDBC", jdbc_url(arena, conninfo, reveal)};
    }
    if (is_socket(conninfo) || count_hosts(conninfo) == 1) {
        const char *const prisma = prisma_url(arena, conninfo, reveal);
        forms[count++] = (struct connection_form){"prisma", "Prisma", quoted(arena, "DATABASE_URL=", '"', prisma)};
    }
    forms[count++] = (struct connection_form){"sqlalchemy", "SQLAlchemy", sqlalchemy_url(arena, conninfo, reveal)};
    forms[count++] =
        (struct connection_form){"go", "Go", libpq_url(arena, "postgres", conninfo, (struct wanted){of_go, reveal})};
    return count;
}
