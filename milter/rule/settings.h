/*
 * Settings lines: checked by kind, kept in file order for other modules, or
 * named once and dropped. Private to rule/; see loader.h.
 */
#ifndef POSTERN_RULE_SETTINGS_H
#define POSTERN_RULE_SETTINGS_H

#include "rule/loader.h"

void settings_take(
    struct loader *l, const struct line *line, const struct keyword *k);
/* A diagnostic and false when the value is not of the kind. */
bool settings_check_value(
    struct loader *l, const struct line *line, enum keyword_value kind);
/* [+-]D+[.D*], checked before. */
double settings_number(struct str s);
/* A note, once per `name`; `fmt` has one %.*s for it. */
void settings_note(struct loader *l, const struct line *line, struct str name,
    const char *fmt) __attribute__((nonnull));
void settings_note_plugin(
    struct loader *l, const struct line *line, const struct keyword *k);

#endif
