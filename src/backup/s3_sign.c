/*
 * Follows "Signature Version 4 signing process" of Amazon's documentation, whose examples are in tests/unit/test_s3.c.
 */
#include "backup/s3_sign.h"

#include "base/digest.h"

#include <string.h>
#include <time.h>

#define DATE_SIZE 17 /* "20130524T000000Z" */
#define DAY_SIZE  8

static void sign_step(unsigned char key[SHA256_SIZE], const char *value)
{
    unsigned char next[SHA256_SIZE];
    hmac_sha256((struct text){(const char *)key, SHA256_SIZE}, text_of(value), next);
    memcpy(key, next, sizeof next);
}

/* The key for a day, a region and a service. */
static void make_key(struct arena *arena, const struct s3_place *place, const char *day, unsigned char key[SHA256_SIZE])
{
    const char *const start = arena_printf(arena, "AWS4%s", place->secret);
    hmac_sha256(text_of(start), text_of(day), key);
    sign_step(key, place->region);
    sign_step(key, "s3");
    sign_step(key, "aws4_request");
}

const char *const *s3_sign(struct arena *arena, const struct s3_signing *signing)
{
    const struct s3_place *const place = signing->place;
    const time_t now = (time_t)signing->now;
    struct tm at;
    char date[DATE_SIZE];
    unsigned char key[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    gmtime_r(&now, &at);
    strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &at);
    const char *const day = arena_strndup(arena, date, DAY_SIZE);
    const char *const token =
        place->token == NULL ? "" : arena_printf(arena, "x-amz-security-token:%s\n", place->token);
    const char *const names = place->token == NULL ? "host;x-amz-content-sha256;x-amz-date"
                                                   : "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    const char *const canonical =
        arena_printf(arena, "%s\n%s\n%s\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n%s\n%s\n%s", signing->method,
                     signing->path, signing->query, place->host, signing->sha256, date, token, names, signing->sha256);
    const char *const scope = arena_printf(arena, "%s/%s/s3/aws4_request", day, place->region);
    const char *const wanted =
        arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, sha256_hex_of(arena, text_of(canonical)));
    make_key(arena, place, day, key);
    sign_step(key, wanted);
    sha256_hex(key, hex);
    const char **const headers = arena_array(arena, 5, sizeof *headers);
    size_t count = 0;
    headers[count++] = arena_printf(arena, "x-amz-date: %s", date);
    headers[count++] = arena_printf(arena, "x-amz-content-sha256: %s", signing->sha256);
    headers[count++] =
        arena_printf(arena, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                     place->key_id, scope, names, hex);
    if (place->token != NULL) {
        headers[count++] = arena_printf(arena, "x-amz-security-token: %s", place->token);
    }
    headers[count] = NULL;
    return headers;
}
