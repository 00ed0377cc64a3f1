#include "policy/reply.h"

#include "base/clean.h"

#include <stdio.h>

/* A long value is cut to its share of the line, but not below this. */
#define VALUE_MIN ((size_t)24)
#define VALUE_CUT ".."

enum variable {
#define VARIABLE(name, doc) VARIABLE_##name,
#include "policy/reply_variables.def"
	VARIABLE_COUNT
};

static const char *const variable_names[] = {
#define VARIABLE(name, doc) #name,
#include "policy/reply_variables.def"
};

static const size_t text_offset[CLASS_COUNT] = {
    offsetof(struct config, reply_error),
#define REPLY(class, row, text, doc) offsetof(struct config, reply_##class),
#include "policy/reply.def"
};

static const size_t code_offset[CLASS_COUNT] = {
    0,
#define REPLY(class, row, text, doc) offsetof(struct config, code_##class),
#include "policy/reply.def"
};

/* A template under expansion. */
struct expansion {
	struct str value[VARIABLE_COUNT];
	size_t cap;   /* most bytes of one value */
	size_t spent; /* bytes of values written */
	size_t count; /* values written that were not empty */
};

static struct str
config_text(const struct config *c, size_t offset)
{
	return str_from(
	    *(char *const *)(const void *)((const char *)c + offset));
}

/* ---- codes -------------------------------------------------------------- */

/* Length of `5xx 5.x.x` at the start of `s`, 0 if there is none. */
static size_t
code_length(struct str s)
{
	size_t at = 4, dots = 0, digits = 0;

	if (s.len < 9 || (s.p[0] != '4' && s.p[0] != '5') || s.p[3] != ' ')
		return 0;
	if (!ascii_is_digit(s.p[1]) || !ascii_is_digit(s.p[2]))
		return 0;
	/* RFC 3463: class "." subject "." detail, the last two of 1-3 digits.
	 */
	for (; at < s.len && s.p[at] != ' '; at++) {
		if (ascii_is_digit(s.p[at]) && ++digits <= (dots ? 3 : 1))
			continue;
		if (s.p[at] != '.' || digits == 0 || ++dots > 2)
			return 0;
		digits = 0;
	}
	return dots == 2 && digits > 0 && s.p[0] == s.p[4] ? at : 0;
}

static char
wanted_class(enum verdict_action action)
{
	return action == VERDICT_TEMPFAIL ? '4' : '5';
}

/* A whole code and of the class the action needs? */
static bool
code_is_good(struct str s, enum verdict_action action)
{
	return s.len > 0 && code_length(s) == s.len &&
	       s.p[0] == wanted_class(action);
}

static struct str
choose_code(
    const struct config *c, const struct reply_input *in, struct arena *a)
{
	struct str set =
	    in->action == VERDICT_TEMPFAIL ? str_from(c->code_tempfail)
	    : in->class == CLASS_NONE	   ? STR_NONE
				      : config_text(c, code_offset[in->class]);

	if (in->code / 100 == (unsigned)(wanted_class(in->action) - '0'))
		return arena_printf(a, "%u %u.7.1", in->code, in->code / 100);
	if (code_is_good(set, in->action))
		return set;
	if (in->action == VERDICT_TEMPFAIL)
		return STR("451 4.7.1");
	if (c->codes == CODES_CLASSIC)
		return STR("554 5.7.1");
	return in->precise ? str_from(in->precise) : STR("550 5.7.1");
}

/* An admin's text may start with a code; one of the wrong class is dropped. */
static bool
take_own_code(const struct reply_input *in, struct str *text, struct str *code)
{
	size_t len = code_length(*text);
	struct str own = str_head(*text, len);

	if (len == 0)
		return false;
	*text = str_trim(str_skip(*text, len));
	if (!code_is_good(own, in->action))
		return false;
	*code = own;
	return true;
}

/* ---- values ------------------------------------------------------------- */

/* Printable ASCII of `s`: what stands for other bytes is a question mark. */
static struct str
plain(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.len + 1);

	if (p == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++)
		p[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?';
	p[s.len] = '\0';
	return str_make(p, s.len);
}

static void
set_client(struct expansion *x, const struct envelope *e, struct arena *a)
{
	char ip[IP_TEXT_MAX] = "unknown";
	struct str name = e->client_name.len ? e->client_name : STR("unknown");

	if (e->has_client)
		ip_format(&e->client, ip);
	name = plain(name, a);
	x->value[VARIABLE_client_addr] = arena_copy(a, str_from(ip));
	x->value[VARIABLE_client_name] = name;
	x->value[VARIABLE_client] =
	    arena_printf(a, "%.*s[%s]", STR_ARG(name), ip);
	x->value[VARIABLE_helo] = plain(e->helo, a);
	x->value[VARIABLE_sender] = plain(e->sender, a);
}

static void
set_values(struct expansion *x, const struct reply_input *in, struct arena *a)
{
	if (in->facts != NULL) {
		set_client(x, &in->facts->envelope, a);
		x->value[VARIABLE_ref] = str_from(in->facts->ref);
		x->value[VARIABLE_wait] = arena_printf(a, "%lld",
		    (long long)((in->facts->brake.wait_ms + 999) / 1000));
	}
	x->value[VARIABLE_rcpt] = plain(in->rcpt, a);
	x->value[VARIABLE_zone] = plain(in->zone, a);
	x->value[VARIABLE_txt] = plain(in->txt, a);
	x->value[VARIABLE_dictionary] = plain(in->dictionary, a);
	x->value[VARIABLE_score] = arena_printf(a, "%.1f", in->score);
	x->value[VARIABLE_required] = arena_printf(a, "%g", in->required);
}

/* ---- templates ---------------------------------------------------------- */

static int
find_variable(struct str name)
{
	for (int i = 0; i < VARIABLE_COUNT; i++)
		if (str_is(name, variable_names[i]))
			return i;
	return -1;
}

static void
add_value(struct expansion *x, int variable, struct buf *out)
{
	struct str v = x->value[variable];
	bool cut = v.len > x->cap && variable != VARIABLE_phrase;

	buf_add(out, cut ? str_head(v, x->cap - strlen(VALUE_CUT)) : v);
	if (cut)
		buf_add_cstr(out, VALUE_CUT);
	x->spent += variable == VARIABLE_phrase ? 0 : v.len;
	x->count += variable != VARIABLE_phrase && v.len > 0;
}

/* A text ends without what would have led to an empty value: "; ". */
static void
trim_end(struct buf *out)
{
	while (out->len > 0 && strchr(" ;,", out->p[out->len - 1]) != NULL)
		out->len--;
}

static void
expand(struct expansion *x, struct str text, struct buf *out)
{
	while (text.len > 0) {
		size_t open = str_find_char(text, '{');
		size_t close = open == STR_NPOS
				   ? STR_NPOS
				   : str_find_char(str_skip(text, open), '}');
		int variable;

		if (close == STR_NPOS)
			break;
		buf_add(out, str_head(text, open));
		variable = find_variable(
		    str_head(str_skip(text, open + 1), close - 1));
		if (variable >= 0)
			add_value(x, variable, out);
		text = str_skip(text, open + close + 1);
	}
	buf_add(out, text);
	trim_end(out);
}

/* The text between code and reference, with values of at most `cap` bytes. */
static struct str
phrase(const struct config *c, const struct reply_input *in, struct str text,
    struct expansion *x, struct arena *a)
{
	struct buf b;

	buf_init_arena(&b, a);
	x->spent = x->count = 0;
	expand(x, text, &b);
	if (in->action == VERDICT_TEMPFAIL && in->text.len == 0 &&
	    in->class != CLASS_NONE) {
		x->value[VARIABLE_phrase] = buf_str(&b);
		buf_init_arena(&b, a);
		expand(x, str_from(c->reply_tempfail), &b);
	}
	return plain(buf_str(&b), a);
}

/* ---- the line ----------------------------------------------------------- */

static void
add_url(const struct config *c, const char *ref, struct buf *out)
{
	if (c->reply_url[0] == '\0')
		return;
	buf_printf(out, " %s", c->reply_url);
	for (; *ref != '\0'; ref++)
		if (*ref != '-')
			buf_add_char(out, *ref);
}

static struct str
suffix(const struct config *c, const struct reply_input *in, bool full,
    struct arena *a)
{
	struct buf b;

	buf_init_arena(&b, a);
	if (in->facts == NULL || in->facts->ref[0] == '\0')
		return STR_NONE;
	buf_printf(&b, " [ref %s]", in->facts->ref);
	if (!full)
		return buf_str(&b);
	if (c->reply_detail && in->class == CLASS_SPAM)
		buf_printf(&b, " score %.1f/%g", in->score, in->required);
	if (c->reply_detail && in->class == CLASS_DICTIONARY &&
	    in->dictionary.len > 0)
		buf_printf(&b, " %.*s", STR_ARG(in->dictionary));
	add_url(c, in->facts->ref, &b);
	return plain(buf_str(&b), a);
}

struct str
reply_format(
    const struct config *c, const struct reply_input *in, struct arena *a)
{
	struct expansion x = {.cap = REPLY_MAX};
	struct str text = in->text.len > 0
			      ? in->text
			      : config_text(c, text_offset[in->class]);
	struct str code = choose_code(c, in, a), line, end;
	size_t fixed;

	if (in->text.len > 0)
		take_own_code(in, &text, &code);
	set_values(&x, in, a);
	end = suffix(c, in, true, a);
	if (code.len + end.len > REPLY_MAX / 2)
		end = suffix(c, in, false, a);
	line = phrase(c, in, text, &x, a);
	fixed = code.len + 1 + end.len;
	if (fixed + line.len > REPLY_WANTED && x.count > 0) {
		size_t excess = fixed + line.len - REPLY_WANTED;

		x.cap = x.spent > excess ? (x.spent - excess) / x.count : 0;
		if (x.cap < VALUE_MIN)
			x.cap = VALUE_MIN;
		line = phrase(c, in, text, &x, a);
	}
	line = str_head(line, REPLY_MAX - fixed);
	return arena_printf(
	    a, "%.*s %.*s%.*s", STR_ARG(code), STR_ARG(line), STR_ARG(end));
}

/* ---- lint --------------------------------------------------------------- */

/* NULL, or what is wrong; `*variable_out` is the unknown variable's name. */
static const char *
check_template(struct str text, struct str *variable_out)
{
	if (text.len > REPLY_MAX)
		return "is longer than an SMTP reply may be (RFC 5321 "
		       "4.5.3.1.5: 512 octets)";
	if (clean_unprintable(text) != NULL)
		return "holds a character that is not printable ASCII";
	for (size_t at = 0; at < text.len; at++) {
		size_t close = str_find_char(str_skip(text, at), '}');

		if (text.p[at] != '{')
			continue;
		if (close == STR_NPOS)
			return "has a { without its }";
		*variable_out = str_head(str_skip(text, at + 1), close - 1);
		if (find_variable(*variable_out) < 0)
			return "has an unknown variable";
		at += close;
	}
	return NULL;
}

static bool
lint_template(const char *name, struct str text, struct source_pos pos,
    struct diags *diags)
{
	struct str variable = STR_NONE;
	const char *wrong = check_template(text, &variable);

	if (wrong == NULL && str_trim(text).len > 0)
		return true;
	if (wrong == NULL)
		wrong = "is empty";
	diag_add(diags, SEVERITY_ERROR, pos, "%s %s%s%.*s%s", name, wrong,
	    variable.len ? " {" : "", STR_ARG(variable),
	    variable.len ? "}" : "");
	return false;
}

static bool
lint_code(const char *name, struct str code, enum verdict_action action,
    struct source_pos pos, struct diags *diags)
{
	if (code_is_good(code, action))
		return true;
	diag_add(diags, SEVERITY_ERROR, pos,
	    "%s: \"%.*s\" is not of the form %cxx %c.x.x", name,
	    STR_ARG(str_head(code, 40)), wanted_class(action),
	    wanted_class(action));
	return false;
}

bool
reply_check_text(struct str text, enum verdict_action action,
    struct source_pos pos, struct diags *diags)
{
	size_t len = code_length(text);
	bool good = true;

	if (len > 0)
		good = lint_code(
		    "reply text", str_head(text, len), action, pos, diags);
	return lint_template("reply text", str_skip(text, len), pos, diags) &&
	       good;
}

static void
lint_class(
    const struct config *c, enum verdict_class class, struct diags *diags)
{
	const char *name = verdict_class_name(class);
	struct str code = config_text(c, code_offset[class]);
	char setting[64];

	snprintf(setting, sizeof(setting), "code_%s", name);
	if (code.len > 0)
		lint_code(setting, code, VERDICT_REJECT,
		    config_where(c, setting), diags);
	snprintf(setting, sizeof(setting), "reply_%s", name);
	lint_template(setting, config_text(c, text_offset[class]),
	    config_where(c, setting), diags);
}

void
reply_lint(const struct config *c, struct diags *diags)
{
	struct str url = str_from(c->reply_url), none;

	for (int i = CLASS_NONE + 1; i < CLASS_COUNT; i++)
		lint_class(c, (enum verdict_class)i, diags);
	lint_code("code_tempfail", str_from(c->code_tempfail), VERDICT_TEMPFAIL,
	    config_where(c, "code_tempfail"), diags);
	lint_template("reply_tempfail", str_from(c->reply_tempfail),
	    config_where(c, "reply_tempfail"), diags);
	lint_template("reply_greylist", str_from(c->reply_greylist),
	    config_where(c, "reply_greylist"), diags);
	lint_template("reply_throttle", str_from(c->reply_throttle),
	    config_where(c, "reply_throttle"), diags);
	lint_template("reply_error", str_from(c->reply_error),
	    config_where(c, "reply_error"), diags);
	if (check_template(url, &none) != NULL ||
	    str_find_char(url, ' ') != STR_NPOS || url.len > REPLY_WANTED - 50)
		diag_add(diags, SEVERITY_ERROR, config_where(c, "reply_url"),
		    "reply_url wants an address of at most %zu printable "
		    "characters without blanks",
		    REPLY_WANTED - 50);
}
