/*
 * Eval functions over bounces of our own mail (welcomelist_bounce_relays), and
 * over the Subject as a whole (welcomelist_subject, blocklist_subject).
 */
#include "policy/address_list.h"
#include "policy/eval_tables.h"
#include "policy/eval_value.h"

/* ---- bounces ------------------------------------------------------------ */

static const struct address_list *
relays(struct eval_context *c)
{
	const struct address_list *list = address_lists_find(
	    c->tables->addresses, STR("welcomelist_bounce_relays"));

	return list != NULL && list->len > 0 ? list : NULL;
}

double
eval_have_any_bounce_relays(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return relays(c) != NULL;
}

static bool
is_received(struct str line)
{
	return str_starts_nocase(
	    str_skip(line, str_span(line, "> ")), STR("Received:"));
}

/* A dotted word of `line`, white space around it, is one of our relays. */
static bool
names_relay(struct eval_context *c, enum eval_pattern word, struct str line)
{
	const struct address_list *list = relays(c);
	struct regex_span span = {0, 0};

	while (eval_finds_from(c, word, line, span.end, &span))
		if (address_list_has(
			list, eval_lower(c, eval_group(c, line, 1))))
			return true;
	return false;
}

static bool
field_names_relay(struct eval_context *c, struct str field)
{
	return is_received(field) &&
	       names_relay(c, EVAL_PATTERN_DOTTED_WORD, field);
}

/*
 * Received fields in the body as it came. Folded lines are put together without
 * their ends; a field is looked at when the next one begins.
 */
static bool
raw_body_names_relay(struct eval_context *c)
{
	struct str rest = message_pristine_body(c->message);
	bool started = false;
	struct buf field;

	if (str_find_nocase(rest, STR("Received:")) == STR_NPOS)
		return false;
	buf_init_arena(&field, c->arena);
	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');

		started = started || is_received(line);
		if (!started)
			continue;
		if (line.len == 0 || !ascii_is_space(line.p[0])) {
			if (field_names_relay(c, buf_str(&field)))
				return true;
			buf_clear(&field);
		}
		buf_add(&field, line);
	}
	return field_names_relay(c, buf_str(&field));
}

double
eval_check_welcomelist_bounce_relays(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str_list body;

	(void)args;
	(void)arg_count;
	if (relays(c) == NULL)
		return 0;
	body = message_body(c->message);
	for (size_t i = 0; i < body.len; i++)
		if (is_received(body.v[i]) &&
		    names_relay(c, EVAL_PATTERN_DOTTED_WORD_SPACED, body.v[i]))
			return 1;
	return raw_body_names_relay(c);
}

/* ---- subjects ----------------------------------------------------------- */

/* Some entry is found in a line of the Subject. */
static bool
subject_is_on(struct eval_context *c, struct str name)
{
	const struct address_list *list =
	    address_lists_find(c->tables->addresses, name);
	struct str rest;

	if (list == NULL)
		return false;
	rest = eval_lower(c, eval_value(c, STR("Subject")));
	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		for (size_t i = 0; i < list->len; i++)
			if (address_entry_fits(list->entries[i], line))
				return true;
	}
	return false;
}

double
eval_check_subject_in_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return subject_is_on(c, STR("welcomelist_subject"));
}

double
eval_check_subject_in_blocklist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return subject_is_on(c, STR("blocklist_subject"));
}
