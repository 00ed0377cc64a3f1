#include "cli/cli.h"

#include "base/clean.h"
#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define CONFIG_INSTALLED POSTERN_SYSCONFDIR "/postern.conf"

int
cli_complain(const char *command, const char *fmt, ...)
{
	struct buf clean;
	char text[512];
	va_list ap;

	buf_init(&clean);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean_add_utf8(&clean, str_from(text));
	fprintf(stderr, "postern %s: %s\n", command, buf_cstr(&clean));
	buf_fini(&clean);
	return EXIT_USAGE;
}

void
cli_show_diags(const struct diags *diags)
{
	struct buf out;

	buf_init(&out);
	diags_format(diags, &out);
	fputs(buf_cstr(&out), stderr);
	buf_fini(&out);
}

static void
apply_option(struct config *c, const char *text, struct diags *diags)
{
	struct source_pos pos = {"-o", 0, 0};
	struct str value = str_from(text), key = str_cut(&value, '=');

	if (value.p == NULL)
		diag_add(diags, SEVERITY_ERROR, pos,
		    "expected KEY=VALUE, found \"%.80s\"", text);
	else
		config_set(c, str_trim(key), str_trim(value), pos, diags);
}

struct config *
cli_config_load(const char *command, const struct cli_config_options *o)
{
	const char *file = o->file;
	struct diags diags;
	struct config *c;

	diags_init(&diags, 0);
	if (file == NULL && file_exists(CONFIG_INSTALLED))
		file = CONFIG_INSTALLED;
	c = config_load(file, &diags);
	for (size_t i = 0; i < o->set.len; i++)
		apply_option(c, o->set.v[i], &diags);
	cli_show_diags(&diags);
	if (diags.errors > 0) {
		cli_complain(command, "the configuration has %zu error%s",
		    diags.errors, diags.errors == 1 ? "" : "s");
		config_free(&c);
	}
	diags_fini(&diags);
	return c;
}

void
cli_write(struct str s)
{
	if (s.len > 0)
		fwrite(s.p, 1, s.len, stdout);
}

bool
cli_flush(const char *command)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	cli_complain(command, "cannot write: %s", strerror(errno));
	return false;
}
