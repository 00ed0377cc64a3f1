#include "peer/rep_code.h"

#include "peer/rep_keys.h"

#include <inttypes.h>
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
same_today(const struct rep_today *a, const struct rep_today *b)
{
	return a->day == b->day && a->bad_givers == b->bad_givers &&
	       a->good_givers == b->good_givers &&
	       a->bad_before == b->bad_before &&
	       a->good_before == b->good_before && a->tries == b->tries &&
	       a->unknown == b->unknown;
}

/* "day bad good bad-before good-before tries unknown" */
static void
emit_today(const struct emitter *e, const struct rep_today *before,
    const struct rep_today *t)
{
	char text[TEXT_MAX];

	if (same_today(before, t))
		return;
	(void)snprintf(text, sizeof(text), "%lld %u %u %u %u %u %u",
	    (long long)t->day, t->bad_givers, t->good_givers, t->bad_before,
	    t->good_before, t->tries, t->unknown);
	e->fn(e->ctx, "today", text);
}

/* "hour a3b25": class letters in the order of enum rep_class. */
static void
emit_hour(const struct emitter *e, const struct rep_unit *before,
    const struct rep_unit *u)
{
	char text[TEXT_MAX];
	int n;

	if (u->hour == before->hour &&
	    memcmp(u->used, before->used, sizeof(u->used)) == 0)
		return;
	n = snprintf(text, sizeof(text), "%lld ", (long long)u->hour);
	for (int i = 0; i < REP_CLASS_COUNT; i++)
		if (u->used[i] > 0)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
			    "%c%u", 'a' + i, u->used[i]);
	e->fn(e->ctx, "hour", text);
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
	emit_today(&e, &before->today, &u->today);
	emit_hour(&e, before, u);
}

void
rep_unit_each(const struct rep_unit *u, rep_field_fn *fn, void *ctx)
{
	static const struct rep_unit nothing;

	rep_unit_each_changed(&nothing, u, fn, ctx);
}

/* Plain or with an exponent, as printf and Lua write it; finite, not < 0. */
static bool
parse_sum(struct str s, double *out)
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

static bool
parse_time(struct str s, int64_t scale, int64_t *out)
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

static bool
parse_small(struct str *rest, uint32_t *out)
{
	uint64_t v;

	if (!str_to_u64(str_word(rest), &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool
parse_today(struct str s, struct rep_today *out)
{
	struct rep_today t = {0};

	if (!parse_time(str_word(&s), 1, &t.day) ||
	    !parse_small(&s, &t.bad_givers) ||
	    !parse_small(&s, &t.good_givers) ||
	    !parse_small(&s, &t.bad_before) ||
	    !parse_small(&s, &t.good_before) || !parse_small(&s, &t.tries) ||
	    !parse_small(&s, &t.unknown))
		return false;
	*out = t;
	return true;
}

static bool
parse_hour(struct str s, struct rep_unit *u)
{
	struct rep_unit v = {0};
	struct str list;

	if (!parse_time(str_word(&s), 1, &v.hour))
		return false;
	list = str_word(&s);
	while (list.len > 0) {
		int class = list.p[0] - 'a';
		size_t digits = str_span(str_skip(list, 1), "0123456789");
		uint64_t n;

		if (class < 0 || class >= REP_CLASS_COUNT ||
		    !str_to_u64(str_head(str_skip(list, 1), digits), &n) ||
		    n > UINT8_MAX)
			return false;
		v.used[class] = (uint8_t)n;
		list = str_skip(list, 1 + digits);
	}
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
		*good = parse_sum(value, &v);
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
		return parse_time(value, 1000, &u->first_ms);
	if (str_is(name, "last"))
		return parse_time(value, 1000, &u->last_ms);
	if (str_is(name, "t"))
		return parse_time(value, 1, &u->sums.t_ms);
	if (str_is(name, "today"))
		return parse_today(value, &u->today);
	if (str_is(name, "hour"))
		return parse_hour(value, u);
	return true;
}

void
rep_ledger_format(const struct rep_ledger *l, struct buf *out)
{
	if (l->len == 0)
		return;
	buf_printf(out, "%lld", (long long)l->day);
	for (uint32_t i = 0; i < l->len; i++)
		buf_printf(out, " %" PRIx64 ":%u:%u:%d", l->v[i].id,
		    l->v[i].bad, l->v[i].good, l->v[i].trap);
}

static bool
read_giver(struct str word, struct rep_giver *out)
{
	struct str id = str_cut(&word, ':'), bad = str_cut(&word, ':');
	struct str good = str_cut(&word, ':');
	uint64_t b, g, v = 0;

	if (id.len == 0 || id.len > 16 || !str_to_u64(bad, &b) ||
	    !str_to_u64(good, &g) || b > UINT8_MAX || g > UINT8_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		int digit = ascii_hex(id.p[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*out = (struct rep_giver){.id = v,
	    .bad = (uint8_t)b,
	    .good = (uint8_t)g,
	    .trap = str_is(word, "1")};
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
		return parse_time(value, 1000, &l->since_ms);
	if (str_is(name, "until"))
		return parse_time(value, 1000, &l->until_ms);
	if (str_is(name, "removed"))
		return parse_time(value, 1000, &l->removed_ms);
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

void
rep_evidence_format(
    const struct rep_evidence *e, char text[static REP_EVIDENCE_TEXT_MAX])
{
	double score = e->score;

	if (!isfinite(score) || fabs(score) > 1e6)
		score = 0;
	(void)snprintf(text, REP_EVIDENCE_TEXT_MAX, "%lld %s%s %s %.4g %s",
	    (long long)(e->at_ms / 1000), e->disputed ? "!" : "",
	    rep_class_text(e->class), e->rule[0] ? e->rule : "-", score,
	    e->ref[0] ? e->ref : "-");
}

/* One word of printable ASCII, whatever came. */
static void
copy_word(char *to, size_t size, const char *from, size_t from_size)
{
	size_t n = 0;

	while (n < size - 1 && n < from_size && from[n] != '\0') {
		to[n] = (unsigned char)from[n] <= ' ' ||
				(unsigned char)from[n] >= 0x7f
			    ? '_'
			    : from[n];
		n++;
	}
	to[n] = '\0';
}

static void
set_word(char *to, size_t size, struct str word)
{
	if (str_is(word, "-"))
		word = STR("");
	copy_word(to, size, word.p, word.len);
}

bool
rep_evidence_parse(struct str text, struct rep_evidence *out)
{
	struct rep_evidence e = {0};
	struct str class, rule, score, ref;
	double points = 0;

	if (!parse_time(str_word(&text), 1000, &e.at_ms))
		return false;
	class = str_word(&text);
	rule = str_word(&text);
	score = str_word(&text);
	ref = str_word(&text);
	if (str_starts(class, STR("!"))) {
		e.disputed = true;
		class = str_skip(class, 1);
	}
	if (!rep_class_parse(class, &e.class) || ref.len == 0)
		return false;
	if (!parse_sum(str_skip(score, str_starts(score, STR("-"))), &points))
		return false;
	e.score = str_starts(score, STR("-")) ? -points : points;
	set_word(e.rule, sizeof(e.rule), rule);
	set_word(e.ref, sizeof(e.ref), ref);
	*out = e;
	return true;
}

void
rep_evidence_of(const struct rep_event *e, struct rep_evidence *out)
{
	*out = (struct rep_evidence){
	    .at_ms = e->at_ms, .class = e->class, .score = e->score};
	copy_word(out->rule, sizeof(out->rule), e->rule, sizeof(e->rule));
	copy_word(out->ref, sizeof(out->ref), e->ref, sizeof(e->ref));
}

static void
add_field(void *ctx, const char *name, const char *value)
{
	json_set_str(ctx, name, str_from(value));
}

struct json *
rep_record_json(const char *unit, const struct rep_record *r)
{
	struct json *j = json_new_object(), *part;
	char text[REP_EVIDENCE_TEXT_MAX];

	json_set_str(j, "unit", str_from(unit));
	if (r->exists) {
		part = json_new_object();
		rep_unit_each(&r->unit, add_field, part);
		json_set(j, "rep", part);
	}
	if (r->has_listing) {
		part = json_new_object();
		rep_listing_each(&r->listing, add_field, part);
		json_set(j, "list", part);
	}
	if (r->evidence_count > 0) {
		part = json_new_array();
		for (size_t i = 0; i < r->evidence_count; i++) {
			rep_evidence_format(&r->evidence[i], text);
			json_append(part, json_new_str(str_from(text)));
		}
		json_set(j, "evidence", part);
	}
	if (r->seq != 0)
		json_set_int(j, "seq", (int64_t)r->seq);
	return j;
}

static bool
read_part(const struct json *part, struct rep_record *r, bool listing)
{
	void *iter = NULL;
	const char *name;
	struct json *value;

	if (!json_is_object(part))
		return false;
	while (json_next(part, &iter, &name, &value)) {
		struct str n = str_from(name), v = json_str(value);

		if (!json_is_string(value) ||
		    !(listing ? rep_listing_set(&r->listing, n, v)
			      : rep_unit_set(&r->unit, n, v)))
			return false;
	}
	return true;
}

bool
rep_record_from_json(
    const struct json *j, struct str *unit_out, struct rep_record *out)
{
	struct json *rep = json_get(j, "rep"), *list = json_get(j, "list");
	struct json *evidence = json_get(j, "evidence");
	struct str unit = json_get_str(j, "unit");
	struct cidr c;
	enum rep_kind kind;

	*out = (struct rep_record){.exists = rep != NULL,
	    .has_listing = list != NULL,
	    .seq = (uint64_t)json_get_int(j, "seq", 0)};
	if (!rep_name_parse(unit, &c, &kind) ||
	    (rep != NULL && !read_part(rep, out, false)) ||
	    (list != NULL && !read_part(list, out, true)))
		return false;
	for (size_t i = 0; evidence != NULL && i < json_count(evidence) &&
			   i < REP_EVIDENCE_MAX;
	     i++)
		if (!rep_evidence_parse(json_str(json_at(evidence, i)),
			&out->evidence[out->evidence_count++]))
			return false;
	*unit_out = unit;
	return true;
}
