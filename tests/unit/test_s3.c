/*
 * The store's URL and signature: the examples of Amazon's documentation ("Signature Calculations for the Authorization
 * Header"), and what no URL may say.
 */
#include "backup/s3_send.h"
#include "backup/s3_sign.h"
#include "base/digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 1);
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_REGION");
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct s3_place place_of(const char *url)
{
    struct s3_place place;
    struct status status = {.arena = arena};
    ck_assert_msg(s3_place_read(arena, url, &place, &status), "%s: %s", url, status.message);
    return place;
}

static const char *signature(const char *method, const char *query)
{
    static const char host[] = "examplebucket.s3.amazonaws.com"; /* as the examples have it, without a region */
    struct s3_place place = place_of("s3://examplebucket");
    place.host = host;
    const struct s3_signing signing = {
        .place = &place,
        .method = method,
        .path = "/",
        .query = query,
        .sha256 = sha256_hex_of(arena, (struct text){"", 0}),
        .now = 1369353600, /* 2013-05-24T00:00:00Z */
    };
    const char *const *header = s3_sign(arena, &signing);
    while (strncmp(*header, "Authorization:", 14) != 0) {
        header++;
    }
    return strstr(*header, "Signature=") + strlen("Signature=");
}

START_TEST(signatures_are_those_of_amazons_examples)
{
    ck_assert_str_eq(signature("GET", "lifecycle="),
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    ck_assert_str_eq(signature("GET", "max-keys=2&prefix=J"),
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}
END_TEST

START_TEST(a_url_says_where_the_bucket_is)
{
    struct s3_place place = place_of("s3://backups/of/us?region=eu-central-1");
    ck_assert_str_eq(place.origin, "https://backups.s3.eu-central-1.amazonaws.com");
    ck_assert_str_eq(place.base, "/");
    ck_assert_str_eq(place.prefix, "of/us/");
    ck_assert_str_eq(place.display, "s3://backups/of/us");
    place = place_of("s3://with.dot");
    ck_assert_str_eq(place.origin, "https://s3.us-east-1.amazonaws.com");
    ck_assert_str_eq(place.base, "/with.dot/");
    place = place_of("s3://backups/?endpoint=https%3A%2F%2Fminio.example%3A443/");
    ck_assert_str_eq(place.host, "minio.example");
    ck_assert_str_eq(place.base, "/backups/");
    ck_assert_str_eq(place.prefix, "");
    place = place_of("s3://backups?endpoint=http://127.0.0.1:9000&style=virtual");
    ck_assert_str_eq(place.host, "backups.127.0.0.1:9000");
    place = place_of("s3://backups?endpoint=http://[::1]:9000");
    ck_assert_str_eq(place.host, "[::1]:9000");
    place = place_of("s3://backups?endpoint=http://192.0.2.1&insecure=true");
    ck_assert_str_eq(place.host, "192.0.2.1");
}
END_TEST

START_TEST(what_is_no_url_of_a_store_is_refused)
{
    static const char *const urls[] = {
        "s3://",
        "s3:///x",
        "s3://ab",
        "s3://Upper",
        "s3://a..b",
        "s3://backups//x",
        "s3://backups/%0a",
        "s3://backups/%",
        "s3://backups/%4",
        "s3://backups?",
        "s3://backups?x",
        "s3://backups?region",
        "s3://backups?region=",
        "s3://backups?region=a%2Fb",
        "s3://backups?style=other",
        "s3://backups?endpoint=host",
        "s3://backups?endpoint=https://",
        "s3://backups?endpoint=https://host/path",
        "s3://backups?endpoint=https://user:word@host",
        "s3://backups?endpoint=http://192.0.2.1",
        "s3://backups?insecure=maybe",
        "s3://backups?access_key=x",
    };
    /* "?" alone says nothing, and is fine. */
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct s3_place place;
        struct status status = {.arena = arena};
        const bool ok = s3_place_read(arena, urls[i], &place, &status);
        ck_assert_msg(ok == (strcmp(urls[i], "s3://backups?") == 0), "%s", urls[i]);
    }
}
END_TEST

START_TEST(names_are_encoded_as_the_signature_wants_them)
{
    struct buffer out = {.arena = arena};
    buffer_put_encoded(&out, text_of("a b/~_-.\xc3\xa4+="), "/");
    ck_assert_str_eq(buffer_string(&out), "a%20b/~_-.%C3%A4%2B%3D");
    out = (struct buffer){.arena = arena};
    buffer_put_encoded(&out, text_of("a/b"), "");
    ck_assert_str_eq(buffer_string(&out), "a%2Fb");
}
END_TEST

START_TEST(an_answer_that_is_cut_or_strange_has_no_parts)
{
    static const char *const answers[] = {"", "<Key>", "</Key>", "<Key></Kex>", "<Ke", "<Key>x", "\xff<"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        size_t from = 0;
        ck_assert_ptr_null(s3_between(text_of(answers[i]), "Key", &from).data);
    }
    size_t from = 0;
    const struct text xml = text_of("<A><Key>one</Key><Key></Key></A>");
    ck_assert(text_is(s3_between(xml, "Key", &from), "one"));
    ck_assert_uint_eq(s3_between(xml, "Key", &from).size, 0);
    ck_assert_ptr_null(s3_between(xml, "Key", &from).data);
}
END_TEST

START_TEST(entities_in_keys_are_characters)
{
    static const char *const cases[][2] = {
        {"a&amp;b&lt;c&gt;d&quot;e&apos;f", "a&b<c>d\"e'f"},
        {"&#38;&#x26;&#X3c;&#x27;", "&&<'"},
        {"&#228;&#x20ac;&#x1F418;", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x98"},
        {"&amp;amp;", "&amp;"},
        {"a&b", "a&b"},
        {"a&b;c&amp;", "a&b;c&"},
        {"&;&#;&#x;&#0;&#xd800;&#x110000;&#12a;&#99999999;&AMP;",
         "&;&#;&#x;&#0;&#xd800;&#x110000;&#12a;&#99999999;&AMP;"},
        {"&amp", "&amp"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(s3_unescaped(arena, text_of(cases[i][0])), cases[i][1]);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("s3");
    TCase *const tests = tcase_create("s3");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, signatures_are_those_of_amazons_examples);
    tcase_add_test(tests, a_url_says_where_the_bucket_is);
    tcase_add_test(tests, what_is_no_url_of_a_store_is_refused);
    tcase_add_test(tests, names_are_encoded_as_the_signature_wants_them);
    tcase_add_test(tests, an_answer_that_is_cut_or_strange_has_no_parts);
    tcase_add_test(tests, entities_in_keys_are_characters);
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
