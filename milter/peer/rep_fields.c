/*
 * The fields of a unit, of its listing and the ledger of its day, as text.
 */
#include "peer/rep_code.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 192
#define SUM_MAX 1e12 /* a decayed sum above is not ours */

/* Emits fields that differ from what they were. */
struct emitter {
	rep_field_fn *fn;
	void *ctx;
};

static void
emit_int(const struct emitter *e, const char *name, int64_t before, int64_t v)
{
	char text[24];

	if (v == before)
		return;
	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	e->fn(e->ctx, name, text);
}

static void
emit_double(const struct emitter *e, const char *name, double before, double v)
{
	char text[32];

	if (v == before)
		return;
	(void)snprintf(text, sizeof(text), "%.7g", v);
	e->fn(e->ctx, name, text);
}

static bool
same_today(const struct rep_unit *a, const struct rep_unit *b)
{
	const struct rep_today *x = &a->today, *y = &b->today;

	return x->day == y->day && x->bad_givers == y->bad_givers &&
	       x->good_givers == y->good_givers &&
	       x->bad_before == y->bad_before &&
	       x->good_before == y->good_before && x->tries == y->tries &&
	       x->unknown == y->unknown && a->hour == b->hour &&
	       memcmp(a->used, b->used, sizeof(a->used)) == 0;
}

/* Letters of the day's counters, those of the day before in capitals. */
#define TODAY_LETTERS "bgBGtu"

static void
today_counters(struct rep_today *t, uint32_t *out[static 6])
{
	out[0] = &t->bad_givers;
	out[1] = &t->good_givers;
	out[2] = &t->bad_before;
	out[3] = &t->good_before;
	out[4] = &t->tries;
	out[5] = &t->unknown;
}

/*
 * "day b2t5 4:a3b25": counters of the day that are not 0, then, when something
 * was weighed today, the last hour and how much of each class went into the
 * long window in it. Short, because every unit has one.
 */
static void
emit_today(const struct emitter *e, const struct rep_unit *before,
    const struct rep_unit *u)
{
	struct rep_today t = u->today;
	uint32_t *counter[6];
	char text[TEXT_MAX];
	int n;

	if (same_today(before, u))
		return;
	today_counters(&t, counter);
	n = snprintf(text, sizeof(text), "%lld ", (long long)t.day);
	for (int i = 0; i < 6; i++)
		if (*counter[i] > 0)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
			    "%c%u", TODAY_LETTERS[i], *counter[i]);
	if (u->hour >= t.day * 24 && t.day > 0) {
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    " %lld:", (long long)(u->hour - t.day * 24));
		for (int i = 0; i < REP_CLASS_COUNT; i++)
			if (u->used[i] > 0)
				n +=
				    snprintf(text + n, sizeof(text) - (size_t)n,
					"%c%u", 'a' + i, u->used[i]);
	}
	e->fn(e->ctx, "today", text);
}

static void
emit_sums(const struct emitter *e, const struct rep_sums *before,
    const struct rep_sums *x)
{
	emit_double(e, "gs", before->good_short, x->good_short);
	emit_double(e, "bs", before->bad_short, x->bad_short);
	emit_double(e, "gl", before->good_long, x->good_long);
	emit_double(e, "bl", before->bad_long, x->bad_long);
	emit_int(e, "t", before->t_ms, x->t_ms);
}

void
rep_unit_each_changed(const struct rep_unit *before, const struct rep_unit *u,
    rep_field_fn *fn, void *ctx)
{
	const struct emitter e = {fn, ctx};

	emit_int(&e, "seen", (int64_t)before->seen, (int64_t)u->seen);
	for (int i = 0; i < REP_CLASS_COUNT; i++)
		emit_int(&e, rep_class_text((enum rep_class)i),
		    (int64_t)before->count[i], (int64_t)u->count[i]);
	emit_int(
	    &e, "rejected", (int64_t)before->rejected, (int64_t)u->rejected);
	emit_int(&e, "first", before->first_ms / 1000, u->first_ms / 1000);
	emit_int(&e, "last", before->last_ms / 1000, u->last_ms / 1000);
	emit_sums(&e, &before->sums, &u->sums);
	emit_today(&e, before, u);
}

void
rep_unit_each(const struct rep_unit *u, rep_field_fn *fn, void *ctx)
{
	static const struct rep_unit nothing;

	rep_unit_each_changed(&nothing, u, fn, ctx);
}

/* ---- back --------------------------------------------------------------- */

/* Plain or with an exponent, as printf and Lua write it; finite, not < 0. */
bool
rep_sum_parse(struct str s, double *out)
{
	char text[40], *end;
	double v;

	if (s.len == 0 || s.len >= sizeof(text) ||
	    str_span(s, "0123456789.e+-") != s.len)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	v = strtod(text, &end);
	if (end != text + s.len || !isfinite(v) || v < 0 || v > SUM_MAX)
		return false;
	*out = v;
	return true;
}

bool
rep_time_parse(struct str s, int64_t scale, int64_t *out)
{
	int64_t v;

	if (!str_to_i64(s, &v) || v < 0 || v > INT64_C(1) << 50)
		return false;
	*out = v * scale;
	return true;
}

static bool
parse_count(struct str s, uint64_t *out)
{
	uint64_t v;

	if (!str_to_u64(s, &v) || v > UINT64_C(1) << 53)
		return false;
	*out = v;
	return true;
}

/* A letter and its number off the front. */
static bool
parse_lettered(struct str *rest, char *letter, uint64_t *out)
{
	struct str s = *rest;
	size_t digits;

	if (s.len == 0)
		return false;
	*letter = s.p[0];
	s = str_skip(s, 1);
	digits = str_span(s, "0123456789");
	if (!str_to_u64(str_head(s, digits), out))
		return false;
	*rest = str_skip(s, digits);
	return true;
}

static bool
parse_counters(struct str s, struct rep_today *t)
{
	uint32_t *counter[6];
	const char *at;
	uint64_t n;
	char letter;

	today_counters(t, counter);
	while (s.len > 0) {
		if (!parse_lettered(&s, &letter, &n) || n > UINT32_MAX)
			return false;
		at = strchr(TODAY_LETTERS, letter);
		if (at == NULL || letter == '\0')
			return false;
		*counter[at - TODAY_LETTERS] = (uint32_t)n;
	}
	return true;
}

static bool
parse_used(struct str s, uint8_t used[static REP_CLASS_COUNT])
{
	char letter;
	uint64_t n;

	while (s.len > 0) {
		if (!parse_lettered(&s, &letter, &n) || letter < 'a' ||
		    letter >= 'a' + REP_CLASS_COUNT || n > UINT8_MAX)
			return false;
		used[letter - 'a'] = (uint8_t)n;
	}
	return true;
}

static bool
parse_today(struct str s, struct rep_unit *u)
{
	struct rep_unit v = {0};
	struct str word;
	uint64_t hour;

	if (!rep_time_parse(str_word(&s), 1, &v.today.day))
		return false;
	word = str_word(&s);
	if (str_find_char(word, ':') == STR_NPOS) {
		if (!parse_counters(word, &v.today))
			return false;
		word = str_word(&s);
	}
	if (word.len > 0) {
		if (!str_to_u64(str_cut(&word, ':'), &hour) || hour > 23 ||
		    !parse_used(word, v.used))
			return false;
		v.hour = v.today.day * 24 + (int64_t)hour;
	}
	u->today = v.today;
	u->hour = v.hour;
	memcpy(u->used, v.used, sizeof(u->used));
	return true;
}

static bool
set_sum(struct rep_sums *x, struct str name, struct str value, bool *good)
{
	static const struct {
		const char *name;
		size_t offset;
	} row[] = {
	    {"gs", offsetof(struct rep_sums, good_short)},
	    {"bs", offsetof(struct rep_sums, bad_short)},
	    {"gl", offsetof(struct rep_sums, good_long)},
	    {"bl", offsetof(struct rep_sums, bad_long)},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		double v = 0;

		if (!str_is(name, row[i].name))
			continue;
		*good = rep_sum_parse(value, &v);
		if (*good)
			memcpy((char *)x + row[i].offset, &v, sizeof(v));
		return true;
	}
	return false;
}

bool
rep_unit_set(struct rep_unit *u, struct str name, struct str value)
{
	enum rep_class class;
	bool good = true;

	if (set_sum(&u->sums, name, value, &good))
		return good;
	if (rep_class_parse(name, &class))
		return parse_count(value, &u->count[class]);
	if (str_is(name, "seen"))
		return parse_count(value, &u->seen);
	if (str_is(name, "rejected"))
		return parse_count(value, &u->rejected);
	if (str_is(name, "first"))
		return rep_time_parse(value, 1000, &u->first_ms);
	if (str_is(name, "last"))
		return rep_time_parse(value, 1000, &u->last_ms);
	if (str_is(name, "t"))
		return rep_time_parse(value, 1, &u->sums.t_ms);
	if (str_is(name, "today"))
		return parse_today(value, u);
	return true;
}

/* ---- ledgers ------------------------------------------------------------ */

/* Busy units have hundreds of entries, written with every batch: no printf. */
static char *
put_hex(char *at, uint64_t v)
{
	int shift = 60;

	while (shift > 0 && v >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[v >> shift & 15];
	return at;
}

static char *
put_byte(char *at, uint8_t v)
{
	*at++ = ':';
	if (v >= 100)
		*at++ = (char)('0' + v / 100);
	if (v >= 10)
		*at++ = (char)('0' + v / 10 % 10);
	*at++ = (char)('0' + v % 10);
	return at;
}

void
rep_ledger_format(const struct rep_ledger *l, struct buf *out)
{
	char text[32];

	if (l->len == 0)
		return;
	buf_printf(out, "%lld", (long long)l->day);
	for (uint32_t i = 0; i < l->len; i++) {
		const struct rep_giver *g = &l->v[i];
		char *at = text;

		*at++ = ' ';
		at = put_hex(at, g->id);
		at = put_byte(at, g->bad);
		at = put_byte(at, g->good);
		at = put_byte(at, g->trap);
		buf_add(out, str_make(text, (size_t)(at - text)));
	}
}

/* Hexadecimal digits off the front. False: none, or too many. */
static bool
take_hex(struct str *s, uint64_t *out)
{
	uint64_t v = 0;
	size_t n = 0;
	int digit;

	while (n < s->len && (digit = ascii_hex(s->p[n])) >= 0) {
		if (++n > 16)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*s = str_skip(*s, n);
	*out = v;
	return n > 0;
}

/* ":255" off the front. */
static bool
take_byte(struct str *s, uint8_t *out)
{
	unsigned v = 0;
	size_t n = 1;

	if (s->len < 2 || s->p[0] != ':')
		return false;
	for (; n < s->len && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		v = v * 10 + (unsigned)(s->p[n] - '0');
		if (v > UINT8_MAX)
			return false;
	}
	*s = str_skip(*s, n);
	*out = (uint8_t)v;
	return n > 1;
}

static bool
read_giver(struct str word, struct rep_giver *out)
{
	struct rep_giver g = {.id = 0};
	uint8_t trap;

	if (!take_hex(&word, &g.id) || !take_byte(&word, &g.bad) ||
	    !take_byte(&word, &g.good) || !take_byte(&word, &trap) ||
	    word.len > 0)
		return false;
	g.trap = trap != 0;
	*out = g;
	return true;
}

void
rep_ledger_parse(struct str text, struct rep_ledger *l)
{
	struct rep_ledger fresh = {0};
	struct str word = str_word(&text);
	struct rep_giver g;

	if (!str_to_i64(word, &fresh.day))
		return;
	while (
	    (word = str_word(&text)).len > 0 && fresh.len < REP_LEDGER_NET_MAX)
		if (read_giver(word, &g))
			*rep_ledger_push(&fresh) = g;
	rep_ledger_fini(l);
	*l = fresh;
}

/* ---- listings ----------------------------------------------------------- */

void
rep_listing_each(const struct rep_listing *l, rep_field_fn *fn, void *ctx)
{
	const struct emitter e = {fn, ctx};

	fn(ctx, "state", rep_state_text(l->state));
	emit_int(&e, "since", 0, l->since_ms / 1000);
	emit_int(&e, "until", 0, l->until_ms / 1000);
	emit_int(&e, "strike", 0, l->strike);
	emit_int(&e, "removed", 0, l->removed_ms / 1000);
	if (l->why[0] != '\0')
		fn(ctx, "why", l->why);
	if (l->ref[0] != '\0')
		fn(ctx, "ref", l->ref);
	if (l->by[0] != '\0')
		fn(ctx, "by", l->by);
	if (l->note[0] != '\0')
		fn(ctx, "note", l->note);
}

/* Cut to fit; control bytes become blanks. */
void
rep_text_copy(char *to, size_t size, struct str value)
{
	size_t n = value.len < size - 1 ? value.len : size - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)value.p[i] < ' ' ? ' ' : value.p[i];
	memset(to + n, 0, size - n);
}

bool
rep_listing_set(struct rep_listing *l, struct str name, struct str value)
{
	uint64_t n;

	if (str_is(name, "state"))
		return rep_state_parse(value, &l->state);
	if (str_is(name, "since"))
		return rep_time_parse(value, 1000, &l->since_ms);
	if (str_is(name, "until"))
		return rep_time_parse(value, 1000, &l->until_ms);
	if (str_is(name, "removed"))
		return rep_time_parse(value, 1000, &l->removed_ms);
	if (str_is(name, "strike")) {
		if (!str_to_u64(value, &n) || n > 1000000)
			return false;
		l->strike = (uint32_t)n;
	} else if (str_is(name, "why")) {
		rep_text_copy(l->why, sizeof(l->why), value);
	} else if (str_is(name, "ref")) {
		rep_text_copy(l->ref, sizeof(l->ref), value);
	} else if (str_is(name, "by")) {
		rep_text_copy(l->by, sizeof(l->by), value);
	} else if (str_is(name, "note")) {
		rep_text_copy(l->note, sizeof(l->note), value);
	}
	return true;
}
