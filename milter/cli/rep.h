/*
 * postern rep: what its two halves share. rep.c asks, rep_print.c shows.
 */
#ifndef POSTERN_CLI_REP_H
#define POSTERN_CLI_REP_H

#include "base/json.h"

/* For people, on standard output; foreign bytes escaped, colours on a terminal
 * only. `now_ms` is what "until" is told against. */
void rep_print(const char *verb, const struct json *answer, int64_t now_ms);
/* One line of the audit trail. */
void rep_print_event(const struct json *event);

/* "90", "20m", "2d", "1h30m"; ms. False: no duration. */
bool rep_duration_parse(struct str text, int64_t *ms_out);

#endif
