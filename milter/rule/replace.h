/*
 * Replace tags (spec 2.14): <A>, <pre X>, <inter X>, <post X> in patterns.
 *
 * Works on pattern text only. Expansion is bounded in passes and size. Control
 * plane; one thread.
 */
#ifndef POSTERN_RULE_REPLACE_H
#define POSTERN_RULE_REPLACE_H

#include "base/arena.h"
#include "base/map.h"

enum replace_kind {
	REPLACE_TAG,
	REPLACE_PRE,
	REPLACE_INTER,
	REPLACE_POST,
	REPLACE_KINDS
};

struct replace_tags {
	struct map *by_name[REPLACE_KINDS]; /* -> struct str, arena */
	struct str start;		    /* "<" */
	struct str end;			    /* ">" */
};

void replace_init(struct replace_tags *t);
void replace_fini(struct replace_tags *t);
void replace_set(struct replace_tags *t, struct arena *a,
    enum replace_kind kind, struct str name, struct str text);

/*
 * Expands all tags of `pattern` into `*out` (in `a`). ERR_LIMIT: it grows
 * beyond REPLACE_SIZE_MAX. `*out` equals `pattern` when nothing was replaced.
 */
int replace_expand(const struct replace_tags *t, struct arena *a,
    struct str pattern, struct str *out);

/*
 * The same match in less room: tags whose text is one group or class become
 * calls of a group that a DEFINE block at the end holds once. For patterns that
 * are over PCRE2's size limit when written out.
 */
int replace_expand_calls(const struct replace_tags *t, struct arena *a,
    struct str pattern, struct str *out);

#endif
