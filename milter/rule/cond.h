/*
 * Conditions of `if` and `ifplugin` (spec 2.1).
 *
 * Knows versions, plugins and features; the stack of open blocks is the
 * reader's. Pure but for the diagnostics.
 */
#ifndef POSTERN_RULE_COND_H
#define POSTERN_RULE_COND_H

#include "base/arena.h"
#include "base/diag.h"
#include "rule/plugin.h"

#define COND_VERSION "4.000001"

/*
 * 1: true; 0: false, also when it cannot be evaluated; ERR_SYNTAX: a word in it
 * is not understood and the line opens no block. Diagnostics say why.
 */
int cond_eval(const struct plugins *p, struct str text, struct source_pos pos,
    struct diags *diags);

#endif
