/*
 * From paths to lines: directories, includes, comments, languages, conditions.
 *
 * Limits: file size, line length, include depth, nesting of conditions. What
 * cannot be read is a diagnostic; the rest goes on.
 */
#include "rule/loader.h"

#include "base/err.h"
#include "base/file.h"
#include "rule/cond.h"
#include "rule/limits.h"

#include <errno.h>
#include <stdio.h>

/* Two independent multiply-and-fold passes: a key for caches, no signature. */
static void
digest_add(struct loader *l, struct str s)
{
	static const uint64_t factor[2] = {
	    0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL};

	for (size_t k = 0; k < 2; k++) {
		uint64_t h = l->digest[k] ^ (s.len * factor[1 - k]);
		size_t i = 0;

		for (; i + 8 <= s.len; i += 8) {
			uint64_t w;

			memcpy(&w, s.p + i, 8);
			h = (h ^ w) * factor[k];
			h ^= h >> 32;
		}
		for (; i < s.len; i++)
			h = (h ^ (unsigned char)s.p[i]) * factor[k];
		l->digest[k] = h ^ (h >> 29);
	}
}

/*
 * Cuts the comment and turns `\#` into `#`. The text is copied only when there
 * is a `\#`.
 */
static struct str
cut_comment(struct loader *l, struct str s)
{
	size_t hash = str_find_char(s, '#'), from = 0;
	bool escaped = false;
	struct buf b;

	while (hash != STR_NPOS && hash > 0 && s.p[hash - 1] == '\\') {
		size_t next = str_find_char(str_skip(s, hash + 1), '#');

		escaped = true;
		hash = next == STR_NPOS ? next : hash + 1 + next;
	}
	if (hash != STR_NPOS)
		s = str_head(s, hash);
	if (!escaped)
		return s;
	buf_init_arena(&b, &l->scratch);
	for (;;) {
		size_t at = str_find(str_skip(s, from), STR("\\#"));

		if (at == STR_NPOS)
			break;
		buf_add(&b, str_make(s.p + from, at));
		buf_add_char(&b, '#');
		from += at + 2;
	}
	buf_add(&b, str_skip(s, from));
	return buf_str(&b);
}

/* `lang XX rest`: the rest if XX starts the locale's name, else nothing. */
static bool
apply_lang(struct loader *l, struct str *s)
{
	struct str rest = *s, name;

	if (!str_starts(rest, STR("lang")))
		return true;
	rest = str_skip(rest, 4);
	if (rest.len == 0 || !ascii_is_space(rest.p[0]))
		return true;
	rest = str_trim_left(rest);
	name = str_word(&rest);
	rest = str_trim_left(rest);
	if (name.len == 0 || rest.len == 0)
		return true;
	*s = rest;
	return str_starts_nocase(str_from(l->lang), name);
}

static void
close_file(struct loader *l)
{
	for (size_t i = 0; i < l->ifs.len; i++)
		diag_add(l->diags, SEVERITY_ERROR, l->ifs.v[i].pos,
		    "\"if %.*s\" is still open at the end of the file",
		    STR_ARG(l->ifs.v[i].text));
	l->ifs.len = 0;
	l->skipping = false;
}

/* A condition keeps the worth it had where it was first met, as there. */
static int
condition_worth(struct loader *l, const struct line *line, struct str text)
{
	char *known = map_get(l->conditions, text);
	int worth;

	if (known != NULL)
		return *known == '1';
	worth = cond_eval(&l->plugins, text, line->pos, l->diags);
	if (worth >= 0)
		map_set(l->conditions, text,
		    (void *)(uintptr_t)(worth ? "1" : "0"));
	return worth;
}

static void
open_block(struct loader *l, const struct line *line)
{
	bool plugin = str_is(line->key, "ifplugin");
	struct str text = line->value;
	int worth;

	if (text.len == 0) {
		loader_error(l, line, STR_NPOS, "\"%.*s\" has no condition",
		    STR_ARG(line->key));
		return;
	}
	if (l->ifs.len >= RULE_IF_DEPTH) {
		loader_error(l, line, STR_NPOS,
		    "conditions are nested more than %d deep", RULE_IF_DEPTH);
		return;
	}
	if (plugin)
		text = arena_printf(l->arena, "plugin (%.*s)", STR_ARG(text));
	else
		text = arena_copy(l->arena, text);
	worth = condition_worth(l, line, text);
	if (worth < 0)
		return;
	*VEC_PUSH(&l->ifs) = (struct open_if){
	    .text = text, .skipping = l->skipping, .pos = line->pos};
	if (worth == 0)
		l->skipping = true;
}

static void
turn_block(struct loader *l, const struct line *line)
{
	bool outside = false;

	if (line->value.len > 0 || l->ifs.len == 0) {
		loader_error(l, line, STR_NPOS,
		    line->value.len ? "\"else\" stands alone"
				    : "\"else\" without \"if\"");
		return;
	}
	for (size_t i = 0; i < l->ifs.len; i++)
		outside = outside || l->ifs.v[i].skipping;
	l->skipping = outside || !l->skipping;
}

static void
close_block(struct loader *l, const struct line *line)
{
	if (line->value.len > 0 || l->ifs.len == 0) {
		loader_error(l, line, STR_NPOS,
		    line->value.len ? "\"endif\" stands alone"
				    : "\"endif\" without \"if\"");
		return;
	}
	l->skipping = l->ifs.v[--l->ifs.len].skipping;
}

static void read_file(
    struct loader *l, const char *path, struct source_pos pos);

static void
include_file(struct loader *l, const struct line *line)
{
	struct str value = line->value;
	const char *slash = strrchr(line->pos.file, '/');
	char *path;

	if (value.len == 0) {
		loader_error(l, line, STR_NPOS, "\"include\" names no file");
		return;
	}
	if (l->include_depth >= RULE_INCLUDE_DEPTH) {
		loader_error(l, line, STR_NPOS,
		    "files are included more than %d deep", RULE_INCLUDE_DEPTH);
		return;
	}
	if (value.p[0] == '/' || slash == NULL)
		path = mem_strndup(value.p, value.len);
	else
		path = mem_printf("%.*s/%.*s", (int)(slash - line->pos.file),
		    line->pos.file, STR_ARG(value));
	/* Conditions reach neither into the file nor beyond it. */
	close_file(l);
	l->include_depth++;
	read_file(l, path, line->pos);
	l->include_depth--;
	free(path);
}

/* A file of another version's rules: the rest of it is passed over. */
static void
require_version(struct loader *l, const struct line *line)
{
	if (line->value.len == 0) {
		loader_error(
		    l, line, STR_NPOS, "\"require_version\" names no version");
	} else if (!str_is(line->value, COND_VERSION) &&
		   !str_is(line->value, "@@VERSION@@")) {
		loader_error(l, line, STR_NPOS,
		    "the rest of the file is for version %.*s and is passed "
		    "over, we read " COND_VERSION,
		    STR_ARG(line->value));
		l->skipping = true;
	}
}

static struct str
fold_key(struct loader *l, struct str key)
{
	char *p = arena_cstr(&l->scratch, key);

	for (size_t i = 0; i < key.len; i++)
		p[i] = p[i] == '-' ? '_' : ascii_lower(p[i]);
	return str_make(p, key.len);
}

static void
take_line(struct loader *l, struct str raw, struct source_pos pos)
{
	struct line line = {.pos = pos};
	struct str rest;

	line.text = str_trim(cut_comment(l, raw));
	if (line.text.len == 0 || str_is(line.text, "0"))
		return;
	if (!apply_lang(l, &line.text))
		return;
	rest = line.text;
	line.key = fold_key(l, str_word(&rest));
	line.value = str_trim_left(rest);
	if (str_is(line.key, "endif"))
		close_block(l, &line);
	else if (str_is(line.key, "if") || str_is(line.key, "ifplugin"))
		open_block(l, &line);
	else if (str_is(line.key, "else"))
		turn_block(l, &line);
	else if (str_is(line.key, "include"))
		include_file(l, &line);
	else if (l->skipping)
		return;
	else if (str_is(line.key, "require_version"))
		require_version(l, &line);
	else
		parse_line(l, &line);
}

void
source_read_text(struct loader *l, const char *name, struct str text)
{
	struct source_pos pos = {.file = arena_cstr(l->arena, str_from(name))};
	struct str rest = text;

	digest_add(l, str_from(name));
	digest_add(l, text);
	l->rs->files++;
	while (rest.p != NULL) {
		struct str raw = str_cut(&rest, '\n');

		pos.line++;
		if (raw.len > RULE_LINE_MAX)
			diag_add(l->diags, SEVERITY_ERROR, pos,
			    "the line has more than %zu bytes and is passed "
			    "over",
			    RULE_LINE_MAX);
		else
			take_line(l, raw, pos);
		if (l->include_depth == 0)
			arena_reset(&l->scratch);
	}
	close_file(l);
}

static void
read_file(struct loader *l, const char *path, struct source_pos pos)
{
	struct buf b;
	int rc;

	if (map_set(l->files, str_from(path), l) != NULL)
		return; /* read already: rules would only be said twice */
	buf_init(&b);
	rc = file_read(path, RULE_FILE_MAX, &b);
	if (rc == 0)
		source_read_text(l, path, buf_str(&b));
	else if (rc == ERR_LIMIT)
		diag_add(l->diags, SEVERITY_ERROR, pos,
		    "%s has more than %zu bytes", path, RULE_FILE_MAX);
	else
		diag_add(l->diags, SEVERITY_ERROR, pos, "cannot read %s: %s",
		    path, strerror(errno));
	buf_fini(&b);
}

static void
read_directory(struct loader *l, const char *dir, const char *suffix)
{
	char **names;
	size_t count;

	if (file_list(dir, suffix, &names, &count) != 0) {
		diag_add(l->diags, SEVERITY_ERROR,
		    (struct source_pos){
			.file = arena_cstr(l->arena, str_from(dir))},
		    "cannot read the directory: %s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(dir, names[i]);

		if (!file_is_dir(path))
			read_file(l, path,
			    (struct source_pos){
				.file = arena_cstr(l->arena, str_from(path))});
		free(path);
	}
	file_list_free(&names, count);
}

void
source_read_path(struct loader *l, const char *path)
{
	if (file_is_dir(path)) {
		read_directory(l, path, ".pre");
		read_directory(l, path, ".cf");
		return;
	}
	/* Dictionaries stand in the same list; rule/dict.c reads them. */
	if (str_ends_nocase(str_from(path), STR(".dict")))
		return;
	read_file(l, path,
	    (struct source_pos){.file = arena_cstr(l->arena, str_from(path))});
}
