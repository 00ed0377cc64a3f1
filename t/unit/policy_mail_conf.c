/*
 * What rule files say about reading mail, as the mail layer gets it.
 */
#include "policy/mail_conf.h"

#include "tap.h"

/* What is looked for before a pattern is tried is in all that it matches. */
static void
redirectors(void)
{
	static const struct {
		const char *pattern;
		struct str need;
	} cases[] = {
	    {"/^http:\\/\\/go\\.test\\/(.*)$/i", STR_INIT("http://go.test/")},
	    {"m'^https?:/*(?:\\w+\\.)?go\\.test/r\\?.*?(?<=[?&])to=(.*?)$'",
		STR_INIT("go.test/r?")},
	    {"/(?:first|second).*\\.test\\?(.*)/", STR_INIT(".test?")},
	    {"/(?:a|b)(.*)/", STR_INIT("")},
	};
	struct buf text;
	struct diags diags;
	struct config *config;
	struct ruleset *rules;
	struct mail_settings settings;
	struct ruleset_options options = {0};

	buf_init(&text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		buf_printf(&text, "redirector_pattern %s\n", cases[i].pattern);
	buf_add_cstr(&text, "redirector_pattern /none/\n");
	diags_init(&diags, 10);
	config = config_parse("test.conf", STR(""), &diags);
	rules = ruleset_parse("test.cf", buf_str(&text), &options, &diags);
	mail_conf_read(config, rules, &settings, &diags);
	is_int(settings.redirector_count, sizeof(cases) / sizeof(cases[0]),
	    "those with one pair of parentheses");
	for (size_t i = 0; i < settings.redirector_count; i++)
		is_str(settings.redirectors[i].need, cases[i].need, "%s",
		    cases[i].pattern);
	mail_settings_fini(&settings);
	ruleset_free(&rules);
	config_free(&config);
	diags_fini(&diags);
	buf_fini(&text);
}

int
main(void)
{
	redirectors();
	return done_testing();
}
