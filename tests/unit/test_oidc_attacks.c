/*
 * What somebody writes into a token, or has another issuer sign, to be let in.
 */
#include "unit/oidc_scene.h"

/* With a header of his own, whose key he has: what it says of keys is not believed. */
START_TEST(a_header_names_no_key_and_no_place_of_keys)
{
    static const char *const bent[] = {
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"jku\":\"http://127.0.0.1:1/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"x5u\":\"http://127.0.0.1:1/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"x5c\":[\"MIIB\"]}",
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"x5t\":\"MIIB\"}",
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"cty\":\"JWT\",\"zip\":\"DEF\",\"enc\":\"A256GCM\"}",
        "{\"alg\":\"ES256\",\"kid\":\"two\",\"b64\":false}",
    };
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        assert_refused(sign(stranger, bent[i], claims_with("")), "signature");
        assert_known(sign(curve, bent[i], claims_with("")), SCOPE_READ | SCOPE_RUN); /* and harms nothing */
    }
    assert_refused(sign(stranger,
                        arena_printf(arena, "{\"alg\":\"ES256\",\"kid\":\"two\",\"jwk\":%s}", ec_jwk("two", stranger)),
                        claims_with("")),
                   "signature");
}
END_TEST

START_TEST(a_kid_is_a_name_among_the_issuers_and_nothing_else)
{
    static const char *const kids[] = {
        "\"../../keys\"",    "\"/dev/null\"",        "\"two' OR '1'='1\"", "\"two\\n\"",  "\" two\"",
        "\"TWO\"",           "\"two\\u200b\"",       "\"$(id)\"",          "\"%s%n\"",    "\"http://127.0.0.1/k\"",
        "\"one\\\",\\\"x\"", "\"\\ud835\\udc61wo\"", "\"two two\"",        "\"two.two\"", "\"keys\"",
    };
    for (size_t i = 0; i < sizeof kids / sizeof kids[0]; i++) {
        assert_refused(sign(curve, arena_printf(arena, "{\"alg\":\"ES256\",\"kid\":%s}", kids[i]), claims_with("")),
                       "no key");
    }
    /* What is no text is no kid: then the only key of that kind must fit. */
    static const char *const none[] = {"17", "null", "[\"two\"]", "{\"two\":1}", "true"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const char *const header = arena_printf(arena, "{\"alg\":\"ES256\",\"kid\":%s}", none[i]);
        assert_refused(sign(stranger, header, claims_with("")), "signature");
    }
}
END_TEST

START_TEST(the_algorithm_is_one_of_two_words)
{
    static const char *const algorithms[] = {"None",
                                             "nOnE",
                                             "NONE",
                                             "",
                                             "rs256",
                                             "RS256 ",
                                             " ES256",
                                             "RS384",
                                             "RS512",
                                             "PS256",
                                             "ES384",
                                             "ES256K",
                                             "EdDSA",
                                             "HS256",
                                             "HS512",
                                             "RS256,",
                                             "dir",
                                             "RSA1_5",
                                             "RS\\u0032\\u0035\\u0036x"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        const char *const header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"one\"}", algorithms[i]);
        assert_refused(sign(rsa, header, claims_with("")), "only RS256 and ES256");
        assert_refused(arena_printf(arena, "%s.%s.", part(header), part(claims_with(""))), "only RS256 and ES256");
    }
}
END_TEST

static const char *with_signature(const char *header, const void *bytes, size_t size)
{
    return arena_printf(arena, "%s.%s.%s", part(header), part(claims_with("")), encoded(bytes, size));
}

START_TEST(a_signature_has_one_form)
{
    const char *const good = sign(curve, ES256, claims_with(""));
    const struct text raw = base64url_read(arena, text_of(strrchr(good, '.') + 1));
    char bytes[2 * 64 + 8];
    ck_assert_uint_eq(raw.size, 64);
    memcpy(bytes, raw.data, 64);
    assert_known(with_signature(ES256, bytes, 64), SCOPE_READ | SCOPE_RUN);
    memset(bytes + 64, 0, 64);
    for (size_t size = 0; size <= 128; size += 16) { /* too short, too long */
        if (size != 64) {
            assert_refused(with_signature(ES256, bytes, size), "signature");
        }
    }
    char swapped[64];
    memcpy(swapped, raw.data + 32, 32);
    memcpy(swapped + 32, raw.data, 32);
    assert_refused(with_signature(ES256, swapped, 64), "signature");
    memset(bytes, 0, 32); /* r = 0 */
    assert_refused(with_signature(ES256, bytes, 64), "signature");
    memset(bytes, 0xff, 64); /* more than n */
    assert_refused(with_signature(ES256, bytes, 64), "signature");
    const char *const other = sign(rsa, RS256, claims_with(""));
    const struct text long_one = base64url_read(arena, text_of(strrchr(other, '.') + 1));
    char *const padded = arena_alloc(arena, long_one.size + 2);
    memcpy(padded + 1, long_one.data, long_one.size);
    assert_refused(with_signature(RS256, padded, long_one.size + 1), "signature"); /* a zero in front */
    assert_refused(with_signature(RS256, padded + 1, long_one.size + 1), "signature");
    assert_refused(with_signature(RS256, padded + 1, long_one.size - 1), "signature");
    assert_refused(with_signature(RS256, "", 0), "signature");
}
END_TEST

static const char *of_issuer(const char *issuer)
{
    return sign(rsa, RS256,
                arena_printf(arena,
                             "{\"iss\":%s,\"aud\":\"https://truss.example\",\"sub\":\"repo:acme/shop\",\"exp\":%d,"
                             "\"repository\":\"acme/shop\"}",
                             issuer, NOW + 300));
}

START_TEST(an_issuer_is_the_same_text)
{
    static const char *const issuers[] = {"\"https://i.example/\"",
                                          "\"https://i.example.evil.com\"",
                                          "\"https://i.example@evil.com\"",
                                          "\"HTTPS://i.example\"",
                                          "\"https://I.example\"",
                                          "\"http://i.example\"",
                                          "\"https://i.example:443\"",
                                          "\"https://i.example?\"",
                                          "\"https://i.example#\"",
                                          "\"https://i.exampl\"",
                                          "\" https://i.example\"",
                                          "\"https://i.example \"",
                                          "\"https://\\u0456.example\"",
                                          "\"i.example\"",
                                          "[\"https://i.example\"]",
                                          "{\"https://i.example\":1}",
                                          "null",
                                          "1"};
    assert_known(of_issuer("\"https://i.example\""), SCOPE_READ | SCOPE_RUN);
    assert_known(of_issuer("\"\\u0068ttps:\\/\\/i.example\""), SCOPE_READ | SCOPE_RUN); /* the same, escaped */
    for (size_t i = 0; i < sizeof issuers / sizeof issuers[0]; i++) {
        assert_refused(of_issuer(issuers[i]), "Nobody with a token of the issuer");
    }
}
END_TEST

static const char *for_audience(const char *audience)
{
    return sign(rsa, RS256,
                arena_printf(arena,
                             "{\"iss\":\"https://i.example\",\"aud\":%s,\"sub\":\"repo:acme/shop\",\"exp\":%d,"
                             "\"repository\":\"acme/shop\"}",
                             audience, NOW + 300));
}

START_TEST(an_audience_is_one_text_of_a_list_of_texts)
{
    static const char *const others[] = {"\"https://truss.example/\"",
                                         "\"HTTPS://truss.example\"",
                                         "\"https://truss.example,https://x\"",
                                         "\"https://truss.example https://x\"",
                                         "\"*\"",
                                         "\"\"",
                                         "[]",
                                         "[[\"https://truss.example\"]]",
                                         "[\"https://truss.example\",1]",
                                         "{\"https://truss.example\":true}",
                                         "null",
                                         "true"};
    struct buffer many = {.arena = arena};
    for (int i = 0; i < 300; i++) {
        buffer_printf(&many, "%s\"https://truss.example\"", i == 0 ? "[" : ",");
    }
    buffer_putc(&many, ']');
    assert_known(for_audience("[\"x\",\"https://truss.example\"]"), SCOPE_READ | SCOPE_RUN);
    assert_refused(for_audience(buffer_string(&many)), "requires the audience");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_refused(for_audience(others[i]), "requires the audience");
    }
}
END_TEST

START_TEST(a_name_twice_is_refused_however_it_is_written)
{
    static const char *const claims[] = {
        "{" HEAD ",\"exp\":1800000300,\"repository\":\"evil/shop\",\"repository\":\"acme/shop\"}",
        "{" HEAD ",\"exp\":1800000300,\"repository\":\"evil/shop\",\"\\u0072epository\":\"acme/shop\"}",
        "{" HEAD ",\"exp\":1,\"\\u0065xp\":1800000300,\"repository\":\"acme/shop\"}",
        "{\"iss\":\"https://evil.example\"," HEAD ",\"exp\":1800000300,\"repository\":\"acme/shop\"}"};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        assert_refused(sign(rsa, RS256, claims[i]), "says a name twice");
    }
    /* Another name is another name. */
    assert_refused(
        sign(rsa, RS256, "{" HEAD ",\"exp\":1800000300,\"Repository\":\"acme/shop\",\"repository \":\"acme/shop\"}"),
        "another repository than missing");
}
END_TEST

START_TEST(times_at_their_edges)
{
    static const char *const none[] = {"9223372036854775807", "-9223372036854775808", "1e18", "-1",   "1e300",
                                       "\"1800000300\"",      "[1800000300]",         "{}",   "null", "false",
                                       "253402300800.5"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_refused(sign(rsa, RS256, arena_printf(arena, "{" HEAD ",\"exp\":%s}", none[i])), "not a time");
        assert_refused(sign(rsa, RS256, arena_printf(arena, "{" HEAD ",\"exp\":1800000300,\"nbf\":%s}", none[i])),
                       "not a time");
    }
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":9223372036854775808}"), "JSON");
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":0}"), "expired");
    assert_refused(sign(rsa, RS256, "{" HEAD ",\"exp\":1799999940.9}"), "expired"); /* a fraction is no more time */
    assert_refused(sign(rsa, RS256, with_times(NOW + 50, NOW + 61, NOW)), "good only in");
}
END_TEST

/* It is who approves, in the audit and on a screen. */
START_TEST(a_subject_looks_as_it_is)
{
    static const char *const bent[] = {"a\\u202eb", "a\\u2066b", "a\\u200fb", "a\\u0085b", "a\\u001b[31m",
                                       "a\\nb",     "a\\u007f",  "\\u009b1m", ""};
    static const char claims[] = "{\"iss\":\"https://i.example\",\"aud\":\"https://truss.example\",\"exp\":1800000300,"
                                 "\"repository\":\"acme/shop\",\"sub\":\"%s\"}";
    for (size_t i = 0; i < sizeof bent / sizeof bent[0]; i++) {
        struct buffer said = {.arena = arena};
        const char *const place = strstr(claims, "%s");
        buffer_add(&said, (struct text){claims, (size_t)(place - claims)});
        buffer_puts(&said, bent[i]);
        buffer_puts(&said, place + 2);
        assert_refused(sign(rsa, RS256, buffer_string(&said)), "no subject");
    }
}
END_TEST

/* Who has a token of one issuer is nobody of another, whatever that one calls him. */
START_TEST(a_subject_of_another_issuer_has_another_name)
{
    struct principal principal;
    oidc_free(oidc);
    const char *const both = arena_printf(
        arena,
        "%s[oidc.other]\nissuer = 'https://j.example'\naudience = 'https://truss.example'\njwks = 'keys2'\n"
        "scopes = ['read']\n[oidc.other.claims]\nrepository = 'acme/shop'\n",
        rules);
    write_file("keys2", arena_printf(arena, "{\"keys\":[%s]}", ec_jwk("three", stranger)));
    const struct oidc_options options = {.rules = write_file("rules", both), .environment = {"", false}};
    oidc = oidc_new(&options, &status);
    ck_assert_msg(oidc != NULL, "%s", status.message);
    ck_assert_int_eq(ask(sign(rsa, RS256, claims_with("")), &principal), OIDC_IS_KNOWN);
    ck_assert_str_eq(principal.name, "oidc:repo:acme/shop (https://i.example)");
    const char *const said =
        "{\"iss\":\"https://j.example\",\"aud\":\"https://truss.example\",\"sub\":\"repo:acme/shop\","
        "\"exp\":1800000300,\"repository\":\"acme/shop\"}";
    ck_assert_int_eq(ask(sign(stranger, "{\"alg\":\"ES256\",\"kid\":\"three\"}", said), &principal), OIDC_IS_KNOWN);
    ck_assert_str_eq(principal.name, "oidc:repo:acme/shop (https://j.example)");
    ck_assert_uint_eq(principal.scopes, SCOPE_READ);
    /* Nor do its keys sign for the first. */
    assert_refused(sign(stranger, "{\"alg\":\"ES256\",\"kid\":\"three\"}", claims_with("")), "no key \"three\"");
    unlink(path_join(arena, folder, "keys2"));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("oidc attacks");
    TCase *const tests = tcase_create("oidc attacks");
    tcase_add_unchecked_fixture(tests, make_keys, free_keys);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_header_names_no_key_and_no_place_of_keys);
    tcase_add_test(tests, a_kid_is_a_name_among_the_issuers_and_nothing_else);
    tcase_add_test(tests, the_algorithm_is_one_of_two_words);
    tcase_add_test(tests, a_subject_looks_as_it_is);
    tcase_add_test(tests, a_signature_has_one_form);
    tcase_add_test(tests, an_issuer_is_the_same_text);
    tcase_add_test(tests, an_audience_is_one_text_of_a_list_of_texts);
    tcase_add_test(tests, a_name_twice_is_refused_however_it_is_written);
    tcase_add_test(tests, times_at_their_edges);
    tcase_add_test(tests, a_subject_of_another_issuer_has_another_name);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
