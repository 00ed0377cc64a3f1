/*
 * The table of keywords (keyword.def) as data. Immutable; any thread.
 */
#ifndef POSTERN_RULE_KEYWORD_H
#define POSTERN_RULE_KEYWORD_H

#include "base/str.h"

enum keyword_kind {
	KEYWORD_HEADER,
	KEYWORD_BODY,
	KEYWORD_RAWBODY,
	KEYWORD_FULL,
	KEYWORD_URI,
	KEYWORD_META,
	KEYWORD_SCORE,
	KEYWORD_DESCRIBE,
	KEYWORD_TFLAGS,
	KEYWORD_PRIORITY,
	KEYWORD_TEST,
	KEYWORD_REUSE,
	KEYWORD_ACTION,
	KEYWORD_MIMEHEADER,
	KEYWORD_URI_DETAIL,
	KEYWORD_ASKDNS,
	KEYWORD_REPLACE_TAG,
	KEYWORD_REPLACE_PRE,
	KEYWORD_REPLACE_INTER,
	KEYWORD_REPLACE_POST,
	KEYWORD_REPLACE_RULES,
	KEYWORD_REPLACE_START,
	KEYWORD_REPLACE_END,
	KEYWORD_LOADPLUGIN,
	KEYWORD_TRYPLUGIN,
	KEYWORD_ENABLE_COMPAT,
	KEYWORD_REQUIRED_SCORE,
	KEYWORD_SETTING,
	KEYWORD_IGNORED,
	KEYWORD_UNUSED,
	KEYWORD_KINDS
};

/* How the value is checked before it is kept. */
enum keyword_value {
	VALUE_FREE,   /* by its own parser, or not at all */
	VALUE_STRING, /* not empty */
	VALUE_WORDS,  /* not empty */
	VALUE_PAIR,   /* exactly two words */
	VALUE_LIST,   /* (name) words */
	VALUE_NUMBER,
	VALUE_BOOL,
	VALUE_NOTHING, /* empty */
	VALUE_REGEX,
	VALUE_LABEL,	/* words without dots */
	VALUE_LABELS_2, /* words of two labels */
	VALUE_LABELS_3
};

struct keyword {
	const char *name;
	const char *canonical;
	enum keyword_kind kind;
	enum keyword_value value;
	int plugin; /* enum plugin_id, -1: none needed */
	const char *meaning;
};

/* By lower-case name with underscores, or NULL. */
const struct keyword *keyword_find(struct str name);
/* All rows, for documentation. */
const struct keyword *keyword_table(size_t *count_out);

#endif
