/*
 * Connection URLs as people write them.
 */
#include "pg/conninfo.h"
#include "support/runner.h"

#include <stdlib.h>
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
    {" postgresql://u@h/d\n", "h", "5432", "u", NULL, "d"},
    {"ecto://u:p@h/d", "h", "5432", "u", "p", "d"},
    {"postgis://u:p@h:6/d", "h", "6", "u", "p", "d"},
    {"postgresql+psycopg2://u:p%40@h/d", "h", "5432", "u", "p@", "d"},
    {"postgresql+asyncpg://u@h/d", "h", "5432", "u", NULL, "d"},
    {"postgres+pool://u@h/d", "h", "5432", "u", NULL, "d"},
    {"pgx5://u@h/d", "h", "5432", "u", NULL, "d"},
    {"pgsql://u:!ChangeMe!@h/d?serverVersion=16&charset=utf8", "h", "5432", "u", "!ChangeMe!", "d"},
    {"db:pg://u@h/d", "h", "5432", "u", NULL, "d"},
    {"jdbc:postgresql://h:7/d?user=u&password=a+b%2Bc", "h", "7", "u", "a b+c", "d"},
    {"jdbc:p6spy:postgresql://h/d?user=u", "h", "5432", "u", NULL, "d"},
    {"jdbc:postgresql:d", "localhost", "5432", NULL, NULL, "d"},
    {"jdbc:postgresql:/", "localhost", "5432", NULL, NULL, NULL},
    {"Host=h;Port=7;Database=d;Username=u;Password=\"a;b\"\"c\";Pooling=true", "h", "7", "u", "a;b\"c", "d"},
    {"Server=h; User Id=u; Password=p ;Database=d;", "h", NULL, "u", "p", "d"},
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
    {"\"postgresql://u:hunter2@h/d\"", "begins with a quote"},
    {"'postgresql://u:hunter2@h/d'", "begins with a quote"},
    {"${DATABASE_URL}", "has not been replaced"},
    {"$DB_SCHEME://u:hunter2@h/d", "has not been replaced"},
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
    {"postgresql://u:hunter2@h/d?search_path=", "search_path"},
    {"postgresql://u:hunter2@h/d?sslmod=require", "\"sslmod\" is not known"},
    {"postgresql://u:hunter2@h/d?hunter2%20drop=1&x=1", "is not known"},
    {"postgresql://u:hunter2@h/d?sslmode=hunter2", "sslmode is disable"},
    {"postgresql://u:hunter2@h/d?ssl=hunter2", "ssl is disable"},
    {"postgresql://u:hunter2@h/d?sslaccept=hunter2", "write sslaccept=strict"},
    {"postgresql://u:hunter2@h/d?sslfactory=org.example.Own", "sslfactory"},
    {"jdbc:postgresql://h/d?password=hunter2&sslkey=client.pk8", "sslkey"},
    {"postgresql://u:hunter2@h/d?x-multi-statement=true", "x-multi-statement"},
    {"postgresql://u:hunter2@h/d?x-statement-timeout=soon", "x-statement-timeout"},
    {"postgresql://u:hunter2@h/d?x-migrations-table=", "x-migrations-table"},
    {"postgresql://u:hunter2@h/d?x-lock-strategy=table", "golang-migrate's advisory lock"},
    {"postgresql://u:hunter2@h/d?x-lock-timeout=5", "--lock-wait"},
    {"postgresql://u:hunter2@h/d?x-force-lock=true", "CockroachDB"},
    {"postgresql://u:hunter2@h/d?x-nonsense=1", "none of golang-migrate's for PostgreSQL"},
    {"cockroachdb://u:hunter2@h:26257/d", "CockroachDB (cockroachdb://)"},
    {"crdb-postgres://u:hunter2@h:26257/d", "CockroachDB"},
    {"postgresql://u:hunter2@h/d?connection_limit=-1", "connection_limit"},
    {"postgresql://u:hunter2@h/d?charset=latin1", "charset"},
    {"postgresql://u:hunter2@h/d?targetServerType=odd", "targetServerType"},
    {"postgresql://u:hunter2@h/d?replication=database", "replication"},
    {"postgresql://u:hunter2@h/d?options[search_path]=", "search_path"},
    {"redshift://u:hunter2@h/d", "postgresql://"},
    {"jdbc:mysql://u:hunter2@h/d", "postgresql://"},
    {"Host=h;Password=hunter2;Nonsense=1", "\"nonsense\" is not known"},
    {"Host=h;Password=hunter2;Nonsense", "Name=value"},
    {"postgresql://u:hunter2@h/d?sslidentity=x.p12", "sslidentity"},
    {"host=h password=hunter2 nonsense=1", "keyword"},
};

START_TEST(a_bad_url_is_refused_without_repeating_the_password)
{
    ck_assert_msg(!parse(bad[_i].url), "%s is accepted", bad[_i].url);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_msg(strstr(status.message, bad[_i].word) != NULL, "%s: %s", bad[_i].url, status.message);
    if (strstr(bad[_i].url, "?hunter2") == NULL) {
        ck_assert_ptr_null(strstr(status.message, "hunter2"));
    }
}
END_TEST

START_TEST(prismas_parameters_are_honoured)
{
    ck_assert(
        parse("postgresql://u:p@h/d?schema=app&connection_limit=5&pool_timeout=10&connect_timeout=7&socket_timeout=5"
              "&pgbouncer=true&sslmode=require&statement_cache_size=0&application_name=x&options=-c%20a%3Db"));
    ck_assert_str_eq(conninfo.schema, "app");
    ck_assert(conninfo.pgbouncer);
    ck_assert_uint_eq(conninfo.pool_limit, 5);
    ck_assert_uint_eq(conninfo.pool_wait_ms, 10000);
    ck_assert_uint_eq(conninfo.socket_timeout_ms, 5000);
    ck_assert_keyword("sslmode", "require");
    ck_assert_keyword("application_name", "x");
    ck_assert_keyword("options", "-c a=b");
    ck_assert_keyword("connect_timeout", "7");
    ck_assert_keyword("schema", NULL);
    ck_assert_keyword("connection_limit", NULL);
    ck_assert_ptr_null(conninfo.search_path);
}
END_TEST

/* Each URL's parameters, what the session begins with, and the search path that this is. */
static const struct {
    const char *query;
    const char *options;
    const char *search_path;
} sessions[] = {
    {"search_path=tenant_a", "-c search_path=tenant_a", "tenant_a"},
    {"search_path=tenant_a,%20public", "-c search_path=tenant_a,\\ public", "tenant_a, public"},
    {"currentSchema=app", "-c search_path=app", "app"},
    {"schema_search_path=app", "-c search_path=app", "app"},
    {"options=-c%20search_path%3Dsvc_b", "-c search_path=svc_b", "svc_b"},
    {"options=-csearch_path%3Dsvc_b", "-csearch_path=svc_b", "svc_b"},
    {"options=--search_path%3Dsvc_b", "--search_path=svc_b", "svc_b"},
    {"options=--search-path%3Dsvc_b", "--search-path=svc_b", "svc_b"},
    {"options=-c+search_path%3Dsvc_b,public", "-c search_path=svc_b,public", "svc_b,public"},
    {"options=-c%20a%3Db&search_path=c", "-c a=b -c search_path=c", "c"},
    {"options[search_path]=app", "-c search_path=app", "app"},
    {"options[geqo]=off", "-c geqo=off", NULL},
    {"app.tenant=a%20b%5C", "-c app.tenant=a\\ b\\\\", NULL},
    {"statement_timeout=5s&TimeZone=UTC&role=owner", "-c statement_timeout=5s -c timezone=UTC -c role=owner", NULL},
    {"readOnly=true", "-c default_transaction_read_only=true", NULL},
};

START_TEST(what_the_url_says_of_the_session_reaches_it)
{
    ck_assert_msg(parse(arena_printf(arena, "postgresql://h/d?%s", sessions[_i].query)), "%s", status.message);
    ck_assert_keyword("options", sessions[_i].options);
    ck_assert_pstr_eq(conninfo.search_path, sessions[_i].search_path);
}
END_TEST

START_TEST(the_environments_options_stay_before_the_urls)
{
    setenv("PGOPTIONS", "-c search_path=from_environment", 1);
    ck_assert(parse("postgresql://h/d?role=owner"));
    ck_assert_keyword("options", "-c search_path=from_environment -c role=owner");
    ck_assert_str_eq(conninfo.search_path, "from_environment");
    ck_assert(parse("postgresql://h/d?search_path=app"));
    ck_assert_str_eq(conninfo.search_path, "app");
    unsetenv("PGOPTIONS");
}
END_TEST

START_TEST(golang_migrates_parameters_are_kept)
{
    ck_assert(parse("postgres://h/d?x-no-lock=true&x-lock-strategy=advisory"));
    ck_assert(parse("postgres://h/d?sslmode=disable&x-migrations-table=app_migrations&x-statement-timeout=2500"
                    "&x-multi-statement=false"));
    ck_assert_str_eq(conninfo.migrations_table, "app_migrations");
    ck_assert(!conninfo.migrations_table_quoted);
    ck_assert_uint_eq(conninfo.statement_timeout_ms, 2500);
    ck_assert(parse("postgres://h/d?x-migrations-table=%22a%22.%22b%22&x-migrations-table-quoted=1"));
    ck_assert_str_eq(conninfo.migrations_table, "\"a\".\"b\"");
    ck_assert(conninfo.migrations_table_quoted);
}
END_TEST

START_TEST(jdbcs_parameters_are_honoured)
{
    ck_assert(parse("jdbc:postgresql://h/d?user=u&ssl=true&currentSchema=app&connectTimeout=4&socketTimeout=30"
                    "&ApplicationName=my+app&targetServerType=primary&reWriteBatchedInserts=true&tcpKeepAlive=true"));
    ck_assert_keyword("sslmode", "verify-full");
    ck_assert_keyword("connect_timeout", "4");
    ck_assert_keyword("application_name", "my app");
    ck_assert_keyword("target_session_attrs", "primary");
    ck_assert_uint_eq(conninfo.socket_timeout_ms, 30000);
    ck_assert(parse("jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory"));
    ck_assert_keyword("sslmode", "require");
}
END_TEST

/* Of whom the certificate is: what stands beside it tells. */
static const struct {
    const char *query;
    const char *sslmode;
    const char *sslrootcert;
    const char *sslcert;
} certificates[] = {
    {"sslmode=require&sslcert=ca.pem&sslaccept=strict", "verify-full", "ca.pem", NULL},
    {"sslmode=prefer&sslcert=ca.pem&sslaccept=strict", "verify-full", "ca.pem", NULL},
    {"sslmode=disable&sslaccept=strict", "disable", NULL, NULL},
    {"sslmode=verify-ca&sslrootcert=ca.pem&sslaccept=strict", "verify-ca", "ca.pem", NULL},
    {"sslaccept=accept_invalid_certs&sslmode=require", "require", NULL, NULL},
    {"sslmode=require&sslcert=ca.pem", "require", "ca.pem", NULL},
    {"sslmode=verify-full&sslrootcert=ca.pem&sslcert=own.pem&sslkey=own.key", "verify-full", "ca.pem", "own.pem"},
    {"sslcert=own.pem&sslkey=own.key", NULL, NULL, "own.pem"},
    {"sslcert=ca.pem&sslclientcert=own.pem&sslkey=own.key", NULL, "ca.pem", "own.pem"},
    {"ssl-mode=VERIFY_CA&ssl-ca=ca.pem&ssl-cert=own.pem&ssl-key=own.key", "verify-ca", "ca.pem", "own.pem"},
    {"sslmode=no-verify", "require", NULL, NULL},
    {"ssl=true", "require", NULL, NULL},
    {"ssl=no-verify", "require", NULL, NULL},
    {"ssl=0", "disable", NULL, NULL},
    {"sslmode=verify-full&ssl=true", "verify-full", NULL, NULL},
};

START_TEST(certificates_are_checked_as_the_url_says)
{
    ck_assert_msg(parse(arena_printf(arena, "postgresql://u@h/d?%s", certificates[_i].query)), "%s", status.message);
    ck_assert_keyword("sslmode", certificates[_i].sslmode);
    ck_assert_keyword("sslrootcert", certificates[_i].sslrootcert);
    ck_assert_keyword("sslcert", certificates[_i].sslcert);
}
END_TEST

START_TEST(strict_without_an_authority_takes_the_machines)
{
    if (parse("postgresql://u@h/d?sslmode=require&sslaccept=strict")) {
        ck_assert_keyword("sslmode", "verify-full");
        ck_assert_ptr_nonnull(conninfo_value(&conninfo, "sslrootcert"));
    } else {
        ck_assert_ptr_nonnull(strstr(status.message, "sslaccept=strict"));
    }
}
END_TEST

START_TEST(a_dead_connection_is_noticed_unless_the_url_says_otherwise)
{
    ck_assert(parse("postgresql://u@h/d?keepalives_idle=7"));
    ck_assert_keyword("keepalives", "1");
    ck_assert_keyword("keepalives_idle", "7");
    ck_assert_keyword("tcp_user_timeout", "19000");
}
END_TEST

/* Two URLs, and whether they mean the same database. */
static const struct {
    const char *a;
    const char *b;
    bool same;
} pairs[] = {
    {"postgresql://u@localhost/d", "postgresql+psycopg2://v:p@127.0.0.1:5432/d", true},
    {"postgresql://u@localhost/d", "postgresql:///d?host=/var/run/postgresql", true},
    {"postgresql://u@db/d", "jdbc:postgresql://DB.:5432/d?user=v", true},
    {"postgresql://u@h1:1,h2:2/d", "postgresql://u@h2:2/d", true},
    {"postgresql://u@h/d", "Host=h;Database=d", true},
    {"postgresql://d@h", "postgresql://h/d", true},
    {"postgresql://u@h/d", "postgresql://u@h/e", false},
    {"postgresql://u@h/d", "postgresql://u@h2/d", false},
    {"postgresql://u@h/d", "postgresql://u@h:5433/d", false},
    {"postgresql://u@h1:1,h2:2/d", "postgresql://u@h1:2/d", false},
};

START_TEST(the_same_database_is_known_however_it_is_written)
{
    struct conninfo other;
    ck_assert(conninfo_parse(arena, pairs[_i].b, &other, &status) && parse(pairs[_i].a));
    ck_assert_msg(conninfo_same_database(&conninfo, &other) == pairs[_i].same, "%s %s", pairs[_i].a, pairs[_i].b);
    ck_assert(conninfo_same_database(&other, &conninfo) == pairs[_i].same);
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
        buffer_printf(&many, "app.a%d=1&", i);
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
    tcase_add_test(tests, prismas_parameters_are_honoured);
    tcase_add_loop_test(tests, what_the_url_says_of_the_session_reaches_it, 0,
                        (int)(sizeof sessions / sizeof sessions[0]));
    tcase_add_test(tests, the_environments_options_stay_before_the_urls);
    tcase_add_test(tests, golang_migrates_parameters_are_kept);
    tcase_add_test(tests, jdbcs_parameters_are_honoured);
    tcase_add_loop_test(tests, certificates_are_checked_as_the_url_says, 0,
                        (int)(sizeof certificates / sizeof certificates[0]));
    tcase_add_test(tests, strict_without_an_authority_takes_the_machines);
    tcase_add_test(tests, a_dead_connection_is_noticed_unless_the_url_says_otherwise);
    tcase_add_loop_test(tests, the_same_database_is_known_however_it_is_written, 0,
                        (int)(sizeof pairs / sizeof pairs[0]));
    tcase_add_test(tests, what_is_shown_has_no_password);
    tcase_add_test(tests, a_url_of_any_length_is_bounded);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
