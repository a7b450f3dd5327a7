/*
 * What is around a word that a project mentions: its line, its command, and the calls whose parentheses surround it.
 */
#ifndef FRAMEWORK_CORE_MENTION_AROUND_H
#define FRAMEWORK_CORE_MENTION_AROUND_H

#include "framework/core/mention.h"

/* Does the word, which was found at mentioned->at of the content, belong to another call, command or line than this
 * mention means (its within, not_of, and for a flag beside)? is_list: the lines of a list in YAML are one command. */
bool mention_is_of_others(const struct mention *mention, struct text content, const struct mentioned *mentioned,
                          bool is_list);

#endif
