#include "cli/record_print.h"

#include "base/clean.h"
#include "peer/rep.h"

#include <time.h>

/* Longest text shown on one line. */
#define TEXT_MAX ((size_t)100)

static void
label(struct buf *out, const char *name)
{
	buf_printf(out, "  %-11s", name);
}

static void
text(struct buf *out, struct str s)
{
	struct buf clean;

	buf_init(&clean);
	clean_add_utf8(&clean, str_head(s, TEXT_MAX));
	buf_add(out, buf_str(&clean));
	if (s.len > TEXT_MAX)
		buf_add(out, STR("..."));
	buf_fini(&clean);
}

static void
line(struct buf *out, const char *name, struct str value)
{
	if (value.len == 0)
		return;
	label(out, name);
	text(out, value);
	buf_add_char(out, '\n');
}

/* ---- who and when ------------------------------------------------------- */

static void
print_time(const struct json *record, struct buf *out)
{
	time_t at = (time_t)(json_get_int(record, "at_ms", 0) / 1000);
	char when[64];
	struct tm tm;

	if (at == 0 || gmtime_r(&at, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		return;
	line(out, "when", str_from(when));
}

static void
print_client(const struct json *envelope, struct buf *out)
{
	struct str client = json_get_str(envelope, "client");
	struct str name = json_get_str(envelope, "client_name");
	struct str helo = json_get_str(envelope, "helo");
	struct str user = json_get_str(envelope, "auth_user");

	label(out, "client");
	text(out, client.len ? client : STR("local"));
	if (name.len > 0) {
		buf_add(out, STR(" ("));
		text(out, name);
		buf_add_char(out, ')');
	}
	if (helo.len > 0) {
		buf_add(out, STR(", HELO "));
		text(out, helo);
	}
	if (user.len > 0) {
		buf_add(out, STR(", authenticated as "));
		text(out, user);
	}
	buf_add_char(out, '\n');
}

static void
print_envelope(const struct json *envelope, struct buf *out)
{
	const struct json *rcpts = json_get(envelope, "rcpts");
	struct str sender = json_get_str(envelope, "sender");

	print_client(envelope, out);
	line(out, "from", sender.len ? sender : STR("<>"));
	for (size_t i = 0; json_is_array(rcpts) && i < json_count(rcpts); i++)
		line(out, i == 0 ? "to" : "", json_str(json_at(rcpts, i)));
}

static void
print_message(
    const struct json *record, const struct json *envelope, struct buf *out)
{
	const struct json *m = json_get(record, "message");

	if (json_is_object(m)) {
		line(out, "subject", json_get_str(m, "subject"));
		line(out, "From:", json_get_str(m, "from"));
		label(out, "size");
		buf_printf(out, "%lld bytes%s\n",
		    (long long)json_get_int(m, "bytes", 0),
		    json_get_bool(m, "truncated", false)
			? ", judged by what a limit kept"
			: "");
	}
	line(out, "queue id", json_get_str(envelope, "queue_id"));
}

/* ---- the decision ------------------------------------------------------- */

static void
print_reason(const struct json *r, struct buf *out)
{
	bool decided = json_get_bool(r, "decided", false);
	struct str detail = json_get_str(r, "detail");
	struct str where = json_get_str(r, "where");

	label(out, decided ? "decided by" : "also");
	text(out, json_get_str(r, "class"));
	buf_add_char(out, ' ');
	text(out, json_get_str(r, "name"));
	if (detail.len > 0) {
		buf_add(out, STR(": "));
		text(out, detail);
	}
	if (where.len > 0) {
		buf_add(out, STR("  "));
		text(out, where);
	}
	if (json_get_bool(r, "shadow", false))
		buf_add(out, STR("  (shadow: it would have said "));
	else if (!decided)
		buf_add(out, STR("  (it would have said "));
	if (!decided) {
		text(out, json_get_str(r, "action"));
		buf_add_char(out, ')');
	}
	buf_add_char(out, '\n');
}

static void
print_reasons(const struct json *record, struct buf *out)
{
	const struct json *list = json_get(record, "reasons");

	for (size_t i = 0; json_is_array(list) && i < json_count(list); i++)
		print_reason(json_at(list, i), out);
}

static void
print_verdict(const struct json *record, struct buf *out)
{
	struct str reply = json_get_str(record, "reply");

	text(out, json_get_str(record, "ref"));
	buf_add(out, STR("  "));
	text(out, json_get_str(record, "verdict"));
	if (reply.len > 0) {
		buf_add(out, STR(": "));
		text(out, reply);
	}
	buf_add(out, STR("\n\n"));
}

/* ---- rules, dictionaries ------------------------------------------------ */

/* The last part of a path is enough beside the rule's name. */
static struct str
file_name(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

static void
print_rule(const struct json *r, struct buf *out)
{
	double count = json_get_double(r, "count", 1);
	struct str matched = json_get_str(r, "matched");
	struct str file = json_get_str(r, "file");

	buf_printf(out, "  %8.3f  ", json_get_double(r, "points", 0));
	text(out, json_get_str(r, "name"));
	if (count != 1)
		buf_printf(out, " x %g", count);
	if (file.len > 0) {
		buf_add(out, STR("  "));
		text(out, file_name(file));
		buf_printf(out, ":%lld", (long long)json_get_int(r, "line", 0));
	}
	if (matched.len > 0) {
		buf_add(out, STR("\n              "));
		text(out, json_get_str(r, "view"));
		buf_add(out, STR(": \""));
		text(out, matched);
		buf_add_char(out, '"');
	}
	buf_add_char(out, '\n');
}

static void
print_rules(const struct json *record, struct buf *out)
{
	const struct json *list = json_get(record, "rules");

	if (!json_is_array(list))
		return;
	buf_printf(out, "\nScore %.3f, refused from %.3f\n",
	    json_get_double(record, "score", 0),
	    json_get_double(record, "required", 0));
	for (size_t i = 0; i < json_count(list); i++)
		print_rule(json_at(list, i), out);
	if (json_count(list) == 0)
		buf_add(out, STR("  no rule hit\n"));
}

static void
print_dictionary(const struct json *d, struct buf *out)
{
	const struct json *terms = json_get(d, "terms");

	buf_add(out, STR("\nDictionary "));
	text(out, json_get_str(d, "name"));
	buf_printf(out, ": %.1f points", json_get_double(d, "points", 0));
	if (json_get_double(d, "threshold", 0) > 0)
		buf_printf(out, ", refused from %.1f",
		    json_get_double(d, "threshold", 0));
	buf_printf(out, ", %lld different terms\n",
	    (long long)json_get_int(d, "distinct", 0));
	for (size_t i = 0; json_is_array(terms) && i < json_count(terms); i++) {
		const struct json *t = json_at(terms, i);
		int64_t count = json_get_int(t, "count", 1);

		buf_printf(out, "  %8.1f  ",
		    json_get_double(t, "weight", 0) * (double)count);
		text(out, json_get_str(t, "term"));
		if (count != 1)
			buf_printf(out, " x %lld", (long long)count);
		buf_printf(out, "  line %lld\n",
		    (long long)json_get_int(t, "line", 0));
	}
}

static void
print_dictionaries(const struct json *record, struct buf *out)
{
	const struct json *list = json_get(record, "dictionaries");

	for (size_t i = 0; json_is_array(list) && i < json_count(list); i++)
		print_dictionary(json_at(list, i), out);
}

/* ---- facts -------------------------------------------------------------- */

static void
print_reputation(const struct json *facts, struct buf *out)
{
	const struct json *r = json_get(facts, "reputation");
	int64_t state = json_get_int(r, "state", REP_NONE);

	label(out, "reputation");
	if (!json_is_object(r)) {
		buf_add(out, STR("not asked or not known in time\n"));
		return;
	}
	if (state < REP_NONE || state > REP_BLOCKED)
		state = REP_NONE;
	buf_printf(out,
	    "%s; bad share %.0f %% in hours (at least %.0f %%), %.0f %% in "
	    "weeks (at most %.0f %%)\n",
	    rep_state_text((enum rep_state)state),
	    100 * json_get_double(r, "rate_short", 0),
	    100 * json_get_double(r, "lower_short", 0),
	    100 * json_get_double(r, "rate_long", 0),
	    100 * json_get_double(r, "upper_long", 0));
	line(out, "", json_get_str(r, "why"));
}

static void
print_dns(const struct json *facts, struct buf *out)
{
	const struct json *list = json_get(facts, "dns");

	for (size_t i = 0; json_is_array(list) && i < json_count(list); i++) {
		const struct json *d = json_at(list, i);

		label(out, i == 0 ? "DNS lists" : "");
		text(out, json_get_str(d, "zone"));
		buf_add(out, STR(": "));
		text(out, json_get_str(d, "subject"));
		buf_add(out, STR(" is "));
		text(out, json_get_str(d, "answer"));
		buf_add_char(out, '\n');
	}
	if (json_get_bool(facts, "dns_late", false))
		line(out, "", STR("a list did not answer in time"));
}

static void
print_facts(
    const struct json *record, const struct json *facts, struct buf *out)
{
	buf_add(out, STR("\nFacts\n"));
	print_reputation(facts, out);
	print_dns(facts, out);
	line(out, "SPF", json_get_str(facts, "spf"));
	line(out, "host name",
	    json_get_bool(facts, "fcrdns", false)
		? STR("confirmed by its address")
		: STR("not confirmed"));
	line(out, "rule set", json_get_str(record, "ruleset"));
}

static void
print_refused(const struct json *record, struct buf *out)
{
	const struct json *list = json_get(record, "refused_recipients");

	for (size_t i = 0; json_is_array(list) && i < json_count(list); i++) {
		const struct json *r = json_at(list, i);

		label(out, i == 0 ? "refused" : "");
		text(out, json_get_str(r, "recipient"));
		buf_add(out, STR(": "));
		text(out, json_get_str(r, "reply"));
		buf_add_char(out, '\n');
	}
}

void
record_print(const struct json *record, struct buf *out)
{
	const struct json *facts = json_get(record, "facts");
	const struct json *envelope = json_get(facts, "envelope");

	print_verdict(record, out);
	print_time(record, out);
	print_envelope(envelope, out);
	print_message(record, envelope, out);
	print_refused(record, out);
	print_reasons(record, out);
	print_rules(record, out);
	print_dictionaries(record, out);
	print_facts(record, facts, out);
}
