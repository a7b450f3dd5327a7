/*
 * What an issuer has signed: taken apart, checked by its keys, its times and the rules.
 */
#include "unit/oidc_scene.h"

START_TEST(a_token_of_either_kind_is_known_by_its_subject)
{
    assert_known(sign(rsa, RS256, claims_with("")), SCOPE_READ | SCOPE_RUN);
    assert_known(sign(curve, ES256, claims_with("")), SCOPE_READ | SCOPE_RUN);
    assert_known(sign(rsa, "{\"alg\":\"RS256\"}", claims_with("")), SCOPE_READ | SCOPE_RUN);
}
END_TEST

START_TEST(each_rule_that_fits_gives_its_scopes)
{
    assert_known(sign(rsa, RS256, claims_with(",\"groups\":[\"x\",\"core\"],\"protected\":true,\"project\":17")),
                 SCOPE_READ | SCOPE_RUN | SCOPE_MARK);
    assert_known(sign(rsa, RS256, claims_with(",\"groups\":[\"core\"],\"protected\":false,\"project\":17")),
                 SCOPE_READ | SCOPE_RUN);
    assert_known(sign(rsa, RS256, claims_with(",\"groups\":[[\"core\"]],\"protected\":true,\"project\":17")),
                 SCOPE_READ | SCOPE_RUN);
    assert_known(sign(rsa, RS256, claims_with(",\"groups\":[\"core\"],\"protected\":true,\"project\":17.0")),
                 SCOPE_READ | SCOPE_RUN);
}
END_TEST

START_TEST(its_times_are_looked_at_with_a_minute_for_clocks)
{
    assert_known(sign(rsa, RS256, with_times(NOW - 59, NOW - 300, NOW - 300)), SCOPE_READ | SCOPE_RUN);
    assert_refused(sign(rsa, RS256, with_times(NOW - 60, NOW - 300, NOW - 300)), "expired 60 seconds ago");
    assert_refused(sign(rsa, RS256, with_times(NOW - 400, NOW - 900, NOW - 900)), "expired 6 minutes ago");
    assert_known(sign(rsa, RS256, with_times(NOW + 60, NOW + 60, NOW + 60)), SCOPE_READ | SCOPE_RUN);
    assert_refused(sign(rsa, RS256, with_times(NOW + 9000, NOW + 7201, NOW)), "good only in 2 hours");
    assert_refused(sign(rsa, RS256, with_times(NOW + 9000, NOW, NOW + 300)), "good only in 5 minutes");
    assert_refused(sign(rsa, RS256, with_times(-1, 0, 0)), "not a time");
    assert_refused(sign(rsa, RS256, "{" HEAD "}"), "no end (exp)");
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":\"2027\"}"), "not a time");
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":1e300}"), "not a time");
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":true}"), "not a time");
}
END_TEST

START_TEST(what_no_rule_wants_is_told)
{
#define BODY(audience, subject, more) "{\"iss\":\"https://i.example\"," audience subject "\"exp\":1800000300" more "}"
    assert_refused(sign(rsa, RS256, BODY("\"aud\":\"https://x\",", "\"sub\":\"a\",", "")),
                   "this token's is \"https://x\"");
    assert_refused(sign(rsa, RS256, BODY("", "\"sub\":\"a\",", "")), "is missing");
    assert_refused(sign(rsa, RS256, BODY("\"aud\":[\"x\",\"y\"],", "\"sub\":\"a\",", "")), "a list of 2");
    assert_refused(
        sign(rsa, RS256, BODY("\"aud\":\"https://truss.example\",", "\"sub\":\"a\",", ",\"repository\":\"evil/shop\"")),
        "another repository than \"evil/shop\"");
    assert_refused(sign(rsa, RS256, BODY("\"aud\":\"https://truss.example\",", "\"sub\":\"a\",", ",\"repository\":{}")),
                   "another repository than no text");
    ck_assert_ptr_null(strstr(status.message, "acme"));
    assert_refused(sign(rsa, RS256, BODY("\"aud\":\"https://truss.example\",", "", ",\"repository\":\"acme/shop\"")),
                   "no subject");
    assert_refused(sign(rsa, RS256, BODY("\"aud\":\"https://truss.example\",", "\"sub\":\"a\\nb\",", "")),
                   "no subject");
    assert_refused(sign(rsa, RS256, "{\"iss\":\"https://j.example\",\"sub\":\"a\"}"),
                   "the issuer \"https://j.example\"");
    assert_refused(sign(rsa, RS256, "{\"sub\":\"a\"}"), "the issuer \"\"");
}
END_TEST

START_TEST(the_key_decides_how_it_is_signed)
{
    const char *const body = part(claims_with(""));
    const char *const good = sign(rsa, RS256, claims_with(""));
    assert_refused(arena_printf(arena, "%s.%s.", part("{\"alg\":\"none\",\"kid\":\"one\"}"), body), "\"none\"");
    assert_refused(sign(rsa, "{\"alg\":\"HS256\",\"kid\":\"one\"}", claims_with("")), "only RS256 and ES256");
    assert_refused(sign(rsa, "{\"alg\":\"ES256\",\"kid\":\"one\"}", claims_with("")), "of another one");
    assert_refused(sign(stranger, "{\"alg\":\"RS256\",\"kid\":\"one\"}", claims_with("")), "signature");
    assert_refused(sign(stranger, ES256, claims_with("")), "signature");
    assert_refused(sign(curve, "{\"alg\":\"ES256\",\"kid\":\"three\"}", claims_with("")), "no key \"three\"");
    assert_refused(sign(rsa, "{\"alg\":\"RS256\",\"kid\":\"one\",\"crit\":[\"b64\"],\"b64\":false}", claims_with("")),
                   "crit");
    assert_refused(sign(rsa, "{\"kid\":\"one\"}", claims_with("")), "only RS256");
    assert_refused(sign(rsa, "{\"alg\":[\"RS256\"],\"kid\":\"one\"}", claims_with("")), "only RS256");
    char *const bent = arena_strdup(arena, good);
    bent[strlen(bent) - 10] = bent[strlen(bent) - 10] == 'A' ? 'B' : 'A';
    assert_refused(bent, "signature");
    const char *const last = strrchr(good, '.');
    assert_refused(arena_printf(arena, "%s.%s%s", part(RS256), part(claims_with(",\"more\":1")), last), "signature");
    assert_refused(arena_printf(arena, "%s.%s.%s", part(ES256), body, encoded("\0", 1)), "signature");
    unsigned char zeros[64] = {0};
    assert_refused(arena_printf(arena, "%s.%s.%s", part(ES256), body, encoded(zeros, 64)), "signature");
}
END_TEST

static const char *repeat(char c, size_t count)
{
    char *const text = arena_alloc(arena, count + 1);
    memset(text, c, count);
    return text;
}

START_TEST(what_is_no_token_is_refused_and_costs_little)
{
    const char *const twice = "{\"sub\":\"a\",\"sub\":\"b\"}";
    struct buffer many = {.arena = arena};
    for (int i = 0; i < 300; i++) {
        buffer_printf(&many, "%s\"c%d\":%d", i == 0 ? "{" : ",", i, i);
    }
    buffer_puts(&many, "}");
    const int64_t began = clock_ms();
    assert_refused("ey..", "JSON");
    assert_refused("ey.a", "three parts");
    assert_refused("ey.a.b.c", "three parts");
    assert_refused(arena_printf(arena, "%s.%s.=", part(RS256), part("{}")), "signature is not base64url");
    assert_refused(arena_printf(arena, "%s.%s.aaaaa", part(RS256), part("{}")), "signature is not base64url");
    assert_refused(arena_printf(arena, "%s.%s=.aaaa", part(RS256), part("{}")), "content is not JSON");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part(twice)), "says a name twice");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part("{\"alg\":\"RS256\",\"alg\":\"none\"}"), part("{}")),
                   "says a name twice");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part("[]")), "not a JSON object");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part(repeat('[', 9000))), "JSON");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part("{\"a\":\"\\u0000\"}")), "JSON");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part("{\"a\":\"\xff\"}")), "JSON");
    assert_refused(arena_printf(arena, "%s.%s.aaaa", part(RS256), part(buffer_string(&many))), "more than 200");
    assert_refused(arena_printf(arena, "ey%s.a.b", repeat('a', 100000)), "larger than");
    assert_refused(arena_printf(arena, "ey%s", repeat('.', 16000)), "three parts");
    ck_assert_int_lt(clock_ms() - began, 2000);
}
END_TEST

/* ---- keys ---- */

static void assert_no_keys(const char *json, const char *word)
{
    status = (struct status){.arena = arena};
    struct jwks *const keys = jwks_read("keys", text_of(json), &status);
    ck_assert_msg(keys == NULL, "%s", word);
    ck_assert_msg(strstr(status.message, word) != NULL, "\"%s\" is not in: %s", word, status.message);
}

START_TEST(keys_that_are_none_are_refused)
{
    EVP_PKEY *const weak = EVP_RSA_gen(1024);
    struct buffer many = {.arena = arena};
    for (int i = 0; i < 10000; i++) {
        buffer_puts(&many, i == 0 ? "{\"keys\":[{}" : ",{}");
    }
    buffer_puts(&many, "]}");
    const int64_t began = clock_ms();
    for (const char *const *json = (const char *const[]){"", "{", "[]", "{}", "{\"keys\":{}}", "null", NULL};
         *json != NULL; json++) {
        assert_no_keys(*json, "not a JSON Web Key Set");
    }
    assert_no_keys("{\"keys\":[]}", "no key for RS256");
    assert_no_keys("{\"keys\":[1,null,[],{}]}", "no key for RS256");
    assert_no_keys("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"one\"}]}", "no key for RS256");
    assert_no_keys(arena_printf(arena, "{\"keys\":[%s]}", rsa_jwk("w", weak)), "\"w\" is no RSA key");
    assert_no_keys("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", "no RSA key");
    assert_no_keys(arena_printf(arena, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}]}",
                                encoded(repeat('a', 32), 32), encoded(repeat('b', 32), 32)),
                   "no EC key");
    assert_no_keys(buffer_string(&many), "at most 256");
    assert_no_keys(arena_printf(arena, "{\"keys\":\"%s\"}", repeat('x', JWKS_LIMIT)), "not a JSON Web Key Set");
    assert_no_keys("{\"keys\":[],\"keys\":[]}", "not a JSON Web Key Set");
    ck_assert_int_lt(clock_ms() - began, 5000);
    EVP_PKEY_free(weak);
}
END_TEST

START_TEST(keys_for_something_else_are_passed_over)
{
    const char *const json = arena_printf(
        arena,
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"a\"},{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"a\"},"
        "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"a\"},{\"kty\":\"RSA\",\"alg\":\"PS256\",\"n\":\"a\"},%s]}",
        ec_jwk("two", curve));
    struct jwks *const keys = jwks_read("keys", text_of(json), &status);
    ck_assert_msg(keys != NULL, "%s", status.message);
    ck_assert_uint_eq(jwks_count(keys), 1);
    jwks_free(keys);
}
END_TEST

START_TEST(a_token_without_a_kid_needs_the_only_key_of_its_kind)
{
    struct jwt jwt;
    const char *const json = arena_printf(arena, "{\"keys\":[%s,%s]}", ec_jwk("a", curve), ec_jwk("b", stranger));
    struct jwks *const keys = jwks_read("keys", text_of(json), &status);
    ck_assert(jwt_read(text_of(sign(curve, "{\"alg\":\"ES256\"}", "{}")), &jwt, &status));
    ck_assert_int_eq(jwks_check(keys, &jwt), JWKS_NO_KEY);
    ck_assert(jwt_read(text_of(sign(curve, "{\"alg\":\"ES256\",\"kid\":\"a\"}", "{}")), &jwt, &status));
    ck_assert_int_eq(jwks_check(keys, &jwt), JWKS_IS_GOOD);
    jwks_free(keys);
}
END_TEST

START_TEST(base64url_has_one_form_for_each_value)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: it is none */
    } cases[] = {{"", ""},    {"YQ", "a"},    {"YWI", "ab"},  {"YWJj", "abc"}, {"YR", NULL},       {"YWJ", NULL},
                 {"Y", NULL}, {"YQ==", NULL}, {"YQ\n", NULL}, {"+/", NULL},    {"-_8", "\xfb\xff"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct text got = base64url_read(arena, text_of(cases[i].text));
        ck_assert_msg((got.data != NULL) == (cases[i].bytes != NULL), "%s", cases[i].text);
        ck_assert(cases[i].bytes == NULL || text_is(got, cases[i].bytes));
    }
}
END_TEST

/* ---- rules ---- */

START_TEST(a_rule_that_would_let_in_everybody_is_refused)
{
#define RULE(issuer, claims)                                                                                           \
    "[oidc.x]\nissuer = '" issuer "'\naudience = 'a'\njwks = 'k'\nscopes = ['read']\n[oidc.x.claims]\n" claims "\n"
    static const char *const open[] = {RULE("https://token.actions.githubusercontent.com", "ref = 'refs/heads/main'"),
                                       RULE("https://gitlab.com", "ref = 'main'"), RULE("https://own.example", "")};
    struct oidc_rules found;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        status = (struct status){.arena = arena};
        ck_assert(!oidc_rules_parse(arena, "f", text_of(open[i]), &found, &status));
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
    const char *const closed = RULE("https://gitlab.com", "project_path = 'acme/shop'");
    ck_assert_msg(oidc_rules_parse(arena, "f", text_of(closed), &found, &status), "%s", status.message);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_str_eq(found.items[0].claims[0].values[0], "acme/shop");
}
END_TEST

START_TEST(keys_come_from_a_file_a_url_with_tls_or_this_machine)
{
    static const char *const good[] = {"keys",
                                       "/etc/keys",
                                       "https://i.example/k",
                                       "http://localhost/k",
                                       "http://127.0.0.1:8080/k",
                                       "http://[::1]:1/k"};
    static const char *const bad[] = {
        "http://i.example/k",     "http://localhost.example/k", "http://localhost@i.example/k",
        "http://localhost:1@x/k", "ftp://localhost/k",          "file:///etc/passwd"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(key_place_is(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!key_place_is(bad[i]), "%s", bad[i]);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("oidc");
    TCase *const tests = tcase_create("oidc");
    tcase_add_unchecked_fixture(tests, make_keys, free_keys);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_token_of_either_kind_is_known_by_its_subject);
    tcase_add_test(tests, each_rule_that_fits_gives_its_scopes);
    tcase_add_test(tests, its_times_are_looked_at_with_a_minute_for_clocks);
    tcase_add_test(tests, what_no_rule_wants_is_told);
    tcase_add_test(tests, the_key_decides_how_it_is_signed);
    tcase_add_test(tests, what_is_no_token_is_refused_and_costs_little);
    tcase_add_test(tests, keys_that_are_none_are_refused);
    tcase_add_test(tests, keys_for_something_else_are_passed_over);
    tcase_add_test(tests, a_token_without_a_kid_needs_the_only_key_of_its_kind);
    tcase_add_test(tests, base64url_has_one_form_for_each_value);
    tcase_add_test(tests, a_rule_that_would_let_in_everybody_is_refused);
    tcase_add_test(tests, keys_come_from_a_file_a_url_with_tls_or_this_machine);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
