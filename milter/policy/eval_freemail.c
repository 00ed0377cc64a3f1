/*
 * Eval functions over addresses of free mailboxes (policy/freemail.h): who
 * writes from one, and who asks for answers to another.
 *
 * Body text is looked at without quoted addresses, in a copy; with
 * eval_context.edits_body the copy becomes the body other rules see.
 */
#include "mail/uri.h"
#include "policy/address_list.h"
#include "policy/eval_addresses.h"
#include "policy/eval_tables.h"
#include "policy/eval_value.h"
#include "policy/freemail.h"

/* ---- one address -------------------------------------------------------- */

static bool
is_on(struct eval_context *c, struct str list, struct str address)
{
	return address_list_has(
	    address_lists_find(c->tables->addresses, list), address);
}

static bool
is_freemail(struct eval_context *c, struct str address)
{
	const struct freemail *f = c->tables->freemail;

	return address.len > 0 && freemail_has_domain(f, address) &&
	       !freemail_is_welcome(f, address) &&
	       !eval_finds(c, EVAL_PATTERN_FREEMAIL_ROLE, address) &&
	       !(f->import_auth &&
		   is_on(c, STR("welcomelist_auth"), address)) &&
	       !(f->import_def_auth &&
		   is_on(c, STR("def_welcomelist_auth"), address));
}

/* Some of them is, and fits the regexp of the call, if there is one. */
static bool
any_freemail(struct eval_context *c, struct str_list l)
{
	for (size_t i = 0; i < l.len && i < EVAL_ADDRESSES_MAX; i++) {
		struct str address = eval_lower(c, l.v[i]);

		if (is_freemail(c, address) &&
		    (c->regex == NULL || eval_matches(c, c->regex, address)))
			return true;
	}
	return false;
}

double
eval_check_freemail_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return any_freemail(c, eval_all_from(c));
}

double
eval_check_freemail_header(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct header_query q;

	if (arg_count < 1 || !header_query_parse(args[0].text, &q))
		return 0;
	q.modifiers |= HEADER_ADDR;
	return any_freemail(c, message_header_list(c->message, q));
}

/* ---- the body ----------------------------------------------------------- */

/* Addresses kept: of links, and of all. */
#define LINK_ADDRESSES_MAX 20
#define BODY_ADDRESSES_MAX 40

struct body {
	struct str v[BODY_ADDRESSES_MAX];
	size_t len;
	struct str free[BODY_ADDRESSES_MAX];
	size_t free_len;
	bool skipped; /* too many to mean anything */
};

static void
add(struct eval_context *c, struct body *b, struct str address)
{
	address = eval_lower(c, address);
	for (size_t i = 0; i < b->len; i++)
		if (str_eq(b->v[i], address))
			return;
	if (b->len < BODY_ADDRESSES_MAX)
		b->v[b->len++] = address;
}

/* Links to addresses do not show in the text. */
static void
add_links(struct eval_context *c, struct body *b)
{
	const struct mail_settings *settings = message_settings(c->message);
	struct uri_list uris = message_uris(c->message);

	for (size_t i = 0; i < uris.len && b->len < LINK_ADDRESSES_MAX; i++) {
		const struct uri *u = &uris.v[i];
		size_t start = sizeof("mailto:") - 1, end;

		if ((u->types & URI_TYPE_BIT(A)) == 0 ||
		    (u->types & URI_TYPE_BIT(PARSED)) != 0 ||
		    !str_starts_nocase(u->raw, STR("mailto:")))
			continue;
		if (freemail_find_address(settings, u->raw, start, &end) ==
		    start)
			add(c, b, str_make(u->raw.p + start, end - start));
	}
}

/* `text` without URLs that hold an address. */
static struct str
strip_urls(struct eval_context *c, struct str text)
{
	struct regex_span span;
	size_t done = 0;
	struct buf out;

	if (str_find(text, STR("://")) == STR_NPOS)
		return text;
	buf_init_arena(&out, c->arena);
	while (eval_finds_from(
	    c, EVAL_PATTERN_URL_WITH_ADDRESS, text, done, &span)) {
		buf_add(&out, str_make(text.p + done, span.start - done));
		buf_add_char(&out, ' ');
		done = span.end;
	}
	if (done == 0)
		return text;
	buf_add(&out, str_skip(text, done));
	return buf_str(&out);
}

/* `text` without what is quoted; itself when nothing is. */
static struct str
strip(struct eval_context *c, struct str text)
{
	text = strip_urls(c, text);
	return str_find_char(text, '@') == STR_NPOS
		   ? text
		   : freemail_strip_quoted(
			 c->arena, message_settings(c->message), text);
}

static void
add_text(struct eval_context *c, struct body *b, struct str text)
{
	const struct mail_settings *settings = message_settings(c->message);
	size_t at = 0, end;

	while (b->len < BODY_ADDRESSES_MAX &&
	       (at = freemail_find_address(settings, text, at, &end)) !=
		   STR_NPOS) {
		add(c, b, str_make(text.p + at, end - at));
		at = end;
	}
}

/* The limits name the first that is too many. */
static bool
is_over_max(const struct freemail *f, const struct body *b)
{
	return f->skip_when_over_max &&
	       ((f->max_body_emails > 0 && b->len >= f->max_body_emails) ||
		   (f->max_body_freemails > 0 &&
		       b->free_len >= f->max_body_freemails));
}

static void
read_body(struct eval_context *c, struct body *b)
{
	struct str_list text = message_body(c->message);
	struct str *edited = arena_array(c->arena, text.len, sizeof(*edited));

	if (edited == NULL)
		return;
	add_links(c, b);
	for (size_t i = 0; i < text.len; i++) {
		edited[i] = text.v[i];
		if (b->len == BODY_ADDRESSES_MAX)
			continue;
		edited[i] = strip(c, text.v[i]);
		add_text(c, b, edited[i]);
	}
	if (c->edits_body)
		message_replace_body(
		    c->message, (struct str_list){edited, text.len});
	for (size_t i = 0; i < b->len; i++)
		if (is_freemail(c, b->v[i]))
			b->free[b->free_len++] = b->v[i];
	b->skipped = is_over_max(c->tables->freemail, b);
}

/* Free addresses in the body; none when there are too many. */
static struct str_list
body_freemails(struct eval_context *c)
{
	bool fresh;
	struct body *b =
	    eval_slot(c, EVAL_SLOT_FREEMAIL_BODY, sizeof(*b), &fresh);

	if (b == NULL)
		return (struct str_list){NULL, 0};
	if (fresh)
		read_body(c, b);
	return (struct str_list){b->free, b->skipped ? 0 : b->free_len};
}

double
eval_check_freemail_body(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return any_freemail(c, body_freemails(c));
}

/* ---- who wants the answer ----------------------------------------------- */

/* Addresses of one field that count; each is held against all others. */
#define PARTY_MAX 256

struct party {
	struct str_list addresses;
	bool is_free; /* some of them is */
};

struct parties {
	struct party from;
	struct party to;
};

static struct party
party(struct eval_context *c, struct str name)
{
	struct party p = {.addresses = eval_addresses(c, name)};

	if (p.addresses.len > PARTY_MAX)
		p.addresses.len = PARTY_MAX;
	for (size_t i = 0; i < p.addresses.len && !p.is_free; i++)
		p.is_free = is_freemail(c, eval_lower(c, p.addresses.v[i]));
	return p;
}

/* NULL: the arena is full. */
static const struct parties *
parties(struct eval_context *c)
{
	bool fresh;
	struct parties *p =
	    eval_slot(c, EVAL_SLOT_FREEMAIL_PARTIES, sizeof(*p), &fresh);

	if (p != NULL && fresh) {
		p->from = party(c, STR("From"));
		p->to = party(c, STR("Reply-To"));
	}
	return p;
}

static bool
share_address(const struct party *a, const struct party *b)
{
	for (size_t i = 0; i < a->addresses.len; i++)
		for (size_t k = 0; k < b->addresses.len; k++)
			if (str_eq_nocase(a->addresses.v[i], b->addresses.v[k]))
				return true;
	return false;
}

static bool
is_bulk(struct eval_context *c)
{
	struct str_list l = eval_values(c, STR("EnvelopeFrom"));

	return c->tables->freemail->skip_bulk_sender && l.len > 0 &&
	       eval_finds(c, EVAL_PATTERN_BULK_SENDER, l.v[0]);
}

/* Some free address of the body is not theirs. */
static bool
body_differs(struct eval_context *c, const struct party *who)
{
	struct str_list body = body_freemails(c);

	for (size_t i = 0; i < body.len; i++)
		for (size_t k = 0; k < who->addresses.len; k++)
			if (!str_eq_nocase(body.v[i], who->addresses.v[k]))
				return true;
	return false;
}

double
eval_check_freemail_replyto(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str what = arg_count > 0 ? args[0].text : STR("replyto");
	bool reply = str_is(what, "reply");
	const struct parties *p;

	if (!reply && !str_is(what, "replyto"))
		return 0;
	p = parties(c);
	if (p == NULL || (!p->from.is_free && !p->to.is_free) || is_bulk(c))
		return 0;
	if (p->from.is_free && p->to.is_free &&
	    !share_address(&p->from, &p->to))
		return 1;
	if (reply && !p->from.is_free)
		return 0;
	if (p->to.is_free)
		return body_differs(c, &p->to);
	/* The author gets the answers. */
	return reply && p->to.addresses.len == 0 && body_differs(c, &p->from);
}
