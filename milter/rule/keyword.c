#include "rule/keyword.h"

#include "rule/plugin.h"

#include <stdlib.h>

enum { PLUGIN_ANY = -1 };

static const struct keyword keywords[] = {
#define KEYWORD(name, canonical, kind, value, plugin, meaning)              \
	{#name, #canonical, KEYWORD_##kind, VALUE_##value, PLUGIN_##plugin, \
	    meaning},
#include "rule/keyword.def"
#undef KEYWORD
};

#define KEYWORD_COUNT (sizeof(keywords) / sizeof(keywords[0]))

const struct keyword *
keyword_find(struct str name)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (keywords[i].name[0] == (name.len ? name.p[0] : '\0') &&
		    str_is(name, keywords[i].name))
			return &keywords[i];
	return NULL;
}

const struct keyword *
keyword_table(size_t *count_out)
{
	*count_out = KEYWORD_COUNT;
	return keywords;
}
