/*
 * A pattern language small enough to stand in constant tables: the steps of
 * received.def, matched with backtracking as a regular expression would.
 *
 * A run of bytes remembers which ways on from it have failed, so a line costs
 * at most its length times the number of steps, whatever it holds. Not for
 * others than the received*.c files.
 */
#ifndef POSTERN_MAIL_RECEIVED_MATCH_H
#define POSTERN_MAIL_RECEIVED_MATCH_H

#include "mail/bigrams.h"

enum received_field {
	FIELD_NONE,
	FIELD_HELO,
	FIELD_RDNS,
	FIELD_IP,
	FIELD_BY,
	FIELD_IDENT,
	FIELD_ENVFROM,
	FIELD_ID,
	FIELD_COMMENT,
	FIELD_METHOD,
	FIELD_CIPHER,
	FIELD_COUNT
};

enum step_op {
	OP_DONE,
	OP_LITERAL,
	OP_ONE, /* one of text's alternatives, '|' between */
	OP_RUN,
	OP_ADDRESS,
	OP_LOCALHOST,
	OP_OPT, /* the next `min` steps may be missing */
	OP_BEGIN,
	OP_END,
	OP_STOP,    /* the end of the line */
	OP_EDGE,    /* a word begins or ends here */
	OP_NEITHER, /* no byte of text comes next */
	OP_UNLIKE   /* text does not come next */
};

enum run_class {
	CLASS_WORD, /* no white space */
	CLASS_ANY,
	CLASS_IN, /* bytes of text */
	CLASS_NOT_IN
};

enum { STEP_NOCASE = 1, STEP_LAZY = 2, STEP_OR_STOP = 4 };

#define STEP_MAX UINT16_MAX
/* Steps of one row, OP_DONE included. */
#define STEPS_MAX 32

struct step {
	uint8_t op;
	uint8_t field;
	uint8_t class;
	uint8_t flags;
	uint16_t min;
	uint16_t max;
	const char *text;
	size_t len; /* of text */
};

#define STEP_RUN(f, c, fl, lo, hi, t)                           \
	{                                                       \
		OP_RUN, FIELD_##f, CLASS_##c, fl, lo, hi, "" t, \
		    sizeof("" t) - 1                            \
	}
#define STEP_TEXT(o, fl, t)                                     \
	{                                                       \
		o, FIELD_NONE, 0, fl, 0, 0, t, sizeof("" t) - 1 \
	}
#define STEP_FIELD(o, f)                        \
	{                                       \
		o, FIELD_##f, 0, 0, 0, 0, "", 0 \
	}

#define L(t) STEP_TEXT(OP_LITERAL, 0, t)
#define LI(t) STEP_TEXT(OP_LITERAL, STEP_NOCASE, t)
#define ONE(t) STEP_TEXT(OP_ONE, 0, t)
#define ONEI(t) STEP_TEXT(OP_ONE, STEP_NOCASE, t)
#define ONE_OR_STOP(t) STEP_TEXT(OP_ONE, STEP_OR_STOP, t)
#define NEITHER(t) STEP_TEXT(OP_NEITHER, 0, t)
#define UNLIKE(t) STEP_TEXT(OP_UNLIKE, 0, t)
#define W(f) STEP_RUN(f, WORD, 0, 1, STEP_MAX, "")
#define W0(f) STEP_RUN(f, WORD, 0, 0, STEP_MAX, "")
#define WLAZY(f) STEP_RUN(f, WORD, STEP_LAZY, 1, STEP_MAX, "")
#define ANY STEP_RUN(NONE, ANY, 0, 0, STEP_MAX, "")
#define ANY1 STEP_RUN(NONE, ANY, 0, 1, STEP_MAX, "")
#define ANYN(lo, hi) STEP_RUN(NONE, ANY, 0, lo, hi, "")
#define LAZY(f) STEP_RUN(f, ANY, STEP_LAZY, 0, STEP_MAX, "")
#define BYTE STEP_RUN(NONE, ANY, 0, 1, 1, "")
#define NOTN(t, lo, hi) STEP_RUN(NONE, NOT_IN, 0, lo, hi, t)
#define NOTF(f, t) STEP_RUN(f, NOT_IN, 0, 0, STEP_MAX, t)
#define NOTF1(f, t) STEP_RUN(f, NOT_IN, 0, 1, STEP_MAX, t)
#define SPAN(t) STEP_RUN(NONE, IN, 0, 0, STEP_MAX, t)
#define SPANN(t, lo, hi) STEP_RUN(NONE, IN, 0, lo, hi, t)
#define DIGITN(lo, hi) STEP_RUN(NONE, IN, 0, lo, hi, "0123456789")
#define DIGITS DIGITN(1, STEP_MAX)
#define DIGITS0 STEP_RUN(NONE, IN, STEP_LAZY, 0, STEP_MAX, "0123456789")
#define LETTER \
	SPANN("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1, 1)
#define IPA(f) STEP_FIELD(OP_ADDRESS, f)
#define LOCALHOST STEP_FIELD(OP_LOCALHOST, NONE)
#define BEGIN(f) STEP_FIELD(OP_BEGIN, f)
#define END(f) STEP_FIELD(OP_END, f)
#define STOP STEP_FIELD(OP_STOP, NONE)
#define EDGE STEP_FIELD(OP_EDGE, NONE)
#define OPT(n)                                        \
	{                                             \
		OP_OPT, FIELD_NONE, 0, 0, n, 0, "", 0 \
	}
#define DONE STEP_FIELD(OP_DONE, NONE)
#define EMPTY DONE

/* A constant list of steps with its end. */
#define STEPS(...) ((const struct step[]){__VA_ARGS__, DONE})

/* What was found, by field; those without their bit in `set` are undefined. */
struct received_fields {
	uint32_t set;
	struct str v[FIELD_COUNT];
};

/* False: `steps` fit nowhere in a text that has only these pairs of bytes. */
bool received_may_match(const struct step *steps, const struct bigrams *pairs);

/*
 * Matches `steps` at the start of `line`, whose only white space is the space,
 * or with `search` at the first place they fit. False leaves *out undefined.
 */
bool received_match(const struct step *steps, struct str line, bool search,
    struct received_fields *out);

#endif
