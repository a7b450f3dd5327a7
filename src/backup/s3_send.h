/*
 * Sends a request to an S3 store with libcurl: signs it, retries temporary failures, and explains refusals so that a
 * person knows what to do.
 */
#ifndef BACKUP_S3_SEND_H
#define BACKUP_S3_SEND_H

#include "backup/s3_place.h"

#define S3_ANSWER_MOST ((size_t)8 * 1024 * 1024) /* the most that is kept: a list of 1000 names has 500 KiB */

/* Call it once, before there are threads. */
void s3_start(void);

/* A connection that is kept between requests; for one thread at a time. */
struct s3_link;
struct s3_link *s3_link_new(const struct s3_place *place);
void s3_link_free(struct s3_link *link);

struct s3_request {
    const char *method;
    const char *key;   /* an object's name without the prefix; NULL: the bucket itself */
    const char *query; /* encoded, sorted by name; NULL: none */
    struct text body;
    int64_t from;                                /* first byte of the object */
    int64_t size;                                /* number of bytes; 0: to the end */
    bool (*take)(void *data, struct text piece); /* receives the answer, without retries; NULL: it is kept */
    bool (*go_on)(void *data);                   /* called periodically; returning false aborts; NULL: never */
    void *data;                                  /* for take and go_on */
};

struct s3_answer {
    struct text body;
    const char *etag; /* "": none */
    int64_t size;     /* Content-Length; -1: unknown */
};

/* Returns true for a 2xx answer; `answer` lives in the status's arena. NOT_FOUND: no such object; CANCELLED: go_on
 * returned false; UNAVAILABLE: the store does not answer, or only with its own errors, even after several attempts. */
bool s3_send(struct s3_link *link, const struct s3_request *request, struct s3_answer *answer, struct status *status);

/* The text between <TAG> and </TAG> at or after *from, which is advanced; data is NULL if there is none. */
struct text s3_between(struct text xml, const char *tag, size_t *from);

/* Decodes the entities ("&amp;", "&#x27;") of such a text; invalid ones stay as they are. */
const char *s3_unescaped(struct arena *arena, struct text xml);

#endif
