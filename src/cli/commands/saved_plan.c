#include "cli/commands/saved_plan.h"

#include "base/files.h"
#include "cli/commands/run_request.h"
#include "cli/print/output.h"
#include "rpc/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORMAT      1
#define FILE_LIMIT  ((size_t)64 * 1024 * 1024)
#define NAMES_SHOWN 5

typedef Truss__Migration__V1__PlannedMigration PlannedMigration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__RunRequest RunRequest;
typedef Truss__Migration__V1__SavedPlan SavedPlan;

/* ---- writing ---- */

/* The fields that select and change a plan; the limits of a run are not among them. */
static RunRequest planned_part(struct arena *arena, const RunRequest *run)
{
    RunRequest part = *run;
    part.dry_run = 0;
    part.lock_timeout_ms = part.lock_retry_ms = part.statement_timeout_ms = part.timeout_ms = 0;
    part.plan_hash = arena_strdup(arena, "");
    part.durable = TRUSS__MIGRATION__V1__DURABILITY__DURABILITY_UNSPECIFIED;
    return part;
}

bool saved_plan_write(struct cli *cli, const RunRequest *request, const PlanResponse *plan)
{
    const char *const path = cli->given.save;
    const char *const beside = arena_printf(cli->arena, "%s.%ld.new", path, (long)getpid());
    SavedPlan saved = TRUSS__MIGRATION__V1__SAVED_PLAN__INIT;
    RunRequest part = planned_part(cli->arena, request);
    PlanResponse copy = *plan;
    struct buffer json = {.arena = cli->arena};
    saved.format = FORMAT;
    saved.version = arena_strdup(cli->arena, TRUSS_VERSION);
    saved.request = &part;
    saved.plan = &copy;
    json_write(&json, &saved.base, JSON_SNAKE);
    buffer_putc(&json, '\n');
    if (!file_create(beside, buffer_text(&json), cli->status)) {
        return false;
    }
    if (rename(beside, path) != 0) {
        status_fail(cli->status, STATUS_FAILED_PRECONDITION, "Cannot write %s: %s.", path, strerror(errno));
        unlink(beside);
        return false;
    }
    return true;
}

/* ---- reading ---- */

/* Refuses options that the file sets already. */
static bool check_beside(const struct cli *cli)
{
    static const enum option_id in_file[] = {
        OPTION_target,         OPTION_transaction, OPTION_allow_out_of_order,   OPTION_no_out_of_order,
        OPTION_ignore_history, OPTION_repair,      OPTION_allow_other_database, OPTION_plan_hash};
    if (cli->word_count > 0) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--plan says which migrations run: leave \"%s\" out, or make another plan.", cli->words[0]);
    }
    for (size_t i = 0; i < sizeof in_file / sizeof in_file[0]; i++) {
        const char *const from = cli->from[in_file[i]];
        if (from != NULL && strncmp(from, "--", 2) == 0) {
            return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                               "--plan and %s exclude each other: a plan was made with its own options.", from);
        }
    }
    return true;
}

static const SavedPlan *parse(const struct cli *cli)
{
    struct text content;
    const char *const path = cli->given.plan;
    if (!file_read(cli->arena, path, FILE_LIMIT, &content, cli->status)) {
        return NULL;
    }
    struct status why = {.arena = cli->arena};
    const SavedPlan *const saved =
        (const SavedPlan *)json_read(cli->arena, &truss__migration__v1__saved_plan__descriptor, content, &why);
    if (saved == NULL || saved->format != FORMAT || saved->request == NULL || saved->plan == NULL ||
        saved->plan->plan_hash[0] == '\0') {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                    "%s is not a plan of `truss plan --save` that truss %s can read%s%s", path, TRUSS_VERSION,
                    saved == NULL ? ": " : ".", saved == NULL ? why.message : "");
        return NULL;
    }
    return saved;
}

/* ---- what has changed ---- */

static const PlannedMigration *find(const PlanResponse *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_migrations; i++) {
        if (strcmp(plan->migrations[i]->name, name) == 0) {
            return plan->migrations[i];
        }
    }
    return NULL;
}

static bool is_same(const PlannedMigration *a, const PlannedMigration *b)
{
    const bool both = a->_hash_case != 0 && b->_hash_case != 0;
    return !both || strcmp(a->hash, b->hash) == 0;
}

/* Adds a name, unless enough are listed; *count counts all of them. */
static void add_name(struct buffer *out, const char *name, size_t *count)
{
    if (*count < NAMES_SHOWN) {
        buffer_printf(out, "%s%s", *count == 0 ? "" : ", ", name);
    }
    ++*count;
}

static void put_names(struct buffer *out, const char *label, struct buffer *names, size_t count)
{
    if (count > 0) {
        buffer_printf(out, "%s%s: %s%s", out->size == 0 ? "" : "; ", label, buffer_string(names),
                      count > NAMES_SHOWN ? ", …" : "");
    }
}

/* "now pending too: c; edited since: b". If it is neither of these, the change is in the tracking table, in steps that
 * were finished, or in the framework. */
static const char *what_changed(struct arena *arena, const PlanResponse *then, const PlanResponse *now)
{
    struct buffer text = {.arena = arena};
    struct buffer added = {.arena = arena};
    struct buffer gone = {.arena = arena};
    struct buffer edited = {.arena = arena};
    size_t added_count = 0;
    size_t gone_count = 0;
    size_t edited_count = 0;
    for (size_t i = 0; i < now->n_migrations; i++) {
        const PlannedMigration *const old = find(then, now->migrations[i]->name);
        if (old == NULL) {
            add_name(&added, now->migrations[i]->name, &added_count);
        } else if (!is_same(old, now->migrations[i])) {
            add_name(&edited, now->migrations[i]->name, &edited_count);
        }
    }
    for (size_t i = 0; i < then->n_migrations; i++) {
        if (find(now, then->migrations[i]->name) == NULL) {
            add_name(&gone, then->migrations[i]->name, &gone_count);
        }
    }
    put_names(&text, "not in the plan, and pending now", &added, added_count);
    put_names(&text, "in the plan, and no longer to be run", &gone, gone_count);
    put_names(&text, "edited since", &edited, edited_count);
    return text.size == 0 ? "The tracking table, or how far an interrupted run was, is not what it was."
                          : buffer_string(&text);
}

/* Plans of two different databases can have the same hash. */
static bool check_target(const struct cli *cli, const PlanResponse *then, const PlanResponse *now)
{
    const Truss__Rpc__V1__Target *const a = then->target;
    const Truss__Rpc__V1__Target *const b = now->target;
    if (a == NULL || b == NULL ||
        (strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 && strcmp(a->database, b->database) == 0)) {
        return true;
    }
    status_fail_because(cli->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                        "Nothing was run. %s is a plan of %s; this is %s.", cli->given.plan,
                        output_target(cli->arena, a, ""), output_target(cli->arena, b, ""));
    cli->status->hint = "A plan is of one database: make one of this, look at it, and run it.";
    return false;
}

static bool check_still(struct cli *cli, const PlanResponse *then, const PlanResponse *now)
{
    if (!check_target(cli, then, now)) {
        return false;
    }
    if (strcmp(then->plan_hash, now->plan_hash) == 0) {
        return true;
    }
    status_fail_because(cli->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                        "Nothing was run. Files or tracking table have changed since %s was made.", cli->given.plan);
    cli->status->detail = what_changed(cli->arena, then, now);
    cli->status->hint =
        arena_printf(cli->arena, "Make the plan anew and look at it: truss plan --save %s", cli->given.plan);
    return false;
}

bool saved_plan_read(struct cli *cli, RunRequest *request)
{
    if (cli->given.plan == NULL) {
        return true;
    }
    const SavedPlan *const saved = check_beside(cli) ? parse(cli) : NULL;
    if (saved == NULL) {
        return false;
    }
    const RunRequest *const part = saved->request;
    request->n_migrations = part->n_migrations;
    request->migrations = part->migrations;
    request->target = part->target;
    request->transaction = part->transaction;
    request->framework = part->framework;
    request->_allow_out_of_order_case = part->_allow_out_of_order_case;
    request->allow_out_of_order = part->allow_out_of_order;
    request->ignore_history = part->ignore_history;
    request->repair = part->repair;
    request->allow_other_database = part->allow_other_database;
    const PlanResponse *const now = run_request_plan(cli, request);
    request->plan_hash = saved->plan->plan_hash;
    return now != NULL && check_still(cli, saved->plan, now);
}
