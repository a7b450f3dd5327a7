/*
 * Lines of the log where nobody reads them (base/log.h): what no pipe takes must stop no thread.
 */
#include "base/log.h"
#include "support/runner.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define ROOM (2 * PIPE_BUF)

/* Standard error becomes a pipe of two pages; returns the end that is read. */
static int log_into_pipe(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, ROOM), ROOM);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

/* A line of JSON, with the six bytes that it needs for a control character. */
static char value[3000];

static void set_up(void)
{
    memset(value, 1, sizeof value - 1);
    log_set_format(LOG_JSON);
}

START_TEST(a_line_that_is_longer_than_the_room_of_the_pipe_is_cut_and_counted)
{
    char text[ROOM + 1];
    const int out = log_into_pipe();
    log_warn("long", "value=\"%s\"", value);
    log_warn("short", "n=1");
    ck_assert_int_eq(read(out, text, ROOM), ROOM);
    log_warn("short", "n=2");
    const ssize_t size = read(out, text, ROOM);
    ck_assert_int_gt(size, 0);
    text[size] = '\0';
    ck_assert_msg(strncmp(text, "\n{\"time\":", 9) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "nobody has read it, and lines were dropped\",\"lines\":2}\n{\"time\":"));
    ck_assert_ptr_nonnull(strstr(text, "\"event\":\"short\",\"n\":2}\n"));
    close(out);
}
END_TEST

START_TEST(a_long_line_is_whole_where_somebody_reads)
{
    char text[7 * sizeof value];
    FILE *const file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    log_warn("long", "value=\"%s\" n=3", value);
    const ssize_t size = pread(fileno(file), text, sizeof text, 0);
    ck_assert_int_gt(size, (ssize_t)(6 * (sizeof value - 1)));
    ck_assert_int_eq(memcmp(text + size - 9, "\",\"n\":3}\n", 9), 0);
    fclose(file);
}
END_TEST

static volatile sig_atomic_t has_interrupted;

static void log_too(int number)
{
    (void)number;
    log_warn("handler", "n=4");
    has_interrupted = 1;
}

/* The line waits for room when the signal comes. */
START_TEST(a_signals_handler_may_log_whatever_it_interrupts)
{
    char filler[ROOM];
    const struct itimerval soon = {.it_value = {.tv_usec = 50000}};
    const struct sigaction action = {.sa_handler = log_too};
    const int out = log_into_pipe();
    memset(filler, '-', sizeof filler);
    ck_assert_int_eq(write(STDERR_FILENO, filler, sizeof filler), sizeof filler);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    log_warn("full", "n=5");
    ck_assert(has_interrupted);
    close(out);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("log");
    TCase *const tests = tcase_create("pipes");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_line_that_is_longer_than_the_room_of_the_pipe_is_cut_and_counted);
    tcase_add_test(tests, a_long_line_is_whole_where_somebody_reads);
    tcase_add_test(tests, a_signals_handler_may_log_whatever_it_interrupts);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
