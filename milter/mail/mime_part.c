#include "mail/mime_internal.h"

#include "mail/lines.h"

/* The part being read. Its body is one run of lines, hence two offsets. */
struct part {
	struct mime_node *node;
	bool in_body;
	size_t field; /* where the open header field begins */
	bool has_field;
	size_t start; /* of the body */
	size_t end;
	bool has_lines;
	bool has_long_line;
};

struct splitter {
	struct mime_parser *parser;
	const struct mime_job *job;
	struct str body;
	size_t pos; /* of the current line */
	struct str line;
	struct part part;
	size_t parts;
	bool nested;		       /* the part's own boundary is the same */
	struct mime_boundary *balance; /* NULL: within an inner message */
};

/* Boundaries are counted for the outer message only, all equal ones as one. */
static struct mime_boundary *
find_balance(struct mime_parser *p, const struct mime_job *job)
{
	const struct mime_node *n = job->node;
	struct mime_boundary *b = p->boundaries;

	while (!n->is_message)
		n = n->parent;
	if (n->parent != NULL)
		return NULL;
	while (b != NULL && !str_eq(b->text, job->boundary))
		b = b->next;
	if (b != NULL || p->boundary_count >= MIME_BOUNDARIES_MAX)
		return b;
	b = arena_zalloc(p->arena, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->text = job->boundary;
	b->next = p->boundaries;
	p->boundaries = b;
	p->boundary_count++;
	return b;
}

/* "--boundary", optionally "--", then white space. */
static bool
is_boundary(struct str line, struct str boundary, bool *final_out)
{
	struct str rest;

	if (!str_starts(line, STR("--")) ||
	    !str_starts(str_skip(line, 2), boundary))
		return false;
	rest = str_skip(line, 2 + boundary.len);
	*final_out = str_starts(rest, STR("--"));
	return lines_is_blank(*final_out ? str_skip(rest, 2) : rest);
}

/* A boundary whose next line is no header field is worth a note. */
static void
note_headers(struct splitter *s, size_t pos)
{
	if (pos < s->body.len && !lines_is_field(lines_at(s->body, pos), false))
		s->parser->flags |= MESSAGE_MISSING_MIME_HEADERS;
}

/* Passes over the preamble; without an opening boundary all is parts. */
static void
skip_preamble(struct splitter *s)
{
	struct str body = s->job->body;
	bool final;

	for (size_t pos = 0; pos < body.len;) {
		struct str line = lines_at(body, pos);

		pos += line.len;
		if (!is_boundary(line, s->job->boundary, &final) || final)
			continue;
		s->body = str_skip(body, pos);
		if (s->balance != NULL)
			s->balance->open = 1;
		note_headers(s, 0);
		return;
	}
	s->body =
	    s->job->blank_line ? lines_prepend(s->parser->arena, body) : body;
}

/*
 * Ends the open header field; its value loses the white space in front. Names
 * keep blanks before the colon here, and so are never found: as in the model.
 */
static struct str
close_field(struct splitter *s)
{
	struct str field =
	    str_make(s->body.p + s->part.field, s->pos - s->part.field);
	size_t colon = str_find_char(field, ':');
	struct str name = str_head(field, colon);

	header_list_add(&s->part.node->headers, name,
	    str_trim_left(str_skip(field, colon + 1)));
	s->part.has_field = false;
	return name;
}

/* The header section is over. Only its last field is looked at for a boundary
 * that equals the outer one. */
static void
end_headers(struct splitter *s)
{
	struct part *part = &s->part;
	const struct ctype *ct = &part->node->content;
	struct str name = STR_NONE;

	if (part->has_field)
		name = close_field(s);
	mime_node_end_headers(s->parser, part->node);
	part->in_body = true;
	if (str_is_nocase(name, "Content-Type") && ct->has_boundary &&
	    str_eq(ct->boundary, s->job->boundary))
		s->nested = true;
}

/* True when the line was one of the header section, blank line included. */
static bool
take_header_line(struct splitter *s)
{
	struct part *part = &s->part;
	struct str line = s->line;

	if (lines_is_field(line, true)) {
		if (part->has_field)
			close_field(s);
		part->field = s->pos;
		part->has_field = true;
		return true;
	}
	if (part->has_field && (line.p[0] == ' ' || line.p[0] == '\t'))
		return true;
	end_headers(s);
	if (str_is(line, "\n") || str_is(line, "\r\n") || str_is(line, "\r"))
		return true;
	s->parser->flags |= MESSAGE_MISSING_MIME_SEPARATOR;
	return false;
}

static void
take_body_line(struct splitter *s)
{
	struct part *part = &s->part;

	if (!part->has_lines)
		part->start = s->pos;
	part->has_lines = true;
	part->end = s->pos + s->line.len;
	if (s->line.len > s->parser->limits->body_line)
		part->has_long_line = true;
}

/* The newline before a boundary belongs to the boundary (RFC 2046 5.1.1). */
static struct str
part_body(struct splitter *s, bool at_boundary)
{
	struct part *part = &s->part;
	struct str body;

	if (!part->has_lines)
		return STR_NONE;
	body = str_make(s->body.p + part->start, part->end - part->start);
	if (part->has_long_line)
		body = lines_cut(
		    s->parser->arena, body, s->parser->limits->body_line);
	if (at_boundary && body.len > 0 && body.p[body.len - 1] == '\n')
		body.len--;
	return body;
}

static void
finish_part(struct splitter *s, bool at_boundary)
{
	struct mime_node *n = s->part.node;
	struct mime_job job = {.node = n, .has_boundary = true};
	const struct ctype *ct = &n->content;

	if (!s->part.in_body)
		mime_node_end_headers(s->parser, n);
	n->type = ct->type;
	n->boundary = ct->boundary;
	if (ct->missing && str_is(s->job->node->type, "multipart/digest"))
		n->type = STR("message/rfc822");
	job.boundary = s->job->boundary;
	if (ct->has_boundary && !str_is(ct->boundary, "0"))
		job.boundary = ct->boundary;
	job.body = part_body(s, at_boundary);
	job.levels = s->job->levels - 1;
	mime_node_attach(s->job->node, n);
	mime_queue(s->parser, &job);
}

static bool
start_part(struct splitter *s)
{
	s->part = (struct part){.node = mime_node_new(s->parser)};
	return s->part.node != NULL;
}

/* Text after the last boundary; dots and NULs alone are no text. */
static void
note_epilogue(struct splitter *s, size_t pos)
{
	for (; pos < s->body.len; pos++) {
		char c = s->body.p[pos];

		if (c == '.' || ascii_is_space(c))
			continue;
		s->parser->flags |= MESSAGE_MIME_EPILOGUE;
		return;
	}
}

/* A boundary or the last line. False: nothing more of interest. */
static bool
end_part(struct splitter *s, bool at_boundary, bool final)
{
	size_t next = s->pos + s->line.len;

	if (!at_boundary)
		take_body_line(s);
	finish_part(s, at_boundary);
	if (final) {
		if (s->balance != NULL)
			s->balance->open--;
		note_epilogue(s, next);
		return false;
	}
	note_headers(s, next);
	if (++s->parts >= s->parser->limits->mime_parts) {
		s->parser->flags |= MESSAGE_MIME_PARTS_LIMIT;
		return false;
	}
	return next < s->body.len && start_part(s);
}

void
mime_parse_multipart(struct mime_parser *p, const struct mime_job *job)
{
	struct splitter s = {
	    .parser = p, .job = job, .balance = find_balance(p, job)};

	job->node->leaf = false;
	skip_preamble(&s);
	if (!start_part(&s))
		return;
	for (; s.pos < s.body.len; s.pos += s.line.len) {
		bool boundary, final = false;

		s.line = lines_at(s.body, s.pos);
		boundary = is_boundary(s.line, job->boundary, &final);
		final = final && boundary;
		if (boundary && s.nested) {
			boundary = false;
			s.nested = !final;
		}
		if (boundary || s.pos + s.line.len == s.body.len) {
			if (!end_part(&s, boundary, final))
				return;
			continue;
		}
		if (!s.part.in_body && take_header_line(&s))
			continue;
		take_body_line(&s);
	}
}
