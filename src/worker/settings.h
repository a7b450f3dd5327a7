/*
 * What a worker is told: its options, the project's .env, and what follows from them.
 */
#ifndef WORKER_SETTINGS_H
#define WORKER_SETTINGS_H

#include "base/arena.h"
#include "base/status.h"
#include "migration/look/place.h"

#define CONFIG_LISTENERS 8

struct config {
    const char *urls[CONFIG_LISTENERS + 1]; /* where to listen, NULL-terminated */
    struct project project;
    struct conninfo conninfo;
    bool has_conninfo;
    const char *conninfo_error; /* why there is none: an answer for those who ask, no reason not to start */
    enum status_code conninfo_code;
    const char *framework;
    bool allow_delegate;
    uint32_t delegate_timeout_ms;
    uint32_t lock_wait_ms;
    struct run_settings settings;
    bool help;
    bool version;
};

/* Reads argv and the environment. Where DATABASE_URL is in neither, the project's .env is asked. False and
 * INVALID_ARGUMENT for options that make no sense. Everything lives in the arena or in argv and environ. */
bool config_read(struct arena *arena, int argc, char **argv, struct config *config, struct status *status);

#endif
