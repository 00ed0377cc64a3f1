/*
 * Mail as most mail is: messages made up for this, and the texts rules would
 * see of them.
 *
 * They tell, when patterns are compiled, what is not worth looking for, because
 * most texts have it. They steer only what is searched for, never what hits.
 */
#ifndef POSTERN_MATCH_SAMPLE_H
#define POSTERN_MATCH_SAMPLE_H

#include "match/texts.h"

#define SAMPLE_MESSAGES 3
#define SAMPLE_STRINGS_MAX 64 /* of one message, view and key */

struct sample {
	struct arena arena;
	struct mail_settings settings;
	struct texts texts[SAMPLE_MESSAGES];
};

/* Strings of one view and key, by message. */
struct sample_strings {
	struct str_list list[SAMPLE_MESSAGES];
	struct str v[SAMPLE_MESSAGES][SAMPLE_STRINGS_MAX];
};

/* Without memory for it there are no texts: nothing is known to be common. */
void sample_init(struct sample *s, const struct query_set *queries);
void sample_fini(struct sample *s);

/* Every `step`th string of the view from `first` on, but empty ones. `out`
 * points into itself. */
void sample_strings(const struct sample *s, enum view view, size_t first,
    size_t step, struct sample_strings *out);

#endif
