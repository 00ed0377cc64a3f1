#include "mail/mime_head.h"

#include "base/buf.h"
#include "mail/decode.h"
#include "mail/lines.h"
#include "mail/message.h"

/* Lines that are no field, passed over before the body is taken to begin. */
#define BAD_LINES_MAX 3

/* "From " and what is no colon; "From :" is a field, oddly spelled. */
static bool
is_mbox_line(struct str line)
{
	size_t blanks = 4;

	if (!str_starts(line, STR("From")))
		return false;
	while (blanks < line.len && ascii_is_space(line.p[blanks]))
		blanks++;
	if (blanks == 4)
		return false;
	return blanks == line.len || line.p[blanks] != ':' || blanks > 5;
}

/* Matches `s` against `shape`: 9 digit, a letter, x hex, w word, others as are.
 */
static bool
has_shape(struct str s, const char *shape)
{
	if (s.len != strlen(shape))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool good = c == shape[i];

		if (shape[i] == '9')
			good = ascii_is_digit(c);
		else if (shape[i] == '_')
			good = ascii_is_digit(c) || ascii_is_space(c);
		else if (shape[i] == ' ')
			good = ascii_is_space(c);
		else if (shape[i] == 'a')
			good = ascii_is_alpha(c);
		else if (shape[i] == 'x')
			good = ascii_is_digit(c) || (c >= 'a' && c <= 'f');
		else if (shape[i] == 'w')
			good = ascii_is_alnum(c) || c == '_';
		if (!good)
			return false;
	}
	return true;
}

/* "11-Apr-2024 10:11:12 +0000,1234;000000000000-00000001" */
static bool
is_mbx_line(struct str line)
{
	static const char date[] = "_9-aaa-9999 99:99:99";
	static const char tail[] = "xxxxxxxxxxxx-wwwwwwww";
	size_t semicolon, comma;
	uint64_t size;

	if (!has_shape(str_head(line, sizeof(date) - 1), date))
		return false;
	line = str_skip(line, sizeof(date) - 1);
	if (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	semicolon = str_rfind_char(line, ';');
	if (semicolon == STR_NPOS ||
	    !has_shape(str_skip(line, semicolon + 1), tail))
		return false;
	comma = str_rfind_char(str_head(line, semicolon), ',');
	return comma != STR_NPOS &&
	       str_to_u64(
		   str_make(line.p + comma + 1, semicolon - comma - 1), &size);
}

struct str
mime_head_skip_separator(struct str raw)
{
	struct str line = lines_at(raw, 0);

	if (is_mbox_line(line) || is_mbx_line(line))
		return str_skip(raw, line.len);
	return raw;
}

/* Only the first and the last line tell. */
static bool
has_crlf(struct str raw)
{
	return str_ends(lines_at(raw, 0), STR("\r\n")) ||
	       str_ends(raw, STR("\r\n"));
}

/* A line that is no field, with its folds, makes a name of several lines. In a
 * message with CR LF these line ends were not converted. */
static struct str
restore_name(struct arena *a, struct str name)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '\n')
			buf_add_char(&b, '\r');
		buf_add_char(&b, name.p[i]);
	}
	return buf_str(&b);
}

/* "name: value" with all its folds. Without a colon it is not kept. */
static void
add_field(const struct mail_limits *limits, struct str field,
    struct header_list *headers, struct mime_head *out)
{
	size_t colon = str_find_char(field, ':');
	struct str name, value;

	if (colon == STR_NPOS)
		return;
	name = str_head(field, colon);
	value = str_skip(field, colon + 1);
	while (name.len > 0 &&
	       (name.p[name.len - 1] == ' ' || name.p[name.len - 1] == '\t'))
		name.len--;
	if (out->crlf && str_find_char(name, '\n') != STR_NPOS)
		name = restore_name(headers->arena, name);
	if (name.len > limits->header_name || value.len > limits->header_value)
		out->flags |= MESSAGE_TRUNCATED_HEADER;
	if (headers->len >= limits->header_count) {
		out->flags |= MESSAGE_TRUNCATED_HEADER;
		return;
	}
	header_list_add(headers, str_head(name, limits->header_name),
	    str_head(value, limits->header_value));
}

/* What a line outside a continuation means. */
enum line_kind {
	LINE_FIELD,
	LINE_END, /* the blank line */
	LINE_BODY /* belongs to the body, the blank line is missing */
};

static enum line_kind
classify(struct str line, unsigned *bad)
{
	if (str_is(line, "\n"))
		return LINE_END;
	if (str_starts(line, STR("--")))
		return LINE_BODY;
	if (!lines_is_field(line, true) && ++*bad > BAD_LINES_MAX)
		return LINE_BODY;
	return LINE_FIELD;
}

static size_t
parse_section(const struct mail_limits *limits, struct str raw,
    struct header_list *headers, struct mime_head *out)
{
	size_t pos = 0, start = STR_NPOS;
	unsigned bad = 0;

	for (;;) {
		struct str line = lines_at(raw, pos);
		enum line_kind kind;

		if (line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
			start = start == STR_NPOS ? pos : start;
			pos += line.len;
			continue;
		}
		if (start != STR_NPOS)
			add_field(limits, str_make(raw.p + start, pos - start),
			    headers, out);
		kind = line.len > 0 ? classify(line, &bad) : LINE_BODY;
		if (kind == LINE_BODY)
			out->flags |= MESSAGE_MISSING_HEAD_BODY_SEPARATOR;
		if (kind == LINE_END)
			return pos + line.len;
		if (kind == LINE_BODY)
			return pos;
		start = pos;
		pos += line.len;
	}
}

void
mime_head_parse(struct arena *a, const struct mail_limits *limits,
    struct str raw, struct header_list *headers, struct mime_head *out)
{
	size_t end;

	*out = (struct mime_head){0};
	raw = mime_head_skip_separator(raw);
	out->crlf = has_crlf(raw);
	if (out->crlf)
		raw = decode_crlf(a, raw);
	end = parse_section(limits, raw, headers, out);
	out->text = str_head(raw, end);
	out->body = str_skip(raw, end);
}
