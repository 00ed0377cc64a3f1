/*
 * Changes by admins. Each wants who and why, and ends in the audit trail.
 */
#include "peer/rep_admin_part.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_DEFAULT_MS (30 * REP_DAY_MS)
#define BLOCK_MAX_MS (400 * REP_DAY_MS)

/* False: `*reply_out` says who and why are wanted. */
bool
admin_read_author(
    const struct json *q, struct rep_audit *a, struct json **reply_out)
{
	rep_text_copy(a->by, sizeof(a->by), str_trim(json_get_str(q, "by")));
	rep_text_copy(a->why, sizeof(a->why), str_trim(json_get_str(q, "why")));
	a->at_ms = clock_wall_ms();
	if (a->by[0] != '\0' && a->why[0] != '\0')
		return true;
	*reply_out =
	    admin_failure("every change wants a reason, and who makes it");
	return false;
}

struct json *
admin_change_done(
    struct rep_store *s, struct rep_audit *a, const char *what, int rc)
{
	struct json *j;

	if (rc != 0)
		return admin_failed(rc);
	(void)snprintf(a->what, sizeof(a->what), "%s", what);
	rc = s->ops->note(s, a);
	if (rc != 0)
		return admin_failed(rc);
	j = admin_success();
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "did", str_from(what));
	return j;
}

static struct json *
set_word(struct rep_store *s, const struct json *q, enum rep_state state,
    const char *what)
{
	int64_t length = json_get_int(q, "for_ms", BLOCK_DEFAULT_MS);
	struct rep_audit a = {.at_ms = 0};
	struct rep_listing l = {.state = state};
	struct rep_record former;
	struct target where;
	struct json *reply;
	int rc;

	if (!admin_target_parse(json_get_str(q, "target"), &where))
		return admin_no_target(json_get_str(q, "target"));
	if (!admin_read_author(q, &a, &reply))
		return reply;
	if (length <= 0 || length > BLOCK_MAX_MS)
		return admin_failure(
		    "for how long? (90s, 20m, 12h, 2d, 1w; up to 400 days)");
	rc = admin_read(s, where.name.text, &former);
	if (rc != 0)
		return admin_failed(rc);
	l.since_ms = a.at_ms / 1000 * 1000;
	l.until_ms = (a.at_ms + length) / 1000 * 1000;
	l.strike = former.listing.strike;
	rep_text_copy(l.why, sizeof(l.why), str_from(a.why));
	(void)snprintf(l.by, sizeof(l.by), "%s", a.by);
	rep_text_copy(l.note, sizeof(l.note), json_get_str(q, "note"));
	(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	reply = admin_change_done(
	    s, &a, what, s->ops->set_listing(s, where.name.text, &l));
	json_set_int(reply, "until_ms", l.until_ms);
	return reply;
}

struct json *
admin_block(struct rep_store *s, const struct json *q)
{
	return set_word(s, q, REP_BLOCKED, "block");
}

struct json *
admin_allow(struct rep_store *s, const struct json *q)
{
	return set_word(s, q, REP_ALLOWED, "allow");
}

/* Case and dashes of a reference are for people. */
static bool
same_ref(struct str a, const char *b)
{
	size_t i = 0;

	for (;; i++, b++) {
		while (i < a.len && a.p[i] == '-')
			i++;
		while (*b == '-')
			b++;
		if (i >= a.len || *b == '\0')
			return i >= a.len && *b == '\0' && a.len > 0;
		if (ascii_lower(a.p[i]) != ascii_lower(*b))
			return false;
	}
}

static int
find_by_ref(struct rep_store *s, struct str ref, struct rep_audit *a)
{
	struct listed_row *row;
	size_t count;
	int rc = admin_read_listed(s, a->at_ms, &row, &count);

	if (rc == 0)
		rc = ERR_ABSENT;
	for (size_t i = 0; rc == ERR_ABSENT && i < count; i++)
		if (same_ref(ref, row[i].listing.ref)) {
			(void)snprintf(
			    a->unit, sizeof(a->unit), "%s", row[i].unit);
			rc = 0;
		}
	free(row);
	return rc;
}

static const char *
removal_refused(const struct rep_settings *s, const struct rep_listing *l,
    int64_t now_ms, bool force)
{
	switch (rep_model_removal(s, l, now_ms)) {
	case REP_REMOVE_NOW:
		return NULL;
	case REP_REMOVE_NOTHING:
		return "it is neither listed nor blocked";
	case REP_REMOVE_LATER:
		return force
			   ? NULL
			   : "second strike: removed once in 24 hours; --force "
			     "overrules";
	case REP_REMOVE_ADMIN:
		return force ? NULL
		       : l->state == REP_BLOCKED
			   ? "blocked by an admin; --force overrules"
			   : "third strike or more: an admin must insist with "
			     "--force";
	}
	return NULL;
}

static int
end_listing(
    struct rep_store *s, struct rep_record *r, struct rep_audit *a, bool wrong)
{
	struct rep_listing *l = &r->listing;
	int rc = 0;

	(void)snprintf(a->ref, sizeof(a->ref), "%s", l->ref);
	l->until_ms = l->removed_ms = a->at_ms / 1000 * 1000;
	(void)snprintf(
	    l->note, sizeof(l->note), "ended by %.60s: %.80s", a->by, a->why);
	/* Wrongly listed: as if it had not been. */
	if (wrong && l->strike > 0)
		l->strike--;
	if (wrong || l->state != REP_LISTED)
		l->state = REP_NONE;
	if (wrong && r->exists)
		rc = s->ops->dispute(s, a->unit);
	return rc == 0 ? s->ops->set_listing(s, a->unit, l) : rc;
}

struct json *
admin_delist(struct rep_store *s, const struct json *q)
{
	struct str text = json_get_str(q, "target");
	bool wrong = json_get_bool(q, "wrong", false);
	struct rep_audit a = {.at_ms = 0};
	struct rep_record r;
	struct target where;
	struct json *reply;
	const char *why;
	int rc = 0;

	if (!admin_read_author(q, &a, &reply))
		return reply;
	if (admin_target_parse(text, &where))
		(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	else
		rc = find_by_ref(s, text, &a);
	if (rc == ERR_ABSENT)
		return admin_failure(
		    "it is no address, and no running listing has this "
		    "reference (postern rep listed)");
	if (rc == 0)
		rc = admin_read(s, a.unit, &r);
	if (rc != 0)
		return admin_failed(rc);
	why = removal_refused(&s->settings, r.has_listing ? &r.listing : NULL,
	    a.at_ms, wrong || json_get_bool(q, "force", false));
	if (why != NULL)
		return admin_failure(why);
	return admin_change_done(s, &a, wrong ? "unlist-wrong" : "unlist",
	    end_listing(s, &r, &a, wrong));
}

struct json *
admin_forget(struct rep_store *s, const struct json *q)
{
	struct rep_audit a = {.at_ms = 0};
	struct target where;
	struct json *reply;

	if (!admin_target_parse(json_get_str(q, "target"), &where))
		return admin_no_target(json_get_str(q, "target"));
	if (!admin_read_author(q, &a, &reply))
		return reply;
	(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	return admin_change_done(s, &a, "forget", s->ops->forget(s, a.unit));
}
