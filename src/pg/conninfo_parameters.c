/*
 * A table of all parameters that drivers and frameworks document. Parameters that only affect a driver
 * (prepared-statement caches, pools) are included, so that it is known, not assumed, that they change nothing here.
 */
#include "pg/conninfo_reading.h"

#include "base/words.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_LIMIT 63

/* ---- settings of the session ---- */

/* Cuts the next word off "-c a=b\ c --d=e", removing backslashes. */
static const char *next_option(struct arena *arena, const char **rest)
{
    struct buffer word = {.arena = arena};
    const char *c = *rest;
    while (isspace((unsigned char)*c) != 0) {
        c++;
    }
    for (; *c != '\0' && isspace((unsigned char)*c) == 0; c++) {
        c += *c == '\\' && c[1] != '\0' ? 1 : 0;
        buffer_putc(&word, *c);
    }
    *rest = c;
    return buffer_string(&word);
}

/* The search path in the options; the last one counts. */
static void note_search_path(struct reading *reading, const char *options)
{
    static const char name[] = "search_path=";
    for (const char *word; (word = next_option(reading->arena, &options))[0] != '\0';) {
        const bool is_flag = strncmp(word, "-c", 2) == 0 || strncmp(word, "--", 2) == 0;
        const char *said = is_flag ? word + 2 : word;
        if (is_flag && said[0] == '\0') {
            said = next_option(reading->arena, &options);
        }
        if (strncasecmp(said, name, strlen(name)) == 0 || strncasecmp(said, "search-path=", strlen(name)) == 0) {
            reading->conninfo->search_path = said + strlen(name);
        }
    }
}

static bool take_options(struct reading *reading, const struct parameter *row, const char *value)
{
    char *const copy = arena_strdup(reading->arena, value);
    (void)row;
    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '+' ? ' ' : *c; /* a space, as for every reader of URLs but libpq's */
    }
    buffer_printf(&reading->options, "%s%s", reading->options.size == 0 ? "" : " ", copy);
    note_search_path(reading, copy);
    return true;
}

static bool take_setting(struct reading *reading, const struct parameter *row, const char *value)
{
    conninfo_put_setting(&reading->options, row->as, value);
    return true;
}

static bool take_search_path(struct reading *reading, const struct parameter *row, const char *value)
{
    if (text_trim(text_of(value)).size == 0) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL's %s names no schema.",
                           row->name);
    }
    reading->conninfo->search_path = value;
    conninfo_put_setting(&reading->options, "search_path", value);
    return true;
}

static bool take_schema(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    if (value[0] == '\0' || strlen(value) > SCHEMA_LIMIT) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "The connection URL's schema must have 1 to %d bytes.", SCHEMA_LIMIT);
    }
    reading->conninfo->schema = value;
    return true;
}

/* ---- numbers ---- */

/* A number in units of unit_ms; an invalid value is refused. */
static bool take_ms(struct reading *reading, const struct parameter *row, const char *value, uint32_t unit_ms,
                    uint32_t *ms)
{
    char *end;
    const double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= 0 && number * unit_ms <= 604800000.0)) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "The connection URL's %s is not a number that makes sense.", row->name);
    }
    *ms = (uint32_t)(number * unit_ms);
    return true;
}

bool conninfo_take_connection_limit(struct reading *reading, const struct parameter *row, const char *value)
{
    return take_ms(reading, row, value, 1, &reading->conninfo->pool_limit);
}

static bool take_pool_timeout(struct reading *reading, const struct parameter *row, const char *value)
{
    return take_ms(reading, row, value, 1000, &reading->conninfo->pool_wait_ms);
}

static bool take_socket_timeout(struct reading *reading, const struct parameter *row, const char *value)
{
    return take_ms(reading, row, value, 1000, &reading->conninfo->socket_timeout_ms);
}

static bool take_statement_timeout(struct reading *reading, const struct parameter *row, const char *value)
{
    return take_ms(reading, row, value, 1, &reading->conninfo->statement_timeout_ms);
}

/* Seconds, possibly with a fraction; libpq needs whole ones. */
bool conninfo_take_connect_timeout(struct reading *reading, const struct parameter *row, const char *value)
{
    uint32_t ms;
    return take_ms(reading, row, value, 1000, &ms) &&
           conninfo_set(reading, "connect_timeout", arena_printf(reading->arena, "%u", (ms + 999) / 1000));
}

static bool take_milliseconds(struct reading *reading, const struct parameter *row, const char *value)
{
    uint32_t ms;
    return take_ms(reading, row, value, 1, &ms) &&
           conninfo_set(reading, row->as, arena_printf(reading->arena, "%u", (ms + 999) / 1000));
}

/* ---- golang-migrate ---- */

static bool take_table(struct reading *reading, const struct parameter *row, const char *value)
{
    if (value[0] == '\0' || strlen(value) > 2 * SCHEMA_LIMIT + 5) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL's %s names no table.",
                           row->name);
    }
    reading->conninfo->migrations_table = value;
    return true;
}

static bool take_table_quoted(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->conninfo->migrations_table_quoted = conninfo_is_yes(value);
    return true;
}

/* ---- others ---- */

bool conninfo_take_keyword(struct reading *reading, const struct parameter *row, const char *value)
{
    return conninfo_set(reading, row->as, value);
}

/* For parameters that tell a driver how to do what we do differently or not at all. */
bool conninfo_take_nothing(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)reading;
    (void)row;
    (void)value;
    return true;
}

/* Accepted only if it is off: otherwise it would change what a script does. */
static bool take_only_off(struct reading *reading, const struct parameter *row, const char *value)
{
    return (value[0] != '\0' && !conninfo_is_yes(value)) ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL's %s cannot be honoured: %s.",
                       row->name, row->as);
}

static bool refuse(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)value;
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL's %s cannot be honoured: %s.",
                       row->name, row->as);
}

/* golang-migrate's pgx drivers: "advisory" is their default. */
static bool take_lock_strategy(struct reading *reading, const struct parameter *row, const char *value)
{
    return strcmp(value, "advisory") == 0 ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's %s cannot be honoured: golang-migrate's advisory lock is the one that is "
                       "taken here.",
                       row->name);
}

static bool take_pgbouncer(struct reading *reading, const struct parameter *row, const char *value)
{
    (void)row;
    reading->conninfo->pgbouncer = conninfo_is_yes(value);
    return true;
}

/* All our sessions use UTF-8, like migration files. */
static bool take_encoding(struct reading *reading, const struct parameter *row, const char *value)
{
    static const char *const names[] = {"utf8", "utf-8", "unicode", "utf8mb4", "auto", NULL};
    return word_is_one_of_nocase(text_of(value), names) ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's %s cannot be honoured: migrations are read and sent as UTF-8.", row->name);
}

bool conninfo_take_target(struct reading *reading, const struct parameter *row, const char *value)
{
    static const char *const targets[][2] = {
        {"any", "any"},
        {"primary", "primary"},
        {"master", "primary"},
        {"secondary", "standby"},
        {"slave", "standby"},
        {"standby", "standby"},
        {"preferSecondary", "prefer-standby"},
        {"preferSlave", "prefer-standby"},
        {"prefer-standby", "prefer-standby"},
        {"read-write", "read-write"},
        {"read-only", "read-only"},
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (text_is_nocase(text_of(value), targets[i][0])) {
            return conninfo_set(reading, "target_session_attrs", targets[i][1]);
        }
    }
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "The connection URL's %s is not known: any, primary or secondary.", row->name);
}

/* Parameters that libpq does not know, or knows with another meaning; names in any case. */
static const struct parameter parameters[] = {
    /* the schema */
    {"schema", take_schema, NULL},
    {"search_path", take_search_path, NULL},
    {"currentSchema", take_search_path, NULL},
    {"current_schema", take_search_path, NULL},
    {"schema_search_path", take_search_path, NULL},
    {"searchpath", take_search_path, NULL},
    {"options", take_options, NULL},
    /* golang-migrate */
    {"x-migrations-table", take_table, NULL},
    {"x-migrations-table-quoted", take_table_quoted, NULL},
    {"x-statement-timeout", take_statement_timeout, NULL},
    {"x-multi-statement", take_only_off,
     "it cuts a script at every semicolon and commits each piece; a migration runs as one transaction here"},
    {"x-multi-statement-max-size", conninfo_take_nothing, NULL},
    {"x-lock-strategy", take_lock_strategy, NULL},
    {"x-lock-table", refuse, "golang-migrate's advisory lock is the one that is taken here"},
    /* Of its driver for MySQL; those for PostgreSQL pass over it, and lock (FilterCustomQuery in migrate.go). */
    {"x-no-lock", conninfo_take_nothing, NULL},
    {"x-lock-timeout", refuse,
     "none of golang-migrate's drivers has it. How long a run waits for another one is the worker's --lock-wait "
     "(TRUSS_LOCK_WAIT) here, as its -lock-timeout"},
    {"x-force-lock", refuse, "it is of golang-migrate's driver for CockroachDB"},
    /* TLS */
    {"sslmode", conninfo_take_sslmode, NULL},
    {"ssl-mode", conninfo_take_sslmode, NULL},
    {"ssl", conninfo_take_ssl, NULL},
    {"tls", conninfo_take_ssl, NULL},
    {"sslaccept", conninfo_take_sslaccept, NULL},
    {"sslcert", conninfo_take_sslcert, NULL},
    {"ssl-cert", conninfo_take_keyword, "sslcert"},
    {"sslclientcert", conninfo_take_keyword, "sslcert"},
    {"sslkey", conninfo_take_sslkey, NULL},
    {"ssl-key", conninfo_take_sslkey, NULL},
    {"ssl-root-cert", conninfo_take_keyword, "sslrootcert"},
    {"ssl-ca", conninfo_take_keyword, "sslrootcert"},
    {"sslfactory", conninfo_take_sslfactory, NULL},
    {"trust_server_certificate", conninfo_take_trust_certificate, NULL},
    {"sslidentity", refuse,
     "it is a PKCS#12 file, which libpq cannot read; export its certificate and key, and give them as sslclientcert "
     "and sslkey"},
    {"uselibpqcompat", conninfo_take_nothing, NULL},
    {"channelBinding", conninfo_take_keyword, "channel_binding"},
    {"gssEncMode", conninfo_take_keyword, "gssencmode"},
    /* pools and poolers: for our read connections; a run has its own */
    {"pgbouncer", take_pgbouncer, NULL},
    {"connection_limit", conninfo_take_connection_limit, NULL},
    {"pool_max_conns", conninfo_take_connection_limit, NULL},
    {"pool_size", conninfo_take_connection_limit, NULL},
    {"pool", conninfo_take_connection_limit, NULL},
    {"pool_timeout", take_pool_timeout, NULL},
    {"checkout_timeout", take_pool_timeout, NULL},
    {"socket_timeout", take_socket_timeout, NULL},
    {"socketTimeout", take_socket_timeout, NULL},
    {"pool_min_conns", conninfo_take_nothing, NULL},
    {"pool_min_idle_conns", conninfo_take_nothing, NULL},
    {"pool_max_conn_lifetime", conninfo_take_nothing, NULL},
    {"pool_max_conn_lifetime_jitter", conninfo_take_nothing, NULL},
    {"pool_max_conn_idle_time", conninfo_take_nothing, NULL},
    {"pool_health_check_period", conninfo_take_nothing, NULL},
    {"max_idle_connection_lifetime", conninfo_take_nothing, NULL},
    {"max_connection_lifetime", conninfo_take_nothing, NULL},
    {"reaping_frequency", conninfo_take_nothing, NULL},
    {"conn_max_age", conninfo_take_nothing, NULL},
    {"supa", conninfo_take_nothing, NULL},       /* Supabase's integration marks its pooler's URL so */
    {"workaround", conninfo_take_nothing, NULL}, /* likewise Vercel's */
    /* prepared statements: we make none */
    {"statement_cache_size", conninfo_take_nothing, NULL},
    {"statement-cache-capacity", conninfo_take_nothing, NULL},
    {"statement_cache_capacity", conninfo_take_nothing, NULL},
    {"statement_cache_mode", conninfo_take_nothing, NULL},
    {"description_cache_capacity", conninfo_take_nothing, NULL},
    {"prepared_statement_cache_size", conninfo_take_nothing, NULL},
    {"prepared_statement_name_func", conninfo_take_nothing, NULL},
    {"default_query_exec_mode", conninfo_take_nothing, NULL},
    {"prefer_simple_protocol", conninfo_take_nothing, NULL},
    {"prepared_statements", conninfo_take_nothing, NULL},
    {"prepare", conninfo_take_nothing, NULL},
    {"prepareThreshold", conninfo_take_nothing, NULL},
    {"preparedStatementCacheQueries", conninfo_take_nothing, NULL},
    {"preparedStatementCacheSizeMiB", conninfo_take_nothing, NULL},
    {"preferQueryMode", conninfo_take_nothing, NULL},
    {"binary_parameters", conninfo_take_nothing, NULL},
    {"binaryTransfer", conninfo_take_nothing, NULL},
    /* how a driver presents rows, batches, logs */
    {"defaultRowFetchSize", conninfo_take_nothing, NULL},
    {"reWriteBatchedInserts", conninfo_take_nothing, NULL},
    {"stringtype", conninfo_take_nothing, NULL},
    {"autosave", conninfo_take_nothing, NULL},
    {"adaptiveFetch", conninfo_take_nothing, NULL},
    {"logUnclosedConnections", conninfo_take_nothing, NULL},
    {"loggerLevel", conninfo_take_nothing, NULL},
    {"assumeMinServerVersion", conninfo_take_nothing, NULL},
    {"tcpKeepAlive", conninfo_take_nothing, NULL},
    {"tcpNoDelay", conninfo_take_nothing, NULL},
    {"hostRecheckSeconds", conninfo_take_nothing, NULL},
    {"serverVersion", conninfo_take_nothing, NULL},
    {"server_side_cursors", conninfo_take_nothing, NULL},
    {"async_fallback", conninfo_take_nothing, NULL},
    {"log-statements", conninfo_take_nothing, NULL},
    {"advisory_locks", take_only_off, "the framework's advisory lock is always taken"},
    {"charset", take_encoding, NULL},
    {"encoding", take_encoding, NULL},
    {"characterEncoding", take_encoding, NULL},
    {"client_encoding", take_encoding, NULL},
    /* other names of libpq's parameters */
    {"connect_timeout", conninfo_take_connect_timeout, NULL},
    {"connectTimeout", conninfo_take_connect_timeout, NULL},
    {"loginTimeout", conninfo_take_connect_timeout, NULL},
    {"connectionTimeoutMillis", take_milliseconds, "connect_timeout"},
    {"ApplicationName", conninfo_take_keyword, "application_name"},
    {"targetServerType", conninfo_take_target, NULL},
    {"database", conninfo_take_keyword, "dbname"},
    {"username", conninfo_take_keyword, "user"},
    {"pass", conninfo_take_keyword, "password"},
    {"hostname", conninfo_take_keyword, "host"},
    {"socket", conninfo_take_keyword, "host"},
    {"replication", refuse, "a connection for replication cannot run migrations"},
    /* server settings, which Go's drivers and JDBC allow in a URL */
    {"statement_timeout", take_setting, "statement_timeout"},
    {"lock_timeout", take_setting, "lock_timeout"},
    {"idle_in_transaction_session_timeout", take_setting, "idle_in_transaction_session_timeout"},
    {"idle_session_timeout", take_setting, "idle_session_timeout"},
    {"transaction_timeout", take_setting, "transaction_timeout"},
    {"timezone", take_setting, "timezone"},
    {"datestyle", take_setting, "datestyle"},
    {"intervalstyle", take_setting, "intervalstyle"},
    {"role", take_setting, "role"},
    {"row_security", take_setting, "row_security"},
    {"session_replication_role", take_setting, "session_replication_role"},
    {"default_transaction_isolation", take_setting, "default_transaction_isolation"},
    {"default_transaction_read_only", take_setting, "default_transaction_read_only"},
    {"readOnly", take_setting, "default_transaction_read_only"},
    {"default_tablespace", take_setting, "default_tablespace"},
    {"default_table_access_method", take_setting, "default_table_access_method"},
    {"temp_tablespaces", take_setting, "temp_tablespaces"},
    {"client_min_messages", take_setting, "client_min_messages"},
    {"min_messages", take_setting, "client_min_messages"},
    {"check_function_bodies", take_setting, "check_function_bodies"},
    {"standard_conforming_strings", take_setting, "standard_conforming_strings"},
    {"synchronous_commit", take_setting, "synchronous_commit"},
    {"work_mem", take_setting, "work_mem"},
    {"maintenance_work_mem", take_setting, "maintenance_work_mem"},
    {"bytea_output", take_setting, "bytea_output"},
    {"extra_float_digits", take_setting, "extra_float_digits"},
};

static const struct parameter *find(const char *name)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        if (text_is_nocase(text_of(name), parameters[i].name)) {
            return &parameters[i];
        }
    }
    return NULL;
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

/* "app.tenant": a setting of an extension or application. */
static bool is_custom_setting(const char *name)
{
    const size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    const char *const dot = strchr(name, '.');
    return name[size] == '\0' && dot != NULL && dot > name && dot[1] != '\0' && isalpha((unsigned char)name[0]) != 0;
}

/* "options[search_path]", as sqlx writes it. */
static const char *bracketed_setting(struct arena *arena, const char *name)
{
    const struct text text = text_of(name);
    if (!text_starts_with(text, "options[") || !text_ends_with(text, "]")) {
        return NULL;
    }
    const struct text inside = text_slice(text, strlen("options["), text.size - 1);
    return arena_strndup(arena, inside.data, inside.size);
}

/* A parameter's name in a form that can be shown: short, and only typical characters. */
static const char *shown(struct arena *arena, const char *name)
{
    char *const copy = arena_strndup(arena, name, strlen(name) > 60 ? 60 : strlen(name));
    for (char *c = copy; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) != 0 || strchr("_-.[]", *c) != NULL ? *c : '?';
    }
    return copy;
}

bool conninfo_take_parameter(struct reading *reading, const char *name, const char *value)
{
    const char *const setting = bracketed_setting(reading->arena, name);
    const struct parameter *const row = find(setting != NULL ? setting : name);
    if (row != NULL && (setting == NULL || row->take == take_setting || row->take == take_search_path)) {
        return row->take(reading, row, value);
    }
    if (setting != NULL || is_custom_setting(name)) {
        conninfo_put_setting(&reading->options, shown(reading->arena, setting != NULL ? setting : name), value);
        return true;
    }
    if (strncasecmp(name, "x-", 2) == 0) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "The connection URL's parameter \"%s\" is none of golang-migrate's for PostgreSQL, which "
                           "would pass over it: take it out, or correct its name.",
                           shown(reading->arena, name));
    }
    return is_libpq_keyword(name)
               ? conninfo_set(reading, name, value)
               : status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                             "The connection URL's parameter \"%s\" is not known, and it may decide which database or "
                             "schema is meant: take it out, or correct its name.",
                             shown(reading->arena, name));
}

/* ---- the end ---- */

/* The environment's options must not be lost because the URL has some, too. */
bool conninfo_finish_parameters(struct reading *reading)
{
    const char *const environment = getenv("PGOPTIONS");
    const bool has_own = reading->options.size > 0;
    if (environment != NULL && reading->conninfo->search_path == NULL) {
        note_search_path(reading, environment);
    }
    const char *const options =
        environment != NULL && environment[0] != '\0'
            ? arena_printf(reading->arena, "%s %s", environment, buffer_string(&reading->options))
            : buffer_string(&reading->options);
    return (!has_own || conninfo_set(reading, "options", options)) && conninfo_finish_tls(reading);
}
