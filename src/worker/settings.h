/*
 * A worker's settings: its options, the project's .env, and what follows from them.
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
    bool audit;                            /* write truss.audit, even if no login is required */
    struct tls_files tls;                  /* for tls+tcp:// addresses; certificate NULL: none */
    const struct hook_list *webhooks;      /* NULL: none */
    const char *webhooks_file;             /* the file that defines them */
    const char *otlp_endpoint;             /* NULL: no spans are sent */
    const char *otlp_headers;
    bool metrics_open;       /* metrics need no login */
    const char *tokens;      /* the file of tokens; NULL: no login is required */
    const char *oidc;        /* the file of trusted OIDC issuers; NULL: none */
    const char *environment; /* NULL: none */
    enum sandbox_mode sandbox;
    bool environment_is_projects; /* the environment is named only by the project's truss.toml */
    bool ledger_is_projects;      /* likewise the tracking table */
    bool needs_approval;          /* runs and marks need another person's approval */
    uint32_t approval_ms;         /* validity of an approval */
    struct project project;
    struct conninfo conninfo;
    bool has_conninfo;
    const char *conninfo_error; /* why there is none: reported to callers; the worker starts nevertheless */
    enum status_code conninfo_code;
    const char *framework;
    struct ledger ledger; /* --ledger; table NULL: not given */
    bool serves_parent;   /* it is the private worker of a command */
    bool create_database; /* create a missing database */
    bool allow_other_database;
    bool allow_delegate;
    uint32_t delegate_timeout_ms;
    uint32_t lock_wait_ms;
    struct run_settings settings;
    const struct conninfo *sql_conninfo; /* for the workbench; NULL: the one above */
    const char *own_schema;              /* the schema of our own tables */
    const char *sql_role;                /* for the workbench; NULL: the connection's role */
    uint32_t max_branches;
    bool loads_foreign_code;
    uint32_t backup_jobs;
    uint32_t backup_quota_mb;
    uint32_t branch_interval_ms;
    bool sql_user_functions;
    bool sql_foreign_tables;
    const char *backups;               /* the folder of backups, or "s3://…"; NULL: none */
    const struct s3_place *backups_s3; /* the S3 store; NULL: backups are in a folder */
    const char *pg_bin;                /* the folder of pg_dump; NULL: search for it */
};

/* Makes the settings of the options. If they do not name a database, the project's .env is read. Fails with
 * INVALID_ARGUMENT for contradictory options. Strings live in the arena or in the options. */
bool config_make(struct arena *arena, const struct options *options, struct config *config, struct status *status);

/* Must callers log in? */
bool config_asks_login(const struct config *config);

#endif
