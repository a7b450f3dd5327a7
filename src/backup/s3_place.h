/*
 * Where an S3-compatible store is, and who we are there:
 *
 *   s3://BUCKET[/PREFIX][?endpoint=https://HOST[:PORT]][&region=REGION][&style=path|virtual][&insecure=true]
 *
 * Without an endpoint it is Amazon's. The credentials are in the environment alone (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN): a URL is seen by everybody who lists processes.
 */
#ifndef BACKUP_S3_PLACE_H
#define BACKUP_S3_PLACE_H

#include "base/status.h"
#include "base/text.h"

struct s3_place {
    const char *bucket;
    const char *prefix; /* "" or "a/b/": before the names of all objects */
    const char *origin; /* "https://host:port" */
    const char *host;   /* as in the header Host */
    const char *base;   /* of each object's path: "/" or "/bucket/" */
    const char *region;
    const char *display; /* "s3://bucket/prefix", for people */
    const char *key_id;  /* of the credentials, as the next two */
    const char *secret;
    const char *token;   /* NULL: none */
    const char *ca_file; /* AWS_CA_BUNDLE; NULL: the system's */
};

/* Is it the URL of a store, rather than a folder? */
bool s3_place_is(const char *url);

/* Reads it, and the credentials. INVALID_ARGUMENT says what is wrong with it; FAILED_PRECONDITION which variable is
 * missing. The place lives in the arena. */
bool s3_place_read(struct arena *arena, const char *url, struct s3_place *place, struct status *status);

/* Appends a text as a part of a path or a query, percent-encoded; `keeps_slash`: '/' stays. */
void s3_put_encoded(struct buffer *out, const char *value, bool keeps_slash);

#endif
