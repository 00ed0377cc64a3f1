/*
 * Export and import: a unit is a line of JSON (rep_code.h).
 */
#include "peer/rep_admin_part.h"

#include "base/clock.h"

#include <stdio.h>

#define PAGE_MAX 500

int
rep_admin_export(struct rep_store *s, rep_export_fn *fn, void *ctx)
{
	struct names names = {.list = {0}};
	struct rep_record r;
	int rc = s->ops->each(s, admin_keep_name, &names);

	for (size_t i = 0; rc == 0 && i < names.list.len; i++) {
		struct json *j;
		struct buf b;

		if (s->ops->read(s, names.list.v[i], &r) != 0)
			continue;
		buf_init(&b);
		r.seq = 0;
		j = rep_record_json(names.list.v[i], &r);
		json_format(j, 0, &b);
		fn(ctx, buf_str(&b));
		json_unref(&j);
		buf_fini(&b);
	}
	admin_names_fini(&names);
	return rc;
}

/* A page of at most PAGE_MAX units from the `from`-th on, with the total. */
struct json *
admin_export(struct rep_store *s, const struct json *q)
{
	struct names names = {.list = {0}};
	int64_t from = json_get_int(q, "from", 0);
	struct json *j, *list;
	struct rep_record r;
	int rc = s->ops->each(s, admin_keep_name, &names);

	if (rc != 0 || from < 0) {
		admin_names_fini(&names);
		return rc != 0 ? admin_failed(rc)
			       : admin_failure("from where?");
	}
	j = admin_success();
	list = json_new_array();
	for (size_t i = (size_t)from;
	     i < names.list.len && i < (size_t)from + PAGE_MAX; i++) {
		if (s->ops->read(s, names.list.v[i], &r) != 0)
			continue;
		r.seq = 0;
		json_append(list, rep_record_json(names.list.v[i], &r));
	}
	json_set_int(j, "total", (int64_t)names.list.len);
	json_set_int(j, "next", from + PAGE_MAX);
	json_set(j, "units", list);
	admin_names_fini(&names);
	return j;
}

struct json *
admin_import(struct rep_store *s, const struct json *q)
{
	const struct json *list = json_get(q, "units");
	struct rep_audit a = {.at_ms = 0};
	struct json *reply;
	struct rep_record r;
	int64_t good = 0, bad = 0;
	int rc = 0;

	if (!admin_read_author(q, &a, &reply))
		return reply;
	for (size_t i = 0; rc == 0 && i < json_count(list); i++) {
		char unit[REP_UNIT_TEXT_MAX];
		struct str name;

		if (!rep_record_from_json(json_at(list, i), &name, &r)) {
			bad++;
			continue;
		}
		rep_text_copy(unit, sizeof(unit), name);
		rc = s->ops->load(s, unit, &r);
		good += rc == 0;
	}
	(void)snprintf(a.unit, sizeof(a.unit), "%lld units", (long long)good);
	reply = admin_change_done(s, &a, "import", rc);
	json_set_int(reply, "imported", good);
	json_set_int(reply, "bad", bad);
	return reply;
}
