#include "policy/score.h"

#include "base/buf.h"

/* The list under construction; ends early when there is no room for it. */
struct parts {
	struct arena *arena;
	struct verdict_part *v;
	size_t len;
	size_t size;
	double total;
};

#define PARTS_FIRST 32 /* as many as most messages have */

/* By way of text, as SpamAssassin does: the same number to the last bit. */
static double
round_score(double v)
{
	char room[400];
	struct buf text = {.p = room, .size = sizeof(room), .limit = 399};
	double rounded = v;

	buf_add_fixed(&text, v, 3);
	if (!text.failed)
		str_to_double(buf_str(&text), &rounded);
	return rounded;
}

double
score_of_rule(const struct rule *r, unsigned score_set)
{
	if (r->hidden || r->action == RULE_ACTION_SHADOW)
		return 0;
	return r->score[score_set & 3];
}

static void
add(struct parts *p, struct str name, double points)
{
	p->total += points;
	if (ARENA_ROOM(p->arena, p->v, p->len, p->size, PARTS_FIRST))
		p->v[p->len++] = (struct verdict_part){name, points};
}

static void
add_rules(const struct score_input *in, struct parts *p)
{
	for (size_t i = hits_next(in->hits, 0); i != SIZE_MAX;
	     i = hits_next(in->hits, i + 1)) {
		const struct rule *r = &in->rules->rules[i];

		if (!r->hidden)
			add(p, r->name, score_of_rule(r, in->score_set));
	}
}

static void
add_dicts(const struct score_input *in, struct parts *p)
{
	for (size_t i = 0; i < in->hits->dict_count; i++) {
		const struct dict_score *d = &in->hits->dicts[i];

		if (d->dict->symbol.len > 0 && d->points != 0 &&
		    !d->dict->shadow)
			add(p, d->dict->symbol, d->points * d->dict->factor);
	}
}

static void
add_dns(const struct score_input *in, struct parts *p)
{
	for (size_t i = 0; i < in->facts->dns_count; i++) {
		const struct dns_fact *d = &in->facts->dns[i];

		if (d->points != 0 && !d->shadow)
			add(p,
			    arena_printf(
				p->arena, "DNS:%.*s", STR_ARG(d->zone)),
			    d->points);
	}
}

void
score_sum(const struct score_input *in, struct arena *a, struct verdict *out)
{
	struct parts p = {.arena = a};

	add_rules(in, &p);
	add_dicts(in, &p);
	add_dns(in, &p);
	if (in->access != 0)
		add(&p, STR("ACCESS"), in->access);
	out->score = round_score(p.total);
	out->parts = p.v;
	out->part_count = p.len;
}
