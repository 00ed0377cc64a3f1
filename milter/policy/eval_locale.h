/*
 * Charsets of far away lands: those that no language of `ok_locales` uses.
 * Pure; the setting is read from the ruleset.
 */
#ifndef POSTERN_POLICY_EVAL_LOCALE_H
#define POSTERN_POLICY_EVAL_LOCALE_H

#include "policy/evalfns.h"

/* Every language is welcome, which is the default: worth asking first. */
bool eval_no_charset_is_far(const struct eval_context *c);
bool eval_charset_is_far(const struct eval_context *c, struct str charset);

#endif
