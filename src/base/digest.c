/*
 * A thin layer over OpenSSL, so that no other code uses its names.
 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libcrypto only fails here without memory, after which nothing useful can be done. */
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

void sha256_peek(const struct sha256 *hash, unsigned char digest[SHA256_SIZE])
{
    EVP_MD_CTX *const copy = EVP_MD_CTX_new();
    must(copy != NULL && EVP_MD_CTX_copy_ex(copy, hash->context) != 0);
    must(EVP_DigestFinal_ex(copy, digest, NULL));
    EVP_MD_CTX_free(copy);
}

void sha256_text(struct text text, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_start(&hash);
    sha256_add(&hash, text);
    sha256_finish(&hash, digest);
}

/* Lower-case hex with a NUL. */
static void put_hex(const unsigned char *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

void hmac_sha256(struct text key, struct text text, unsigned char digest[SHA256_SIZE])
{
    unsigned int size = SHA256_SIZE;
    if (HMAC(EVP_sha256(), key.data, (int)key.size, (const unsigned char *)text.data, text.size, digest, &size) ==
        NULL) {
        abort(); /* no memory */
    }
}

void sha256_hex(const unsigned char digest[SHA256_SIZE], char out[SHA256_HEX_SIZE])
{
    put_hex(digest, SHA256_SIZE, out);
}

const char *sha256_hex_of(struct arena *arena, struct text text)
{
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_text(text, digest);
    sha256_hex(digest, hex);
    return hex;
}

size_t digest_of(const char *algorithm, struct text text, unsigned char digest[DIGEST_MOST])
{
    const EVP_MD *const kind = EVP_get_digestbyname(algorithm);
    unsigned size = 0;
    must(kind != NULL);
    must(EVP_Digest(text.size == 0 ? "" : text.data, text.size, digest, &size, kind, NULL));
    return size;
}

const char *digest_hex_of(struct arena *arena, const char *algorithm, struct text text)
{
    unsigned char digest[DIGEST_MOST];
    const size_t size = digest_of(algorithm, text, digest);
    char *const hex = arena_alloc(arena, size * 2 + 1);
    put_hex(digest, size, hex);
    return hex;
}

void digest_start(struct digest *digest, const char *algorithm)
{
    const EVP_MD *const kind = EVP_get_digestbyname(algorithm);
    digest->context = EVP_MD_CTX_new();
    must(kind != NULL && digest->context != NULL);
    must(EVP_DigestInit_ex(digest->context, kind, NULL));
}

void digest_add(struct digest *digest, struct text piece)
{
    if (piece.size > 0) {
        must(EVP_DigestUpdate(digest->context, piece.data, piece.size));
    }
}

const char *digest_finish(struct arena *arena, struct digest *digest)
{
    unsigned char bytes[DIGEST_MOST];
    unsigned size = 0;
    must(EVP_DigestFinal_ex(digest->context, bytes, &size));
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
    char *const hex = arena_alloc(arena, size * 2 + 1);
    put_hex(bytes, size, hex);
    return hex;
}

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

uint64_t siphash13_of(struct text text)
{
    uint64_t v[4] = {0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573};
    for (size_t start = 0; start <= text.size; start += 8) {
        const struct text part = text_slice(text, start, start + 8);
        uint64_t word =
            part.size < 8 ? (uint64_t)text.size << 56 : 0; /* the last one, possibly empty, contains the size */
        for (size_t i = 0; i < part.size; i++) {
            word |= (uint64_t)(unsigned char)part.data[i] << 8 * i;
        }
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t fnv1a_add(uint32_t hash, const char *string)
{
    for (const char *c = string; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return hash;
}

const char *base64_of(struct arena *arena, const unsigned char *bytes, size_t size)
{
    char *const out = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
    for (size_t start = 0; start < size; start += 48) { /* OpenSSL counts in int */
        const size_t part = size - start < 48 ? size - start : 48;
        EVP_EncodeBlock((unsigned char *)out + start / 3 * 4, bytes + start, (int)part);
    }
    return out;
}
