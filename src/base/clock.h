/*
 * Time: a monotonic clock for deadlines and durations, and the wall clock for people.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of a monotonic clock. */
int64_t clock_ms(void);

/* Microseconds of the same clock. */
int64_t clock_us(void);

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);

#define NO_TIME     INT64_MIN /* "no such time" for wall-clock microseconds */
#define NO_DEADLINE INT64_MAX

/* The time `ms` from now (clock_ms); for 0 NO_DEADLINE. */
int64_t deadline_in(uint32_t ms);

/* Milliseconds left, for poll(2): -1 for no deadline, 0 if it has passed. */
int deadline_left(int64_t deadline);

bool deadline_passed(int64_t deadline);

#define RFC3339_SIZE 40

/* Writes "2026-11-23T10:34:00.123456Z" (without a zero fraction), NUL-terminated. */
void clock_rfc3339(int64_t wall_us, char out[RFC3339_SIZE]);

/* Writes the time as people read it in lists and sentences, to the second: "2026-11-23 10:34:00Z". */
void clock_for_people(int64_t wall_us, char out[RFC3339_SIZE]);

/* Parses "2026-11-23T10:34:00Z", also with a fraction or with "+01:00" instead of the Z. Returns false if it is
 * invalid. */
bool clock_rfc3339_read(const char *text, int64_t *wall_us);

#endif
