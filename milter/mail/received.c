/*
 * One Received line to one relay: what all formats share is taken first, then
 * the rows of received.def are tried.
 */
#include "mail/relay.h"

#include "base/buf.h"
#include "mail/iptext.h"
#include "mail/received_internal.h"
#include "mail/received_match.h"

enum row_outcome {
	OUTCOME_RELAY,
	OUTCOME_SKIP,
	OUTCOME_FETCHED,
	OUTCOME_PARTIAL
};

enum row_flag {
	SEARCH = 1 << 0,
	LOOKED_UP = 1 << 1,
	UNKNOWN_IS_NONE = 1 << 2,	/* "unknown" is no name */
	UNVERIFIED_IS_NONE = 1 << 3,	/* nor is "unverified" */
	UNKNOWN_NOT_LOOKED_UP = 1 << 4, /* nor was one looked up then */
	UNKNOWN_OBTUSE = 1 << 5,	/* looked up unless "UNKNOWN" */
	IDENT_IN_RDNS = 1 << 6,		/* "IDENT:user@name" */
	HELO_IS_RDNS = 1 << 7,		/* unless a comment says otherwise */
	COMMENT = 1 << 8,		/* has "helo=" and "ident=" */
	NO_ID = 1 << 9,
	NO_BY = 1 << 10,
	XMAIL_TAIL = 1 << 11, /* "id <x>" and "from <y>" follow */
	LEADING_IP = 1 << 12, /* the line may begin with it */
	NEEDS_IP = 1 << 13,   /* a relay only if one was found */
	COURIER = 1 << 14,    /* "softdnserr" for a name */
	RESET_IDENT = 1 << 15,
	RESET_HELO = 1 << 16,
	KEEP_SENDER = 1 << 17 /* for the next line down */
};

enum group {
	GROUP_FROM,
	/* Products: of these a line has one at most, the first that fits. */
	GROUP_SMTPSVC,
	GROUP_EXCHANGE,
	GROUP_XMAIL,
	GROUP_ECELERITY,
	GROUP_EXIM,
	GROUP_POSTFIX,
	GROUP_SCALIX,
	GROUP_DOMINO,
	/* Conditions by themselves. */
	GROUP_WEBMAIL,
	GROUP_AOL_WEBMAIL,
	GROUP_WITH_HTTP,
	GROUP_NOT_QMAIL_LDAP,
	GROUP_QMAIL,
	GROUP_COMMUNIGATE,
	/* Other beginnings than "from ". */
	GROUP_UPPER,
	GROUP_PAREN,
	GROUP_COUNT
};

static const struct row {
	enum group group;
	enum row_outcome outcome;
	unsigned flags;
	const struct step *steps;
} rows[] = {
#define RECEIVED(group, outcome, flags, ...) \
	{GROUP_##group, OUTCOME_##outcome, flags, STEPS(__VA_ARGS__)},
#include "mail/received.def"
#undef RECEIVED
};

/* One line while it is read. */
struct line {
	struct str s; /* behind "from " */
	struct bigrams pairs;
	enum group branch;  /* FROM, UPPER, PAREN or GROUP_COUNT: neither */
	enum group product; /* or GROUP_FROM: none of those */
	uint32_t asked;	    /* bit per group: the condition was tested */
	uint32_t holds;	    /* ... and holds */
	struct str v[FIELD_COUNT];
	bool looked_up;
};

/* ---- conditions --------------------------------------------------------- */

static const struct step exchange_version[] = {
    L(" with "),
    ONE("Microsoft SMTP Server |mapi id "),
    OPT(3),
    L("("),
    NOTN(")", 1, STEP_MAX),
    L(") "),
    DIGITS,
    L("."),
    DIGITS,
    L("."),
    DIGITS,
    L("."),
    DIGITS,
    ONE_OR_STOP(" "),
    DONE,
};
static const struct step ecelerity[] = {L("(ecelerity"), EDGE, DONE};
static const struct step with_http[] = {EDGE, L("with HTTP"), EDGE, DONE};
static const struct step qmail_ldap[] = {
    L(" by "), W(NONE), L(" (qmail-"), W(NONE), L(") with "), DONE};
/* "SMTP id" is sendmail's way, not qmail's. */
static const struct step qmail[] = {
    W(NONE),
    OPT(5),
    L(" ("),
    ONE("HELO|EHLO"),
    L(" "),
    W0(NONE),
    L(")"),
    L(" ("),
    OPT(2),
    W(NONE),
    L("@"),
    OPT(1),
    L("["),
    IPA(NONE),
    OPT(1),
    L("]"),
    L(")"),
    OPT(3),
    L(" (envelope-sender <"),
    W(NONE),
    L(">)"),
    L(" by "),
    W(NONE),
    OPT(3),
    L(" ("),
    ANY1,
    L(")"),
    L(" with "),
    OPT(2),
    ANY,
    L(" "),
    ONE("SMTP|QMQP"),
    UNLIKE(" id "),
    DONE,
};

static bool
has(const struct line *l, struct str word)
{
	return bigrams_may_hold(&l->pairs, word) &&
	       str_find(l->s, word) != STR_NPOS;
}

static bool
fits(const struct line *l, const struct step *steps)
{
	struct received_fields f;

	return received_may_match(steps, &l->pairs) &&
	       received_match(steps, l->s, true, &f);
}

static enum group
product_of(const struct line *l)
{
	static const struct {
		const char *word;
		enum group group;
		const struct step *also;
	} products[] = {
	    {" SMTPSVC", GROUP_SMTPSVC, NULL},
	    {" with ", GROUP_EXCHANGE, exchange_version},
	    {"[XMail ", GROUP_XMAIL, NULL},
	    {"(ecelerity", GROUP_ECELERITY, ecelerity},
	    {"Exim", GROUP_EXIM, NULL},
	    {" (Postfix) with", GROUP_POSTFIX, NULL},
	    {"(Scalix SMTP Relay", GROUP_SCALIX, NULL},
	    {" (Lotus Domino ", GROUP_DOMINO, NULL},
	};

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
		if (has(l, str_from(products[i].word)) &&
		    (products[i].also == NULL || fits(l, products[i].also)))
			return products[i].group;
	return GROUP_FROM;
}

static bool
condition(const struct line *l, enum group group)
{
	struct received_fields f;

	switch (group) {
	case GROUP_WEBMAIL:
		return has(l, STR(" (SquirrelMail authenticated user ")) ||
		       has(l, STR(" (NaSMail authenticated user "));
	case GROUP_AOL_WEBMAIL:
		return has(l, STR("aol.com")) &&
		       has(l, STR("with HTTP (WebMailUI)"));
	case GROUP_WITH_HTTP:
		return has(l, STR("with HTTP")) && fits(l, with_http);
	case GROUP_NOT_QMAIL_LDAP:
		return !has(l, STR(" (qmail-")) || !fits(l, qmail_ldap);
	case GROUP_QMAIL:
		return received_may_match(qmail, &l->pairs) &&
		       received_match(qmail, l->s, false, &f);
	case GROUP_COMMUNIGATE:
		return has(l, STR(" (CommuniGate Pro"));
	default:
		return false;
	}
}

static bool
applies(struct line *l, enum group group)
{
	uint32_t bit = 1u << group;

	if (group == GROUP_UPPER || group == GROUP_PAREN)
		return l->branch == group;
	if (l->branch != GROUP_FROM)
		return false;
	if (group == GROUP_FROM)
		return true;
	if (group <= GROUP_DOMINO)
		return l->product == group;
	if ((l->asked & bit) == 0) {
		l->asked |= bit;
		if (condition(l, group))
			l->holds |= bit;
	}
	return (l->holds & bit) != 0;
}

/* ---- rows --------------------------------------------------------------- */

/* "x=value" in a comment; false: not there. */
static bool
comment_value(struct str s, struct str mark, bool may_be_empty, struct str *out)
{
	for (size_t from = 0; from <= s.len;) {
		size_t at = str_find(str_skip(s, from), mark), n;
		struct str value;

		if (at == STR_NPOS)
			return false;
		value = str_skip(s, from + at + mark.len);
		n = str_cspan(value, " ");
		if (n > 0 || may_be_empty) {
			*out = str_head(value, n);
			return true;
		}
		from += at + 1;
	}
	return false;
}

static void
take_ident(struct line *l)
{
	struct str *rdns = &l->v[FIELD_RDNS];
	size_t at;

	if (str_starts(*rdns, STR("IDENT:"))) {
		at = str_find_char(*rdns, '@');
		if (at != STR_NPOS) {
			l->v[FIELD_IDENT] = str_make(rdns->p + 6, at - 6);
			*rdns = str_skip(*rdns, at + 1);
		}
	}
	at = str_find_char(*rdns, '@');
	if (at != STR_NPOS) {
		l->v[FIELD_IDENT] = str_head(*rdns, at);
		*rdns = str_skip(*rdns, at + 1);
	}
}

static void
take_xmail_tail(struct line *l)
{
	static const struct step id[] = {L(" id <"), W(ID), L(">"), DONE};
	static const struct step from[] = {
	    L(" from <"), W(ENVFROM), L(">"), DONE};
	struct received_fields f;

	if (received_match(id, l->s, true, &f))
		l->v[FIELD_ID] = f.v[FIELD_ID];
	if (received_match(from, l->s, true, &f))
		l->v[FIELD_ENVFROM] = f.v[FIELD_ENVFROM];
}

static void
take_names(struct line *l, unsigned flags)
{
	struct str *rdns = &l->v[FIELD_RDNS];
	bool unknown = str_is(*rdns, "unknown");

	if (flags & LOOKED_UP)
		l->looked_up = true;
	if ((flags & UNKNOWN_NOT_LOOKED_UP) && !unknown)
		l->looked_up = true;
	if ((flags & UNKNOWN_OBTUSE) && !str_is(*rdns, "UNKNOWN"))
		l->looked_up = true;
	if (((flags & (UNKNOWN_IS_NONE | UNKNOWN_NOT_LOOKED_UP)) && unknown) ||
	    ((flags & UNVERIFIED_IS_NONE) && str_is(*rdns, "unverified")))
		*rdns = STR_NONE;
	if (flags & IDENT_IN_RDNS)
		take_ident(l);
}

static void
take_fields(
    struct line *l, const struct row *row, const struct received_fields *f)
{
	unsigned flags = row->flags;

	if (flags & RESET_IDENT)
		l->v[FIELD_IDENT] = STR_NONE;
	if (flags & RESET_HELO)
		l->v[FIELD_HELO] = STR_NONE;
	for (size_t i = FIELD_NONE + 1; i < FIELD_COUNT; i++) {
		if ((f->set >> i & 1) == 0)
			continue;
		if ((flags & COURIER) && i == FIELD_RDNS &&
		    str_is(f->v[i], "softdnserr")) {
			flags &= ~(unsigned)LOOKED_UP;
			continue;
		}
		l->v[i] = f->v[i];
	}
	if (flags & HELO_IS_RDNS)
		l->v[FIELD_HELO] = l->v[FIELD_RDNS];
	if (flags & COMMENT) {
		struct str comment = l->v[FIELD_COMMENT];

		comment_value(comment, STR("helo="), false, &l->v[FIELD_HELO]);
		comment_value(comment, STR("ident="), true, &l->v[FIELD_IDENT]);
	}
	take_names(l, flags);
	if (flags & NO_ID)
		l->v[FIELD_ID] = STR_NONE;
	if (flags & NO_BY)
		l->v[FIELD_BY] = STR_NONE;
	if (flags & XMAIL_TAIL)
		take_xmail_tail(l);
	if (flags & LEADING_IP) {
		size_t n = iptext_match(l->s, 0);

		if (n > 0 && n < l->s.len && l->s.p[n] == ' ')
			l->v[FIELD_IP] = str_head(l->s, n);
	}
}

/* PARTIAL: no row decided. */
static enum row_outcome
try_rows(struct line *l, const struct row **row_out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct received_fields f;

		if (!applies(l, row->group) ||
		    !received_may_match(row->steps, &l->pairs) ||
		    !received_match(row->steps, l->s, row->flags & SEARCH, &f))
			continue;
		take_fields(l, row, &f);
		if (row->outcome == OUTCOME_PARTIAL ||
		    ((row->flags & NEEDS_IP) && l->v[FIELD_IP].len == 0))
			continue;
		*row_out = row;
		return row->outcome;
	}
	return OUTCOME_PARTIAL;
}

/* No format is known: an address in brackets and a "by" are enough. */
static bool
guess(struct line *l)
{
	static const struct step bracketed[] = {L("["), IPA(IP), L("]"), DONE};
	struct str *helo = &l->v[FIELD_HELO];
	struct received_fields f;

	if (l->branch == GROUP_FROM && helo->len == 0) {
		size_t n = str_cspan(l->s, " ");

		/* A byte no host name has must follow the name. */
		for (; n > 0; n--)
			if (n < l->s.len && !ascii_is_alnum(l->s.p[n]) &&
			    l->s.p[n] != '-' && l->s.p[n] != '.')
				break;
		*helo = str_head(l->s, n);
	}
	if (l->v[FIELD_IP].len == 0 &&
	    received_match(bracketed, l->s, true, &f))
		l->v[FIELD_IP] = f.v[FIELD_IP];
	return l->v[FIELD_IP].len > 0 && l->v[FIELD_BY].len > 0 &&
	       !str_is(l->v[FIELD_BY], "0");
}

/* ---- the relay ---------------------------------------------------------- */

static const bool breaks_form[256] = {
    ['\0'] = true,
    ['\t' ... '\r'] = true,
    [' '] = true,
    ['#'] = true,
    ['(' ... ')'] = true,
    ['<'] = true,
    ['>'] = true,
    ['['] = true,
    [']'] = true,
    ['|'] = true,
};

/* Bytes that would break the text form of a relay become '!'. */
static struct str
flagged(struct arena *a, struct str s)
{
	struct str copy;
	char *p;
	size_t i = 0;

	while (i < s.len && !breaks_form[(unsigned char)s.p[i]])
		i++;
	if (i == s.len)
		return s;
	copy = arena_copy(a, s);
	p = (char *)(uintptr_t)copy.p;
	for (; i < copy.len; i++)
		if (breaks_form[(unsigned char)p[i]])
			p[i] = '!';
	return copy;
}

/* The address without tag, brackets, zone and IPv4-in-IPv6 dress. */
static struct str
bare_address(struct str ip)
{
	size_t zone, colon;

	if (str_starts_nocase(ip, STR("IPv6:")))
		ip = str_skip(ip, 5);
	zone = str_find_char(ip, '%');
	ip = str_head(ip, zone == STR_NPOS ? ip.len : zone);
	colon = str_rfind_char(ip, ':');
	/* "::ffff:" with any zeros before it, but two colons at least. */
	if (colon != STR_NPOS && colon >= 6 &&
	    str_find_char(ip, '.') != STR_NPOS &&
	    str_ends_nocase(str_head(ip, colon + 1), STR(":ffff:")) &&
	    str_span(ip, "0:") == colon - 4)
		ip = str_skip(ip, colon + 1);
	return ip;
}

static struct str
without_angles(struct str s)
{
	s = str_trim(s);
	while (s.len > 0 && s.p[0] == '<')
		s = str_skip(s, 1);
	while (s.len > 0 && s.p[s.len - 1] == '>')
		s.len--;
	return s;
}

static void
finish(
    struct arena *a, const struct line *l, struct str auth, struct relay *out)
{
	struct str rdns = l->v[FIELD_RDNS], by = l->v[FIELD_BY];

	while (rdns.len > 0 && rdns.p[rdns.len - 1] == '.')
		rdns.len--;
	if (str_is_nocase(rdns, "unknown") ||
	    (rdns.len > 0 && rdns.p[0] == '['))
		rdns = STR_NONE;
	if (by.len > 0 && by.p[by.len - 1] == ';')
		by.len--;
	*out = (struct relay){
	    .ip = flagged(a, bare_address(l->v[FIELD_IP])),
	    .rdns = flagged(a, rdns),
	    .helo = flagged(a, l->v[FIELD_HELO]),
	    .by = flagged(a, by),
	    .ident = flagged(a, l->v[FIELD_IDENT]),
	    .envfrom = flagged(a, without_angles(l->v[FIELD_ENVFROM])),
	    .id = l->v[FIELD_ID],
	    .auth = auth,
	    .no_reverse_dns = rdns.len == 0 && l->looked_up,
	};
	if (str_is(out->envfrom, "0"))
		out->envfrom = STR_NONE;
	out->has_address = ip_parse(out->ip, &out->address);
	out->ip_private = iptext_is_private(out->ip);
}

/* "from a by b;" and "with local for": no network handover. */
static bool
is_local(const struct line *l)
{
	static const struct step local[] = {
	    EDGE, L("with local for"), EDGE, DONE};
	static const struct step plain[] = {LI("from "), W(HELO), LI(" by "),
	    NOTN(" ;", 1, STEP_MAX), OPT(1), L(" "), L(";"), DONE};
	struct received_fields f;
	struct str host;

	if (fits(l, local))
		return true;
	if (!received_match(plain, l->s, false, &f))
		return false;
	host = f.v[FIELD_HELO];
	return !(host.len > 2 && host.p[0] == '[' &&
		 host.p[host.len - 1] == ']' &&
		 str_span(str_skip(host, 1), "0123456789.") == host.len - 2);
}

static enum group
branch_of(struct str *s)
{
	static const struct {
		const char *head;
		enum group group;
	} branches[] = {{"from ", GROUP_FROM}, {"FROM ", GROUP_UPPER},
	    {"(from ", GROUP_PAREN}};

	for (size_t i = 0; i < sizeof(branches) / sizeof(branches[0]); i++)
		if (str_starts(*s, str_from(branches[i].head))) {
			*s = str_skip(*s, strlen(branches[i].head));
			return branches[i].group;
		}
	return GROUP_COUNT;
}

enum received_outcome
received_parse(struct arena *a, struct str text, struct received_state *state,
    struct relay *out)
{
	struct line l = {
	    .s = received_squeeze(a, str_head(text, RECEIVED_LINE_MAX))};
	const struct row *row = NULL;
	enum row_outcome outcome;
	struct str auth, undated, mended;

	if (!str_starts_nocase(l.s, STR("from ")) &&
	    !str_starts_nocase(l.s, STR("(from ")))
		return RECEIVED_SKIP;
	undated = received_without_date(l.s);
	/* No word that is asked for reaches into the date. */
	bigrams_fill(&l.pairs, undated);
	if (is_local(&l))
		return RECEIVED_SKIP;
	mended = received_mend_by(a, undated, &l.pairs);
	if (mended.p != l.s.p)
		bigrams_fill(&l.pairs, mended);
	l.s = mended;
	l.v[FIELD_ID] = received_id_of(l.s);
	l.v[FIELD_HELO] = received_helo_of(l.s, &l.pairs);
	l.v[FIELD_BY] = received_by_of(l.s);
	auth = received_auth(a, l.s, &l.pairs);
	l.branch = branch_of(&l.s);
	if (l.branch == GROUP_FROM) {
		l.v[FIELD_ENVFROM] = received_sender_of(l.s);
		l.product = product_of(&l);
	}
	outcome = try_rows(&l, &row);
	if (outcome == OUTCOME_FETCHED)
		return RECEIVED_FETCHED;
	if (outcome == OUTCOME_SKIP) {
		if (row->flags & KEEP_SENDER)
			state->scanner_sender =
			    flagged(a, without_angles(l.v[FIELD_ENVFROM]));
		return RECEIVED_SKIP;
	}
	if (outcome == OUTCOME_PARTIAL && !guess(&l))
		return RECEIVED_UNPARSEABLE;
	finish(a, &l, auth, out);
	return RECEIVED_RELAY;
}
