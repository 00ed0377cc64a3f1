/*
 * What the files of the URI module know of each other's set. Not for others.
 */
#ifndef POSTERN_MAIL_URI_INTERNAL_H
#define POSTERN_MAIL_URI_INTERNAL_H

#include "mail/uri.h"

struct arena *uri_set_arena(const struct uri_set *set);
const struct mail_settings *uri_set_settings(const struct uri_set *set);
/* Remembers a text as looked at; false: it was seen before, or no room. */
bool uri_set_see(struct uri_set *set, struct str text);

/* x, y and z in a row; STR_NONE or a part of it when the arena is full. */
struct str uri_join(struct arena *a, struct str x, struct str y, struct str z);

/* "%" and two hexadecimal digits stand somewhere in `s`. */
bool uri_has_escape(struct str s);

/* Numeric character references are replaced in this order. */
enum reference_pass { PASS_DECIMAL, PASS_HEX, PASS_STOPS, PASS_COUNT };

/* Decimal and hexadecimal ones for ! to ~; full stops of other scripts. */
struct str uri_replace_references(
    struct arena *a, struct str s, enum reference_pass pass);

#endif
