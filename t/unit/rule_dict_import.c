#include "rule/dict_import.h"

#include "tap.h"

static const struct {
	const char *name;
	enum dict_import_format format;
	const char *in;
	const char *want; /* below the --- */
	unsigned warnings;
} cases[] = {
    {"a part of a word", DICT_IMPORT_GUARDIAN, "<casino><50>\n",
	"50 \"*casino*\"\n", 0},
    {"a whole word", DICT_IMPORT_GUARDIAN, "< casino ><50>", "50 \"casino\"\n",
	0},
    {"one end open", DICT_IMPORT_GUARDIAN, "< cas><5>\n<ino ><6>",
	"5 \"cas*\"\n6 \"*ino\"\n", 0},
    {"a phrase", DICT_IMPORT_GUARDIAN, "< free money ><30>",
	"30 \"free money\"\n", 0},
    {"a negative weight", DICT_IMPORT_GUARDIAN, "< doctor ><-30>",
	"-30 \"doctor\"\n", 0},
    {"two that belong together", DICT_IMPORT_GUARDIAN,
	"< wire >,<transfer><20>", "20 near(wire, *transfer*, 100)\n", 0},
    {"the weight after a comma", DICT_IMPORT_GUARDIAN,
	"< wire >, < sum >, <20>", "20 near(wire, sum, 100)\n", 0},
    {"comments and headings", DICT_IMPORT_GUARDIAN,
	"#listcategory: \"Gambling\"\r\n\r\n# x\n< bet ><5> # why\r\n",
	"5 \"bet\"\n", 0},
    {"three that belong together", DICT_IMPORT_GUARDIAN,
	"<ab>,<bc>,<cd><20>\n<xx ><1>", "1 \"*xx\"\n", 1},
    {"no weight", DICT_IMPORT_GUARDIAN, "<banned>\n<xx ><1>", "1 \"*xx\"\n", 1},
    {"an include", DICT_IMPORT_GUARDIAN, ".Include</etc/lists/x>\n<xx ><1>",
	"1 \"*xx\"\n", 1},
    {"no letters", DICT_IMPORT_GUARDIAN, "< $$$ ><10>\n<xx ><1>", "1 \"*xx\"\n",
	1},
    {"unclosed", DICT_IMPORT_GUARDIAN, "< ab <10\n<xx ><1>", "1 \"*xx\"\n", 1},
    {"Latin-1", DICT_IMPORT_GUARDIAN, "< caf\xe9 ><5>", "5 \"caf\xc3\xa9\"\n",
	0},
    {"CSV", DICT_IMPORT_CSV, "weight,term\n4,viagra\n-2.5,\"buy, now\"\n",
	"4 \"viagra\"\n-2.5 \"buy, now\"\n", 0},
    {"CSV quotes", DICT_IMPORT_CSV, "1,\"say \"\"hi\"\" twice\"\n",
	"1 \"say  hi  twice\"\n", 0},
    {"CSV open word", DICT_IMPORT_CSV, "1, pill*\n", "1 \"pill*\"\n", 0},
    {"control characters", DICT_IMPORT_CSV,
	"1,a\x0e"
	"b\n2,good",
	"2 \"good\"\n", 1},
    {"CSV that is none", DICT_IMPORT_CSV, "viagra,4\n3\n1,\"open\n1,\n2,good",
	"2 \"good\"\n", 4},
};

static void
one(size_t i)
{
	static const char line[] = "---\n";
	struct diags diags, again;
	struct dict_set *set;
	struct buf out;
	struct str all, body;

	diags_init(&diags, 0);
	diags_init(&again, 0);
	buf_init(&out);
	dict_import(cases[i].format, "list", STR("import"),
	    str_from(cases[i].in), &out, &diags);
	all = buf_str(&out);
	body = str_skip(all, str_find(all, str_from(line)) + 4);
	is_str(body, str_from(cases[i].want), "%s", cases[i].name);
	ok(diags.errors == 0 && diags.warnings == cases[i].warnings,
	    "%u lines left out", cases[i].warnings);
	set = dict_parse("out", all, &again);
	ok(again.errors == 0 && set->v[0].shadow && set->v[0].term_count > 0,
	    "and it loads");
	dict_free(&set);
	buf_fini(&out);
	diags_fini(&diags);
	diags_fini(&again);
}

int
main(void)
{
	struct diags diags;
	struct buf out;
	enum dict_import_format format;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one(i);
	diags_init(&diags, 0);
	buf_init(&out);
	ok(dict_import(
	       DICT_IMPORT_CSV, "f", STR("a b"), STR("1,x"), &out, &diags) < 0,
	    "a bad name");
	ok(dict_import(DICT_IMPORT_CSV, "f", STR("ab"), STR(""), &out, &diags) <
		0,
	    "an empty list");
	is_int(diags.errors, 2, "both are errors");
	ok(dict_import_format_parse(STR("e2guardian"), &format) &&
		format == DICT_IMPORT_GUARDIAN &&
		!dict_import_format_parse(STR("xml"), &format),
	    "formats by name");
	buf_fini(&out);
	diags_fini(&diags);
	return done_testing();
}
