/*
 * Parses values by the kind of their option.
 */
#include "base/limits.h"

#include "base/options.h"
#include "base/text.h"
#include "base/words.h"

#include <stdlib.h>
#include <string.h>

static bool fail(struct status *status, const struct option_given *given, const char *takes)
{
    return status_fail(status, STATUS_INVALID_ARGUMENT, "%s takes %s, not \"%s\".", given->from, takes, given->text);
}

static bool read_flag(const struct option_given *given, bool *value, struct status *status)
{
    static const char *const yes[] = {"1", "true", "yes", "on", NULL};
    static const char *const no[] = {"0", "false", "no", "off", NULL};
    *value = word_is_one_of_nocase(text_of(given->text), yes);
    return *value || word_is_one_of_nocase(text_of(given->text), no) || fail(status, given, "true or false");
}

/* One of the words of "each|all". */
static bool read_choice(const struct option *option, const struct option_given *given, const char **value,
                        struct status *status)
{
    struct text rest = text_of(option->argument);
    while (rest.size > 0) {
        const size_t bar = text_find(rest, "|", 0);
        if (text_is(text_slice(rest, 0, bar), given->text)) {
            *value = given->text;
            return true;
        }
        rest = bar == SIZE_MAX ? (struct text){0} : text_slice(rest, bar + 1, rest.size);
    }
    struct buffer words = {.arena = status->arena};
    for (const char *c = option->argument; *c != '\0'; c++) {
        buffer_printf(&words, *c == '|' ? (strchr(c + 1, '|') == NULL ? " or " : ", ") : "%c", *c);
    }
    return fail(status, given, buffer_string(&words));
}

/* Seconds in the unit; 0 if invalid. */
static double unit_of(const char *word)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"min", 60}, {"h", 3600}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(word, units[i].word) == 0) {
            return units[i].seconds;
        }
    }
    return 0;
}

static bool read_seconds(const struct option_given *given, bool zero_too, uint32_t *ms, struct status *status)
{
    char *end;
    const double number = strtod(given->text, &end);
    const double unit = unit_of(end);
    const double milliseconds = number * unit * 1000;
    const bool is_number = end != given->text && unit != 0 && milliseconds >= 0 && milliseconds <= LIMIT_OPTION_MS;
    if (!is_number || (milliseconds < 1 && !(zero_too && milliseconds == 0))) {
        return fail(status, given, "a number of seconds, or 500ms, 5m, 2h, up to a week");
    }
    *ms = (uint32_t)milliseconds;
    return true;
}

static bool read_milliseconds(const struct option_given *given, uint32_t *ms, struct status *status)
{
    char *end;
    unsigned long number = strtoul(given->text, &end, 10);
    const bool has_unit = strcmp(end, "ms") == 0 || strcmp(end, "s") == 0;
    const bool is_number = given->text[0] >= '0' && given->text[0] <= '9' && (*end == '\0' || has_unit);
    if (is_number && *end == 's' && number <= LIMIT_LOCK_TIMEOUT_MS) {
        number *= 1000;
    }
    if (!is_number || number < 1 || number > LIMIT_LOCK_TIMEOUT_MS) {
        return fail(status, given, arena_printf(status->arena, "1 to %d milliseconds", LIMIT_LOCK_TIMEOUT_MS));
    }
    *ms = (uint32_t)number;
    return true;
}

static bool read_size(const struct option_given *given, size_t *size, struct status *status)
{
    static const struct {
        const char *word;
        size_t bytes;
    } units[] = {{"", 1},        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
                 {"K", 1 << 10}, {"M", 1 << 20},   {"G", 1 << 30}};
    char *end;
    const unsigned long long number = strtoull(given->text, &end, 10);
    for (size_t i = 0; given->text[0] >= '0' && given->text[0] <= '9' && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].word) == 0 && number > 0 && number <= LIMIT_OPTION_SIZE / units[i].bytes) {
            *size = (size_t)number * units[i].bytes;
            return true;
        }
    }
    return fail(status, given, "a size as 256MiB, 64KiB or 1GiB, or a number of bytes, up to 1GiB");
}

static bool read_number(const struct option_given *given, uint32_t *number, struct status *status)
{
    char *end;
    const unsigned long value = strtoul(given->text, &end, 10);
    if (given->text[0] < '0' || given->text[0] > '9' || *end != '\0' || value > LIMIT_OPTION_NUMBER) {
        return fail(status, given, arena_printf(status->arena, "a number from 0 to %d", LIMIT_OPTION_NUMBER));
    }
    *number = (uint32_t)value;
    return true;
}

/* Whole hours: a branch ends by the hour. */
static bool read_hours(const struct option_given *given, uint32_t *hours, struct status *status)
{
    static const struct {
        const char *word;
        unsigned long hours;
    } units[] = {{"", 1}, {"h", 1}, {"d", 24}, {"w", 168}};
    char *end;
    const unsigned long number = strtoul(given->text, &end, 10);
    for (size_t i = 0; given->text[0] >= '0' && given->text[0] <= '9' && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].word) == 0 && number <= LIMIT_OPTION_NUMBER / units[i].hours) {
            *hours = (uint32_t)(number * units[i].hours);
            return true;
        }
    }
    return fail(status, given,
                arena_printf(status->arena, "whole hours (48), or 48h, 2d, 2w, up to %d hours", LIMIT_OPTION_NUMBER));
}

bool option_store(const struct option *option, const struct option_given *given, struct options *options,
                  struct status *status)
{
    void *const member = (char *)options + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        return read_flag(given, member, status);
    case OPTION_CHOICE:
        return read_choice(option, given, member, status);
    case OPTION_SECONDS:
    case OPTION_SECONDS_OR_NONE:
        return read_seconds(given, option->kind == OPTION_SECONDS_OR_NONE, member, status);
    case OPTION_MILLISECONDS:
        return read_milliseconds(given, member, status);
    case OPTION_SIZE:
        return read_size(given, member, status);
    case OPTION_NUMBER:
        return read_number(given, member, status);
    case OPTION_HOURS:
        return read_hours(given, member, status);
    case OPTION_TEXT:
    case OPTION_SECRET:
        break;
    }
    *(const char **)member = given->text;
    return true;
}
