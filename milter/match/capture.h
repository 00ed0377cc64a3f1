/*
 * Tags that named groups set, and templates that use them: %{NAME}.
 *
 * Tags live in one message's arena. A tag holds all different non-empty values
 * of the last rule that set it. A template is expanded to a plain pattern with
 * the values quoted; it cannot be when a tag it names is not set.
 */
#ifndef POSTERN_MATCH_CAPTURE_H
#define POSTERN_MATCH_CAPTURE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/regex.h"

#define TAGS_MAX 64			 /* different tags of one message */
#define TAG_VALUES_MAX 256		 /* different values of one tag */
#define TEMPLATE_MAX ((size_t)64 * 1024) /* bytes of an expanded template */

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

/* Names used in a template that no rule captures, such as HEADER(From). */
typedef bool tag_lookup(void *context, struct str name, struct str *value_out);

/*
 * `pattern` with every %{NAME} replaced, appended to `out`. False: a tag is not
 * set or the result is too long.
 */
bool capture_expand(struct str pattern, const struct tags *tags,
    tag_lookup *lookup, void *context, struct buf *out);

/*
 * Cuts `pattern` at its first %{NAME} from `from` on: false when there is none.
 * The template's place is [*start_out, *end_out).
 */
bool capture_find(struct str pattern, size_t from, struct str *name_out,
    size_t *start_out, size_t *end_out);

#endif
