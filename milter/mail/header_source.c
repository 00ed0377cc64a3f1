#include "mail/header_query.h"

#include "base/buf.h"
#include "mail/lines.h"

/* ---- one field ---------------------------------------------------------- */

/* Decoded, with a newline: the field's own where it still stands behind. */
static struct str
value_line(struct message *m, const struct header_list *l, struct header *h)
{
	struct str value = header_value(l, h);
	char *text;

	if (value.len > 0 && value.p >= h->raw.p &&
	    value.p + value.len < h->raw.p + h->raw.len &&
	    value.p[value.len] == '\n')
		return str_make(value.p, value.len + 1);
	text = arena_alloc(m->arena, value.len + 1);
	if (text == NULL)
		return value;
	if (value.len > 0)
		memcpy(text, value.p, value.len);
	text[value.len] = '\n';
	return str_make(text, value.len + 1);
}

/* Raw, with each fold and the white space behind it made one blank. */
static struct str
unfolded_raw(struct message *m, struct str raw)
{
	struct buf b;

	buf_init_arena(&b, m->arena);
	buf_reserve(&b, raw.len);
	for (size_t i = 0; i < raw.len; i++) {
		size_t eol = i, end;

		if (raw.p[i] == '\r' && i + 1 < raw.len)
			eol = i + 1;
		end = eol + 1;
		while (end < raw.len && ascii_is_space(raw.p[end]))
			end++;
		if (raw.p[eol] != '\n' || end == eol + 1) {
			buf_add_char(&b, raw.p[i]);
			continue;
		}
		buf_add_char(&b, ' ');
		i = end - 1;
	}
	return buf_str(&b);
}

static void
add_fields(struct message *m, struct str name, bool raw, struct value_list *out)
{
	const struct header_list *l = &m->tree.root->headers;

	for (struct header *h = header_first(l, name); h != NULL; h = h->next) {
		if (h->hidden)
			continue;
		value_list_add(
		    out, raw ? unfolded_raw(m, h->raw) : value_line(m, l, h));
	}
}

/* ---- ALL ---------------------------------------------------------------- */

/*
 * Which fields fit into ALL: counted name by name in order of the names' first
 * appearance, as the model does, so one long chain cannot push out the rest.
 */
static bool *
fields_that_fit(
    struct message *m, const struct header_list *l, size_t *size_out)
{
	bool *fits = arena_array(m->arena, l->len + 1, sizeof(*fits));
	size_t total = 0;

	*size_out = 0;
	if (fits == NULL)
		return NULL;
	for (size_t i = 0; i < l->len; i++) {
		if (l->v[i].hidden || l->v[i].prev != NULL)
			continue;
		for (struct header *h = &l->v[i]; h != NULL; h = h->next) {
			total += h->name.len + header_value(l, h).len + 3;
			if (total > m->settings->limits.header_all) {
				m->tree.flags |= MESSAGE_TRUNCATED_HEADER;
				return fits;
			}
			fits[h - l->v] = true;
			*size_out = total;
		}
	}
	return fits;
}

/* One behind the other in memory: joined, they are there already. */
static void
add_all(struct message *m, struct value_list *out)
{
	const struct header_list *l = &m->tree.root->headers;
	size_t size;
	bool *fits = fields_that_fit(m, l, &size);
	struct buf b;

	buf_init_arena(&b, m->arena);
	buf_reserve(&b, size);
	for (size_t i = 0; fits != NULL && i < l->len && !b.failed; i++) {
		size_t start = b.len;

		if (!fits[i])
			continue;
		buf_add(&b, l->v[i].name);
		buf_add(&b, STR(": "));
		buf_add(&b, header_value(l, &l->v[i]));
		buf_add_char(&b, '\n');
		value_list_add(out, str_skip(buf_str(&b), start));
	}
}

/* The fields as they came, reserved and broken ones included. */
static void
add_all_raw(struct message *m, struct value_list *out)
{
	struct str s = m->tree.pristine_headers;

	for (size_t pos = 0; pos < s.len;) {
		size_t end = pos + 1;

		if (s.p[pos] == ' ' || s.p[pos] == '\t') {
			pos += lines_at(s, pos).len;
			continue;
		}
		/* The last line may be unfinished: then it is not a field. */
		for (;;) {
			size_t eol = str_find_char(str_skip(s, end), '\n');

			if (eol == STR_NPOS)
				return;
			end += eol + 1;
			if (end == s.len ||
			    (s.p[end] != ' ' && s.p[end] != '\t'))
				break;
		}
		value_list_add(out, str_make(s.p + pos, end - pos));
		pos = end;
	}
}

/* Lines of ALL between two Received fields; -1: from the top / to the end. */
struct range {
	int start;
	int end;
};

static struct range
range_of(struct message *m, enum header_source source)
{
	int trusted, internal;

	message_relays(m);
	trusted = m->last_trusted_received + 1;
	internal = m->last_internal_received + 1;
	switch (source) {
	case HEADER_SOURCE_ALL_TRUSTED:
		return (struct range){-1, trusted};
	case HEADER_SOURCE_ALL_UNTRUSTED:
		return (struct range){trusted, -1};
	case HEADER_SOURCE_ALL_INTERNAL:
		return (struct range){-1, internal};
	default:
		return (struct range){internal, -1};
	}
}

static void
add_range(
    struct message *m, struct range range, bool raw, struct value_list *out)
{
	struct header_query all = {STR("ALL"), raw ? HEADER_RAW : 0};
	struct str_list fields = message_header_list(m, all);
	int received = -1;

	for (size_t i = 0; i < fields.len; i++) {
		struct str rest = fields.v[i];

		/* Decoded text may hold line ends of its own. */
		for (size_t pos = 0; pos < rest.len;) {
			struct str line = raw ? rest : lines_at(rest, pos);

			pos += line.len;
			if (str_starts_nocase(line, STR("Received:")))
				received++;
			if (range.start >= 0 && received < range.start)
				continue;
			value_list_add(out, line);
			if (range.end >= 0 && received >= range.end)
				return;
		}
	}
}

/* ---- the rest ----------------------------------------------------------- */

static void
add_message_ids(struct message *m, bool raw, struct value_list *out)
{
	static const struct str names[] = {STR("X-Message-Id"),
	    STR("Resent-Message-Id"), STR("X-Original-Message-ID"),
	    STR("Message-Id")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_fields(m, names[i], raw, out);
}

static bool
add_metadata(struct message *m, struct str name, struct value_list *out)
{
	for (struct message_metadata *d = m->metadata; d != NULL; d = d->next) {
		if (!str_eq_nocase(d->name, name))
			continue;
		value_list_add(out, d->value);
		return true;
	}
	return false;
}

static struct str
lower_copy(struct arena *a, struct str s)
{
	char *text = arena_alloc(a, s.len);

	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++)
		text[i] = ascii_lower(s.p[i]);
	return str_make(text, s.len);
}

/* The host of the envelope sender. */
static void
add_sender_domain(struct message *m, struct value_list *out)
{
	struct header_query q = {
	    STR("EnvelopeFrom"), HEADER_FIRST | HEADER_ADDR | HEADER_HOST};
	struct str_list l = message_header_list(m, q);

	if (l.len > 0)
		value_list_add(out, lower_copy(m->arena, l.v[0]));
}

static bool
seen_before(struct str_list l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(l.v[k], l.v[i]))
			return true;
	return false;
}

/* Authors looked at; each is compared with those before it. */
#define AUTHORS_MAX 100

/* The distinct hosts of the authors, with a blank between. */
static void
add_author_domains(struct message *m, struct value_list *out)
{
	struct header_query q = {STR("From"), HEADER_ADDR | HEADER_HOST};
	struct str_list l = message_header_list(m, q);
	struct buf b;

	if (l.len == 0)
		return;
	buf_init_arena(&b, m->arena);
	for (size_t i = 0; i < l.len && i < AUTHORS_MAX; i++) {
		if (seen_before(l, i))
			continue;
		if (b.len > 0)
			buf_add_char(&b, ' ');
		buf_add(&b, lower_copy(m->arena, l.v[i]));
	}
	value_list_add(out, buf_str(&b));
}

/* Fields of that name; addresses are taken from what they were. */
static void
add_named(struct message *m, const struct prepared_query *p,
    struct header *fields, struct value_list *out)
{
	const struct header_list *l = &m->tree.root->headers;
	bool raw =
	    (p->q.modifiers & (HEADER_RAW | HEADER_ADDR | HEADER_NAME)) != 0;

	for (struct header *h = fields; h != NULL; h = h->next)
		if (!h->hidden)
			value_list_add(out, raw ? h->raw : value_line(m, l, h));
	if (out->len > 0 || add_metadata(m, p->q.name, out))
		return;
	if (p->source == HEADER_SOURCE_SENDER_DOMAIN)
		add_sender_domain(m, out);
	else if (p->source == HEADER_SOURCE_AUTHOR_DOMAIN)
		add_author_domains(m, out);
}

/* Names not of fields begin with these; From, Subject and so on do not. */
static bool
may_be_made(struct str name)
{
	switch (name.len > 0 ? ascii_lower(name.p[0]) : '\0') {
	case 'a':
	case 'e':
	case 'm':
	case 't':
	case 'x':
		return true;
	default:
		return false;
	}
}

/* ALL and its parts count in capitals only. */
enum header_source
header_source_of(struct str name)
{
	static const struct {
		struct str name;
		bool nocase;
		enum header_source source;
	} known[] = {
	    {STR("ALL"), false, HEADER_SOURCE_ALL},
	    {STR("ALL-TRUSTED"), false, HEADER_SOURCE_ALL_TRUSTED},
	    {STR("ALL-UNTRUSTED"), false, HEADER_SOURCE_ALL_UNTRUSTED},
	    {STR("ALL-INTERNAL"), false, HEADER_SOURCE_ALL_INTERNAL},
	    {STR("ALL-EXTERNAL"), false, HEADER_SOURCE_ALL_EXTERNAL},
	    {STR("X-Spam-Relays-Trusted"), true, HEADER_SOURCE_RELAYS_TRUSTED},
	    {STR("X-Spam-Relays-Untrusted"), true,
		HEADER_SOURCE_RELAYS_UNTRUSTED},
	    {STR("X-Spam-Relays-Internal"), true,
		HEADER_SOURCE_RELAYS_INTERNAL},
	    {STR("X-Spam-Relays-External"), true,
		HEADER_SOURCE_RELAYS_EXTERNAL},
	    {STR("ToCc"), true, HEADER_SOURCE_TO_CC},
	    {STR("MESSAGEID"), false, HEADER_SOURCE_MESSAGE_ID},
	    {STR("EnvelopeFrom"), true, HEADER_SOURCE_ENVELOPE_FROM},
	    {STR("X-SenderDomain"), true, HEADER_SOURCE_SENDER_DOMAIN},
	    {STR("X-AuthorDomain"), true, HEADER_SOURCE_AUTHOR_DOMAIN},
	};

	if (!may_be_made(name))
		return HEADER_SOURCE_FIELD;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].name.len != name.len)
			continue;
		if (known[i].nocase ? str_eq_nocase(name, known[i].name)
				    : str_eq(name, known[i].name))
			return known[i].source;
	}
	return HEADER_SOURCE_FIELD;
}

void
header_source_add(struct message *m, const struct prepared_query *p,
    struct header *fields, struct value_list *out)
{
	bool raw = (p->q.modifiers & HEADER_RAW) != 0;
	struct str sender;

	switch ((enum header_source)p->source) {
	case HEADER_SOURCE_FIELD:
	case HEADER_SOURCE_SENDER_DOMAIN:
	case HEADER_SOURCE_AUTHOR_DOMAIN:
		add_named(m, p, fields, out);
		break;
	case HEADER_SOURCE_ALL:
		if (raw)
			add_all_raw(m, out);
		else
			add_all(m, out);
		break;
	case HEADER_SOURCE_ALL_TRUSTED:
	case HEADER_SOURCE_ALL_UNTRUSTED:
	case HEADER_SOURCE_ALL_INTERNAL:
	case HEADER_SOURCE_ALL_EXTERNAL:
		add_range(m, range_of(m, p->source), raw, out);
		break;
	case HEADER_SOURCE_RELAYS_TRUSTED:
	case HEADER_SOURCE_RELAYS_UNTRUSTED:
	case HEADER_SOURCE_RELAYS_INTERNAL:
	case HEADER_SOURCE_RELAYS_EXTERNAL:
		message_relays(m);
		value_list_add(out,
		    m->relay_texts[p->source - HEADER_SOURCE_RELAYS_TRUSTED]);
		break;
	case HEADER_SOURCE_TO_CC:
		add_fields(m, STR("To"), raw, out);
		add_fields(m, STR("Cc"), raw, out);
		break;
	case HEADER_SOURCE_MESSAGE_ID:
		add_message_ids(m, raw, out);
		break;
	case HEADER_SOURCE_ENVELOPE_FROM:
		if (header_envelope_from(m, &sender))
			value_list_add(out, sender);
		break;
	}
}
