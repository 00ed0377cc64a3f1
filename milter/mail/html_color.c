/*
 * Colours as HTML and CSS write them.
 *
 * Names, "#" with any number of hexadecimal digits, rgb() with numbers or
 * percentages. What is none of these is "invalid", which is a finding of its
 * own. Stateless.
 */
#include "mail/html_style.h"
#include "mail/unicode.h"

#define COLOR_NAME_MAX 24 /* bytes; no name is longer */
#define COLOR_DIGITS_MAX 6

static const struct {
	struct str name;
	uint32_t rgb;
} colors[] = {
#define COLOR(name, rgb) {{name, sizeof(name) - 1}, rgb},
#include "mail/html_color.def"
#undef COLOR
};

static struct html_color
from_rgb(uint32_t rgb)
{
	return (struct html_color){COLOR_RGB, (unsigned char)(rgb >> 16),
	    (unsigned char)(rgb >> 8), (unsigned char)rgb};
}

static bool
find_name(struct str name, struct html_color *out)
{
	char text[COLOR_NAME_MAX] = {0};
	struct str lower = str_make(text, name.len);
	size_t low = 0;
	size_t high = sizeof(colors) / sizeof(colors[0]);

	if (name.len > sizeof(text))
		return false;
	for (size_t i = 0; i < name.len; i++)
		text[i] = ascii_lower(name.p[i]);
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(lower, colors[middle].name);

		if (order == 0) {
			*out = from_rgb(colors[middle].rgb);
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Up to six digits to a colour: shorter ones are padded and doubled. */
static struct html_color
from_digits(const int *digits, size_t count)
{
	int d[COLOR_DIGITS_MAX] = {0};
	uint32_t rgb = 0;

	if (count == 0)
		return (struct html_color){.kind = COLOR_EMPTY};
	for (size_t i = 0; i < COLOR_DIGITS_MAX; i++)
		if (count == COLOR_DIGITS_MAX)
			d[i] = digits[i];
		else if (i / 2 < count)
			d[i] = digits[i / 2];
	for (size_t i = 0; i < COLOR_DIGITS_MAX; i++)
		rgb = rgb << 4 | (uint32_t)d[i];
	return from_rgb(rgb);
}

/* "#..." with foreign characters thrown out. */
static struct html_color
parse_hex(struct str s)
{
	int digits[COLOR_DIGITS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < s.len && count < COLOR_DIGITS_MAX; i++)
		if (ascii_hex(s.p[i]) >= 0)
			digits[count++] = ascii_hex(s.p[i]);
	return from_digits(digits, count);
}

/* Takes a number, "%" too when `percent`; false when there is none. */
static bool
take_number(struct str *s, bool percent, double *out)
{
	size_t n = str_span(*s, "0123456789");
	double value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (s->p[i] - '0');
	*s = str_skip(*s, n);
	if (n == 0)
		return false;
	if (percent) {
		if (s->len == 0 || s->p[0] != '%')
			return false;
		*s = str_skip(*s, 1);
		value = value / 100 * 255;
	}
	*out = value;
	return true;
}

/* "1, 2, 3)" behind "rgb(". */
static bool
take_triple(struct str s, bool percent, bool wide, double *out)
{
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		if (!take_number(&s, percent, &out[i]))
			return false;
		if (i < 2 && (s.len == 0 || s.p[0] != ','))
			return false;
		s = str_skip(s, i < 2 ? 1 : 0);
		while ((n = unicode_space_length(s, wide)) > 0)
			s = str_skip(s, n);
	}
	return s.len > 0 && s.p[0] == ')';
}

/* The three numbers in hexadecimal one after the other, the first six digits.
 */
static struct html_color
from_triple(const double *value)
{
	int digits[COLOR_DIGITS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		uint64_t n = value[i] >= 18446744073709551615.0
				 ? UINT64_MAX
				 : (uint64_t)value[i];
		int shift = 4;

		while (shift < 60 && n >> shift > 15)
			shift += 4;
		for (; shift >= 0 && count < COLOR_DIGITS_MAX; shift -= 4)
			digits[count++] = (int)(n >> shift & 15);
	}
	return from_digits(digits, count);
}

/* True when some "rgb(" is followed by digits, "%", commas and ")". */
static bool
has_rgb_form(struct str s)
{
	size_t at;

	while ((at = str_find_nocase(s, STR("rgb("))) != STR_NPOS) {
		s = str_skip(s, at + 4);
		s = str_skip(s, str_span(s, "0123456789%, "));
		if (s.len > 0 && s.p[0] == ')')
			return true;
	}
	return false;
}

static bool
find_triple(struct str s, bool percent, bool wide, double *out)
{
	size_t at;

	while ((at = str_find_nocase(s, STR("rgb("))) != STR_NPOS) {
		s = str_skip(s, at + 4);
		if (take_triple(s, percent, wide, out))
			return true;
	}
	return false;
}

struct html_color
html_color_parse(struct str s, bool wide)
{
	struct html_color color = {.kind = COLOR_INVALID};
	double triple[3];

	s = unicode_trim(s, wide);
	if (find_name(s, &color))
		return color;
	if (str_span(s, "#0123456789abcdefABCDEF") < s.len) {
		if (!has_rgb_form(s))
			return color;
		if (find_triple(s, true, wide, triple) ||
		    find_triple(s, false, wide, triple))
			return from_triple(triple);
	}
	return s.len > 0 && s.p[0] == '#' ? parse_hex(s) : color;
}

struct html_color
html_color_parse_rgb(struct str s)
{
	unsigned value[3] = {0, 0, 0};
	size_t field = 0;

	for (size_t i = 0; i < s.len && field < 3; i++) {
		if (s.p[i] == ',')
			field++;
		else if (ascii_is_digit(s.p[i]) && value[field] <= 255)
			value[field] =
			    value[field] * 10 + (unsigned)(s.p[i] - '0');
	}
	for (size_t i = 0; i < 3; i++)
		if (value[i] > 255)
			value[i] = 255;
	return from_rgb(value[0] << 16 | value[1] << 8 | value[2]);
}

bool
html_color_equal(struct html_color a, struct html_color b)
{
	return a.kind == b.kind &&
	       (a.kind != COLOR_RGB ||
		   (a.red == b.red && a.green == b.green && a.blue == b.blue));
}

bool
html_color_near(struct html_color a, struct html_color b)
{
	/* Weights of the eye's sensitivity; under 12 nothing is legible. */
	double red = 0.2126 * (a.red - b.red);
	double green = 0.7152 * (a.green - b.green);
	double blue = 0.0722 * (a.blue - b.blue);

	return a.kind == COLOR_RGB && b.kind == COLOR_RGB &&
	       red * red + green * green + blue * blue < 12.0 * 12.0;
}
