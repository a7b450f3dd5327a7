/*
 * Random identifiers.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#define UUID_SIZE        37 /* with the NUL */
#define UUID_DIGITS_SIZE 33 /* the same without dashes */

/* Makes a random (version 4) UUID in text form. */
void uuid_v4(char out[UUID_SIZE]);

/* The same without its dashes: 32 hexadecimal digits, never all of them zero. */
void uuid_digits(char out[UUID_DIGITS_SIZE]);

#endif
