/*
 * The walk through a Perl pattern behind pattern_translate(). Private to rule/.
 *
 * One pass, left to right: what Perl refuses or warns about is refused, what
 * PCRE2 reads differently is rewritten, the rest is copied. Groups nest to
 * PATTERN_NESTING_MAX. Pure.
 */
#ifndef POSTERN_RULE_DIALECT_H
#define POSTERN_RULE_DIALECT_H

#include "base/buf.h"
#include "rule/limits.h"
#include "rule/pattern.h"

#define LENGTH_INFINITE UINT32_MAX
#define LOOKBEHIND_MAX 255

/* Bytes something matches. */
struct extent {
	uint32_t min;
	uint32_t max;
};

/* The last thing a quantifier could stand behind. */
struct atom {
	bool present;
	bool quantified;
	bool anchor;   /* ^ $ \b ...: PCRE2 repeats it only in a group */
	bool caret;    /* ^ itself */
	bool captures; /* a capturing group */
	bool wide;     /* can match something that is not empty */
	size_t start;  /* in the output */
	struct extent extent;
};

/* Flags in force that change what is read. */
struct modes {
	bool extended;	    /* x */
	bool extended_more; /* xx */
	bool caseless;	    /* i */
	bool multiline;	    /* m */
};

struct group {
	bool around; /* lookahead or lookbehind: no width */
	bool behind;
	bool condition;	       /* (?(...)yes|no) */
	bool conditional_only; /* (?(DEFINE)...) */
	bool capturing;	       /* is a capturing one */
	bool captures;	       /* holds a capturing group */
	bool wide;
	struct modes outside;
	unsigned branches;
	size_t opened;	      /* in the input */
	size_t start;	      /* in the output */
	size_t inside;	      /* behind its head, in the output */
	struct extent all;    /* over the branches so far */
	struct extent branch; /* of this one */
};

struct walk {
	struct str in;
	size_t at;
	struct buf out;
	struct buf gap; /* ignorable text behind the last atom */
	struct modes modes;
	struct atom atom;
	struct group stack[PATTERN_NESTING_MAX + 1];
	unsigned depth; /* stack[0] is the whole pattern */
	struct pattern_error *error;
};

/* Refuses at byte `at`; always ERR_SYNTAX. */
int walk_refuse(struct walk *w, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static inline struct str
walk_rest(const struct walk *w)
{
	return str_skip(w->in, w->at);
}

/* NUL at the end. */
static inline char
walk_next(const struct walk *w)
{
	return w->at < w->in.len ? w->in.p[w->at] : '\0';
}

/* The next `n` bytes to the output, as they are. */
void walk_copy(struct walk *w, size_t n);
/* Starts an atom at the end of the output. */
void walk_atom(struct walk *w, uint32_t min, uint32_t max);
void walk_anchor(struct walk *w);
/* The last atom becomes part of the branch. */
void walk_settle(struct walk *w);
/* Blanks and comments of /x, and (?#...) anywhere, into the gap. */
int walk_ignorable(struct walk *w);

/*
 * dialect_quantifier.c: `*` `+` `?` and `{n,m}` behind an atom; a brace may be
 * a literal, too. 0 or ERR_SYNTAX, as all below.
 */
int walk_quantifier(struct walk *w);
int walk_brace(struct walk *w);
/* {n} {n,} {n,m} {,m} with blanks inside, at `s`; its length, or 0. */
size_t dialect_braces(struct str s, uint32_t *min_out, uint32_t *max_out);

/* dialect_group.c: `(...`, of whatever kind, `|` and `)`. */
int walk_open(struct walk *w);
int walk_bar(struct walk *w);
int walk_close(struct walk *w);
/* NULL: nested too deep. */
struct group *walk_push_group(struct walk *w);

/* dialect_flags.c: (?flags) and (?flags:...): what only Perl has is left out.
 */
int walk_flags(struct walk *w);
/* Groups of nothing but flags at the start: what PCRE2 has goes to `*flags`. */
int walk_leading_flags(struct walk *w, unsigned *flags);

/* dialect_escape.c: `\...` outside of classes; 0 or ERR_SYNTAX. */
int walk_escape(struct walk *w);
/*
 * A character by its number, `\x..`, `\o{..}`, `\0..`, `\c.`, `\N{U+..}` or a
 * letter: its value and how long it is, from the backslash at `at`.
 */
int walk_character(
    struct walk *w, size_t at, uint32_t *value_out, size_t *length_out);
/* dialect_class.c: `[...]`. */
int walk_class(struct walk *w);

/*
 * dialect_behind.c: the inside of a lookbehind, from `start` of the output to
 * its end, as alternatives of one length each; `opened` is where it stood.
 */
int behind_write_out(struct walk *w, size_t start, size_t opened);
/*
 * dialect_property.c: `\p{...}` as the bytes it stands for, Latin-1's; false:
 * Perl may know the name, we do not. With /i case is no property.
 */
bool property_bytes(struct str text, bool caseless, bool set_out[256]);
/* Appends the inside of a bracket class of these bytes. */
void property_write(struct buf *b, const bool set[256]);

#endif
