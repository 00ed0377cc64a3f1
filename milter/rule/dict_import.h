/*
 * Word lists of other programs turned into dictionary files.
 *
 * Reads the weighted phrase lists of DansGuardian and e2guardian
 * (`< phrase ><50>`) and plain `weight,term` CSV. The result is text that
 * dict_parse() takes without complaint, in shadow mode until somebody has
 * looked at it. Control plane.
 */
#ifndef POSTERN_RULE_DICT_IMPORT_H
#define POSTERN_RULE_DICT_IMPORT_H

#include "rule/dict.h"

enum dict_import_format { DICT_IMPORT_GUARDIAN, DICT_IMPORT_CSV };

/* "dansguardian", "e2guardian" or "csv"; false: unknown. */
bool dict_import_format_parse(
    struct str text, enum dict_import_format *format_out);

/*
 * Appends a dictionary called `name` to `out`. `file` stands in diagnostics.
 * Lines that have no counterpart are warnings and left out; the number of
 * entries written, or ERR_SYNTAX when `name` is none or nothing was left.
 */
long dict_import(enum dict_import_format format, const char *file,
    struct str name, struct str text, struct buf *out, struct diags *diags);

#endif
