/*
 * A thin layer, so that nobody else knows OpenSSL's names.
 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* libcrypto fails here only without memory: nothing sensible can follow. */
static void must(int ok)
{
    if (ok != 1) {
        fputs("truss: libcrypto failed\n", stderr);
        abort();
    }
}

void sha256_start(struct sha256 *hash)
{
    hash->context = EVP_MD_CTX_new();
    must(hash->context != NULL);
    must(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL));
}

void sha256_add(struct sha256 *hash, struct text piece)
{
    if (piece.size > 0) {
        must(EVP_DigestUpdate(hash->context, piece.data, piece.size));
    }
}

void sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE])
{
    must(EVP_DigestFinal_ex(hash->context, digest, NULL));
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

void sha256_text(struct text text, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_start(&hash);
    sha256_add(&hash, text);
    sha256_finish(&hash, digest);
}

void sha256_hex(const unsigned char digest[SHA256_SIZE], char out[SHA256_HEX_SIZE])
{
    for (int i = 0; i < SHA256_SIZE; i++) {
        snprintf(out + (size_t)i * 2, 3, "%02x", digest[i]);
    }
}

const char *sha256_hex_of(struct arena *arena, struct text text)
{
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_text(text, digest);
    sha256_hex(digest, hex);
    return hex;
}
