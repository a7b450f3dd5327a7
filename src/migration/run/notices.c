/*
 * Everything happens on the run's own thread, inside the call that waits for the statement.
 */
#include "migration/run/notices.h"

#include "base/log.h"
#include "base/words.h"
#include "pg/session.h"

#include <string.h>

#define MOST_TOLD  1000 /* of one run */
#define MOST_BYTES 4000 /* of a message, a detail or a hint */

/* Cuts a long string between two characters; NULL stays NULL. */
static const char *shortened(struct arena *arena, const char *string)
{
    if (string == NULL || strlen(string) <= MOST_BYTES) {
        return string;
    }
    const struct text shown = text_cut(text_of(string), MOST_BYTES);
    return arena_printf(arena, "%.*s… (%zu bytes more)", (int)shown.size, string, strlen(string) - shown.size);
}

static bool is_warning(const struct pg_notice *notice)
{
    return strcmp(notice->severity, "WARNING") == 0;
}

static void write_to_log(const struct hearing *hearing, const struct pg_notice *notice)
{
    char quoted[LOG_QUOTED_SIZE];
    const char *const name = hearing->migration == NULL ? "" : hearing->migration;
    log_quoted(notice->message, quoted);
    if (is_warning(notice)) {
        log_warn("server warning", "migration=\"%s\" sqlstate=%s message=%s", name, notice->sqlstate, quoted);
    } else {
        log_info("server message", "migration=\"%s\" severity=%s sqlstate=%s message=%s", name, notice->severity,
                 notice->sqlstate, quoted);
    }
}

/* A repeated attempt repeats its warnings: they are kept once. */
static void keep(struct run_notices *notices, const char *text)
{
    for (size_t i = 0; i < notices->warning_count; i++) {
        if (strcmp(notices->warnings[i], text) == 0) {
            return;
        }
    }
    if (notices->warning_count < NOTICED_WARNINGS) {
        notices->warnings[notices->warning_count++] = text;
    }
}

static void keep_warning(struct hearing *hearing, const struct run_notice *notice)
{
    struct arena *const arena = hearing->run->request->arena;
    const char *const name = hearing->migration == NULL ? "" : hearing->migration;
    keep(&hearing->run->notices,
         arena_printf(arena, "The server warned in \"%s\": %s%s%s", name, notice->message,
                      notice->detail == NULL ? "" : " ", notice->detail == NULL ? "" : notice->detail));
}

void run_warn(struct run *run, const char *migration, const char *text)
{
    watch_note(&run->watch, migration, text);
    keep(&run->notices, arena_printf(run->request->arena, "\"%s\": %s", migration, text));
}

static void take(void *data, const struct pg_notice *notice)
{
    struct hearing *const hearing = data;
    struct run_notices *const notices = &hearing->run->notices;
    if (notices->told == MOST_TOLD) {
        notices->left_out++;
        return;
    }
    notices->told++;
    struct arena *const arena = arena_new(0);
    const struct run_notice told = {
        .severity = notice->severity,
        .sqlstate = notice->sqlstate,
        .message = shortened(arena, notice->message),
        .detail = shortened(arena, notice->detail),
        .hint = shortened(arena, notice->hint),
    };
    write_to_log(hearing, notice);
    if (is_warning(notice)) {
        keep_warning(hearing, &told);
    }
    watch_tell(&hearing->run->watch, &(struct run_event){
                                         .kind = RUN_EVENT_NOTICE,
                                         .migration = hearing->migration,
                                         .step = hearing->step,
                                         .steps = hearing->steps,
                                         .message = arena_printf(arena, "%s: %s", told.severity, told.message),
                                         .notice = &told,
                                     });
    arena_free(arena);
}

void notices_begin(struct hearing *hearing)
{
    pg_session_on_notice(hearing->run->session, take, hearing);
}

void notices_end(struct hearing *hearing)
{
    struct run *const run = hearing->run;
    pg_session_on_notice(run->session, NULL, NULL);
    if (run->notices.left_out > 0) {
        watch_note(&run->watch, hearing->migration,
                   words_counted(run->arena, run->notices.left_out, "more message of the server was left out.",
                                 "more messages of the server were left out."));
        run->notices.left_out = 0;
    }
}
