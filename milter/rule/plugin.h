/*
 * Which plugins and features we answer for (plugin.def, feature.def,
 * evalfn.def).
 *
 * Conditions of rule files depend on it: a branch taken wrongly means other
 * rules. Built per load from the chosen set, then by loadplugin lines. One
 * thread.
 */
#ifndef POSTERN_RULE_PLUGIN_H
#define POSTERN_RULE_PLUGIN_H

#include "base/map.h"
#include "rule/ruleset.h"

enum plugin_id {
#define PLUGIN(name, claimed) PLUGIN_##name,
#include "rule/plugin.def"
#undef PLUGIN
	PLUGIN_COUNT
};

struct plugins {
	bool claimed[PLUGIN_COUNT];
	struct map *compat; /* enable_compat names */
};

void plugins_init(struct plugins *p, enum plugin_set set);
void plugins_fini(struct plugins *p);

/* Index of a full ("Mail::...::X") or bare plugin name, or -1. */
int plugin_find(struct str name);
/* loadplugin: true when it is claimed now. */
bool plugins_load(struct plugins *p, struct str name);
void plugins_enable_compat(struct plugins *p, struct str name);

/* plugin(X) */
bool plugins_has(const struct plugins *p, struct str name);
/*
 * can(M::f), has(M::f): is f there, and for can() does it say yes. A call of an
 * eval function outside a message cannot, so can() is false for them.
 */
bool plugins_can(const struct plugins *p, struct str name, bool call);

/* Our own name for the `action` keyword's feature. */
#define PLUGIN_ACTION_FEATURE "Postern::action"

struct evalfn {
	const char *name;
	enum plugin_id plugin;
	enum rule_type type; /* RULE_EMPTY: any eval type */
};
/* By name, or NULL. */
const struct evalfn *evalfn_find(struct str name);

#endif
