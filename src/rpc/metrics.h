/*
 * Metrics as messages, and as the text that Prometheus reads (exposition format 0.0.4). A worker sends metric families;
 * a bridge merges those of its workers with its own.
 */
#ifndef RPC_METRICS_H
#define RPC_METRICS_H

#include "base/arena.h"
#include "base/tally.h"
#include "base/text.h"
#include "base/vitals.h"
#include "truss/health/v1/health.pb-c.h"

typedef Truss__Health__V1__MetricFamily metric_family;

enum metric_kind { METRIC_COUNTER = 1, METRIC_GAUGE, METRIC_HISTOGRAM };

/* A list under construction, all of it in the arena. */
struct metrics {
    struct arena *arena;
    metric_family **items;
    size_t count;
    size_t capacity;
};

/* Describes a family; the strings are borrowed for as long as the message lives. */
struct metric {
    const char *name;
    const char *help;
    enum metric_kind kind;
};

/* Adds a family, which is shown also without samples. Add samples to what this returns. */
metric_family *metrics_family(struct metrics *metrics, const struct metric *metric);

/* A label; the strings are copied. */
struct metric_label {
    const char *name;
    const char *value;
};

/* Adds a sample with these labels (ended by a NULL name; NULL: no labels). */
void metrics_sample(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                    double value);

/* Adds a family with one sample and no labels. */
void metrics_number(struct metrics *metrics, const struct metric *metric, double value);

/* Adds a histogram's buckets, sum and count with these labels. */
void metrics_times(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                   const struct tally_times *times);

/* Adds metrics of this process; their names start with `prefix` ("process_", "truss_worker_"). What cannot be read is
 * left out. */
void metrics_vitals(struct metrics *metrics, const char *prefix);

/* Adds copies of another list's families, each sample with the additional label `with`; a family that exists gets the
 * samples. The list comes from outside, so a family or label with an invalid name is left out, and so is a family that
 * exists with another kind. */
void metrics_merge(struct metrics *metrics, metric_family *const *items, size_t count, const struct metric_label *with);

/* Appends the text. */
void metrics_write(struct buffer *out, const struct metrics *metrics);

#endif
