#include "cli/print/failure_view.h"

#include "base/sqlstate.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/print/again.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"

#include <stdio.h>
#include <string.h>

#define LINES_BEFORE 2
#define LINES_BEHIND 1
#define WIDTH        100 /* characters of a line that are shown */

typedef Truss__Migration__V1__FailedMigration FailedMigration;
typedef Truss__Migration__V1__PreviewResponse PreviewResponse;

static void print_labelled(struct arena *arena, const char *label, bool known, const char *text)
{
    if (known) {
        printf("  %s: %s\n", label, output_safe(arena, text, true));
    }
}

/* ---- the script ---- */

/* Returns NULL if the script cannot be read; the failure is reported all the same. */
static const PreviewResponse *read_script(const struct cli *cli, const char *name)
{
    struct status ignored = {.arena = cli->arena};
    struct cli asking = *cli;
    Truss__Migration__V1__PreviewRequest request = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    asking.status = &ignored;
    asking.given.timeout = 0;
    request.framework = framework_of(cli);
    request.name = arena_strdup(cli->arena, name);
    return call(&asking, MIGRATION, "Preview", &request.base, READ_SECONDS);
}

/* The part of a line that is shown; *column, counted from 1, is moved to match. */
static const char *fit(struct arena *arena, struct text line, uint32_t *column)
{
    size_t from = 0;
    if (*column > WIDTH - WIDTH / 4) {
        const uint32_t cut = *column - WIDTH / 2;
        from = text_byte_of_character(line, cut + 1);
        *column -= cut;
    }
    const struct text rest = text_slice(line, from, line.size);
    const size_t end = text_byte_of_character(rest, WIDTH + 1);
    return output_safe(arena, arena_strndup(arena, rest.data, end), true);
}

/* Prints a caret below the character, also if there are tabs in front of it. */
static void print_caret(const char *shown, uint32_t column)
{
    printf("       | ");
    for (uint32_t i = 1; i < column && *shown != '\0'; i++) {
        putchar(*shown == '\t' ? '\t' : ' ');
        do {
            shown++;
        } while (((unsigned char)*shown & 0xC0) == 0x80);
    }
    output_put(COLOUR_RED, "^");
    putchar('\n');
}

static void print_excerpt(struct arena *arena, struct text script, uint32_t line, uint32_t column)
{
    struct text rest = script;
    struct text one;
    for (uint32_t number = 1; text_next_line(&rest, &one) && number <= line + LINES_BEHIND; number++) {
        if (number + LINES_BEFORE < line || (number > line && text_trim(one).size == 0)) {
            continue;
        }
        uint32_t at = number == line ? column : 1;
        const char *const shown = fit(arena, one, &at);
        printf("  %4u | %s\n", number, shown);
        if (number == line) {
            print_caret(shown, at);
        }
    }
}

void failure_print(struct cli *cli, const FailedMigration *failed)
{
    struct arena *const arena = cli->arena;
    const PreviewResponse *const script = failed->line == 0 ? NULL : read_script(cli, failed->name);
    output_put(COLOUR_RED, "failed   ");
    printf("%s", output_safe(arena, failed->name, false));
    if (failed->line > 0) {
        printf(", line %u, column %u", failed->line, failed->column);
    }
    if (failed->steps > 1) {
        printf(", step %u of %u", failed->step, failed->steps);
    }
    printf("\n  %s\n", output_safe(arena, failed->error, true));
    if (script != NULL) {
        print_excerpt(arena, text_of(script->content), failed->line, failed->column);
    } else {
        print_labelled(arena, "statement", failed->_statement_case != 0, failed->statement);
    }
    print_labelled(arena, "detail", failed->_detail_case != 0, failed->detail);
    print_labelled(arena, "hint", failed->_hint_case != 0, failed->hint);
    print_labelled(arena, "sqlstate", failed->_sqlstate_case != 0, failed->sqlstate);
}

/* ---- what next ---- */

/* Groups of SQLSTATE codes: the object exists already; a lock could not be taken. */
static bool is_one_of(const char *sqlstate, const char *const *codes)
{
    while (*codes != NULL && strcmp(*codes, sqlstate) != 0) {
        codes++;
    }
    return *codes != NULL;
}

/* The commands that may help next, each ready to be copied. */
struct next {
    const char *again;       /* the same command again */
    const char *longer;      /* the same, with more time to take locks */
    const char *slower;      /* the same, with more time for each statement; NULL: it has no limit of this command */
    const char *applied;     /* marks this migration as applied */
    const char *rolled_back; /* marks it as rolled back */
    const char *preview;
    const char *detect;
    const char *check;
};

/* A worker that keeps running has a limit of its own for how long a run may try. */
static const char *try_longer(const struct cli *cli, bool is_run)
{
    static const uint32_t least = 5 * 60; /* seconds */
    const uint32_t tried = is_run ? cli->given.ask_lock_retry / 1000 : 0;
    const uint32_t longer = tried * 2 > least ? tried * 2 : least;
    const char *const command = is_run ? again_without(cli, OPTION_ask_lock_retry) : again_place(cli, "run");
    return worker_is_private(cli)
               ? arena_printf(cli->arena, "%s --lock-retry %us", command, longer)
               : arena_printf(cli->arena, "%s\n      (as long as the worker allows: truss-worker --lock-retry %us)",
                              command, longer);
}

/* The same command again would run into its own limit again. Its message is told from others in English only. */
static bool is_own_timeout(const struct cli *cli, const FailedMigration *failed)
{
    return strcmp(cli->command->name, "run") == 0 && cli->given.ask_statement_timeout > 0 &&
           strstr(failed->error, "statement timeout") != NULL;
}

static struct next next_commands(const struct cli *cli, const FailedMigration *failed)
{
    struct arena *const arena = cli->arena;
    const char *const name = words_quoted(arena, failed->name);
    const bool is_run = strcmp(cli->command->name, "run") == 0;
    return (struct next){
        .again = is_run ? again_same(cli) : again_place(cli, "run"),
        .longer = try_longer(cli, is_run),
        .slower = !is_own_timeout(cli, failed) ? NULL
                                               : arena_printf(arena, "%s --statement-timeout %us",
                                                              again_without(cli, OPTION_ask_statement_timeout),
                                                              (cli->given.ask_statement_timeout / 1000 + 1) * 10),
        .applied = arena_printf(arena, "%s %s", again_place(cli, "mark-applied"), name),
        .rolled_back = arena_printf(arena, "%s %s", again_place(cli, "mark-rolled-back"), name),
        .preview = arena_printf(arena, "%s %s", again_place(cli, "preview"), name),
        .detect = again_place(cli, "detect-schema -"),
        .check = again_place(cli, "check"),
    };
}

/* Was it something around the script: the server, its resources, the connection, other sessions? */
static bool is_circumstance(const char *sqlstate)
{
    static const char *const classes[] = {SQLSTATE_CLASS_CONNECTION, SQLSTATE_CLASS_RESOURCES, SQLSTATE_CLASS_OPERATOR,
                                          SQLSTATE_CLASS_SYSTEM};
    bool is =
        strcmp(sqlstate, SQLSTATE_SERIALIZATION_FAILURE) == 0 || strcmp(sqlstate, SQLSTATE_DEADLOCK_DETECTED) == 0;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        is = is || (strlen(sqlstate) == 5 && strncmp(sqlstate, classes[i], 2) == 0);
    }
    return is;
}

/* Advice for a migration of which a part was committed. */
static const char *next_of_partial(struct arena *arena, const FailedMigration *failed, const struct next *next)
{
    if (failed->needs_person) {
        return arena_printf(arena,
                            "What it committed stays, and a new run does not continue after it. Do the rest by hand, "
                            "and then: %s\n      Or undo it by hand, and then: %s",
                            next->applied, next->rolled_back);
    }
    if (failed->step > 1) {
        return arena_printf(arena,
                            "Correct the script, and continue after its earlier steps: %s\n      Or undo "
                            "them by hand, and then: %s",
                            next->again, next->rolled_back);
    }
    return arena_printf(arena,
                        "What it committed stays. Look at what that is; undo it by hand, and then: "
                        "%s\n      Or complete it by hand, and then: %s",
                        next->rolled_back, next->applied);
}

static const char *next_of(struct arena *arena, const FailedMigration *failed, const struct next *next)
{
    static const char *const there_already[] = {SQLSTATE_DUPLICATE_TABLE,    SQLSTATE_DUPLICATE_COLUMN,
                                                SQLSTATE_DUPLICATE_OBJECT,   SQLSTATE_DUPLICATE_SCHEMA,
                                                SQLSTATE_DUPLICATE_FUNCTION, NULL};
    static const char *const no_lock[] = {SQLSTATE_LOCK_NOT_AVAILABLE, NULL};
    static const char *const not_allowed[] = {SQLSTATE_INSUFFICIENT_PRIVILEGE, SQLSTATE_READ_ONLY, NULL};
    const char *const sqlstate = failed->_sqlstate_case == 0 ? "" : failed->sqlstate;
    if (failed->needs_person || failed->partially_applied) {
        return next_of_partial(arena, failed, next);
    }
    if (is_one_of(sqlstate, no_lock)) {
        return arena_printf(arena, "Wait until the session that holds the lock has ended, or try for longer: %s",
                            next->longer);
    }
    if (is_one_of(sqlstate, there_already)) {
        return arena_printf(arena, "See what is there already: %s | %s\n      Where it is all of it: %s", next->preview,
                            next->detect, next->applied);
    }
    if (is_one_of(sqlstate, not_allowed)) {
        return arena_printf(arena, "See what is missing: %s\n      When it is there: %s", next->check, next->again);
    }
    if (next->slower != NULL) {
        return arena_printf(arena, "Give its statements more time: %s", next->slower);
    }
    if (strncmp(sqlstate, SQLSTATE_CLASS_INTEGRITY, 2) == 0) {
        return arena_printf(arena, "Correct the rows that are in the way, or the script, and then: %s", next->again);
    }
    return is_circumstance(sqlstate) || failed->line == 0
               ? arena_printf(arena, "When the cause is gone: %s", next->again)
               : arena_printf(arena, "Correct the script, and then: %s", next->again);
}

void failure_print_next(struct cli *cli, const Truss__Migration__V1__RunResponse *reply)
{
    if (reply->failed != NULL) {
        const struct next next = next_commands(cli, reply->failed);
        output_put(COLOUR_BOLD, "Next: ");
        printf("%s\n", output_safe(cli->arena, next_of(cli->arena, reply->failed, &next), true));
    }
}

/* Was a file that is applied edited or deleted since? Some tools then run nothing, and neither do we. */
static bool has_other_history(const Truss__Migration__V1__GetStatusResponse *reply)
{
    return reply->summary != NULL && reply->summary->modified + reply->summary->orphaned > 0;
}

/* Did another tool leave an attempt in the tracking table, so that nothing runs? One that a run continues has a note.
 */
static bool is_unresolved(const Truss__Migration__V1__Migration *migration)
{
    return migration->detail_state == TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED &&
           migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING &&
           output_or_empty(migration->note)[0] == '\0';
}

static void print_resolve(const struct cli *cli, const Truss__Migration__V1__Migration *migration)
{
    const char *const name = words_quoted(cli->arena, migration->name);
    const char *const words =
        arena_printf(cli->arena,
                     "Undo by hand what the attempt left, and then: %s %s\n      Or complete it "
                     "by hand, and then: %s %s",
                     again_place(cli, "mark-rolled-back"), name, again_place(cli, "mark-applied"), name);
    output_put(COLOUR_BOLD, migration->last_failure == NULL ? "\nNext: " : "Next: ");
    printf("%s\n", output_safe(cli->arena, words, true));
}

/* The file may have been changed since; and whether a part that was committed is continued is in the note. */
void failure_print_next_of(const struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply,
                           const Truss__Migration__V1__Migration *migration)
{
    const Truss__Migration__V1__FailedAttempt *const attempt = migration->last_failure;
    if (is_unresolved(migration)) {
        print_resolve(cli, migration);
        return;
    }
    if (attempt == NULL) {
        return;
    }
    const bool is_changed = attempt->_file_changed_case != 0 && attempt->file_changed;
    FailedMigration failed = TRUSS__MIGRATION__V1__FAILED_MIGRATION__INIT;
    if (attempt->partially_applied && output_or_empty(migration->note)[0] != '\0') {
        return;
    }
    failed.name = migration->name;
    failed.line = attempt->line;
    failed.partially_applied = attempt->partially_applied;
    if (attempt->_sqlstate_case != 0) {
        failed._sqlstate_case = TRUSS__MIGRATION__V1__FAILED_MIGRATION___SQLSTATE_SQLSTATE;
        failed.sqlstate = attempt->sqlstate;
    }
    struct next next = next_commands(cli, &failed);
    if (migration->is_code && worker_is_private(cli) && !cli->given.allow_delegate) {
        next.again = again_place(cli, "run --allow-delegate");
    }
    if (has_other_history(reply)) {
        next.again = arena_printf(
            cli->arena, "%s\n      (it says whether applied files that were edited or deleted since stop a run)",
            again_place(cli, "plan"));
    }
    const char *const words =
        is_changed && !failed.partially_applied ? next.again : next_of(cli->arena, &failed, &next);
    output_put(COLOUR_BOLD, "Next: ");
    printf("%s\n", output_safe(cli->arena, words, true));
}
