/*
 * Deadlines use the monotonic clock; the wall clock is only for people.
 */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t deadline_in(uint32_t ms)
{
    return ms == 0 ? NO_DEADLINE : clock_ms() + ms;
}

int deadline_left(int64_t deadline)
{
    if (deadline == NO_DEADLINE) {
        return -1;
    }
    const int64_t left = deadline - clock_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

bool deadline_passed(int64_t deadline)
{
    return deadline_left(deadline) == 0;
}

void clock_rfc3339(int64_t wall_us, char out[RFC3339_SIZE])
{
    int64_t seconds = wall_us / 1000000;
    int64_t micros = wall_us % 1000000;
    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    const time_t time = (time_t)seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    size_t size = strftime(out, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    if (micros != 0) {
        size += (size_t)snprintf(out + size, RFC3339_SIZE - size, ".%06d", (int)micros);
    }
    snprintf(out + size, RFC3339_SIZE - size, "Z");
}

void clock_for_people(int64_t wall_us, char out[RFC3339_SIZE])
{
    clock_rfc3339(wall_us - wall_us % 1000000, out);
    out[sizeof "2026-11-23" - 1] = ' ';
}

/* "Z" or "+01:00" at the end of the text, in seconds. */
static bool read_offset(const char *text, int *seconds)
{
    int hours;
    int minutes;
    int used = 0;
    *seconds = 0;
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        used != 5 || text[6] != '\0' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return false;
    }
    *seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_rfc3339_read(const char *text, int64_t *wall_us)
{
    struct tm parts = {0};
    int offset;
    int64_t micros = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == NULL || rest - text != 19 || parts.tm_sec > 59) {
        return false;
    }
    if (*rest == '.') {
        int64_t unit = 100000;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10) {
            micros += (*rest - '0') * unit;
        }
    }
    const int day = parts.tm_mday;
    const time_t seconds = timegm(&parts);
    if (!read_offset(rest, &offset) || parts.tm_mday != day) {
        return false;
    }
    *wall_us = ((int64_t)seconds - offset) * 1000000 + micros;
    return true;
}
