/*
 * truss branch: makes, lists, compares, resets and drops copies of the database.
 */
#include "base/clock.h"
#include "base/words.h"
#include "cli/commands/branch_follow.h"
#include "cli/commands/branch_pick.h"
#include "cli/commands/watch.h"
#include "cli/print/again.h"
#include "cli/print/output.h"
#include "cli/print/run_result.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAKE_SECONDS 3600

typedef Truss__Branch__V1__Branch Branch;

/* ---- what is shown ---- */

static const char *size_of(struct arena *arena, const Branch *branch)
{
    return branch->_size_bytes_case == 0 ? NULL : arena_printf(arena, "%.1f MB", branch->size_bytes / 1024 / 1024);
}

/* The age of the branch's data; for a copy of the golden copy, also how old the golden copy was then. */
static const char *age_of(struct arena *arena, const Branch *branch)
{
    const double seconds = branch->age_of_data_s;
    if (branch->_age_of_data_s_case == 0) {
        return NULL;
    }
    return seconds < 60      ? arena_printf(arena, "%.0f s old", seconds)
           : seconds < 3600  ? arena_printf(arena, "%.0f min old", seconds / 60)
           : seconds < 86400 ? arena_printf(arena, "%.0f hours old", seconds / 3600)
                             : arena_printf(arena, "%.0f days old", seconds / 86400);
}

static enum colour colour_of(const Branch *branch)
{
    return strcmp(branch->status, "active") == 0                                            ? COLOUR_GREEN
           : strcmp(branch->status, "failed") == 0 || strcmp(branch->status, "orphan") == 0 ? COLOUR_RED
                                                                                            : COLOUR_YELLOW;
}

static void print_list(struct arena *arena, const Truss__Branch__V1__ListBranchesResponse *reply)
{
    static const char *const titles[] = {"ID", "LABEL", "DATABASE", "STATUS", "SIZE", "CREATED (UTC)", "EXPIRES (UTC)"};
    struct table table = table_with_heads(arena, titles, sizeof titles / sizeof titles[0]);
    for (size_t i = 0; i < reply->n_branches; i++) {
        const Branch *const branch = reply->branches[i];
        table_add(&table, COLOUR_BOLD, branch->id == 0 ? NULL : arena_printf(arena, "%u", branch->id));
        table_add(&table, COLOUR_NONE, branch->label);
        table_add(&table, COLOUR_NONE, branch->branch_db);
        table_add(&table, colour_of(branch),
                  branch->protected_ ? arena_printf(arena, "%s, protected", branch->status) : branch->status);
        table_add(&table, COLOUR_NONE, size_of(arena, branch));
        table_add(&table, COLOUR_NONE, output_moment(arena, branch->created_at));
        table_add(&table, COLOUR_NONE, branch->expires_at == NULL ? "never" : output_moment(arena, branch->expires_at));
    }
    if (reply->n_branches == 0) {
        printf("There are no branches.\n");
    } else {
        table_print(&table);
    }
    if (reply->truncated) {
        output_tell(arena, "note", "Older branches that have ended are not listed.", false);
    }
    for (size_t i = 0; i < reply->n_branches; i++) {
        if (reply->branches[i]->_last_error_case != 0) {
            output_tell(arena, "note",
                        arena_printf(arena, "%s: %s", reply->branches[i]->branch_db, reply->branches[i]->last_error),
                        false);
        }
    }
}

static int print_branch(const struct cli *cli, const Branch *branch)
{
    struct arena *const arena = cli->arena;
    if (branch == NULL) {
        return EXIT_ERROR;
    }
    if (print_json(cli, &branch->base)) {
        return EXIT_FINE;
    }
    const bool is_active = strcmp(branch->status, "active") == 0;
    const char *const lines[][2] = {
        {"id", arena_printf(arena, "%u", branch->id)},
        {"label", branch->label},
        {"database", branch->branch_db},
        {"copy of", branch->parent_db},
        {"made from", arena_printf(arena, "%s (%s)", branch->source, branch->kind)},
        {"doing", branch->phase[0] == '\0' ? NULL : branch->phase},
        {is_active ? "last reset" : "failed", branch->_last_error_case == 0 ? NULL : branch->last_error},
        {"status", branch->protected_ ? arena_printf(arena, "%s, protected", branch->status) : branch->status},
        {"size", size_of(arena, branch)},
        {"created", output_moment(arena, branch->created_at)},
        {"expires", branch->expires_at == NULL ? "never" : output_moment(arena, branch->expires_at)},
        {"its data", age_of(arena, branch)},
        {"took", output_duration(arena, branch->duration_ms)},
        {"to connect", is_active && strcmp(branch->kind, "golden") != 0
                           ? arena_printf(arena, "truss branch url %u --reveal", branch->id)
                           : NULL},
    };
    struct table table = table_new(arena, 2);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i][1] == NULL) {
            continue;
        }
        table_add(&table, COLOUR_DIM, lines[i][0]);
        table_add(&table, COLOUR_NONE, lines[i][1]);
    }
    table_print(&table);
    for (size_t i = 0; i < branch->n_warnings; i++) {
        output_tell(arena, "note", branch->warnings[i], false);
    }
    return EXIT_FINE;
}

/* ---- requests ---- */

static char *or_none(const struct cli *cli, const char *text)
{
    return arena_strdup(cli->arena, text == NULL ? "" : text);
}

/* Prints the id alone, for a script. */
static int print_begun(const struct cli *cli, const Branch *branch)
{
    if (!print_json(cli, &branch->base)) {
        printf("%u\n", branch->id);
    }
    if (isatty(STDOUT_FILENO) != 0) {
        fprintf(stderr, "Follow it with: truss branch wait %u\n", branch->id);
    }
    return EXIT_FINE;
}

/* Starts the work and follows it to its end. */
static int make(struct cli *cli, const char *method, const ProtobufCMessage *request)
{
    if (cli->given.detach_backup && !worker_stays(cli)) {
        return EXIT_ERROR;
    }
    watch_hold_interrupts();
    const Branch *const begun = call(cli, BRANCH, method, request, READ_SECONDS);
    if (begun == NULL || cli->given.detach_backup) {
        return begun == NULL ? EXIT_ERROR : print_begun(cli, begun);
    }
    return print_branch(cli, branch_follow(cli, arena_printf(cli->arena, "%u", begun->id), true));
}

static int create(struct cli *cli)
{
    Truss__Branch__V1__CreateBranchRequest request = TRUSS__BRANCH__V1__CREATE_BRANCH_REQUEST__INIT;
    request.label = or_none(cli, cli->word_count > 1 ? cli->words[1] : NULL);
    request.ttl_hours = cli->given.ttl;
    request.source = or_none(cli, cli->given.source);
    request.on_busy = or_none(cli, cli->given.on_busy);
    request.parent = or_none(cli, cli->given.database);
    request.disable_triggers = cli->given.disable_triggers;
    return make(cli, "StartBranch", &request.base);
}

static int wait_for(struct cli *cli)
{
    watch_hold_interrupts();
    return print_branch(cli, branch_follow(cli, cli->words[1], false));
}

static int list(struct cli *cli)
{
    Truss__Branch__V1__ListBranchesRequest request = TRUSS__BRANCH__V1__LIST_BRANCHES_REQUEST__INIT;
    request.all = cli->given.all_branches;
    request.unfinished = true;
    const Truss__Branch__V1__ListBranchesResponse *const reply =
        call(cli, BRANCH, "ListBranches", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        print_list(cli->arena, reply);
    }
    return EXIT_FINE;
}

static int show(struct cli *cli)
{
    Truss__Branch__V1__GetBranchRequest request = TRUSS__BRANCH__V1__GET_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    return print_branch(cli, call(cli, BRANCH, "GetBranch", &request.base, READ_SECONDS));
}

static int delete (struct cli *cli)
{
    Truss__Branch__V1__DeleteBranchRequest request = TRUSS__BRANCH__V1__DELETE_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    const Truss__Branch__V1__DeleteBranchResponse *const reply =
        call(cli, BRANCH, "DeleteBranch", &request.base, MAKE_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        printf("Branch %s is dropped.\n", output_safe(cli->arena, request.id, false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

static int reset(struct cli *cli)
{
    Truss__Branch__V1__ResetBranchRequest request = TRUSS__BRANCH__V1__RESET_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    request.on_busy = or_none(cli, cli->given.on_busy);
    return make(cli, "StartReset", &request.base);
}

static int change(struct cli *cli)
{
    Truss__Branch__V1__UpdateBranchRequest request = TRUSS__BRANCH__V1__UPDATE_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    if (cli->given.label == NULL && cli->from[OPTION_ttl] == NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "Say what to change: --label TEXT, --ttl HOURS (0: never).");
        return EXIT_ERROR;
    }
    if (cli->given.label != NULL) {
        request._label_case = TRUSS__BRANCH__V1__UPDATE_BRANCH_REQUEST___LABEL_LABEL;
        request.label = arena_strdup(cli->arena, cli->given.label);
    }
    if (cli->from[OPTION_ttl] != NULL) {
        request._ttl_hours_case = TRUSS__BRANCH__V1__UPDATE_BRANCH_REQUEST___TTL_HOURS_TTL_HOURS;
        request.ttl_hours = cli->given.ttl;
    }
    return print_branch(cli, call(cli, BRANCH, "UpdateBranch", &request.base, READ_SECONDS));
}

static int protect(struct cli *cli)
{
    Truss__Branch__V1__ProtectBranchRequest request = TRUSS__BRANCH__V1__PROTECT_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    request.off = cli->given.off;
    return print_branch(cli, call(cli, BRANCH, "ProtectBranch", &request.base, READ_SECONDS));
}

static int url(struct cli *cli)
{
    Truss__Branch__V1__GetBranchConnectionRequest request = TRUSS__BRANCH__V1__GET_BRANCH_CONNECTION_REQUEST__INIT;
    request.id = cli->words[1];
    const Truss__Branch__V1__BranchConnection *const reply = call(
        cli, BRANCH, cli->given.reveal ? "RevealBranchConnection" : "GetBranchConnection", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        printf("%s\n", output_safe(cli->arena, reply->connection_string, false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

static void print_differences(struct arena *arena, Truss__Branch__V1__BranchDifference *const *differences,
                              size_t count, bool has_more)
{
    for (size_t i = 0; i < count; i++) {
        const Truss__Branch__V1__BranchDifference *const one = differences[i];
        const bool is_added = strcmp(one->change, "added") == 0;
        output_put(is_added                              ? COLOUR_GREEN
                   : strcmp(one->change, "removed") == 0 ? COLOUR_RED
                                                         : COLOUR_YELLOW,
                   one->change);
        printf(" %s %s\n", output_safe(arena, one->kind, false), output_safe(arena, one->name, false));
        if (one->_parent_case != 0 && one->parent[0] != '\0') {
            printf("  - %s\n", output_safe(arena, one->parent, true));
        }
        if (one->_branch_case != 0 && one->branch[0] != '\0') {
            printf("  + %s\n", output_safe(arena, one->branch, true));
        }
    }
    if (has_more) {
        printf("There is more.\n");
    }
}

static void print_diff(struct arena *arena, const Truss__Branch__V1__DiffBranchResponse *reply)
{
    print_differences(arena, reply->differences, reply->n_differences, reply->truncated);
    if (reply->same) {
        printf("The schemas of %s and %s are the same.\n", output_safe(arena, reply->parent_db, false),
               output_safe(arena, reply->branch_db, false));
    }
    for (size_t i = 0; i < reply->n_unknown; i++) {
        printf("Could not be compared, with the rights of this role or this version of Truss: %s.\n",
               output_safe(arena, reply->unknown[i], false));
    }
    for (size_t i = 0; i < reply->n_not_compared; i++) {
        printf("%s %s%s\n", i == 0 ? "Not compared:" : "             ",
               output_safe(arena, reply->not_compared[i], false), i + 1 < reply->n_not_compared ? ";" : ".");
    }
}

static int diff(struct cli *cli)
{
    Truss__Branch__V1__DiffBranchRequest request = TRUSS__BRANCH__V1__DIFF_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    const Truss__Branch__V1__DiffBranchResponse *const reply =
        call(cli, BRANCH, "DiffBranch", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        print_diff(cli->arena, reply);
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

/* What to do after a failure, in the branch: nothing of it concerns the database that it is a copy of. */
static void print_next_rehearsal(const struct cli *cli, const Truss__Migration__V1__RunResponse *run)
{
    const char *const name = words_quoted(cli->arena, cli->words[1]);
    const char *const again = arena_printf(cli->arena, "%s %s", again_place(cli, "branch rehearse"), name);
    const char *const reset = arena_printf(cli->arena, "%s %s", again_place(cli, "branch reset"), name);
    output_put(COLOUR_BOLD, "Next: ");
    if (run->failed->partially_applied) {
        printf("Correct the script, copy the database again, and rehearse from the start: %s && %s\n", reset, again);
        return;
    }
    printf("Correct the script, and then: %s\n", again);
    if (run->n_applied > 0) {
        printf("      From the start, with the earlier ones: %s && %s\n", reset, again);
    }
}

static int rehearse(struct cli *cli)
{
    Truss__Branch__V1__RehearseBranchRequest request = TRUSS__BRANCH__V1__REHEARSE_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    request.target = or_none(cli, cli->given.target);
    request.framework = or_none(cli, cli->given.framework);
    request.allow_server_wide = cli->given.allow_server_wide;
    const Truss__Branch__V1__RehearseBranchResponse *const reply =
        call(cli, BRANCH, "RehearseBranch", &request.base, MAKE_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        result_print_migrations(cli, reply->run, NULL, 0);
        for (size_t i = 0; i < reply->n_server_wide; i++) {
            output_tell(cli->arena, "note", arena_printf(cli->arena, "beyond the branch: %s", reply->server_wide[i]),
                        false);
        }
        print_differences(cli->arena, reply->differences, reply->n_differences, reply->truncated);
        printf("%s\n", output_safe(cli->arena, reply->summary, false));
        if (reply->run->failed != NULL) {
            print_next_rehearsal(cli, reply->run);
        }
    }
    return reply == NULL ? EXIT_ERROR : reply->ok ? EXIT_FINE : EXIT_ERROR;
}

#define GOLDEN_USAGE "To make the golden copy again: truss branch golden refresh"

static int golden(struct cli *cli)
{
    Truss__Branch__V1__RefreshGoldenRequest request = TRUSS__BRANCH__V1__REFRESH_GOLDEN_REQUEST__INIT;
    request.source = or_none(cli, cli->given.source);
    request.parent = or_none(cli, cli->given.database);
    if (strcmp(cli->words[1], "refresh") != 0) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "%s", GOLDEN_USAGE);
        return EXIT_ERROR;
    }
    return make(cli, "StartGolden", &request.base);
}

static int cancel(struct cli *cli)
{
    Truss__Branch__V1__CancelBranchRequest request = TRUSS__BRANCH__V1__CANCEL_BRANCH_REQUEST__INIT;
    request.id = cli->words[1];
    const Truss__Branch__V1__CancelBranchResponse *const reply =
        call(cli, BRANCH, "CancelBranch", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        printf("It has been told to end.\n");
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

#define WHICH(verb) "Say which branch: truss branch " verb " LABEL|ID. `truss branch list` shows them."

const struct cli_verb cli_branch_verbs[] = {
    {.name = "create",
     .arguments = "[LABEL]",
     .most_words = 1,
     .help = "make a branch and wait until it is there",
     .run = create,
     .options = {OPTION_ttl, OPTION_source, OPTION_on_busy, OPTION_load_foreign_code, OPTION_database,
                 OPTION_disable_triggers, OPTION_detach_backup, OPTION_key, OPTION_NONE}},
    {.name = "list", .help = "list the branches", .run = list, .options = {OPTION_all_branches, OPTION_NONE}},
    {.name = "show",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "show one branch",
     .missing = WHICH("show"),
     .prepare = branch_pick,
     .run = show,
     .options = {OPTION_NONE}},
    {.name = "wait",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "follow the making of a branch to its end",
     .missing = WHICH("wait"),
     .prepare = branch_pick,
     .run = wait_for,
     .options = {OPTION_NONE}},
    {.name = "url",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "print its connection string, for other tools too",
     .missing = WHICH("url"),
     .prepare = branch_pick,
     .run = url,
     .options = {OPTION_reveal, OPTION_NONE}},
    {.name = "diff",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "show how its schema differs from the database's",
     .missing = WHICH("diff"),
     .prepare = branch_pick,
     .run = diff,
     .options = {OPTION_NONE}},
    {.name = "change",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "give it another label, or another end",
     .missing = WHICH("change"),
     .prepare = branch_pick,
     .run = change,
     .options = {OPTION_ttl, OPTION_label, OPTION_key, OPTION_NONE}},
    {.name = "protect",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "keep it from being reset and deleted; with --off no longer",
     .missing = WHICH("protect"),
     .prepare = branch_pick,
     .run = protect,
     .options = {OPTION_off, OPTION_key, OPTION_NONE}},
    {.name = "reset",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "make it again from its parent",
     .missing = WHICH("reset"),
     .prepare = branch_pick,
     .run = reset,
     .options = {OPTION_on_busy, OPTION_load_foreign_code, OPTION_detach_backup, OPTION_key, OPTION_NONE}},
    {.name = "rehearse",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "run the pending migrations in it, twice",
     .missing = WHICH("rehearse"),
     .prepare = branch_pick,
     .run = rehearse,
     .options = {OPTION_target, OPTION_framework, OPTION_allow_server_wide, OPTION_NONE}},
    {.name = "cancel",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "end the making of a branch",
     .missing = WHICH("cancel"),
     .prepare = branch_pick,
     .run = cancel,
     .options = {OPTION_key, OPTION_NONE}},
    {.name = "delete",
     .arguments = "LABEL|ID",
     .least_words = 1,
     .most_words = 1,
     .help = "drop a branch",
     .missing = WHICH("delete"),
     .prepare = branch_pick_to_drop,
     .run = delete,
     .options = {OPTION_yes, OPTION_key, OPTION_NONE}},
    {.name = "golden",
     .arguments = "refresh",
     .least_words = 1,
     .most_words = 1,
     .help = "make the golden copy again, for branches of a busy database",
     .missing = GOLDEN_USAGE,
     .run = golden,
     .options = {OPTION_source, OPTION_load_foreign_code, OPTION_database, OPTION_detach_backup, OPTION_key,
                 OPTION_NONE}},
    {0},
};

int command_branch(struct cli *cli)
{
    return cli_verb_run(cli);
}
