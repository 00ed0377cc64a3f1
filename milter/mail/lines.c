#include "mail/lines.h"

#include "base/block.h"
#include "base/buf.h"

struct str
lines_at(struct str s, size_t pos)
{
	struct str rest = str_skip(s, pos);
	size_t eol = str_find_char(rest, '\n');

	return str_head(rest, eol == STR_NPOS ? rest.len : eol + 1);
}

bool
lines_is_blank(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!ascii_is_space(line.p[i]))
			return false;
	return true;
}

bool
lines_is_field(struct str line, bool blanks)
{
	size_t n = 0;

	while (n < line.len && line.p[n] > ' ' && line.p[n] < 0x7f &&
	       line.p[n] != ':')
		n++;
	if (n == 0)
		return false;
	while (
	    blanks && n < line.len && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n < line.len && line.p[n] == ':';
}

static size_t
skip_lines(struct str s, size_t pos, size_t count)
{
	while (count-- > 0 && pos < s.len)
		pos += lines_at(s, pos).len;
	return pos;
}

struct squeeze {
	struct str in;
	struct buf out;
	size_t copied;
};

/* `count` blank lines stand at `start`. */
static void
squeeze_run(struct squeeze *q, size_t start, size_t count)
{
	size_t top = start == 0;
	size_t kept;

	if (count <= LINES_BLANK_MAX + top)
		return;
	kept = skip_lines(q->in, start, 1 + top);
	buf_add(&q->out, str_make(q->in.p + q->copied, kept - q->copied));
	q->copied = skip_lines(q->in, kept, count - LINES_BLANK_MAX - top);
}

/* More line ends than that many in a piece of white space. */
static bool
has_run(struct str space)
{
	size_t n = 0;

	for (size_t i = 0; i < space.len; i++)
		n += space.p[i] == '\n';
	return n > LINES_BLANK_MAX;
}

/* Every byte is white space or a control. */
static inline bool
is_blank_block(uint64_t block)
{
	return ((block | (block + (0x80 - '!') * BLOCK_EACH)) & BLOCK_HIGH) ==
	       0;
}

/* Of a byte more than the lines that are kept, a block begins in each so many
 * places. */
#define RUN_STEP (LINES_BLANK_MAX + 2 - BLOCK)

/* Somewhere are more blank lines than are kept: white space of so many bytes at
 * least. */
static bool
may_have_run(struct str s)
{
	for (size_t i = 0, next; i + BLOCK <= s.len; i = next) {
		size_t from = i, end = i;

		next = i + RUN_STEP;
		if (!is_blank_block(block_load(s.p + i)))
			continue;
		while (end < s.len && ascii_is_space(s.p[end]))
			end++;
		while (from > 0 && ascii_is_space(s.p[from - 1]))
			from--;
		if (has_run(str_make(s.p + from, end - from)))
			return true;
		if (end > next)
			next = end;
	}
	return false;
}

struct str
lines_squeeze(struct arena *a, struct str s)
{
	struct squeeze q = {.in = s};
	size_t run = 0, start = 0;

	if (!may_have_run(s))
		return s;
	buf_init_arena(&q.out, a);
	for (size_t pos = 0; pos < s.len;) {
		struct str line = lines_at(s, pos);

		if (lines_is_blank(line)) {
			start = run++ == 0 ? pos : start;
		} else if (run > 0) {
			squeeze_run(&q, start, run);
			run = 0;
		}
		pos += line.len;
	}
	squeeze_run(&q, start, run);
	if (q.copied == 0)
		return s;
	buf_add(&q.out, str_skip(s, q.copied));
	return buf_str(&q.out);
}

struct str
lines_cut(struct arena *a, struct str s, size_t max)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, s.len + s.len / max + 1);
	for (size_t pos = 0; pos < s.len;) {
		struct str line = lines_at(s, pos);

		pos += line.len;
		for (; line.len > max; line = str_skip(line, max)) {
			buf_add(&b, str_head(line, max));
			buf_add_char(&b, '\n');
		}
		buf_add(&b, line);
	}
	return buf_str(&b);
}

struct str
lines_prepend(struct arena *a, struct str s)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, s.len + 1);
	buf_add_char(&b, '\n');
	buf_add(&b, s);
	return buf_str(&b);
}
