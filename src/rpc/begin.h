/* The threads of nng. */
#ifndef RPC_BEGIN_H
#define RPC_BEGIN_H

/* Starts them with small stacks: nng makes a dozen when it is first used, whose stacks of 8 MB each would be a third of
 * the addresses that a small limit leaves (ulimit -v). Call it where no other thread is being started, with signals
 * blocked and the sandbox entered, as threads keep both. Without this call they start by themselves, with stacks of the
 * usual size. */
void rpc_begin(void);

#endif
