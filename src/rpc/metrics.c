/*
 * The text format: https://prometheus.io/docs/instrumenting/exposition_formats/. Names are [a-zA-Z_:][a-zA-Z0-9_:]*,
 * labels the same without ":"; in a label's value backslash, quote and line feed are escaped, in HELP backslash and
 * line feed.
 */
#include "rpc/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef Truss__Health__V1__MetricSample sample;
typedef Truss__Health__V1__MetricLabel label;

static char *string_of(const char *string)
{
    return (char *)(uintptr_t)string;
}

/* ---- making ---- */

/* Lists have room for their number of items rounded up to a power of two. */
static void *grown(struct arena *arena, void *items, size_t count)
{
    if (count != 0 && (count & (count - 1)) != 0) {
        return items;
    }
    void **const more = arena_array(arena, count == 0 ? 1 : 2 * count, sizeof *more);
    if (count > 0) {
        memcpy(more, items, count * sizeof *more);
    }
    return more;
}

metric_family *metrics_family(struct metrics *metrics, const struct metric *metric)
{
    metric_family *const family = arena_alloc(metrics->arena, sizeof *family);
    truss__health__v1__metric_family__init(family);
    family->name = string_of(metric->name);
    family->help = string_of(metric->help);
    family->kind = (Truss__Health__V1__MetricFamily__Kind)metric->kind;
    metrics->items =
        arena_grow(metrics->arena, metrics->items, metrics->count, &metrics->capacity, sizeof *metrics->items);
    metrics->items[metrics->count++] = family;
    return family;
}

static void add_label(struct arena *arena, sample *one, const char *name, const char *value)
{
    label *const made = arena_alloc(arena, sizeof *made);
    truss__health__v1__metric_label__init(made);
    made->name = arena_strdup(arena, name);
    made->value = text_clean(arena, value, 500);
    one->labels = grown(arena, one->labels, one->n_labels);
    one->labels[one->n_labels++] = made;
}

static sample *add_sample(struct arena *arena, metric_family *family, const struct metric_label *labels, double value)
{
    sample *const one = arena_alloc(arena, sizeof *one);
    truss__health__v1__metric_sample__init(one);
    one->value = value;
    for (; labels != NULL && labels->name != NULL; labels++) {
        add_label(arena, one, labels->name, labels->value);
    }
    family->samples = grown(arena, family->samples, family->n_samples);
    family->samples[family->n_samples++] = one;
    return one;
}

void metrics_sample(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                    double value)
{
    add_sample(metrics->arena, family, labels, value);
}

void metrics_number(struct metrics *metrics, const struct metric *metric, double value)
{
    add_sample(metrics->arena, metrics_family(metrics, metric), NULL, value);
}

void metrics_times(const struct metrics *metrics, metric_family *family, const struct metric_label *labels,
                   const struct tally_times *times)
{
    struct arena *const arena = metrics->arena;
    uint64_t count = 0;
    for (size_t i = 0; i <= TALLY_BUCKETS; i++) {
        count += tally_read(&times->buckets[i]);
        sample *const one = add_sample(arena, family, labels, (double)count);
        one->suffix = string_of("_bucket");
        add_label(arena, one, "le", i == TALLY_BUCKETS ? "+Inf" : arena_printf(arena, "%g", tally_bounds[i]));
    }
    add_sample(arena, family, labels, (double)tally_read(&times->sum_us) / 1e6)->suffix = string_of("_sum");
    add_sample(arena, family, labels, (double)count)->suffix = string_of("_count");
}

void metrics_vitals(struct metrics *metrics, const char *prefix)
{
    struct vitals vitals;
    vitals_read(&vitals);
    const struct {
        struct metric metric;
        double value;
    } rows[] = {
        {{"resident_memory_bytes", "Resident memory size in bytes.", METRIC_GAUGE}, (double)vitals.resident_bytes},
        {{"virtual_memory_bytes", "Virtual memory size in bytes.", METRIC_GAUGE}, (double)vitals.virtual_bytes},
        {{"threads", "Number of threads.", METRIC_GAUGE}, (double)vitals.threads},
        {{"open_fds", "Number of open file descriptors.", METRIC_GAUGE}, (double)vitals.open_fds},
        {{"max_fds", "Maximum number of open file descriptors.", METRIC_GAUGE}, (double)vitals.max_fds},
        {{"cpu_seconds_total", "User and system CPU time spent in seconds.", METRIC_COUNTER}, vitals.cpu_seconds},
        {{"start_time_seconds", "Start time since 1970-01-01 UTC in seconds.", METRIC_GAUGE}, vitals.start_seconds},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].value >= 0) {
            struct metric metric = rows[i].metric;
            metric.name = arena_printf(metrics->arena, "%s%s", prefix, metric.name);
            metrics_number(metrics, &metric, rows[i].value);
        }
    }
}

/* ---- putting together ---- */

static bool is_name(const char *name, bool may_have_colon)
{
    if (name[0] == '\0' || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        const bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        if (!is_letter && !(*c >= '0' && *c <= '9') && !(may_have_colon && *c == ':')) {
            return false;
        }
    }
    return true;
}

static bool is_sound(const metric_family *family)
{
    bool sound =
        is_name(family->name, true) && family->kind >= (int)METRIC_COUNTER && family->kind <= (int)METRIC_HISTOGRAM;
    for (size_t i = 0; sound && i < family->n_samples; i++) {
        const sample *const one = family->samples[i];
        sound = one->suffix[0] == '\0' || (family->kind == (int)METRIC_HISTOGRAM && is_name(one->suffix, false));
        for (size_t k = 0; sound && k < one->n_labels; k++) {
            sound = is_name(one->labels[k]->name, false);
        }
    }
    return sound;
}

/* The family of this name, or a new one. NULL: it exists with another kind. */
static metric_family *family_for(struct metrics *metrics, const metric_family *like)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->items[i]->name, like->name) == 0) {
            return metrics->items[i]->kind == like->kind ? metrics->items[i] : NULL;
        }
    }
    const struct metric metric = {arena_strdup(metrics->arena, like->name), arena_strdup(metrics->arena, like->help),
                                  (enum metric_kind)like->kind};
    return metrics_family(metrics, &metric);
}

void metrics_merge(struct metrics *metrics, metric_family *const *items, size_t count, const struct metric_label *with)
{
    for (size_t i = 0; i < count; i++) {
        metric_family *const family = is_sound(items[i]) ? family_for(metrics, items[i]) : NULL;
        for (size_t k = 0; family != NULL && k < items[i]->n_samples; k++) {
            const sample *const one = items[i]->samples[k];
            sample *const copy = add_sample(metrics->arena, family, NULL, one->value);
            copy->suffix = arena_strdup(metrics->arena, one->suffix);
            add_label(metrics->arena, copy, with->name, with->value);
            for (size_t l = 0; l < one->n_labels; l++) {
                add_label(metrics->arena, copy, one->labels[l]->name, one->labels[l]->value);
            }
        }
    }
}

/* ---- writing ---- */

static void put_escaped(struct buffer *out, const char *string, bool quotes)
{
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '\n') {
            buffer_puts(out, "\\n");
        } else {
            if (*c == '\\' || (quotes && *c == '"')) {
                buffer_putc(out, '\\');
            }
            buffer_putc(out, *c);
        }
    }
}

static void put_value(struct buffer *out, double value)
{
    if (isnan(value)) {
        buffer_puts(out, "NaN");
    } else if (isinf(value)) {
        buffer_puts(out, value > 0 ? "+Inf" : "-Inf");
    } else {
        buffer_printf(out, "%.15g", value);
    }
}

static void put_sample(struct buffer *out, const metric_family *family, const sample *one)
{
    buffer_puts(out, family->name);
    buffer_puts(out, one->suffix);
    for (size_t i = 0; i < one->n_labels; i++) {
        buffer_printf(out, "%s%s=\"", i == 0 ? "{" : ",", one->labels[i]->name);
        put_escaped(out, one->labels[i]->value, true);
        buffer_putc(out, '"');
    }
    buffer_puts(out, one->n_labels == 0 ? " " : "} ");
    put_value(out, one->value);
    buffer_putc(out, '\n');
}

void metrics_write(struct buffer *out, const struct metrics *metrics)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    for (size_t i = 0; i < metrics->count; i++) {
        const metric_family *const family = metrics->items[i];
        buffer_printf(out, "# HELP %s ", family->name);
        put_escaped(out, family->help, false);
        buffer_printf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
        for (size_t k = 0; k < family->n_samples; k++) {
            put_sample(out, family, family->samples[k]);
        }
    }
}
