/* Closing something that may hang. */
#ifndef RPC_CLOSING_H
#define RPC_CLOSING_H

#include <stdbool.h>
#include <stdint.h>

/* Calls close(data) on a thread of its own and waits up to `ms` for it. Returns false if it did not return in time or
 * no thread could be started; `data` must then stay valid, because the thread goes on. nng_close of 1.5.2 can wait for
 * ever for a pipe whose peer has just closed it. */
bool close_in_time(void (*close)(void *data), void *data, uint32_t ms);

#endif
