/*
 * postern import: word lists of other programs as a dictionary file.
 */
#include "base/err.h"
#include "base/file.h"
#include "cli/cli.h"
#include "rule/dict_import.h"

#include <errno.h>
#include <stdio.h>

#define LIST_FILE_MAX ((size_t)64 * 1024 * 1024)

struct import_options {
	const char *format;
	const char *name;
	const char *output;
};

static bool
write_result(const struct import_options *o, struct str text)
{
	if (o->output == NULL) {
		cli_write(text);
		return true;
	}
	if (file_exists(o->output)) {
		cli_complain("import", "%s is there already", o->output);
		return false;
	}
	if (file_replace(o->output, text, 0644) == 0)
		return true;
	cli_complain("import", "%s: %s", o->output, strerror(errno));
	return false;
}

static int
import(const struct import_options *o, const char *file)
{
	enum dict_import_format format;
	struct buf text, out;
	struct diags diags;
	int rc, code = EXIT_USAGE;
	long count;

	if (!dict_import_format_parse(str_from(o->format), &format))
		return cli_complain(
		    "import", "--format wants dansguardian, e2guardian or csv");
	diags_init(&diags, 0);
	buf_init(&text);
	buf_init(&out);
	rc = file_read(file, LIST_FILE_MAX, &text);
	if (rc != 0) {
		cli_complain("import", "%s: %s", file,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	} else {
		count = dict_import(format, file, str_from(o->name),
		    buf_str(&text), &out, &diags);
		cli_show_diags(&diags);
		if (count >= 0 && write_result(o, buf_str(&out)))
			code = EXIT_GOOD;
		if (count >= 0)
			fprintf(stderr,
			    "postern import: %ld entries, %zu "
			    "lines left out\n",
			    count, diags.warnings);
	}
	buf_fini(&out);
	buf_fini(&text);
	diags_fini(&diags);
	return code;
}

int
command_import(int argc, char **argv)
{
	struct import_options o = {0};
	const struct option table[] = {
	    {'f', "format", "FORMAT", "dansguardian, e2guardian or csv",
		OPTION_TEXT, &o.format},
	    {'n', "name", "NAME", "Name of the new dictionary", OPTION_TEXT,
		&o.name},
	    {'O', "output", "FILE",
		"Write there, if it is not there yet; default: standard output",
		OPTION_TEXT, &o.output},
	};
	const struct options options = {argv[0], "FILE|-",
	    "Turns a weighted phrase list of DansGuardian or e2guardian, or a "
	    "file of `weight,term` lines, into a dictionary file. It starts in "
	    "shadow mode: look at it, then set `mode enforce`.",
	    table, sizeof(table) / sizeof(table[0]), 1};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	else if (r == OPTIONS_GO &&
		 (operands.len != 1 || o.format == NULL || o.name == NULL))
		cli_complain(
		    argv[0], "wants --format, --name and a FILE (try --help)");
	else if (r == OPTIONS_GO)
		rc = import(&o, operands.v[0]);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
