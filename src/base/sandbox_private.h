/*
 * The two parts of the sandbox (sandbox.c). Each returns 0 or an errno.
 */
#ifndef BASE_SANDBOX_PRIVATE_H
#define BASE_SANDBOX_PRIVATE_H

#include "base/sandbox.h"

/* Landlock (sandbox_files.c). *version: the kernel's Landlock version, 0: none. */
int sandbox_wall_files(const struct sandbox_paths *paths, int *version);

/* seccomp (sandbox_calls.c). *told: refused calls are logged. */
int sandbox_wall_calls(enum sandbox_kind kind, bool *told);

/* Notes that Landlock is active (sandbox_advice.c). */
void sandbox_wall_stands(void);

#endif
