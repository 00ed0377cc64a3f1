/*
 * Tags that named groups of patterns set, for rules that use them (%{NAME}).
 *
 * Tags live in one message's arena. A tag holds all different non-empty values
 * of the last rule that set it, up to the limits below.
 */
#ifndef POSTERN_MATCH_CAPTURE_H
#define POSTERN_MATCH_CAPTURE_H

#include "base/arena.h"
#include "base/regex.h"

#define TAGS_MAX 64	   /* different tags of one message */
#define TAG_VALUES_MAX 256 /* different values of one tag */

struct tag {
	struct str name;
	struct str *values;
	size_t count;
};

struct tags {
	struct arena *arena;
	struct tag v[TAGS_MAX];
	size_t len;
};

/* Values one rule's groups took so far. */
struct tag_values {
	struct tag v[TAGS_MAX];
	size_t len;
};

/* After a successful match of `re` on `subject`: gathers its named groups. */
void capture_gather(struct tag_values *values, struct arena *a,
    const struct regex *re, const struct regex_scratch *s, struct str subject);
/* The rule has run: its values replace what the tags held. */
void capture_set(struct tags *tags, const struct tag_values *values);

/* The values of a tag; NULL: it is not set. */
const struct tag *capture_find(const struct tags *tags, struct str name);

#endif
