/*
 * Children that behave and children that do not, most of them a shell with a script.
 */
#include "base/process.h"

#include "base/clock.h"
#include "base/vitals.h"
#include "support/runner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_MS 20000 /* more than any of these needs */

/* What a child has printed, and until when it may go on. */
struct seen {
    struct buffer text; /* with a "\n" behind each line */
    size_t lines;
    size_t longest;
    size_t bytes;
    bool keep;
    size_t stop_after; /* lines; 0: never */
};

static struct arena *arena;
static struct status status;
static struct seen seen;
static struct process_end end;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    seen = (struct seen){.text = {.arena = arena}, .keep = true};
    end = (struct process_end){0};
}

static void tear_down(void)
{
    arena_free(arena);
}

static void on_line(void *data, struct text line)
{
    struct seen *const to = data;
    to->lines++;
    to->bytes += line.size;
    to->longest = line.size > to->longest ? line.size : to->longest;
    if (to->keep) {
        buffer_add(&to->text, line);
        buffer_putc(&to->text, '\n');
    }
}

static bool on_look(void *data)
{
    const struct seen *const to = data;
    return to->stop_after == 0 || to->lines < to->stop_after;
}

/* Runs a shell script; its output in `seen`. */
static bool run(const char *script, uint32_t ms)
{
    const struct process process = {
        .argv = (const char *const[]){"/bin/sh", "-c", script, "sh", "one word", NULL},
        .environment = (const char *const[]){"PATH=/usr/bin:/bin", "GIVEN=a b", NULL},
        .directory = "/",
        .deadline = deadline_in(ms),
        .line = on_line,
        .go_on = on_look,
        .data = &seen,
    };
    return process_run(&process, &end, &status);
}

/* A killed grandchild is init's to bury; where there is none that does, a zombie is gone enough. */
static bool has_gone(const char *pid)
{
    char path[64];
    char state[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", atoi(pid));
    FILE *const file = fopen(path, "r");
    if (file == NULL) {
        return true;
    }
    const bool is_zombie = fgets(state, sizeof state, file) != NULL && strstr(state, ") Z ") != NULL;
    fclose(file);
    return is_zombie;
}

static bool goes(const char *pid)
{
    const int64_t enough = deadline_in(TIME_MS);
    while (!has_gone(pid) && !deadline_passed(enough)) {
        usleep(10000);
    }
    return has_gone(pid);
}

START_TEST(the_moment_when_a_process_began_is_known)
{
    struct vitals vitals;
    vitals_read(&vitals);
    const int64_t began = vitals_start_of(getpid());
    ck_assert(began > 0 && llabs(began - (int64_t)(vitals.start_seconds * 1000)) <= 20);
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    const int64_t now = clock_wall_us() / 1000;
    const int64_t of_child = vitals_start_of(child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert(llabs(now - of_child) <= 1000);
    ck_assert_int_eq(vitals_start_of(child), -1);
    ck_assert_int_eq(vitals_start_of(0), -1);
    ck_assert_int_eq(vitals_start_of(INT64_MAX), -1);
}
END_TEST

START_TEST(both_streams_come_line_by_line)
{
    ck_assert(run("echo out; echo err >&2; printf 'crlf\\r\\n\\nlast'", TIME_MS));
    ck_assert_str_eq(buffer_string(&seen.text), "out\nerr\ncrlf\n\nlast\n");
    ck_assert_int_eq(end.code, 0);
    ck_assert(!end.timed_out && !end.stopped);
}
END_TEST

START_TEST(words_and_environment_are_what_was_given_and_nothing_else)
{
    setenv("NOT_GIVEN", "secret", 1);
    ck_assert(run("echo \"$1|$GIVEN|$NOT_GIVEN|$PWD\"; cat; env | wc -l", TIME_MS));
    ck_assert_str_eq(buffer_string(&seen.text), "one word|a b||/\n3\n"); /* PWD is the shell's */
}
END_TEST

START_TEST(no_file_of_ours_is_open_in_it)
{
    const int leak = open("/dev/null", O_RDONLY);
    ck_assert_int_ge(leak, 0);
    ck_assert(run("ls /proc/$$/fd", TIME_MS));
    close(leak);
    ck_assert_str_eq(buffer_string(&seen.text), "0\n1\n2\n");
}
END_TEST

START_TEST(an_exit_status_and_a_signal_are_told)
{
    ck_assert(run("exit 7", TIME_MS));
    ck_assert_int_eq(end.code, 7);
    ck_assert_int_eq(end.signal, 0);
    ck_assert(run("kill -SEGV $$", TIME_MS));
    ck_assert_int_eq(end.code, 128 + SIGSEGV);
    ck_assert_int_eq(end.signal, SIGSEGV);
}
END_TEST

START_TEST(signals_that_we_ignore_or_block_are_as_usual_in_it)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    ck_assert(run("kill -PIPE $$; echo ignored", TIME_MS));
    ck_assert_int_eq(end.signal, SIGPIPE);
    ck_assert(run("kill -TERM $$; echo blocked", TIME_MS));
    ck_assert_int_eq(end.signal, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}
END_TEST

START_TEST(one_that_hangs_is_ended_at_its_deadline)
{
    const int64_t began = clock_ms();
    ck_assert(run("echo began; exec sleep 60", 300));
    ck_assert_str_eq(buffer_string(&seen.text), "began\n");
    ck_assert(end.timed_out && !end.stopped);
    ck_assert_int_eq(end.signal, SIGTERM);
    ck_assert_int_lt(clock_ms() - began, 3000);
}
END_TEST

START_TEST(one_that_is_not_wanted_any_more_is_ended)
{
    seen.stop_after = 2;
    ck_assert(run("echo 1; echo 2; exec sleep 60", TIME_MS));
    ck_assert(end.stopped && !end.timed_out);
    ck_assert_int_eq(end.signal, SIGTERM);
}
END_TEST

START_TEST(one_that_cleans_up_when_it_is_ended_has_the_time_for_it)
{
    ck_assert(run("trap 'sleep 0.3; echo cleaned; exit 3' TERM; while :; do sleep 0.1; done", 300));
    ck_assert_ptr_nonnull(strstr(buffer_string(&seen.text), "cleaned\n"));
    ck_assert_int_eq(end.code, 3);
    ck_assert(end.timed_out);
}
END_TEST

START_TEST(one_that_does_not_listen_is_killed)
{
    const int64_t began = clock_ms();
    ck_assert(run("trap '' TERM; while :; do sleep 0.1; done", 100));
    ck_assert_int_eq(end.signal, SIGKILL);
    ck_assert_int_ge(clock_ms() - began, 5000);
    ck_assert_int_lt(clock_ms() - began, 9000);
}
END_TEST

START_TEST(what_it_has_started_is_ended_with_it)
{
    ck_assert(run("sleep 60 & echo $!; wait", 300));
    ck_assert(end.timed_out);
    ck_assert(goes(buffer_string(&seen.text)));
}
END_TEST

START_TEST(what_it_leaves_behind_goes_and_is_not_waited_for)
{
    const int64_t began = clock_ms();
    ck_assert(run("sleep 60 & echo $!", TIME_MS));
    ck_assert_int_eq(end.code, 0);
    ck_assert_int_lt(clock_ms() - began, 3000);
    ck_assert(goes(buffer_string(&seen.text)));
}
END_TEST

START_TEST(one_that_has_left_the_group_and_keeps_printing_is_not_listened_to_for_ever)
{
    const int64_t began = clock_ms();
    seen.keep = false;
    ck_assert(
        run("setsid sh -c 'i=0; while [ $i -lt 400 ]; do echo x; sleep 0.01; i=$((i+1)); done' & sleep 0.1", TIME_MS));
    ck_assert_int_eq(end.code, 0);
    ck_assert_int_lt(clock_ms() - began, 3000);
}
END_TEST

START_TEST(much_output_is_read_to_its_end_and_a_long_line_is_cut)
{
    seen.keep = false;
    ck_assert(run("head -c 100000000 /dev/zero; echo; yes 0123456 | head -n 250000; echo last", TIME_MS));
    ck_assert_int_eq(end.code, 0);
    ck_assert_uint_eq(seen.lines, 250002);
    ck_assert_uint_eq(seen.longest, PROCESS_LINE_LIMIT);
    ck_assert_uint_eq(seen.bytes, PROCESS_LINE_LIMIT + 250000 * 7 + 4);
}
END_TEST

START_TEST(one_that_closes_its_output_is_still_waited_for)
{
    ck_assert(run("exec >&- 2>&-; sleep 0.3; exit 4", TIME_MS));
    ck_assert_int_eq(end.code, 4);
}
END_TEST

START_TEST(one_that_cannot_be_started_says_why)
{
    struct process process = {
        .argv = (const char *const[]){"/no/such/program", NULL},
        .environment = (const char *const[]){NULL},
        .directory = "/",
        .deadline = NO_DEADLINE,
    };
    ck_assert(!process_run(&process, &end, &status));
    ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
    ck_assert_ptr_nonnull(strstr(status.message, "/no/such/program"));
    process.argv = (const char *const[]){"/bin/true", NULL};
    process.directory = "/no/such/directory";
    ck_assert(!process_run(&process, &end, &status));
    ck_assert_ptr_nonnull(strstr(status.message, "/no/such/directory"));
    process.directory = "/";
    ck_assert(process_run(&process, &end, &status));
}
END_TEST

/* A process of ours that runs a script until it is killed; its number. What the script prints goes into `told`. */
static pid_t run_in_another(const char *script, int told, int held)
{
    const pid_t pid = fork();
    if (pid == 0) {
        char words[256];
        snprintf(words, sizeof words, "exec >/proc/%d/fd/%d; %s", getppid(), told, script);
        const struct process process = {
            .argv = (const char *const[]){"/bin/sh", "-c", words, NULL},
            .environment = (const char *const[]){"PATH=/usr/bin:/bin", NULL},
            .directory = "/",
            .deadline = NO_DEADLINE,
            .held = held,
        };
        process_run(&process, &end, &status);
        _exit(0);
    }
    return pid;
}

/* One line of two numbers. */
static void read_pids(int from, char first[16], char second[16])
{
    char line[64] = "";
    ck_assert_int_gt(read(from, line, sizeof line - 1), 0);
    ck_assert_int_eq(sscanf(line, "%15s %15s", first, second), 2);
}

START_TEST(one_whose_starter_is_killed_goes_with_all_that_it_started)
{
    int told[2];
    char first[16];
    char second[16];
    ck_assert_int_eq(pipe(told), 0);
    const pid_t starter = run_in_another("setsid sleep 60 & echo $$ $!; wait", told[1], 0);
    read_pids(told[0], first, second);
    kill(starter, SIGKILL);
    waitpid(starter, NULL, 0);
    ck_assert(goes(first));
    ck_assert(goes(second));
    close(told[0]);
    close(told[1]);
}
END_TEST

START_TEST(what_it_holds_is_held_until_the_last_of_them_is_gone)
{
    int told[2];
    int held[2];
    char first[16];
    char second[16];
    char byte;
    ck_assert_int_eq(pipe(told), 0);
    ck_assert_int_eq(pipe(held), 0);
    /* It needs half a second to end. */
    const pid_t starter =
        run_in_another("trap 'sleep 0.5; exit' TERM; echo $$ $$; while :; do sleep 0.1; done", told[1], held[1]);
    close(held[1]);
    read_pids(told[0], first, second);
    const int64_t began = clock_ms();
    kill(starter, SIGKILL);
    waitpid(starter, NULL, 0);
    ck_assert_int_eq(read(held[0], &byte, 1), 0);
    ck_assert_int_ge(clock_ms() - began, 400);
    ck_assert(has_gone(first));
    close(told[0]);
    close(told[1]);
    close(held[0]);
}
END_TEST

START_TEST(one_whose_keeper_is_killed_is_killed)
{
    seen.keep = true;
    ck_assert(run("echo $$; sleep 0.3; kill -KILL $PPID; exec sleep 60", TIME_MS));
    ck_assert_int_eq(end.signal, SIGKILL);
    ck_assert(goes(buffer_string(&seen.text)));
}
END_TEST

static void *run_many(void *data)
{
    atomic_int *const wrong = data;
    for (int i = 0; i < 10; i++) {
        struct arena *const own = arena_new(0);
        struct status trouble = {.arena = own};
        struct seen printed = {.text = {.arena = own}, .keep = true};
        struct process_end how;
        char word[32];
        char wanted[64];
        snprintf(word, sizeof word, "%p-%d", (void *)&printed, i);
        snprintf(wanted, sizeof wanted, "%s\n", word);
        const struct process process = {
            .argv = (const char *const[]){"/bin/sh", "-c", "echo \"$1\"; exit 5", "sh", word, NULL},
            .environment = (const char *const[]){NULL},
            .directory = "/",
            .deadline = deadline_in(TIME_MS),
            .line = on_line,
            .data = &printed,
        };
        const bool ok =
            process_run(&process, &how, &trouble) && how.code == 5 && strcmp(buffer_string(&printed.text), wanted) == 0;
        atomic_fetch_add(wrong, ok ? 0 : 1);
        arena_free(own);
    }
    return NULL;
}

static bool on_bytes(void *data, struct text piece)
{
    struct seen *const to = data;
    to->bytes += piece.size;
    return to->stop_after == 0 || to->bytes < to->stop_after;
}

static bool run_for_bytes(const char *script)
{
    const struct process process = {
        .argv = (const char *const[]){"/bin/sh", "-c", script, NULL},
        .environment = (const char *const[]){"PATH=/usr/bin:/bin", NULL},
        .directory = "/",
        .deadline = deadline_in(TIME_MS),
        .line = on_line,
        .bytes = on_bytes,
        .data = &seen,
    };
    return process_run(&process, &end, &status);
}

START_TEST(bytes_come_whole_and_apart_from_the_error_stream)
{
    ck_assert(run_for_bytes("echo odd >&2; head -c 3000000 /dev/zero; printf x; exit 3"));
    ck_assert_uint_eq(seen.bytes, 3000001 + 3); /* and those of the line */
    ck_assert_str_eq(buffer_string(&seen.text), "odd\n");
    ck_assert_int_eq(end.code, 3);
}
END_TEST

START_TEST(who_takes_no_more_bytes_ends_it)
{
    seen.stop_after = 100000;
    ck_assert(run_for_bytes("exec cat /dev/zero"));
    ck_assert(end.stopped && !end.timed_out);
    ck_assert_int_ne(end.code, 0);
}
END_TEST

START_TEST(several_threads_each_have_their_own_and_no_zombie_is_left)
{
    pthread_t threads[6];
    atomic_int wrong = 0;
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_many, &wrong), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(atomic_load(&wrong), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("process");
    TCase *const children = tcase_create("children");
    tcase_add_checked_fixture(children, set_up, tear_down);
    tcase_set_timeout(children, 120);
    tcase_add_test(children, the_moment_when_a_process_began_is_known);
    tcase_add_test(children, bytes_come_whole_and_apart_from_the_error_stream);
    tcase_add_test(children, who_takes_no_more_bytes_ends_it);
    tcase_add_test(children, both_streams_come_line_by_line);
    tcase_add_test(children, words_and_environment_are_what_was_given_and_nothing_else);
    tcase_add_test(children, no_file_of_ours_is_open_in_it);
    tcase_add_test(children, an_exit_status_and_a_signal_are_told);
    tcase_add_test(children, signals_that_we_ignore_or_block_are_as_usual_in_it);
    tcase_add_test(children, one_that_hangs_is_ended_at_its_deadline);
    tcase_add_test(children, one_that_is_not_wanted_any_more_is_ended);
    tcase_add_test(children, one_that_cleans_up_when_it_is_ended_has_the_time_for_it);
    tcase_add_test(children, one_that_does_not_listen_is_killed);
    tcase_add_test(children, what_it_has_started_is_ended_with_it);
    tcase_add_test(children, what_it_leaves_behind_goes_and_is_not_waited_for);
    tcase_add_test(children, one_that_has_left_the_group_and_keeps_printing_is_not_listened_to_for_ever);
    tcase_add_test(children, much_output_is_read_to_its_end_and_a_long_line_is_cut);
    tcase_add_test(children, one_that_closes_its_output_is_still_waited_for);
    tcase_add_test(children, one_that_cannot_be_started_says_why);
    tcase_add_test(children, one_whose_starter_is_killed_goes_with_all_that_it_started);
    tcase_add_test(children, what_it_holds_is_held_until_the_last_of_them_is_gone);
    tcase_add_test(children, one_whose_keeper_is_killed_is_killed);
    tcase_add_test(children, several_threads_each_have_their_own_and_no_zombie_is_left);
    suite_add_tcase(suite, children);
    return run_suite(suite);
}
