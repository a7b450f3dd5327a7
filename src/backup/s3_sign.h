/*
 * Amazon's signature version 4, which authenticates a request including its body. Our own code instead of libcurl's
 * (CURLOPT_AWS_SIGV4), because libcurl 7.88 (Debian 12) signs unsorted queries and unencoded paths wrongly.
 */
#ifndef BACKUP_S3_SIGN_H
#define BACKUP_S3_SIGN_H

#include "backup/s3_place.h"

struct s3_signing {
    const struct s3_place *place;
    const char *method;
    const char *path;   /* encoded */
    const char *query;  /* encoded, sorted by name, without "?"; "": none */
    const char *sha256; /* of the body, in hexadecimal */
    int64_t now;        /* seconds since 1970 */
};

/* Returns the headers of a signed request (x-amz-date, x-amz-content-sha256, x-amz-security-token, Authorization) as a
 * NULL-terminated list of "Name: value" in the arena. */
const char *const *s3_sign(struct arena *arena, const struct s3_signing *signing);

#endif
