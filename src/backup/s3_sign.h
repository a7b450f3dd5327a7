/*
 * Signature version 4 of Amazon's: who a request is from, and that nothing of it was changed on its way, its body
 * included. Ours rather than libcurl's (CURLOPT_AWS_SIGV4), which in 7.88 (Debian 12) signs a query that is not sorted,
 * and a path as it is, wrongly.
 */
#ifndef BACKUP_S3_SIGN_H
#define BACKUP_S3_SIGN_H

#include "backup/s3_place.h"

struct s3_signing {
    const struct s3_place *place;
    const char *method;
    const char *path;   /* encoded */
    const char *query;  /* encoded, sorted by name, without "?"; "" where there is none */
    const char *sha256; /* of the body, hex */
    int64_t now;        /* seconds since 1970 */
};

/* The headers that make it signed: x-amz-date, x-amz-content-sha256, x-amz-security-token, Authorization; a
 * NULL-terminated list of "Name: value" in the arena. */
const char *const *s3_sign(struct arena *arena, const struct s3_signing *signing);

#endif
