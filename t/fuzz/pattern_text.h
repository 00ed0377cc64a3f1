/* What some fuzz targets read: a pattern, a newline, a text. */
#ifndef POSTERN_T_PATTERN_TEXT_H
#define POSTERN_T_PATTERN_TEXT_H

#include "base/mem.h"
#include "base/regex.h"
#include "match/tree.h"

#define PATTERN_TEXT_ARENA_MAX ((size_t)64 * 1024 * 1024)

struct pattern_text {
	struct str pattern;
	struct str text;
	struct regex *regex;
	struct regex_scratch *scratch;
	const struct node *tree;
	struct arena arena;
};

/* False: PCRE2 or the tree cannot have the pattern. Close it in either case. */
static inline bool
pattern_text_open(struct pattern_text *p, const uint8_t *data, size_t size)
{
	struct regex_error error;

	p->text = str_make((const char *)data, size);
	p->pattern = str_cut(&p->text, '\n');
	p->regex = regex_compile(p->pattern, 0, &error);
	p->scratch = regex_scratch_new(NULL);
	arena_init(&p->arena, PATTERN_TEXT_ARENA_MAX);
	p->tree = tree_parse(p->pattern, 0, &p->arena);
	return p->regex != NULL && p->tree != NULL;
}

static inline bool
pattern_text_matches(const struct pattern_text *p)
{
	return regex_match(p->regex, p->scratch, p->text, 0, NULL) == 1;
}

static inline void
pattern_text_close(struct pattern_text *p)
{
	arena_fini(&p->arena);
	regex_free(&p->regex);
	regex_scratch_free(&p->scratch);
}

#endif
