/*
 * Where an S3-compatible store is, and our credentials:
 *
 *     s3://BUCKET[/PREFIX][?endpoint=https://HOST[:PORT]][&region=REGION][&style=path|virtual][&insecure=true]
 *
 * Without an endpoint it is Amazon's. Credentials come only from the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), because everybody who lists processes can see a URL.
 */
#ifndef BACKUP_S3_PLACE_H
#define BACKUP_S3_PLACE_H

#include "base/status.h"
#include "base/text.h"

struct s3_place {
    const char *bucket;
    const char *prefix; /* "" or "a/b/": precedes the names of all objects */
    const char *origin; /* "https://host:port" */
    const char *host;   /* the Host header */
    const char *base;   /* the beginning of each object's path: "/" or "/bucket/" */
    const char *region;
    const char *display; /* "s3://bucket/prefix", for people */
    const char *key_id;  /* this and the next two are the credentials */
    const char *secret;
    const char *token;   /* NULL: none */
    const char *ca_file; /* AWS_CA_BUNDLE; NULL: the system's */
};

/* Is it the URL of a store, and not a folder? */
bool s3_place_is(const char *url);

/* Parses the URL and reads the credentials. INVALID_ARGUMENT says what is wrong with the URL, FAILED_PRECONDITION which
 * variable is missing. The place lives in the arena. */
bool s3_place_read(struct arena *arena, const char *url, struct s3_place *place, struct status *status);

#endif
