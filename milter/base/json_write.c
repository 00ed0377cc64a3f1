#include "base/json_write.h"

#include "base/clean.h"

#include <math.h>
#include <stdio.h>

/* Digits of a number, as json_format() writes them. */
#define REAL_DIGITS 15

static void
begin(struct json_writer *w, const char *key)
{
	if (w->more)
		buf_add_char(w->out, ',');
	w->more = true;
	if (key == NULL)
		return;
	buf_add_char(w->out, '"');
	buf_add_cstr(w->out, key);
	buf_add(w->out, STR("\":"));
}

static void
open_with(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	buf_add_char(w->out, bracket);
	w->more = false;
}

static void
close_with(struct json_writer *w, char bracket)
{
	buf_add_char(w->out, bracket);
	w->more = true;
}

void
json_write_object(struct json_writer *w, const char *key)
{
	open_with(w, key, '{');
}

void
json_write_end_object(struct json_writer *w)
{
	close_with(w, '}');
}

void
json_write_array(struct json_writer *w, const char *key)
{
	open_with(w, key, '[');
}

void
json_write_end_array(struct json_writer *w)
{
	close_with(w, ']');
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static void
add_escape(struct buf *out, unsigned char c)
{
	static const char letter[0x20] = {['\b'] = 'b',
	    ['\f'] = 'f',
	    ['\n'] = 'n',
	    ['\r'] = 'r',
	    ['\t'] = 't'};

	if (c == '"' || c == '\\' || letter[c] != '\0') {
		buf_add_char(out, '\\');
		buf_add_char(out, c < 0x20 ? letter[c] : (char)c);
	} else {
		buf_printf(out, "\\u%04X", c);
	}
}

/* Text that is no UTF-8: each byte is the code point of its number. */
static void
add_high(struct buf *out, unsigned char c)
{
	buf_add_char(out, (char)(0xc0 | c >> 6));
	buf_add_char(out, (char)(0x80 | (c & 0x3f)));
}

void
json_write_str(struct json_writer *w, const char *key, struct str s)
{
	bool valid = utf8_valid(s);
	size_t i = 0;

	begin(w, key);
	buf_add_char(w->out, '"');
	while (i < s.len) {
		size_t from = i;
		unsigned char c = 0;

		for (; i < s.len; i++) {
			c = (unsigned char)s.p[i];
			if (!is_plain(c) || (c >= 0x80 && !valid))
				break;
		}
		buf_add(w->out, str_make(s.p + from, i - from));
		if (i == s.len)
			break;
		if (c >= 0x80)
			add_high(w->out, c);
		else
			add_escape(w->out, c);
		i++;
	}
	buf_add_char(w->out, '"');
}

void
json_write_int(struct json_writer *w, const char *key, int64_t v)
{
	begin(w, key);
	buf_add_int(w->out, v);
}

/* "1e+07" as "1e7": the exponent without sign and zeros it can do without. */
static void
add_real(struct buf *out, struct str s)
{
	size_t e = str_find_char(s, 'e');
	struct str power;

	if (e == STR_NPOS) {
		buf_add(out, s);
		return;
	}
	buf_add(out, str_head(s, e + 1));
	power = str_skip(s, e + 1);
	if (power.len > 0 && power.p[0] == '-')
		buf_add_char(out, '-');
	power = str_skip(power, 1); /* C writes a sign always */
	buf_add(out, str_skip(power, str_span(power, "0")));
}

/* Between these, six decimals at most: there is no shorter spelling. */
#define SHORT_MIN 1e-4
#define SHORT_MAX 1e9
#define SHORT_DECIMALS 6

/* False: `v` is no such number. */
static bool
add_short(struct buf *out, double v)
{
	unsigned decimals = SHORT_DECIMALS;
	int64_t whole;

	if (!(fabs(v) < SHORT_MAX) || (v == 0 && signbit(v)) ||
	    (v != 0 && fabs(v) < SHORT_MIN))
		return false;
	whole = (int64_t)(v * 1e6 + (v < 0 ? -0.5 : 0.5));
	if ((double)whole / 1e6 != v)
		return false;
	/* One at least, not to be taken for an integer. */
	for (; decimals > 1 && whole % 10 == 0; decimals--)
		whole /= 10;
	buf_add_fixed(out, v, decimals);
	return true;
}

void
json_write_double(struct json_writer *w, const char *key, double v)
{
	char text[40];
	int n;

	begin(w, key);
	if (!isfinite(v)) {
		buf_add(w->out, STR("null"));
		return;
	}
	if (add_short(w->out, v))
		return;
	n = snprintf(text, sizeof(text), "%.*g", REAL_DIGITS, v);
	add_real(w->out, str_make(text, (size_t)n));
	/* A reader must not take it for an integer. */
	if (str_cspan(str_make(text, (size_t)n), ".e") == (size_t)n)
		buf_add(w->out, STR(".0"));
}

void
json_write_bool(struct json_writer *w, const char *key, bool v)
{
	begin(w, key);
	buf_add(w->out, v ? STR("true") : STR("false"));
}
