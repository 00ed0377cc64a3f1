#include "policy/eval_addresses.h"

#include "mail/psl.h"
#include "policy/eval_value.h"

struct addresses {
	struct str *v;
	uint64_t *hash;
	size_t len;
	size_t size;
};

struct gathered {
	struct str_list from;
	struct str_list to;
	bool has_from;
	bool has_to;
};

static bool
make_room(struct eval_context *c, struct addresses *a)
{
	size_t size = a->size > 0 ? a->size * 2 : 16;
	struct str *v;
	uint64_t *hash;

	if (a->len < a->size)
		return true;
	v = arena_grow(c->arena, a->v, a->size * sizeof(*v), size * sizeof(*v));
	hash = arena_grow(
	    c->arena, a->hash, a->size * sizeof(*hash), size * sizeof(*hash));
	if (v == NULL || hash == NULL)
		return false;
	a->v = v;
	a->hash = hash;
	a->size = size;
	return true;
}

static void
add(struct eval_context *c, struct addresses *a, struct str s)
{
	uint64_t hash;

	s = eval_lower(c, s);
	hash = str_hash(s);
	for (size_t i = 0; i < a->len; i++)
		if (a->hash[i] == hash && str_eq(a->v[i], s))
			return;
	if (a->len == EVAL_ADDRESSES_MAX || !make_room(c, a))
		return;
	a->hash[a->len] = hash;
	a->v[a->len++] = s;
}

static void
add_all(struct eval_context *c, struct addresses *a, struct str_list l)
{
	for (size_t i = 0; i < l.len && a->len < EVAL_ADDRESSES_MAX; i++)
		add(c, a, l.v[i]);
}

static struct str_list
first_field(struct eval_context *c, struct str name)
{
	struct header_query q = {name, HEADER_FIRST | HEADER_ADDR};

	return message_header_list(c->message, q);
}

/* ---- from --------------------------------------------------------------- */

static void
gather_from(struct eval_context *c, struct addresses *a)
{
	static const struct str names[] = {STR_INIT("From"),
	    STR_INIT("Envelope-Sender"), STR_INIT("Resent-Sender"),
	    STR_INIT("X-Envelope-From"), STR_INIT("EnvelopeFrom")};
	struct str_list resent = first_field(c, STR("Resent-From"));

	if (resent.len > 0) {
		add_all(c, a, resent);
		return;
	}
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		struct str_list l = eval_addresses(c, names[n]);

		/* "foo@bar...": some mailers repeat the dot. */
		for (size_t i = 0; i < l.len && a->len < EVAL_ADDRESSES_MAX;
		     i++)
			if (l.v[i].len > 0)
				add(c, a, eval_host(c, l.v[i]));
	}
}

/* ---- to ----------------------------------------------------------------- */

/* Newest Received lines that may name the recipient. */
#define RECEIVED_FOR_MAX 3

/* "for <user@host>;" */
static void
add_received_for(struct eval_context *c, struct addresses *a)
{
	struct str_list l = eval_values(c, STR("Received"));

	for (size_t i = 0; i < l.len && i < RECEIVED_FOR_MAX; i++) {
		if (!eval_finds(c, EVAL_PATTERN_RECEIVED_FOR, l.v[i]))
			continue;
		if (psl_is_host_form(eval_lower(c, eval_group(c, l.v[i], 2))))
			add(c, a, eval_group(c, l.v[i], 1));
	}
}

static void
gather_to(struct eval_context *c, struct addresses *a)
{
	static const struct str names[] = {STR_INIT("To"),
	    STR_INIT("Apparently-To"), STR_INIT("Delivered-To"),
	    STR_INIT("Envelope-Recipients"), STR_INIT("Apparently-Resent-To"),
	    STR_INIT("X-Envelope-To"), STR_INIT("Envelope-To"),
	    STR_INIT("X-Delivered-To"), STR_INIT("X-Original-To"),
	    STR_INIT("X-Rcpt-To"), STR_INIT("X-Real-To"), STR_INIT("Cc")};
	struct str_list to = first_field(c, STR("Resent-To"));
	struct str_list cc = first_field(c, STR("Resent-Cc"));

	if (to.len + cc.len > 0) {
		add_all(c, a, to);
		add_all(c, a, cc);
		return;
	}
	add_received_for(c, a);
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		add_all(c, a, eval_addresses(c, names[n]));
}

/* ---- once --------------------------------------------------------------- */

typedef void gather_function(struct eval_context *c, struct addresses *a);

static struct str_list
gather(struct eval_context *c, gather_function *all)
{
	struct addresses a = {.len = 0};

	all(c, &a);
	return (struct str_list){a.v, a.len};
}

static struct gathered *
gathered(struct eval_context *c)
{
	bool fresh;

	return eval_slot(
	    c, EVAL_SLOT_ADDRESSES, sizeof(struct gathered), &fresh);
}

struct str_list
eval_all_from(struct eval_context *c)
{
	struct gathered *g = gathered(c);

	if (g == NULL)
		return (struct str_list){NULL, 0};
	if (!g->has_from)
		g->from = gather(c, gather_from);
	g->has_from = true;
	return g->from;
}

struct str_list
eval_all_to(struct eval_context *c)
{
	struct gathered *g = gathered(c);

	if (g == NULL)
		return (struct str_list){NULL, 0};
	if (!g->has_to)
		g->to = gather(c, gather_to);
	g->has_to = true;
	return g->to;
}
