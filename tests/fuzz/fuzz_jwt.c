/*
 * What callers send as a token, and what issuers publish as their keys: whatever comes, it is refused in words, or is
 * clean, and nothing that was made up has a good signature.
 */
#include "trust/jwks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* The key of RFC 7517, appendix A.1. */
static const char keys_json[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"two\",\"x\":"
                                "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                                "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

static void try_token(struct arena *arena, struct text text)
{
    struct status status = {.arena = arena};
    struct jwt jwt;
    if (!jwt_read(text, &jwt, &status)) {
        must(status.code == STATUS_UNAUTHENTICATED && text_is_utf8(text_of(status.message), NULL));
        return;
    }
    struct jwks *const keys = jwks_read("k", text_of(keys_json), &status);
    must(keys != NULL && jwks_check(keys, &jwt) != JWKS_IS_GOOD);
    jwks_free(keys);
    for (size_t i = 0; i < jwt.claim_count; i++) {
        const struct jwt_claim *const claim = &jwt.claims[i];
        must(jwt_claim(&jwt, claim->name) == claim); /* no name is there twice */
        must((claim->kind == JWT_TEXT || claim->kind == JWT_NUMBER) == (claim->text != NULL));
        must(claim->text == NULL || text_is_utf8(text_of(claim->text), NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct text text = {(const char *)data, size};
    if (size > 0 && data[0] == '{') {
        struct jwks *const keys = jwks_read("k", text, &status);
        must(keys != NULL ? jwks_count(keys) > 0 : status.code == STATUS_FAILED_PRECONDITION);
        jwks_free(keys);
    } else {
        try_token(arena, text);
    }
    arena_free(arena);
    return 0;
}
