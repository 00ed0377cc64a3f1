#include "match/prefilter.h"

#include "base/mem.h"

#include <hs.h>
#include <stdio.h>
#include <stdlib.h>

struct prefilter {
	hs_database_t *db;
};

struct prefilter_scratch {
	hs_scratch_t *room;
};

/* What the compiler is handed: parallel arrays. */
struct input {
	const char **text;
	size_t *len;
	unsigned *flags;
	unsigned *id;
};

static void
input_init(struct input *in, const struct prefilter_literal *v, size_t n)
{
	in->text = mem_array(n, sizeof(*in->text));
	in->len = mem_array(n, sizeof(*in->len));
	in->flags = mem_array(n, sizeof(*in->flags));
	in->id = mem_array(n, sizeof(*in->id));
	for (size_t i = 0; i < n; i++) {
		in->text[i] = v[i].text.p;
		in->len[i] = v[i].text.len;
		in->flags[i] = v[i].nocase ? HS_FLAG_CASELESS : 0;
		in->id[i] = (unsigned)i;
	}
}

static void
input_fini(struct input *in)
{
	free(in->text);
	free(in->len);
	free(in->flags);
	free(in->id);
}

static struct prefilter *
wrap(hs_database_t *db)
{
	struct prefilter *f;

	if (db == NULL)
		return NULL;
	f = mem_alloc(sizeof(*f));
	f->db = db;
	return f;
}

struct prefilter *
prefilter_new(const struct prefilter_literal *v, size_t n)
{
	hs_compile_error_t *error = NULL;
	hs_database_t *db = NULL;
	struct input in;

	if (n == 0 || n > UINT32_MAX)
		return NULL;
	input_init(&in, v, n);
	hs_compile_lit_multi(in.text, in.flags, in.id, in.len, (unsigned)n,
	    HS_MODE_BLOCK, NULL, &db, &error);
	hs_free_compile_error(error);
	input_fini(&in);
	return wrap(db);
}

void
prefilter_free(struct prefilter **f)
{
	if (*f == NULL)
		return;
	hs_free_database((*f)->db);
	free(*f);
	*f = NULL;
}

size_t
prefilter_size(const struct prefilter *f)
{
	size_t n = 0;

	if (f != NULL)
		hs_database_size(f->db, &n);
	return n;
}

struct prefilter_scratch *
prefilter_scratch_new(const struct prefilter *const *v, size_t n)
{
	struct prefilter_scratch *s = mem_alloc(sizeof(*s));

	for (size_t i = 0; i < n; i++)
		if (v[i] != NULL)
			invariant(
			    hs_alloc_scratch(v[i]->db, &s->room) == HS_SUCCESS);
	return s;
}

void
prefilter_scratch_free(struct prefilter_scratch **s)
{
	if (*s == NULL)
		return;
	hs_free_scratch((*s)->room);
	free(*s);
	*s = NULL;
}

struct report {
	prefilter_found *found;
	void *context;
};

static int
on_match(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
	struct report *r = context;

	(void)from;
	(void)flags;
	r->found(r->context, id, (size_t)to);
	return 0;
}

bool
prefilter_scan(const struct prefilter *f, struct prefilter_scratch *s,
    struct str block, prefilter_found *found, void *context)
{
	struct report r = {.found = found, .context = context};

	if (block.len == 0)
		return true;
	if (block.len > UINT32_MAX)
		return false;
	return hs_scan(f->db, block.p, (unsigned)block.len, 0, s->room,
		   on_match, &r) == HS_SUCCESS;
}

void
prefilter_version(struct buf *out)
{
	hs_platform_info_t cpu = {0};

	hs_populate_platform(&cpu);
	buf_printf(out, "%s tune %u features %llx", hs_version(), cpu.tune,
	    cpu.cpu_features);
}

bool
prefilter_save(const struct prefilter *f, struct buf *out)
{
	char *bytes = NULL;
	size_t len = 0;

	if (hs_serialize_database(f->db, &bytes, &len) != HS_SUCCESS)
		return false;
	buf_add(out, str_make(bytes, len));
	free(bytes);
	return true;
}

struct prefilter *
prefilter_load(struct str saved)
{
	hs_database_t *db = NULL;

	/* Refuses another version, another platform and a bad checksum. */
	if (hs_deserialize_database(saved.p, saved.len, &db) != HS_SUCCESS)
		return NULL;
	return wrap(db);
}
