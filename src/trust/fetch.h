/*
 * One document over HTTPS, by libcurl: bounded in time and size, without redirects, so that what the operator named is
 * what is read.
 */
#ifndef TRUST_FETCH_H
#define TRUST_FETCH_H

#include "base/status.h"
#include "base/text.h"

struct fetch {
    const char *url;               /* https:, or http: of this machine */
    const char *ca;                /* PEM, instead of the authorities that the system knows; NULL: those */
    size_t limit;                  /* bytes */
    bool (*is_ending)(void *data); /* asked while it waits: true gives up */
    void *data;
};

/* Before there are threads that fetch. */
void fetch_begin(void);

/* The document, in the status's arena. UNAVAILABLE, saying what is wrong, where there is none within 10 seconds. */
bool fetch_text(const struct fetch *fetch, struct text *content, struct status *status);

#endif
