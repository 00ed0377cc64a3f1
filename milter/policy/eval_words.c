/*
 * multipart/alternative whose HTML and plain text tell different things: words
 * of the HTML twin that the plain one lacks.
 */
#include "base/block.h"
#include "base/random.h"
#include "mail/html.h"
#include "mail/mime.h"
#include "mail/unicode.h"
#include "policy/evalarg.h"
#include "policy/evalfns.h"

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

#define WORDS_MAX ((size_t)1 << 20) /* different words kept apart */

struct word {
	struct str text;
	uint32_t html; /* times it stands there */
	uint32_t plain;
};

/* Words by hash; a table twice as large as it is full. */
struct words {
	struct arena *arena;
	struct word *v;
	size_t size; /* a power of two, or 0 */
	size_t len;
	size_t html; /* of them that stand in HTML */
	uint64_t seed;
};

struct difference {
	double percent; /* the worst of the message */
	double html;	/* words of the last such part */
	double plain;
};

/* Each byte of up to eight, whatever their number; some of them twice. */
static uint64_t
load_few(const char *p, size_t len)
{
	uint32_t first, last;

	if (len < sizeof(first))
		return (uint64_t)(unsigned char)p[0] << 16 |
		       (uint64_t)(unsigned char)p[len / 2] << 8 |
		       (unsigned char)p[len - 1];
	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + len - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

/* Every bit of either moves about half of those of the result. */
static uint64_t
mix(uint64_t h, uint64_t block)
{
	h = (h ^ block) * 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 29;
}

/* Seeded, so that nobody can write a message whose words collide. */
static size_t
place(const struct words *w, struct str text)
{
	uint64_t h = w->seed ^ text.len;
	struct str rest = text;
	size_t at;

	for (; rest.len > BLOCK; rest = str_skip(rest, BLOCK))
		h = mix(h, block_load(rest.p));
	at = (size_t)mix(h, load_few(rest.p, rest.len)) & (w->size - 1);
	while (w->v[at].text.len > 0 && !str_eq(w->v[at].text, text))
		at = (at + 1) & (w->size - 1);
	return at;
}

static bool
grow(struct words *w)
{
	struct words old = *w;

	if (w->len >= WORDS_MAX)
		return false;
	w->size = old.size > 0 ? old.size * 4 : 256;
	w->v = arena_array(w->arena, w->size, sizeof(*w->v));
	if (w->v == NULL) {
		*w = old;
		return false;
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.v[i].text.len > 0)
			w->v[place(w, old.v[i].text)] = old.v[i];
	return true;
}

static void
add_word(struct words *w, struct str text, bool html)
{
	struct word *word;

	if (2 * (w->len + 1) > w->size && !grow(w))
		return;
	word = &w->v[place(w, text)];
	if (word->text.len == 0) {
		word->text = text;
		w->len++;
	}
	if (!html)
		word->plain++;
	else if (word->html++ == 0)
		w->html++;
}

/* The character `s` begins with, and its length. ASCII is what most are. */
static bool
starts_space(struct str s, bool characters, size_t *len_out)
{
	*len_out = 1;
	if ((unsigned char)s.p[0] < 0x80)
		return ascii_is_space(s.p[0]);
	return unicode_is_space(unicode_first(s, len_out), characters);
}

static bool
starts_word(struct str s, bool characters, size_t *len_out)
{
	*len_out = 1;
	if (ascii_is_alnum(s.p[0]))
		return true;
	return unicode_is_word(unicode_first(s, len_out), characters);
}

static bool
is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

/*
 * Length of the run without white space at the start of `s`, and of what parts
 * it from the next.
 */
static size_t
run_length(struct str s, bool characters, size_t *space_out)
{
	size_t at = 0, n;

	for (; at < s.len; at += n) {
		n = 1;
		if (!is_visible(s.p[at]) &&
		    starts_space(str_skip(s, at), characters, &n))
			break;
	}
	*space_out = at < s.len ? n : 0;
	return at;
}

/* Anything in it but signs? */
static bool
has_word(struct str run, bool characters)
{
	size_t n;

	for (; run.len > 0; run = str_skip(run, n))
		if (starts_word(run, characters, &n))
			return true;
	return false;
}

/* Words stand between white space; bullets and rules are none. */
static void
add_text(struct words *w, const struct message_part *part)
{
	struct str s = part->text;
	size_t space;

	while (s.len > 0) {
		size_t n = run_length(s, part->characters, &space);
		struct str run = str_head(s, n);

		if (has_word(run, part->characters))
			add_word(w, run, part->is_html);
		s = str_skip(s, n + space);
	}
}

static bool
is_below(const struct mime_node *n, const struct mime_node *top)
{
	while (n != NULL && n != top)
		n = n->parent;
	return n == top;
}

/* A word of the family "text", as in "text/plain" or "text-x/plain". */
static bool
is_text(struct str type)
{
	return str_starts(type, STR("text")) &&
	       (type.len == 4 ||
		   !(ascii_is_alnum(type.p[4]) || type.p[4] == '_'));
}

/* Without words a picture stands for them. */
static bool
is_picture(const struct words *w, const struct message_part *part)
{
	long open;

	return w->html == 0 && part->is_html && part->html != NULL &&
	       html_inside(part->html, STR("img"), &open);
}

static void
compare(const struct words *w, struct difference *out)
{
	size_t plain = 0, left = 0;

	for (size_t i = 0; i < w->size; i++) {
		const struct word *word = &w->v[i];

		plain += word->plain > 0;
		left += word->html > word->plain;
	}
	if (w->html == 0)
		return;
	out->html = (double)w->html;
	out->plain = (double)plain;
	if ((double)left / out->html * 100 > out->percent)
		out->percent = (double)left / out->html * 100;
}

static void
look_at(
    struct eval_context *c, const struct mime_node *top, struct difference *out)
{
	struct message_part_list parts = message_parts(c->message);
	struct words w = {.arena = c->arena, .seed = random_process_seed()};

	for (size_t i = 0; i < parts.len; i++) {
		const struct message_part *part = &parts.v[i];

		if (!is_text(part->node->type) || !is_below(part->node, top))
			continue;
		add_text(&w, part);
		if (is_picture(&w, part))
			add_word(&w, STR("\n"), true);
	}
	compare(&w, out);
}

/* text/html with text/calendar: a meeting request of Exchange. */
static bool
is_meeting(const struct mime_node *root)
{
	const struct mime_node *first = root->child;

	return str_is(root->type, "multipart/alternative") && first != NULL &&
	       first->child == NULL && str_is(first->type, "text/html") &&
	       first->next != NULL && first->next->child == NULL &&
	       str_is(first->next->type, "text/calendar") &&
	       first->next->next == NULL;
}

static bool
is_alternative(struct str type)
{
	struct str name = STR("multipart/alternative");
	struct str rest = str_skip(type, name.len);

	return str_starts(type, name) &&
	       (rest.len == 0 ||
		   !(ascii_is_alnum(rest.p[0]) || rest.p[0] == '_'));
}

static const struct difference *
difference(struct eval_context *c)
{
	static const struct difference none = {.percent = 0};
	const struct mime_node *root = message_mime(c->message);
	struct difference *d;
	bool fresh;

	d = eval_slot(c, EVAL_SLOT_WORDS, sizeof(*d), &fresh);
	if (d == NULL)
		return &none;
	if (!fresh || is_meeting(root))
		return d;
	for (const struct mime_node *n = root; n != NULL; n = mime_next(n))
		if (is_alternative(n->type))
			look_at(c, n, d);
	return d;
}

double
eval_alternative_difference(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double percent = difference(c)->percent;
	double min = eval_number_arg(ARGS, 0);

	return (min == 0 || percent > min) &&
	       (str_is(eval_text_arg(ARGS, 1), "undef") ||
		   percent <= eval_number_arg(ARGS, 1));
}

double
eval_alternative_difference_count(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct difference *d = difference(c);

	return d->html > eval_number_arg(ARGS, 1) && d->html > 0 &&
	       d->plain / d->html > eval_number_arg(ARGS, 0);
}
