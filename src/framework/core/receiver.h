/*
 * On what a method is called, in Java, Kotlin, Scala and Groovy: the class with which its chain of calls begins, or the
 * type with which the variable is declared in the same file.
 */
#ifndef FRAMEWORK_CORE_RECEIVER_H
#define FRAMEWORK_CORE_RECEIVER_H

#include "base/text.h"

/* Is the method at this offset (its name, or the dot before it) called on something whose class the file names, and
 * which contains none of these words? words: separated by "|". False if the class is not known. */
bool receiver_is_other(struct text content, size_t at, const char *words);

#endif
