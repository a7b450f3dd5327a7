/*
 * OpenSSL makes keys from their numbers. An ECDSA signature is two numbers, one after the other, in a JWT (RFC 7518,
 * 3.4), but OpenSSL needs them in DER.
 */
#include "trust/jwks.h"

#include "base/json_text.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS     256
#define LEAST_RSA     2048 /* bits */
#define MOST_RSA      8192 /* a larger one only costs time */
#define MOST_EXPONENT 8    /* bytes */
#define COORDINATE    32   /* bytes, for P-256 */

struct jwk {
    const char *id;        /* "": none */
    const char *algorithm; /* "RS256" or "ES256" */
    EVP_PKEY *key;
};

struct jwks {
    struct arena *arena;
    struct jwk *items;
    size_t count;
};

static const char *member(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* ---- making keys ---- */

static EVP_PKEY *key_from(const char *kind, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *const values = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (values == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, values) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(values);
    return key;
}

static EVP_PKEY *make_rsa(struct arena *arena, const json_t *object)
{
    const struct text modulus = base64url_read(arena, text_of(member(object, "n")));
    const struct text exponent = base64url_read(arena, text_of(member(object, "e")));
    EVP_PKEY *key = NULL;
    if (modulus.size == 0 || modulus.size > MOST_RSA / 8 + 1 || exponent.size == 0 || exponent.size > MOST_EXPONENT) {
        return NULL;
    }
    BIGNUM *const n = BN_bin2bn((const unsigned char *)modulus.data, (int)modulus.size, NULL);
    BIGNUM *const e = BN_bin2bn((const unsigned char *)exponent.data, (int)exponent.size, NULL);
    OSSL_PARAM_BLD *const builder = OSSL_PARAM_BLD_new();
    const bool is_sound = n != NULL && e != NULL && builder != NULL && BN_num_bits(n) >= LEAST_RSA &&
                          BN_num_bits(n) <= MOST_RSA && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e);
    if (is_sound && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        key = key_from("RSA", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static bool is_on_curve(EVP_PKEY *key)
{
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    const bool is = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return is;
}

static EVP_PKEY *make_ec(struct arena *arena, const json_t *object)
{
    const struct text x = base64url_read(arena, text_of(member(object, "x")));
    const struct text y = base64url_read(arena, text_of(member(object, "y")));
    unsigned char point[1 + 2 * COORDINATE] = {POINT_CONVERSION_UNCOMPRESSED};
    char curve[] = "prime256v1";
    EVP_PKEY *key = NULL;
    if (x.size != COORDINATE || y.size != COORDINATE) {
        return NULL;
    }
    memcpy(point + 1, x.data, COORDINATE);
    memcpy(point + 1 + COORDINATE, y.data, COORDINATE);
    OSSL_PARAM_BLD *const builder = OSSL_PARAM_BLD_new();
    if (builder != NULL && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1) {
        key = key_from("EC", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    if (key != NULL && !is_on_curve(key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/* ---- reading ---- */

static const struct {
    const char *kind;
    const char *curve; /* "": it has none */
    const char *algorithm;
    EVP_PKEY *(*make)(struct arena *arena, const json_t *object);
} kinds[] = {{"RSA", "", "RS256", make_rsa}, {"EC", "P-256", "ES256", make_ec}};

/* A key for another purpose, or of an unknown kind, is skipped: then the result is beyond the table. */
static size_t kind_of(const json_t *object)
{
    const char *const use = member(object, "use");
    const char *const algorithm = member(object, "alg");
    size_t i = 0;
    while (i < sizeof kinds / sizeof kinds[0] &&
           (strcmp(member(object, "kty"), kinds[i].kind) != 0 || strcmp(member(object, "crv"), kinds[i].curve) != 0)) {
        i++;
    }
    const bool is_known = i < sizeof kinds / sizeof kinds[0] && (use[0] == '\0' || strcmp(use, "sig") == 0) &&
                          (algorithm[0] == '\0' || strcmp(algorithm, kinds[i].algorithm) == 0);
    return is_known ? i : SIZE_MAX;
}

static bool add(struct jwks *keys, const char *name, const json_t *object, struct status *status)
{
    const size_t kind = kind_of(object);
    if (kind == SIZE_MAX) {
        return true;
    }
    struct jwk *const one = &keys->items[keys->count];
    one->id = arena_strdup(keys->arena, member(object, "kid"));
    one->algorithm = kinds[kind].algorithm;
    one->key = kinds[kind].make(keys->arena, object);
    if (one->key == NULL) {
        return status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "%s: the key \"%.100s\" is no %s key that can be trusted (RSA: 2048 to 8192 bits; EC: P-256).", name,
            one->id, kinds[kind].kind);
    }
    keys->count++;
    return true;
}

static bool add_all(struct jwks *keys, const char *name, const json_t *root, struct status *status)
{
    const json_t *const list = json_object_get(root, "keys");
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > MOST_KEYS) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s is not a JSON Web Key Set: a JSON object with a list \"keys\" of at most %d.", name,
                           MOST_KEYS);
    }
    keys->items = arena_array(keys->arena, count + 1, sizeof *keys->items);
    for (size_t i = 0; i < count; i++) {
        if (!add(keys, name, json_array_get(list, i), status)) {
            return false;
        }
    }
    return keys->count > 0 || status_fail(status, STATUS_FAILED_PRECONDITION,
                                          "%s has no key for RS256 or ES256; other signatures are not accepted.", name);
}

struct jwks *jwks_read(const char *name, struct text json, struct status *status)
{
    json_error_t error;
    json_t *const root = json.size <= JWKS_LIMIT && json_is_sound(json)
                             ? json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &error)
                             : NULL;
    struct jwks *keys = memory_alloc(sizeof *keys);
    keys->arena = arena_new(0);
    if (!add_all(keys, name, root, status)) {
        jwks_free(keys);
        keys = NULL;
    }
    json_decref(root);
    ERR_clear_error();
    return keys;
}

void jwks_free(struct jwks *keys)
{
    if (keys == NULL) {
        return;
    }
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->items[i].key);
    }
    arena_free(keys->arena);
    free(keys);
}

size_t jwks_count(const struct jwks *keys)
{
    return keys->count;
}

/* ---- checking ---- */

/* As DER, to be freed with OPENSSL_free; NULL if it is no signature. */
static unsigned char *der_of(struct text signature, int *size)
{
    unsigned char *der = NULL;
    const unsigned char *const bytes = (const unsigned char *)signature.data;
    ECDSA_SIG *const pair = ECDSA_SIG_new();
    BIGNUM *const r = BN_bin2bn(bytes, COORDINATE, NULL);
    BIGNUM *const s = BN_bin2bn(bytes + COORDINATE, COORDINATE, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return NULL;
    }
    *size = i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    return der;
}

static bool has_signed(EVP_PKEY *key, struct text message, const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    const bool has = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                     EVP_DigestVerify(context, signature, size, (const unsigned char *)message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    return has;
}

static enum jwks_answer check_with(const struct jwk *one, const struct jwt *jwt)
{
    const unsigned char *const signature = (const unsigned char *)jwt->signature.data;
    if (strcmp(one->algorithm, jwt->algorithm) != 0) {
        return JWKS_OTHER_KIND;
    }
    if (strcmp(one->algorithm, "RS256") == 0) {
        return has_signed(one->key, jwt->is_signed, signature, jwt->signature.size) ? JWKS_IS_GOOD : JWKS_IS_BAD;
    }
    int size = 0;
    unsigned char *const der = jwt->signature.size == 2 * COORDINATE ? der_of(jwt->signature, &size) : NULL;
    const bool is_good = der != NULL && size > 0 && has_signed(one->key, jwt->is_signed, der, (size_t)size);
    OPENSSL_free(der);
    return is_good ? JWKS_IS_GOOD : JWKS_IS_BAD;
}

/* Can this key have made the signature? Yes if it has the token's kid, or the same algorithm if the token has none. */
static bool may_be_of(const struct jwk *one, const struct jwt *jwt)
{
    return jwt->key[0] != '\0' ? strcmp(one->id, jwt->key) == 0 : strcmp(one->algorithm, jwt->algorithm) == 0;
}

enum jwks_answer jwks_check(const struct jwks *keys, const struct jwt *jwt)
{
    enum jwks_answer answer = JWKS_NO_KEY;
    size_t fitting = 0;
    for (size_t i = 0; i < keys->count; i++) {
        fitting += may_be_of(&keys->items[i], jwt) ? 1 : 0;
    }
    if (jwt->key[0] == '\0' && fitting > 1) {
        return JWKS_NO_KEY;
    }
    for (size_t i = 0; i < keys->count && answer != JWKS_IS_GOOD; i++) {
        answer = may_be_of(&keys->items[i], jwt) ? check_with(&keys->items[i], jwt) : answer;
    }
    ERR_clear_error(); /* so that later TLS calls on this thread do not find our errors */
    return answer;
}
