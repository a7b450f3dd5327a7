/*
 * A project in a directory of its own, and the files that a test puts there.
 */
#ifndef TESTS_UNIT_PROJECT_FILES_H
#define TESTS_UNIT_PROJECT_FILES_H

#include "framework/core/folder.h"
#include "support/runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;
static char root[64];
static const struct project project = {.root = root, .database = "blog", .user = "ann"};

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    /* The program's own, where what a killed test leaves is seen and removed. */
    const char *const place = getenv("TMPDIR");
    snprintf(root, sizeof root, "%.40s/truss-files-XXXXXX", place == NULL ? "/tmp" : place);
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", root)), 0);
    arena_free(arena);
}

/* Makes a file of the project, and the directories above it; one that is there is replaced. */
static void put(const char *path, const char *content)
{
    char *const whole = arena_printf(arena, "%s/%s", root, path);
    char *const slash = strrchr(whole, '/');
    *slash = '\0';
    ck_assert(directory_make(arena, whole, &status));
    *slash = '/';
    remove(whole);
    ck_assert(file_create(whole, text_of(content), &status));
}

static inline void put_directory(const char *path)
{
    ck_assert(directory_make(arena, arena_printf(arena, "%s/%s", root, path), &status));
}

#endif
