/*
 * What every dictionary counts in one message (doc/dictionaries.md).
 *
 * Texts are folded once and walked once, word by word, for all dictionaries:
 * time is linear in the text and does not depend on the number of words. Pure:
 * the same index and texts give the same result. Works in an arena; when that
 * is full, what was counted so far stands and hits.truncated is set.
 */
#ifndef POSTERN_MATCH_DICT_SCAN_H
#define POSTERN_MATCH_DICT_SCAN_H

#include "match/dict_index.h"
#include "match/scan.h"

/* Where a term was met; bit N of enum dict_field is field N. */
enum dict_place {
	PLACE_SUBJECT,
	PLACE_TEXT,
	PLACE_HTML,
	PLACE_NAMES,
	PLACE_COUNT
};

/* UTF-8 texts of a message; no phrase runs from one string into the next. */
struct dict_texts {
	struct str_list place[PLACE_COUNT];
};

/*
 * Fills out->dicts (one for each dictionary of the set, in its order) and
 * out->terms (those that counted, in order of dictionary and file); touches
 * nothing else but out->truncated. False: the arena had no room for the arrays.
 */
bool dict_scan_texts(const struct dict_index *x, struct regex_scratch *s,
    const struct dict_texts *texts, struct arena *a, struct hits *out);

/* Subject, text parts, visible text of HTML parts, and file names of `m`. */
void dict_texts_gather(struct message *m, struct dict_texts *out);

/* Both: all dictionaries over `m`, in its arena. */
bool dict_scan_message(const struct dict_index *x, struct regex_scratch *s,
    struct message *m, struct hits *out);

#endif
