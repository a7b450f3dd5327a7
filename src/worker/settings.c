/*
 * A mistake in an option stops the start; a mistake in the connection URL does not: the worker answers it to those who
 * ask.
 */
#include "worker/settings.h"

#include "base/dotenv.h"
#include "base/log.h"
#include "base/manual.h"
#include "base/options.h"

#include <stdlib.h>
#include <string.h>

struct values {
    const char *listen;
    const char *project;
    const char *database_url;
    const char *migrations;
    const char *framework;
    const char *allow_delegate;
    const char *delegate_timeout;
    const char *lock_wait;
    const char *lock_timeout;
    const char *lock_retry;
    const char *statement_timeout;
    const char *log_level;
    const char *help;
    const char *man;
    const char *version;
};

static bool read_listeners(struct arena *arena, const char *list, struct config *config, struct status *status)
{
    char *const copy = arena_strdup(arena, list);
    size_t count = 0;
    char *rest;
    for (char *url = strtok_r(copy, ",", &rest); url != NULL; url = strtok_r(NULL, ",", &rest)) {
        if (count == CONFIG_LISTENERS) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "--listen takes at most %d addresses.",
                               CONFIG_LISTENERS);
        }
        config->urls[count++] = url;
    }
    return count > 0 || status_fail(status, STATUS_INVALID_ARGUMENT, "--listen needs an address.");
}

/* A worker without a usable database starts all the same: it answers health, and says what is wrong. */
static void read_connection(struct arena *arena, const char *url, struct config *config)
{
    struct status status = {.arena = arena};
    /* Prisma reads the one beside its schema as well. */
    const char *const places[] = {config->project.root, path_join(arena, config->project.root, "prisma")};
    for (size_t i = 0; url == NULL && i < sizeof places / sizeof places[0]; i++) {
        if (!dotenv_read(arena, places[i], "DATABASE_URL", &url, &status)) {
            log_warn("cannot read .env", "project=%s", log_quoted(places[i], (char[LOG_QUOTED_SIZE]){0}));
        }
    }
    if (url == NULL || url[0] == '\0') {
        config->conninfo_error = "DATABASE_URL is not set.";
        config->conninfo_code = STATUS_INTERNAL; /* documented as 500 */
        return;
    }
    config->has_conninfo = conninfo_parse(arena, url, &config->conninfo, &status);
    if (!config->has_conninfo) {
        config->conninfo_error = status.message;
        config->conninfo_code = STATUS_INTERNAL;
        return;
    }
    config->project.schema = config->conninfo.schema;
    config->project.database = conninfo_value(&config->conninfo, "dbname");
    config->project.user = conninfo_value(&config->conninfo, "user");
    if (config->settings.statement_timeout_ms == 0) { /* the option says more than the URL */
        config->settings.statement_timeout_ms = config->conninfo.statement_timeout_ms;
    }
}

static bool read_settings(const struct values *values, struct run_settings *settings, struct status *status)
{
    char *end;
    const unsigned long ms = strtoul(values->lock_timeout, &end, 10);
    if (*end != '\0' || ms < 1 || ms > 10000) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--lock-timeout is 1 to 10000 milliseconds.");
    }
    settings->lock_timeout_ms = (uint32_t)ms;
    return option_seconds(values->lock_retry, "lock-retry", false, &settings->lock_retry_ms, status) &&
           option_seconds(values->statement_timeout, "statement-timeout", true, &settings->statement_timeout_ms,
                          status);
}

bool config_read(struct arena *arena, int argc, char **argv, struct config *config, struct status *status)
{
    struct values values = {0};
    int words;
    enum log_level level;
    const struct option_spec specs[] = {
        {"listen", "URL[,URL…]", "TRUSS_LISTEN", "tcp://127.0.0.1:8788", "where to serve: tcp://HOST:PORT, ipc://PATH",
         &values.listen, false},
        {"project", "DIR", "TRUSS_PROJECT", ".", "the project whose migrations these are", &values.project, false},
        {"database-url", "URL", "DATABASE_URL", NULL, "the database; else from the project's .env",
         &values.database_url, true},
        {"migrations", "DIR", "TRUSS_MIGRATIONS", NULL, "the folder of migrations, where it is not in a usual place",
         &values.migrations, false},
        {"framework", "NAME", "TRUSS_FRAMEWORK", NULL,
         "which one is meant where the project has several (\"knex\", or a folder)", &values.framework, false},
        {"allow-delegate", NULL, "TRUSS_ALLOW_DELEGATE", NULL,
         "start the project's own tool for migrations that are programs: it runs the project's code",
         &values.allow_delegate, false},
        {"delegate-timeout", "SECONDS", "TRUSS_DELEGATE_TIMEOUT", "3600", "how long such a tool may take",
         &values.delegate_timeout, false},
        {"lock-wait", "SECONDS", "TRUSS_LOCK_WAIT", "10", "how long a run waits for another one to end",
         &values.lock_wait, false},
        {"lock-timeout", "MS", "TRUSS_LOCK_TIMEOUT", "50",
         "how long what would stall others waits for its lock at a time", &values.lock_timeout, false},
        {"lock-retry", "SECONDS", "TRUSS_LOCK_RETRY", "60", "how long that is tried again, at most", &values.lock_retry,
         false},
        {"statement-timeout", "SECONDS", "TRUSS_STATEMENT_TIMEOUT", "0",
         "the longest that a statement of a migration may take; 0: no limit", &values.statement_timeout, false},
        {"log-level", "LEVEL", "TRUSS_LOG_LEVEL", "info", "debug, info, warn or error", &values.log_level, false},
        {"help", NULL, NULL, NULL, "show this", &values.help, false},
        {"man", NULL, NULL, NULL, "print the manual page, for man(1)", &values.man, false},
        {"version", NULL, NULL, NULL, "show the version", &values.version, false},
        {0},
    };
    *config = (struct config){0};
    if (!options_parse(arena, specs, argc, argv, &words, status)) {
        return false;
    }
    if (words > 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "\"%s\" is not an option; see --help.", argv[0]);
    }
    config->help = values.help != NULL || values.man != NULL;
    config->version = values.version != NULL;
    if (values.man != NULL) {
        manual_of_program("truss-worker", 8, "serves migrations of one project and database over RPC", specs);
        return true;
    }
    if (config->help) {
        printf("Usage: truss-worker [OPTION…]\nServes migrations of one project and database over RPC.\n\n");
        options_help(specs, stdout);
        return true;
    }
    if (!log_parse_level(values.log_level, &level)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--log-level is debug, info, warn or error.");
    }
    log_set_level(level);
    if (file_look(values.project, NULL) != FILE_DIRECTORY) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The project %s is not a directory; check --project.",
                           values.project);
    }
    config->project.root = values.project;
    config->project.migrations = values.migrations;
    config->framework = values.framework;
    config->allow_delegate = values.allow_delegate != NULL;
    if (!option_seconds(values.delegate_timeout, "delegate-timeout", false, &config->delegate_timeout_ms, status)) {
        return false;
    }
    if (!read_listeners(arena, values.listen, config, status) ||
        !option_seconds(values.lock_wait, "lock-wait", true, &config->lock_wait_ms, status) ||
        !read_settings(&values, &config->settings, status)) {
        return false;
    }
    read_connection(arena, values.database_url, config);
    return true;
}
