/*
 * A thin layer, so that nobody else knows OpenSSL's names.
 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

/* libcrypto fails here only without memory or entropy: nothing sensible can follow. */
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

void uuid_v4(char out[UUID_SIZE])
{
    unsigned char b[16];
    must(RAND_bytes(b, sizeof b));
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
