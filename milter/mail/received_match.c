#include "mail/received_match.h"

#include "mail/iptext.h"

/* Places from which the steps behind a run are known to fail: [from, to]. */
struct failed {
	uint32_t from;
	uint32_t to;
};

struct match {
	struct str s;
	const struct step *steps;
	struct received_fields *out;
	size_t begin;	/* of the field between BEGIN and END */
	uint32_t known; /* bit per step: `failed` holds something */
	struct failed failed[STEPS_MAX];
};

static bool match_from(struct match *m, size_t step, size_t pos);

static bool
is_word(struct str s, size_t pos)
{
	return pos < s.len && (ascii_is_alnum(s.p[pos]) || s.p[pos] == '_');
}

static bool
is_edge(struct str s, size_t pos)
{
	return is_word(s, pos) != (pos > 0 && is_word(s, pos - 1));
}

static bool
is_in(const char *set, char c)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void
set_field(struct match *m, unsigned field, size_t from, size_t to)
{
	if (field == FIELD_NONE)
		return;
	m->out->set |= 1u << field;
	m->out->v[field] = str_make(m->s.p + from, to - from);
}

/* End of the bytes of `set`, or of all others, in [pos, end) of `s`. */
static size_t
span_end(struct str s, size_t pos, size_t end, struct str set, bool of_set)
{
	uint64_t member[4] = {0};

	for (size_t i = 0; i < set.len; i++) {
		unsigned char c = (unsigned char)set.p[i];

		member[c / 64] |= (uint64_t)1 << (c % 64);
	}
	for (; pos < end; pos++) {
		unsigned char c = (unsigned char)s.p[pos];

		if ((member[c / 64] >> (c % 64) & 1) != of_set)
			break;
	}
	return pos;
}

/* Where a run that begins at `pos` must end at the latest. */
static size_t
run_end(const struct match *m, const struct step *t, size_t pos)
{
	size_t end = m->s.len;

	if (t->max < STEP_MAX && end - pos > t->max)
		end = pos + t->max;
	if (t->class == CLASS_ANY)
		return end;
	if (t->class == CLASS_WORD) {
		const char *space =
		    end > pos ? memchr(m->s.p + pos, ' ', end - pos) : NULL;

		return space != NULL ? (size_t)(space - m->s.p) : end;
	}
	return span_end(
	    m->s, pos, end, str_make(t->text, t->len), t->class == CLASS_IN);
}

static bool
is_plain(const struct step *t)
{
	return t->op == OP_LITERAL && (t->flags & STEP_NOCASE) == 0;
}

/* A look at one byte: the steps from `t` on may go on at `pos`. */
static bool
may_go_on(const struct match *m, const struct step *t, size_t pos)
{
	if (t->op == OP_OPT)
		return may_go_on(m, t + 1, pos) ||
		       may_go_on(m, t + 1 + t->min, pos);
	if (t->op != OP_LITERAL)
		return true;
	return pos < m->s.len &&
	       (t->flags & STEP_NOCASE
		       ? ascii_lower(m->s.p[pos]) == ascii_lower(t->text[0])
		       : m->s.p[pos] == t->text[0]);
}

static bool
try_run_end(struct match *m, size_t step, size_t pos, size_t end)
{
	const struct failed *f = &m->failed[step];

	if ((m->known >> step & 1) && end >= f->from && end <= f->to)
		return false;
	set_field(m, m->steps[step].field, pos, end);
	return may_go_on(m, &m->steps[step + 1], end) &&
	       match_from(m, step + 1, end);
}

static void
note_failed(struct match *m, size_t step, size_t from, size_t to)
{
	struct failed *f = &m->failed[step];
	bool known = m->known >> step & 1;

	if (!known || from > (size_t)f->to + 1 || to + 1 < f->from) {
		m->known |= 1u << step;
		*f = (struct failed){(uint32_t)from, (uint32_t)to};
		return;
	}
	if (from < f->from)
		f->from = (uint32_t)from;
	if (to > f->to)
		f->to = (uint32_t)to;
}

/* First place in [from, end] where the step behind may begin, or STR_NPOS. */
static size_t
next_end(
    const struct match *m, const struct step *next, size_t from, size_t end)
{
	struct str part;
	size_t at;

	if (from > end || !is_plain(next))
		return from > end ? STR_NPOS : from;
	part = str_head(str_skip(m->s, from), end - from + next->len);
	at = str_find(part, str_make(next->text, next->len));
	return at == STR_NPOS ? STR_NPOS : from + at;
}

/* A literal whose first byte is one alone. */
static bool
has_fixed_start(const struct step *t)
{
	return t->op == OP_LITERAL &&
	       ((t->flags & STEP_NOCASE) == 0 || !ascii_is_alpha(t->text[0]));
}

/* The last such place. */
static size_t
last_end(
    const struct match *m, const struct step *next, size_t from, size_t end)
{
	const char *at;

	if (!has_fixed_start(next))
		return end;
	if (end == m->s.len) {
		if (end == from)
			return STR_NPOS;
		end--;
	}
	at = memrchr(m->s.p + from, next->text[0], end - from + 1);
	return at == NULL ? STR_NPOS : (size_t)(at - m->s.p);
}

static bool
match_run(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step], *next = t + 1;
	size_t end = run_end(m, t, pos), least = pos + t->min, q;

	if (end < least)
		return false;
	if (t->flags & STEP_LAZY) {
		for (q = next_end(m, next, least, end); q != STR_NPOS;
		     q = next_end(m, next, q + 1, end))
			if (try_run_end(m, step, pos, q))
				return true;
	} else {
		for (q = last_end(m, next, least, end); q != STR_NPOS;
		     q = q > least ? last_end(m, next, least, q - 1) : STR_NPOS)
			if (try_run_end(m, step, pos, q))
				return true;
	}
	note_failed(m, step, least, end);
	return false;
}

/* Where the alternative ends that begins at `from` in the text of `t`. */
static inline size_t
alternative_end(const struct step *t, size_t from)
{
	while (from < t->len && t->text[from] != '|')
		from++;
	return from;
}

static bool
match_one(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	struct str here = str_skip(m->s, pos), word;

	for (size_t from = 0, end; from <= t->len; from = end + 1) {
		end = alternative_end(t, from);
		word = str_make(t->text + from, end - from);
		/* A byte tells most of them apart. */
		if (here.len < word.len ||
		    ascii_lower(here.p[0]) != ascii_lower(word.p[0]))
			continue;
		if ((t->flags & STEP_NOCASE ? str_starts_nocase(here, word)
					    : str_starts(here, word)) &&
		    match_from(m, step + 1, pos + word.len))
			return true;
	}
	return (t->flags & STEP_OR_STOP) && pos == m->s.len &&
	       match_from(m, step + 1, pos);
}

static bool
match_address(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	size_t n = t->op == OP_ADDRESS ? iptext_match(m->s, pos)
				       : iptext_match_localhost(m->s, pos);

	if (n == 0)
		return false;
	set_field(m, t->field, pos, pos + n);
	return match_from(m, step + 1, pos + n);
}

static bool
match_opt(struct match *m, size_t step, size_t pos)
{
	uint32_t saved = m->out->set;

	if (match_from(m, step + 1, pos))
		return true;
	m->out->set = saved;
	return match_from(m, step + 1 + m->steps[step].min, pos);
}

static bool
match_literal(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	struct str text = str_make(t->text, t->len);

	if (t->flags & STEP_NOCASE) {
		if (!str_starts_nocase(str_skip(m->s, pos), text))
			return false;
	} else if (m->s.len - pos < t->len || m->s.p[pos] != t->text[0] ||
		   memcmp(m->s.p + pos, t->text, t->len) != 0) {
		return false;
	}
	return match_from(m, step + 1, pos + t->len);
}

/* Recursion is as deep as there are steps: STEPS_MAX at most. */
static bool
match_from(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];

	switch ((enum step_op)t->op) {
	case OP_DONE:
		return true;
	case OP_LITERAL:
		return match_literal(m, step, pos);
	case OP_ONE:
		return match_one(m, step, pos);
	case OP_RUN:
		return match_run(m, step, pos);
	case OP_ADDRESS:
	case OP_LOCALHOST:
		return match_address(m, step, pos);
	case OP_OPT:
		return match_opt(m, step, pos);
	case OP_BEGIN:
		m->begin = pos;
		return match_from(m, step + 1, pos);
	case OP_END:
		set_field(m, t->field, m->begin, pos);
		return match_from(m, step + 1, pos);
	case OP_STOP:
		return pos == m->s.len && match_from(m, step + 1, pos);
	case OP_EDGE:
		return is_edge(m->s, pos) && match_from(m, step + 1, pos);
	case OP_NEITHER:
		return (pos == m->s.len || !is_in(t->text, m->s.p[pos])) &&
		       match_from(m, step + 1, pos);
	case OP_UNLIKE:
		return !str_starts(
			   str_skip(m->s, pos), str_make(t->text, t->len)) &&
		       match_from(m, step + 1, pos);
	}
	return false;
}

/* The steps may begin at `pos`. */
static bool
may_begin(const struct match *m, size_t pos)
{
	return may_go_on(m, m->steps + (m->steps->op == OP_EDGE), pos);
}

/* First place at or behind `pos` where the steps may begin, or STR_NPOS. */
static size_t
next_begin(const struct match *m, size_t pos)
{
	const struct step *t = m->steps;
	struct str rest = str_skip(m->s, pos), text;
	size_t at;

	if (t->op == OP_EDGE)
		t++;
	if (t->op != OP_LITERAL)
		return pos <= m->s.len ? pos : STR_NPOS;
	text = str_make(t->text, t->len);
	at = is_plain(t) ? str_find(rest, text) : str_find_nocase(rest, text);
	return at == STR_NPOS ? STR_NPOS : pos + at;
}

/* One of the alternatives of `t` may stand in the text of `pairs`. */
static bool
may_hold_one(const struct step *t, const struct bigrams *pairs)
{
	for (size_t from = 0, end; from <= t->len; from = end + 1) {
		struct str word;

		end = alternative_end(t, from);
		word = str_make(t->text + from, end - from);
		if (t->flags & STEP_NOCASE
			? bigrams_may_hold_nocase(pairs, word)
			: bigrams_may_hold(pairs, word))
			return true;
	}
	return (t->flags & STEP_OR_STOP) != 0;
}

bool
received_may_match(const struct step *steps, const struct bigrams *pairs)
{
	for (const struct step *t = steps; t->op != OP_DONE; t++) {
		struct str text = str_make(t->text, t->len);

		if (t->op == OP_OPT)
			t += t->min;
		else if (t->op == OP_LITERAL &&
			 !(is_plain(t) ? bigrams_may_hold(pairs, text)
				       : bigrams_may_hold_nocase(pairs, text)))
			return false;
		else if (t->op == OP_ONE && !may_hold_one(t, pairs))
			return false;
	}
	return true;
}

bool
received_match(const struct step *steps, struct str line, bool search,
    struct received_fields *out)
{
	struct match m;

	m.s = line;
	m.steps = steps;
	m.out = out;
	m.begin = 0;
	m.known = 0;
	if (!search) {
		out->set = 0;
		return may_begin(&m, 0) && match_from(&m, 0, 0);
	}
	for (size_t pos = next_begin(&m, 0); pos != STR_NPOS;
	     pos = next_begin(&m, pos + 1)) {
		out->set = 0;
		if (match_from(&m, 0, pos))
			return true;
	}
	return false;
}
