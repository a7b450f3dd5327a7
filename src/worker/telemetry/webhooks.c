/*
 * A run writes its rows on its own thread, in one small query with a short timeout. If the database does not take the
 * last of them, they are kept in memory and written by a thread, which also postpones the rows that report a lost run
 * while this worker's runs are alive. If the list of receivers changes, a run keeps the ones from its beginning.
 */
#include "worker/telemetry/webhooks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "base/uuid.h"
#include "pg/own_write.h"
#include "worker/telemetry/drift.h"
#include "worker/telemetry/post.h"
#include "worker/telemetry/webhook_body.h"
#include "worker/telemetry/webhook_delivery.h"
#include "worker/telemetry/webhook_rows.h"

#include <pthread.h>
#include <stdlib.h>

#define WRITE_MS 2000  /* for a run's writes */
#define WORK_MS  20000 /* for the thread's queries in a round */
#define LOST_MS  45000 /* after which a silent run is lost */
#define RENEW_MS 10000
#define LOOK_MS  3000
#define SWEEP_MS 3600000
#define DRIFT_MS 60000 /* between two looks for drift, if a receiver wants it */

/* The receivers of news, and the memory for it. */
struct audience {
    const struct site *site;
    const struct hook_list *hooks;
    struct arena *arena;
};

struct hook_run {
    struct hook_run *next; /* in the webhooks' list */
    struct webhooks *webhooks;
    struct audience audience;
    const char *operation;
    bool has_begun;
    unsigned waits_told; /* a bit for each receiver */
    struct hook_row rows[HOOKS_MOST];
    size_t row_count; /* of its end, if they could not be written yet */
    bool has_ended;
};

/* The file's content at one time: runs that began then use it. */
struct edition {
    struct edition *before;
    struct arena *arena;
    struct hook_list hooks;
};

struct webhooks {
    const struct site *site;
    struct pg_pool *pool; /* its own: it may be busy for long */
    struct hook_delivery delivery;
    pthread_t thread;
    pthread_mutex_t mutex; /* protects the rest */
    pthread_cond_t news;
    const struct hook_list *hooks; /* the present ones */
    struct edition *editions;
    struct hook_run *runs; /* running, and those whose end is still to be written */
    bool is_wanted;        /* there is something new to send */
    atomic_bool stopping;
    bool is_complaining; /* used by the thread */
    bool has_table;
    tally unwritten;
};

/* When the thread's periodic tasks are due; clock_ms. */
struct rounds {
    int64_t renewal;
    int64_t sweep;
    int64_t drift;
};

/* ---- rows ---- */

/* A row for each receiver that wants the event; returns their number. wanted: a bit for each candidate. */
static size_t make_rows(const struct audience *audience, const struct hook_news *news, unsigned wanted,
                        struct hook_row rows[HOOKS_MOST])
{
    size_t count = 0;
    for (size_t i = 0; i < audience->hooks->count; i++) {
        const struct hook *const hook = &audience->hooks->items[i];
        if ((hook->events & news->event) != 0 && (wanted & (1u << i)) != 0) {
            rows[count++] = (struct hook_row){
                .event = news->id,
                .hook = hook->name,
                .kind = hook_event_word(news->event),
                .body = hook_body(audience->arena, hook->format, audience->site, news),
                .due_in_ms = news->event == HOOK_LOST ? LOST_MS : 0,
            };
        }
    }
    return count;
}

static const char *new_id(struct arena *arena)
{
    char *const id = arena_alloc(arena, UUID_SIZE);
    uuid_v4(id);
    return id;
}

/* False, which is logged, if the database does not take them until then. Whoever gives them up counts them. */
static bool write_rows(const struct hook_run *run, const struct hook_row *rows, size_t count, bool ends, int64_t until)
{
    struct pg_pool *const pool = run->webhooks->site->pool;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    char error[LOG_QUOTED_SIZE];
    struct pg_session *const session = pg_pool_take_pinned(pool, until, &status);
    const bool ok = session != NULL && hook_rows_ensure(session, &status) &&
                    hook_rows_add(session, &(struct hook_rows){run->operation, rows, count, ends}, &status);
    pg_pool_give(pool, session);
    if (!ok) {
        log_warn("webhook event not written", "operation=%s error=%s", run->operation,
                 log_quoted(status.message, error));
    }
    arena_free(arena);
    return ok;
}

static void wake(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->mutex);
    webhooks->is_wanted = true;
    pthread_cond_signal(&webhooks->news);
    pthread_mutex_unlock(&webhooks->mutex);
    hook_delivery_wake(&webhooks->delivery);
}

/* ---- used by the run ---- */

struct hook_run *hook_run_begin(struct webhooks *webhooks, const char *operation)
{
    struct arena *const arena = arena_new(0);
    struct hook_run *const run = arena_alloc(arena, sizeof *run);
    pthread_mutex_lock(&webhooks->mutex);
    *run = (struct hook_run){.webhooks = webhooks,
                             .audience = {webhooks->site, webhooks->hooks, arena},
                             .operation = arena_strdup(arena, operation)};
    pthread_mutex_unlock(&webhooks->mutex);
    return run;
}

/* The rows that would report its loss are written with those of its beginning. */
static void write_begin(struct hook_run *run, uint32_t count)
{
    struct webhooks *const webhooks = run->webhooks;
    struct hook_row rows[2 * HOOKS_MOST];
    const struct hook_news started = {
        .event = HOOK_STARTED, .id = new_id(run->audience.arena), .subject = run->operation, .count = count};
    const struct hook_news lost = {.event = HOOK_LOST, .id = new_id(run->audience.arena), .subject = run->operation};
    size_t rows_made = make_rows(&run->audience, &started, UINT32_MAX, rows);
    rows_made += make_rows(&run->audience, &lost, UINT32_MAX, rows + rows_made);
    run->has_begun = true;
    pthread_mutex_lock(&webhooks->mutex);
    run->next = webhooks->runs;
    webhooks->runs = run;
    pthread_mutex_unlock(&webhooks->mutex);
    if (!write_rows(run, rows, rows_made, false, deadline_in(WRITE_MS))) {
        tally_add(&webhooks->unwritten, rows_made);
    }
    wake(webhooks);
}

/* A wait is reported once to each receiver, when it is long enough for that one. */
static void write_wait(struct hook_run *run, const struct run_event *event)
{
    struct webhooks *const webhooks = run->webhooks;
    struct hook_row rows[HOOKS_MOST];
    unsigned wanted = 0;
    for (size_t i = 0; i < run->audience.hooks->count; i++) {
        const bool is_long = event->duration_ms >= run->audience.hooks->items[i].lock_wait_ms;
        wanted |= is_long && (run->waits_told & (1u << i)) == 0 ? 1u << i : 0;
    }
    if (wanted == 0) {
        return;
    }
    const struct hook_news news = {
        .event = HOOK_LOCK_WAIT, .id = new_id(run->audience.arena), .subject = run->operation, .wait = event};
    const size_t count = make_rows(&run->audience, &news, wanted, rows);
    run->waits_told |= wanted;
    if (count > 0 && !write_rows(run, rows, count, false, deadline_in(WRITE_MS))) {
        tally_add(&webhooks->unwritten, count);
    }
    wake(webhooks);
}

void hook_run_event(struct hook_run *run, const struct run_event *event)
{
    if (event->kind == RUN_EVENT_RUN_STARTED && event->count > 0 && !run->has_begun) {
        write_begin(run, event->count);
    } else if (event->kind == RUN_EVENT_LOCK_WAIT || event->kind == RUN_EVENT_RUN_LOCK_WAIT) {
        write_wait(run, event);
    } else if (event->kind == RUN_EVENT_MIGRATION_STARTED) {
        run->waits_told = 0;
    }
}

/* With the mutex held. */
static void unlink_run(struct hook_run *run)
{
    struct hook_run **link = &run->webhooks->runs;
    while (*link != NULL && *link != run) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = run->next;
    }
}

void hook_run_end(struct hook_run *run, const struct hook_outcome *outcome)
{
    struct webhooks *const webhooks = run->webhooks;
    struct arena *const arena = run->audience.arena;
    if (!run->has_begun) {
        arena_free(arena);
        return;
    }
    const struct hook_news news = {
        .event = outcome->outcome == RUN_SUCCEEDED ? HOOK_DONE : HOOK_FAILED,
        .id = new_id(arena),
        .subject = run->operation,
        .outcome = outcome,
    };
    run->row_count = make_rows(&run->audience, &news, UINT32_MAX, run->rows);
    const bool ok = write_rows(run, run->rows, run->row_count, true, deadline_in(WRITE_MS));
    pthread_mutex_lock(&webhooks->mutex);
    run->has_ended = true;
    if (ok) {
        unlink_run(run);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    if (ok) {
        arena_free(arena);
    }
    wake(webhooks);
}

/* ---- the thread: runs of ours ---- */

/* Retries rows that could not be written at a run's end; only this thread removes ended runs. */
static void write_ends(struct webhooks *webhooks)
{
    const int64_t until = deadline_in(WRITE_MS); /* for all of them: others wait for this thread */
    struct hook_run *next;
    pthread_mutex_lock(&webhooks->mutex);
    for (struct hook_run *run = webhooks->runs; run != NULL; run = next) {
        bool is_written = false;
        if (run->has_ended && !deadline_passed(until - WRITE_MS / 2)) {
            pthread_mutex_unlock(&webhooks->mutex);
            is_written = write_rows(run, run->rows, run->row_count, true, until);
            pthread_mutex_lock(&webhooks->mutex);
        }
        next = run->next;
        if (is_written) {
            unlink_run(run);
            arena_free(run->audience.arena);
        }
    }
    pthread_mutex_unlock(&webhooks->mutex);
}

/* "{id,id}" of the running ones; "{}" if there are none. */
static const char *list_runs(struct webhooks *webhooks, struct arena *arena)
{
    struct buffer list = {.arena = arena};
    buffer_putc(&list, '{');
    pthread_mutex_lock(&webhooks->mutex);
    for (const struct hook_run *run = webhooks->runs; run != NULL; run = run->next) {
        buffer_printf(&list, "%s%s", list.size == 1 ? "" : ",", run->operation);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    buffer_putc(&list, '}');
    return buffer_string(&list);
}

/* Logs the first of several failures. */
static void complain(struct webhooks *webhooks, const struct status *status)
{
    char error[LOG_QUOTED_SIZE];
    if (!webhooks->is_complaining) {
        log_warn("webhooks wait for the database", "error=%s", log_quoted(status->message, error));
    }
    webhooks->is_complaining = true;
}

/* ---- the thread: drift ---- */

static const struct hook_list *who_wants_drift(struct webhooks *webhooks)
{
    pthread_mutex_lock(&webhooks->mutex);
    const struct hook_list *const hooks = webhooks->hooks;
    pthread_mutex_unlock(&webhooks->mutex);
    size_t i = 0;
    while (i < hooks->count && (hooks->items[i].events & HOOK_DRIFT) == 0) {
        i++;
    }
    return i < hooks->count ? hooks : NULL;
}

/* The drift and the rows that report it commit together. *told: number of rows. */
static bool write_drift(const struct audience *audience, struct pg_session *session, struct drift *drift, size_t *told,
                        struct status *status)
{
    struct hook_row rows[HOOKS_MOST];
    const struct hook_news news = {
        .event = HOOK_DRIFT, .id = new_id(audience->arena), .subject = drift->ledger, .drift = drift};
    struct status ignored = {.arena = status->arena};
    *told = 0;
    bool ok = pg_exec(session, OWN_BEGIN, status) && drift_keep_news(session, drift, status);
    if (ok && drift->count > 0) {
        *told = make_rows(audience, &news, UINT32_MAX, rows);
        ok = hook_rows_add(session, &(struct hook_rows){drift->ledger, rows, *told, false}, status);
    }
    return (ok && pg_exec(session, "COMMIT", status)) || (pg_exec(session, "ROLLBACK", &ignored), false);
}

/* What cannot be read now is no news; the next look may succeed. */
static void tell_drift(struct webhooks *webhooks, const struct hook_list *hooks)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct drift drift;
    size_t told = 0;
    const struct site *const site = webhooks->site;
    const struct request request = {.site = site,
                                    .framework = site->framework,
                                    .arena = arena,
                                    .deadline = deadline_in(WORK_MS),
                                    .status = &status};
    if (drift_look(&request, &drift) && drift.ledger != NULL) {
        const struct audience audience = {webhooks->site, hooks, arena};
        struct pg_session *const session = pg_pool_take_pinned(webhooks->pool, deadline_in(WORK_MS), &status);
        const bool ok = session != NULL && drift_table_ensure(session, &status) &&
                        write_drift(&audience, session, &drift, &told, &status);
        pg_pool_give(webhooks->pool, session);
        if (!ok) {
            complain(webhooks, &status);
        } else if (told > 0) {
            hook_delivery_wake(&webhooks->delivery);
        }
    }
    arena_free(arena);
}

/* ---- the thread ---- */

static void work(struct webhooks *webhooks, struct rounds *next)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct pg_session *const session = pg_pool_take_pinned(webhooks->pool, deadline_in(WORK_MS), &status);
    bool ok = session != NULL && (webhooks->has_table || hook_rows_ensure(session, &status));
    if (ok) {
        webhooks->has_table = true;
        webhooks->is_complaining = false;
        write_ends(webhooks);
        const char *const runs = list_runs(webhooks, arena);
        if (clock_ms() >= next->renewal && runs[1] != '}') {
            ok = hook_rows_renew(session, runs, LOST_MS, &status);
            next->renewal = clock_ms() + RENEW_MS;
        }
        if (ok && clock_ms() >= next->sweep) {
            ok = hook_delivery_sweep(&webhooks->delivery, session, &status);
            next->sweep = clock_ms() + SWEEP_MS;
        }
    }
    if (!ok) {
        complain(webhooks, &status);
        webhooks->has_table = false;
    }
    pg_pool_give(webhooks->pool, session);
    arena_free(arena);
}

/* Waits for something new, or for rows that others may have left. Returns false if the thread must end. */
static bool wait_for_work(struct webhooks *webhooks)
{
    const int64_t until = deadline_in(LOOK_MS * 3 / 4 + (uint32_t)(random() % (LOOK_MS / 2)));
    pthread_mutex_lock(&webhooks->mutex);
    while (!webhooks->is_wanted && !atomic_load(&webhooks->stopping) &&
           thread_wait(&webhooks->news, &webhooks->mutex, until)) {
    }
    webhooks->is_wanted = false;
    pthread_mutex_unlock(&webhooks->mutex);
    return !atomic_load(&webhooks->stopping);
}

static void *keep_up(void *data)
{
    struct webhooks *const webhooks = data;
    struct rounds next = {.renewal = clock_ms() + RENEW_MS};
    do {
        work(webhooks, &next);
        const struct hook_list *const hooks = clock_ms() >= next.drift ? who_wants_drift(webhooks) : NULL;
        if (hooks != NULL && webhooks->has_table) {
            tell_drift(webhooks, hooks);
            next.drift = clock_ms() + DRIFT_MS;
        }
    } while (wait_for_work(webhooks));
    return NULL;
}

struct webhooks *webhooks_start(const struct site *site, const struct hook_list *hooks, struct pg_pool *pool)
{
    struct webhooks *const webhooks = memory_alloc(sizeof *webhooks);
    post_prepare();
    webhooks->site = site;
    webhooks->hooks = hooks;
    webhooks->pool = pool;
    hook_delivery_prepare(&webhooks->delivery, webhooks->pool);
    pthread_mutex_init(&webhooks->mutex, NULL);
    thread_condition(&webhooks->news);
    if (pthread_create(&webhooks->thread, NULL, keep_up, webhooks) != 0) {
        free(webhooks);
        return NULL;
    }
    hook_delivery_start(&webhooks->delivery, hooks);
    return webhooks;
}

void webhooks_renew(struct webhooks *webhooks, const char *path)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct edition *const edition = arena_alloc(arena, sizeof *edition);
    char error[LOG_QUOTED_SIZE];
    if (!hooks_read(arena, path, &edition->hooks, &status)) {
        log_warn("webhooks stay as they were", "error=%s", log_quoted(status.message, error));
        arena_free(arena);
        return;
    }
    hook_delivery_stop(&webhooks->delivery);
    pthread_mutex_lock(&webhooks->mutex);
    edition->arena = arena;
    edition->before = webhooks->editions;
    webhooks->editions = edition;
    webhooks->hooks = &edition->hooks;
    pthread_mutex_unlock(&webhooks->mutex);
    hook_delivery_start(&webhooks->delivery, &edition->hooks);
    log_info("webhooks read again", "count=%zu", edition->hooks.count);
}

void webhooks_stop(struct webhooks *webhooks)
{
    if (webhooks == NULL) {
        return;
    }
    pthread_mutex_lock(&webhooks->mutex);
    atomic_store(&webhooks->stopping, true);
    pthread_cond_broadcast(&webhooks->news);
    pthread_mutex_unlock(&webhooks->mutex);
    pthread_join(webhooks->thread, NULL);
    hook_delivery_stop(&webhooks->delivery);
    hook_delivery_release(&webhooks->delivery);
    for (struct hook_run *run = webhooks->runs, *next; run != NULL; run = next) {
        next = run->next;
        arena_free(run->audience.arena);
    }
    for (struct edition *edition = webhooks->editions, *before; edition != NULL; edition = before) {
        before = edition->before;
        arena_free(edition->arena);
    }
    pthread_mutex_destroy(&webhooks->mutex);
    pthread_cond_destroy(&webhooks->news);
    free(webhooks);
}

void webhooks_show(const struct webhooks *webhooks, struct metrics *metrics)
{
    if (webhooks == NULL) {
        return;
    }
    const struct {
        struct metric metric;
        double value;
    } rows[] = {
        {{"truss_webhooks_delivered_total", "Events that receivers have taken from this worker.", METRIC_COUNTER},
         (double)tally_read(&webhooks->delivery.delivered)},
        {{"truss_webhooks_failures_total", "Tries to deliver an event that failed.", METRIC_COUNTER},
         (double)tally_read(&webhooks->delivery.failures)},
        {{"truss_webhooks_given_up_total", "Events that were tried to the end and never taken.", METRIC_COUNTER},
         (double)tally_read(&webhooks->delivery.given_up)},
        {{"truss_webhooks_unwritten_total", "Events that could not be stored, and so are not delivered.",
          METRIC_COUNTER},
         (double)tally_read(&webhooks->unwritten)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        metrics_number(metrics, &rows[i].metric, rows[i].value);
    }
}
