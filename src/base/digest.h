/*
 * Checksums, by libcrypto.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/text.h"

#include <stdint.h>

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65 /* with the NUL */

/* SHA-256 of pieces that arrive one after the other. */
struct sha256 {
    void *context; /* EVP_MD_CTX */
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, struct text piece);
/* Ends it and releases what it held. */
void sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE]);

/* SHA-256 of a whole text. */
void sha256_text(struct text text, unsigned char digest[SHA256_SIZE]);

/* The same as lower-case hex in the arena. */
const char *sha256_hex_of(struct arena *arena, struct text text);

/* Lower-case hex, NUL-terminated. */
void sha256_hex(const unsigned char digest[SHA256_SIZE], char out[SHA256_HEX_SIZE]);

#endif
