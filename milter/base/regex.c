#include "base/regex.h"

#include "base/err.h"
#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define JIT_STACK_START ((size_t)32 * 1024)
#define GROUPS_MAX 128

struct regex {
	pcre2_code *code;
	bool jit;
	uint32_t step; /* what a counted step costs */
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *jit_stack; /* made when the thread's is too small */
	uint32_t groups;	    /* set by the last successful match */
	uint32_t step, steps, steps_max;
};

/*
 * PCRE2's character tables (pcre2_maketables): 256 bytes lower, 256 bytes
 * flipped case, then class bits and types. Ours add Latin-1 letters to the
 * first two, which alone decide caseless matching.
 */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;
static const uint8_t *folding_tables;

static void
make_tables(void)
{
	const uint8_t *plain = pcre2_maketables(NULL);
	uint8_t *t = (uint8_t *)(uintptr_t)plain;

	invariant(plain != NULL);
	for (unsigned upper = 0xc0; upper <= 0xde; upper++) {
		unsigned lower = upper + 0x20;

		if (upper == 0xd7)
			continue;
		t[upper] = (uint8_t)lower;
		t[256 + upper] = (uint8_t)lower;
		t[256 + lower] = (uint8_t)upper;
	}
	folding_tables = plain;
}

static uint32_t
compile_options(unsigned flags)
{
	static const struct {
		unsigned flag;
		uint32_t option;
	} map[] = {
	    {REGEX_CASELESS, PCRE2_CASELESS},
	    {REGEX_MULTILINE, PCRE2_MULTILINE},
	    {REGEX_DOTALL, PCRE2_DOTALL},
	    {REGEX_EXTENDED, PCRE2_EXTENDED},
	    {REGEX_EXTENDED_MORE, PCRE2_EXTENDED_MORE},
	    {REGEX_NO_AUTO_CAPTURE, PCRE2_NO_AUTO_CAPTURE},
	    {REGEX_ANCHORED, PCRE2_ANCHORED},
	    {REGEX_UNGREEDY, PCRE2_UNGREEDY},
	    {REGEX_COUNTED, PCRE2_AUTO_CALLOUT},
	    {REGEX_UTF, PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF},
	    {REGEX_CHARACTERS, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF},
	};
	uint32_t options =
	    PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (flags & map[i].flag)
			options |= map[i].option;
	if ((flags & (REGEX_UTF | REGEX_CHARACTERS)) == 0)
		options |= PCRE2_NEVER_UTF;
	if ((flags & REGEX_UTF) == 0)
		options |= PCRE2_NEVER_UCP;
	return options;
}

bool
regex_has_back_references(const struct regex *re)
{
	uint32_t highest = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_BACKREFMAX, &highest);
	return highest > 0;
}

/* PCRE2 calls this before each item of a counted pattern. */
static int
count_step(pcre2_callout_block *block, void *context)
{
	struct regex_scratch *s = context;

	(void)block;
	s->steps += s->step;
	return s->steps > s->steps_max ? PCRE2_ERROR_MATCHLIMIT : 0;
}

struct regex *
regex_compile(struct str pattern, unsigned flags, struct regex_error *error_out)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	struct regex *re;
	PCRE2_SIZE offset;
	int error;

	invariant(context != NULL);
	pthread_once(&tables_once, make_tables);
	pcre2_set_character_tables(context, folding_tables);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
	code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""),
	    pattern.len, compile_options(flags), &error, &offset, context);
	pcre2_compile_context_free(context);
	if (code == NULL) {
		error_out->offset = offset;
		pcre2_get_error_message(error,
		    (PCRE2_UCHAR *)error_out->message,
		    sizeof(error_out->message));
		return NULL;
	}
	re = mem_alloc(sizeof(*re));
	re->code = code;
	re->jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
	re->step =
	    regex_has_back_references(re) ? REGEX_BACK_REFERENCE_STEPS : 1;
	return re;
}

void
regex_free(struct regex **re)
{
	if (*re == NULL)
		return;
	pcre2_code_free((*re)->code);
	free(*re);
	*re = NULL;
}

uint32_t
regex_steps(const struct regex_scratch *s)
{
	return s->steps;
}

uint32_t
regex_group_count(const struct regex *re)
{
	uint32_t n = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

const char *
regex_group_name(const struct regex *re, uint32_t i)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t n = 0; n < count; n++) {
		PCRE2_SPTR entry = table + (size_t)n * size;

		if (((uint32_t)entry[0] << 8 | entry[1]) == i)
			return (const char *)entry + 2;
	}
	return NULL;
}

size_t
regex_size(const struct regex *re)
{
	size_t code = 0, jit = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_SIZE, &code);
	pcre2_pattern_info(re->code, PCRE2_INFO_JITSIZE, &jit);
	return code + jit;
}

struct regex_scratch *
regex_scratch_new(const struct regex_limits *limits)
{
	static const struct regex_limits none;
	struct regex_scratch *s = mem_alloc(sizeof(*s));

	if (limits == NULL)
		limits = &none;
	s->data = pcre2_match_data_create(GROUPS_MAX, NULL);
	s->context = pcre2_match_context_create(NULL);
	invariant(s->data != NULL && s->context != NULL);
	pcre2_set_match_limit(
	    s->context, limits->match ? limits->match : REGEX_MATCH_LIMIT);
	pcre2_set_depth_limit(
	    s->context, limits->depth ? limits->depth : REGEX_DEPTH_LIMIT);
	pcre2_set_heap_limit(s->context,
	    limits->heap_kib ? limits->heap_kib : REGEX_HEAP_LIMIT_KIB);
	s->steps_max = limits->match ? limits->match : REGEX_MATCH_LIMIT;
	pcre2_set_callout(s->context, count_step, s);
	return s;
}

/*
 * Machine code has 32 KiB of the thread's stack, enough for nearly all that is
 * ever matched. A stack of its own is mapped on demand, and stays: mapping and
 * unmapping one interrupts all processors. False: it has one, or there is none.
 */
static bool
give_stack(struct regex_scratch *s)
{
	if (s->jit_stack != NULL)
		return false;
	s->jit_stack =
	    pcre2_jit_stack_create(JIT_STACK_START, REGEX_JIT_STACK_MAX, NULL);
	if (s->jit_stack == NULL)
		return false;
	pcre2_jit_stack_assign(s->context, NULL, s->jit_stack);
	return true;
}

void
regex_scratch_free(struct regex_scratch **s)
{
	if (*s == NULL)
		return;
	pcre2_match_data_free((*s)->data);
	pcre2_match_context_free((*s)->context);
	if ((*s)->jit_stack != NULL)
		pcre2_jit_stack_free((*s)->jit_stack);
	free(*s);
	*s = NULL;
}

static int
match_once(const struct regex *re, struct regex_scratch *s, struct str subject,
    size_t from, uint32_t options)
{
	PCRE2_SPTR p = (PCRE2_SPTR)(subject.p ? subject.p : "");

	s->steps = 0;
	s->step = re->step;
	/* The fast path takes no option but these, and checks no argument. */
	if (re->jit)
		return pcre2_jit_match(re->code, p, subject.len, from, options,
		    s->data, s->context);
	return pcre2_match(
	    re->code, p, subject.len, from, options, s->data, s->context);
}

static int
match(const struct regex *re, struct regex_scratch *s, struct str subject,
    size_t from, uint32_t options, struct regex_span *span_out)
{
	int rc;

	if (from > subject.len)
		return 0;
	rc = match_once(re, s, subject, from, options);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT && give_stack(s))
		rc = match_once(re, s, subject, from, options);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	    rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_JIT_STACKLIMIT ||
	    rc == PCRE2_ERROR_NOMEMORY)
		return ERR_LIMIT;
	if (rc < 0)
		return ERR_INTERNAL;
	s->groups = rc > 0 ? (uint32_t)rc : GROUPS_MAX;
	if (span_out != NULL)
		regex_group(s, 0, span_out);
	return 1;
}

int
regex_match(const struct regex *re, struct regex_scratch *s, struct str subject,
    size_t from, struct regex_span *span_out)
{
	return match(re, s, subject, from, 0, span_out);
}

int
regex_match_between(const struct regex *re, struct regex_scratch *s,
    struct str subject, struct regex_span where, struct regex_span *span_out)
{
	int rc;

	pcre2_set_offset_limit(s->context, where.end);
	rc = match(re, s, subject, where.start, 0, span_out);
	pcre2_set_offset_limit(s->context, PCRE2_UNSET);
	return rc;
}

int
regex_match_not_empty(const struct regex *re, struct regex_scratch *s,
    struct str subject, size_t from, struct regex_span *span_out)
{
	return match(re, s, subject, from, PCRE2_NOTEMPTY_ATSTART, span_out);
}

bool
regex_group(
    const struct regex_scratch *s, uint32_t i, struct regex_span *span_out)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->data);

	if (i >= s->groups || v[2 * i] == PCRE2_UNSET)
		return false;
	/* \K may put the start behind the end. */
	span_out->end = v[2 * i + 1];
	span_out->start = v[2 * i] <= v[2 * i + 1] ? v[2 * i] : v[2 * i + 1];
	return true;
}
