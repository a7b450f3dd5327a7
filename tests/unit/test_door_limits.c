/*
 * A door that cannot be opened as it is wished, and one that has no more descriptors.
 */
#include "door_scene.h"

#include <sys/resource.h>

static void is_refused(const char *const *urls, enum status_code code, const char *words)
{
    struct status status = {.arena = arena};
    const struct door_options options = {.urls = urls, .protocol = &protocol, .guests = MOST, .per_address = MOST};
    ck_assert_ptr_null(door_open(&options, &status));
    ck_assert_int_eq(status.code, code);
    ck_assert_msg(strstr(status.message, words) != NULL, "%s", status.message);
}

START_TEST(more_addresses_than_there_may_be_are_refused)
{
    static const char any[] = "tcp://127.0.0.1:0";
    is_refused((const char *const[]){any, any, any, any, any, any, any, any, any, NULL}, STATUS_INVALID_ARGUMENT,
               "more than 8 addresses");
}
END_TEST

START_TEST(tls_without_a_certificate_is_refused)
{
    is_refused((const char *const[]){"tcp://127.0.0.1:0", "tls+tcp://127.0.0.1:0", NULL}, STATUS_INVALID_ARGUMENT,
               "--tls-cert and --tls-key");
}
END_TEST

#define LONG "/0123456789012345678901234567890123456789"

static const struct {
    const char *url;
    enum status_code code;
    const char *words;
} addresses[] = {
    {"tcp://192.0.2.1:0", STATUS_FAILED_PRECONDITION, "Choose another address with --listen"}, /* of nobody, RFC 5737 */
    {"tcp://127.0.0.1", STATUS_INVALID_ARGUMENT, "is not an address to listen on"},
    {"tcp://127.0.0.1:99999", STATUS_INVALID_ARGUMENT, "is not an address to listen on"},
    {"tcp://:80", STATUS_INVALID_ARGUMENT, "is not an address to listen on"},
    {"ipc://", STATUS_INVALID_ARGUMENT, "is empty or longer than 107 bytes"},
    {"ipc://" LONG LONG LONG, STATUS_INVALID_ARGUMENT, "is empty or longer than 107 bytes"},
    {"ipc:///nowhere/at/all", STATUS_FAILED_PRECONDITION, "No such file or directory"},
    {"udp://127.0.0.1:0", STATUS_INVALID_ARGUMENT, "neither tcp://HOST:PORT"},
};

START_TEST(an_address_that_cannot_be_listened_on_is_refused_with_the_reason)
{
    is_refused((const char *const[]){addresses[_i].url, NULL}, addresses[_i].code, addresses[_i].words);
}
END_TEST

START_TEST(a_path_that_is_served_is_not_taken_over)
{
    struct status status = {.arena = arena};
    const char *const url = arena_printf(arena, "ipc:///tmp/truss-door-%d", (int)getpid());
    const char *const urls[] = {url, NULL};
    const struct door_options options = {.urls = urls, .protocol = &protocol, .guests = MOST, .per_address = MOST};
    door = door_open(&options, &status);
    ck_assert_msg(door != NULL, "%s", status.message);
    is_refused(urls, STATUS_FAILED_PRECONDITION, "the address is in use");
    ck_assert_int_eq(access(url + strlen("ipc://"), F_OK), 0);
    door_free(door);
    door = NULL;
    ck_assert_int_ne(access(url + strlen("ipc://"), F_OK), 0);
}
END_TEST

/* From now on the process gets no descriptor but those that it gives back. */
static void take_all_descriptors(void)
{
    struct rlimit limit;
    const int next = dup(STDIN_FILENO);
    ck_assert_int_ge(next, 0);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)next;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* valgrind counts descriptors itself: it lets the system accept one too many, and closes it. */
START_TEST(where_no_descriptor_is_left_the_oldest_gives_up_his)
{
    if (getenv("TRUSS_TEST_UNDER") != NULL) {
        return;
    }
    open_door(1, MOST);
    stay(1, "!"); /* whoever says something is in */
    const char *const port = strrchr(door_url(door, 0), ':') + 1;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
    const int next = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    take_all_descriptors();
    ck_assert_int_eq(connect(next, (const struct sockaddr *)&to, sizeof to), 0);
    wait_for_leaving(1);
    say(next, "N");
    turns_are("N");
    close(next);
}
END_TEST

START_TEST(a_process_that_may_open_too_few_files_is_told_how_many_it_needs)
{
    const struct rlimit few = {.rlim_cur = 39, .rlim_max = 39};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    is_refused((const char *const[]){"tcp://127.0.0.1:0", NULL}, STATUS_FAILED_PRECONDITION,
               "may open 39 files and connections, and needs 40 at least");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("door limits");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, more_addresses_than_there_may_be_are_refused);
    tcase_add_test(all, tls_without_a_certificate_is_refused);
    tcase_add_loop_test(all, an_address_that_cannot_be_listened_on_is_refused_with_the_reason, 0,
                        sizeof addresses / sizeof addresses[0]);
    tcase_add_test(all, a_path_that_is_served_is_not_taken_over);
    tcase_add_test(all, where_no_descriptor_is_left_the_oldest_gives_up_his);
    tcase_add_test(all, a_process_that_may_open_too_few_files_is_told_how_many_it_needs);
    return run_suite(suite);
}
