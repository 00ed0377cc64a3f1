#include "policy/rep_conf.h"

#include <stdio.h>

static bool
set(const struct config *c, const char *name, double value,
    struct rep_settings *out, struct diags *diags)
{
	char setting[64];

	if (rep_settings_set(out, str_from(name), value))
		return true;
	(void)snprintf(setting, sizeof(setting), "rep_%s", name);
	diag_add(diags, SEVERITY_ERROR, config_where(c, setting),
	    "%s: %g is out of range", setting, value);
	return false;
}

bool
rep_conf_read(
    const struct config *c, struct rep_settings *out, struct diags *diags)
{
	bool good = true;

	*out = rep_settings_default();
#define REP_NUMBER(name, def, doc) \
	good &= set(c, #name, c->rep_##name, out, diags);
#define REP_TIME(name, def, text, doc) \
	good &= set(c, #name, (double)c->rep_##name, out, diags);
#include "peer/rep_settings.def"
	out->protect = c->rep_protect.v;
	out->protect_count = c->rep_protect.len;
	return good;
}
