/*
 * Places where a match may begin: as many as a message has, in the order they
 * are reported, with and without the prefilter. What is found must be what
 * trying every rule finds; the memory of the places grows and moves meanwhile,
 * so this belongs under AddressSanitizer too.
 */
#include "match/scan.h"

#include "tap.h"

/* Wider apart than windows that are searched as one. */
#define FILLER "the quick brown fox jumps over the lazy dog again and again "

struct fixture {
	struct ruleset *rules;
	struct plan *plan;   /* as shipped */
	struct plan *oracle; /* every rule is tried */
	struct mail_settings settings;
};

/*
 * Each with an anchor: a literal at a bounded distance from the start, or not
 * more than so many lines behind it. Of THREE that is as many as there may be,
 * of FOUR one more. VAIN is at few of the places where it may be; CHAIN
 * nowhere, as its search has to begin with it.
 */
static const char rules[] =
    "full FIRST /[a-z]{1,6}needle[0-9]{3}first/\n"
    "full COUNT /[a-z]{1,6}needle[0-9]{3}/\n"
    "tflags COUNT multiple\n"
    "full OTHER /[0-9]{2,4}haystack/\n"
    "full BOTH /needle[0-9]{1,3}last.{1,40}haystack/\n"
    "full NEVER /x{2,5}needle[0-9]{3}never/\n"
    "full LONG /^[^\\r\\n]{150}/m\n"
    "tflags LONG multiple\n"
    "full LINE /^[^>].*?needle[0-9]{3}/m\n"
    "tflags LINE multiple\n"
    "full LAST /^t.*needle[0-9]{3}.*haystack/m\n"
    "tflags LAST multiple\n"
    "full THREE /^t(?:.*\\n){3}.*?needle[0-9]{3}/m\n"
    "tflags THREE multiple\n"
    "full FOUR /^t(?:.*\\n){4}.*?needle[0-9]{3}/m\n"
    "tflags FOUR multiple\n"
    "full EITHER /^[^\\n]*(?:needle[0-9]2|agai|12haystack)/m\n"
    "tflags EITHER multiple\n"
    "full VAIN /pinneedle(?=[0-9]{2}7)[0-9]{3}/\n"
    "tflags VAIN multiple\n"
    "full CHAIN /\\Gpinneedle[0-9]{3}/\n";

static void
fixture_init(struct fixture *f)
{
	struct ruleset_options options = {.plugins = PLUGINS_LOCAL};
	struct plan_options with = {0}, without = {.no_prefilter = true};
	struct diags diags;

	diags_init(&diags, 0);
	f->rules = ruleset_parse("test", str_from(rules), &options, &diags);
	f->plan = plan_new(f->rules, NULL, &with, &diags);
	f->oracle = plan_new(f->rules, NULL, &without, &diags);
	mail_settings_init(&f->settings);
	is_int(diags.len, 0, "the rules load");
	diags_fini(&diags);
}

static void
fixture_fini(struct fixture *f)
{
	plan_free(&f->plan);
	plan_free(&f->oracle);
	ruleset_free(&f->rules);
	mail_settings_fini(&f->settings);
}

/* A body with `places` needles and a haystack behind every tenth; every so
 * many needles begin a line, 0: none. */
static void
write_message(struct buf *out, size_t places, size_t first, size_t line)
{
	buf_add_cstr(out, "Subject: places\n\n");
	for (size_t i = 1; i <= places; i++) {
		if (line > 0 && i % line == 0)
			buf_add_cstr(out, i % 7 == 0 ? "\n\n>" : "\n");
		buf_printf(out, FILLER "pinneedle%03zu%s ", i % 1000,
		    i == first ? "first" : "");
		if (i % 10 == 0)
			buf_add_cstr(out, FILLER "1234haystack ");
	}
	buf_add_cstr(out, "needle7last and a 12haystack\n");
}

/* Appends what hit, how often and where: equal for equal results. */
static void
scan(const struct fixture *f, const struct plan *p, struct str raw,
    struct buf *out)
{
	struct scratch *s = scratch_new(p);
	struct hits hits = {0};
	struct message *m;
	struct arena a;

	arena_init(&a, (size_t)64 * 1024 * 1024);
	m = message_new(&a, &f->settings, NULL, 0, raw);
	if (m == NULL || !scan_message(p, s, m, &hits))
		buf_add_cstr(out, "no scan");
	else
		for (size_t i = 0; i < f->rules->count; i++)
			buf_printf(out, "%.*s %g at %td\n",
			    STR_ARG(f->rules->rules[i].name), hits.value[i],
			    hits_span(&hits, i).text.p
				? hits_span(&hits, i).text.p - raw.p
				: -1);
	arena_fini(&a);
	scratch_free(&s);
}

static void
compare(const struct fixture *f, size_t places, size_t first, size_t line)
{
	struct buf raw, got, want;

	buf_init(&raw);
	buf_init(&got);
	buf_init(&want);
	write_message(&raw, places, first, line);
	scan(f, f->plan, buf_str(&raw), &got);
	scan(f, f->oracle, buf_str(&raw), &want);
	is_str(buf_str(&got), buf_str(&want),
	    "%zu places, the hit in %zu, %zu a line", places, first, line);
	buf_fini(&raw);
	buf_fini(&got);
	buf_fini(&want);
}

int
main(void)
{
	/* Around the sizes at which memory for places is enlarged. */
	static const size_t places[] = {
	    0, 1, 63, 64, 65, 254, 255, 256, 257, 511, 512, 513, 1500};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		compare(&f, places[i], 0, 0);
		compare(&f, places[i], 1, 0);
		compare(&f, places[i], places[i], 0);
		compare(&f, places[i], 1, 1);
		compare(&f, places[i], 1, 3);
	}
	fixture_fini(&f);
	return done_testing();
}
