/*
 * The build without a multi-pattern library: every pattern is a candidate.
 */
#include "match/prefilter.h"

struct prefilter *
prefilter_new(const struct prefilter_literal *v, size_t n)
{
	(void)v;
	(void)n;
	return NULL;
}

void
prefilter_free(struct prefilter **f)
{
	(void)f;
}

size_t
prefilter_size(const struct prefilter *f)
{
	(void)f;
	return 0;
}

struct prefilter_scratch *
prefilter_scratch_new(const struct prefilter *const *v, size_t n)
{
	(void)v;
	(void)n;
	return NULL;
}

void
prefilter_scratch_free(struct prefilter_scratch **s)
{
	(void)s;
}

bool
prefilter_scan(const struct prefilter *f, struct prefilter_scratch *s,
    struct str block, prefilter_found *found, void *context)
{
	(void)f;
	(void)s;
	(void)block;
	(void)found;
	(void)context;
	return false;
}

void
prefilter_version(struct buf *out)
{
	buf_add_cstr(out, "none");
}

bool
prefilter_save(const struct prefilter *f, struct buf *out)
{
	(void)f;
	(void)out;
	return false;
}

struct prefilter *
prefilter_load(struct str saved)
{
	(void)saved;
	return NULL;
}
