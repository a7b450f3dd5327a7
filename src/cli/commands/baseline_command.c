/*
 * truss baseline and truss mark-applied: record what is in the database already, without running it.
 */
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"

#include <stdio.h>

#define BASELINE_SECONDS 600

typedef Truss__Migration__V1__BaselineRequest BaselineRequest;
typedef Truss__Migration__V1__BaselineResponse BaselineResponse;

static void print_missing(struct arena *arena, const BaselineResponse *reply)
{
    struct table table = table_new(arena, 4);
    for (size_t i = 0; i < reply->n_missing; i++) {
        const Truss__Migration__V1__MissingObject *const one = reply->missing[i];
        const bool differs = one->_difference_case != 0;
        table_add(&table, COLOUR_RED, differs ? "differs" : "missing");
        table_add(&table, COLOUR_NONE, one->migration);
        table_add(&table, COLOUR_NONE, arena_printf(arena, "%s %s", one->type, one->name));
        table_add(&table, COLOUR_NONE, differs ? one->difference : "");
    }
    table_print(&table);
}

static void print_warnings(struct arena *arena, char *const *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        output_tell(arena, "warning", warnings[i], false);
    }
}

static void print(struct cli *cli, const BaselineResponse *reply)
{
    struct arena *const arena = cli->arena;
    head_print(cli, reply->target);
    print_missing(arena, reply);
    for (size_t i = 0; i < reply->n_unverified; i++) {
        output_put(COLOUR_YELLOW, "not verified: ");
        printf("%s makes nothing that can be looked for\n", output_safe(arena, reply->unverified[i], false));
    }
    printf("%s\n", output_safe(arena, reply->message, false));
    print_warnings(arena, reply->warnings, reply->n_warnings);
    if (reply->_proposed_case != 0) {
        printf("Next: truss baseline --through %s --verify\n", output_safe(arena, reply->proposed, false));
    }
}

static int ask(struct cli *cli, BaselineRequest *request)
{
    request->framework = framework_of(cli);
    request->confirm = confirm_of(cli);
    request->allow_other_database = cli->given.allow_other_database;
    const BaselineResponse *const reply = call(cli, MIGRATION, "Baseline", &request->base, BASELINE_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        print(cli, reply);
    }
    return reply != NULL && reply->ok ? EXIT_FINE : EXIT_ERROR;
}

int command_baseline(struct cli *cli)
{
    BaselineRequest request = TRUSS__MIGRATION__V1__BASELINE_REQUEST__INIT;
    if ((cli->given.through != NULL) == cli->given.all) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "%s",
                    cli->given.all
                        ? "--through NAME and --all exclude each other: give the one that says how far the database is."
                        : "Say how far the database is: --through NAME, or --all; --verify checks it first.");
        return EXIT_ERROR;
    }
    request.through = arena_strdup(cli->arena, cli->given.through == NULL ? "" : cli->given.through);
    request.all = cli->given.all;
    request.verify = cli->given.verify;
    request.dry_run = cli->given.only_say;
    return ask(cli, &request);
}

/* Several migrations are recorded together or not at all. */
static int mark_several(struct cli *cli)
{
    BaselineRequest request = TRUSS__MIGRATION__V1__BASELINE_REQUEST__INIT;
    request.n_migrations = (size_t)cli->word_count;
    request.migrations = cli->words;
    return ask(cli, &request);
}

int command_mark_applied(struct cli *cli)
{
    if (cli->word_count > 1) {
        return mark_several(cli);
    }
    Truss__Migration__V1__MarkAppliedRequest request = TRUSS__MIGRATION__V1__MARK_APPLIED_REQUEST__INIT;
    request.framework = framework_of(cli);
    request.confirm = confirm_of(cli);
    request.allow_other_database = cli->given.allow_other_database;
    request.migration = cli->words[0];
    const Truss__Migration__V1__MarkAppliedResponse *const reply =
        call(cli, MIGRATION, "MarkApplied", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        head_print(cli, reply->target);
        printf("%s\n", output_safe(cli->arena, reply->message, false));
        print_warnings(cli->arena, reply->warnings, reply->n_warnings);
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}
