/*
 * What is at the other end: a worker that comes late or dies, a stranger, one that does not read.
 */
#include "rpc/address.h"
#include "rpc/marks.h"
#include "rpc/peer.h"
#include "rpc/tickets.h"
#include "unit/rpc_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A socket that listens on a free port of the loopback, and its URL. */
static int listen_raw(const char **url)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *url = arena_printf(arena, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

/* A URL where nobody listens. */
static const char *free_url(void)
{
    const char *url;
    close(listen_raw(&url));
    return url;
}

/* The scalability protocols' greeting, from one that speaks this protocol. */
static void greet(int fd, unsigned char protocol)
{
    const unsigned char greeting[8] = {0, 'S', 'P', 0, 0, protocol, 0, 0};
    ck_assert_int_eq(write(fd, greeting, sizeof greeting), sizeof greeting);
}

enum { PUBLISHER = 0x20, REQUESTER = 0x30, REPLIER = 0x31 };

/* On a busy machine nng dials again later than a call waits for it, and tells of a connection later than its answer. */
static void wait_connected(void)
{
    for (int64_t until = deadline_in(20000); !rpc_channel_connected(channel) && !deadline_passed(until);) {
        sleep_ms(5);
    }
    ck_assert(rpc_channel_connected(channel));
}

START_TEST(a_channel_reconnects)
{
    const char *const url = free_url();
    open_channel(url);
    ck_assert_ptr_null(ask("x", 3000));
    ck_assert(!rpc_channel_connected(channel));
    serve(url, 1, 1);
    wait_connected();
    ck_assert_msg(ask("again", 10000) != NULL, "%s", status.message);
}
END_TEST

START_TEST(an_ipv4_address_in_ipv6_is_of_this_machine_where_the_ipv4_one_is)
{
    char url[ADDRESS_SIZE];
    bool is_local = false;
    struct rpc_peer peer;
    const int six = socket(AF_INET6, SOCK_STREAM, 0);
    if (six < 0) {
        return; /* a machine without IPv6 */
    }
    close(six);
    const int listener = address_listen("tcp://[::ffff:127.0.0.1]:0", url, &is_local, &status);
    ck_assert_msg(listener >= 0, "%s", status.message);
    ck_assert(is_local);
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10)),
    };
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    const int accepted = accept(listener, NULL, NULL); /* connect has returned: it is there */
    ck_assert_int_ge(accepted, 0);
    rpc_peer_of_socket(accepted, &peer);
    ck_assert_str_eq(peer.host, "127.0.0.1");
    ck_assert(strncmp(peer.address, "127.0.0.1:", 10) == 0);
    close(accepted);
    close(client);
    close(listener);
}
END_TEST

/* Both ends of a connection over IPv6, or false on a machine without it. */
static bool connect_by_ipv6(int ends[2])
{
    char url[ADDRESS_SIZE];
    bool is_local = false;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int listener = address_listen("tcp://[::1]:0", url, &is_local, &status);
    if (listener < 0) {
        return false;
    }
    address.sin6_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10));
    ends[0] = socket(AF_INET6, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(ends[0], (const struct sockaddr *)&address, sizeof address), 0);
    ends[1] = accept(listener, NULL, NULL);
    close(listener);
    return true;
}

START_TEST(a_peer_is_what_the_kernel_says_of_its_socket)
{
    struct rpc_peer peer;
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    rpc_peer_of_socket(ends[0], &peer);
    ck_assert_str_eq(peer.host, "unix");
    ck_assert(peer.has_uid && peer.uid == geteuid());
    ck_assert_str_eq(peer.address, arena_printf(arena, "unix:uid=%u,pid=%d", (unsigned)geteuid(), (int)getpid()));
    close(ends[0]);
    close(ends[1]);
    rpc_peer_of_socket(ends[0], &peer); /* it has gone meanwhile */
    ck_assert_str_eq(peer.host, "?");
    ck_assert_str_eq(peer.address, "?");
    ck_assert(!peer.has_uid);
    if (connect_by_ipv6(ends)) {
        rpc_peer_of_socket(ends[1], &peer);
        ck_assert_str_eq(peer.host, "::1");
        ck_assert_msg(strncmp(peer.address, "[::1]:", 6) == 0, "%s", peer.address);
        close(ends[0]);
        close(ends[1]);
    }
}
END_TEST

START_TEST(each_request_has_a_ticket_of_its_own_until_there_are_no_more)
{
    static uint32_t numbers[TICKETS_MOST];
    struct tickets *const tickets = tickets_new();
    struct ticket found;
    for (size_t i = 0; i < TICKETS_MOST; i++) {
        const struct ticket ticket = {.guest = i % 2 + 1, .is_wanted = true, .route = {.size = i % 32}};
        numbers[i] = tickets_take(tickets, &ticket);
        ck_assert_uint_ne(numbers[i], 0);
    }
    ck_assert_uint_eq(tickets_take(tickets, &(struct ticket){.guest = 1}), 0);
    tickets_unwanted(tickets, 2);
    for (size_t i = 0; i < TICKETS_MOST; i++) {
        ck_assert(tickets_find(tickets, numbers[i], &found));
        ck_assert_uint_eq(found.number, numbers[i]);
        ck_assert_uint_eq(found.guest, i % 2 + 1);
        ck_assert_uint_eq(found.route.size, i % 32);
        ck_assert(found.is_wanted == (found.guest == 1));
    }
    ck_assert(tickets_give(tickets, numbers[7], &found));
    ck_assert(!tickets_give(tickets, numbers[7], &found));
    ck_assert(!tickets_find(tickets, numbers[7], &found));
    ck_assert(!tickets_find(tickets, 0, &found));
    const uint32_t next = tickets_take(tickets, &(struct ticket){.guest = 9});
    ck_assert_uint_ne(next, 0);
    ck_assert_uint_ne(next, numbers[7]); /* a late reply to the old one is nobody's */
    ck_assert(!tickets_find(tickets, numbers[7], &found));
    tickets_free(tickets);
}
END_TEST

/* A worker in a process of its own, forked before this one has touched nng. */
static pid_t fork_worker(const char *url)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        serve(url, 2, 4);
        pause();
        _exit(0);
    }
    return child;
}

START_TEST(a_worker_that_dies_during_a_call_is_unavailable_at_once)
{
    const char *const url = free_url();
    const pid_t worker = fork_worker(url);
    struct outcomes outcomes = {0};
    open_channel(url);
    ck_assert_ptr_nonnull(ask("x", 20000));
    start_call("sleep 20000", 30000, &outcomes);
    sleep_ms(200);
    const int64_t killed = clock_ms();
    ck_assert_int_eq(kill(worker, SIGKILL), 0);
    ck_assert_int_eq(waitpid(worker, NULL, 0), worker);
    wait_total(&outcomes, 1);
    ck_assert_int_eq(outcomes.unavailable, 1);
    ck_assert_int_lt(clock_ms() - killed, 10000);
}
END_TEST

START_TEST(a_peer_that_is_no_worker_is_no_connection)
{
    unsigned char theirs[8];
    const char *url;
    const int listener = listen_raw(&url);
    open_channel(url);
    for (int i = 0; i < 3; i++) {
        const int fd = accept(listener, NULL, NULL);
        greet(fd, PUBLISHER);
        while (read(fd, theirs, sizeof theirs) > 0) {
        }
        ck_assert(!rpc_channel_connected(channel));
        close(fd);
    }
    close(listener);
    serve(url, 1, 1);
    ck_assert_ptr_nonnull(ask("x", 20000));
    wait_connected();
}
END_TEST

/* A large request on its way must not make those behind it believe that nobody is there. */
START_TEST(a_worker_that_reads_nothing_is_a_deadline_exceeded)
{
    const char *url;
    struct outcomes outcomes = {0};
    char *const large = arena_alloc(arena, 8 * MEGABYTE + 1);
    const int listener = listen_raw(&url);
    open_channel(url);
    const int fd = accept(listener, NULL, NULL);
    greet(fd, REPLIER);
    start_call(memset(large, 'x', 8 * MEGABYTE), 1500, &outcomes);
    const int64_t began = clock_ms();
    ck_assert_ptr_null(ask("x", 1800));
    ck_assert_int_eq(status.code, STATUS_DEADLINE_EXCEEDED);
    ck_assert_int_ge(clock_ms() - began, 1700);
    wait_total(&outcomes, 1);
    ck_assert_int_eq(outcomes.expired, 1);
    close(fd);
    close(listener);
}
END_TEST

/* Sends so many requests for a megabyte from 127.0.0.HOST, and reads none of the answers. */
static int ask_and_never_read(struct text envelope, uint32_t host, unsigned char requests)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | host)};
    address.sin_port = htons((uint16_t)strtol(strrchr(rpc_server_url(server, 0), ':') + 1, NULL, 10));
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int little = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little); /* what is not read stays with the worker */
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    greet(fd, REQUESTER);
    for (unsigned char i = 0; i < requests; i++) {
        const unsigned char head[12] = {[7] = (unsigned char)(4 + envelope.size), [8] = 0x80, [11] = i};
        ck_assert_int_eq(write(fd, head, sizeof head), sizeof head);
        ck_assert_int_eq(write(fd, envelope.data, envelope.size), (ssize_t)envelope.size);
        sleep_ms(5);
    }
    return fd;
}

/* A request for a megabyte, in its envelope. */
static struct text request_of_a_megabyte(void)
{
    struct text envelope;
    const struct rpc_request request = {.method = "/truss.migration.v1.MigrationService/Preview"};
    Truss__Migration__V1__PreviewRequest large = TRUSS__MIGRATION__V1__PREVIEW_REQUEST__INIT;
    char name[] = "large";
    large.name = name;
    ck_assert(rpc_request_pack(arena, &request, &large.base, &envelope, &status));
    return envelope;
}

START_TEST(a_guest_that_reads_no_answers_does_not_hold_the_worker)
{
    start_server(2, 4);
    /* More than the worker has room for. */
    const int guest = ask_and_never_read(request_of_a_megabyte(), 1, 60);
    /* Refused as long as answers are being made for the guest. */
    for (const int64_t until = deadline_in(30000); ask("x", 30000) == NULL; sleep_ms(50)) {
        ck_assert_msg(status.code == STATUS_UNAVAILABLE && !deadline_passed(until), "%s", status.message);
    }
    close(guest);
}
END_TEST

/* True where the worker has let him go: what it had sent ends. */
static bool was_let_go(int fd)
{
    static char some[64 * 1024];
    const struct timeval wait = {.tv_usec = 300000};
    ssize_t got = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    while (got > 0) {
        got = read(fd, some, sizeof some);
    }
    return got == 0 || errno == ECONNRESET;
}

#define SILENT      24
#define LET_GO_S    15 /* who takes nothing leaves then, whoever needs his memory */
#define LARGE_BYTES ((size_t)14 * MEGABYTE)

START_TEST(who_reads_no_answers_gives_up_their_memory_after_two_seconds)
{
    int silent[SILENT];
    int gone = 0;
    start_server(2, 2 * SILENT);
    char *const large = memset(arena_alloc(arena, LARGE_BYTES + 1), 'x', LARGE_BYTES);
    const struct text envelope = request_of_a_megabyte();
    const int64_t began = clock_ms();
    for (int i = 0; i < SILENT; i++) {
        silent[i] = ask_and_never_read(envelope, 2, 2);
    }
    for (const int64_t until = deadline_in(20000); atomic_load(&handled) < 2 * SILENT && !deadline_passed(until);) {
        sleep_ms(5);
    }
    const bool is_busy = clock_ms() - began > 3000; /* then the time is the machine's, and tells nothing */
    while (ask(large, 30000) == NULL && clock_ms() - began < 30000) {
        ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
        sleep_ms(50);
    }
    ck_assert(is_busy || clock_ms() - began < (LET_GO_S - 2) * 1000);
    for (int i = 0; i < SILENT; i++) {
        gone += was_let_go(silent[i]) ? 1 : 0;
        close(silent[i]);
    }
    ck_assert_int_ge(gone, 1);
}
END_TEST

/* Passes all that is left of a text in pieces of one size; answers what came of it. */
static struct text pass_pieces(struct marks marks, struct text bytes, size_t piece)
{
    struct buffer out = {.arena = arena};
    char some[2 * 64];
    while (bytes.size > 0) {
        const struct text part = text_slice(bytes, 0, piece);
        const size_t size = marks_pass(&marks, part, some);
        ck_assert_uint_ne(size, SIZE_MAX);
        buffer_add(&out, (struct text){some, size});
        bytes = text_slice(bytes, part.size, bytes.size);
    }
    return (struct text){out.data, out.size};
}

START_TEST(marks_are_put_in_front_of_frames_and_taken_out_however_they_come)
{
    static const char plain[] = "\0SP\0\0\x30\0\0"
                                "\0\0\0\0\0\0\0\5hello"
                                "\0\0\0\0\0\0\0\1\1"
                                "\0\0\0\0\0\0\0\0"
                                "\0\0\0\0\0\0\0\2no";
    static const char marked[] = "\0SP\0\0\x30\0\0"
                                 "\1\0\0\0\0\0\0\0\5hello"
                                 "\1\0\0\0\0\0\0\0\1\1"
                                 "\1\0\0\0\0\0\0\0\0"
                                 "\1\0\0\0\0\0\0\0\2no";
    const struct text without = {plain, sizeof plain - 1};
    const struct text with = {marked, sizeof marked - 1};
    char some[64];
    for (size_t piece = 1; piece <= 64; piece++) {
        const struct text put = pass_pieces((struct marks){.adds = true}, without, piece);
        const struct text taken = pass_pieces((struct marks){.adds = false}, with, piece);
        ck_assert(put.size == with.size && memcmp(put.data, marked, put.size) == 0);
        ck_assert(taken.size == without.size && memcmp(taken.data, plain, taken.size) == 0);
    }
    struct marks wrong = {.adds = false};
    ck_assert_uint_eq(marks_pass(&wrong, without, some), SIZE_MAX);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("rpc peers");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_channel_reconnects);
    tcase_add_test(tests, marks_are_put_in_front_of_frames_and_taken_out_however_they_come);
    tcase_add_test(tests, each_request_has_a_ticket_of_its_own_until_there_are_no_more);
    tcase_add_test(tests, an_ipv4_address_in_ipv6_is_of_this_machine_where_the_ipv4_one_is);
    tcase_add_test(tests, a_peer_is_what_the_kernel_says_of_its_socket);
    tcase_add_test(tests, a_worker_that_dies_during_a_call_is_unavailable_at_once);
    tcase_add_test(tests, a_peer_that_is_no_worker_is_no_connection);
    tcase_add_test(tests, a_worker_that_reads_nothing_is_a_deadline_exceeded);
    tcase_add_test(tests, a_guest_that_reads_no_answers_does_not_hold_the_worker);
    tcase_add_test(tests, who_reads_no_answers_gives_up_their_memory_after_two_seconds);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
