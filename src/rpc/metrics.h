/*
 * Metrics as messages, and as the text that Prometheus reads (exposition format 0.0.4). A worker sends families; a
 * bridge puts those of its workers and its own together, each family once.
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

/* What a family is; its strings are borrowed for as long as the message lives. */
struct metric {
    const char *name;
    const char *help;
    enum metric_kind kind;
};

/* Begins a family; samples are added to it. Without samples it is shown all the same. */
metric_family *metrics_family(struct metrics *metrics, const struct metric *metric);

/* A label; the strings are copied. */
struct metric_label {
    const char *name;
    const char *value;
};

/* Adds a sample with these labels (NULL name: their end; labels NULL: none). */
void metrics_sample(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                    double value);

/* A family with one sample without labels. */
void metrics_number(struct metrics *metrics, const struct metric *metric, double value);

/* Adds buckets, sum and count with these labels. */
void metrics_times(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                   const struct tally_times *times);

/* The process itself, each name with this in front ("process_", "truss_worker_"). What cannot be read is left out. */
void metrics_vitals(struct metrics *metrics, const char *prefix);

/* Adds families of another list, each sample with one more label: to the family of the same name where there is one. A
 * family or label whose name is none, and one that is there as another kind, is left out: they come from outside. All
 * of it is copied: the other list may go. */
void metrics_merge(struct metrics *metrics, metric_family *const *items, size_t count, const struct metric_label *with);

/* Appends the text. */
void metrics_write(struct buffer *out, const struct metrics *metrics);

#endif
