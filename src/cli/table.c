/*
 * The commands and their options: the one place where a new one is added.
 */
#include "cli/table.h"

#include "base/near.h"
#include "base/text.h"

#include <string.h>

#define ANY_NUMBER (-1)

#define O(id) OPTION_##id
#define PLACE                                                                                                          \
    O(worker), O(project), O(database_url), O(create_database), O(migrations), O(ledger), O(state_schema),             \
        O(allow_delegate), O(allow_outside), O(token), O(token_file), O(tls_ca), O(own_cert), O(own_key),              \
        O(environment)
#define ASKS PLACE, O(json), O(timeout)
#define SELECTS                                                                                                        \
    O(framework), O(target), O(transaction), O(allow_out_of_order), O(no_out_of_order), O(ignore_history), O(repair),  \
        O(allow_other_database)

const enum option_id cli_common_options[] = {ASKS, O(config), O(help), OPTION_NONE};

const struct cli_command cli_commands[] = {
    {
        .name = "status",
        .help = "show every migration with its state",
        .examples = {"truss status", "truss status --exit-code          # in a pipeline: 2 if something is pending",
                     "truss status --project api --database-url postgresql://app@db.example/shop"},
        .run = command_status,
        .options = {ASKS, O(framework), O(exit_code), O(output), O(config), O(help)},
    },
    {
        .name = "plan",
        .arguments = "[NAME…]",
        .most_words = ANY_NUMBER,
        .help = "show what a run would do: its transactions, its locks and whom they block",
        .examples = {"truss plan", "truss plan --output markdown        # for a job summary or a pull request",
                     "truss plan --save plan.json && truss run --plan plan.json  # what was approved is what runs"},
        .run = command_plan,
        .options = {ASKS, SELECTS, O(verbose), O(save), O(output), O(config), O(help)},
    },
    {
        .name = "run",
        .arguments = "[NAME…]",
        .most_words = ANY_NUMBER,
        .help = "run the pending migrations, or those that are named",
        .examples = {"truss run", "truss run --yes --json              # in a pipeline", "truss run --plan plan.json",
                     "truss run --dry-run"},
        .run = command_run,
        .options = {ASKS, SELECTS, O(dry_run), O(durable), O(plan), O(plan_hash), O(ask_lock_timeout),
                    O(ask_lock_retry), O(ask_statement_timeout), O(key), O(progress), O(detach), O(yes), O(confirm),
                    O(output), O(config), O(help)},
    },
    {
        .name = "operations",
        .arguments = "[ID]",
        .most_words = 1,
        .help = "list runs, or show one with its events",
        .examples = {"truss operations", "truss operations ID --follow"},
        .run = command_operations,
        .options = {ASKS, O(follow), O(config), O(help)},
    },
    {
        .name = "watch",
        .help = "show the run that is going on, or the next one",
        .examples = {"truss watch"},
        .run = command_watch,
        .options = {PLACE, O(json), O(config), O(help)},
    },
    {
        .name = "wait",
        .help = "wait until no migration is pending (for init containers)",
        .examples = {"truss wait --timeout 5m && exec server"},
        .run = command_wait,
        .options = {ASKS, O(framework), O(applied), O(config), O(help)},
    },
    {
        .name = "cancel",
        .arguments = "ID",
        .least_words = 1,
        .most_words = 1,
        .help = "cancel a run; the step that is running is rolled back",
        .examples = {"truss cancel ID"},
        .run = command_cancel,
        .options = {ASKS, O(config), O(help)},
    },
    {
        .name = "preview",
        .arguments = "NAME",
        .least_words = 1,
        .most_words = 1,
        .help = "show the SQL of a migration",
        .examples = {"truss preview 20250110093012_init", "truss preview 20250110093012_init --sql > what_is_sent.sql"},
        .run = command_preview,
        .options = {ASKS, O(framework), O(sql), O(config), O(help)},
    },
    {
        .name = "diff",
        .arguments = "NAME",
        .least_words = 1,
        .most_words = 1,
        .help = "show what was applied of a modified or deleted migration, found in git, beside its file of today",
        .examples = {"truss diff 20250110093012_init",
                     "truss diff 20250110093012_init > change.patch && git apply -R change.patch  # undoes the change",
                     "truss diff 20250110093012_init --output markdown"},
        .run = command_diff,
        .options = {ASKS, O(framework), O(exit_code), O(output), O(config), O(help)},
    },
    {
        .name = "baseline",
        .help = "adopt a database that is there: record migrations as applied, without running them",
        .examples = {"truss baseline --all --verify", "truss baseline --through 20250203081544_user_roles --verify",
                     "truss baseline --all --verify --dry-run"},
        .run = command_baseline,
        .options = {ASKS, O(framework), O(through), O(all), O(verify), O(only_say), O(allow_other_database), O(confirm),
                    O(key), O(config), O(help)},
    },
    {
        .name = "mark-applied",
        .arguments = "NAME…",
        .least_words = 1,
        .most_words = ANY_NUMBER,
        .help = "record migrations as applied without running them",
        .examples = {"truss mark-applied 20250110093012_init"},
        .run = command_mark_applied,
        .options = {ASKS, O(framework), O(allow_other_database), O(confirm), O(config), O(help)},
    },
    {
        .name = "mark-rolled-back",
        .arguments = "NAME",
        .least_words = 1,
        .most_words = 1,
        .help = "record that a failed attempt was undone by hand",
        .examples = {"truss mark-rolled-back 20250110093012_init"},
        .run = command_mark_rolled_back,
        .options = {ASKS, O(framework), O(allow_other_database), O(confirm), O(config), O(help)},
    },
    {
        .name = "check",
        .help = "say whether now is a good moment to run",
        .examples = {"truss check && truss run --yes"},
        .run = command_check,
        .options = {ASKS, O(framework), O(config), O(help)},
    },
    {
        .name = "detect-schema",
        .arguments = "FILE",
        .least_words = 1,
        .most_words = 1,
        .help = "say which objects of a script exist already (- reads standard input)",
        .examples = {"truss detect-schema prisma/migrations/20250110093012_init/migration.sql"},
        .run = command_detect_schema,
        .options = {ASKS, O(config), O(help)},
    },
    {
        .name = "create",
        .arguments = "NAME",
        .least_words = 1,
        .most_words = 1,
        .help = "make a new, empty migration in the project",
        .examples = {"truss create 'add score'"},
        .run = command_create,
        .options = {ASKS, O(framework), O(config), O(help)},
    },
    {
        .name = "init",
        .help = "write into the project's truss.toml which migrations are meant",
        .examples = {"truss init", "truss init --framework services/api/migrations"},
        .run = command_init,
        .options = {PLACE, O(timeout), O(framework), O(config), O(help)},
    },
    {
        .name = "sql",
        .arguments = "[QUERY]",
        .most_words = 1,
        .help = "ask the database something that only reads: the query that is given, or standard input",
        .examples = {"truss sql 'SELECT count(*) FROM posts'", "truss sql --export csv 'TABLE posts' >posts.csv"},
        .run = command_sql,
        .options = {ASKS, O(explain), O(analyze), O(export_as), O(tables), O(database), O(config), O(help)},
    },
    {
        .name = "connection",
        .help = "show how to connect to the database, in the syntax of several tools",
        .examples = {"truss connection"},
        .run = command_connection,
        .options = {ASKS, O(reveal), O(config), O(help)},
    },
    {
        .name = "branch",
        .arguments = "VERB [LABEL|ID]",
        .least_words = 1,
        .most_words = ANY_NUMBER,
        .help = "make, compare and drop copies of the database, each with its own connection string",
        .examples = {"truss branch create 'try the new index' --ttl 8h", "truss branch list",
                     "truss branch url 1 --reveal", "truss branch golden refresh"},
        .run = command_branch,
        .verbs = cli_branch_verbs,
        .options = {ASKS, O(ttl), O(label), O(source), O(on_busy), O(load_foreign_code), O(database),
                    O(disable_triggers), O(target), O(framework), O(allow_server_wide), O(all_branches), O(off),
                    O(reveal), O(detach_backup), O(yes), O(key), O(config), O(help)},
    },
    {
        .name = "backup",
        .arguments = "VERB [ID]",
        .least_words = 1,
        .most_words = ANY_NUMBER,
        .help = "make, list, verify, download, restore and schedule backups",
        .examples = {"truss backup create --label 'before the release'", "truss backup download 1 app.dump",
                     "truss backup restore 1             # into a new branch", "truss backup schedule daily"},
        .run = command_backup,
        .verbs = cli_backup_verbs,
        .options = {ASKS, O(backups), O(backup_jobs), O(load_foreign_code), O(pg_bin), O(label), O(protect),
                    O(by_restore), O(force), O(detach_backup), O(key), O(config), O(help)},
    },
    {
        .name = "health",
        .help = "show the worker and its database",
        .examples = {"truss health"},
        .run = command_health,
        .options = {ASKS, O(config), O(help)},
    },
    {
        .name = "doctor",
        .help = "find what is wrong with the set-up, and say how to correct it",
        .examples = {"truss doctor", "truss doctor --print-grants --role migrator >grants.sql"},
        .run = command_doctor,
        .options = {PLACE, O(json), O(print_grants), O(grants_role), O(framework), O(config), O(help)},
    },
    {
        .name = "audit",
        .help = "show who did what, or check that nobody has changed the audit",
        .examples = {"truss audit --after 1200", "truss audit --verify --hash 5f8c…",
                     "truss audit --export ndjson >audit.ndjson"},
        .run = command_audit,
        .options = {ASKS, O(verify_audit), O(kept_hash), O(after), O(export_as), O(config), O(help)},
    },
    {
        .name = "token",
        .arguments = "VERB [NAME]",
        .least_words = 1,
        .most_words = ANY_NUMBER,
        .help = "make, list or revoke the tokens of a file, by which truss-worker knows who calls",
        .examples = {"truss token create --name ci --scope read,plan,run --expires 90d --file tokens",
                     "truss token list --file tokens", "truss token revoke ci --file tokens"},
        .run = command_token,
        .verbs = cli_token_verbs,
        .options = {O(tokens_file), O(name), O(scope), O(expires), O(json), O(config), O(help)},
    },
    {
        .name = "approve",
        .arguments = "HASH [NAME…]",
        .least_words = 1,
        .most_words = ANY_NUMBER,
        .help = "approve a plan that another person will run, if the worker requires it (--require-approval)",
        .examples = {"truss approve HASH", "truss approve HASH --comment 'looked at, after 22:00'"},
        .run = command_approve,
        .options = {ASKS, SELECTS, O(comment), O(config), O(help)},
    },
    {
        .name = "approvals",
        .arguments = "[revoke HASH]",
        .most_words = 2,
        .help = "list what waits for approval and what was approved, or take an approval back",
        .examples = {"truss approvals", "truss approvals revoke HASH"},
        .run = command_approvals,
        .options = {ASKS, O(config), O(help)},
    },
    {
        .name = "services",
        .arguments = "[METHOD]",
        .most_words = 1,
        .help = "list the methods of the protocol, or of a worker, or show the fields of one's request and reply",
        .examples = {"truss services", "truss services GetStatus",
                     "truss services --worker tcp://db.example:8788    # also what this truss does not know"},
        .run = command_services,
        .finds_worker = true,
        .options = {O(worker), O(token), O(token_file), O(tls_ca), O(own_cert), O(own_key), O(timeout), O(config),
                    O(help)},
    },
    {
        .name = "call",
        .arguments = "METHOD [JSON]",
        .least_words = 1,
        .most_words = 2,
        .help = "call a method of the protocol with JSON (- reads standard input), and print its reply as JSON",
        .examples = {"truss call GetStatus",
                     "truss call MigrationService/Preview '{\"name\":\"20250110093012_init\"}'"},
        .run = command_call,
        .options = {ASKS, O(key), O(config), O(help)},
    },
    {
        .name = "completion",
        .arguments = "bash|zsh|fish",
        .least_words = 1,
        .most_words = 1,
        .help = "print the completion of these commands for a shell",
        .examples = {"truss completion bash > /etc/bash_completion.d/truss", "source <(truss completion zsh)"},
        .run = command_completion,
        .options = {O(help)},
    },
    {
        .name = "man",
        .arguments = "[COMMAND]",
        .most_words = 1,
        .help = "print the manual page, for man(1)",
        .examples = {"truss man run | man -l -"},
        .run = command_man,
        .options = {O(help)},
    },
    {
        .name = "dev",
        .arguments = "[DIR]",
        .most_words = 1,
        .help = "serve a project, with a private PostgreSQL if it has no DATABASE_URL",
        .examples = {"truss dev", "truss dev path/to/project --listen 127.0.0.1:9000"},
        .run = command_dev,
        .options = {O(http_listen), O(worker_listen), O(migrations), O(framework), O(allow_delegate), O(allow_outside),
                    O(pg_bin), O(reset), O(config), O(help)},
    },
    {
        .name = "demo",
        .most_words = 0,
        .help =
            "serve a small shop to look at: a private PostgreSQL with data, migrations in every state, a blocked run",
        .examples = {"truss demo", "truss demo --listen 127.0.0.1:9000"},
        .run = command_demo,
        .options = {O(http_listen), O(worker_listen), O(pg_bin), O(config), O(help)},
    },
    {
        .name = "__complete",
        .arguments = "names|ids",
        .least_words = 1,
        .most_words = 1,
        .run = command_complete,
        .options = {ASKS, O(framework), O(config)},
    },
    {0},
};

bool cli_has_option(const enum option_id *options, enum option_id id)
{
    size_t i = 0;
    while (options[i] != OPTION_NONE && options[i] != id) {
        i++;
    }
    return options[i] != OPTION_NONE;
}

bool cli_is_on_line(const struct cli *cli, enum option_id id)
{
    return cli->from[id] != NULL && strncmp(cli->from[id], "--", 2) == 0;
}

const char *cli_option_value(const struct cli *cli, enum option_id id)
{
    const struct option *const option = option_of(id);
    const void *const value = (const char *)&cli->given + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        return NULL;
    case OPTION_TEXT:
    case OPTION_CHOICE:
    case OPTION_SECRET:
        return *(const char *const *)value;
    case OPTION_SECONDS:
    case OPTION_SECONDS_OR_NONE:
        return *(const uint32_t *)value % 1000 == 0 ? arena_printf(cli->arena, "%us", *(const uint32_t *)value / 1000)
                                                    : arena_printf(cli->arena, "%ums", *(const uint32_t *)value);
    case OPTION_MILLISECONDS:
    case OPTION_NUMBER:
    case OPTION_HOURS:
        return arena_printf(cli->arena, "%u", *(const uint32_t *)value);
    case OPTION_SIZE:
        return arena_printf(cli->arena, "%zu", *(const size_t *)value);
    }
    return NULL;
}

const struct cli_command *cli_find(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

/* What other tools call our commands. */
static const char *const elsewhere[][2] = {
    {"migrate", "run"},
    {"up", "run"},
    {"deploy", "run"},
    {"apply", "run"},
    {"latest", "run"},
    {"update", "run"},
    {"upgrade", "run"},
    {"retry", "run"},
    {"list", "status"},
    {"info", "status"},
    {"history", "status"},
    {"validate", "status"},
    {"current", "status"},
    {"pending", "status"},
    {"new", "create"},
    {"generate", "create"},
    {"make", "create"},
    {"add", "create"},
    {"show", "preview"},
    {"query", "sql"},
    {"resolve", "mark-applied"},
    {"stamp", "mark-applied"},
    {"fake", "mark-applied"},
    {"force", "mark-applied"},
    {"adopt", "baseline"},
    {"changelog-sync", "baseline"},
    {"lint", "plan"},
    {"unlock", "check"},
    {"log", "operations"},
    {"logs", "operations"},
    {"serve", "dev"},
};

const struct cli_command *cli_nearest(const char *name)
{
    struct near near = {.wanted = text_of(name)};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        if (strcmp(name, elsewhere[i][0]) == 0) {
            return cli_find(elsewhere[i][1]);
        }
    }
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        if (command->help != NULL) {
            near_try(&near, command->name);
        }
    }
    return near.name == NULL ? NULL : cli_find(near.name);
}
