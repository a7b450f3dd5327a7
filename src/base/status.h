/*
 * An error: created where it is known, passed up unchanged. Codes are gRPC's. A function that can fail returns bool (or
 * a pointer) and fills a status; its strings live in the status's arena.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum status_code {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

/* A reason for programs, if the code is too coarse. */
enum reason {
#define REASON(word, http, meaning) REASON_##word,
#include "base/reasons.def"
#undef REASON
};

#define STATUS_SUGGESTIONS 3

/* Start with {.arena = arena}. Strings are NULL if not known. */
struct status {
    struct arena *arena; /* borrowed: where the strings live */
    enum status_code code;
    const char *message;  /* one sentence that a person can act on */
    const char *sqlstate; /* this and the next two are PostgreSQL's */
    const char *detail;
    const char *hint;
    const char *migration;                       /* which one the error is about */
    const char *reason;                          /* for programs: of enum reason, or of a newer worker */
    uint32_t position;                           /* 1-based, in characters; 0: unknown */
    uint32_t retry_ms;                           /* with UNAVAILABLE: when to try again; 0: unknown */
    const char *suggestions[STATUS_SUGGESTIONS]; /* similar names; unused ones are NULL */
};

/* Sets code and message, and clears everything else. Returns false, so that the caller can return it. */
bool status_fail(struct status *status, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a reason. */
bool status_fail_because(struct status *status, enum status_code code, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A copy whose strings live in the arena. */
struct status status_keep(struct arena *arena, const struct status *status);

/* "LOCKED", …: the word in the protocol. */
const char *reason_word(enum reason reason);

/* Is this the reason that the status gives? */
bool status_is_because(const struct status *status, enum reason reason);

/* "NOT_FOUND", …; "UNKNOWN" for an invalid code. */
const char *status_code_name(enum status_code code);

/* The HTTP status of a code, as in grpc-gateway (CANCELLED 499, FAILED_PRECONDITION 400, ABORTED 409, …). */
unsigned status_code_http(enum status_code code);

/* The HTTP status of an answer: its reason's if there is one, else its code's. */
unsigned status_http(const struct status *status);

#endif
