/*
 * Character references: "&amp;", "&#233;", "&#xE9;".
 *
 * As HTML::Entities reads them: names of HTML 4, the semicolon optional where
 * that table says so, numbers up to U+10FFFF, pairs of surrogates joined. In
 * text the longest known prefix of an unknown name counts too. Linear.
 */
#ifndef POSTERN_MAIL_HTML_ENTITY_H
#define POSTERN_MAIL_HTML_ENTITY_H

#include "base/arena.h"

/*
 * Replaces the references in `s` (UTF-8). `*wide` tells whether the text is
 * known to be Unicode and is set when a character above U+00FF comes in.
 * Returns `s` itself when there is nothing to do; cut short by a full arena.
 */
struct str html_decode_entities(
    struct arena *a, struct str s, bool prefixes, bool *wide);

#endif
