/*
 * How much memory the process may still allocate, if it is limited: by address space (ulimit -v) or by its control
 * group (a container's limit, systemd's MemoryMax). Ask here before allocating large sizes that come from outside, so
 * that a request fails with UNAVAILABLE while there is still memory for that answer. Without a limit there is always
 * room, and asking is free.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the limits, and configures malloc to return large blocks to the system when they are freed and to keep others
 * for the next request (getting them anew took half the time of a status over 1,000 migrations). Call it once at the
 * start of a program: before there are threads, and before the sandbox hides the files with the limits. */
void memory_begin(void);

/* For tests: acts as if the control group allowed this many bytes; 0: the real limit. */
void memory_limit_resident(size_t bytes);

/* Is there room for this many bytes, beside a reserve and what other threads have claimed? Small sizes always have
 * room. */
bool memory_has_room(size_t bytes);

/* Reserves bytes for this thread's work, until it unclaims them. Returns false if there is no room. */
bool memory_claim(size_t bytes);
void memory_unclaim(size_t bytes);

/* For what cannot fail: if there is no room, and this thread has claimed some, waits for what other threads free. One
 * thread at a time need not wait until it has unclaimed everything: it uses the reserve, so that it comes to its end.
 * Nobody waits longer than some seconds, because it may have what that thread waits for. */
void memory_wait_for_room(size_t bytes);

/* With true: this thread holds what others wait for, such as locks in a database, so it does not wait for room but uses
 * the reserve. Until it is called with false, or everything is unclaimed. */
void memory_hurry(bool hurries);

/* Returns free memory to the system, also between blocks in use: takes some milliseconds. */
void memory_give_back(void);

/* Notes that this many bytes were in use at once and are free now. */
void memory_freed(size_t bytes);

/* For a thread that wakes up from time to time while memory_is_kept: returns kept memory to the system once nothing
 * large was freed for a second. */
void memory_rest(int64_t now_ms);
bool memory_is_kept(void);

/* Has `wake` called when memory is kept that memory_rest does not know of; on the thread that freed it, so it must not
 * block. Only the latest watcher is called. memory_unwatch ends the watch with these data, and returns when it is not
 * being called any more. */
void memory_watch(void (*wake)(void *data), void *data);
void memory_unwatch(const void *data);

/* Call it with the result of an allocation and the number of attempts. If it is NULL, waits a moment, because other
 * threads may free memory; after some seconds ends the process. */
void memory_must_wait(const void *given, unsigned times);

#endif
