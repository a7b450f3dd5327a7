/*
 * Each fuzzer with what its corpus has (tests/fuzz/corpus): what once broke a reader of outside bytes, and what is like
 * it. Fuzzing itself is in the long suite.
 */
#include "base/text.h"
#include "support/runner.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Without libFuzzer each fuzzer's function has the name of its file. */
#define X(name) int name(const uint8_t *data, size_t size);
FUZZERS
#undef X

/* What one of them makes ready before its first input; at the end of its process that is gone. */
int fuzz_project_begin(int *argc, char ***argv);

static const struct {
    const char *name;
    int (*run)(const uint8_t *data, size_t size);
} fuzzers[] = {
#define X(name) {#name, name},
    FUZZERS
#undef X
};

#define FILE_LIMIT 65536

/* A block of just its size, so that a byte read behind it is seen. */
static void run_file(int (*run)(const uint8_t *data, size_t size), const char *path)
{
    static uint8_t bytes[FILE_LIMIT];
    FILE *const file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    ck_assert_msg(size < sizeof bytes, "%s is too large for a corpus", path);
    uint8_t *const copy = memory_alloc(size == 0 ? 1 : size);
    memcpy(copy, bytes, size);
    fprintf(stderr, "%s\n", path);
    run(copy, size);
    free(copy);
}

START_TEST(a_corpus_breaks_nothing)
{
    char path[1024];
    size_t count = 0;
    const char *const name = fuzzers[_i].name + strlen("fuzz_");
    if (fuzzers[_i].run == fuzz_project) {
        fuzz_project_begin(NULL, NULL);
    }
    snprintf(path, sizeof path, CORPUS "/%s", name);
    DIR *const directory = opendir(path);
    ck_assert_msg(directory != NULL, "there is no corpus %s", path);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, CORPUS "/%s/%s", name, entry->d_name);
            run_file(fuzzers[_i].run, path);
            count++;
        }
    }
    closedir(directory);
    ck_assert_msg(count > 0, "the corpus of %s is empty", name);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("corpus");
    TCase *const all = tcase_create("all");
    suite_add_tcase(suite, all);
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, a_corpus_breaks_nothing, 0, (int)(sizeof fuzzers / sizeof fuzzers[0]));
    return run_suite(suite);
}
