#include "mail/date.h"

/*
 * Words are parted by white space and commas. They are gone through more than
 * once, so the first of them, mostly all there are, are kept.
 */
#define WORDS_KEPT 16

struct words {
	struct str rest; /* behind the kept ones, then behind the last one */
	size_t index;	 /* of the next word */
	struct str kept[WORDS_KEPT];
	size_t kept_count;
	struct str behind_kept;
};

/* Words of the text that were the date, and no longer count. */
struct taken {
	size_t first;
	size_t count;
};

struct day {
	unsigned day;
	unsigned month; /* from 1 */
	unsigned year;
};

static bool
is_gap(char c)
{
	return c <= ',' && (c == ',' || ascii_is_space(c));
}

static void
words_init(struct words *w, struct str text)
{
	w->rest = w->behind_kept = text;
	w->index = w->kept_count = 0;
}

static void
rewind_words(struct words *w)
{
	w->rest = w->behind_kept;
	w->index = 0;
}

static bool
read_word(struct words *w, struct str *out)
{
	struct str s = w->rest;
	size_t i = 0, end;

	while (i < s.len && is_gap(s.p[i]))
		i++;
	for (end = i; end < s.len && !is_gap(s.p[end]);)
		end++;
	*out = str_make(s.p + i, end - i);
	w->rest = str_skip(s, end);
	w->index += end > i;
	return end > i;
}

static bool
next_word(struct words *w, struct str *out)
{
	if (w->index < w->kept_count) {
		*out = w->kept[w->index++];
		return true;
	}
	if (!read_word(w, out))
		return false;
	if (w->kept_count < WORDS_KEPT) {
		w->kept[w->kept_count++] = *out;
		w->behind_kept = w->rest;
	}
	return true;
}

/* ---- words -------------------------------------------------------------- */

static bool
is_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.len > 0;
}

/* Of digits; what is too large to mean anything stays large. */
static unsigned
number(struct str digits)
{
	unsigned n = 0;

	for (size_t i = 0; i < digits.len && n < 100000; i++)
		n = n * 10 + (unsigned)(digits.p[i] - '0');
	return n;
}

/* From 1; 0: it is none. */
static unsigned
month_of(struct str s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char name[3];

	if (s.len != sizeof(name))
		return 0;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = ascii_lower(s.p[i]);
	for (unsigned i = 0; i < 12; i++)
		if (memcmp(name, names + 3 * (size_t)i, sizeof(name)) == 0)
			return i + 1;
	return 0;
}

/* digits:digits:digits */
static bool
is_clock(struct str s)
{
	for (int i = 0; i < 3; i++)
		if (!is_digits(str_cut(&s, ':')))
			return false;
	return s.p == NULL;
}

/* ---- the day ------------------------------------------------------------ */

/*
 * The forms a date takes, tried one after the other over the whole text:
 * "26 Mar 2024"; "Mar 26 10:00:00 2024"; "26 Mar 24".
 */
enum form { FORM_LONG, FORM_ASCTIME, FORM_SHORT, FORM_COUNT };

static size_t
form_length(enum form form)
{
	return form == FORM_ASCTIME ? 4 : 3;
}

static bool
form_fits(enum form form, const struct str *w, struct day *out)
{
	struct str year = w[form_length(form) - 1];
	struct str day = form == FORM_ASCTIME ? w[1] : w[0];

	if (!is_digits(day) || !is_digits(year))
		return false;
	if (form == FORM_SHORT ? year.len != 2 && year.len != 3 : year.len != 4)
		return false;
	if (form == FORM_ASCTIME && !is_clock(w[2]))
		return false;
	*out = (struct day){.day = number(day),
	    .month = month_of(form == FORM_ASCTIME ? w[0] : w[1]),
	    .year = number(year)};
	/* RFC 5322 4.3: two digits from 50, and three, count from 1900. */
	if (year.len == 2 && out->year < 50)
		out->year += 2000;
	else if (year.len != 4)
		out->year += 1900;
	return out->month > 0;
}

static bool
find_form(struct words *w, enum form form, struct day *out, struct taken *where)
{
	size_t want = form_length(form), have = 0;
	struct str window[4], word;

	rewind_words(w);
	while (next_word(w, &word)) {
		if (have == want) {
			for (size_t i = 1; i < want; i++)
				window[i - 1] = window[i];
			have--;
		}
		window[have++] = word;
		if (have == want && form_fits(form, window, out)) {
			*where = (struct taken){w->index - want, want};
			return true;
		}
	}
	return false;
}

/* ---- time and zone ------------------------------------------------------ */

/* H:MM or HH:MM, with :SS or without. */
static bool
parse_time(struct str s, unsigned *seconds_out)
{
	size_t hour = s.len >= 3 && s.p[1] != ':' ? 2 : 1;
	unsigned v[3] = {0};

	if (s.len != hour + 3 && s.len != hour + 6)
		return false;
	for (size_t i = 0, at = 0; at < s.len; i++, at++) {
		size_t len = i == 0 ? hour : 2;
		struct str field = str_make(s.p + at, len);

		if ((at > 0 && s.p[at - 1] != ':') || !is_digits(field))
			return false;
		v[i] = number(field);
		at += len;
	}
	v[0] = v[0] > 23 ? 23 : v[0];
	v[1] = v[1] > 59 ? 59 : v[1];
	v[2] = v[2] > 59 ? 59 : v[2];
	*seconds_out = (v[0] * 60 + v[1]) * 60 + v[2];
	return true;
}

/* +HHMM, -HHMM */
static bool
parse_offset(struct str s, int *minutes_out)
{
	unsigned n;

	if (s.len != 5 || (s.p[0] != '+' && s.p[0] != '-') ||
	    !is_digits(str_skip(s, 1)))
		return false;
	n = number(str_skip(s, 1));
	*minutes_out = (int)(n / 100 * 60 + n % 100);
	if (s.p[0] == '-')
		*minutes_out = -*minutes_out;
	return true;
}

static bool
is_word_char(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* The first run of two to four capitals that is a word, within `s`. */
static bool
find_capitals(struct str s, struct str *out)
{
	size_t end;

	for (size_t i = 0; i < s.len; i = end + 1) {
		size_t n = 0;

		for (end = i; end < s.len && is_word_char(s.p[end]); end++)
			n += s.p[end] >= 'A' && s.p[end] <= 'Z';
		if (n != end - i || n < 2 || n > 4)
			continue;
		*out = str_make(s.p + i, n);
		/* "EST-DST" is one name. */
		if (str_starts(str_skip(s, end), STR("-DST")) &&
		    (end + 4 == s.len || !is_word_char(s.p[end + 4])))
			out->len += 4;
		return true;
	}
	return false;
}

static int
zone_minutes(struct str name)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
#define DATE_ZONE(name, minutes) {#name, minutes},
#include "mail/date_zone.def"
	};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (str_is(name, zones[i].name))
			return zones[i].minutes;
	return 0;
}

static void
find_time_and_zone(struct words *w, const struct taken *date,
    unsigned *seconds_out, int *minutes_out)
{
	bool has_time = false, has_offset = false;
	struct str word, name = STR_NONE;

	rewind_words(w);
	while (!(has_time && has_offset) && next_word(w, &word)) {
		size_t i = w->index - 1;

		if (i >= date->first && i - date->first < date->count)
			continue;
		if (!has_time && parse_time(word, seconds_out))
			has_time = true;
		else if (!has_offset && parse_offset(word, minutes_out))
			has_offset = true;
		else if (name.len == 0)
			find_capitals(word, &name);
	}
	if (!has_offset && name.len > 0)
		*minutes_out = zone_minutes(name);
}

/* ---- all of it ---------------------------------------------------------- */

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
days_in(unsigned month, unsigned year)
{
	static const unsigned char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* A day that is not there is the first of the next month. */
static void
mend(struct day *d)
{
	if (d->day > days_in(d->month, d->year)) {
		d->day = 1;
		d->month++;
	}
	if (d->month > 12) {
		d->month = 1;
		d->year++;
	}
	if (d->year > DATE_YEAR_MAX)
		d->year = DATE_YEAR_MAX;
	if (d->year < DATE_YEAR_MIN)
		d->year = DATE_YEAR_MIN;
}

/* Leap days before 1 January of that year. */
static unsigned
leap_days(unsigned year)
{
	year--;
	return year / 4 - year / 100 + year / 400;
}

static int64_t
days_since_1970(const struct day *d)
{
	static const unsigned short before[] = {
	    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t days = 365 * (int64_t)(d->year - DATE_YEAR_MIN) +
		       leap_days(d->year) - leap_days(DATE_YEAR_MIN);

	days += before[d->month - 1] + (d->month > 2 && is_leap(d->year));
	return days + d->day - 1;
}

bool
date_parse(struct str text, int64_t *out)
{
	struct words words;
	struct day day;
	struct taken where;
	unsigned seconds = 0;
	int minutes = 0;
	enum form form = FORM_LONG;
	int64_t t;

	words_init(&words, text);
	while (!find_form(&words, form, &day, &where))
		if (++form == FORM_COUNT)
			return false;
	mend(&day);
	/* The year it was moved to may lack the day. */
	if (day.day == 0 || day.day > days_in(day.month, day.year))
		return false;
	find_time_and_zone(&words, &where, &seconds, &minutes);
	t = days_since_1970(&day) * 86400 + seconds - (int64_t)minutes * 60;
	*out = t < 0 ? 0 : t;
	return true;
}

/* ---- a relay's stamp ---------------------------------------------------- */

/* Takes the digits in front of `at` and what must stand before them. */
static bool
back_over_digits(struct str s, size_t *at)
{
	size_t end = *at;

	while (*at > 0 && ascii_is_digit(s.p[*at - 1]))
		--*at;
	return end > *at && *at > 0;
}

/* The digits at `at`, which `next` follows; moves behind that. */
static bool
over_digits(struct str s, char next, size_t *at)
{
	size_t start = *at;

	while (*at < s.len && ascii_is_digit(s.p[*at]))
		++*at;
	return *at > start && *at < s.len && s.p[(*at)++] == next;
}

/* Where the date begins whose hour ends at `colon`. */
static bool
stamp_start(struct str s, size_t colon, size_t *out)
{
	size_t at = colon;

	if (!back_over_digits(s, &at) || s.p[--at] != ' ' ||
	    !back_over_digits(s, &at) || s.p[--at] != ' ' || at < 4)
		return false;
	for (size_t i = 1; i <= 3; i++)
		if (ascii_is_space(s.p[at - i]))
			return false;
	at -= 4;
	if (s.p[at] != ' ' || !back_over_digits(s, &at))
		return false;
	at--;
	/* Any byte may stand between. */
	if (at > 0 && ascii_is_space(s.p[at - 1]) && s.p[at] != '\n')
		at--;
	*out = at;
	return ascii_is_space(s.p[at]);
}

/* The end of the date whose hour ends at `colon`. */
static bool
stamp_end(struct str s, size_t colon, size_t *out)
{
	size_t at = colon + 1, zone;

	if (!over_digits(s, ':', &at) || !over_digits(s, ' ', &at))
		return false;
	for (zone = at; at < s.len && !ascii_is_space(s.p[at]);)
		at++;
	*out = at;
	return at > zone;
}

bool
date_find_stamp(struct str line, struct str *out)
{
	size_t start, end;

	for (size_t colon = 0; colon < line.len; colon++) {
		size_t n = str_find_char(str_skip(line, colon), ':');

		if (n == STR_NPOS)
			return false;
		colon += n;
		if (!stamp_start(line, colon, &start) ||
		    !stamp_end(line, colon, &end))
			continue;
		*out = str_make(line.p + start, end - start);
		return true;
	}
	return false;
}
