/*
 * The gates of one decision in their order: what each said, which decided, and
 * what the others would have done.
 */
#include "base/clean.h"
#include "cli/check.h"

#define DETAIL_MAX ((size_t)90)

/* "decided reject", "also reject", "would reject", "points only" ... */
static const char *
standing_of(const struct verdict *v, const struct verdict_reason *r)
{
	if (r == v->decisive)
		return "decided";
	if (r->action == VERDICT_ACCEPT && !r->shadow)
		return "allows";
	return r->shadow ? "would" : "also";
}

static void
print_reason(
    const struct verdict *v, const struct verdict_reason *r, struct buf *out)
{
	const char *standing = standing_of(v, r);

	buf_printf(out, "    %-18s %s", verdict_gate_title(r->gate), standing);
	if (r->action != VERDICT_ACCEPT)
		buf_printf(out, " %s", verdict_action_text(r->action));
	buf_add_cstr(out, ": ");
	clean_add_utf8(out, r->name);
	if (r->where.len > 0) {
		buf_add_cstr(out, " at ");
		clean_add_utf8(out, r->where);
	}
	if (r->detail.len > 0) {
		buf_add_cstr(out, ": ");
		clean_add_short(out, r->detail, DETAIL_MAX);
	}
	buf_add_char(out, '\n');
}

/* Gates of the other time are shown when they have something to say. */
static bool
is_shown(enum verdict_gate g, bool at_rcpt)
{
	return verdict_gate_at_rcpt(g) == at_rcpt;
}

void
check_gates_print(const struct verdict *v, bool at_rcpt, struct buf *out)
{
	for (int g = 0; g < GATE_COUNT; g++) {
		size_t before = out->len;

		for (size_t i = 0; i < v->reason_count; i++)
			if (v->reasons[i].gate == (enum verdict_gate)g)
				print_reason(v, &v->reasons[i], out);
		if (out->len == before &&
		    is_shown((enum verdict_gate)g, at_rcpt))
			buf_printf(out, "    %-18s %s\n",
			    verdict_gate_title((enum verdict_gate)g),
			    v->said[g] ? v->said[g] : "nothing");
	}
}

static struct json *
reason_to_json(const struct verdict *v, const struct verdict_reason *r)
{
	struct json *j = json_new_object();

	json_set_str(j, "standing", str_from(standing_of(v, r)));
	json_set_str(j, "action", str_from(verdict_action_text(r->action)));
	json_set_str(j, "class", str_from(verdict_class_text(r->class)));
	json_set_str(j, "name", r->name);
	if (r->where.len > 0)
		json_set_str(j, "where", r->where);
	if (r->detail.len > 0)
		json_set_str(j, "detail", r->detail);
	return j;
}

struct json *
check_gates_json(const struct verdict *v, bool at_rcpt)
{
	struct json *list = json_new_array();

	for (int g = 0; g < GATE_COUNT; g++) {
		struct json *j = json_new_object(), *reasons = json_new_array();
		size_t count = 0;

		for (size_t i = 0; i < v->reason_count; i++) {
			if (v->reasons[i].gate != (enum verdict_gate)g)
				continue;
			json_append(reasons, reason_to_json(v, &v->reasons[i]));
			count++;
		}
		json_set_str(j, "gate",
		    str_from(verdict_gate_name((enum verdict_gate)g)));
		if (count == 0)
			json_set_str(j, "said",
			    str_from(v->said[g] ? v->said[g] : "nothing"));
		json_set(j, "reasons", reasons);
		if (count > 0 || is_shown((enum verdict_gate)g, at_rcpt))
			json_append(list, j);
		else
			json_unref(&j);
	}
	return list;
}
