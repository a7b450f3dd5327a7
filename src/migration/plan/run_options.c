/*
 * Limits and defaults of the options.
 */
#include "migration/plan/run_options.h"

#include "base/limits.h"

/* The limits of one option. */
struct limit {
    const char *name; /* of the option, and of the field */
    uint32_t usual;   /* the default */
    uint32_t most;    /* 0: no limit */
};

static bool take(const struct limit *limit, uint32_t asked, uint32_t *value, struct status *status)
{
    *value = asked == 0 ? limit->usual : asked;
    return asked == 0 || limit->most == 0 || asked <= limit->most ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s is at most %u ms here; the worker's options say so.",
                       limit->name, limit->most);
}

bool prepare_settings(const struct site *site, const struct run_options *options, struct run_settings *settings,
                      struct status *status)
{
    const struct run_settings *const asked = &options->settings;
    const struct run_settings *const usual = &site->settings;
    const struct limit lock_timeout = {"--lock-timeout (in a request: lock_timeout_ms)", usual->lock_timeout_ms,
                                       LIMIT_LOCK_TIMEOUT_MS};
    const struct limit lock_retry = {"--lock-retry (in a request: lock_retry_ms)", usual->lock_retry_ms,
                                     usual->lock_retry_ms};
    const struct limit statement_timeout = {"--statement-timeout (in a request: statement_timeout_ms)",
                                            usual->statement_timeout_ms, usual->statement_timeout_ms};
    return take(&lock_timeout, asked->lock_timeout_ms, &settings->lock_timeout_ms, status) &&
           take(&lock_retry, asked->lock_retry_ms, &settings->lock_retry_ms, status) &&
           take(&statement_timeout, asked->statement_timeout_ms, &settings->statement_timeout_ms, status);
}
