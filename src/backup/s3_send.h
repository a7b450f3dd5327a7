/*
 * One request to a store and its answer, by libcurl: signed, tried again where the store or the way to it has a bad
 * moment, and what the store refuses told so that a person knows what to do.
 */
#ifndef BACKUP_S3_SEND_H
#define BACKUP_S3_SEND_H

#include "backup/s3_place.h"

#define S3_ANSWER_MOST ((size_t)8 * 1024 * 1024) /* of what is kept: a list of 1000 names has some 500 KiB */

/* Once, before there are threads. */
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
    int64_t from;                                /* the answer from this byte on */
    int64_t size;                                /* so many bytes of it; 0: all to its end */
    bool (*take)(void *data, struct text piece); /* the answer as it comes, and tried once only; NULL: it is kept */
    bool (*go_on)(void *data);                   /* asked now and then: false ends it; NULL: it goes on */
    void *data;                                  /* of take and go_on */
};

struct s3_answer {
    struct text body;
    const char *etag; /* "" where there is none */
    int64_t size;     /* Content-Length; -1: unknown */
};

/* True for 2xx; `answer` lives in the status's arena. NOT_FOUND: there is no such object; CANCELLED: go_on said no;
 * UNAVAILABLE: the store does not answer, or only with its own errors, also after several tries. */
bool s3_send(struct s3_link *link, const struct s3_request *request, struct s3_answer *answer, struct status *status);

/* What stands between <TAG> and </TAG> at or after *from, which moves behind it; data is NULL where there is none. */
struct text s3_between(struct text xml, const char *tag, size_t *from);

/* What such a piece says: its entities ("&amp;", "&#x27;") are characters. What is no entity stays as it is. */
const char *s3_unescaped(struct arena *arena, struct text xml);

#endif
