/*
 * What the admin's verbs share: targets, answers, reading a client with its
 * parents.
 */
#include "peer/rep_admin_part.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

void
admin_keep_name(void *ctx, const char *unit)
{
	struct names *n = ctx;

	*VEC_PUSH(&n->list) = mem_strdup(unit);
}

void
admin_names_fini(struct names *n)
{
	for (size_t i = 0; i < n->list.len; i++)
		free(n->list.v[i]);
	VEC_FINI(&n->list);
}

struct json *
admin_failure(const char *why)
{
	struct json *j = json_new_object();

	json_set_bool(j, "ok", false);
	json_set_str(j, "error", str_from(why));
	return j;
}

struct json *
admin_no_target(struct str text)
{
	char shown[64], why[160];

	rep_text_copy(shown, sizeof(shown), text);
	(void)snprintf(why, sizeof(why),
	    "\"%s\" is no address or network (192.0.2.1, 192.0.2.0/24, "
	    "2001:db8::1, 2001:db8::/32)",
	    shown);
	return admin_failure(why);
}

struct json *
admin_failed(int rc)
{
	switch (rc) {
	case ERR_ABSENT:
		return admin_failure("nothing is known of it");
	case ERR_DOWN:
		return admin_failure("the store does not answer; is Redis up, "
				     "and `redis` right? (postern status)");
	case ERR_DENIED:
		return admin_failure("the store refused; see the log");
	default:
		return admin_failure(err_text((enum err)rc));
	}
}

struct json *
admin_success(void)
{
	struct json *j = json_new_object();

	json_set_bool(j, "ok", true);
	return j;
}

bool
admin_target_parse(struct str text, struct target *out)
{
	if (!cidr_parse(text, &out->net))
		return false;
	out->name = rep_name_cidr(&out->net);
	out->is_host = out->name.text[0] != 'n';
	return true;
}

int
admin_read(struct rep_store *s, const char *unit, struct rep_record *out)
{
	int rc = s->ops->read(s, unit, out);

	if (rc == ERR_ABSENT) {
		*out = (struct rep_record){.exists = false};
		return 0;
	}
	return rc;
}

static bool
is_admins_word(const struct rep_record *r, int64_t now_ms)
{
	return r->has_listing && r->listing.state != REP_LISTED &&
	       rep_model_is_running(&r->listing, now_ms);
}

/* The longest network but the model's own with an admin's word on it. */
static int
read_wide(struct rep_store *s, const struct ip *ip, struct dossier *d)
{
	unsigned top = ip_is_v4(ip) ? 96 : 0, own = ip_is_v4(ip) ? 120 : 48;
	int64_t now_ms = clock_wall_ms();

	d->wide_name.text[0] = '\0';
	for (unsigned bits = ip_is_v4(ip) ? 127 : 63; bits + 1 > top; bits--) {
		struct cidr c = {
		    .net = ip_mask(ip, bits), .bits = (uint8_t)bits};
		struct rep_name name = rep_name_cidr(&c);
		int rc;

		if (bits == own)
			continue;
		rc = admin_read(s, name.text, &d->wide);
		if (rc != 0)
			return rc;
		if (is_admins_word(&d->wide, now_ms)) {
			d->wide_name = name;
			return 0;
		}
		if (bits == 0)
			break;
	}
	return 0;
}

int
admin_read_dossier(struct rep_store *s, const struct ip *ip, struct dossier *d)
{
	int rc = admin_read(s, rep_name_host(ip).text, &d->unit);

	if (rc == 0)
		rc = admin_read(s, rep_name_net(ip).text, &d->net);
	if (rc == 0)
		rc = admin_read(s, REP_SITE, &d->site);
	if (rc == 0)
		rc = read_wide(s, ip, d);
	if (rc != 0)
		return rc;
	d->known = (struct rep_known){.client = rep_host_of(ip),
	    .unit = &d->unit.unit,
	    .net = &d->net.unit,
	    .site = &d->site.unit,
	    .listing = d->unit.has_listing ? &d->unit.listing : NULL,
	    .net_listing =
		rep_model_net_word(d->net.has_listing ? &d->net.listing : NULL,
		    d->wide_name.text[0] != '\0' ? &d->wide.listing : NULL,
		    clock_wall_ms())};
	return 0;
}

struct json *
admin_rates_json(const struct rep_rates *r)
{
	struct json *j = json_new_object();

	json_set_double(j, "short", r->rate_short);
	json_set_double(j, "short_lower", r->lower_short);
	json_set_double(j, "long", r->rate_long);
	json_set_double(j, "long_upper", r->upper_long);
	json_set_double(j, "prior", r->prior_short);
	json_set_double(j, "bad_weight", r->bad_short);
	json_set_double(j, "long_weight", r->events_long);
	return j;
}

void
admin_set_listing(struct json *j, const struct rep_listing *l)
{
	json_set_int(j, "since_ms", l->since_ms);
	json_set_int(j, "until_ms", l->until_ms);
	json_set_int(j, "strike", l->strike);
	json_set_str(j, "why", str_from(l->why));
	json_set_str(j, "ref", str_from(l->ref));
	json_set_str(j, "by", str_from(l->by));
	if (l->note[0] != '\0')
		json_set_str(j, "note", str_from(l->note));
}

static int
by_end(const void *a, const void *b)
{
	const struct listed_row *x = a, *y = b;

	if (x->listing.until_ms != y->listing.until_ms)
		return x->listing.until_ms < y->listing.until_ms ? -1 : 1;
	return strcmp(x->unit, y->unit);
}

int
admin_read_listed(struct rep_store *s, int64_t now_ms, struct listed_row **out,
    size_t *count_out)
{
	struct names names = {.list = {0}};
	VEC(struct listed_row) rows = {0};
	struct rep_record r;
	int rc = s->ops->each_listed(s, now_ms, admin_keep_name, &names);

	for (size_t i = 0; rc == 0 && i < names.list.len; i++) {
		struct listed_row *row;

		if (s->ops->read(s, names.list.v[i], &r) != 0 ||
		    !r.has_listing || !rep_model_is_running(&r.listing, now_ms))
			continue;
		row = VEC_PUSH(&rows);
		(void)snprintf(
		    row->unit, sizeof(row->unit), "%s", names.list.v[i]);
		row->listing = r.listing;
	}
	admin_names_fini(&names);
	if (rows.len > 1)
		qsort(rows.v, rows.len, sizeof(*rows.v), by_end);
	*out = rows.v;
	*count_out = rows.len;
	return rc;
}
