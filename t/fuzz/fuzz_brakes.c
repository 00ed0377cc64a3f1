/*
 * The file of greylist and throttle: any bytes are read, what was read is
 * written and read again as the same, and units of any content are judged. The
 * first byte chooses how many units fit and the settings they are asked with.
 */
#include "base/mem.h"
#include "peer/brake_table.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bounds of what postern.conf takes, and one in between. */
static const struct brake_settings settings[] = {
    {.interval_ms = 1000, .messages = 1, .recipients = 1},
    {.grey_delay_ms = 300000,
	.grey_retry_ms = 21600000,
	.grey_life_ms = INT64_C(3110400000),
	.grey_proof = 2,
	.interval_ms = 600000,
	.messages = 3,
	.recipients = 5},
    {.grey_delay_ms = INT64_C(86400000),
	.grey_retry_ms = INT64_C(86400000) * 30,
	.grey_life_ms = INT64_C(86400000) * 3650,
	.grey_proof = UINT32_MAX,
	.interval_ms = INT64_C(86400000),
	.messages = UINT32_MAX,
	.recipients = UINT32_MAX},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Twice each, so that what the first answer left is asked again. */
static void
ask_all(struct brake_table *t, struct str text, const struct brake_settings *s)
{
	while (text.len > 0) {
		struct str line = str_cut(&text, '\n');
		struct brake_question q = {.now_ms = INT64_C(1790000000000),
		    .grey = true,
		    .throttle = true,
		    .new_message = true,
		    .settings = *s};
		struct brake_view v;

		if (!str_is(str_word(&line), "unit"))
			continue;
		line = str_word(&line);
		for (int i = 0; i < 2; i++) {
			brake_table_ask(t, line, &q, &v);
			invariant(v.word < BRAKE_WORDS && v.wait_ms >= 0);
			invariant((v.word == BRAKE_NONE) == (v.wait_ms == 0));
			invariant(v.word != BRAKE_THROTTLE ||
				  v.wait_ms <= s->interval_ms);
			q.now_ms += v.wait_ms;
			q.pair += (uint64_t)i;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct brake_table *t, *again;
	struct buf first, second;
	size_t count;

	if (size == 0)
		return 0;
	t = brake_table_new(1 + (data[0] >> 2));
	again = brake_table_new(1 + (data[0] >> 2));
	brake_table_read(t, str_make((const char *)data + 1, size - 1));
	count = brake_table_count(t);
	invariant(count <= 1 + (size_t)(data[0] >> 2));
	buf_init(&first);
	buf_init(&second);
	brake_table_write(t, &first);
	brake_table_read(again, buf_str(&first));
	brake_table_write(again, &second);
	invariant(brake_table_count(again) == count);
	invariant(first.len == second.len);
	ask_all(t, buf_str(&first), &settings[data[0] % SETTINGS]);
	buf_fini(&first);
	buf_fini(&second);
	brake_table_free(&t);
	brake_table_free(&again);
	return 0;
}
