/*
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md, structured mode. Others' queries
 * and identities are not included.
 */
#include "worker/telemetry/webhook_body.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "base/words.h"

#include <string.h>

#define MOST_NAMES 100

/* ---- parts ---- */

static void put_text(struct buffer *out, const char *key, const char *value)
{
    buffer_printf(out, ",\"%s\":", key);
    json_write_string(out, text_of(value == NULL ? "" : value));
}

static void put_number(struct buffer *out, const char *key, uint32_t value)
{
    buffer_printf(out, ",\"%s\":%u", key, value);
}

static void put_flag(struct buffer *out, const char *key, bool value)
{
    buffer_printf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static const struct conninfo_place *place_of(const struct site *site)
{
    static const struct conninfo_place nowhere = {.host = "", .port = "", .database = ""};
    return site->conninfo == NULL ? &nowhere : &site->conninfo->place;
}

/* ---- data ---- */

static void put_target(struct buffer *out, const struct site *site)
{
    const struct conninfo_place *const place = place_of(site);
    buffer_puts(out, ",\"target\":{\"host\":");
    json_write_string(out, text_of(place->host));
    put_text(out, "port", place->port);
    put_text(out, "database", place->database);
    if (site->environment != NULL) {
        put_text(out, "environment", site->environment);
    }
    buffer_putc(out, '}');
}

static void put_wait(struct buffer *out, const struct run_event *wait)
{
    put_flag(out, "for_another_run", wait->kind == RUN_EVENT_RUN_LOCK_WAIT);
    buffer_printf(out, ",\"waited_seconds\":%.1f", wait->duration_ms / 1000.0);
    if (wait->migration != NULL) {
        put_text(out, "migration", wait->migration);
        put_number(out, "step", wait->step);
    }
    buffer_puts(out, ",\"blockers\":[");
    for (size_t i = 0; i < wait->blocker_count; i++) {
        const struct run_blocker *const one = &wait->blockers[i];
        buffer_printf(out, "%s{\"pid\":%u", i == 0 ? "" : ",", one->pid);
        put_text(out, "state", one->state);
        buffer_printf(out, ",\"transaction_seconds\":%.1f}", one->transaction_ms / 1000.0);
    }
    buffer_putc(out, ']');
}

static void put_applied(struct buffer *out, const Truss__Migration__V1__RunResponse *result)
{
    const size_t count = result == NULL ? 0 : result->n_applied;
    put_number(out, "applied_count", (uint32_t)count);
    buffer_puts(out, ",\"applied\":[");
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        buffer_puts(out, i == 0 ? "" : ",");
        json_write_string(out, text_of(result->applied[i]->name));
    }
    buffer_putc(out, ']');
}

static void put_failure(struct buffer *out, const struct hook_outcome *outcome)
{
    const Truss__Migration__V1__FailedMigration *const failed =
        outcome->result == NULL ? NULL : outcome->result->failed;
    put_flag(out, "cancelled", outcome->outcome == RUN_CANCELLED);
    put_text(out, "error", outcome->error);
    put_text(out, "sqlstate", outcome->sqlstate);
    if (failed != NULL) {
        put_text(out, "migration", failed->name);
        put_number(out, "step", failed->step);
        put_flag(out, "partially_applied", failed->partially_applied);
        put_flag(out, "needs_person", failed->needs_person);
    }
}

static void put_drift(struct buffer *out, const struct drift *drift)
{
    buffer_printf(out, ",\"count\":%zu,\"migrations\":[", drift->count);
    for (size_t i = 0; i < drift->count && i < MOST_NAMES; i++) {
        buffer_puts(out, i == 0 ? "{\"name\":" : ",{\"name\":");
        json_write_string(out, text_of(drift->items[i].migration));
        buffer_printf(out, ",\"state\":\"%s\"}", drift->items[i].state);
    }
    buffer_putc(out, ']');
}

static const char *subject_word(enum hook_event event)
{
    return event == HOOK_DRIFT ? "tracking table" : "operation";
}

static void put_data(struct buffer *out, const struct site *site, const struct hook_news *news)
{
    buffer_printf(out, "{\"%s\":", news->event == HOOK_DRIFT ? "tracking_table" : "operation");
    json_write_string(out, text_of(news->subject));
    put_target(out, site);
    switch (news->event) {
    case HOOK_STARTED:
        put_number(out, "migrations", news->count);
        break;
    case HOOK_LOCK_WAIT:
        put_wait(out, news->wait);
        break;
    case HOOK_DONE:
    case HOOK_FAILED:
        put_applied(out, news->outcome->result);
        if (news->event == HOOK_FAILED) {
            put_failure(out, news->outcome);
        }
        break;
    case HOOK_DRIFT:
        put_drift(out, news->drift);
        break;
    case HOOK_LOST:
    case HOOK_ALL:
        put_text(out, "error", "Nobody has heard of the worker of this run: the tracking table says what is applied.");
        break;
    }
    buffer_putc(out, '}');
}

/* ---- the two formats ---- */

static void put_cloud_event(struct buffer *out, const struct site *site, const struct hook_news *news)
{
    char time[RFC3339_SIZE];
    clock_rfc3339(clock_wall_us(), time);
    buffer_printf(out, "{\"specversion\":\"1.0\",\"id\":\"%s\",\"type\":\"truss.%s\",\"source\":\"/truss/databases/",
                  news->id, hook_event_word(news->event));
    buffer_put_encoded(out, text_of(place_of(site)->database), "");
    buffer_printf(out, "\",\"time\":\"%s\",\"subject\":", time);
    json_write_string(out, text_of(news->subject));
    buffer_puts(out, ",\"datacontenttype\":\"application/json\",\"data\":");
    put_data(out, site, news);
    buffer_putc(out, '}');
}

/* After a failure it is what a person asks first. */
static const char *what_stays(struct arena *arena, const Truss__Migration__V1__RunResponse *result)
{
    const char *const earlier =
        result->n_applied == 0
            ? ""
            : arena_printf(arena, "; %s applied",
                           words_counted(arena, result->n_applied, "migration stays", "migrations stay"));
    return arena_printf(arena, "%s%s", earlier,
                        result->failed->partially_applied ? "; what the failed one committed stays, too" : "");
}

/* The event as a sentence. */
static const char *sentence_of(struct arena *arena, const struct hook_news *news)
{
    const struct hook_outcome *const outcome = news->outcome;
    const bool has_failed = outcome != NULL && outcome->result != NULL && outcome->result->failed != NULL;
    switch (news->event) {
    case HOOK_STARTED:
        return arena_printf(arena, "a run of %s has begun.",
                            words_counted(arena, news->count, "migration", "migrations"));
    case HOOK_LOCK_WAIT:
        return arena_printf(arena, "%s waits for %s, for %.0f s until now.",
                            news->wait->migration == NULL ? "a run" : news->wait->migration,
                            news->wait->kind == RUN_EVENT_RUN_LOCK_WAIT ? "another run" : "a lock",
                            news->wait->duration_ms / 1000.0);
    case HOOK_DONE:
        return arena_printf(
            arena, "%s applied.",
            words_counted(arena, outcome->result == NULL ? 0 : outcome->result->n_applied, "migration", "migrations"));
    case HOOK_FAILED:
        return arena_printf(arena, "the run %s%s%s: %s%s",
                            outcome->outcome == RUN_CANCELLED ? "was cancelled" : "failed", has_failed ? " at " : "",
                            has_failed ? outcome->result->failed->name : "", outcome->error,
                            has_failed ? what_stays(arena, outcome->result) : "");
    case HOOK_DRIFT:
        return arena_printf(
            arena, "%s edited or deleted since, the first is %s (%s).",
            words_counted(arena, news->drift->count, "applied migration was", "applied migrations were"),
            news->drift->items[0].migration, news->drift->items[0].state);
    case HOOK_LOST:
    case HOOK_ALL:
        break;
    }
    return "the worker of a run gives no sign of life; ask for the status.";
}

/* https://api.slack.com/reference/surfaces/formatting: only &, < and > are escaped. */
static void put_slack(struct buffer *out, const struct site *site, const struct hook_news *news)
{
    struct buffer text = {.arena = out->arena};
    const char *const plain =
        arena_printf(out->arena, "%s%s%s: %s (%s %s)", site->environment == NULL ? "" : site->environment,
                     site->environment == NULL ? "" : " ", place_of(site)->database, sentence_of(out->arena, news),
                     subject_word(news->event), news->subject);
    for (const char *c = plain; *c != '\0'; c++) {
        if (*c == '&' || *c == '<' || *c == '>') {
            buffer_puts(&text, *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : "&gt;");
        } else {
            buffer_putc(&text, *c);
        }
    }
    buffer_puts(out, "{\"text\":");
    json_write_string(out, buffer_text(&text));
    buffer_putc(out, '}');
}

const char *hook_body(struct arena *arena, enum hook_format format, const struct site *site,
                      const struct hook_news *news)
{
    struct buffer out = {.arena = arena};
    if (format == HOOK_SLACK) {
        put_slack(&out, site, news);
    } else {
        put_cloud_event(&out, site, news);
    }
    /* It waits in the database, whose encoding need not have every character. All that is not ASCII is in strings. */
    return text_escaped(arena, buffer_string(&out));
}
