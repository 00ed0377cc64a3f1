#include "rule/dict.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/unicode.h"
#include "rule/dict_parse.h"

#include <errno.h>
#include <stdlib.h>

struct loader {
	struct dict_set *set;
	const struct dict_set *former;
	struct diags *diags;
	bool forced;
};

static struct dict_set *
set_new(void)
{
	struct dict_set *set = mem_alloc(sizeof(*set));

	arena_init(&set->memory, 0);
	return set;
}

void
dict_free(struct dict_set **setp)
{
	struct dict_set *set = *setp;

	if (set == NULL)
		return;
	for (size_t i = 0; i < set->len; i++)
		for (size_t t = 0; t < set->v[i].term_count; t++)
			regex_free(&set->v[i].terms[t].regex);
	free(set->v);
	arena_fini(&set->memory);
	free(set);
	*setp = NULL;
}

const struct dict *
dict_find(const struct dict_set *set, struct str name)
{
	for (size_t i = 0; i < set->len; i++)
		if (str_eq(set->v[i].name, name))
			return &set->v[i];
	return NULL;
}

const char *
dict_term_type_text(enum dict_term_type type)
{
	static const char *const text[] = {"word", "phrase", "near", "regex"};

	return text[type];
}

/* ---- from memory -------------------------------------------------------- */

static struct dict_file
keep_file(struct dict_set *set, const char *name, struct str text)
{
	return (struct dict_file){arena_cstr(&set->memory, str_from(name)),
	    arena_copy(&set->memory, text)};
}

struct dict_set *
dict_parse_with(const char *name, struct str text, const char *override_name,
    struct str override, struct diags *diags)
{
	struct dict_set *set = set_new();
	struct dict_file file = keep_file(set, name, text), local;

	if (override_name != NULL)
		local = keep_file(set, override_name, override);
	dict_parse_file(set, &file, override_name ? &local : NULL, diags);
	return set;
}

struct dict_set *
dict_parse(const char *name, struct str text, struct diags *diags)
{
	return dict_parse_with(name, text, NULL, STR_NONE, diags);
}

/* ---- from files --------------------------------------------------------- */

/* False: it could not be read; a diag says why. */
static bool
read_file(struct loader *l, const char *path, struct dict_file *out)
{
	struct buf text;
	int rc;

	buf_init(&text);
	rc = file_read(path, DICT_FILE_MAX, &text);
	if (rc == 0)
		*out = keep_file(l->set, path, buf_str(&text));
	else
		diag_add(l->diags, SEVERITY_ERROR,
		    (struct source_pos){path, 0, 0}, "cannot be read: %s",
		    rc == ERR_LIMIT ? "too large" : strerror(errno));
	buf_fini(&text);
	return rc == 0;
}

/* An editor's half-written save must never switch a filter off. */
static void
check_shrunken(struct loader *l, const struct dict *d)
{
	enum severity severity = l->forced ? SEVERITY_WARNING : SEVERITY_ERROR;
	const struct dict *old =
	    l->former ? dict_find(l->former, d->name) : NULL;

	if (d->term_count == 0)
		diag_add(l->diags, severity, d->pos,
		    "dictionary %.*s has no entries", STR_ARG(d->name));
	else if (old != NULL && d->term_count * 2 < old->term_count)
		diag_add(l->diags, severity, d->pos,
		    "dictionary %.*s shrank from %zu to %zu entries; if that "
		    "is meant, force it",
		    STR_ARG(d->name), old->term_count, d->term_count);
}

static void
drop_last(struct dict_set *set)
{
	struct dict *d = &set->v[--set->len];

	for (size_t t = 0; t < d->term_count; t++)
		regex_free(&d->terms[t].regex);
}

/* Points of two dictionaries under one name could not be told apart. */
static void
check_symbol(struct loader *l, const struct dict *d)
{
	for (size_t i = 0; i + 1 < l->set->len && d->symbol.len > 0; i++)
		if (str_eq(l->set->v[i].symbol, d->symbol))
			diag_add(l->diags, SEVERITY_ERROR, d->pos,
			    "%.*s is the symbol of dictionary %.*s already",
			    STR_ARG(d->symbol), STR_ARG(l->set->v[i].name));
}

static void
check_twin(struct loader *l)
{
	const struct dict *d = &l->set->v[l->set->len - 1];
	const struct dict *twin = dict_find(l->set, d->name);

	if (twin == d)
		return;
	diag_add(l->diags, SEVERITY_ERROR, d->pos,
	    "there is a dictionary %.*s in %s already", STR_ARG(d->name),
	    twin->pos.file);
	drop_last(l->set);
}

static char *
local_path(const char *path)
{
	return mem_printf("%.*s.local.dict", (int)strlen(path) - 5, path);
}

static void
load_file(struct loader *l, const char *path)
{
	struct dict_file file, local;
	char *beside = local_path(path);
	bool has_local = file_exists(beside);

	if (l->set->len >= DICT_SETS_MAX)
		diag_add(l->diags, SEVERITY_ERROR,
		    (struct source_pos){path, 0, 0},
		    "more than %d dictionaries", DICT_SETS_MAX);
	else if (read_file(l, path, &file)) {
		has_local = has_local && read_file(l, beside, &local);
		dict_parse_file(
		    l->set, &file, has_local ? &local : NULL, l->diags);
		check_shrunken(l, &l->set->v[l->set->len - 1]);
		check_symbol(l, &l->set->v[l->set->len - 1]);
		check_twin(l);
	}
	free(beside);
}

static bool
is_local(struct str path)
{
	return str_ends_nocase(path, STR(".local.dict"));
}

static void
check_orphan(struct loader *l, const char *path)
{
	char *base = mem_printf("%.*s.dict", (int)strlen(path) - 11, path);

	if (!file_exists(base))
		diag_add(l->diags, SEVERITY_WARNING,
		    (struct source_pos){path, 0, 0},
		    "no dictionary beside this override: it is not read");
	free(base);
}

static void
load_directory(struct loader *l, const char *dir)
{
	char **names;
	size_t count;

	if (file_list(dir, ".dict", &names, &count) != 0) {
		diag_add(l->diags, SEVERITY_ERROR,
		    (struct source_pos){dir, 0, 0}, "cannot be read: %s",
		    strerror(errno));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(dir, names[i]);

		if (is_local(str_from(names[i])))
			check_orphan(l, path);
		else
			load_file(l, path);
		free(path);
	}
	file_list_free(&names, count);
}

static void
note_gone(const struct loader *l)
{
	for (size_t i = 0; l->former != NULL && i < l->former->len; i++) {
		const struct dict *d = &l->former->v[i];

		if (dict_find(l->set, d->name) == NULL)
			diag_add(l->diags, SEVERITY_WARNING, d->pos,
			    "dictionary %.*s is no longer there",
			    STR_ARG(d->name));
	}
}

struct dict_set *
dict_load(const char *const *paths, size_t count, const struct dict_set *former,
    bool forced, struct diags *diags)
{
	struct loader l = {.set = set_new(),
	    .former = former,
	    .diags = diags,
	    .forced = forced};

	for (size_t i = 0; i < count; i++) {
		struct str path = str_from(paths[i]);

		if (file_is_dir(paths[i]))
			load_directory(&l, paths[i]);
		else if (str_ends_nocase(path, STR(".dict")) && !is_local(path))
			load_file(&l, paths[i]);
	}
	note_gone(&l);
	if (l.set->len > 0)
		unicode_prepare();
	return l.set;
}
