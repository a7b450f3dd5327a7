/*
 * How much memory the process may still take, where it is limited: by the address space that it may have (ulimit -v),
 * or by its control group (a container's limit, systemd's MemoryMax). What comes from outside and may be large asks
 * here first, so that a request ends with UNAVAILABLE while there is still memory to say so. Without a limit there is
 * always room, and asking costs nothing.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the limits, and sets malloc up to give back what is large as soon as it is freed, and to keep some of the rest
 * for the next request: to fetch it from the system anew was half of a status over 1,000 migrations. Once, at the start
 * of a program: before there are threads, and before the sandbox takes the files away that have the limits. */
void memory_begin(void);

/* As if the control group allowed so many bytes; 0: as many as there are. For tests. */
void memory_limit_resident(size_t bytes);

/* Room for so many bytes more, beside a reserve and what other threads have set aside? There is always some for what is
 * small.
 */
bool memory_has_room(size_t bytes);

/* Sets so many bytes aside for what this thread works on, until it gives them back; false where there is no room for
 * them. */
bool memory_claim(size_t bytes);
void memory_unclaim(size_t bytes);

/* What is free goes back to the system, also what lies between pieces that are in use: some milliseconds. */
void memory_give_back(void);

/* So many bytes were in use together, and are free now. */
void memory_freed(size_t bytes);

/* For a thread that comes by now and then, as long as memory_is_kept: gives back what is kept, once nothing large was
 * freed for a second. */
void memory_rest(int64_t now_ms);
bool memory_is_kept(void);

/* Has `wake` called where something is kept that memory_rest has not seen: on the thread that freed it, which must not
 * wait for anything. Of several the last one is; memory_unwatch ends it where it is that of these data, and returns
 * when it is not being called any more. */
void memory_watch(void (*wake)(void *data), void *data);
void memory_unwatch(const void *data);

/* What an allocation gave at its n-th try. Where that is NULL a moment is waited, as others may give some back; where
 * none did for seconds, the process ends. */
void memory_must_wait(const void *given, unsigned times);

#endif
