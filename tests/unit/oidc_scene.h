/*
 * An issuer with two keys, and a file of rules that names it: tokens are signed here, by keys that are made here.
 */
#ifndef TESTS_OIDC_SCENE_H
#define TESTS_OIDC_SCENE_H

#include "base/clock.h"
#include "base/digest.h"
#include "support/runner.h"
#include "trust/oidc.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1800000000

static struct arena *arena;
static struct status status;
static char folder[] = "/tmp/truss-oidc-XXXXXX";
static EVP_PKEY *rsa;
static EVP_PKEY *curve;
static EVP_PKEY *stranger;
static struct oidc *oidc;

static const char *encoded(const void *bytes, size_t size)
{
    char *const text = arena_strdup(arena, base64_of(arena, bytes, size));
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
        if (*c == '=') {
            *c = '\0';
            break;
        }
    }
    return text;
}

static const char *part(const char *json)
{
    return encoded(json, strlen(json));
}

static const char *number_of(const EVP_PKEY *key, const char *name, size_t size)
{
    BIGNUM *number = NULL;
    ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
    const size_t bytes = size == 0 ? (size_t)BN_num_bytes(number) : size;
    unsigned char *const raw = arena_alloc(arena, bytes);
    BN_bn2binpad(number, raw, (int)bytes);
    BN_free(number);
    return encoded(raw, bytes);
}

static const char *rsa_jwk(const char *kid, const EVP_PKEY *key)
{
    return arena_printf(arena, "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\",\"use\":\"sig\"}", kid,
                        number_of(key, OSSL_PKEY_PARAM_RSA_N, 0), number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
}

static const char *ec_jwk(const char *kid, const EVP_PKEY *key)
{
    return arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", kid,
                        number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32), number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

/* "r|s" of DER. */
static struct text raw_of(const unsigned char *der, size_t size)
{
    ECDSA_SIG *const pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    unsigned char *const raw = arena_alloc(arena, 64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
    ECDSA_SIG_free(pair);
    return (struct text){(const char *)raw, 64};
}

static const char *sign(EVP_PKEY *key, const char *header, const char *claims)
{
    const char *const signed_part = arena_printf(arena, "%s.%s", part(header), part(claims));
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    unsigned char bytes[1024];
    size_t size = sizeof bytes;
    ck_assert_int_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    ck_assert_int_eq(EVP_DigestSign(context, bytes, &size, (const unsigned char *)signed_part, strlen(signed_part)), 1);
    EVP_MD_CTX_free(context);
    const bool is_ec = EVP_PKEY_is_a(key, "EC");
    const struct text raw = is_ec ? raw_of(bytes, size) : (struct text){(const char *)bytes, size};
    return arena_printf(arena, "%s.%s", signed_part, encoded(raw.data, raw.size));
}

#define RS256 "{\"alg\":\"RS256\",\"kid\":\"one\"}"
#define ES256 "{\"alg\":\"ES256\",\"kid\":\"two\"}"
#define HEAD  "\"iss\":\"https://i.example\",\"aud\":\"https://truss.example\",\"sub\":\"repo:acme/shop\""

/* What a good token says, `more` behind it. */
static const char *claims_with(const char *more)
{
    return arena_printf(arena, "{" HEAD ",\"exp\":%d,\"nbf\":%d,\"iat\":%d,\"repository\":\"acme/shop\"%s}", NOW + 300,
                        NOW, NOW, more);
}

static const char *with_times(int64_t ends, int64_t begins, int64_t issued)
{
    return arena_printf(arena, "{" HEAD ",\"repository\":\"acme/api\",\"exp\":%lld,\"nbf\":%lld,\"iat\":%lld}",
                        (long long)ends, (long long)begins, (long long)issued);
}

static const char *write_file(const char *name, const char *content)
{
    const char *const path = path_join(arena, folder, name);
    unlink(path);
    ck_assert_msg(file_create(path, text_of(content), &status), "%s", status.message);
    return path;
}

static const char rules[] =
    "[oidc.shop]\nissuer = 'https://i.example'\naudience = 'https://truss.example'\njwks = 'keys'\nscopes = ['read', "
    "'run']\n[oidc.shop.claims]\nrepository = ['acme/shop', 'acme/api']\n"
    "[oidc.team]\nissuer = 'https://i.example'\naudience = 'https://truss.example'\njwks = 'keys'\n"
    "scopes = ['mark']\n[oidc.team.claims]\ngroups = 'core'\nprotected = 'true'\nproject = '17'\n";

static void make_keys(void)
{
    rsa = EVP_RSA_gen(2048);
    curve = EVP_EC_gen("P-256");
    stranger = EVP_EC_gen("P-256");
}

static void free_keys(void)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(stranger);
}

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(folder, "/tmp/truss-oidc-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file("keys", arena_printf(arena, "{\"keys\":[%s,%s]}", rsa_jwk("one", rsa), ec_jwk("two", curve)));
    const struct oidc_options options = {.rules = write_file("rules", rules), .environment = {"", false}};
    oidc = oidc_new(&options, &status);
    ck_assert_msg(oidc != NULL, "%s", status.message);
}

static void tear_down(void)
{
    oidc_free(oidc);
    unlink(path_join(arena, folder, "keys"));
    unlink(path_join(arena, folder, "rules"));
    rmdir(folder);
    arena_free(arena);
}

static enum oidc_answer ask(const char *token, struct principal *principal)
{
    const struct oidc_try said = {text_of(token), clock_ms(), NOW};
    *principal = (struct principal){.name = ""};
    status = (struct status){.arena = arena};
    return oidc_check(oidc, &said, principal, &status);
}

static void assert_known(const char *token, unsigned scopes)
{
    struct principal principal;
    ck_assert_msg(ask(token, &principal) == OIDC_IS_KNOWN, "%s", status.message);
    ck_assert_str_eq(principal.name, "oidc:repo:acme/shop");
    ck_assert_int_eq(principal.kind, PRINCIPAL_OIDC);
    ck_assert_uint_eq(principal.scopes, scopes);
}

static void assert_refused(const char *token, const char *word)
{
    struct principal principal;
    ck_assert_msg(ask(token, &principal) == OIDC_IS_REFUSED, "let in: %s", word);
    ck_assert_int_eq(status.code, STATUS_UNAUTHENTICATED);
    ck_assert_msg(strstr(status.message, word) != NULL, "\"%s\" is not in: %s", word, status.message);
    ck_assert_uint_eq(principal.scopes, 0);
    ck_assert_int_eq(principal.kind, PRINCIPAL_NOBODY);
}

#endif
