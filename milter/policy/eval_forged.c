/*
 * Eval functions that ask whether mail in the name of a big mail host has the
 * Received lines that host writes.
 */
#include "policy/eval_value.h"

static bool
has_match(struct eval_context *c, struct str name, enum eval_pattern p)
{
	struct str value;

	return eval_has(c, name, &value) && eval_finds(c, p, value);
}

/* The first author ends in `domain`, and a word begins there. */
static bool
author_ends(struct eval_context *c, struct str domain)
{
	struct str author = eval_author(c);
	size_t at = author.len - domain.len;
	char before;

	if (!str_ends_nocase(author, domain))
		return false;
	before = at > 0 ? author.p[at - 1] : ' ';
	return !ascii_is_alnum(before) && before != '_';
}

/* ---- lists without Received lines --------------------------------------- */

struct gated {
	bool removes;
};

static bool
find_gated(struct eval_context *c)
{
	struct str contact, received;

	if (!eval_has(c, STR("Received"), &received))
		return true;
	if (eval_has(c, STR("Mailing-List"), &contact) &&
	    eval_finds(c, EVAL_PATTERN_EZMLM_CONTACT, contact) &&
	    eval_finds(c, EVAL_PATTERN_EZMLM_DELIVERED,
		eval_value(c, STR("Delivered-To"))) &&
	    eval_finds(c, EVAL_PATTERN_EZMLM_RECEIVED, received))
		return true;
	return eval_finds(c, EVAL_PATTERN_MSN_GROUPS, received);
}

/* It came through something that takes Received lines away. */
static bool
is_gated(struct eval_context *c)
{
	bool fresh;
	struct gated *g = eval_slot(c, EVAL_SLOT_GATED, sizeof(*g), &fresh);

	if (g == NULL)
		return true;
	if (fresh)
		g->removes = find_gated(c);
	return g->removes;
}

double
eval_gated_through_received_hdr_remover(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_gated(c);
}

double
eval_check_messageid_not_usable(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return eval_finds(c, EVAL_PATTERN_LIST_LEAVE,
		   eval_value(c, STR("List-Unsubscribe"))) ||
	       is_gated(c) ||
	       eval_finds(c, EVAL_PATTERN_ID_REWRITERS,
		   eval_value(c, STR("Received")));
}

/* ---- AOL and one ratware ------------------------------------------------ */

double
eval_check_for_fake_aol_relay_in_rcvd(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str received = eval_value(c, STR("Received"));

	(void)args;
	(void)arg_count;
	if (str_find_nocase(received, STR("rly-")) == STR_NPOS)
		return 0;
	received = eval_received(c);
	return eval_finds(c, EVAL_PATTERN_AOL_RELAY, received) &&
	       !eval_finds(c, EVAL_PATTERN_AOL_GENUINE, received);
}

double
eval_check_for_forged_gw05_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return eval_finds(c, EVAL_PATTERN_GW05, eval_value(c, STR("Received")));
}

/* ---- Hotmail and MSN ---------------------------------------------------- */

/* `s` begins with "<", `start`, then at least one byte before `end`. */
static bool
is_id_of(struct str s, struct str start, struct str end)
{
	size_t word;

	if (s.len == 0 || s.p[0] != '<' || !str_starts(str_skip(s, 1), start))
		return false;
	s = str_skip(s, 1 + start.len);
	word = str_cspan(s, " \t\n\v\f\r");
	for (size_t at = 1; at < word; at++)
		if (str_starts(str_skip(s, at), end))
			return true;
	return false;
}

static bool
has_bounce_sender(struct eval_context *c, struct str list)
{
	struct str want =
	    arena_printf(c->arena, "%.*s-bounce@groups.msn.com", STR_ARG(list));

	return want.len > 0 && str_find(eval_sender(c), want) != STR_NPOS;
}

static bool
is_msn_group(struct eval_context *c)
{
	struct str to = eval_value(c, STR("To")), list, server, start;
	struct str received = eval_value(c, STR("Received"));
	struct str id = eval_value(c, STR("Message-Id"));

	if (!eval_finds(c, EVAL_PATTERN_MSN_LIST, to))
		return false;
	list = eval_group(c, to, 1);
	if (!eval_finds(c, EVAL_PATTERN_MSN_PICKUP, received))
		return false;
	server = arena_printf(
	    c->arena, "@%.*s>", STR_ARG(eval_group(c, received, 1)));
	if (str_is(list, "notifications"))
		return is_id_of(id, STR_NONE, server);
	start = arena_printf(c->arena, "%.*s-", STR_ARG(list));
	return is_id_of(id, start, STR("@groups.msn.com>")) &&
	       has_bounce_sender(c, list);
}

double
eval_check_for_msn_groups_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_msn_group(c);
}

struct hotmail {
	bool forged; /* greeted as hotmail.com, and was not */
	bool absent; /* an author there, and no line of theirs */
};

static void
check_hotmail(struct eval_context *c, struct hotmail *h)
{
	bool author = author_ends(c, STR("hotmail.com"));
	struct str received = eval_value(c, STR("Received"));

	/* Most mail has nothing to do with it. */
	if (!author && str_find(received, STR("hotmail.com")) == STR_NPOS)
		return;
	received = eval_received(c);
	if (eval_finds(c, EVAL_PATTERN_HOTMAIL_PICKUP, received) ||
	    is_msn_group(c) || is_gated(c))
		return;
	if (has_match(c, STR("X-Originating-Ip"), EVAL_PATTERN_ANY_IP) &&
	    eval_finds(c, EVAL_PATTERN_HOTMAIL_WITH_IP, received))
		return;
	if (has_match(c, STR("X-OriginatorOrg"), EVAL_PATTERN_HOTMAIL_ORG) &&
	    eval_finds(c, EVAL_PATTERN_HOTMAIL_WITH_ORG, received))
		return;
	h->forged = eval_finds(c, EVAL_PATTERN_HOTMAIL_CLAIM, received);
	h->absent = !h->forged && author;
}

static struct hotmail
hotmail(struct eval_context *c)
{
	bool fresh;
	struct hotmail *h = eval_slot(c, EVAL_SLOT_HOTMAIL, sizeof(*h), &fresh);

	if (h == NULL)
		return (struct hotmail){false, false};
	if (fresh)
		check_hotmail(c, h);
	return *h;
}

double
eval_check_for_forged_hotmail_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return hotmail(c).forged;
}

double
eval_check_for_no_hotmail_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return hotmail(c).absent;
}

/* ---- others ------------------------------------------------------------- */

double
eval_check_for_forged_eudoramail_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return author_ends(c, STR("eudoramail.com")) && !is_gated(c) &&
	       !(has_match(c, STR("X-Sender-Ip"), EVAL_PATTERN_ANY_IP) &&
		   eval_finds(
		       c, EVAL_PATTERN_EUDORAMAIL_GENUINE, eval_received(c)));
}

/* The lines to look at: those from before the mail was sent on. */
static struct str
yahoo_received(struct eval_context *c)
{
	struct str from, to, before;

	if (eval_has(c, STR("Resent-From"), &from) &&
	    eval_has(c, STR("Resent-To"), &to) &&
	    eval_has(c, STR("X-Received"), &before))
		return eval_squeeze(c, before);
	return eval_received(c);
}

double
eval_check_for_forged_yahoo_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str received;

	(void)args;
	(void)arg_count;
	if (!author_ends(c, STR("yahoo.com")) || is_gated(c))
		return 0;
	if (eval_finds(c, EVAL_PATTERN_YAHOO_TRUSTED,
		eval_value(c, STR("X-Spam-Relays-Trusted"))) ||
	    eval_finds(c, EVAL_PATTERN_YAHOO_UNTRUSTED,
		eval_value(c, STR("X-Spam-Relays-Untrusted"))))
		return 0;
	received = yahoo_received(c);
	if (str_ends_nocase(eval_author(c), STR("@reply.yahoo.com")) &&
	    eval_finds(c, EVAL_PATTERN_YAHOO_BULK, received))
		return 0;
	return !eval_finds(c, EVAL_PATTERN_YAHOO_GENUINE, received);
}

double
eval_check_for_forged_juno_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str origin, mailer, received;

	(void)args;
	(void)arg_count;
	if (!author_ends(c, STR("juno.com")) || is_gated(c))
		return 0;
	mailer = eval_value(c, STR("X-Mailer"));
	received = eval_value(c, STR("Received"));
	if (eval_has(c, STR("X-Originating-IP"), &origin))
		return !eval_finds(c, EVAL_PATTERN_JUNO_RELAY, received) ||
		       str_find(mailer, STR("Juno ")) == STR_NPOS;
	/*
	 * Without the field none of the ways known proves that it came from
	 * there: each of them wants an address in it.
	 */
	return 1;
}

/* Bytes Google's own marks have at least. */
#define GMAIL_MARK_MIN 60

double
eval_check_for_forged_gmail_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	if (!author_ends(c, STR("gmail.com")) ||
	    eval_finds(c, EVAL_PATTERN_GMAIL_X_RECEIVED,
		eval_value(c, STR("X-Received"))) ||
	    eval_finds(
		c, EVAL_PATTERN_GMAIL_RECEIVED, eval_value(c, STR("Received"))))
		return 0;
	return eval_value(c, STR("X-Gm-Message-State")).len < GMAIL_MARK_MIN ||
	       eval_value(c, STR("X-Google-Smtp-Source")).len < GMAIL_MARK_MIN;
}
