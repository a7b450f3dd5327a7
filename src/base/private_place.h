/*
 * The directory of a command's own worker, which the command names and the worker makes: "truss-command-" and 16
 * hexadecimal digits, in the user's folder for such things or in /tmp.
 */
#ifndef BASE_PRIVATE_PLACE_H
#define BASE_PRIVATE_PLACE_H

#define PRIVATE_PREFIX "truss-command-"
#define PRIVATE_DIGITS 16
#define PRIVATE_SOCKET "worker"
#define PRIVATE_LOCK   "lock" /* a file that is locked as long as the worker lives */

#endif
