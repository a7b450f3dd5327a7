/*
 * Checksums, by libcrypto.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/text.h"

#include <stdint.h>

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65 /* with the NUL */

/* SHA-256 of data that arrives in pieces. */
struct sha256 {
    void *context; /* EVP_MD_CTX */
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, struct text piece);
/* Computes the digest and frees the context. */
void sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE]);

/* The digest of what was added so far; more may follow. */
void sha256_peek(const struct sha256 *hash, unsigned char digest[SHA256_SIZE]);

/* SHA-256 of a whole text. */
void sha256_text(struct text text, unsigned char digest[SHA256_SIZE]);

/* The same as lower-case hex in the arena. */
const char *sha256_hex_of(struct arena *arena, struct text text);

/* HMAC-SHA-256 (RFC 2104). */
void hmac_sha256(struct text key, struct text text, unsigned char digest[SHA256_SIZE]);

/* Lower-case hex, NUL-terminated. */
void sha256_hex(const unsigned char digest[SHA256_SIZE], char out[SHA256_HEX_SIZE]);

/* ---- digests that frameworks use for checksums ---- */

#define DIGEST_MOST 64

/* Computes "MD5", "SHA1", "SHA256", "SHA384" or "SHA512" of a text; returns the digest's size. */
size_t digest_of(const char *algorithm, struct text text, unsigned char digest[DIGEST_MOST]);

/* The same as lower-case hex in the arena. */
const char *digest_hex_of(struct arena *arena, const char *algorithm, struct text text);

/* Such a digest of data that arrives in pieces. */
struct digest {
    void *context; /* EVP_MD_CTX */
};

void digest_start(struct digest *digest, const char *algorithm);
void digest_add(struct digest *digest, struct text piece);
/* Computes the digest, frees the context, and returns lower-case hex in the arena. */
const char *digest_finish(struct arena *arena, struct digest *digest);

/* SipHash-1-3 with the key (0, 0): Rust's DefaultHasher. */
uint64_t siphash13_of(struct text text);

/* FNV-1a of a string, going on from `hash`, FNV1A_START at first: for a place in a table, and for a number that every
 * version of ours must give the same. */
#define FNV1A_START 2166136261u
uint32_t fnv1a_add(uint32_t hash, const char *string);

/* Base64 with padding, in the arena. */
const char *base64_of(struct arena *arena, const unsigned char *bytes, size_t size);

#endif
