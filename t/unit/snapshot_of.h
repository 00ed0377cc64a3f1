/*
 * A snapshot of a rule directory and more settings, as they stand in
 * posternd.conf. What does not load ends the test, which says why; `forced`
 * leaves out what is wrong in the rules.
 */
#ifndef POSTERN_T_SNAPSHOT_OF_H
#define POSTERN_T_SNAPSHOT_OF_H

#include "policy/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

static inline struct snapshot *
snapshot_of(const char *rules, const char *settings, bool forced)
{
	struct snapshot_options o = {.forced = forced};
	struct diags diags;
	struct config *c;
	struct snapshot *s;
	struct buf text;

	diags_init(&diags, 0);
	buf_init(&text);
	buf_printf(&text, "rules = %s\n%s", rules, settings);
	c = config_parse("t.conf", buf_str(&text), &diags);
	o.config = c;
	s = snapshot_build(&o, &diags);
	if (s == NULL || (diags.errors > 0 && !forced)) {
		buf_clear(&text);
		diags_format(&diags, &text);
		printf("# %s", buf_cstr(&text));
		exit(1);
	}
	buf_fini(&text);
	config_free(&c);
	diags_fini(&diags);
	return s;
}

#endif
