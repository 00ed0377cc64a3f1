/* The date a relay wrote, found by hand and by the regexp it stands for. */
#include "base/regex.h"
#include "mail/date.h"

#include "tap.h"

static const struct {
	const char *line;
	const char *want; /* NULL: none */
} rows[] = {
    {"by a; Tue, 26 Mar 2024 10:00:00 +0000", " 26 Mar 2024 10:00:00 +0000"},
    {"by a;26 Mar 2024 10:00:00 +0000", NULL},
    {" ;26 Mar 2024 10:00:00 +0000", " ;26 Mar 2024 10:00:00 +0000"},
    {"  6 Mar 2024 1:0:0 GMT (x)", "  6 Mar 2024 1:0:0 GMT"},
    {" \n6 Mar 2024 1:0:0 GMT", "\n6 Mar 2024 1:0:0 GMT"},
    {"6 Mar 2024 1:0:0 GMT", NULL},
    {"a6 Mar 2024 1:0:0 GMT", NULL},
    {" 6 March 2024 1:0:0 GMT", NULL},
    {" 6 M:r 2024 1:0:0 GMT", " 6 M:r 2024 1:0:0 GMT"},
    {" 6 Mar 2024 1:0:0 ", NULL},
    {" 6 Mar 2024 1:0:0", NULL},
    {" 6 Mar 2024 1:0 GMT", NULL},
    {" 6 Mar 2024  1:0:0 GMT", NULL},
    {"x 6 Mar 2024 1:0 7 Apr 2025 2:3:4 Z", " 7 Apr 2025 2:3:4 Z"},
    {" 6 1:2 2024 1:0:0 GMT", " 6 1:2 2024 1:0:0 GMT"},
    {"", NULL},
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str got = STR_NONE;
		bool found = date_find_stamp(str_from(rows[i].line), &got);

		ok(found == (rows[i].want != NULL) &&
			str_eq(got, str_from(rows[i].want)),
		    "stamp in \"%s\"", rows[i].line);
	}
}

/* Pieces of dates and what spoils them, put together at random. */
#define TEXTS 200000
#define PIECES_MAX 24

static struct str
make_text(uint64_t *state, char *room, size_t size)
{
	static const struct str pieces[] = {STR_INIT(" "), STR_INIT(" "),
	    STR_INIT("6 Mar 2024 1:0:0 GMT"), STR_INIT("Mar"), STR_INIT("1"),
	    STR_INIT("23"), STR_INIT(":"), STR_INIT(":"), STR_INIT(" 6 Mar "),
	    STR_INIT(" 2024 "), STR_INIT("10:11:12"), STR_INIT("\t"),
	    STR_INIT("\n"), STR_INIT("\r"), STR_INIT("\v"), STR_INIT("\xa0"),
	    STR_INIT("\x85"), STR_INIT("\0"), STR_INIT("+0000")};
	size_t n = 0, count;

	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	count = (*state >> 33) % PIECES_MAX;
	for (size_t i = 0; i < count; i++) {
		struct str piece;

		*state =
		    *state * 6364136223846793005ULL + 1442695040888963407ULL;
		piece =
		    pieces[(*state >> 33) % (sizeof(pieces) / sizeof(*pieces))];
		if (n + piece.len > size)
			break;
		memcpy(room + n, piece.p, piece.len);
		n += piece.len;
	}
	return str_make(room, n);
}

static void
test_regexp(void)
{
	struct regex_error e;
	struct regex *re = regex_compile(
	    STR("\\s.?\\d+ \\S{3} \\d+ \\d+:\\d+:\\d+ \\S+"), 0, &e);
	struct regex_scratch *scratch = regex_scratch_new(NULL);
	size_t wrong = 0, found = 0;
	uint64_t state = 1;
	char room[256];

	for (size_t i = 0; i < TEXTS; i++) {
		struct str text = make_text(&state, room, sizeof(room)), got;
		struct regex_span span;
		bool want = regex_match(re, scratch, text, 0, &span) == 1;
		bool have = date_find_stamp(text, &got);

		found += want;
		wrong += have != want;
		if (have && want)
			wrong += got.p != text.p + span.start ||
				 got.len != span.end - span.start;
	}
	is_int((long long)wrong, 0, "as the regexp finds it");
	ok(found > TEXTS / 100 && found < TEXTS - TEXTS / 100,
	    "%zu texts of %d have one", found, TEXTS);
	regex_scratch_free(&scratch);
	regex_free(&re);
}

int
main(void)
{
	test_rows();
	test_regexp();
	return done_testing();
}
