/*
 * What the tables of postern rep are made of: states in colour on a terminal,
 * times, spans, bars, foreign text escaped. Standard output.
 */
#ifndef POSTERN_CLI_REP_PRINT_PART_H
#define POSTERN_CLI_REP_PRINT_PART_H

#include "base/json.h"

#define REP_SPAN_TEXT 32

/* At least `width` wide. */
void rep_print_state(struct str state, int width);
void rep_print_text(struct str s);
/* "2026-11-28 16:17" here; 0 is "-", as wide. */
void rep_print_time(int64_t ms);
/* "2d 3h", "45 min", for the time between. */
void rep_format_span(int64_t ms, char text[static REP_SPAN_TEXT]);
void rep_print_span(int64_t ms);
/* `share` of 1. */
void rep_print_bar(double share);
/* Without the letter and colon the store has it under. */
struct str rep_plain_unit(struct str unit);

/* ---- rep_print_show.c --------------------------------------------------- */
void rep_print_rates(const struct json *rates);
void rep_print_show(const struct json *answer, int64_t now_ms);

#endif
