/*
 * Random identifiers.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#define UUID_SIZE 37 /* with the NUL */

/* Makes a random (version 4) UUID in text form. */
void uuid_v4(char out[UUID_SIZE]);

#endif
