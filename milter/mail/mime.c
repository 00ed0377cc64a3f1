#include "mail/mime.h"

#include "base/buf.h"
#include "mail/ctype.h"
#include "mail/decode.h"
#include "mail/lines.h"
#include "mail/mime_head.h"
#include "mail/mime_internal.h"

struct mime_cache {
	bool done;
	struct str text;
};

struct mime_node *
mime_node_new(struct mime_parser *p)
{
	struct {
		struct mime_node node;
		struct mime_cache cache;
	} *both = arena_zalloc(p->arena, sizeof(*both));

	if (both == NULL)
		return NULL;
	both->node.cache = &both->cache;
	both->node.leaf = true;
	header_list_init(&both->node.headers, p->arena);
	return &both->node;
}

void
mime_node_attach(struct mime_node *parent, struct mime_node *n)
{
	n->parent = parent;
	n->depth = parent->depth + 1;
	if (parent->last_child != NULL)
		parent->last_child->next = n;
	else
		parent->child = n;
	parent->last_child = n;
	parent->leaf = false;
}

void
mime_queue(struct mime_parser *p, const struct mime_job *job)
{
	struct mime_job *j = arena_alloc(p->arena, sizeof(*j));

	if (j == NULL)
		return;
	*j = *job;
	j->next = NULL;
	if (p->last != NULL)
		p->last->next = j;
	else
		p->first = j;
	p->last = j;
}

void
mime_node_end_headers(struct mime_parser *p, struct mime_node *n)
{
	header_list_index(&n->headers);
	ctype_parse(p->arena, header_get(&n->headers, STR("Content-Type")),
	    &n->content);
}

static bool
is_multipart(const struct mime_node *n)
{
	return str_starts(n->type, STR("multipart/"));
}

/*
 * The body of a multipart begins with something else than the boundary: then
 * it gets a blank line in front, so that MIME fields up there count as body.
 */
static bool
needs_blank_line(const struct ctype *ct, struct str body)
{
	struct str line = lines_at(body, 0);

	if (line.len == body.len || lines_is_blank(line))
		return false;
	return !ct->has_boundary || !str_starts(line, STR("--")) ||
	       !str_starts(str_skip(line, 2), ct->boundary);
}

/* The root, or the message within `parent`. */
static struct mime_node *
parse_message(struct mime_parser *p, struct str raw, size_t levels,
    struct mime_head *head)
{
	struct mime_node *n = mime_node_new(p);
	struct mime_job job = {.node = n, .levels = levels};
	const struct ctype *ct;

	if (n == NULL)
		return NULL;
	n->is_message = true;
	mime_head_parse(p->arena, p->limits, raw, &n->headers, head);
	mime_node_end_headers(p, n);
	ct = &n->content;
	n->type = ct->type;
	n->boundary = ct->boundary;
	job.has_boundary = ct->has_boundary;
	job.boundary = ct->boundary;
	job.body = lines_squeeze(p->arena, head->body);
	job.blank_line = is_multipart(n) && needs_blank_line(ct, job.body);
	mime_queue(p, &job);
	return n;
}

static void
set_name(struct mime_node *n)
{
	const struct ctype *ct = &n->content;
	struct str disposition =
	    header_get(&n->headers, STR("Content-Disposition"));

	n->has_name = ctype_disposition_name(disposition, &n->name);
	if (n->has_name || !ct->has_name || ct->name.len == 0 ||
	    str_is(ct->name, "0"))
		return;
	n->has_name = true;
	n->name = ct->name;
}

/* message/rfc822 and its UTF-8 twin (RFC 6532); no other message type. */
static void
parse_inner_message(struct mime_parser *p, const struct mime_job *job)
{
	struct mime_node *n = job->node, *inner;
	struct mime_head head;
	struct str text;

	if (!str_is(n->type, "message/rfc822") &&
	    !str_is(n->type, "message/global"))
		return;
	if (job->levels == 0) {
		p->flags |= MESSAGE_MIME_DEPTH_LIMIT;
		return;
	}
	text = mime_decode(n);
	if (text.len == 0)
		return;
	inner = parse_message(p, text, job->levels - 1, &head);
	if (inner == NULL)
		return;
	mime_node_attach(n, inner);
	n->has_body = false;
	n->raw = STR_NONE;
	*n->cache = (struct mime_cache){0};
}

static void
parse_leaf(struct mime_parser *p, const struct mime_job *job)
{
	struct mime_node *n = job->node;

	if (is_multipart(n)) {
		if (!job->has_boundary)
			n->type = STR("text/plain");
		else
			p->flags |= MESSAGE_MIME_DEPTH_LIMIT;
	}
	n->has_charset = n->content.has_charset;
	n->charset = n->content.charset;
	set_name(n);
	n->has_body = true;
	n->raw = job->body;
	if (job->blank_line)
		n->raw = lines_prepend(p->arena, job->body);
	parse_inner_message(p, job);
}

/* CR LF at every line end: some relays break only the folds of a header. */
static void
add_with_crlf(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\n')
			buf_add_char(out, '\r');
		buf_add_char(out, text.p[i]);
	}
}

/* Offset behind as many lines of `raw` as `head` has. */
static size_t
same_lines(struct str raw, struct str head)
{
	size_t from = 0, to = 0;

	while (from < head.len) {
		from += lines_at(head, from).len;
		to += lines_at(raw, to).len;
	}
	return to;
}

/*
 * The message as it came. With CR LF the header section is made uniform, and so
 * is the first body line when it stood in for the missing blank line.
 */
static void
set_pristine(struct arena *a, struct str raw, const struct mime_head *head,
    struct mime_tree *tree)
{
	size_t at = head->text.len;

	tree->pristine = raw;
	if (head->crlf) {
		struct str body = str_skip(raw, same_lines(raw, head->text));
		struct buf b;

		buf_init_arena(&b, a);
		buf_reserve(&b, raw.len + at);
		add_with_crlf(&b, head->text);
		at = b.len;
		if (head->flags & MESSAGE_MISSING_HEAD_BODY_SEPARATOR) {
			add_with_crlf(&b, lines_at(head->body, 0));
			body = str_skip(body, lines_at(body, 0).len);
		}
		buf_add(&b, body);
		tree->pristine = buf_str(&b);
	}
	tree->pristine_headers = str_head(tree->pristine, at);
	tree->pristine_body = str_skip(tree->pristine, at);
}

bool
mime_parse(struct arena *a, const struct mail_limits *limits, struct str raw,
    struct mime_tree *tree_out)
{
	struct mime_parser p = {.arena = a, .limits = limits};
	struct mime_head head;

	if (raw.len == 0)
		raw = STR("\n");
	*tree_out = (struct mime_tree){0};
	tree_out->root = parse_message(&p, raw, limits->mime_depth, &head);
	if (tree_out->root == NULL)
		return false;
	p.flags |= head.flags;
	set_pristine(a, mime_head_skip_separator(raw), &head, tree_out);
	for (struct mime_job *j = p.first; j != NULL; j = j->next) {
		if (is_multipart(j->node) && j->has_boundary && j->levels > 0)
			mime_parse_multipart(&p, j);
		else
			parse_leaf(&p, j);
	}
	for (const struct mime_boundary *b = p.boundaries; b != NULL;
	     b = b->next)
		if (b->open != 0)
			p.flags |= MESSAGE_MISSING_BOUNDARY;
	tree_out->flags = p.flags;
	return true;
}

struct str
mime_effective_type(const struct mime_node *n)
{
	struct str name = n->name;

	if (name.len > 0 && name.p[name.len - 1] == '\n')
		name.len--;
	if (str_ends_nocase(name, STR(".htm")) ||
	    str_ends_nocase(name, STR(".html")) ||
	    str_ends_nocase(name, STR(".shtm")) ||
	    str_ends_nocase(name, STR(".shtml")))
		return STR("text/html");
	return n->type;
}

/* A word of the type's first part: "text/plain", but not "texture/x". */
static bool
is_type_class(struct str type, struct str word)
{
	return str_starts(type, word) &&
	       (type.len == word.len || (!ascii_is_alnum(type.p[word.len]) &&
					    type.p[word.len] != '_'));
}

static bool
is_encoded(const struct mime_node *n, const char *encoding)
{
	return str_is_nocase(
	    header_get(&n->headers, STR("Content-Transfer-Encoding")),
	    encoding);
}

/* CR LF is a line end there. */
static bool
has_lines(const struct mime_node *n)
{
	return is_type_class(n->type, STR("text")) ||
	       is_type_class(n->type, STR("message"));
}

static struct str
decode_body(const struct mime_node *n)
{
	struct arena *a = n->headers.arena;

	if (is_encoded(n, "quoted-printable"))
		return decode_crlf(a, decode_qp(a, n->raw));
	if (!is_encoded(n, "base64"))
		return n->raw;
	if (has_lines(n))
		return decode_crlf(a, decode_base64(a, n->raw));
	return decode_base64(a, n->raw);
}

struct str
mime_decode(const struct mime_node *n)
{
	if (!n->has_body)
		return STR_NONE;
	if (!n->cache->done) {
		n->cache->text = decode_body(n);
		n->cache->done = true;
	}
	return n->cache->text;
}

struct str
mime_decode_start(const struct mime_node *n, size_t bytes)
{
	if (n->has_body && !n->cache->done && !has_lines(n) &&
	    is_encoded(n, "base64"))
		return decode_base64_start(n->headers.arena, n->raw, bytes);
	return str_head(mime_decode(n), bytes);
}

const struct mime_node *
mime_next(const struct mime_node *n)
{
	if (n->child != NULL)
		return n->child;
	while (n != NULL && n->next == NULL)
		n = n->parent;
	return n != NULL ? n->next : NULL;
}

static const struct mime_node *
leaf_from(const struct mime_node *n)
{
	while (n != NULL && (!n->leaf || n->type.len == 0))
		n = mime_next(n);
	return n;
}

const struct mime_node *
mime_first_leaf(const struct mime_node *root)
{
	return leaf_from(root);
}

const struct mime_node *
mime_next_leaf(const struct mime_node *n)
{
	n = mime_next(n);
	return n != NULL ? leaf_from(n) : NULL;
}
