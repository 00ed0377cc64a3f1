/*
 * Dates as they stand in real mail, read the way rule files count on.
 *
 * Looks for a day, month and year anywhere in the text, then for a time and a
 * zone in what is left; what is out of range is moved to the next thing that
 * makes sense (RFC 5322 section 4.3 and well beyond it). Pure, linear.
 */
#ifndef POSTERN_MAIL_DATE_H
#define POSTERN_MAIL_DATE_H

#include "base/str.h"

/* Years outside are taken for the nearest one. */
#define DATE_YEAR_MIN 1970
#define DATE_YEAR_MAX 2037

/* Seconds since 1970, never negative. False: there is no date in `text`. */
bool date_parse(struct str text, int64_t *out);

/*
 * The first date with a time as relays write it, a slice of `line`:
 * \s.?\d+ \S{3} \d+ \d+:\d+:\d+ \S+ as a regexp. False: there is none.
 */
bool date_find_stamp(struct str line, struct str *out);

#endif
