/*
 * The folding a dictionary and the text it reads have in common.
 *
 * dict_fold() turns text into one line: characters folded by base/unicode.h,
 * white space collapsed to single spaces, and letters that stand alone one
 * after another with the same separator between them (`v i a g r a`,
 * `v.i.a.g.r.a`) joined to the word they spell. Punctuation stays, for regular
 * expressions; fold_next_word() steps over it. Pure; any thread.
 */
#ifndef POSTERN_RULE_DICT_FOLD_H
#define POSTERN_RULE_DICT_FOLD_H

#include "base/buf.h"

/* Changes when the same text folds differently: part of a set's version. */
#define DICT_FOLD_VERSION 1

/* Appends `text` folded. */
void dict_fold(struct str text, struct buf *out);
/* As dict_fold, but letters keep their script (for patterns that name them). */
void dict_fold_plain(struct str text, struct buf *out);

/*
 * The next word of folded text at or after `*pos`, which moves behind it. A
 * word is a run of letters, marks and digits; an ideograph is one by itself.
 * False: no more.
 */
bool fold_next_word(struct str folded, size_t *pos, struct str *word_out);

/*
 * The class of spellings `word` belongs to: every character that may stand for
 * a letter becomes that letter, and i, l and 1 one of them. Two words that
 * leet_spells() joins have the same class.
 */
void leet_class(struct str word, struct buf *out);
/* May `text` be read as `word`: letters by themselves or by their digits? */
bool leet_spells(struct str text, struct str word);

#endif
