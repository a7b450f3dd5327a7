#include "cli/commands/saved_plan.h"

#include "base/files.h"
#include "cli/commands/plan_done.h"
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

/* The names of the migrations that differ. */
static void put_migrations(struct buffer *text, const PlanResponse *then, const PlanResponse *now)
{
    struct buffer added = {.arena = text->arena};
    struct buffer gone = {.arena = text->arena};
    struct buffer edited = {.arena = text->arena};
    struct buffer cut = {.arena = text->arena};
    struct buffer further = {.arena = text->arena};
    size_t counts[5] = {0};
    for (size_t i = 0; i < now->n_migrations; i++) {
        const PlannedMigration *const one = now->migrations[i];
        const PlannedMigration *const old = run_request_planned(then, one->name);
        if (old == NULL) {
            add_name(&added, one->name, &counts[0]);
        } else if (!is_same(old, one)) {
            add_name(&edited, one->name, &counts[2]);
        } else if (old->n_steps != one->n_steps) {
            add_name(&cut, one->name, &counts[3]);
        } else if (old->finished_steps != one->finished_steps) {
            add_name(&further, one->name, &counts[4]);
        }
    }
    for (size_t i = 0; i < then->n_migrations; i++) {
        if (run_request_planned(now, then->migrations[i]->name) == NULL) {
            add_name(&gone, then->migrations[i]->name, &counts[1]);
        }
    }
    put_names(text, "not in the plan, and pending now", &added, counts[0]);
    put_names(text, "in the plan, and no longer pending", &gone, counts[1]);
    put_names(text, "edited since", &edited, counts[2]);
    put_names(text, "done in other steps now", &cut, counts[3]);
    put_names(text, "interrupted, and not as far as then", &further, counts[4]);
}

/* "PostgreSQL 15.18, then 14.3"; nothing if both are equal. */
static void put_other(struct buffer *text, const char *what, const char *then, const char *now)
{
    if (strcmp(output_or_empty(then), output_or_empty(now)) != 0) {
        buffer_printf(text, "%s%s %s, then %s", text->size == 0 ? "" : "; ", what, output_or_empty(now),
                      output_or_empty(then));
    }
}

static bool is_same_order(const PlanResponse *then, const PlanResponse *now)
{
    bool is = then->n_migrations == now->n_migrations;
    for (size_t i = 0; is && i < now->n_migrations; i++) {
        is = strcmp(then->migrations[i]->name, now->migrations[i]->name) == 0;
    }
    return is;
}

/* "not in the plan, and pending now: c; edited since: b; PostgreSQL 16.2, then 15.18". */
static const char *what_changed(struct arena *arena, const SavedPlan *saved, const PlanResponse *now)
{
    const PlanResponse *const then = saved->plan;
    struct buffer text = {.arena = arena};
    put_migrations(&text, then, now);
    if (text.size == 0 && !is_same_order(then, now)) {
        buffer_puts(&text, "the migrations are in another order");
    }
    if (then->target != NULL && now->target != NULL) {
        put_other(&text, "framework", then->target->framework, now->target->framework);
        put_other(&text, "PostgreSQL", then->target->server_version, now->target->server_version);
        put_other(&text, "connected as", then->target->user, now->target->user);
    }
    put_other(&text, "truss", saved->version, TRUSS_VERSION);
    if (text.size > 0) {
        return buffer_string(&text);
    }
    return "The same migrations are pending, with the same files: the rows of the tracking table, which table it is, "
           "or a callback are not what they were.";
}

/* Are both of the same database, as far as they say? */
static bool is_same_target(const PlanResponse *then, const PlanResponse *now)
{
    const Truss__Rpc__V1__Target *const a = then->target;
    const Truss__Rpc__V1__Target *const b = now->target;
    return a == NULL || b == NULL ||
           (strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 && strcmp(a->database, b->database) == 0);
}

/* Plans of two different databases can have the same hash. */
static bool check_target(const struct cli *cli, const PlanResponse *then, const PlanResponse *now)
{
    const Truss__Rpc__V1__Target *const a = then->target;
    const Truss__Rpc__V1__Target *const b = now->target;
    if (is_same_target(then, now)) {
        return true;
    }
    status_fail_because(cli->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                        "Nothing was run. %s is a plan of %s; this is %s.", cli->given.plan,
                        output_target(cli->arena, a, ""), output_target(cli->arena, b, ""));
    cli->status->hint = "A plan is of one database: make one of this, look at it, and run it.";
    return false;
}

/* What the same statements do now and did not do when the plan was made, because the schema has changed; NULL: nothing
 * that is worse. */
static const char *what_is_worse(struct arena *arena, const PlanResponse *then, const PlanResponse *now)
{
    const struct {
        bool then;
        bool now;
        const char *words;
    } kinds[] = {
        {then->loses_data, now->loses_data, "it loses data"},
        {then->blocks_reads, now->blocks_reads, "it stops readers"},
        {then->blocks_writes, now->blocks_writes, "it stops writers"},
        {then->unknown, now->unknown, "what it locks is not known"},
        {then->n_failures > 0, now->n_failures > 0, "it would fail"},
    };
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].now && !kinds[i].then) {
            buffer_printf(&text, "%s%s now", text.size == 0 ? "" : "; ", kinds[i].words);
        }
    }
    return text.size == 0 ? NULL : buffer_string(&text);
}

static bool check_still(struct cli *cli, const SavedPlan *saved, const PlanResponse *now)
{
    const PlanResponse *const then = saved->plan;
    if (!check_target(cli, then, now)) {
        return false;
    }
    const bool is_same = strcmp(then->plan_hash, now->plan_hash) == 0;
    const char *const worse = is_same ? what_is_worse(cli->arena, then, now) : NULL;
    if (is_same && worse == NULL) {
        return true;
    }
    if (is_same) {
        status_fail_because(cli->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                            "Nothing was run. The schema is not as it was when %s was made: the same statements do "
                            "other things.",
                            cli->given.plan);
    } else {
        status_fail_because(cli->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                            "Nothing was run. The plan is not as it was when %s was made.", cli->given.plan);
    }
    cli->status->detail = is_same ? worse : what_changed(cli->arena, saved, now);
    cli->status->hint =
        arena_printf(cli->arena, "Make the plan again and look at it: truss plan --save %s", cli->given.plan);
    return false;
}

bool saved_plan_read(struct cli *cli, RunRequest *request, const Truss__Migration__V1__RunResponse **done)
{
    *done = NULL;
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
    if (now == NULL || check_still(cli, saved, now)) {
        return now != NULL;
    }
    *done = is_same_target(saved->plan, now) ? plan_done(cli, request, saved->plan, now) : NULL;
    return *done != NULL;
}
