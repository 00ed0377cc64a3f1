#include "mail/charset.h"
#include "mail/html.h"
#include "mail/mime.h"
#include "match/dict_scan.h"

/* Bytes of one part that are read. */
#define PART_MAX ((size_t)1024 * 1024)
/* Strings of one place. */
#define STRINGS_MAX ((size_t)10000)

struct collector {
	struct arena *arena;
	struct str *v;
	size_t len;
	size_t size;
};

static void
collect(struct collector *c, struct str s)
{
	if (s.len > 0 && c->len < STRINGS_MAX &&
	    ARENA_ROOM(c->arena, c->v, c->len, c->size, 8))
		c->v[c->len++] = s;
}

static struct str_list
collected(const struct collector *c)
{
	return (struct str_list){c->v, c->len};
}

static bool
is_text(struct str type)
{
	return str_starts(type, STR("text/")) &&
	       !str_starts(type, STR("text/html"));
}

static struct str_list
gather_text(struct message *m)
{
	struct collector c = {.arena = message_arena(m)};
	const struct mime_node *n = mime_first_leaf(message_mime(m));

	for (; n != NULL; n = mime_next_leaf(n)) {
		struct str bytes;

		if (!is_text(mime_effective_type(n)))
			continue;
		bytes = str_head(mime_decode(n), PART_MAX);
		collect(&c, charset_normalize(c.arena, n->charset, bytes).text);
	}
	return collected(&c);
}

/* What is hidden from the reader neither offends nor excuses. */
static struct str_list
gather_html(struct message *m)
{
	struct collector c = {.arena = message_arena(m)};
	struct html_list html = message_html(m);

	for (size_t i = 0; i < html.len; i++)
		collect(&c, str_head(html.v[i]->visible, PART_MAX));
	return collected(&c);
}

static struct str_list
gather_names(struct message *m)
{
	struct collector c = {.arena = message_arena(m)};
	const struct mime_node *n = message_mime(m);

	for (; n != NULL; n = mime_next(n))
		if (n->has_name)
			collect(&c, n->name);
	return collected(&c);
}

static struct str_list
gather_subject(struct message *m)
{
	struct collector c = {.arena = message_arena(m)};
	struct header_query q = {.name = STR("Subject")};
	struct str value;

	if (message_header(m, q, &value))
		collect(&c, value);
	return collected(&c);
}

void
dict_texts_gather(struct message *m, struct dict_texts *out)
{
	out->place[PLACE_SUBJECT] = gather_subject(m);
	out->place[PLACE_TEXT] = gather_text(m);
	out->place[PLACE_HTML] = gather_html(m);
	out->place[PLACE_NAMES] = gather_names(m);
}

bool
dict_scan_message(const struct dict_index *x, struct regex_scratch *s,
    struct message *m, struct hits *out)
{
	struct dict_texts texts = {0};

	if (x->term_count > 0)
		dict_texts_gather(m, &texts);
	return dict_scan_texts(x, s, &texts, message_arena(m), out);
}
