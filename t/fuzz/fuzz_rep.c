/*
 * Foreign bytes of the reputation store: the redis setting, a journal's
 * segment, a server's reply as unit, listing and script answer, an event, a
 * line of evidence, a line of the state file. The first byte chooses.
 */
#include "peer/rep_apply.h"
#include "peer/rep_url.h"

#include "base/file.h"
#include "base/mem.h"
#include "peer/rep_event.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_journal(struct str s)
{
	static char dir[64];
	struct rep_journal_found found;
	struct rep_journal_entry e;
	struct rep_journal *j;
	struct rep_cursor c;
	char *error = NULL, path[96];

	if (dir[0] == '\0') {
		snprintf(dir, sizeof(dir), "/tmp/postern-fuzz.XXXXXX");
		if (mkdtemp(dir) == NULL)
			abort();
	}
	snprintf(path, sizeof(path), "%s/journal.000000000001", dir);
	if (file_replace(path, s, 0600) != 0)
		return;
	j = rep_journal_open(dir, REP_JOURNAL_LIMIT, &found, &error);
	if (j != NULL) {
		c = rep_journal_start(j);
		while (rep_journal_read(j, &c, &e) == 1)
			invariant(e.payload.len <= REP_JOURNAL_RECORD_MAX);
	}
	rep_journal_close(&j);
	free(error);
	unlink(path);
	snprintf(path, sizeof(path), "%s/mark", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bad-journal.000000000001", dir);
	unlink(path);
}

static void
try_reply(struct str s)
{
	struct redis_reply *r = redis_parse(s), *copy = redis_copy(r);
	struct rep_held held = {.fields = 0};
	struct rep_listing l;
	struct rep_unit u;

	rep_read_unit(copy, &u);
	(void)rep_read_listing(copy, &l);
	rep_held_read(&held, copy, "w:writer");
	rep_held_fini(&held);
	redis_free(&r);
	redis_free(&copy);
}

static void
try_event(struct str s)
{
	uint8_t packed[REP_EVENT_BYTES];
	struct rep_event e, again;
	size_t n;

	if (!rep_event_unpack(s, &e))
		return;
	n = rep_event_pack(&e, packed);
	invariant(n <= sizeof(packed));
	invariant(rep_event_unpack(str_make((char *)packed, n), &again));
}

static void
try_line(struct str s)
{
	struct json *j = json_parse(s, NULL);
	struct rep_record r;
	struct str unit;

	(void)rep_record_from_json(j, &unit, &r);
	json_unref(&j);
}

static void
try_evidence(struct str s)
{
	struct rep_evidence e;
	char text[REP_EVIDENCE_TEXT_MAX];

	if (!rep_evidence_parse(s, &e))
		return;
	rep_evidence_format(&e, text);
	invariant(rep_evidence_parse(str_from(text), &e));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct rep_url u;
	char why[128];

	if (size == 0)
		return 0;
	s = str_skip(s, 1);
	switch (data[0] % 6) {
	case 0:
		(void)rep_url_parse(s, &u, why);
		break;
	case 1:
		try_journal(s);
		break;
	case 2:
		try_reply(s);
		break;
	case 3:
		try_event(s);
		break;
	case 4:
		try_line(s);
		break;
	case 5:
		try_evidence(s);
		break;
	}
	return 0;
}
