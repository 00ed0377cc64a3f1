#include "mail/received_match.h"

#include "mail/iptext.h"

/* Places from which the steps behind a run are known to fail: [from, to]. */
struct failed {
	bool known;
	uint32_t from;
	uint32_t to;
};

struct match {
	struct str s;
	const struct step *steps;
	struct received_fields *out;
	size_t begin; /* of the field between BEGIN and END */
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
	if (field != FIELD_NONE)
		m->out->v[field] = str_make(m->s.p + from, to - from);
}

/* Where a run that begins at `pos` must end at the latest. */
static size_t
run_end(const struct match *m, const struct step *t, size_t pos)
{
	size_t end = m->s.len, i = pos;

	if (t->max < STEP_MAX && end - pos > t->max)
		end = pos + t->max;
	if (t->class == CLASS_ANY)
		return end;
	for (; i < end; i++) {
		char c = m->s.p[i];

		if (t->class == CLASS_WORD
			? ascii_is_space(c)
			: is_in(t->text, c) != (t->class == CLASS_IN))
			break;
	}
	return i;
}

/* The step behind may begin at `pos`: a cheap look at one byte. */
static bool
may_follow(const struct match *m, const struct step *next, size_t pos)
{
	if (next->op != OP_LITERAL || (next->flags & STEP_NOCASE))
		return true;
	return pos < m->s.len && m->s.p[pos] == next->text[0];
}

static bool
try_run_end(struct match *m, size_t step, size_t pos, size_t end)
{
	const struct failed *f = &m->failed[step];

	if (f->known && end >= f->from && end <= f->to)
		return false;
	if (!may_follow(m, &m->steps[step + 1], end))
		return false;
	set_field(m, m->steps[step].field, pos, end);
	return match_from(m, step + 1, end);
}

static void
note_failed(struct failed *f, size_t from, size_t to)
{
	if (!f->known || from > f->to + 1 || to + 1 < f->from) {
		*f = (struct failed){true, (uint32_t)from, (uint32_t)to};
		return;
	}
	if (from < f->from)
		f->from = (uint32_t)from;
	if (to > f->to)
		f->to = (uint32_t)to;
}

static bool
match_run(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	size_t end = run_end(m, t, pos), least = pos + t->min;

	if (end < least)
		return false;
	if (t->flags & STEP_LAZY) {
		for (size_t q = least; q <= end; q++)
			if (try_run_end(m, step, pos, q))
				return true;
	} else {
		for (size_t q = end + 1; q-- > least;)
			if (try_run_end(m, step, pos, q))
				return true;
	}
	note_failed(&m->failed[step], least, end);
	return false;
}

static bool
match_one(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	struct str rest = str_from(t->text), here = str_skip(m->s, pos);

	while (rest.p != NULL) {
		struct str word = str_cut(&rest, '|');

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
	struct received_fields saved = *m->out;

	if (match_from(m, step + 1, pos))
		return true;
	*m->out = saved;
	return match_from(m, step + 1 + m->steps[step].min, pos);
}

static bool
match_literal(struct match *m, size_t step, size_t pos)
{
	const struct step *t = &m->steps[step];
	struct str text = str_from(t->text), here = str_skip(m->s, pos);

	return (t->flags & STEP_NOCASE ? str_starts_nocase(here, text)
				       : str_starts(here, text)) &&
	       match_from(m, step + 1, pos + text.len);
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
		return !str_starts(str_skip(m->s, pos), str_from(t->text)) &&
		       match_from(m, step + 1, pos);
	}
	return false;
}

bool
received_match(const struct step *steps, struct str line, bool search,
    struct received_fields *out)
{
	struct match m = {.s = line, .steps = steps, .out = out};
	size_t last = search ? line.len : 0;

	for (size_t pos = 0; pos <= last; pos++) {
		if (!may_follow(&m, steps, pos))
			continue;
		*out = (struct received_fields){0};
		if (match_from(&m, 0, pos))
			return true;
	}
	return false;
}
