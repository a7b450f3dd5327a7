/*
 * The file of tokens: what is in it, who may read it, and what is found by a secret.
 */
#include "base/local_address.h"
#include "base/private_file.h"
#include "base/tokens.h"
#include "support/runner.h"
#include "trust/attempts.h"
#include "trust/login.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;
static char folder[] = "/tmp/truss-tokens-XXXXXX";
static const char *path;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(folder, "/tmp/truss-tokens-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    path = path_join(arena, folder, "tokens");
}

static void tear_down(void)
{
    unlink(path);
    unlink(arena_printf(arena, "%s.lock", path));
    rmdir(folder);
    arena_free(arena);
}

static const char *create(const char *name, const char *scopes, const char *expires)
{
    const struct token_wish wish = {name, scopes, expires};
    const char *secret = NULL;
    return token_create(arena, path, &wish, &secret, &status) ? secret : NULL;
}

static const struct token *find(const char *secret)
{
    struct tokens *const tokens = arena_alloc(arena, sizeof *tokens);
    ck_assert_msg(tokens_read(arena, path, tokens, NULL, &status), "%s", status.message);
    return tokens_find(tokens, text_of(secret));
}

START_TEST(a_token_is_found_by_its_secret_alone)
{
    const char *const one = create("one", "read", NULL);
    const char *const two = create("two", "read,run:production", "90d");
    ck_assert_msg(one != NULL && two != NULL, "%s", status.message);
    ck_assert_str_ne(one, two);
    ck_assert_uint_eq(strlen(one), 6 + 43);
    ck_assert_str_eq(find(one)->name, "one");
    ck_assert_str_eq(find(two)->name, "two");
    ck_assert_int_eq(find(two)->expires_s - find(two)->created_s, 90 * 86400);
    ck_assert_ptr_null(find("one"));
    ck_assert_ptr_null(find(""));
    ck_assert_ptr_null(find(arena_strndup(arena, one, strlen(one) - 1)));
}
END_TEST

START_TEST(the_file_is_private_and_has_no_secret)
{
    struct text content;
    struct stat info;
    const char *const secret = create("one", "read", NULL);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert(file_read(arena, path, 100000, &content, &status));
    ck_assert_uint_eq(text_find(content, secret, 0), SIZE_MAX);
    ck_assert_uint_eq(text_find(content, secret + 6, 0), SIZE_MAX);
}
END_TEST

START_TEST(a_file_that_others_may_read_is_refused)
{
    static const mode_t modes[] = {0644, 0640, 0604, 0660, 0602, 0610};
    struct tokens tokens;
    create("one", "read", NULL);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        ck_assert(!tokens_read(arena, path, &tokens, NULL, &status));
        ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
        ck_assert_ptr_nonnull(strstr(status.message, "chmod 600"));
    }
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert(tokens_read(arena, path, &tokens, NULL, &status));
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_and_not_waited_for)
{
    struct tokens tokens;
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!tokens_read(arena, path, &tokens, NULL, &status));
    ck_assert_ptr_nonnull(strstr(status.message, "not a regular file"));
}
END_TEST

START_TEST(a_name_is_given_once_and_revoked_once)
{
    const char *const secret = create("one", "read", NULL);
    ck_assert_ptr_null(create("one", "run", NULL));
    ck_assert_int_eq(status.code, STATUS_ALREADY_EXISTS);
    ck_assert_ptr_nonnull(create("two", "run", NULL));
    ck_assert(token_revoke(arena, path, "one", &status));
    ck_assert_ptr_null(find(secret));
    ck_assert(!token_revoke(arena, path, "one", &status));
    ck_assert_int_eq(status.code, STATUS_NOT_FOUND);
    ck_assert_ptr_nonnull(create("one", "read", NULL));
}
END_TEST

START_TEST(a_wish_that_is_none_writes_nothing)
{
    static const struct token_wish wishes[] = {
        {"", "read", NULL},   {"a b", "read", NULL},    {"a.b", "read", NULL},
        {"\"", "read", NULL}, {"a", "", NULL},          {"a", "write", NULL},
        {"a", "read,", "d"},  {"a", "run:", NULL},      {"a", "run:pro duction", 0},
        {"a", "read", "90"},  {"a", "read", "-1d"},     {"a", "read", "0d"},
        {"a", "read", "1y"},  {"a", "read", "999999d"}, {"a", "READ", NULL},
        {"a", ",", NULL},
    };
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        const char *secret;
        ck_assert_msg(!token_create(arena, path, &wishes[i], &secret, &status), "%zu", i);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
}
END_TEST

START_TEST(what_is_no_file_of_tokens_is_refused_with_its_line)
{
    static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const char *const wrong[] = {
        "[token.a]\nscopes = [\"read\"]\n",
        "[token.a]\nsha256 = \"%s\"\nscopes = [\"write\"]\n",
        "[token.a]\nsha256 = \"%s\"\nscopes = \"read\"\n",
        "[token.a]\nsha256 = \"0%s\"\n",
        "[token.a]\nsha256 = \"%s\"\nadmin = true\n",
        "[token.a]\nsha256 = \"%s\"\nexpires = \"never\"\n",
        "[token.a]\nsha256 = \"%s\"\nexpires = -1\n",
        "[token.\"a b\"]\nsha256 = \"%s\"\n",
        "[tokens.a]\nsha256 = \"%s\"\n",
        "sha256 = \"%s\"\n",
        "[token.a]\nsha256 = \"%s\"\n[token.b]\nscopes = [\"read\"]\n[token.a]\nscopes = [\"admin\"]\n",
        "[token.a]\nsha256 = \"%s\"\nsha256 = \"11\"\n",
        "[token.\u0430]\nsha256 = \"%s\"\n",
        "[token.\"a\\u0000b\"]\nsha256 = \"%s\"\n",
        "[token.\"a\\u202e\"]\nsha256 = \"%s\"\n",
        "[token.a.b]\nsha256 = \"%s\"\n",
        "[token.\"\"]\nsha256 = \"%s\"\n",
        "[[token.a]]\nsha256 = \"%s\"\n",
        "[token.a]\nsha256 = \"%s\"\nscopes = [\"read\", \"run\"",
        "[token.a]\nsha256 = \"%s\"\nscopes = [\"Read\"]\n",
        "[token.a]\nsha256 = \"%s\"\nscopes = [\"run:\u0430\"]\n",
        "[token.a]\nsha256 = \"%s\"\nexpires = 99999999999999999999999\n",
        "[token.a]\nsha256 = \"%s\"\nexpires = 1e3\n",
        ("[token.a]\nsha256 = \"%s\"\n[token.b]\nsha256 = "
         "\"0000000000000000000000000000000000000000000000000000000000000000\"\n"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tokens tokens;
        struct buffer content = {.arena = arena};
        const char *const place = strstr(wrong[i], "%s");
        buffer_add(&content, text_slice(text_of(wrong[i]), 0, place == NULL ? SIZE_MAX : (size_t)(place - wrong[i])));
        buffer_puts(&content, place == NULL ? "" : hash);
        buffer_puts(&content, place == NULL ? "" : place + 2);
        ck_assert_msg(!tokens_parse(arena, "f", buffer_text(&content), &tokens, &status), "%zu", i);
        ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    }
}
END_TEST

static const struct token *named(const struct tokens *tokens, const char *name)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->items[i].name, name) == 0) {
            return &tokens->items[i];
        }
    }
    return NULL;
}

/* As who copies the file by hand, or fills the disk, may leave it: none of it gets longer, or more scopes. */
START_TEST(a_file_that_ends_too_early_gives_nobody_more)
{
    struct text content;
    struct tokens whole;
    ck_assert_ptr_nonnull(create("one", "read", "30d"));
    ck_assert_ptr_nonnull(create("two", "read,run:production,run", "12h"));
    ck_assert(file_read(arena, path, 100000, &content, &status));
    ck_assert(tokens_parse(arena, "f", content, &whole, &status));
    for (size_t size = 0; size < content.size; size++) {
        struct tokens tokens;
        if (!tokens_parse(arena, "f", text_slice(content, 0, size), &tokens, &status)) {
            continue;
        }
        for (size_t i = 0; i < tokens.count; i++) {
            const struct token *const token = &tokens.items[i];
            const struct token *const real = named(&whole, token->name);
            ck_assert_msg(real != NULL && token->expires_s == real->expires_s &&
                              token->scope_count == real->scope_count,
                          "%zu bytes", size);
        }
    }
}
END_TEST

/* A link is followed, as a mounted secret is one: what it leads to must be private. */
START_TEST(behind_a_link_stands_a_private_file_or_none)
{
    const char *const real = path_join(arena, folder, "real");
    struct tokens tokens;
    ck_assert_ptr_nonnull(create("one", "read", NULL));
    ck_assert_int_eq(rename(path, real), 0);
    ck_assert_int_eq(symlink("real", path), 0);
    ck_assert(tokens_read(arena, path, &tokens, NULL, &status));
    ck_assert_int_eq(chmod(real, 0644), 0);
    ck_assert(!tokens_read(arena, path, &tokens, NULL, &status));
    ck_assert_int_eq(chmod(real, 0600), 0);
    for (const char *const *target = (const char *const[]){"nowhere", "tokens", "/dev/zero", ".", NULL};
         *target != NULL; target++) {
        unlink(path);
        ck_assert_int_eq(symlink(*target, path), 0);
        ck_assert_msg(!tokens_read(arena, path, &tokens, NULL, &status), "%s", *target);
    }
    unlink(real);
}
END_TEST

START_TEST(in_an_environment_what_changes_needs_a_word_of_its_own)
{
    static const char *const plain[] = {"read", "plan", "run", "mark", "admin"};
    static const char *const named[] = {"read", "run:production", "mark:*", "sql:staging"};
    const struct environment none = {"", false};
    const struct environment production = {"production", false};
    const struct environment staging = {"staging", false};
    ck_assert_uint_eq(scopes_in(plain, 5, &none), SCOPE_READ | SCOPE_PLAN | SCOPE_RUN | SCOPE_MARK | SCOPE_ADMIN);
    ck_assert_uint_eq(scopes_in(plain, 5, &production), SCOPE_READ | SCOPE_PLAN);
    ck_assert_uint_eq(scopes_in(named, 4, &production), SCOPE_READ | SCOPE_RUN | SCOPE_MARK);
    ck_assert_uint_eq(scopes_in(named, 4, &staging), SCOPE_READ | SCOPE_MARK | SCOPE_SQL);
}
END_TEST

START_TEST(an_environment_that_only_the_project_names_gives_no_scope_and_takes_some)
{
    static const char *const words[] = {"read", "plan", "run", "run:production", "mark", "sql:production", "branch:*"};
    const struct environment said = {"production", true};
    ck_assert_uint_eq(scopes_in(words, 7, &said), SCOPE_READ | SCOPE_PLAN | SCOPE_RUN | SCOPE_BRANCH);
}
END_TEST

/* ---- who calls ---- */

static bool check(struct login *login, const char *said, struct principal *principal, uint32_t *delay_ms)
{
    const struct login_try try = {said == NULL ? NULL : arena_printf(arena, "Bearer %s", said), "10.0.0.1", 0};
    struct login_wait wait;
    const bool ok = login_check(login, &try, principal, &wait, &status);
    *delay_ms = wait.delay_ms;
    return ok;
}

static struct login *open_login(void)
{
    const struct login_options options = {.tokens = path, .environment = {"", false}};
    struct login *const login = login_new(&options, &status);
    ck_assert_msg(login != NULL, "%s", status.message);
    return login;
}

START_TEST(the_file_is_read_again_when_it_changes)
{
    struct principal principal;
    uint32_t delay_ms;
    const char *const one = create("one", "read", NULL);
    struct login *const login = open_login();
    ck_assert(check(login, one, &principal, &delay_ms));
    ck_assert_str_eq(principal.name, "one");
    const char *const two = create("two", "run", NULL);
    ck_assert(check(login, two, &principal, &delay_ms));
    ck_assert_uint_eq(principal.scopes, SCOPE_RUN);
    ck_assert(token_revoke(arena, path, "one", &status));
    ck_assert(!check(login, one, &principal, &delay_ms));
    ck_assert_int_eq(status.code, STATUS_UNAUTHENTICATED);
    ck_assert_uint_eq(principal.scopes, 0);
    login_free(login);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_lets_nobody_in)
{
    struct principal principal;
    uint32_t delay_ms;
    const char *const one = create("one", "read", NULL);
    struct login *const login = open_login();
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert(!check(login, one, &principal, &delay_ms));
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert(check(login, one, &principal, &delay_ms));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!check(login, one, &principal, &delay_ms));
    login_free(login);
}
END_TEST

START_TEST(a_token_that_has_expired_is_told_by_its_name)
{
    struct principal principal;
    uint32_t delay_ms;
    const char *const secret = create("old", "read", NULL);
    const char *const line = arena_printf(arena, "[token.old]\nsha256 = \"%s\"\nscopes = [\"read\"]\nexpires = 1000\n",
                                          sha256_hex_of(arena, text_of(secret)));
    ck_assert(private_file_write(arena, path, text_of(line), &status));
    struct login *const login = open_login();
    ck_assert(!check(login, secret, &principal, &delay_ms));
    ck_assert_str_eq(status.message, "The token \"old\" has expired; ask for a new one.");
    ck_assert_uint_eq(principal.scopes, 0);
    ck_assert_int_eq(principal.kind, PRINCIPAL_NOBODY);
    login_free(login);
}
END_TEST

START_TEST(a_failure_is_told_later_and_later_and_a_right_token_at_once)
{
    static const uint32_t delays[] = {100, 200, 400, 800, 1600, 3200, 3200};
    struct principal principal;
    uint32_t delay_ms;
    const char *const secret = create("one", "read", NULL);
    struct login *const login = open_login();
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        ck_assert(!check(login, "truss_wrong", &principal, &delay_ms));
        ck_assert_uint_eq(delay_ms, delays[i]);
        ck_assert(check(login, secret, &principal, &delay_ms));
        ck_assert_uint_eq(delay_ms, 0);
        ck_assert(check(login, NULL, &principal, &delay_ms));
        ck_assert_int_eq(principal.kind, PRINCIPAL_NOBODY);
    }
    login_free(login);
}
END_TEST

START_TEST(attempts_are_counted_by_host_and_forgotten)
{
    static struct attempts attempts;
    uint32_t delay_ms;
    attempts_start(&attempts);
    ck_assert_uint_eq(attempts_add(&attempts, "a", 1000, &delay_ms), 1);
    ck_assert_uint_eq(attempts_add(&attempts, "a", 2000, &delay_ms), 2);
    ck_assert_uint_eq(attempts_add(&attempts, "b", 2000, &delay_ms), 1);
    ck_assert_uint_eq(attempts_add(&attempts, "a", 700000, &delay_ms), 1);
    for (int i = 0; i < 1000; i++) {
        attempts_add(&attempts, arena_printf(arena, "host %d", i), 700001 + i, &delay_ms);
        ck_assert_uint_eq(delay_ms, 100);
    }
    attempts_end(&attempts);
}
END_TEST

START_TEST(what_is_of_this_machine_is_told_from_the_rest)
{
    static const char *const local[] = {
        "ipc:///run/x",      "tcp://127.0.0.1:1",     "tcp://127.1.2.3:0",         "tcp://[::1]:8",
        "tcp://localhost:1", "tls+tcp://127.0.0.1:2", "tcp://[::ffff:127.0.0.1]:1"};
    static const char *const open[] = {"tcp://0.0.0.0:1",
                                       "tcp://*:1",
                                       "tcp://:1",
                                       "tcp://[::]:1",
                                       "tcp://10.0.0.1:1",
                                       "tcp://no.such.host.invalid:1",
                                       "tls+tcp://0.0.0.0:2",
                                       "tcp://[::ffff:10.0.0.1]:1",
                                       "127.0.0.1:1",
                                       ""};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        ck_assert_msg(url_is_local(local[i]), "%s", local[i]);
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        ck_assert_msg(!url_is_local(open[i]), "%s", open[i]);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("tokens");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_token_is_found_by_its_secret_alone);
    tcase_add_test(tests, the_file_is_private_and_has_no_secret);
    tcase_add_test(tests, a_file_that_others_may_read_is_refused);
    tcase_add_test(tests, what_is_no_regular_file_is_refused_and_not_waited_for);
    tcase_add_test(tests, a_name_is_given_once_and_revoked_once);
    tcase_add_test(tests, a_wish_that_is_none_writes_nothing);
    tcase_add_test(tests, what_is_no_file_of_tokens_is_refused_with_its_line);
    tcase_add_test(tests, a_file_that_ends_too_early_gives_nobody_more);
    tcase_add_test(tests, behind_a_link_stands_a_private_file_or_none);
    tcase_add_test(tests, in_an_environment_what_changes_needs_a_word_of_its_own);
    tcase_add_test(tests, an_environment_that_only_the_project_names_gives_no_scope_and_takes_some);
    tcase_add_test(tests, the_file_is_read_again_when_it_changes);
    tcase_add_test(tests, a_file_that_cannot_be_read_lets_nobody_in);
    tcase_add_test(tests, a_token_that_has_expired_is_told_by_its_name);
    tcase_add_test(tests, a_failure_is_told_later_and_later_and_a_right_token_at_once);
    tcase_add_test(tests, attempts_are_counted_by_host_and_forgotten);
    tcase_add_test(tests, what_is_of_this_machine_is_told_from_the_rest);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
