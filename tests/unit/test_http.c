/*
 * Heads and bodies of HTTP/1.1 as RFC 9112 has them: what is taken, what is refused, whatever the pieces in which it
 * comes.
 */
#include "base/limits.h"
#include "bridge/chunks.h"
#include "bridge/head.h"
#include "bridge/proxies.h"
#include "support/runner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct arena *arena;
static struct http_head head;
static struct http_problem problem;

static void begin(void)
{
    arena = arena_new(0);
}

static void end(void)
{
    arena_free(arena);
}

/* The status that these bytes are refused with; 0: it is a head. */
static unsigned status_of(struct text bytes)
{
    problem = (struct http_problem){0};
    const size_t size = http_head_size(bytes, &problem);
    ck_assert_uint_ne(size, 0);
    if (size == SIZE_MAX || !http_head_read(arena, text_slice(bytes, 0, size), &head, &problem)) {
        ck_assert_ptr_nonnull(problem.message);
        return problem.status;
    }
    return 0;
}

static unsigned status_of_string(const char *string)
{
    return status_of(text_of(string));
}

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: localhost\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

START_TEST(a_head_is_taken_apart)
{
    ck_assert_uint_eq(
        status_of_string("\r\n\r\nPOST /a/b%20c?x=1&y HTTP/1.1\r\nHost: [::1]:8787\r\nX-Y:\t a  b \t\r\nEmpty:\r\n"
                         "Content-Length: 12\r\nconnection: foo, Close\r\n\r\nbody"),
        0);
    ck_assert_str_eq(head.method, "POST");
    ck_assert_str_eq(head.path, "/a/b%20c");
    ck_assert_str_eq(head.query, "x=1&y");
    ck_assert_str_eq(head.host, "[::1]:8787");
    ck_assert_str_eq(http_head_find(&head, "x-y"), "a  b");
    ck_assert_str_eq(http_head_find(&head, "Empty"), "");
    ck_assert_ptr_null(http_head_find(&head, "Nothing"));
    ck_assert_uint_eq(head.length, 12);
    ck_assert(!head.keeps_alive && !head.is_chunked && !head.is_1_0 && !head.expects_continue);
    ck_assert_uint_eq(status_of_string("GET http://other:80/x?y HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n"), 0);
    ck_assert_str_eq(head.path, "/x");
    ck_assert_str_eq(head.host, "other:80");
    ck_assert(head.keeps_alive && head.expects_continue);
    ck_assert_uint_eq(status_of_string("GET / HTTP/1.0\r\n\r\n"), 0);
    ck_assert(head.is_1_0 && !head.keeps_alive && head.host == NULL);
    ck_assert_uint_eq(status_of_string("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 0);
    ck_assert(head.keeps_alive);
}
END_TEST

static const struct {
    unsigned status;
    const char *bytes;
} refused[] = {
    /* the request line */
    {400, "GET /\r\n" HOST "\r\n"},
    {400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a b HTTP/1.1\r\n" HOST "\r\n"},
    {400, " GET / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "G(T / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {400, "GET / http/1.1\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {505, "GET / HTTP/9.9\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.10\r\n" HOST "\r\n"},
    {400, "GET x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\x01 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /#x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http:///x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://user@other/x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "CONNECT other:80 HTTP/1.1\r\n" HOST "\r\n"},
    /* its lines */
    {400, "GET / HTTP/1.1\n" HOST "\r\n"},
    {400, GET "Host: localhost\nX: y\r\n\r\n"},
    {400, GET "Host: localhost\rX: y\r\n\r\n"},
    {400, GET HOST "X: a\r\n b\r\n\r\n"},
    {400, GET " X: a\r\n" HOST "\r\n"},
    {400, GET HOST "\tX: a\r\n\r\n"},
    /* headers */
    {400, GET HOST "Content-Length : 5\r\n\r\n"},
    {400, GET HOST "Transfer-Encoding : chunked\r\n\r\n"},
    {400, GET HOST "Transfer-Encoding\t: chunked\r\n\r\n"},
    {400, GET HOST ": x\r\n\r\n"},
    {400, GET HOST "no colon\r\n\r\n"},
    {400, GET HOST "a[b]: x\r\n\r\n"},
    {400, GET HOST "X: a\x0b\r\n\r\n"},
    {400, GET HOST "X: a\x7f\r\n\r\n"},
    /* Host */
    {400, GET "\r\n"},
    {400, GET HOST HOST "\r\n"},
    {400, GET "Host: a, b\r\n\r\n"},
    {400, GET "Host: a/b\r\n\r\n"},
    {400, GET "Host: u@a\r\n\r\n"},
    {400, GET "Host:\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"},
    /* framing */
    {400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {400, POST "Content-Length: 5, 5\r\n\r\n"},
    {400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: xchunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: chunked;q=1\r\n\r\n"},
    {501, POST "Transfer-Encoding:\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, POST "Content-Length: -1\r\n\r\n"},
    {400, POST "Content-Length: +5\r\n\r\n"},
    {400, POST "Content-Length: 0x10\r\n\r\n"},
    {400, POST "Content-Length: 5 5\r\n\r\n"},
    {400, POST "Content-Length:\r\n\r\n"},
    {413, POST "Content-Length: 99999999999999999999\r\n\r\n"},
    {417, POST "Expect: 200-ok\r\n\r\n"},
};

START_TEST(what_can_be_read_in_two_ways_is_refused)
{
    ck_assert_msg(status_of_string(refused[_i].bytes) == refused[_i].status, "%s: %u", refused[_i].bytes,
                  problem.status);
}
END_TEST

START_TEST(a_nul_is_refused_wherever_it_is)
{
    static const char good[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n";
    for (size_t i = 0; i < sizeof good - 5; i++) {
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        bytes[i] = '\0';
        problem = (struct http_problem){0};
        const struct text text = {bytes, sizeof good - 1};
        const size_t size = http_head_size(text, &problem);
        const bool ok = size != SIZE_MAX && http_head_read(arena, text_slice(text, 0, size), &head, &problem);
        ck_assert_msg(!ok && problem.status >= 400, "a NUL at %zu", i);
    }
}
END_TEST

static struct text repeated(const char *begin, const char *part, size_t count, const char *behind)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, begin);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&out, part);
    }
    buffer_puts(&out, behind);
    return buffer_text(&out);
}

START_TEST(what_is_too_much_is_refused_before_it_is_whole)
{
    ck_assert_uint_eq(status_of(repeated("GET /?", "a=1&", 600, " HTTP/1.1\r\n" HOST "\r\n")), 414);
    ck_assert_uint_eq(status_of(repeated("GET /?", "a=1&", 100, " HTTP/1.1\r\n" HOST "\r\n")), 0);
    ck_assert_uint_eq(status_of(repeated("GET /", "a", 20000, "")), 414);
    ck_assert_uint_eq(status_of(repeated(GET HOST "X: ", "a", 9000, "\r\n\r\n")), 0);
    ck_assert_uint_eq(status_of(repeated(GET HOST "X: ", "a", 40000, "")), 431);
    ck_assert_uint_eq(status_of(repeated(GET HOST, "X: a\r\n", 99, "\r\n")), 0);
    ck_assert_uint_eq(status_of(repeated(GET HOST, "X: a\r\n", 100, "\r\n")), 431);
    ck_assert_uint_eq(status_of(repeated("", "\r\n", 20000, "")), 400);
}
END_TEST

START_TEST(a_head_is_waited_for_byte_by_byte)
{
    static const char good[] = "\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\nnext";
    for (size_t i = 0; i < sizeof good - 6; i++) {
        ck_assert_uint_eq(http_head_size((struct text){good, i}, &problem), 0);
    }
    ck_assert_uint_eq(http_head_size(text_of(good), &problem), sizeof good - 5);
}
END_TEST

/* ---- chunks ---- */

/* Reads a body in pieces of so many bytes: its data, or NULL where it is none. *left: what is behind it. */
static const char *read_chunks(const char *body, size_t at_once, size_t *left)
{
    struct http_chunks chunks = {0};
    struct buffer out = {.arena = arena};
    struct text rest = text_of(body);
    while (rest.size > 0 && chunks.state != CHUNKS_DONE && chunks.state != CHUNKS_BAD) {
        struct text piece = text_slice(rest, 0, at_once);
        rest = text_slice(rest, piece.size, rest.size);
        while (piece.size > 0 && chunks.state != CHUNKS_DONE && chunks.state != CHUNKS_BAD) {
            buffer_add(&out, http_chunks_read(&chunks, &piece));
        }
        rest = (struct text){rest.data - piece.size, rest.size + piece.size};
    }
    *left = rest.size;
    return chunks.state == CHUNKS_DONE ? buffer_string(&out) : NULL;
}

START_TEST(chunks_are_put_together_whatever_the_pieces)
{
    size_t left;
    for (size_t at_once = 1; at_once < 40; at_once++) {
        ck_assert_str_eq(read_chunks("3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\n", at_once, &left), "abc0123456789");
        ck_assert_uint_eq(left, 0);
        ck_assert_str_eq(read_chunks("1\r\na\r\n0;end\r\nTrailer: x\r\nOther: y\r\n\r\nGET /", at_once, &left), "a");
        ck_assert_uint_eq(left, 5);
        ck_assert_str_eq(read_chunks("0\r\n\r\n", at_once, &left), "");
    }
}
END_TEST

START_TEST(chunks_that_are_none_are_refused)
{
    static const char *const bad[] = {
        "x\r\n",
        "\r\n",
        "-1\r\na\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        "1\na\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\nab\r\n",
        "1\r\na0\r\n",
        "000000001\r\na\r\n",
        "fffffffff\r\n",
        "1;\n\r\na\r\n",
        "1;\x01\r\na\r\n",
        "1\ra\r\n",
        "0\r\n\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: \x02\r\n\r\n",
    };
    size_t left;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(read_chunks(bad[i], 100, &left) == NULL, "%s", bad[i]);
    }
    ck_assert_ptr_null(
        read_chunks(arena_strdup(arena, repeated("1;", "a", 5000, "\r\na\r\n0\r\n\r\n").data), 100, &left));
    ck_assert_ptr_null(
        read_chunks(arena_strdup(arena, repeated("", "1;aaaaaaaaaaaa\r\na\r\n", 500, "0\r\n\r\n").data), 100, &left));
    ck_assert_ptr_null(read_chunks(arena_strdup(arena, repeated("0\r\n", "X: y\r\n", 1000, "\r\n").data), 100, &left));
}
END_TEST

/* ---- proxies ---- */

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *const four = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *const six = (struct sockaddr_in6 *)(void *)&address;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        address.ss_family = AF_INET;
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
        address.ss_family = AF_INET6;
    }
    return address;
}

static bool has(const char *list, const char *text)
{
    struct status status = {.arena = arena};
    const struct sockaddr_storage address = address_of(text);
    const struct proxies *const proxies = proxies_read(arena, list, "x-forwarded-for", &status);
    ck_assert_msg(proxies != NULL, "%s", status.message);
    return proxies_have(proxies, (const struct sockaddr *)&address);
}

START_TEST(a_proxy_is_one_by_its_address_or_its_network)
{
    ck_assert(has("127.0.0.1", "127.0.0.1"));
    ck_assert(has("127.0.0.1", "::ffff:127.0.0.1"));
    ck_assert(!has("127.0.0.1", "127.0.0.2"));
    ck_assert(has("10.0.0.0/8, 192.168.4.0/22", "192.168.7.255"));
    ck_assert(!has("10.0.0.0/8, 192.168.4.0/22", "192.168.8.0"));
    ck_assert(has("2001:db8::/33", "2001:db8:7fff::1"));
    ck_assert(!has("2001:db8::/33", "2001:db8:8000::1"));
    ck_assert(!has("::1", "0.0.0.1"));
    ck_assert(has("::ffff:10.0.0.0/8", "10.9.9.9"));
}
END_TEST

START_TEST(a_list_of_proxies_that_is_none_is_refused)
{
    static const char *const lists[] = {"",       ",",         "localhost",  "10.0.0.0/33", "10.0.0.0/0",
                                        "::/129", "10.0.0.0/", "10.0.0/8",   "10.0.0.0/8x", "1.2.3.4,,5.6.7.8",
                                        "*",      "unix",      "10.0.0.0/ 8"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct status status = {.arena = arena};
        ck_assert_msg(proxies_read(arena, lists[i], "x-forwarded-for", &status) == NULL, "%s", lists[i]);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
}
END_TEST

/* The client behind proxies of 10.0.0.0/8; "": nobody is named. */
static const char *client_of(const char *header, const char *list)
{
    struct status status = {.arena = arena};
    struct sockaddr_storage client;
    char text[INET6_ADDRSTRLEN];
    const struct proxies *const proxies = proxies_read(arena, "10.0.0.0/8", header, &status);
    if (!proxies_client(proxies, text_of(list), &client)) {
        return "";
    }
    const void *const bytes = client.ss_family == AF_INET
                                  ? (const void *)&((const struct sockaddr_in *)(const void *)&client)->sin_addr
                                  : (const void *)&((const struct sockaddr_in6 *)(const void *)&client)->sin6_addr;
    return arena_strdup(arena, inet_ntop(client.ss_family, bytes, text, sizeof text));
}

START_TEST(the_client_is_the_last_who_is_no_proxy_of_ours)
{
    static const struct {
        const char *list;
        const char *client;
    } cases[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"1.2.3.4, 203.0.113.9", "203.0.113.9"}, /* he wrote 1.2.3.4 himself */
        {"1.2.3.4, 203.0.113.9, 10.0.0.1,10.0.0.2", "203.0.113.9"},
        {"10.1.1.1, 10.0.0.2", "10.1.1.1"}, /* a machine of ours */
        {"203.0.113.9:4711", "203.0.113.9"},
        {"2001:db8::7", "2001:db8::7"},
        {"[2001:db8::7]", "2001:db8::7"},
        {"[2001:db8::7]:443", "2001:db8::7"},
        {"::ffff:203.0.113.9", "203.0.113.9"},
        {"203.0.113.9, unknown", ""},
        {"203.0.113.9,", ""},
        {"203.0.113.9, unknown, 10.0.0.1", "10.0.0.1"},
        {"evil\"1.2.3.4\", 203.0.113.9", "203.0.113.9"},
        {"\"1.2.3.4, 203.0.113.9", "203.0.113.9"}, /* a quote of his swallows nothing */
        {"\", 203.0.113.9, 10.0.0.1", "203.0.113.9"},
        {"127.0.0.1x", ""},
        {"", ""},
        {"0x7f.1", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(client_of("x-forwarded-for", cases[i].list), cases[i].client);
    }
}
END_TEST

START_TEST(a_list_is_read_from_its_end_however_long_it_is)
{
    struct buffer list = {.arena = arena};
    buffer_puts(&list, "203.0.113.9");
    for (int i = 1; i < LIMIT_PROXIES; i++) {
        buffer_printf(&list, ", 10.0.0.%d", i);
    }
    ck_assert_str_eq(client_of("x-forwarded-for", buffer_string(&list)), "203.0.113.9");
    buffer_puts(&list, ", 10.0.0.99"); /* more proxies than can be named: one of them */
    ck_assert_str_eq(client_of("x-forwarded-for", buffer_string(&list)), "10.0.0.1");
}
END_TEST

START_TEST(the_standard_header_is_read_as_its_standard_has_it)
{
    static const struct {
        const char *list;
        const char *client;
    } cases[] = {
        {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
        {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
        {"for=192.0.2.43, for=198.51.100.17", "198.51.100.17"},
        {"for=192.0.2.43;by=\"a,b\", proto=https; FOR=\"198.51.100.17:80\", for=10.0.0.3", "198.51.100.17"},
        {"for=1.2.3.4;x=\", for=203.0.113.9", "203.0.113.9"}, /* a quote of his swallows nothing */
        {"for=1.2.3.4;x=\"\\\", for=203.0.113.9", "203.0.113.9"},
        {"for=1.2.3.4;x=\", for=\"[2001:db8::9]:80\";by=\"a,b\", for=10.0.0.3", "2001:db8::9"},
        {"host=\"a;for=1.2.3.4\";for=203.0.113.9", "203.0.113.9"},
        {"host=\"a\\\";for=1.2.3.4\";for=203.0.113.9", "203.0.113.9"},
        {"for=1.2.3.4, for=_hidden", ""},
        {"for=unknown", ""},
        {"by=1.2.3.4", ""},
        {"192.0.2.60", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(client_of("forwarded", cases[i].list), cases[i].client);
    }
}
END_TEST

START_TEST(whether_a_client_came_by_https_is_said_by_the_last_proxy)
{
    struct status status = {.arena = arena};
    const struct proxies *const usual = proxies_read(arena, "10.0.0.0/8", "x-forwarded-for", &status);
    const struct proxies *const standard = proxies_read(arena, "10.0.0.0/8", "forwarded", &status);
    ck_assert(proxies_by_https(usual, text_of("https")));
    ck_assert(!proxies_by_https(usual, text_of("https, http")));
    ck_assert(!proxies_by_https(usual, text_of("")));
    ck_assert(proxies_by_https(standard, text_of("for=1.2.3.4;proto=http, for=10.0.0.1; Proto=\"HTTPS\"")));
    ck_assert(!proxies_by_https(standard, text_of("for=1.2.3.4")));
}
END_TEST

START_TEST(only_the_session_is_left_of_the_cookies)
{
    static const struct {
        const char *said;
        const char *left;
    } cases[] = {
        {"Cookie: a=b; truss-session=1; c=d\r\n\r\n", "Cookie:truss-session=1;          \r\n\r\n"},
        {"cOOkie:a=b;__Host-truss-session=1\r\n\r\n", "cOOkie:__Host-truss-session=1    \r\n\r\n"},
        {"Cookie: truss-session=1;truss-session=2\r\n", "Cookie:truss-session=1;truss-session=2 \r\n"},
        {"Cookie: xtruss-session=1; truss-sessions=2\r\n", "Cookie:                                   \r\n"},
        {"Cookie:\r\nX: a;truss-session=1\r\n", "Cookie:\r\nX: a;truss-session=1\r\n"},
        {"Cookie: ;;;\r\nCookies: a=b\r\n", "Cookie:    \r\nCookies: a=b\r\n"},
        {"Cook\r\n", "Cook\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *const bytes = arena_strdup(arena, cases[i].said);
        http_head_keep_session(bytes, strlen(bytes));
        ck_assert_str_eq(bytes, cases[i].left);
    }
}
END_TEST

int main(void)
{
    Suite *const all = suite_create("http");
    TCase *const tests = tcase_create("http");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_head_is_taken_apart);
    tcase_add_test(tests, only_the_session_is_left_of_the_cookies);
    tcase_add_loop_test(tests, what_can_be_read_in_two_ways_is_refused, 0, (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests, a_nul_is_refused_wherever_it_is);
    tcase_add_test(tests, what_is_too_much_is_refused_before_it_is_whole);
    tcase_add_test(tests, a_head_is_waited_for_byte_by_byte);
    tcase_add_test(tests, chunks_are_put_together_whatever_the_pieces);
    tcase_add_test(tests, chunks_that_are_none_are_refused);
    tcase_add_test(tests, a_proxy_is_one_by_its_address_or_its_network);
    tcase_add_test(tests, a_list_of_proxies_that_is_none_is_refused);
    tcase_add_test(tests, the_client_is_the_last_who_is_no_proxy_of_ours);
    tcase_add_test(tests, a_list_is_read_from_its_end_however_long_it_is);
    tcase_add_test(tests, the_standard_header_is_read_as_its_standard_has_it);
    tcase_add_test(tests, whether_a_client_came_by_https_is_said_by_the_last_proxy);
    suite_add_tcase(all, tests);
    return run_suite(all);
}
