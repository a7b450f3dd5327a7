/*
 * An error in an option prevents the start; an error in the connection URL does not: it is reported to callers.
 */
#include "worker/settings.h"

#include "backup/s3_send.h"
#include "base/dotenv.h"
#include "base/files.h"
#include "base/local_address.h"
#include "base/log.h"
#include "base/tokens.h"
#include "framework/core/kept_name.h"
#include "pg/own_sql.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* A worker without a usable database starts nevertheless: it answers health probes, and says what is wrong. */
static void read_connection(struct arena *arena, const char *url, struct config *config)
{
    struct status status = {.arena = arena};
    if (url == NULL && !dotenv_database_url(arena, config->project.root, &url, &status)) {
        log_warn("cannot read .env", "project=%s", log_quoted(config->project.root, (char[LOG_QUOTED_SIZE]){0}));
        config->conninfo_error = status.message;
        config->conninfo_code = status.code;
        return;
    }
    if (url == NULL || url[0] == '\0') {
        config->conninfo_error = "DATABASE_URL is not set.";
        config->conninfo_code = STATUS_INTERNAL; /* documented as 500 */
        return;
    }
    config->has_conninfo = conninfo_parse(arena, url, &config->conninfo, &status);
    if (!config->has_conninfo) {
        config->conninfo_error = status.message;
        config->conninfo_code = status.code;
        return;
    }
    config->conninfo.own_schema = config->own_schema;
    config->project.schema = config->conninfo.schema;
    config->project.names_path = config->conninfo.search_path != NULL;
    config->project.database = conninfo_value(&config->conninfo, "dbname");
    config->project.user = conninfo_value(&config->conninfo, "user");
    if (config->settings.statement_timeout_ms == 0) { /* the option takes precedence over the URL */
        config->settings.statement_timeout_ms = config->conninfo.statement_timeout_ms;
    }
}

/* One name of "schema.table", possibly quoted, where two quotes stand for one; moves *rest after it. */
static const char *cut_name(struct arena *arena, struct text *rest)
{
    const bool quoted = text_starts_with(*rest, "\"");
    const char end = quoted ? '"' : '.';
    struct buffer name = {.arena = arena};
    size_t at = quoted ? 1 : 0;
    while (at < rest->size) {
        const bool is_end = rest->data[at] == end;
        const bool is_twice = is_end && quoted && at + 1 < rest->size && rest->data[at + 1] == end;
        if (is_end && !is_twice) {
            break;
        }
        buffer_putc(&name, rest->data[at]);
        at += is_twice ? 2 : 1;
    }
    *rest = text_slice(*rest, at + (quoted ? 1 : 0), rest->size);
    return buffer_string(&name);
}

static bool read_ledger(struct arena *arena, const char *word, struct ledger *ledger, struct status *status)
{
    struct text rest = text_of(word);
    if (word == NULL) {
        return true;
    }
    ledger->schema = cut_name(arena, &rest);
    const bool has_dot = text_starts_with(rest, ".");
    rest = text_slice(rest, 1, rest.size);
    ledger->table = cut_name(arena, &rest);
    ledger_keep_names(arena, ledger);
    return (has_dot && rest.size == 0 && ledger->schema[0] != '\0' && ledger->table[0] != '\0') ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "--ledger is a schema and a table: \"public.schema_migrations\".");
}

/* An error prevents the start: otherwise the workbench would use rights that nobody intended. */
static bool read_workbench(struct arena *arena, const struct options *options, struct config *config,
                           struct status *status)
{
    const bool has_url = options->sql_url != NULL && options->sql_url[0] != '\0';
    const bool has_role = options->sql_role != NULL && options->sql_role[0] != '\0';
    config->sql_role = has_role ? options->sql_role : NULL;
    config->sql_user_functions = options->sql_user_functions;
    config->sql_foreign_tables = options->sql_foreign_tables;
    if (!has_url) {
        return true;
    }
    struct conninfo *const conninfo = arena_alloc(arena, sizeof *conninfo);
    config->sql_conninfo = conninfo;
    struct status problem = {.arena = arena};
    if (!conninfo_parse(arena, options->sql_url, conninfo, &problem)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--sql-url: %s", problem.message);
    }
    conninfo->own_schema = config->own_schema;
    return true;
}

/* A store, or the absolute path of a folder, since a child process may have another directory. */
static bool read_backups(struct arena *arena, const struct options *options, struct config *config,
                         struct status *status)
{
    const char *const folder = options->backups;
    config->loads_foreign_code = options->load_foreign_code;
    config->backup_jobs = options->backup_jobs;
    config->backup_quota_mb = options->backup_quota;
    char here[PATH_MAX];
    if (folder == NULL || folder[0] == '\0') {
        return true;
    }
    if (s3_place_is(folder)) {
        struct s3_place *const place = arena_alloc(arena, sizeof *place);
        config->backups_s3 = place;
        s3_start();
        return s3_place_read(arena, folder, place, status) && (config->backups = place->display) != NULL;
    }
    if (folder[0] != '/' && getcwd(here, sizeof here) == NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--backups is an absolute path here.");
    }
    config->backups = folder[0] == '/' ? folder : path_join(arena, arena_strdup(arena, here), folder);
    return true;
}

/* Without a login everybody who reaches a port may do everything: that is only allowed for this machine. */
static bool check_login(const struct options *options, const char *const *urls, struct status *status)
{
    const bool has_login = options->tokens != NULL || options->oidc != NULL;
    for (size_t i = 0; !has_login && !options->insecure_no_login && urls[i] != NULL; i++) {
        if (!url_is_local(urls[i])) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "Other machines could reach %s, and without tokens each may do everything. Make a token "
                               "(truss token create --file FILE --name NAME --scope read,plan,run) and start with "
                               "--tokens FILE; or say --insecure-no-login.",
                               urls[i]);
        }
    }
    return true;
}

static bool read_tls(const struct options *options, struct config *config, struct status *status)
{
    config->tls = (struct tls_files){options->rpc_cert, options->rpc_key, options->rpc_client_ca};
    const bool has_tls = options->rpc_cert != NULL;
    return (has_tls == (options->rpc_key != NULL) && (has_tls || options->rpc_client_ca == NULL)) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "TLS needs --tls-cert and --tls-key, both; --tls-client-ca is of use only with them.");
}

static bool check_environment(const struct config *config, struct status *status)
{
    if (config->environment_is_projects && config->tokens != NULL && config->environment != NULL) {
        char name[LOG_QUOTED_SIZE];
        log_warn("only the project names the environment: it gives no scopes", "environment=%s advice=--environment",
                 log_quoted(config->environment, name));
    }
    return config->environment == NULL || scope_environment_is(text_of(config->environment)) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "--environment is a name of letters, digits, - and _: production.");
}

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

/* The operator's settings; a command's private worker sends nothing. */
static bool read_telemetry(struct arena *arena, const struct options *options, struct config *config,
                           struct status *status)
{
    config->otlp_endpoint = is_empty(options->otlp_endpoint) || options->serves_parent ? NULL : options->otlp_endpoint;
    config->otlp_headers = options->otlp_headers;
    config->metrics_open = options->metrics_open;
    if (is_empty(options->webhooks) || options->serves_parent) {
        return true;
    }
    struct hook_list *const hooks = arena_alloc(arena, sizeof *hooks);
    config->webhooks = hooks;
    config->webhooks_file = options->webhooks;
    return hooks_read(arena, options->webhooks, hooks, status);
}

/* An error prevents the start: tables would be created in the wrong place. */
static bool read_own_schema(const struct options *options, struct config *config, struct status *status)
{
    config->own_schema = is_empty(options->state_schema) ? OWN_SCHEMA_USUAL : options->state_schema;
    return own_schema_check(config->own_schema, status);
}

static void take_surroundings(const struct options *options, struct config *config)
{
    const char *const name = options->environment;
    config->environment = name == NULL || name[0] == '\0' ? NULL : name;
    config->environment_is_projects = options->by_project[OPTION_environment];
    config->ledger_is_projects = options->by_project[OPTION_ledger];
    config->project.migrations_are_projects = options->by_project[OPTION_migrations];
    config->sandbox = sandbox_mode_of(options->sandbox);
}

/* A private worker's only caller is its parent, who has the database's own password. */
static void read_login(const struct options *options, struct config *config)
{
    config->tokens = options->serves_parent ? NULL : options->tokens;
    config->oidc = options->serves_parent ? NULL : options->oidc;
}

/* ---- four eyes ---- */

static bool is_in_list(const char *list, const char *word)
{
    struct text rest = text_of(list);
    while (rest.size > 0) {
        const size_t comma = text_find(rest, ",", 0);
        if (text_is(text_trim(text_slice(rest, 0, comma)), word)) {
            return true;
        }
        rest = comma == SIZE_MAX ? (struct text){0} : text_slice(rest, comma + 1, rest.size);
    }
    return false;
}

/* Approvals are the operator's decision: a project cannot name another environment to avoid them. */
static bool read_approval(const struct options *options, struct config *config, struct status *status)
{
    const char *const list = options->require_approval;
    config->approval_ms = options->approval_time;
    if (list == NULL || list[0] == '\0') {
        return true;
    }
    config->needs_approval =
        is_in_list(list, "always") || (config->environment != NULL && is_in_list(list, config->environment));
    if (!config->needs_approval && (config->environment == NULL || config->environment_is_projects)) {
        return status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "--require-approval is for the environments %s, and %s. Say --environment here, and not in the "
            "project; or --require-approval always.",
            list,
            config->environment == NULL ? "this worker was not told which one it is of"
                                        : "only the project's truss.toml says which one this is");
    }
    if (config->needs_approval && !config_asks_login(config)) {
        return status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "--require-approval needs a login: without one, Truss cannot tell one person from another. Start with "
            "--tokens FILE or --oidc FILE, and say to `truss` which worker it asks (--worker).");
    }
    return !config->needs_approval || !config->allow_delegate ||
           status_fail(
               status, STATUS_FAILED_PRECONDITION,
               "--require-approval and --allow-delegate do not go together: the project's own tool runs code that "
               "no plan shows, and so nobody can approve it.");
}

bool config_asks_login(const struct config *config)
{
    return config->tokens != NULL || config->oidc != NULL;
}

bool config_make(struct arena *arena, const struct options *options, struct config *config, struct status *status)
{
    if (file_look(options->project, NULL) != FILE_DIRECTORY) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The project %s is not a directory; check --project.",
                           options->project);
    }
    *config = (struct config){
        .project = {.root = options->project,
                    .migrations = options->migrations,
                    .allows_outside = options->allow_outside,
                    .migration_limit = options->migration_limit},
        .audit = options->audit,
        .framework = options->framework,
        .serves_parent = options->serves_parent,
        .create_database = options->create_database,
        .allow_other_database = options->allow_other_database,
        .allow_delegate = options->allow_delegate,
        .delegate_timeout_ms = options->delegate_timeout,
        .lock_wait_ms = options->lock_wait,
        .max_branches = options->max_branches,
        .branch_interval_ms = options->branch_interval,
        .pg_bin = options->pg_bin,
        .settings =
            {
                .lock_timeout_ms = options->lock_timeout,
                .lock_retry_ms = options->lock_retry,
                .statement_timeout_ms = options->statement_timeout,
            },
    };
    take_surroundings(options, config);
    read_login(options, config);
    if (!program_list(arena, options->listen, config->urls, LIMIT_LISTENERS)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--listen takes 1 to %d addresses.", LIMIT_LISTENERS);
    }
    if (!check_environment(config, status) || !read_approval(options, config, status) ||
        !read_tls(options, config, status) || !check_login(options, config->urls, status) ||
        !read_ledger(arena, options->ledger, &config->ledger, status) || !read_own_schema(options, config, status)) {
        return false;
    }
    read_connection(arena, options->database_url, config);
    if (!read_backups(arena, options, config, status) || !read_telemetry(arena, options, config, status)) {
        return false;
    }
    return read_workbench(arena, options, config, status);
}
