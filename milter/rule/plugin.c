#include "rule/plugin.h"

#include "base/mem.h"

#define PREFIX "Mail::SpamAssassin::Plugin::"
#define CONF "Mail::SpamAssassin::Conf::"

enum claim {
	CLAIM_CORE = PLUGINS_CORE,
	CLAIM_LOCAL = PLUGINS_LOCAL,
	CLAIM_STOCK = PLUGINS_STOCK,
	CLAIM_NEVER
};

static const struct {
	const char *name;
	enum claim claim;
} known[PLUGIN_COUNT] = {
#define PLUGIN(name, claimed) {#name, CLAIM_##claimed},
#include "rule/plugin.def"
#undef PLUGIN
};

static const struct {
	const char *module;
	const char *name;
} features[] = {
#define FEATURE(module, name) {#module, #name},
#include "rule/feature.def"
#undef FEATURE
};

static const struct evalfn evalfns[] = {
#define EVALFN(name, plugin, type) {#name, PLUGIN_##plugin, RULE_##type},
#include "rule/evalfn.def"
#undef EVALFN
};

void
plugins_init(struct plugins *p, enum plugin_set set)
{
	*p = (struct plugins){.compat = map_new(false)};
	for (int i = 0; i < PLUGIN_COUNT; i++)
		p->claimed[i] = (int)known[i].claim <= (int)set;
	/* What Debian's own configuration enables beside its plugins. */
	if (set != PLUGINS_CORE)
		plugins_enable_compat(p, STR("welcomelist_blocklist"));
}

void
plugins_fini(struct plugins *p)
{
	map_free(&p->compat);
}

int
plugin_find(struct str name)
{
	if (str_starts(name, STR(PREFIX)))
		name = str_skip(name, sizeof(PREFIX) - 1);
	/* Two that changed their names. */
	if (str_is(name, "Dmarc"))
		return PLUGIN_DMARC;
	if (str_is(name, "WhiteListSubject"))
		return PLUGIN_WelcomeListSubject;
	for (int i = 0; i < PLUGIN_COUNT; i++)
		if (str_is(name, known[i].name))
			return i;
	return -1;
}

bool
plugins_load(struct plugins *p, struct str name)
{
	int i = plugin_find(name);

	if (i < 0 || !str_starts(name, STR(PREFIX)) ||
	    known[i].claim == CLAIM_NEVER)
		return false;
	p->claimed[i] = true;
	return true;
}

void
plugins_enable_compat(struct plugins *p, struct str name)
{
	map_set(p->compat, name, p);
}

bool
plugins_has(const struct plugins *p, struct str name)
{
	int i;

	if (str_is(name, PREFIX "RaciallyCharged"))
		return true;
	i = str_starts(name, STR(PREFIX)) ? plugin_find(name) : -1;
	return i >= 0 && p->claimed[i];
}

static bool
has_feature(const char *module, struct str name)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (strcmp(features[i].module, module) == 0 &&
		    str_is(name, features[i].name))
			return true;
	return false;
}

bool
plugins_can(const struct plugins *p, struct str name, bool call)
{
	size_t colon = str_rfind_char(name, ':');
	const struct evalfn *fn;
	struct str module, method;
	int i;

	if (str_is(name, PLUGIN_ACTION_FEATURE))
		return true;
	if (colon == STR_NPOS || colon == 0)
		return false;
	module = str_head(name, colon - 1);
	method = str_skip(name, colon + 1);
	if (str_is(module, "Mail::SpamAssassin::Conf")) {
		if (str_starts(method, STR("compat_")))
			return map_get(p->compat, str_skip(method, 7)) != NULL;
		return has_feature("Conf", method);
	}
	i = str_starts(module, STR(PREFIX)) ? plugin_find(module) : -1;
	if (i < 0 || !p->claimed[i])
		return false;
	if (has_feature(known[i].name, method))
		return true;
	fn = evalfn_find(method);
	return !call && fn != NULL && fn->plugin == (enum plugin_id)i;
}

const struct evalfn *
evalfn_find(struct str name)
{
	for (size_t i = 0; i < sizeof(evalfns) / sizeof(evalfns[0]); i++)
		if (str_is(name, evalfns[i].name))
			return &evalfns[i];
	return NULL;
}
