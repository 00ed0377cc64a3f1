#include "match/texts.h"

#include "base/buf.h"
#include "mail/mime.h"

const char *
view_text(enum view view)
{
	static const char *const text[VIEW_COUNT] = {
	    [VIEW_HEADER] = "header",
	    [VIEW_MIME] = "mimeheader",
	    [VIEW_BODY] = "body",
	    [VIEW_RAWBODY] = "rawbody",
	    [VIEW_URI] = "uri",
	    [VIEW_FULL] = "full",
	};

	return text[view];
}

static bool
gather_headers(
    struct message *m, const struct query_set *queries, struct str_list *out)
{
	size_t n = queries->header_count;
	struct str *v = arena_array(message_arena(m), n, sizeof(*v));

	if (v == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!message_header_prepared(m, &queries->headers[i], &v[i]))
			v[i] = STR_NONE;
		else if (v[i].p == NULL)
			v[i] = STR("");
	}
	*out = (struct str_list){.v = v, .len = n};
	return true;
}

/* All fields of a node, one to a line. */
static struct str
all_fields(struct arena *a, const struct mime_node *node, bool raw)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < node->headers.len; i++) {
		struct header *h = &node->headers.v[i];

		if (h->hidden)
			continue;
		buf_add(&b, h->name);
		buf_add_char(&b, ':');
		if (raw) {
			buf_add(&b, h->raw);
		} else {
			buf_add_char(&b, ' ');
			buf_add(&b, header_value(&node->headers, h));
			buf_add_char(&b, '\n');
		}
	}
	return b.p != NULL ? buf_str(&b) : STR("");
}

/* Of several fields of one name the last counts. */
static struct str
node_value(
    struct arena *a, const struct mime_node *node, const struct mime_query *q)
{
	struct header *h;
	struct buf b;

	if (str_is(q->name, "ALL"))
		return all_fields(a, node, q->raw);
	h = header_last(&node->headers, q->name);
	if (q->raw)
		return h != NULL && h->raw.p != NULL ? h->raw : STR("");
	if (h == NULL)
		return STR_NONE;
	buf_init_arena(&b, a);
	buf_add(&b, header_value(&node->headers, h));
	buf_add_char(&b, '\n');
	return buf_str(&b);
}

static bool
gather_mimes(
    struct message *m, const struct query_set *queries, struct str_list *out)
{
	const struct mime_node *root = message_mime(m);
	size_t nodes = 0, n = 0;
	struct str *v;

	if (queries->mime_count == 0)
		return true;
	for (const struct mime_node *p = root; p != NULL; p = mime_next(p))
		nodes++;
	v = arena_array(
	    message_arena(m), nodes * queries->mime_count, sizeof(*v));
	if (v == NULL)
		return false;
	for (const struct mime_node *p = root; p != NULL; p = mime_next(p))
		for (size_t i = 0; i < queries->mime_count; i++)
			v[n++] =
			    node_value(message_arena(m), p, &queries->mimes[i]);
	*out = (struct str_list){.v = v, .len = n};
	return true;
}

bool
texts_gather(
    struct message *m, const struct query_set *queries, struct texts *out)
{
	struct str *full = arena_alloc(message_arena(m), sizeof(*full));

	*out = (struct texts){0};
	if (full == NULL ||
	    !gather_headers(m, queries, &out->list[VIEW_HEADER]))
		return false;
	if (!gather_mimes(m, queries, &out->list[VIEW_MIME]))
		return false;
	*full = message_full(m);
	out->list[VIEW_FULL] = (struct str_list){.v = full, .len = 1};
	out->list[VIEW_BODY] = message_body(m);
	out->list[VIEW_RAWBODY] = message_rawbody(m);
	out->list[VIEW_URI] = message_uri_texts(m);
	out->uris = message_uris(m);
	return true;
}
