/*
 * truss approve and truss approvals: one person approves a plan that another person then runs.
 */
#include "cli/commands/run_request.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "rpc/json.h"

#include <stdio.h>
#include <string.h>

typedef Truss__Migration__V1__Approval Approval;
typedef Truss__Migration__V1__ListApprovalsResponse Page;

static const struct {
    const char *word;
    enum colour colour;
} states[] = {
    [TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_UNSPECIFIED] = {"?", COLOUR_NONE},
    [TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_WAITING] = {"waiting", COLOUR_YELLOW},
    [TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_APPROVED] = {"approved", COLOUR_GREEN},
    [TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_EXPIRED] = {"expired", COLOUR_DIM},
    [TRUSS__MIGRATION__V1__APPROVAL_STATE__APPROVAL_STATE_REVOKED] = {"revoked", COLOUR_RED},
};

static size_t state_of(const Approval *approval)
{
    return approval->state < sizeof states / sizeof states[0] ? (size_t)approval->state : 0;
}

int command_approve(struct cli *cli)
{
    Truss__Migration__V1__ApproveRequest request = TRUSS__MIGRATION__V1__APPROVE_REQUEST__INIT;
    Truss__Migration__V1__RunRequest run = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    request.plan_hash = cli->words[0];
    request.comment = arena_strdup(cli->arena, cli->given.comment == NULL ? "" : cli->given.comment);
    cli->words++;
    cli->word_count--;
    if (!run_request_read(cli, &run)) {
        return EXIT_ERROR;
    }
    Truss__Migration__V1__PlanRequest plan = run_request_as_plan(&run);
    request.plan = &plan;
    const Approval *const reply = call(cli, MIGRATION, "Approve", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json_camel(cli, &reply->base)) {
        printf("Approved until %s: %s.\n", output_moment(cli->arena, reply->expires_at),
               output_safe(cli->arena, reply->what, false));
    }
    return EXIT_FINE;
}

static int revoke(struct cli *cli, char *hash)
{
    Truss__Migration__V1__RevokeApprovalRequest request = TRUSS__MIGRATION__V1__REVOKE_APPROVAL_REQUEST__INIT;
    request.plan_hash = hash;
    const Approval *const reply = call(cli, MIGRATION, "RevokeApproval", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json_camel(cli, &reply->base)) {
        printf("The approval is taken back: %s.\n", output_safe(cli->arena, reply->what, false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

/* What is approved may name many migrations, so it stands last: a long name pushes nothing aside. */
static void print_rows(struct cli *cli, const Page *page)
{
    static const char *const heads[] = {"STATE", "HASH", "ASKED BY", "APPROVED BY", "UNTIL (UTC)", "WHAT"};
    struct table table = table_with_heads(cli->arena, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < page->n_approvals; i++) {
        const Approval *const one = page->approvals[i];
        const bool is_given = one->approved_at != NULL;
        table_add(&table, states[state_of(one)].colour, states[state_of(one)].word);
        table_add(&table, COLOUR_DIM, one->plan_hash);
        table_add(&table, COLOUR_NONE, one->requested_by[0] == '\0' ? NULL : one->requested_by);
        table_add(&table, COLOUR_NONE, is_given ? one->approved_by : NULL);
        table_add(&table, COLOUR_DIM, is_given ? output_moment(cli->arena, one->expires_at) : NULL);
        table_add(&table, COLOUR_NONE, one->what);
    }
    if (page->n_approvals > 0) {
        table_print(&table);
    } else {
        printf("%s\n", page->required ? "Nothing waits for approval, and nothing was approved."
                                      : "Nothing needs an approval here: the worker was started without "
                                        "--require-approval.");
    }
}

int command_approvals(struct cli *cli)
{
    const Truss__Migration__V1__ListApprovalsRequest request = TRUSS__MIGRATION__V1__LIST_APPROVALS_REQUEST__INIT;
    if (cli->word_count == 2 && strcmp(cli->words[0], "revoke") == 0) {
        return revoke(cli, cli->words[1]);
    }
    if (cli->word_count > 0) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                    "`truss approvals` lists them, and `truss approvals revoke HASH` takes one back.");
        return EXIT_ERROR;
    }
    const Page *const page = call(cli, MIGRATION, "ListApprovals", &request.base, READ_SECONDS);
    if (page != NULL && !print_json_camel(cli, &page->base)) {
        print_rows(cli, page);
    }
    return page == NULL ? EXIT_ERROR : EXIT_FINE;
}
