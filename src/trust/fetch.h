/*
 * Fetches a document over HTTPS with libcurl: limited in time and size, and without redirects, so that only what the
 * operator named is read.
 */
#ifndef TRUST_FETCH_H
#define TRUST_FETCH_H

#include "base/status.h"
#include "base/text.h"

struct fetch {
    const char *url;               /* https:, or http: on this machine */
    const char *ca;                /* a PEM file that replaces the system's authorities; NULL: the system's */
    size_t limit;                  /* bytes */
    bool (*is_ending)(void *data); /* called during waiting; returning true aborts */
    void *data;
};

/* Call it before there are threads that fetch. */
void fetch_begin(void);

/* The document, in the status's arena. UNAVAILABLE with the reason if it is not there within 10 seconds. */
bool fetch_text(const struct fetch *fetch, struct text *content, struct status *status);

#endif
