#include "cli/commands/branch_pick.h"

#include "cli/commands/branch_follow.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_ANSWER 256

typedef Truss__Branch__V1__Branch Branch;
typedef Truss__Branch__V1__ListBranchesResponse Reply;

/* The question has no idempotency key; the key is the verb's. */
static const Reply *list(const struct cli *cli, bool all)
{
    Truss__Branch__V1__ListBranchesRequest request = TRUSS__BRANCH__V1__LIST_BRANCHES_REQUEST__INIT;
    struct cli asking = *cli;
    request.unfinished = true;
    request.all = all;
    asking.given.key = NULL;
    return call(&asking, BRANCH, "ListBranches", &request.base, READ_SECONDS);
}

static bool is_called(const Branch *branch, const char *name)
{
    return strcmp(branch->label, name) == 0 || strcmp(branch->branch_db, name) == 0;
}

/* A branch's database without a row has no number: nothing can be done with it here. */
static bool fail_unknown(const struct cli *cli, const char *name)
{
    const Reply *const reply = list(cli, true);
    for (size_t i = 0; reply != NULL && i < reply->n_branches; i++) {
        if (reply->branches[i]->id == 0 && strcmp(reply->branches[i]->branch_db, name) == 0) {
            status_fail(cli->status, STATUS_FAILED_PRECONDITION,
                        "The database \"%.100s\" was made as a branch, and no row of this database knows it.", name);
            cli->status->hint =
                "`truss branch list --all` shows its comment, which names its home_db: ask there. If that "
                "does not know it either, drop it by hand.";
            return false;
        }
    }
    status_fail(cli->status, STATUS_NOT_FOUND, "There is no branch \"%.100s\".", name);
    cli->status->hint = "`truss branch list` shows their labels and numbers.";
    return false;
}

static bool find(const struct cli *cli, const char *name, const Branch **found)
{
    const Reply *const reply = list(cli, false);
    struct buffer ids = {.arena = cli->arena};
    size_t count = 0;
    for (size_t i = 0; reply != NULL && i < reply->n_branches; i++) {
        if (is_called(reply->branches[i], name)) {
            *found = reply->branches[i];
            buffer_printf(&ids, "%s%u", count++ == 0 ? "" : ", ", reply->branches[i]->id);
        }
    }
    if (reply == NULL || count == 1) {
        return reply != NULL;
    }
    return count == 0 ? fail_unknown(cli, name)
                      : status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                                    "Several branches are called \"%.100s\": say the number of one (%s).", name,
                                    buffer_string(&ids));
}

static bool is_number(const char *word)
{
    return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

bool branch_pick(struct cli *cli)
{
    const Branch *branch = NULL;
    if (is_number(cli->words[1])) {
        return true;
    }
    if (!find(cli, cli->words[1], &branch)) {
        return false;
    }
    cli->words[1] = arena_printf(cli->arena, "%u", branch->id);
    return true;
}

/* Asks on standard error: standard output may be JSON. */
static bool is_confirmed(const struct cli *cli, const Branch *branch)
{
    char answer[LONGEST_ANSWER];
    const char *const name = branch->label[0] != '\0' ? branch->label : branch->branch_db;
    fprintf(stderr, "This drops the database %s with all that is in it.\nType the name of the branch (%s) to drop it: ",
            output_safe(cli->arena, branch->branch_db, false), output_safe(cli->arena, name, false));
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        answer[0] = '\0';
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return is_called(branch, answer) ||
           status_fail(cli->status, STATUS_CANCELLED, "Nothing was dropped: the name was not typed.");
}

bool branch_pick_to_drop(struct cli *cli)
{
    Truss__Branch__V1__GetBranchRequest request = TRUSS__BRANCH__V1__GET_BRANCH_REQUEST__INIT;
    if (!branch_pick(cli)) {
        return false;
    }
    if (cli->given.yes || cli->given.key != NULL || isatty(STDIN_FILENO) == 0) {
        return true;
    }
    request.id = cli->words[1];
    const Branch *const branch = call(cli, BRANCH, "GetBranch", &request.base, READ_SECONDS);
    return branch != NULL && is_confirmed(cli, branch);
}
