/*
 * truss diff: shows what was applied next to what the file holds today. If standard output is a file or a pipe, the
 * text for people goes to standard error, so that the output holds a patch and nothing else.
 */
#include "base/clock.h"
#include "cli/print/again.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/print/report.h"
#include "cli/print/report_formats.h"
#include "cli/reach/call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIFF_SECONDS 40 /* the git history is searched for 10 seconds, twice at most */

typedef Truss__Migration__V1__DiffResponse DiffResponse;
typedef Truss__Migration__V1__Commit Commit;

/* "2026-01-10 a1b2c3d4e5 Ann Example: add posts" */
static void print_commit(FILE *out, struct arena *arena, const char *label, const Commit *commit)
{
    fprintf(out, "%s%.10s %s %s: %s\n", label, output_or_empty(output_moment(arena, commit->at)), commit->short_id,
            output_safe(arena, commit->author, false), output_safe(arena, commit->subject, false));
}

static enum colour colour_of(struct text line)
{
    return text_starts_with(line, "+")    ? COLOUR_GREEN
           : text_starts_with(line, "-")  ? COLOUR_RED
           : text_starts_with(line, "@@") ? COLOUR_DIM
                                          : COLOUR_NONE;
}

/* Prints a patch unchanged to a file; for a terminal, without what could move its cursor. */
static void print_patch(struct arena *arena, const char *diff)
{
    if (isatty(STDOUT_FILENO) == 0) {
        fputs(diff, stdout);
        return;
    }
    struct text rest = text_of(diff);
    for (struct text line; text_next_line(&rest, &line);) {
        output_put(colour_of(line), output_safe(arena, arena_strndup(arena, line.data, line.size), true));
        putchar('\n');
    }
}

/* Prints the text around the patch. */
static void print_words(FILE *out, const struct cli *cli, const DiffResponse *reply)
{
    struct arena *const arena = cli->arena;
    fprintf(out, "%s\n", output_safe(arena, reply->summary, false));
    for (size_t i = 0; i < reply->n_later; i++) {
        print_commit(out, arena, i == 0 ? "changed since:  " : "                ", reply->later[i]);
    }
    if (reply->uncommitted) {
        fprintf(out, "%snot committed yet\n", reply->n_later == 0 ? "changed since:  " : "                ");
    }
    for (size_t i = 0; i < reply->n_notes; i++) {
        fprintf(out, "note: %s\n", output_safe(arena, reply->notes[i], false));
    }
    if (reply->_restore_case != 0) {
        fprintf(out, "Bring it back: %s\n", output_safe(arena, reply->restore, false));
    }
}

/* The exit code with --exit-code: whether the file differs from what was applied. */
static int exit_code_of(const struct cli *cli, const DiffResponse *reply)
{
    if (reply->basis == TRUSS__MIGRATION__V1__DIFF_BASIS__DIFF_BASIS_UNKNOWN) {
        return EXIT_ERROR;
    }
    return cli->given.exit_code && reply->basis != TRUSS__MIGRATION__V1__DIFF_BASIS__DIFF_BASIS_SAME ? EXIT_CHANGED
                                                                                                     : EXIT_FINE;
}

int command_diff(struct cli *cli)
{
    Truss__Migration__V1__DiffRequest request = TRUSS__MIGRATION__V1__DIFF_REQUEST__INIT;
    request.framework = framework_of(cli);
    request.name = cli->words[0];
    if (!report_check(cli)) {
        return EXIT_ERROR;
    }
    const DiffResponse *const reply = call(cli, MIGRATION, "Diff", &request.base, DIFF_SECONDS);
    if (reply == NULL) {
        report_error(cli);
        return EXIT_ERROR;
    }
    if (cli->given.output != NULL) {
        markdown_diff(cli->arena, reply);
    } else if (!print_json(cli, &reply->base)) {
        FILE *const out = isatty(STDOUT_FILENO) != 0 || reply->diff[0] == '\0' ? stdout : stderr;
        head_print_to(out, cli, reply->target);
        print_words(out, cli, reply);
        fflush(out);
        print_patch(cli->arena, reply->diff);
    }
    return exit_code_of(cli, reply);
}
