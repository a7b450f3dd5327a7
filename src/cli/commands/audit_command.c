/*
 * truss audit: shows one page of the audit log, exports all of it as lines of JSON, or checks that nobody has changed
 * it.
 */
#include "base/clock.h"
#include "base/paths.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "rpc/json.h"
#include "truss/trust/v1/trust.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUST          &truss__trust__v1__trust__descriptor
#define VERIFY_SECONDS 600

typedef Truss__Trust__V1__AuditRow AuditRow;
typedef Truss__Trust__V1__ListAuditResponse Page;

static enum colour colour_of(const char *outcome)
{
    return strcmp(outcome, "OK") == 0 ? COLOUR_GREEN : strcmp(outcome, "BEGUN") == 0 ? COLOUR_DIM : COLOUR_RED;
}

/* From "truss.migration.v1.MigrationService/Run" takes "Run". */
static const char *verb(const char *action)
{
    return path_name(action);
}

static void print_rows(struct cli *cli, const Page *page)
{
    static const char *const heads[] = {"ROW", "AT (UTC)", "OUTCOME", "WHO", "FROM", "ACTION", "WHAT"};
    struct table table = table_with_heads(cli->arena, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < page->n_rows; i++) {
        const AuditRow *const row = page->rows[i];
        table_add(&table, COLOUR_DIM, arena_printf(cli->arena, "%u", row->number));
        table_add(&table, COLOUR_NONE, output_moment(cli->arena, row->at));
        table_add(&table, colour_of(row->outcome), row->outcome);
        table_add(&table, COLOUR_NONE, row->actor[0] == '\0' ? row->actor_kind : row->actor);
        table_add(&table, COLOUR_DIM, row->origin);
        table_add(&table, COLOUR_NONE, verb(row->action));
        table_add(&table, COLOUR_NONE, row->subject);
    }
    if (page->n_rows > 0) {
        table_print(&table);
    } else {
        printf("%s\n", page->_note_case != 0 ? output_safe(cli->arena, page->note, false) : "There are no more rows.");
    }
    if (page->_next_case != 0) {
        printf("There may be more: truss audit --after %u\n", page->next);
    }
}

static const Page *ask_page(struct cli *cli, uint32_t after)
{
    Truss__Trust__V1__ListAuditRequest request = TRUSS__TRUST__V1__LIST_AUDIT_REQUEST__INIT;
    request.after = after;
    return call(cli, TRUST, "ListAudit", &request.base, READ_SECONDS);
}

/* Prints one line for each row of the page. */
static void print_lines(struct arena *arena, const Page *page)
{
    for (size_t i = 0; i < page->n_rows; i++) {
        struct buffer json = {.arena = arena};
        json_write(&json, &page->rows[i]->base, JSON_CAMEL);
        printf("%s\n", buffer_string(&json));
    }
}

/* Prints all rows, up to the last one. An audit may be larger than the memory, so each page has an arena of its own. */
static int export_all(struct cli *cli, uint32_t after)
{
    if (strcmp(cli->given.export_as, "ndjson") != 0) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "An audit is exported as lines of JSON: --export ndjson.");
        return EXIT_ERROR;
    }
    bool more = true;
    bool ok = true;
    while (ok && more) {
        struct cli asking = *cli;
        asking.arena = arena_new(0);
        const Page *const page = ask_page(&asking, after);
        ok = page != NULL;
        if (ok) {
            print_lines(asking.arena, page);
            more = page->_next_case != 0;
            after = page->next;
        } else {
            cli->status->hint = arena_strdup(cli->arena, cli->status->hint); /* it is of the page's arena */
        }
        arena_free(asking.arena);
    }
    return ok ? EXIT_FINE : EXIT_ERROR;
}

static int verify(struct cli *cli)
{
    Truss__Trust__V1__VerifyAuditRequest request = TRUSS__TRUST__V1__VERIFY_AUDIT_REQUEST__INIT;
    request.hash = arena_strdup(cli->arena, cli->given.kept_hash == NULL ? "" : cli->given.kept_hash);
    const Truss__Trust__V1__VerifyAuditResponse *const reply =
        call(cli, TRUST, "VerifyAudit", &request.base, VERIFY_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json_camel(cli, &reply->base)) {
        printf("%s\n", output_safe(cli->arena, reply->summary, false));
    }
    return reply->ok ? EXIT_FINE : EXIT_ERROR;
}

static bool read_after(struct cli *cli, uint32_t *after)
{
    const char *const text = cli->given.after;
    char *rest;
    errno = 0;
    const unsigned long long number = strtoull(text, &rest, 10);
    *after = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return (text[0] >= '0' && text[0] <= '9' && *rest == '\0' && errno == 0) ||
           status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--after is the number of a row, not \"%s\".", text);
}

int command_audit(struct cli *cli)
{
    uint32_t after;
    if (!read_after(cli, &after)) {
        return EXIT_ERROR;
    }
    if (cli->given.verify_audit) {
        return verify(cli);
    }
    if (cli->given.kept_hash != NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--hash is of use only with --verify.");
        return EXIT_ERROR;
    }
    if (cli->given.export_as != NULL) {
        return export_all(cli, after);
    }
    const Page *const page = ask_page(cli, after);
    if (page != NULL && !print_json_camel(cli, &page->base)) {
        print_rows(cli, page);
    }
    return page == NULL ? EXIT_ERROR : EXIT_FINE;
}
