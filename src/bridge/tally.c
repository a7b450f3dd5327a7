#include "bridge/tally.h"

#include <stdlib.h>

/* The statuses that we use; the last one stands for any other. */
static const unsigned codes[] = {200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 408, 409, 412,
                                 413, 415, 422, 428, 429, 431, 499, 500, 501, 502, 503, 504, 0};

#define CODES (sizeof codes / sizeof codes[0])

struct row {
    tally codes[CODES];
    struct tally_times times;
};

struct http_tally {
    size_t count;
    struct row *rows;
};

unsigned http_tally_slot(const struct route *route)
{
    unsigned slot = HTTP_SLOT_ROUTES;
    for (const struct route *one = routes; one != NULL && one != route; one = route_next(one)) {
        slot++;
    }
    return slot;
}

struct http_tally *http_tally_new(void)
{
    struct http_tally *const counted = memory_alloc(sizeof *counted);
    counted->count = http_tally_slot(NULL);
    counted->rows = memory_alloc(counted->count * sizeof *counted->rows);
    return counted;
}

void http_tally_free(struct http_tally *counted)
{
    if (counted != NULL) {
        free(counted->rows);
        free(counted);
    }
}

void http_tally_answered(struct http_tally *counted, unsigned slot, unsigned status, int64_t us)
{
    struct row *const row = &counted->rows[slot < counted->count ? slot : HTTP_SLOT_NONE];
    size_t i = 0;
    while (i < CODES - 1 && codes[i] != status) {
        i++;
    }
    tally_add(&row->codes[i], 1);
    if (us >= 0) {
        tally_time(&row->times, us);
    }
}

/* ---- showing ---- */

struct showing {
    const struct metrics *metrics;
    metric_family *requests;
    metric_family *times;
};

static void show_row(const struct showing *showing, const struct row *row, const char *method, const char *pattern)
{
    struct arena *const arena = showing->metrics->arena;
    struct metric_label labels[] = {{"method", method}, {"route", pattern}, {0}, {0}};
    for (size_t i = 0; i < CODES; i++) {
        const uint64_t count = tally_read(&row->codes[i]);
        if (count > 0) {
            labels[2] = (struct metric_label){"code", codes[i] == 0 ? "other" : arena_printf(arena, "%u", codes[i])};
            metrics_sample(showing->metrics, showing->requests, labels, (double)count);
        }
    }
    labels[2] = (struct metric_label){0};
    if (tally_times_count(&row->times) > 0) {
        metrics_times(showing->metrics, showing->times, labels, &row->times);
    }
}

void http_tally_show(const struct http_tally *counted, struct metrics *metrics)
{
    static const struct metric requests = {
        "truss_http_requests_total", "Requests answered, by route and status; panel: its files; none: no such route.",
        METRIC_COUNTER};
    static const struct metric times = {"truss_http_request_duration_seconds",
                                        "Time from a whole request to the end of its answer, streams left out.",
                                        METRIC_HISTOGRAM};
    const struct showing showing = {metrics, metrics_family(metrics, &requests), metrics_family(metrics, &times)};
    const struct row *row = counted->rows;
    show_row(&showing, row++, "", "none");
    show_row(&showing, row++, "GET", "panel");
    for (const struct route *route = routes; route != NULL; route = route_next(route)) {
        show_row(&showing, row++, route->method, route->pattern);
    }
}
