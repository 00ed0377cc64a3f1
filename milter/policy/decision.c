#include "policy/decision.h"

#include "policy/engine.h"

void
decision_init(struct decision *d, const struct config *c, const struct facts *f,
    struct arena *a)
{
	*d = (struct decision){.config = c, .facts = f, .arena = a};
}

struct str
decision_where(struct arena *a, struct source_pos pos)
{
	if (pos.file == NULL)
		return STR_NONE;
	return arena_printf(a, "%s:%u", pos.file, pos.line);
}

static bool
make_room(struct decision *d)
{
	size_t size = d->size ? d->size * 2 : 16;
	struct verdict_reason *reasons;
	struct str *extras;

	if (d->len < d->size)
		return true;
	reasons = arena_grow(d->arena, d->reasons, d->size * sizeof(*reasons),
	    size * sizeof(*reasons));
	if (reasons == NULL)
		return false;
	d->reasons = reasons;
	extras = arena_grow(d->arena, d->extras, d->size * sizeof(*extras),
	    size * sizeof(*extras));
	if (extras == NULL)
		return false;
	d->extras = extras;
	d->size = size;
	return true;
}

void
decision_add(
    struct decision *d, const struct verdict_reason *r, struct str extra)
{
	if (d->len == ENGINE_REASONS_MAX || !make_room(d))
		return;
	d->extras[d->len] = extra;
	d->reasons[d->len] = *r;
	d->reasons[d->len++].shadow |= d->config->shadow || d->allowed;
}

/* Index of the reason that decides, or `len`. */
static size_t
find_decisive(const struct decision *d)
{
	size_t mark = d->len;

	for (size_t i = 0; i < d->len; i++) {
		if (d->reasons[i].shadow ||
		    d->reasons[i].action == VERDICT_ACCEPT)
			continue;
		if (d->reasons[i].action != VERDICT_TAG)
			return i;
		if (mark == d->len)
			mark = i;
	}
	return mark;
}

static void
write_reply(const struct decision *d, size_t at, struct verdict *out)
{
	const struct verdict_reason *r = &d->reasons[at];
	struct reply_input in = {.class = r->class,
	    .action = r->action,
	    .facts = d->facts,
	    .text = r->text,
	    .code = r->code,
	    .precise = r->precise,
	    .rcpt = d->rcpt,
	    .score = out->score,
	    .required = out->required};

	if (r->class == CLASS_DICTIONARY) {
		in.dictionary = d->extras[at];
	} else {
		in.zone = r->name;
		in.txt = d->extras[at];
	}
	out->reply = reply_format(d->config, &in, d->arena);
}

void
decision_draw(struct decision *d, struct verdict *out)
{
	size_t at = find_decisive(d);

	memcpy(out->said, d->said, sizeof(out->said));
	out->reasons = d->reasons;
	out->reason_count = d->len;
	out->action = VERDICT_ACCEPT;
	out->class = CLASS_NONE;
	if (at == d->len)
		return;
	out->decisive = &d->reasons[at];
	out->action = d->reasons[at].action;
	out->class = d->reasons[at].class;
	if (verdict_refuses(out->action))
		write_reply(d, at, out);
}
