/*
 * A decision record as a person reads it: who, what was decided, by what, and
 * everything that spoke for or against.
 *
 * The record is JSON from the store and as hostile as any other input: missing
 * or odd members are left out, foreign bytes are escaped.
 */
#ifndef POSTERN_CLI_RECORD_PRINT_H
#define POSTERN_CLI_RECORD_PRINT_H

#include "base/json.h"

/* Appends lines to `out`. */
void record_print(const struct json *record, struct buf *out);

#endif
