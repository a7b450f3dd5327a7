/* An end that must not be waited for for ever. */
#ifndef RPC_CLOSING_H
#define RPC_CLOSING_H

#include <stdbool.h>
#include <stdint.h>

/* Calls close(data) on a thread of its own and waits up to `ms` for it. Returns false where it did not come back, or
 * could not be called: the thread goes on trying, so what `data` points to stays. nng_close of 1.5.2 was seen to wait
 * for ever for a pipe that its peer had just closed. */
bool close_in_time(void (*close)(void *data), void *data, uint32_t ms);

#endif
