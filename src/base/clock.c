/*
 * Deadlines are moments of the monotonic clock; only what people read comes from the wall clock.
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
