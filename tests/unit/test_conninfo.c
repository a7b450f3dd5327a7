/*
 * Connection URLs as people write them.
 */
#include "pg/conninfo.h"
#include "support/runner.h"

#include <string.h>

static struct arena *arena;
static struct status status;
static struct conninfo conninfo;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

static bool parse(const char *url)
{
    return conninfo_parse(arena, url, &conninfo, &status);
}

#define ck_assert_keyword(keyword, expected) ck_assert_pstr_eq(conninfo_value(&conninfo, keyword), expected)

/* Each URL, and what libpq is told. */
static const struct {
    const char *url;
    const char *host;
    const char *port;
    const char *user;
    const char *password;
    const char *dbname;
} good[] = {
    {"postgresql://ada:secret@db.example.org:5433/app", "db.example.org", "5433", "ada", "secret", "app"},
    {"postgres://ada@localhost/app", "localhost", "5432", "ada", NULL, "app"},
    {"POSTGRESQL://localhost", "localhost", "5432", NULL, NULL, NULL},
    {"postgresql://a%40b:p%3Aw%2Fd%231@h/my%20db", "h", "5432", "a@b", "p:w/d#1", "my db"},
    {"postgresql://u:p@ss@h:1/d", "h", "1", "u", "p@ss", "d"},
    {"postgresql://u:p@[::1]:5433/d", "::1", "5433", "u", "p", "d"},
    {"postgresql://u:p@[2001:db8::7]/d", "2001:db8::7", "5432", "u", "p", "d"},
    {"postgresql://u@h1:1,h2,h3:3/d", "h1,h2,h3", "1,5432,3", "u", NULL, "d"},
    {"postgresql:///d?host=/var/run/postgresql", "/var/run/postgresql", NULL, NULL, NULL, "d"},
    {"postgresql://u@%2Fvar%2Frun/d", "/var/run", "5432", "u", NULL, "d"},
    {"postgresql://u:@h/d", "h", "5432", "u", "", "d"},
    {"postgresql://h/d?user=u&password=p&port=7", "h", "7", "u", "p", "d"},
    {"host=h port=5 user=u password=p dbname=d", "h", "5", "u", "p", "d"},
};

START_TEST(a_url_becomes_keywords)
{
    ck_assert_msg(parse(good[_i].url), "%s: %s", good[_i].url, status.message);
    ck_assert_keyword("host", good[_i].host);
    ck_assert_keyword("port", good[_i].port);
    ck_assert_keyword("user", good[_i].user);
    ck_assert_keyword("password", good[_i].password);
    ck_assert_keyword("dbname", good[_i].dbname);
    ck_assert_keyword("client_encoding", "UTF8");
}
END_TEST

/* Each with a word of the message that a person acts on. None may repeat the password. */
static const struct {
    const char *url;
    const char *word;
} bad[] = {
    {"prisma://accelerate.example/?api_key=hunter2", "directUrl"},
    {"prisma+postgres://localhost:51213/?api_key=hunter2", "directUrl"},
    {"mysql://u:hunter2@h/d", "postgresql://"},
    {"file:./dev.db", "postgresql://"},
    {"", "postgresql://"},
    {"postgresql://u:hunter2/x@h/d", "percent-encode"},
    {"postgresql://u:hunter2?x@h/d", "percent-encode"},
    {"postgresql://u:hunter2#x@h:port/d", "port"},
    {"postgresql://u:hunter2@h:99999/d", "port"},
    {"postgresql://u:hunter2@h:0/d", "port"},
    {"postgresql://u:hunter2%zz@h/d", "%25"},
    {"postgresql://u:hunter2%00@h/d", "percent-escape"},
    {"postgresql://u:hunter2%ff@h/d", "UTF-8"},
    {"postgresql://u:hunter2@[::1/d", "bracket"},
    {"postgresql://u:hunter2@h/d?schema=", "schema"},
    {"postgresql://u:hunter2@h/d?sslidentity=x.p12", "sslidentity"},
    {"host=h password=hunter2 nonsense=1", "keyword"},
};

START_TEST(a_bad_url_is_refused_without_repeating_the_password)
{
    ck_assert_msg(!parse(bad[_i].url), "%s", bad[_i].url);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_msg(strstr(status.message, bad[_i].word) != NULL, "%s: %s", bad[_i].url, status.message);
    ck_assert_ptr_null(strstr(status.message, "hunter2"));
}
END_TEST

START_TEST(prismas_parameters_are_understood_or_set_aside)
{
    ck_assert(
        parse("postgresql://u:p@h/d?schema=app&connection_limit=5&pool_timeout=10&connect_timeout=7&socket_timeout=5"
              "&pgbouncer=true&sslmode=require&statement_cache_size=0&application_name=x&options=-c%20a%3Db"));
    ck_assert_str_eq(conninfo.schema, "app");
    ck_assert(conninfo.pgbouncer);
    ck_assert_keyword("sslmode", "require");
    ck_assert_keyword("application_name", "x");
    ck_assert_keyword("options", "-c a=b");
    ck_assert_keyword("connect_timeout", "7");
    ck_assert_keyword("schema", NULL);
    ck_assert_keyword("connection_limit", NULL);
    ck_assert_str_eq(conninfo.ignored[0], "connection_limit");
    ck_assert_str_eq(conninfo.ignored[3], "statement_cache_size");
    ck_assert_ptr_null(conninfo.ignored[4]);
}
END_TEST

START_TEST(prismas_certificate_is_the_authoritys)
{
    ck_assert(parse("postgresql://u@h/d?sslmode=require&sslcert=ca.pem&sslaccept=strict"));
    ck_assert_keyword("sslrootcert", "ca.pem");
    ck_assert_keyword("sslcert", NULL);
    ck_assert_keyword("sslmode", "verify-full");
    ck_assert(parse("postgresql://u@h/d?sslmode=prefer&sslcert=ca.pem&sslaccept=strict"));
    ck_assert_keyword("sslmode", "prefer");
    ck_assert(parse("postgresql://u@h/d?sslaccept=accept_invalid_certs&sslmode=require"));
    ck_assert_keyword("sslmode", "require");
}
END_TEST

START_TEST(what_is_shown_has_no_password)
{
    ck_assert(parse("postgresql://ada:hunter2@h:5433/app?schema=x&password=hunter2"));
    ck_assert_str_eq(conninfo.display, "postgresql://ada@h:5433/app");
    ck_assert(parse("host=h user=ada password=hunter2 dbname=app"));
    ck_assert_ptr_null(strstr(conninfo.display, "hunter2"));
}
END_TEST

START_TEST(a_url_of_any_length_is_bounded)
{
    char *const url = arena_alloc(arena, 10000);
    memset(url, 'x', 9999);
    memcpy(url, "postgresql://", 13);
    ck_assert(!parse(url));
    struct buffer many = {.arena = arena};
    buffer_puts(&many, "postgresql://h/d?");
    for (int i = 0; i < 200; i++) {
        buffer_printf(&many, "unknown%d=1&", i);
    }
    ck_assert(parse(buffer_string(&many)));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("conninfo");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_url_becomes_keywords, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tests, a_bad_url_is_refused_without_repeating_the_password, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, prismas_parameters_are_understood_or_set_aside);
    tcase_add_test(tests, prismas_certificate_is_the_authoritys);
    tcase_add_test(tests, what_is_shown_has_no_password);
    tcase_add_test(tests, a_url_of_any_length_is_bounded);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
