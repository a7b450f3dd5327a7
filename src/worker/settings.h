/*
 * What a worker is told: its options, the project's .env, and what follows from them.
 */
#ifndef WORKER_SETTINGS_H
#define WORKER_SETTINGS_H

#include "base/limits.h"
#include "base/program.h"
#include "base/sandbox.h"
#include "migration/look/place.h"
#include "rpc/tls.h"
#include "worker/telemetry/webhook_config.h"

struct config {
    const char *urls[LIMIT_LISTENERS + 1]; /* where to listen, NULL-terminated */
    bool audit;                            /* write what is done into truss.audit, also without a login */
    struct tls_files tls;                  /* of tls+tcp:// addresses; certificate NULL: none */
    const struct hook_list *webhooks;      /* NULL: there are none */
    const char *webhooks_file;             /* that says so */
    const char *otlp_endpoint;             /* NULL: no spans are sent */
    const char *otlp_headers;
    bool metrics_open;       /* metrics need no login */
    const char *tokens;      /* the file of who may call; NULL: nobody is asked */
    const char *oidc;        /* the file of whose pipelines may; NULL: none may */
    const char *environment; /* NULL: none was said */
    enum sandbox_mode sandbox;
    bool environment_is_projects; /* by nobody but the project's truss.toml */
    bool needs_approval;          /* what runs and what marks, by another one than who calls */
    uint32_t approval_ms;         /* how long one is good */
    struct project project;
    struct conninfo conninfo;
    bool has_conninfo;
    const char *conninfo_error; /* why there is none: an answer for those who ask, no reason not to start */
    enum status_code conninfo_code;
    const char *framework;
    struct ledger ledger; /* --ledger; table NULL: not said */
    bool serves_parent;   /* it is the private worker of a command */
    bool create_database; /* where it is missing */
    bool allow_other_database;
    bool allow_delegate;
    uint32_t delegate_timeout_ms;
    uint32_t lock_wait_ms;
    struct run_settings settings;
    const struct conninfo *sql_conninfo; /* of the workbench; NULL: the one above */
    const char *own_schema;              /* where our own tables are */
    const char *sql_role;                /* NULL: the connection's */
    uint32_t max_branches;
    bool loads_foreign_code;
    uint32_t backup_jobs;
    uint32_t backup_quota_mb;
    uint32_t branch_interval_ms;
    bool sql_user_functions;
    bool sql_foreign_tables;
    const char *backups;               /* the folder of backups, or "s3://…"; NULL: none */
    const struct s3_place *backups_s3; /* the store; NULL: it is a folder */
    const char *pg_bin;                /* where pg_dump is; NULL: it is looked for */
};

/* Makes it of the options. Where they do not name the database, the project's .env is asked. False and INVALID_ARGUMENT
 * for options that make no sense. Everything lives in the arena or where the options are. */
bool config_make(struct arena *arena, const struct options *options, struct config *config, struct status *status);

/* Is who calls asked for a login? */
bool config_asks_login(const struct config *config);

#endif
