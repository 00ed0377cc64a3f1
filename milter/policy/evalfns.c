#include "policy/evalfns.h"

#include "base/mem.h"
#include "match/cost.h"
#include "policy/address_list.h"
#include "policy/eval_tables.h"
#include "policy/eval_value.h"
#include "policy/freemail.h"
#include "policy/host_list.h"
#include "rule/pattern.h"

#include <stdlib.h>

struct function {
	const char *name;
	eval_function *run;
	unsigned regex_arg; /* number of the argument that is one, 0: none */
	const char *regex;  /* what the argument stands in, NULL: it is all */
	bool characters;    /* are matched, not bytes */
};

static const struct function functions[] = {
#define EVAL(name, function) {#name, function, 0, NULL, false},
#define EVAL_REGEX(name, function, arg) {#name, function, arg, NULL, false},
#define EVAL_CHARACTERS(name, function, arg) {#name, function, arg, NULL, true},
#define EVAL_TEMPLATE(name, function, arg, text) \
	{#name, function, arg, text, false},
#include "policy/evalfns.def"
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

static const struct function *
find(struct str name)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		if (str_is(name, functions[i].name))
			return &functions[i];
	return NULL;
}

bool
evalfn_known(struct str name)
{
	return find(name) != NULL;
}

static bool
is_eval(enum rule_type type)
{
	return type == RULE_HEADER_EVAL || type == RULE_BODY_EVAL ||
	       type == RULE_RAWBODY_EVAL || type == RULE_FULL_EVAL ||
	       type == RULE_URI_EVAL || type == RULE_RBL_EVAL;
}

/* `text` with `arg` in place of each %. */
static struct str
fill_in(struct arena *a, const char *text, struct str arg)
{
	struct buf b;

	if (text == NULL)
		return arg;
	buf_init_arena(&b, a);
	for (; *text != '\0'; text++) {
		if (*text == '%')
			buf_add(&b, arg);
		else
			buf_add_char(&b, *text);
	}
	return buf_str(&b);
}

/* Bytes over 7F as escapes, which mean a character also in UTF-8. */
static struct str
escape_bytes(struct arena *a, struct str s)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			buf_printf(&b, "\\x{%02x}", (unsigned char)s.p[i]);
		else
			buf_add_char(&b, s.p[i]);
	}
	return buf_str(&b);
}

/* False: there is one and it is bad. */
static bool
compile_argument(const struct rule *r, const struct function *f,
    struct diags *diags, struct regex **out)
{
	unsigned arg = f->regex_arg;
	struct pattern_error pattern_error;
	struct regex_error regex_error;
	const char *why = NULL;
	struct str pattern, text;
	struct arena a;
	unsigned flags;

	if (arg == 0 || r->arg_count < arg)
		return true;
	arena_init(&a, 0);
	text = fill_in(&a, f->regex, r->args[arg - 1].text);
	if (pattern_translate(&a, text, &pattern, &flags, &pattern_error) !=
	    0) {
		why = pattern_error.message;
	} else {
		if (f->characters) {
			pattern = escape_bytes(&a, pattern);
			flags |= REGEX_CHARACTERS;
		}
		*out = regex_compile(pattern, flags, &regex_error);
		why = *out == NULL ? regex_error.message : NULL;
	}
	if (why != NULL)
		diag_add(diags, SEVERITY_WARNING, r->pos,
		    "%.*s: argument %u of %.*s is no regexp: %s",
		    STR_ARG(r->name), arg, STR_ARG(r->eval), why);
	arena_fini(&a);
	return why == NULL;
}

static void
add_call(struct eval_tables *t, struct eval_call call)
{
	if (t->call_count == t->call_size) {
		t->call_size = t->call_size ? t->call_size * 2 : 64;
		t->calls = mem_resize(t->calls, t->call_size, sizeof(call));
	}
	t->calls[t->call_count++] = call;
}

static struct map *
name_set(const struct string_list *l)
{
	struct map *m = map_new(true);

	for (size_t i = 0; i < l->len; i++)
		map_set(m, str_from(l->v[i]), m);
	return m;
}

static struct str
last_setting(const struct ruleset *rs, const char *key, struct str otherwise)
{
	const struct rule_setting *setting;
	size_t at = 0;

	while (ruleset_setting(rs, key, &at, &setting))
		otherwise = setting->value;
	return otherwise;
}

struct eval_tables *
eval_tables_new(
    const struct ruleset *rs, const struct config *config, struct diags *diags)
{
	struct eval_tables *t = mem_alloc(sizeof(*t));

	t->call_of = mem_array(rs->count + 1, sizeof(*t->call_of));
	t->patterns = eval_patterns_new();
	t->addresses = address_lists_new(rs);
	t->hosts = host_lists_new(rs);
	t->freemail = freemail_new(rs, diags);
	t->authserv_ids = name_set(&config->trusted_authserv_ids);
	t->ok_locales = last_setting(rs, "ok_locales", STR("all"));
	t->practices = eval_practices_new(rs);
	for (size_t i = 0; i < rs->count; i++) {
		const struct rule *r = &rs->rules[i];
		const struct function *f =
		    is_eval(r->type) ? find(r->eval) : NULL;
		struct eval_call call = {.rule = r,
		    .index = r->index,
		    .helper = rule_is_helper(r),
		    .net = (r->flags & TFLAG_NET) != 0};

		if (f == NULL || !r->enabled ||
		    !compile_argument(r, f, diags, &call.regex))
			continue;
		call.run = f->run;
		add_call(t, call);
		t->call_of[i] = (uint32_t)t->call_count;
	}
	return t;
}

void
eval_tables_free(struct eval_tables **tp)
{
	struct eval_tables *t = *tp;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->call_count; i++)
		regex_free(&t->calls[i].regex);
	eval_patterns_free(&t->patterns);
	address_lists_free(&t->addresses);
	host_lists_free(&t->hosts);
	freemail_free(&t->freemail);
	map_free(&t->authserv_ids);
	map_free(&t->practices);
	free(t->calls);
	free(t->call_of);
	free(t);
	*tp = NULL;
}

void *
eval_slot(
    struct eval_context *c, enum eval_slot slot, size_t size, bool *fresh_out)
{
	*fresh_out = c->slots[slot] == NULL;
	if (*fresh_out)
		c->slots[slot] = arena_zalloc(c->arena, size);
	return c->slots[slot];
}

bool
eval_matches(struct eval_context *c, const struct regex *re, struct str s)
{
	return re != NULL && regex_match(re, c->scratch, s, 0, NULL) == 1;
}

/* Odd score sets are those with network tests. */
static bool
counts(const struct eval_context *c, const struct eval_call *call)
{
	return !call->net || (c->score_set & 1) != 0;
}

static double
call_function(struct eval_context *c, const struct eval_call *call)
{
	c->rule = call->rule;
	c->regex = call->regex;
	return call->run(c, call->rule->args, call->rule->arg_count);
}

/* Work that several rules share is at the expense of the first. */
static double
run(struct eval_context *c, const struct eval_call *call)
{
	bool timed = c->cost != NULL && c->cost->sampling;
	uint64_t start = timed ? cost_start(c->cost) : 0;
	double value = call_function(c, call);

	if (timed)
		cost_stop(c->cost, call->rule->index, start);
	return value;
}

/* Does this function edit the body for the rules after it? Header functions
 * run before all body rules; what body functions do comes too late. */
static bool
edits_body(const struct eval_call *call)
{
	return call->run == eval_check_freemail_replyto &&
	       call->rule->type == RULE_HEADER_EVAL;
}

void
evalfns_prepare(struct eval_context *c)
{
	c->edits_body = true;
	for (size_t i = 0; i < c->tables->call_count; i++)
		if (edits_body(&c->tables->calls[i]) &&
		    counts(c, &c->tables->calls[i]))
			call_function(c, &c->tables->calls[i]);
	c->edits_body = false;
}

void
evalfns_run(struct eval_context *c, double *value, struct bitset *open)
{
	c->value = value;
	for (size_t i = 0; i < c->tables->call_count; i++) {
		const struct eval_call *call = &c->tables->calls[i];

		if (!counts(c, call))
			continue;
		if (open != NULL && call->helper)
			bitset_add(open, call->index);
		else
			value[call->index] = run(c, call);
	}
}

bool
evalfns_ask(struct eval_context *c, uint32_t rule, double *value)
{
	uint32_t call = c->tables->call_of[rule];

	if (call == 0)
		return false;
	value[rule] = run(c, &c->tables->calls[call - 1]);
	return true;
}
